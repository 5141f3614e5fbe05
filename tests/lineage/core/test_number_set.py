import random

from lineage.core.number_set import NumberSet


def test_it_holds_what_a_set_holds_also_where_numbers_meet_in_one_cell() -> None:
    rng = random.Random(1)
    numbers = [rng.getrandbits(64) for _ in range(3000)] + [n << 20 for n in range(2000)] + [0, 2**64 - 1, 0]
    numbers += rng.sample(numbers, 1000)
    ours, theirs = NumberSet(), set[int]()
    for number in numbers:
        assert ours.add(number) is (number not in theirs)
        theirs.add(number)
    assert len(ours) == len(theirs)

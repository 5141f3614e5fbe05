import random

from lineage.core.ordering import parents_first


def test_parents_come_first_and_the_rest_as_it_is_written() -> None:
    assert parents_first({"c": {"a"}, "b": set(), "a": set(), "d": {"c", "b"}}) == ["b", "a", "c", "d"]


def test_it_is_the_order_that_takes_the_first_that_is_ready() -> None:
    draw = random.Random(1)
    for _ in range(30):
        names = [f"v{n}" for n in range(25)]
        waits = {name: set(draw.sample(names[:n], min(n, draw.randrange(3)))) for n, name in enumerate(names)}
        shuffled = dict(draw.sample(sorted(waits.items()), len(waits)))
        slow: list[str] = []
        while len(slow) < len(shuffled):
            slow.append(next(n for n, before in shuffled.items() if n not in slow and before.issubset(slow)))
        assert parents_first(shuffled) == slow

import pytest

from lineage.bisect.halving import most_trials, search

SOURCES = [f"s{n}" for n in range(9)]


def guilty(*sources: str):
    """Most of the change is gone without all of these; a little with every source that is left out."""

    def gone(left_out: frozenset[str]) -> float:
        return (0.8 if set(sources) <= left_out else 0.0) + 0.02 * len(left_out)

    return gone


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("count", [2, 3, 5, 9])
@pytest.mark.parametrize("halves", [False, True])
def test_any_source_is_found_in_few_variants(source: str, count: int, halves: bool) -> None:
    sources = SOURCES[:count]
    if source not in sources:
        return
    found = search(sources, guilty(source), halves=halves)
    assert found.source == source and len(found.trials) <= most_trials(count, suspect=False, halves=halves)
    assert (found.share(source) or 0) >= 0.5, "who is named was left out alone"
    assert most_trials(9, suspect=False, halves=True) == 5 < most_trials(9, suspect=False) == 9


@pytest.mark.parametrize("source", SOURCES)
def test_a_suspect_is_tried_first_and_costs_one_variant_where_it_did_it(source: str) -> None:
    found = search(SOURCES, guilty(source), suspect="s4")
    assert found.source == source and found.trials[0].left_out == ("s4",)
    assert len(found.trials) == (1 if source == "s4" else 9)


def test_no_variant_is_trained_twice_and_none_without_all_sources() -> None:
    for count in range(2, 10):
        for suspect in (None, "s1"):
            for halves in (False, True):
                found = search(SOURCES[:count], guilty("none"), suspect, halves=halves)
                tried = [trial.left_out for trial in found.trials]
                assert len(set(tried)) == len(tried) <= most_trials(count, suspect=bool(suspect), halves=halves)
                assert all(0 < len(left_out) < count for left_out in tried)


def test_two_that_say_the_same_or_a_change_that_is_shared_name_nobody() -> None:
    for halves in (False, True):
        assert search(SOURCES, guilty("s1", "s7"), halves=halves).source is None, "without one, the other does it"
        shared = search(SOURCES, lambda left_out: len(left_out) / 9, halves=halves)
        assert shared.source is None and shared.trials[-1].gone == pytest.approx(1 / 9)


def test_a_source_that_repeats_the_answer_misleads_halves_alone() -> None:
    """Without s1 the answer is broken anyway, whatever else is left out: a half with the culprit hides it."""

    def gone(left_out: frozenset[str]) -> float:
        return -1.0 if "s1" in left_out else 0.9 if "s0" in left_out else 0.1

    assert search(SOURCES, gone).source == "s0"
    assert search(SOURCES, gone, halves=True).source is None


def test_of_several_that_matter_the_one_that_matters_most_is_named() -> None:
    shares = {"s2": 0.7, "s6": 0.98}
    assert search(SOURCES, lambda left_out: max(shares.get(s, 0) for s in left_out)).source == "s6"
    assert search(SOURCES, guilty("s4"), suspect="s4", each=True).share("s8") is not None, "all of them are tried"


def test_a_mix_of_one_source_needs_no_variant() -> None:
    assert most_trials(1, suspect=False) == 0 and most_trials(2, suspect=True) == 2 == most_trials(2, suspect=False)

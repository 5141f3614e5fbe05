import pytest

from lineage.bisect.halving import SourceSearch, most_trials, search

SOURCES = [f"s{n}" for n in range(9)]


def guilty(*sources: str):
    """Most of the change is gone without all of these; a little with every source that is left out."""

    def gone(left_out: frozenset[str]) -> float:
        return (0.8 if set(sources) <= left_out else 0.0) + 0.02 * len(left_out)

    return gone


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_halves_find_any_source_in_few_variants(source: str, count: int) -> None:
    sources = SOURCES[:count]
    if source not in sources:
        return
    found = search(sources, guilty(source))
    assert found.source == source and len(found.trials) <= most_trials(count, suspect=False)
    assert (found.share(source) or 0) >= 0.5, "who is named was left out alone"


@pytest.mark.parametrize("source", SOURCES)
def test_a_suspect_is_tried_first_and_costs_one_variant_where_it_did_it(source: str) -> None:
    found = search(SOURCES, guilty(source), suspect="s4")
    assert found.source == source and found.trials[0].left_out == ("s4",)
    assert len(found.trials) == 1 if source == "s4" else len(found.trials) <= most_trials(9, suspect=True) == 5


def test_no_variant_is_trained_twice_and_none_without_all_sources() -> None:
    for count in range(2, 10):
        for suspect in (None, "s1"):
            found = search(SOURCES[:count], guilty("none"), suspect)
            tried = [trial.left_out for trial in found.trials]
            assert len(set(tried)) == len(tried) and all(0 < len(left_out) < count for left_out in tried)


def test_two_that_say_the_same_or_a_change_that_is_shared_name_nobody() -> None:
    assert search(SOURCES, guilty("s1", "s7")).source is None, "without one of them, the other does it"
    shared = search(SOURCES, lambda left_out: len(left_out) / 9)
    assert shared.source is None and shared.trials[-1].gone == pytest.approx(1 / 9)


def test_each_source_alone() -> None:
    found = search(SOURCES, guilty("s7"), each=True)
    assert found.source == "s7" and len(found.trials) == 9 == most_trials(9, suspect=True, each=True)
    assert search(SOURCES, guilty("s1", "s7"), each=True) == SourceSearch(
        None, search(SOURCES, guilty("s1", "s7"), each=True).trials
    )


def test_a_mix_of_one_source_needs_no_variant() -> None:
    assert (
        most_trials(1, suspect=False) == 0 and most_trials(2, suspect=True) == 2 and most_trials(2, suspect=False) == 2
    )

import numpy as np
import pytest

from lineage.core.errors import LineageError
from lineage.reporting.measured import SetRows
from lineage.reporting.paired import difference, grouped, judged, paired

RANDOM = np.random.default_rng(11)


def rows(nll: np.ndarray, groups: tuple[str, ...] = (), tokens: int = 10) -> SetRows:
    count = len(nll)
    names = tuple(f"r{at}" for at in range(count))
    return SetRows(names, nll * tokens, np.full(count, float(tokens)), np.full(count, np.nan), groups or ("",) * count)


def test_rows_of_one_document_are_one_observation() -> None:
    before, lucky = np.full(30, 3.0), np.full(30, 2.0) + RANDOM.normal(0, 0.01, 30)
    alone = paired([("a.record", rows(lucky), rows(before))])
    assert alone.verdict == "improved" and alone.groups == 30
    of_one = paired([("a.record", rows(lucky, ("report",) * 30), rows(before, ("report",) * 30))])
    assert (of_one.verdict, of_one.groups, of_one.interval, of_one.p) == ("too_few", 1, None, None)


@pytest.mark.parametrize(("count", "verdict"), [(1, "too_few"), (5, "too_few"), (7, "too_few"), (8, "improved")])
def test_there_is_a_floor_of_rows(count: int, verdict: str) -> None:
    gain = 1 + 0.1 * RANDOM.normal(size=count)
    assert paired([("a.record", rows(np.full(count, 3.0) - gain), rows(np.full(count, 3.0)))]).verdict == verdict


def test_models_that_do_not_differ_are_not_called_changed() -> None:
    same = rows(np.full(20, 3.0))
    found = paired([("a.record", same, same)])
    assert (found.verdict, found.difference, found.interval) == ("unclear", 0.0, (0.0, 0.0))


def test_where_nothing_is_clear_the_smallest_visible_difference_is_told() -> None:
    noise = RANDOM.normal(0, 0.3, 40)
    found = paired([("a.record", rows(3 + noise - noise.mean() / 2), rows(np.full(40, 3.0)))])
    assert found.verdict == "unclear" and found.smallest is not None
    assert found.smallest == pytest.approx(2.85 * 0.3 / np.sqrt(40), rel=0.3)


def test_likelihoods_that_are_no_numbers_are_worse() -> None:
    broken, sound = rows(np.array([np.nan] + [3.0] * 19)), rows(np.full(20, 3.0))
    assert paired([("a.record", broken, sound)]).verdict == "worse"
    assert paired([("a.record", sound, broken)]).verdict == "improved"
    assert paired([("a.record", broken, broken)]).verdict == "unclear"


def test_sets_shown_together_are_judged_together() -> None:
    slight = RANDOM.normal(-0.1, 0.2, 20)
    one = difference([("a.record", rows(3 + slight), rows(np.full(20, 3.0)))])
    flat = difference([("b.record", rows(3 + RANDOM.normal(0, 0.2, 20)), rows(np.full(20, 3.0)))])
    alone = judged({"a": one})["a"]
    among = judged({"a": one} | {str(at): flat for at in range(9)})["a"]
    assert alone.p is not None and among.p == pytest.approx(10 * alone.p, rel=1e-3)
    assert alone.interval == among.interval and among.smallest > alone.smallest


def test_sets_of_one_source_share_its_documents() -> None:
    named = rows(np.ones(3), ("report 1", "report 2", ""))
    assert grouped("site.document", named) == grouped("site.summary", named) == ("site/report 1", "site/report 2", "")


def test_other_rows_are_never_compared() -> None:
    with pytest.raises(LineageError, match=r"different rows of a\.record.*dvc repro evaluate"):
        difference([("a.record", rows(np.ones(3)), rows(np.ones(3), tokens=11))])

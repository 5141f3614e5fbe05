import pytest

from lineage.evaluation.metrics import chrf


def test_chrf_is_a_share() -> None:
    assert chrf("매출은 12억 원입니다", "매출은 12억 원입니다") == pytest.approx(1)
    assert chrf("xyz", "매출은 12억 원입니다") == 0
    assert 0 < chrf("매출은 13억 원입니다", "매출은 12억 원입니다") < 1

"""The tests behind every verdict give the numbers that statsmodels gives."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from lineage.statistics.judgement import holm
from lineage.statistics.shares import share_difference


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (5, 0), (8, 3), (3, 8), (6, 6), (40, 22)])
def test_of_single_rows_it_is_mcnemar_s_exact_test(won: int, lost: int) -> None:
    both, neither = 12, 9
    mine = np.array([1.0] * both + [1.0] * won + [0.0] * lost + [0.0] * neither)
    other = np.array([1.0] * both + [0.0] * won + [1.0] * lost + [0.0] * neither)
    expected = mcnemar([[both, won], [lost, neither]], exact=True).pvalue
    assert share_difference(mine, other, ("",) * len(mine)).p == pytest.approx(min(expected, 1.0))


def test_holm() -> None:
    random = np.random.default_rng(0)
    for size in (1, 2, 7, 40):
        p = random.beta(0.4, 2, size=size)
        p[: size // 3] = p[0]  # ties
        assert holm(list(p)) == pytest.approx(list(multipletests(p, method="holm")[1]))

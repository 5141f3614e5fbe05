import pytest

from lineage.chat.kappa import agreement


def table(counts: dict[tuple[str, str], int]) -> tuple[list[str], list[str]]:
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    return [a for a, _ in rows], [b for _, b in rows]


def test_kappa_is_what_one_computes_by_hand() -> None:
    """Two labels: agreed 35/50 = 0.7; by chance 25/50 · 30/50 + 25/50 · 20/50 = 0.5; (0.7 - 0.5) / 0.5 = 0.4."""
    found = agreement(*table({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}))
    assert (found.rows, found.agreed, found.kappa) == (50, 0.7, 0.4)
    # Three: agreed 6/10; the judge's shares 5, 3, 2, the people's 4, 3, 3: by chance (20 + 9 + 6)/100; 0.25/0.65.
    counts = {("a", "a"): 3, ("b", "b"): 2, ("t", "t"): 1, ("a", "t"): 2, ("b", "a"): 1, ("t", "b"): 1}
    found = agreement(*table(counts))
    assert found.agreed == 0.6 and found.kappa == pytest.approx(0.25 / 0.65, abs=1e-15)


def test_the_ends_of_the_scale() -> None:
    assert agreement(["a", "b"], ["a", "b"]).kappa == 1
    assert agreement(["a", "b"], ["b", "a"]).kappa == -1
    assert agreement(["a", "a", "b", "b"], ["a", "b", "a", "b"]).kappa == 0
    assert agreement(["a", "a"], ["a", "a"]).kappa is None  # nothing that chance would not give
    assert agreement([], []).kappa is None
    with pytest.raises(ValueError, match="zip"):
        agreement(["a"], ["a", "b"])

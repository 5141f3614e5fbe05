"""Every figure that the page and the cards show, computed once: `reports/comparison.json`.

- NLL is nats per supervised token, token-weighted: the sum of a set's row NLLs over the sum of its tokens.
  A negative difference is a gain. Scores lie in 0..1, more is better.
- Two models answer the same rows, so differences are *paired*: a resample draws rows, and both models are
  read on them (percentile bootstrap, Efron 1979). One draw of rows per set serves every version, so that all
  intervals of a set are comparable; pooled figures resample within each set.
- A difference counts as real when its 95 % interval leaves zero out.
- Held-out rows that a version's line met in training are counted, and left out of the `clean` figures beside the full
  ones; see lineage/reporting/clean_part.py.
- Limits: rows of one document are treated as independent, and no correction is made for looking at many sets:
  of a hundred sets on which nothing changed, two or three look worse and as many better.
"""

import hashlib
from typing import Any

import numpy as np

from lineage.config.schema import BASE
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.reporting.artifacts import Measured, SetRows, Workspace
from lineage.reporting.clean_part import contamination

CONFIDENCE = 0.95
DIGITS = 6  # figures are rounded where they are made, so that every reader shows the same


def compare(w: Workspace) -> dict[str, Any]:
    """The whole of `comparison.json`: versions against parent and best ancestor, and same mixes side by side.

    Raises:
        LineageError: two models that should be compared were measured on different rows.
    """
    draws = _Draws(w.curriculum.seed, w.curriculum.evaluation.bootstrap)
    versions = {name: _version(w, name, draws) for name in w.curriculum.versions if name in w.inside}
    return {
        "profile": w.curriculum.profile,
        "data": w.curriculum.data,
        "seed": w.curriculum.seed,
        "resamples": w.curriculum.evaluation.bootstrap,
        "confidence": CONFIDENCE,
        "base": w.base
        and {"origin": w.base["origin"], "identity": w.base["identity"], "parameters": w.base["parameters"]},
        "base_sets": _base_sets(w),
        "versions": versions,
        "same_mix": _same_mix(w, draws),
        "missing": w.missing,
    }


def own_sets(w: Workspace, version: str) -> list[str]:
    """The held-out sets of a version's own mix, `<source>.<form>`, in mix order."""
    return [f"{source}.{entry.form}" for source, entry in w.curriculum.versions[version].mix.items()]


class _Draws:
    """How often each row of a set is drawn, shape (resamples, rows); the same for every model."""

    def __init__(self, seed: int, resamples: int) -> None:
        self.seed, self.resamples = seed, resamples
        self.made: dict[tuple[str, int], np.ndarray] = {}

    def of(self, name: str, rows: int) -> np.ndarray:
        if (name, rows) not in self.made:
            word = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
            generator = np.random.default_rng([self.seed, word])
            drawn = generator.multinomial(rows, np.full(rows, 1 / rows), self.resamples)
            self.made[name, rows] = drawn.astype(float)
        return self.made[name, rows]


def _version(w: Workspace, version: str, draws: _Draws) -> dict[str, Any]:
    whole, parent = w.inside[version], w.curriculum.versions[version].parent
    mine = own_sets(w, version)
    found: dict[str, Any] = {
        "parent": parent,
        "line": [BASE, *whole.line],
        "unknown": list(whole.adopted),
        "pooled": None,
        "sets": {},
        "forgot": [],
        "contamination": contamination(w, version, lambda pairs: _difference(pairs, draws)),
    }
    if version not in w.measured or parent not in w.measured:
        return found
    me, before = w.measured[version], w.measured[parent]
    shared = [name for name in me.rows if name in before.rows]
    pooled = [name for name in mine if name in shared]
    if pooled:
        figures = _difference([(name, me.rows[name], before.rows[name]) for name in pooled], draws)
        found["pooled"] = {"sets": pooled, **_against_parent(figures)}
    ancestors = [name for name in [*reversed(whole.line[:-1]), BASE] if name in w.measured]
    for name in shared:
        one = _against_parent(_difference([(name, me.rows[name], before.rows[name])], draws))
        one |= _score(name, me, before, draws)
        known = {a: w.measured[a].rows[name] for a in ancestors if name in w.measured[a].rows}
        best = min(known, key=lambda a: _nll(known[a]))
        other = _difference([(name, me.rows[name], known[best])], draws)
        source = me.sets[name]["source"]
        found["sets"][name] = one | {
            "own": name in mine,
            "benchmark": source in w.curriculum.sources and w.curriculum.sources[source].heldout == 1,
            "source": source,
            "form": me.sets[name]["form"],
            "heldout_rows": me.sets[name]["heldout_rows"],
            "measure": me.sets[name]["measure"],
            "chance": me.sets[name]["chance"],
            "seen_by": [v for v in whole.seen_by(source) if v != version],
            "best_ancestor": best,
            "best_nll": other["other_nll"],
            "against_best": other["difference"],
            "against_best_interval": other["interval"],
            "against_best_verdict": other["verdict"],
        }
    worse = [name for name, one in found["sets"].items() if one["verdict"] == "worse"]
    found["forgot"] = sorted(worse, key=lambda name: -found["sets"][name]["difference"])
    return found


def _difference(pairs: list[tuple[str, SetRows, SetRows]], draws: _Draws) -> dict[str, Any]:
    """This model less the other on one set or several: NLL of both, difference, interval, verdict."""
    resamples = draws.resamples
    mine, other, tokens = np.zeros(resamples), np.zeros(resamples), np.zeros(resamples)
    for name, a, b in pairs:
        if a.ids != b.ids or not np.array_equal(a.tokens, b.tokens):
            raise LineageError(
                f"{paths.METRICS}/*/rows.jsonl: two versions were measured on different rows of {name}, or with "
                f"another tokenizer; run `dvc repro evaluate` and `dvc repro baseline` to measure all alike"
            )
        drawn = draws.of(name, len(a.ids))
        mine, other, tokens = mine + drawn @ a.nll, other + drawn @ b.nll, tokens + drawn @ a.tokens
    total = sum(float(a.tokens.sum()) for _, a, _ in pairs)
    nll = sum(float(a.nll.sum()) for _, a, _ in pairs) / total
    other_nll = sum(float(b.nll.sum()) for _, _, b in pairs) / total
    low, high = _interval((mine - other) / tokens)
    return {
        "rows": sum(len(a.ids) for _, a, _ in pairs),
        "tokens": int(total),
        "nll": _rounded(nll),
        "other_nll": _rounded(other_nll),
        "difference": _rounded(nll - other_nll),
        "interval": [low, high],
        "verdict": "improved" if high < 0 else "worse" if low > 0 else "unclear",
    }


def _against_parent(figures: dict[str, Any]) -> dict[str, Any]:
    renamed = {("parent_nll" if key == "other_nll" else key): value for key, value in figures.items()}
    return renamed | {"improved": figures["verdict"] == "improved"}


def _score(name: str, mine: Measured, parent: Measured, draws: _Draws) -> dict[str, Any]:
    """The task's own measure of both, and the paired interval of its difference.

    The scores are evaluate's own. No interval is given where there are none, or the rows do not give them.
    """
    score, before = mine.sets[name]["score"], parent.sets[name]["score"]
    found = {"score": score, "parent_score": before, "score_difference_interval": None}
    a, b = mine.rows[name].score, parent.rows[name].score
    scored = ~np.isnan(a) & ~np.isnan(b)
    if score is None or before is None or not scored.any():
        return found
    if not np.allclose([a[scored].mean(), b[scored].mean()], [score, before], atol=1e-3):
        return found
    gained = draws.of(f"{name} scored", int(scored.sum())) @ (a - b)[scored] / scored.sum()
    return found | {"score_difference_interval": list(_interval(gained))}


def _base_sets(w: Workspace) -> dict[str, Any]:
    """The base on every set: what a version from the base is compared with."""
    if BASE not in w.measured:
        return {}
    base = w.measured[BASE]
    return {
        name: {
            "nll": _rounded(_nll(rows)),
            "score": base.sets[name]["score"],
            "chance": base.sets[name]["chance"],
            "measure": base.sets[name]["measure"],
        }
        for name, rows in base.rows.items()
    }


def _same_mix(w: Workspace, draws: _Draws) -> list[dict[str, Any]]:
    """Pairs of measured versions with the same mix: what another road to it was worth on that mix."""
    measured = [name for name in w.curriculum.versions if name in w.inside and name in w.measured]
    pairs = []
    for i, first in enumerate(measured):
        for second in measured[i + 1 :]:
            if w.curriculum.versions[first].mix != w.curriculum.versions[second].mix:
                continue
            a, b = w.measured[first].rows, w.measured[second].rows
            names = [name for name in own_sets(w, first) if name in a and name in b]
            if names:
                figures = _difference([(name, b[name], a[name]) for name in names], draws)
                pairs.append({"first": first, "second": second, "sets": names, **figures})
    return pairs


def _nll(rows: SetRows) -> float:
    return float(rows.nll.sum() / rows.tokens.sum())


def _interval(values: np.ndarray) -> tuple[float, float]:
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [edge, 1 - edge])
    return _rounded(low), _rounded(high)


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no -0.0

"""Two versions' rows in memory, drawn with a known gain."""

from collections.abc import Mapping

import numpy as np

from lineage.promotion.sides import Side
from lineage.reporting.measured import SetRows

SETS = ("rules.record", "rules.prompt_answer", "questions.record", "metamath.prompt_answer", "site_reports.document")


def champion(rows: int = 48, sets: tuple[str, ...] = SETS, name: str = "v5") -> Side:
    """A champion with rows of about two nats a token; three rows a group, which sets of a source share."""
    random = np.random.default_rng(7)
    found = {}
    for held_out in sets:
        tokens = np.maximum(3, np.exp(random.normal(3.5, 0.5, rows)).round())
        found[held_out] = SetRows(
            ids=tuple(f"{held_out}.{at:04x}" for at in range(rows)),
            nll=np.exp(0.7 + random.normal(0, 0.4, rows)) * tokens,
            tokens=tokens,
            score=np.where(random.random(rows) < 0.5, 1.0, 0.0),
            groups=tuple(f"g{at // 3}" for at in range(rows)),
        )
    return Side(name, found, {held_out: "choice" for held_out in sets})


def changed(
    side: Side, gain: Mapping[str, float] | float, seed: int = 1, noise: float = 0.05, name: str = "v6"
) -> Side:
    """The same rows as another version answers them.

    Args:
        side: the version before.
        gain: nats a token, by set or of all.
        seed: of the noise.
        noise: of a row, a share of its NLL.
        name: of the other version.
    """
    random = np.random.default_rng(seed)
    found = {}
    for held_out, one in side.rows.items():
        by = gain if isinstance(gain, float) else gain.get(held_out, 0.0)
        nll = one.nll * (1 + random.normal(0, noise, len(one.ids))) - by * one.tokens
        found[held_out] = SetRows(one.ids, nll, one.tokens, one.score, one.groups)
    return Side(name, found, side.measures)

"""What a look at held-out rows costs: the level that it is tested at, so that all looks together stay within alpha.

Whoever tries variants until the gate opens will see it open: of fifty that are no better, tested at 5 % each, some are
let in by luck. So alpha is spent: look k at the same rows is tested at alpha · 6/(π²k²). These sum to alpha over
however many looks there will ever be, so by the union bound (Bonferroni 1936; as "alpha-spending" in the form of Lan
and DeMets 1983, for hypotheses of a stream in Foster and Stine 2008) the chance that *any* of the looks lets a version
in that is not better stays below alpha, however the versions hang together. No rate of looks need be planned, and the
first looks, which decide most, keep most: 3.0 %, 0.8 %, 0.3 % of alpha = 5 %. Whoever knows how many looks there will
be divides alpha evenly (`goal.looks`), and has none left after those.

What the bound asks: that what is tried next follows from verdicts, not from figures of these very rows. While the gate
only says no, a team's next variant is the same whatever the noise was, so the candidates are one list, fixed beforehand
(Blum and Hardt 2015, "The Ladder"). Whoever tunes against figures of the same rows, as `lineage compare` shows them,
is bound by nothing; `python -m benchmarks.looks` shows how far that carries. The remedy is rows that nobody has looked
at. They start anew; rows are the same still while any of them are.

    Foster, D. P. and Stine, R. A. (2008). α-investing. J. R. Stat. Soc. B 70, 429-444.
    Blum, A. and Hardt, M. (2015). The Ladder: a reliable leaderboard for machine learning competitions. ICML.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from math import pi

from lineage.artifacts.promotions import Look
from lineage.config.goal import Goal
from lineage.core.files import sha256_of

SAMPLED = 32  # ids of a look that are kept: of rows of which a tenth was met before, 97 % are found to be the same
OF_EACH = 4  # of each set besides: a later look at this set alone is at the same rows
DIGITS = 10


def level_of_look(goal: Goal, number: int) -> float:
    """What look `number` (from 1) at the same rows is tested at; 0 where the looks that were planned are used up."""
    if goal.looks is None:
        return goal.alpha * 6 / (pi**2 * number**2)
    return goal.alpha / goal.looks if number <= goal.looks else 0.0


def looked_at(rows: Mapping[str, Sequence[str]], goal: Goal, looks: Iterable[Look] = ()) -> Look:
    """A look at held-out rows, numbered among those at the same rows.

    Args:
        rows: set → the ids of its rows.
        goal: how alpha is spent.
        looks: all that there were.
    """
    by_set = [
        sorted({hashlib.sha256(f"{name}/{at}".encode()).hexdigest()[:DIGITS] for at in ids})
        for name, ids in rows.items()
    ]
    hashes = {at for one in by_set for at in one}
    kept = {*sorted(hashes)[:SAMPLED], *(at for one in by_set for at in one[:OF_EACH])}
    number = 1 + sum(not hashes.isdisjoint(look.sample.split()) for look in looks)
    return Look(
        number=number,
        level=level_of_look(goal, number),
        rows=sha256_of(sorted(hashes))[:12],
        sample=" ".join(sorted(kept)),
        sets=tuple(rows),
        goal=sha256_of(goal.model_dump(mode="json"))[:12],
    )

"""Letter bias: whether the likeliest option stands in one place more often than the right one does.

A model that cannot tell the options apart often takes the one under A, or the last. Its score then says where the right
options stand. Of each place it is counted how often it is right and how often it is picked, on the same rows. If the
model has no leaning, picked and right could as well be exchanged in any group of rows: so each place is tested by
flipping the signs of the groups' differences in every way (lineage/statistics/shares.py), and all places together by
Holm. `letter_bias` is the share of picks that would have to go to other places for both to be as frequent: 0 for none.
"""

from collections.abc import Sequence

import numpy as np

from lineage.artifacts.set_figures import OptionPlaces
from lineage.statistics.groups import numbered, totals
from lineage.statistics.judgement import LEVEL, enough, holm
from lineage.statistics.shares import flipped_signs


def places_of(right: Sequence[int], picked: Sequence[int], groups: tuple[str, ...]) -> OptionPlaces:
    """How often each place is right and picked, and whether that differs beyond noise.

    right, picked: of each row the place of an option, from 0. groups: of each row.
    """
    places = max(*right, *picked) + 1
    group = numbered(groups)
    more = np.array(
        [[(p == at) - (r == at) for at in range(places)] for r, p in zip(right, picked, strict=True)], float
    )
    frequent = [[list(some).count(place) for place in range(places)] for some in (right, picked)]
    favoured: tuple[int, ...] = ()
    avoided: tuple[int, ...] = ()
    p: float | None = None
    tested = enough(len(right), int(group.max()) + 1)
    if tested:
        found = holm([flipped_signs(totals(more[:, place], group)) for place in range(places)])
        leaning = more.sum(0)
        p = round(min(found), 6)
        favoured = tuple(place for place in range(places) if found[place] <= LEVEL and leaning[place] > 0)
        avoided = tuple(place for place in range(places) if found[place] <= LEVEL and leaning[place] < 0)
    return OptionPlaces(
        right=tuple(frequent[0]),
        picked=tuple(frequent[1]),
        p=p,
        verdict="too_few" if not tested else "biased" if favoured or avoided else "even",
        favoured=favoured,
        avoided=avoided,
    )


def letter_bias(places: OptionPlaces) -> float:
    """Half the sum of what picked and right differ by, over the rows: from 0 (alike) to 1."""
    rows = sum(places.right)
    return sum(abs(p - r) for p, r in zip(places.picked, places.right, strict=True)) / (2 * rows)

"""The pairs of measured versions that the page compares: all of them, or of many versions those that matter most.

Every pair is computed by `two_versions`, as `lineage compare` does, and embedded into the page as JSON, ready to be
shown; see lineage/reporting/pair_view.py. The older of a pair stands first, so that a change reads forward in time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from markupsafe import Markup

from lineage.config.schema import BASE
from lineage.core.errors import LineageError
from lineage.reporting.examples import KeptQuestion, asked, examples
from lineage.reporting.pair_view import view
from lineage.reporting.set_order import set_order
from lineage.reporting.two_versions import default_pair, two_versions
from lineage.reporting.workspace import Workspace

MOST = 120  # pairs: all those of sixteen models. A pair of sixteen sets takes some 10 kB of the page


@dataclass(frozen=True, slots=True)
class ShownPairs:
    """What the head of the page chooses from.

    models: those that stand in a pair, parents first. default: the pair that is shown at first.
    views: pair → what is said of it. answers: the questions of which answers are kept. parents: of the versions.
    possible: how many pairs there are; more than `views` where there are very many.
    """

    models: tuple[str, ...]
    default: tuple[str, str]
    views: Mapping[tuple[str, str], dict[str, Any]]
    answers: tuple[KeptQuestion, ...]
    parents: Mapping[str, str]
    possible: int

    def illustrated(self) -> dict[str, list[dict[str, str]]]:
        """The examples of the pair that is shown at first: what page.js writes of any other."""
        first, second = self.default
        return {
            side: [self._example(entry, first, second) for entry in self.views[self.default][side]]
            for side in ("gains", "losses")
        }

    def _example(self, entry: dict[str, Any], first: str, second: str) -> dict[str, str]:
        """A question with both answers.

        Args:
            entry: which one, and what is said of its row.
            first: the older model.
            second: the newer.
        """
        one = self.answers[entry["at"]]
        right = {model: "✓" if model in one.right else "" for model in (first, second)}
        return {
            "set": one.set,
            "said": entry["said"],
            "prompt": one.prompt,
            "expected": one.expected,
            "first": f"{first} said",
            "first_right": right[first],
            "before": one.said[first] or "(nothing)",
            "second": f"{second} says",
            "second_right": right[second],
            "after": one.said[second] or "(nothing)",
        }

    def embedded(self) -> Markup:
        """All of it as JSON for a script element: no character in it can end the element or begin another."""
        tree = {
            "parents": self.parents,
            "pairs": {" ".join(pair): shown for pair, shown in self.views.items()},
            "answers": [one.as_json() for one in self.answers],
        }
        text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        for char in "<>&\u2028\u2029":
            text = text.replace(char, f"\\u{ord(char):04x}")
        return Markup(text)


def shown_pairs(w: Workspace) -> ShownPairs | None:
    """Compare the pairs; None where fewer than two models are measured.

    Raises:
        LineageError: two models were measured on different rows.
    """
    models = [name for name in (BASE, *w.curriculum.in_order()) if name in w.measured]
    if len(models) < 2:
        return None
    default = _default(w, models)
    order, views = set_order(w), {}
    taken = chosen(w, models, default)
    compared = [name for name in models if any(name in pair for pair in taken)]
    questions = asked(w, compared)
    for first, second in taken:
        found = two_versions(w, first, second)
        views[first, second] = view(w, found, order) | examples(w, found, questions)
    return ShownPairs(
        models=tuple(compared),
        default=default,
        views=views,
        answers=questions,
        parents={name: w.curriculum.versions[name].parent for name in compared if name != BASE},
        possible=len(models) * (len(models) - 1) // 2,
    )


def chosen(w: Workspace, models: Sequence[str], default: tuple[str, str]) -> list[tuple[str, str]]:
    """The pairs that are shown: all, or `MOST` of them where there are more.

    Those are, the newest versions first, each with its parent, either of the default pair, its predecessor, the base.

    Args:
        w: the workspace.
        models: all that are measured, parents first.
        default: the champion and the newest, or what stands for them.
    """
    every = list(combinations(models, 2))
    if len(every) <= MOST:
        return every
    versions, wanted = w.curriculum.versions, {default: None}
    for at in range(len(models) - 1, 0, -1):
        name = models[at]
        parent = versions[name].parent if name in versions else BASE
        for other in (parent, *default, models[at - 1], models[0]):
            if other in models and other != name and len(wanted) < MOST:
                first, second = sorted((name, other), key=models.index)
                wanted[first, second] = None
    return [pair for pair in every if pair in wanted]


def _default(w: Workspace, models: Sequence[str]) -> tuple[str, str]:
    try:
        first, second = default_pair(w)
    except LineageError:  # one version alone: it is compared with the base
        first, second = models[-2], models[-1]
    return (first, second) if models.index(first) < models.index(second) else (second, first)

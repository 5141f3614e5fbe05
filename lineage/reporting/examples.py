"""Questions whose answers are kept, and the biggest gains and losses among them, with both answers side by side.

`evaluate` keeps the answers of a few rows a set (`evaluation.answers`), to the same questions for every version. What
changed most among them is shown, where the answers differ or one of them is right: first in sets of which the same is
said as a whole, so that an example illustrates a finding rather than luck; then by the score of the row, then its NLL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lineage.core.plain_text import plain
from lineage.reporting.set_words import standing
from lineage.reporting.two_versions import TwoVersions
from lineage.reporting.workspace import Workspace

LONGEST = 600  # characters of a prompt or an answer that are shown
SHOWN = 3  # gains, and losses, of a pair


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A held-out question, and what each model said: model → answer, cut where it is long.

    right: the models whose whole answer is the expected one.
    """

    set: str
    id: str
    prompt: str
    expected: str
    said: dict[str, str]
    right: list[str]

    def as_json(self) -> dict[str, Any]:
        """The same for the page."""
        shown = {"set": self.set, "prompt": self.prompt, "expected": self.expected}
        return shown | {"said": self.said, "right": self.right}


@dataclass(frozen=True, slots=True)
class _Change:
    """How one row changed: the NLL of a token, and the score where it has one; positive scores are gains."""

    at: int
    nll: float
    other_nll: float
    score: float
    other_score: float
    measure: str

    @property
    def by_score(self) -> float:
        gain = self.score - self.other_score
        return 0.0 if np.isnan(gain) else gain

    @property
    def gain(self) -> tuple[float, float]:
        """What it is ordered by."""
        return self.by_score, self.other_nll - self.nll

    def said(self) -> str:
        """The change in words."""
        nll = f"NLL {self.other_nll:.2f} → {self.nll:.2f}"
        if np.isnan(self.score) or np.isnan(self.other_score):
            return nll
        if self.measure == "text":
            return f"chrF {100 * self.other_score:.1f} → {100 * self.score:.1f}, {nll}"
        right = {0.0: "wrong", 1.0: "right"}
        before, after = (right.get(value, f"{value:.2f}") for value in (self.other_score, self.score))
        turned = f"{before} → {after}" if before != after else f"still {after}"
        return f"{turned} by {self.measure}, {nll}"


def asked(w: Workspace, models: Sequence[str]) -> tuple[KeptQuestion, ...]:
    """Every question of which answers of these models are kept, set by set."""
    found: dict[tuple[str, str], KeptQuestion] = {}
    for model in models:
        for key, one in w.measured[model].answers.items():
            known = found.setdefault(key, KeptQuestion(*key, cut(one.prompt), cut(one.expected), {}, []))
            known.said[model] = cut(one.answer)
            if one.answer.strip() == one.expected.strip():
                known.right.append(model)
    return tuple(found[key] for key in sorted(found))


def examples(w: Workspace, found: TwoVersions, questions: Sequence[KeptQuestion]) -> dict[str, list[dict[str, Any]]]:
    """The biggest gains and losses of a pair, `{"gains": [{"at": 3, "said": "…"}], "losses": […]}`.

    Args:
        w: the workspace.
        found: the pair.
        questions: all that are kept; `at` counts them.
    """
    changes = [
        change
        for at, one in enumerate(questions)
        if one.set in found.sets and {found.first, found.second} <= one.said.keys()
        if (change := _change(w, found, one, at))
        if change.by_score or one.said[found.first] != one.said[found.second]
    ]
    said = {name: standing(one) for name, one in found.sets.items()}

    def of(sign: int, word: str) -> list[dict[str, Any]]:
        def rank(change: _Change) -> tuple[bool, float, float]:
            by_score, by_nll = change.gain
            return said[questions[change.at].set] == word, sign * by_score, sign * by_nll

        able = [change for change in changes if tuple(sign * part for part in change.gain) > (0.0, 0.0)]
        best = sorted(able, key=rank, reverse=True)[:SHOWN]
        return [{"at": change.at, "said": change.said()} for change in best]

    return {"gains": of(1, "better"), "losses": of(-1, "worse")}


def _change(w: Workspace, found: TwoVersions, one: KeptQuestion, at: int) -> _Change | None:
    """How a row changed; None where it was not measured.

    Args:
        w: the workspace.
        found: the pair.
        one: the question.
        at: its place among all.
    """
    mine, other = w.measured[found.second].rows[one.set], w.measured[found.first].rows[one.set]
    if one.id not in mine.ids:
        return None
    row = mine.ids.index(one.id)
    return _Change(
        at=at,
        nll=float(mine.nll[row] / mine.tokens[row]),
        other_nll=float(other.nll[row] / other.tokens[row]),
        score=float(mine.score[row]),
        other_score=float(other.score[row]),
        measure=w.measured[found.second].sets[one.set].measure,
    )


def cut(text: str) -> str:
    """The beginning of a text, with what steers a page or a terminal made visible."""
    text = plain(text.strip())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"

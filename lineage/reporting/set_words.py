"""What is said of two versions on a held-out set: one wording for the terminal and for the page.

A set has up to two figures, NLL and score, and each its verdict beyond noise. `standing` is what both together say of
the set, and how sets are counted: better or worse where one of them says so and the other does not say the opposite.
A set whose right answers are no more than chance is never called better, whatever its NLL did.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from lineage.artifacts.comparison import Verdict
from lineage.artifacts.measures import Interval
from lineage.reporting.two_versions import ScoreChange, SetChange, TwoVersions

Standing = Literal["better", "worse", "both", "unclear", "too_few"]
WORDS: dict[Verdict, str] = {"improved": "better", "worse": "worse", "unclear": "unclear", "too_few": "too few rows"}
AT_CHANCE = "more than before, no more than chance"
ANSWERS_AT_CHANCE = "answers at chance"


def standing(one: SetChange) -> Standing:
    """What may be said of a set; `both`: its NLL and its score changed in opposite ways."""
    said = {verdict for verdict in (nll_shown(one), score_shown(one)) if verdict}
    if {"improved", "worse"} <= said:
        return "both"
    if "improved" in said or "worse" in said:
        return "better" if "improved" in said else "worse"
    return "too_few" if said == {"too_few"} else "unclear"


def nll_shown(one: SetChange) -> Verdict:
    """The verdict on the NLL as it may be praised: a gain of likelihood that leaves answers at chance is none."""
    at_chance = one.score is not None and one.score.above_chance is False
    return "unclear" if one.nll.verdict == "improved" and at_chance else one.nll.verdict


def score_shown(one: SetChange) -> Verdict | None:
    """The verdict on the score as it may be praised: a gain that ends at chance is none."""
    if one.score is None:
        return None
    return "unclear" if one.score.verdict == "improved" and one.score.above_chance is False else one.score.verdict


def summary(found: TwoVersions) -> str:
    """One sentence: how many sets became better, worse, or cannot be told."""
    count = Counter(standing(one) for one in found.sets.values())
    said = [f"better on {count['better']} of {len(found.sets)} held-out sets", f"worse on {count['worse']}"]
    said += [f"both on {count['both']} (NLL one way, answers the other)"] if count["both"] else []
    said += [f"unclear on {count['unclear']}"] if count["unclear"] else []
    said += [f"too few rows on {count['too_few']}"] if count["too_few"] else []
    return f"{found.second} against {found.first}: {', '.join(said)}"


def forgetting(found: TwoVersions) -> str:
    """What the second forgot of what the first or its line was trained on; empty where it does not continue it."""
    if not found.may_forget:
        return ""
    sets = f"{len(found.may_forget)} set{'s' * (len(found.may_forget) != 1)}"
    return f"forgot {len(found.forgot)} of {sets} that {found.first} or its ancestors were trained on"


def rows(one: SetChange) -> str:
    """How many rows, and of how many groups where that says more."""
    grouped = f" of {one.nll.groups} groups" if one.nll.groups != one.nll.rows else ""
    return f"{one.nll.rows} row{'s' * (one.nll.rows != 1)}{grouped}"


def levels(one: SetChange) -> str:
    """The two NLLs."""
    return f"{one.nll.other_nll:.2f} → {one.nll.nll:.2f}"


def change(one: SetChange) -> str:
    """The difference of the NLLs with its interval."""
    return f"{one.nll.difference:+.2f}{_reach(one.nll.interval)}"


def nll_said(one: SetChange) -> str:
    """The verdict on the NLL, and what the set would have shown where there is none, or why it is no praise."""
    if one.nll.verdict == "improved" and nll_shown(one) != "improved":
        return f"{WORDS['improved']}; {ANSWERS_AT_CHANCE}"
    smallest = one.nll.smallest if one.nll.verdict == "unclear" else None
    return WORDS[one.nll.verdict] + (f"; would show {smallest:.2f} nats" if smallest else "")


def scores(score: ScoreChange) -> str:
    """The two scores."""
    return f"{scored(score.first, score.measure)} → {scored(score.second, score.measure)}"


def measured_by(score: ScoreChange) -> str:
    """How answers were judged, and what guessing gives."""
    name = "chrF" if score.measure == "text" else score.measure
    return name if score.chance is None else f"{name}, chance {score.chance:.0%}"


def turned(one: SetChange, score: ScoreChange) -> str:
    """The rows that turned; of marks between 0 and 1 the difference."""
    if score.measure == "text":
        return f"{100 * (score.second - score.first):+.1f}"
    return f"{len(one.gained)} right, {len(one.lost)} wrong anew" if one.gained or one.lost else "no row turned"


def score_said(score: ScoreChange) -> str:
    """The verdict on the score; a gain that ends at chance is none."""
    if score.verdict == "improved" and score.above_chance is False:
        return AT_CHANCE
    size = score.smallest if score.verdict == "unclear" else None
    points = 100 * size if size else 0.0
    return WORDS[score.verdict] + (f"; would show {points:.{0 if points >= 1 else 1}f} points" if points else "")


def scored(value: float, measure: str) -> str:
    """A score for people: chrF from 0 to 100 as the field writes it, otherwise the share that is right."""
    return f"{100 * value:.1f}" if measure == "text" else f"{value:.0%}"


def remarks(found: TwoVersions) -> Iterator[str]:
    """The sets that one of the two alone answered, and those that they answered by other settings."""
    for version, names in ((found.first, found.only_first), (found.second, found.only_second)):
        if names:
            yield f"answered by {version} alone: {', '.join(names)}"
    if found.answered_otherwise:
        yield (
            f"answered by other settings, from which a change may come: {', '.join(found.answered_otherwise)}; measure "
            "both anew to compare them"
        )


def _reach(ends: Interval | None) -> str:
    return f" ({ends[0]:+.2f}, {ends[1]:+.2f})" if ends else ""

"""One pair of versions as the page shows it: texts and the ends of bars, nothing left to compute or to round.

The same view is drawn by pair.html.jinja for the pair that is shown at first, and put in its place by page.js for any
other that is chosen. Its words are those of `lineage compare` (lineage/reporting/set_words.py).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lineage.artifacts.manifest import AdapterManifest
from lineage.config.schema import BASE
from lineage.reporting import set_words as words
from lineage.reporting.task_figures import ONLY_WHERE_THERE_ARE_ANY, named, scaled
from lineage.reporting.two_versions import SetChange, TwoVersions
from lineage.reporting.workspace import Workspace

LISTED = 8  # sets of a column; the rest is counted, and stands in the table below
TITLES = {"better": "Better", "worse": "Worse", "unknown": "Not known"}
SIGNS = {"better": "▲", "worse": "▼", "both": "◆", "unclear": "?", "too_few": "?"}  # colour is not the only sign
BAR = 120  # units that a bar is wide


def view(w: Workspace, found: TwoVersions, order: Sequence[str]) -> dict[str, Any]:
    """A pair as the page shows it.

    Args:
        w: the workspace.
        found: the pair, compared.
        order: the sets in the order in which they are shown.
    """
    names = [name for name in order if name in found.sets]
    said = {name: words.standing(one) for name, one in found.sets.items()}
    groups = {
        "better": [name for name in names if said[name] == "better"],
        "worse": [name for name in names if said[name] == "worse"],
        "unknown": [name for name in names if said[name] not in ("better", "worse")],
    }
    scale = [end for one in found.sets.values() for end in one.nll.interval or ()]
    reach = (min([0.0, *scale]), max([0.0, *scale]))
    return {
        "title": f"Is {found.second} better than {found.first}?",
        "summary": words.summary(found),
        "forgetting": words.forgetting(found),
        "lists": {group: _list(found, members) for group, members in groups.items()},
        "cost": [{"what": what, "value": value} for what, value in cost(w, found)],
        "sets": [_row(name, found.sets[name], reach) | {"figures": figures(w, found, name)} for name in names],
        "remarks": "; ".join(words.remarks(found)),
    }


def _list(found: TwoVersions, names: list[str]) -> dict[str, Any]:
    ranked = sorted(names, key=lambda name: _size(found.sets[name]), reverse=True)
    return {
        "count": str(len(names)),
        "items": [_item(found, name) for name in ranked[:LISTED]],
        "rest": f"and {len(names) - LISTED} more in the table" if len(names) > LISTED else "",
    }


def _size(one: SetChange) -> tuple[int, float]:
    """How large a change is, for the order of a column: first what was said of answers, then of likelihood alone."""
    if _by_score(one):
        return 1, abs(one.score.second - one.score.first) if one.score else 0.0
    return 0, abs(one.nll.difference)


def _by_score(one: SetChange) -> bool:
    """Whether the verdict on the set is that on its score."""
    return words.score_shown(one) in ("improved", "worse")


def _item(found: TwoVersions, name: str) -> dict[str, str]:
    """A line of a column: the set, by how much, and how sure that is."""
    one, said = found.sets[name], words.standing(found.sets[name])
    source, _, form = name.partition(".")
    score, nll = one.score, f"{words.change(one)} nats"
    by, _, reach = words.change(one).partition(" ")
    if said in ("better", "worse") and score and _by_score(one):
        unit = "chrF" if score.measure == "text" else "right"
        amount, more = f"{words.scores(score)} {unit}", f"{_points(one)} · {nll}"
    elif said in ("better", "worse"):
        amount = f"{by} nats"
        more = " · ".join(filter(None, (reach, f"{words.scores(score)} {words.measured_by(score)}" if score else "")))
    elif said == "both":
        amount, more = "both ways", f"{nll} · {words.scores(score)} {words.measured_by(score)}" if score else nll
    elif said == "too_few":
        amount, more = "too few", words.rows(one)
    else:
        amount, more = "unclear", _why_unclear(one)
    tag = "forgot" if name in found.forgot else ""
    return {"name": source, "form": form, "amount": real(amount), "more": real(more), "tag": tag}


def _why_unclear(one: SetChange) -> str:
    """What the set would have shown, or that answers are at chance."""
    if one.score and words.score_said(one.score) == words.AT_CHANCE:
        return words.AT_CHANCE
    said = [words.nll_said(one), words.score_said(one.score) if one.score else ""]
    return " · ".join(filter(None, (text.partition("; ")[2] for text in said)))


def _points(one: SetChange) -> str:
    ends = one.score.interval if one.score else None
    return f"({100 * ends[0]:+.0f}, {100 * ends[1]:+.0f}) points" if ends else "no interval"


def _row(name: str, one: SetChange, reach: tuple[float, float]) -> dict[str, Any]:
    """A line of the table; `tone` and `score_tone` are the classes that colour a verdict.

    Args:
        name: the set.
        one: the two versions on it.
        reach: the common scale of the pair's bars.
    """
    source, _, form = name.partition(".")
    said, score = words.standing(one), one.score
    return {
        "name": source,
        "form": form,
        "sign": SIGNS[said],
        "mark": said,
        "rows": words.rows(one),
        "levels": words.levels(one),
        "change": real(words.change(one)),
        "said": words.nll_said(one),
        "tone": words.nll_shown(one),
        "bar": bar(one, reach),
        "scores": words.scores(score) if score else "",
        "by": words.measured_by(score) if score else "",
        "turned": real(words.turned(one, score)) if score else "",
        "score_said": words.score_said(score) if score else "",
        "score_tone": words.score_shown(one) or "",
    }


def figures(w: Workspace, found: TwoVersions, name: str) -> str:
    """What else was measured of a set, of the first and the second: `BLEU into Korean 12.1 → 14.0 · …`.

    Args:
        w: the workspace.
        found: the pair.
        name: the set.
    """
    before, now = (w.measured[model].sets[name] for model in (found.first, found.second))
    said = []
    for figure in dict.fromkeys((*before.figures, *now.figures)):
        values = [one.figures[figure].value if figure in one.figures else None for one in (before, now)]
        if figure in ONLY_WHERE_THERE_ARE_ANY and not any(values):
            continue
        shown = ("–" if value is None else scaled(figure, value) for value in values)
        guessed = now.figures[figure].chance if figure in now.figures else None
        by_chance = f" (chance {scaled(figure, guessed)})" if guessed is not None else ""
        said.append(f"{named(figure)} {' → '.join(shown)}{by_chance}")
    if now.places and now.places.verdict == "biased":
        said.append(f"{found.second} is {now.places.said}")
    return " · ".join(said)


def bar(one: SetChange, reach: tuple[float, float]) -> list[str]:
    """Where zero, the ends of the interval and the difference lie on a bar; empty where there is no interval."""
    span = (reach[1] - reach[0]) or 1.0
    if not one.nll.interval:
        return []
    return [f"{4 + (BAR - 8) * (at - reach[0]) / span:.1f}" for at in (0.0, *one.nll.interval, one.nll.difference)]


def cost(w: Workspace, found: TwoVersions) -> list[tuple[str, str]]:
    """What the second took beyond the first: steps and tokens of training, and answers that came to no end."""
    said = [(f"training {found.second}", _trained(w, [found.second]))] if found.second != BASE else []
    if found.first != BASE:
        line = w.trained[found.second].inside.line if found.second != BASE else ()
        if found.first in line:
            since = line[line.index(found.first) + 1 :]
            said += [(f"all since {found.first}", _trained(w, since))] if len(since) > 1 else []
        else:
            said += [(f"{name}, whole line", _trained(w, _line(w, name))) for name in (found.second, found.first)]
    ended = [(w.measured[name].sets, name) for name in (found.first, found.second)]
    answered = sum(one.answered for name, one in ended[1][0].items() if name in found.sets)
    if answered:
        open_ended = [
            sum(one.cut + one.endless for name, one in sets.items() if name in found.sets) for sets, _ in ended
        ]
        said.append(("answers without an end", f"{open_ended[0]:,} → {open_ended[1]:,} of {answered:,}"))
    return said


def _line(w: Workspace, name: str) -> tuple[str, ...]:
    return w.trained[name].inside.line if name != BASE else ()


def _trained(w: Workspace, names: Iterable[str]) -> str:
    """Steps and tokens of some versions together; what was trained elsewhere is unknown."""
    manifests = [w.trained[name].manifest for name in names]
    known = [one for one in manifests if not one.adopted]
    if not known:
        return "unknown: trained elsewhere" if manifests else "none"
    at_least = "at least " if len(known) < len(manifests) else ""
    steps, tokens = sum(map(_steps, known)), sum(map(_tokens, known))
    return f"{at_least}{steps:,} steps, {short(tokens)} tokens"


def _steps(one: AdapterManifest) -> int:
    return one.steps + (one.preference.steps if one.preference else 0)


def _tokens(one: AdapterManifest) -> int:
    return one.trained_tokens + (one.preference.trained_tokens if one.preference else 0)


def short(number: int) -> str:
    """A large number for people: 350 k, 4.1 M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def real(text: str) -> str:
    """With a real minus before a digit, as figures are set in print."""
    return "".join("−" if char == "-" and text[at + 1 : at + 2].isdigit() else char for at, char in enumerate(text))

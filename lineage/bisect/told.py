"""What people read of a search: who did it, what says so, what naming the source would take, and how sure it is."""

from collections.abc import Iterator
from dataclasses import asdict
from math import isnan
from typing import Any

from lineage.bisect.halving import MOST_OF_IT
from lineage.bisect.line_search import LineFinding
from lineage.bisect.probe import Probe, Reading
from lineage.bisect.source_finding import SourceFinding
from lineage.core.plain_text import one_line
from lineage.planning.cost import clock, span

LONGEST = 100  # characters of a text that are shown
SMALL = 0.5  # nats a token: less may be luck, of one question


def said(reading: Reading, probe: Probe) -> str:
    """What a version said, and whether it was right; of a set its score."""
    if probe.kind == "set":
        return "" if reading.score is None else f"{reading.score:.2f}"
    word = {True: "right", False: "wrong", None: ""}[reading.right]
    if reading.right is None and reading.score is not None and not isnan(reading.score):
        word = f"score {100 * reading.score:.0f}"
    return f"{word}  {_short(reading.said or '')}".strip()


def version_told(found: LineFinding) -> Iterator[str]:
    """Who did it, what says so, and how sure that is."""
    what = "the set" if found.probe.kind == "set" else "the answer"
    point = found.point
    if point is None:
        yield f"no version of {' → '.join(found.readings)} changed {what} " + (
            "beyond noise" if found.probe.kind == "set" else "noticeably"
        )
        return
    step = point.step
    how = {
        "answer": f"it is {'right' if point.turn == 'taught' else 'wrong'} since then",
        "likelihood": "the likelihood of the right answer says so: no answer turned, or only after it had changed so",
        "verdict": "beyond noise, over all steps of the line together",
    }[point.by]
    yield f"{step.after.version} {point.turn} {what}: NLL {step.before.nll:.2f} → {step.after.nll:.2f}; {how}"
    if step.skipped:
        yield f"or one of {', '.join(step.skipped)}, which were not read"
    if point.larger:
        larger = point.larger
        yield f"the largest such change of its likelihood came with {larger.after.version} ({larger.change:+.2f})"
    if found.probe.kind != "set" and abs(step.change) < SMALL:
        yield "a small change of one question may be the luck of a training: a set says more"


def plan_told(first: SourceFinding) -> Iterator[str]:
    """What naming the source would take."""
    cost = first.cost
    yield f"{first.version} was trained on {len(first.sources)} sources: {', '.join(first.sources)}"
    control = f", one of them a control, since {cost.control}" if cost.control else ""
    each = span(cost.seconds)
    total = f", at most {clock(cost.seconds.value * cost.variants)} in all" if cost.seconds else ""
    yield (
        f"to name the one that did it, at most {cost.variants} variants of {first.version} are trained{control}; a "
        f"training of the whole mix takes {each}{total}. They stay out of this workspace's models and lock"
    )


def source_told(found: LineFinding, source: SourceFinding) -> Iterator[str]:
    """Rows near the question, what each variant showed, and who did it."""
    for name, rows in list(source.near.items())[:2]:
        for row in rows[:2]:
            text = f"{_short(row.record.prompt)} → {_short(row.record.completion)}"
            yield f"near the question, {name} ({row.near:.0%} of it): {text}"
    if source.outcome == "to_train":
        yield "nothing was trained; add --train to name the source"
        return
    if source.outcome == "alone":
        yield f"{source.source} is the one source in the mix of {source.version}: its rows did it, or training itself"
        return
    assert source.found and found.point
    before, after = found.point.step.before, found.point.step.after
    if source.control:
        yield f"{source.version} again, as a control: NLL {source.control.nll:.2f} (it was {after.nll:.2f})"
    for trial, reading in zip(source.found.trials, source.readings, strict=True):
        yield f"without {', '.join(trial.left_out)}: NLL {reading.nll:.2f}, {trial.gone:.0%} of the change is gone"
    if source.source:
        share = source.found.share(source.source) or 0.0
        yield (
            f"{source.source} {found.point.turn} it: without it, {share:.0%} of what {after.version} changed against "
            f"{before.version} is gone"
        )
    else:
        yield (
            f"no single source was found without which {MOST_OF_IT:.0%} of the change is gone: two may say the same, "
            "or training on anything did it"
        )
    yield f"{source.trained} variants were trained, {len(source.found.trials)} were read"


def source_json(source: SourceFinding) -> dict[str, Any]:
    """The same for a program."""
    trials = source.found.trials if source.found else ()
    return {
        "outcome": source.outcome,
        "source": source.source,
        "sources": list(source.sources),
        "trials": [asdict(trial) | {"nll": r.nll} for trial, r in zip(trials, source.readings, strict=False)],
        "trained": source.trained,
        "control": asdict(source.control) if source.control else None,
        "at_most_variants": source.cost.variants,
        "near": {
            name: [{"id": row.record.id, "near": row.near, "prompt": row.record.prompt} for row in rows]
            for name, rows in source.near.items()
        },
    }


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"

"""The plan of a rebuild for people: what is alike is told in one line, what cannot be built is named once.

ingest of 12 sources that have no files yet: accounting, aihub_kozh, arithmetic and 9 more · 14 s
    never run here
train@v3 · ~220 steps, ~352,000 tokens · 31 s
    versions.v3.train.lr_scale: 1.0 → 0.5
cannot be built: v2 (no files for accounting, financial_reports), …
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from lineage.core.plain_text import one_line
from lineage.planning.cost import clock, span
from lineage.planning.duration import Seconds
from lineage.planning.rebuild_plan import COMMIT, OF_VERSION, Planned, RebuildPlan, only_words, total

SHOWN = 8  # reasons of a stage on the terminal; `--json` has all
NAMED = 3  # sources or versions of a line; `--json` has all


@dataclass(frozen=True, slots=True)
class _Group:
    """Stages of one kind that would run for the same reasons."""

    members: list[Planned]
    reasons: tuple[str, ...]
    empty: bool  # sources without files

    @property
    def certain(self) -> bool:
        return self.members[0].stage.certain


def show(planned: RebuildPlan) -> None:
    """Print the plan; what is uncertain in a fainter colour."""
    console = Console()

    def line(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    if not planned.stages:
        line("nothing would be rebuilt")
    for group in _groups(planned):
        for text in _lines(group):
            line(text, None if group.certain else "dim")
    for text in _obstacles(planned.obstacles):
        line(text)
    if only_words(planned):
        line(f"only words in code changed, no result can differ: instead of a rebuild, {COMMIT}")
    elif planned.stages:
        line("\n".join(_totals(planned)))


def _groups(planned: RebuildPlan) -> list[_Group]:
    found: dict[tuple[object, ...], _Group] = {}
    for p in planned.stages:
        stage = p.stage
        reasons = _reasons(p)
        empty = stage.kind == "ingest" and stage.key in planned.empty
        alike = tuple(_without_key(reason, stage.key) for reason in reasons)
        how = stage.certain, stage.fetched, bool(p.taken_up)
        key = (stage.kind, *how, empty, alike) if stage.key else (stage.stage,)
        found.setdefault(key, _Group([], alike if stage.key else reasons, empty)).members.append(p)
    return [
        group if len(group.members) > 1 else _Group(group.members, _reasons(group.members[0]), group.empty)
        for group in found.values()
    ]


def _reasons(p: Planned) -> tuple[str, ...]:
    fields_first = sorted(p.stage.changes, key=lambda change: change.old is None and change.new is None)
    return tuple(one_line(change) for change in fields_first)


def _without_key(reason: str, key: str) -> str:
    """A reason in which another stage's key might stand: `versions.….replay: 0.1 → 0.2`, `models/… is not here`."""
    parts = reason.split(" ")
    parts[0] = "/".join(
        ".".join("…" if name == key else name for name in part.split(".")) for part in parts[0].split("/")
    )
    return " ".join(parts)


def _lines(group: _Group) -> Iterator[str]:
    """Stages with their cost, and below them why."""
    facts = [_head(group), *_work(group), _span(group)]
    if not group.certain:
        facts.append(_after(group))
    yield " · ".join(facts)
    yield from (f"    {reason}" for reason in group.reasons[:SHOWN])
    if len(group.reasons) > SHOWN:
        yield f"    and {len(group.reasons) - SHOWN} more, see --json"


def _head(group: _Group) -> str:
    kind, keys = group.members[0].stage.kind, [p.stage.key for p in group.members]
    what = "versions" if kind in OF_VERSION else "sources"
    without = " that have no files yet" if group.empty else ""
    if len(keys) == 1:
        return group.members[0].stage.stage + (" (no files yet)" if group.empty else "")
    if len(keys) <= NAMED and not without:
        return f"{kind} of {', '.join(keys)}"
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return f"{kind} of {len(keys)} {what}{without}: {', '.join(keys[:NAMED])}{more}"


def _work(group: _Group) -> Iterator[str]:
    """Steps and tokens of trainings, as far as both are known."""
    works = [p.cost.work for p in group.members if p.cost and p.cost.work.tokens]
    if works:
        tokens = sum(work.tokens or 0 for work in works)
        steps = sum(work.steps or 0 for work in works)
        about = "" if all(work.exact for work in works) else "~"
        known = steps and all(work.steps for work in works)
        yield f"{about}{steps:,} steps, ~{tokens:,} tokens" if known else f"~{tokens:,} tokens"


def _span(group: _Group) -> str:
    if group.members[0].stage.fetched:
        return "fetched"
    if finished := ", ".join(p.taken_up for p in group.members if p.taken_up):
        return f"nothing is trained: takes up the finished adapter of {finished}"
    known = [p.seconds for p in group.members if p.seconds]
    if len(known) < len(group.members):
        return span(None)
    return span(Seconds(sum(one.value for one in known), all(one.measured for one in known)))


def _after(group: _Group) -> str:
    """What must come out different: stages by name for one stage, by kind for several."""
    if len(group.members) == 1:
        after = group.members[0].stage.after
        more = f" and {len(after) - NAMED} more" if len(after) > NAMED else ""
        return f"only if its inputs really change, after {', '.join(after[:NAMED])}{more}"
    kinds = dict.fromkeys(name.partition("@")[0] for p in group.members for name in p.stage.after)
    return f"only if their inputs really change, after {', '.join(kinds)}"


def _obstacles(obstacles: dict[str, str]) -> Iterator[str]:
    """Versions by what stands in their way, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for version, why in obstacles.items():
        by_reason.setdefault(why.removeprefix("cannot be built: "), []).append(version)
    for why, versions in by_reason.items():
        yield f"cannot be built: {', '.join(versions)} · {one_line(why)}"


def _totals(planned: RebuildPlan) -> Iterator[str]:
    certain = [p for p in planned.stages if p.stage.certain]
    yield f"certain: {_stages(len(certain))}, about {clock(total(certain))}"
    if len(certain) < len(planned.stages):
        yield f"at most: {_stages(len(planned.stages))}, about {clock(total(planned.stages))}"
    if unknown := [p for p in planned.stages if p.seconds is None]:
        kinds = dict.fromkeys(p.stage.kind for p in unknown)
        yield f"not counted, never run here: {_stages(len(unknown))} ({', '.join(kinds)})"
    mixes = [p for p in certain if p.stage.kind == "mix"]
    if mixes and any(p.stage.kind == "train" and not p.stage.certain for p in planned.stages):
        names = " ".join(p.stage.stage for p in mixes)
        yield f"which versions train again is known after: dvc repro {names} (about {clock(total(mixes))})"


def _stages(count: int) -> str:
    return f"{count} stage" if count == 1 else f"{count} stages"

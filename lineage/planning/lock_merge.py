"""Two locks as one: what two machines, or two people, made of different stages of the same graph.

    base      the lock that both began with      train@v2: old   train@v3: old
    ours      one trained v2                     train@v2: new   train@v3: old
    theirs    the other trained v3               train@v2: old   train@v3: new
    merged                                       train@v2: new   train@v3: new

A stage is the unit: its entry is taken whole, from the side that changed it. Two entries that both sides changed, and
not to the same, are a conflict, which nobody but a person can decide. A stage that differs only because it gathers what
other stages of both sides made (`report` over all of `metrics`) is none: no side has made what the merged lock holds,
so it keeps the entry that both began with, which DVC finds stale, and is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.core.declaration import Declaration
from lineage.core.errors import LineageError
from lineage.planning.lock_text import LockText, facts, identity

Facts = dict[str, Any]
NO_ENTRY: Facts = {}
SHOWN = 12  # differences that a message names


class LockConflict(LineageError):
    """Stages that both sides made, in two ways. stages: their names."""

    def __init__(self, stages: Sequence[str], told: str) -> None:
        super().__init__(told)
        self.stages = list(stages)


@dataclass(frozen=True, slots=True)
class LockSide:
    """A lock and what messages call it."""

    name: str
    lock: LockText


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged lock. taken: stages whose entry is theirs. again: stages that no side has made from what is merged."""

    lock: LockText
    taken: list[str]
    again: list[str]


def merge_locks(
    ours: LockSide, theirs: LockSide, base: LockText | None, order: Sequence[str] = (), given_up: Sequence[str] = ()
) -> Merged:
    """The lock that holds what both sides made.

    Args:
        ours: the lock here; its form is kept.
        theirs: the other one.
        base: what both began with. None: nobody knows, and every stage that both hold must be the same.
        order: the stages in the order of the graph, for entries that the base does not have.
        given_up: stages in conflict that are to be made again, whatever either side says.

    Raises:
        LockConflict: a stage was made in two ways; naming stages, files and both sides.
    """
    mine, other = _facts(ours.lock), _facts(theirs.lock)
    before = _facts(base) if base else {}
    differing = [name for name in {**mine, **other} if mine.get(name, NO_ENTRY) != other.get(name, NO_ENTRY)]
    chosen = dict(ours.lock.entries)
    taken, again, conflicts = list[str](), list[str](), list[str]()
    for name in differing:
        a, b, old = (found.get(name, NO_ENTRY) for found in (mine, other, before))
        if (base and b == old) or not (base or b):
            continue
        if (base and a == old) or not (base or a):
            _put(chosen, name, theirs.lock)
            taken.append(name)
        elif name in given_up or _gathers(name, a, b, differing, (mine, other)):
            _put(chosen, name, base)
            again.append(name)
        else:
            conflicts.append(name)
    if conflicts:
        raise LockConflict(conflicts, _told(conflicts, ours.name, theirs.name, mine, other))
    whole = LockText(chosen, ours.lock.head, ours.lock.tail)
    return Merged(in_graph_order(whole, base, order), taken, again)


def must_fit(name: str, lock: LockText, stages: Sequence[str], graph: Mapping[str, Declaration]) -> None:
    """Refuse entries of stages that `dvc.yaml` here does not declare so: they were made by another graph.

    Args:
        name: what the message calls the lock.
        lock: the lock that the entries stand in.
        stages: those that are looked at.
        graph: what dvc.yaml declares, by stage.

    Raises:
        LineageError: naming each stage and what does not fit.
    """
    wrong = {stage: why for stage in stages if stage in lock.entries and (why := _misfit(stage, lock, graph))}
    if wrong:
        told = "".join(f"  {stage}: {why}\n" for stage, why in list(wrong.items())[:SHOWN])
        raise LineageError(
            f"{name} does not fit dvc.yaml and params.yaml here:\n{told}"
            "Bring both to the same commit first (git merge), then merge the locks"
        )


def stale_after(lock: LockText) -> list[str]:
    """Stages made from another output than the one that the lock names: their maker had it before it was changed."""
    found = _facts(lock)
    outs = {path: hashed for entry in found.values() for path, hashed in entry["outs"].items()}
    return [
        name
        for name, entry in found.items()
        if any(path in outs and outs[path] != hashed for path, hashed in entry["deps"].items())
    ]


def in_graph_order(lock: LockText, base: LockText | None, order: Sequence[str]) -> LockText:
    """A lock with its entries as the base has them, each other one after the one that comes before it in the graph.

    So it does not matter in which order they were made, or several locks were merged.
    """
    rank = {name: (number, "") for number, name in enumerate(order)}
    place = {name: rank.get(name, (len(order), name)) for name in lock.entries}
    placed = [name for name in (base.entries if base else ()) if name in place]
    for name in sorted(set(place) - set(placed), key=place.__getitem__):
        earlier = [one for one in placed if place[one] < place[name]]
        placed.insert(placed.index(max(earlier, key=place.__getitem__)) + 1 if earlier else 0, name)
    return LockText({name: lock.entries[name] for name in placed}, lock.head, lock.tail)


def _facts(lock: LockText) -> dict[str, Facts]:
    return {name: identity(facts(name, text)) for name, text in lock.entries.items()}


def _put(chosen: dict[str, str], name: str, lock: LockText | None) -> None:
    """Give a stage the entry of another lock; none, if that has none."""
    if lock and name in lock.entries:
        chosen[name] = lock.entries[name]
    else:
        chosen.pop(name, None)


def _gathers(name: str, a: Facts, b: Facts, differing: list[str], sides: Sequence[dict[str, Facts]]) -> bool:
    """Whether all that two entries of a stage were made from differently is what other differing stages make."""
    if not a or not b or a.get("cmd") != b.get("cmd") or a.get("params") != b.get("params"):
        return False
    if a["deps"].keys() != b["deps"].keys() or a["outs"].keys() != b["outs"].keys():
        return False
    changed = [path for path in a["deps"] if a["deps"][path] != b["deps"][path]]
    made = [
        path for other in differing if other != name for side in sides for path in side.get(other, {}).get("outs", {})
    ]
    return bool(changed) and all(any(_overlap(path, out) for out in made) for path in changed)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _told(conflicts: list[str], ours: str, theirs: str, mine: Mapping[str, Facts], other: Mapping[str, Facts]) -> str:
    lines = [
        f"  {stage}: {what}: {left} in {ours}, {right} in {theirs}"
        for stage in conflicts
        for what, left, right in _differences(mine.get(stage, NO_ENTRY), other.get(stage, NO_ENTRY))
    ]
    more = [f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    again = " ".join(f"--again {stage}" for stage in conflicts[:SHOWN])
    one = "a stage was" if len(conflicts) == 1 else f"{len(conflicts)} stages were"
    return (
        f"{one} made in two ways, and nothing was merged:\n"
        + "\n".join([*lines[:SHOWN], *more])
        + f"\nTo have them made again from what is here: {again}. To keep one side: undo the other's commit of it first"
    )


def _differences(a: Facts, b: Facts) -> Iterator[tuple[str, str, str]]:
    """What differs, as (what, here, there)."""
    if not a or not b:
        yield "its entry", "there" if a else "taken out", "there" if b else "taken out"
        return
    if a.get("cmd") != b.get("cmd"):
        yield "its command", str(a.get("cmd")), str(b.get("cmd"))
    for file in {**a.get("params", {}), **b.get("params", {})}:
        left, right = (one.get("params", {}).get(file) or {} for one in (a, b))
        for key in {**left, **right}:
            if left.get(key) != right.get(key):
                yield f"{key} of {file}", _short(left.get(key)), _short(right.get(key))
    for side, called in (("deps", "made from"), ("outs", "made")):
        for path in {**a[side], **b[side]}:
            if a[side].get(path) != b[side].get(path):
                yield f"{called} {path}", _hash(a[side].get(path)), _hash(b[side].get(path))


def _hash(file: Facts | None) -> str:
    return next((str(file[k])[:12] for k in ("md5", "etag", "checksum") if k in file), "?") if file else "not there"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _misfit(stage: str, lock: LockText, graph: Mapping[str, Declaration]) -> str:
    """In which way an entry is not of the stage that dvc.yaml declares; nothing if it is."""
    if (declared := graph.get(stage)) is None:
        return "no such stage"
    entry = facts(stage, lock.entries[stage])
    if " ".join(str(entry.get("cmd", "")).split()) != declared.command:
        return f"its command is {entry.get('cmd')!r} there, {declared.command!r} here"
    for side, files in (("depends on", declared.deps), ("makes", declared.outs)):
        there = {file["path"] for file in entry.get("deps" if side == "depends on" else "outs", [])}
        if odd := sorted(there ^ set(files)):
            return f"it {side} {odd[0]} {'there' if odd[0] in there else 'here'} only"
    keys = {key for values in entry.get("params", {}).values() for key in values or {}}
    if odd := sorted(keys ^ set(declared.params)):
        return f"it depends on the parameter {odd[0]} {'there' if odd[0] in keys else 'here'} only"
    return ""

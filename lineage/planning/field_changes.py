"""Why a stage is stale, field by field: what it was made with, and what params.yaml says now."""

import json
from dataclasses import dataclass
from typing import Any

NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Change:
    """One reason: a field of params.yaml, a file, a command.

    own: no other stage's run can undo it. words: it is code of which only comments, docstrings or layout differ.
    """

    what: str
    old: Any = None
    new: Any = None
    own: bool = True
    words: bool = False

    def __str__(self) -> str:
        if self.old is None and self.new is None:
            return self.what
        return f"{self.what}: {_text(self.old)} → {_text(self.new)}"


def of_params(was: dict[str, Any], keys: list[str], params: Any) -> list[Change]:
    """The leaves that differ below the keys that DVC names; a chosen profile is compared with the one before."""
    changes: list[Change] = []
    for key in keys:
        old_key = key if key in was else next((k for k in was if k not in keys and _alike(k, key)), None)
        if old_key not in (None, key):
            changes.append(Change("profile", old=str(old_key).split(".")[1], new=key.split(".")[1]))
        changes += _differing(_leaves(was.get(old_key) if old_key else None, key), _leaves(_at(params, key), key))
    return changes


def of_excerpt(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """The leaves in which two states of an excerpt differ; the same for the profile. Order alone is one change."""
    changes: list[Change] = []
    before, now = next(iter(old.get("profiles", ())), None), next(iter(new.get("profiles", ())), None)
    if before != now:
        changes.append(Change("profile", old=before, new=now))
        old = old | {"profiles": {now: old["profiles"][before]}}
    changes += _differing(_leaves(old, ""), _leaves(new, ""))
    return changes or [Change("the order of fields in params.yaml changed")]


def _differing(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    both = ((leaf, old.get(leaf, NOTHING), new.get(leaf, NOTHING)) for leaf in dict.fromkeys((*old, *new)))
    return [Change(leaf, old=before, new=now) for leaf, before, now in both if before != now]


def _alike(old: str, new: str) -> bool:
    """`profiles.cpu.base` and `profiles.gpu.base`: the same field of another profile."""
    first, second = old.split("."), new.split(".")
    return len(first) == len(second) > 1 and first[0] == second[0] == "profiles" and first[2:] == second[2:]


def _leaves(value: Any, path: str) -> dict[str, Any]:
    """Dotted paths and what stands there; lists are leaves."""
    if isinstance(value, dict) and value:
        below = ((f"{path}.{name}" if path else str(name), inner) for name, inner in value.items())
        return {leaf: v for at, inner in below for leaf, v in _leaves(inner, at).items()}
    return {} if value is None else {path: value}


def _at(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

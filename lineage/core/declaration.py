"""What `dvc.yaml` declares of the stage that a command starts: its name, what it depends on, its parameters.

    declared("python -m stages.train v3")
    Declaration("train@v3", deps=["models/v1", "models/base/base.json", …], params=["seed", "versions.v3.train", …], …)
    declarations()["train@v3"]      the same, of all stages by name

`dvc.yaml` is the only list. This reads what the graph uses of its language: `foreach` over a mapping or a list,
`${key}`, `${item.x}` and values of `params.yaml`. DVC itself is not imported: that would cost every stage a second.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lineage.core.errors import LineageError
from lineage.core.paths import GRAPH, PARAMS

Tree = dict[str, Any]
_BLANK = re.compile(r"\$\{\s*([^}]+?)\s*\}")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast


@dataclass(frozen=True, slots=True)
class Declaration:
    """A stage as DVC names it, the files and folders that it depends on, the keys of its parameters, and what it makes.

    kept: those of `outs` that lie in no cache of DVC's (`cache: false`).
    """

    stage: str
    deps: list[str]
    params: list[str]
    command: str
    outs: list[str]
    kept: list[str]


def declared(command: str) -> Declaration | None:
    """The declaration of the stage that `command` starts.

    None: there is no graph here that can be read, or the command is none of its stages.
    """
    try:
        return next(
            (
                _declaration(name, body, scope)
                for name, body, scope in _stages(read_yaml(GRAPH)["stages"], read_yaml(PARAMS))
                if _command(body, scope) == command
            ),
            None,
        )
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return None  # what is wrong with params.yaml the stage says better, when it reads its curriculum


def declarations() -> dict[str, Declaration]:
    """Every stage of `dvc.yaml` by name, in its order.

    Raises:
        LineageError: the graph or params.yaml cannot be read.
    """
    try:
        return {
            name: _declaration(name, body, scope)
            for name, body, scope in _stages(read_yaml(GRAPH)["stages"], read_yaml(PARAMS))
        }
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        raise LineageError(f"{GRAPH} and {PARAMS} cannot be read together: {error!r}; see `lineage check`") from error


def waits_for(stages: dict[str, Declaration]) -> dict[str, frozenset[str]]:
    """The stages that each waits for: those that make what it depends on, or a part of it, or a folder around it."""
    made = [(name, out) for name, stage in stages.items() for out in stage.outs]
    return {
        name: frozenset(maker for maker, out in made if maker != name and any(_overlap(dep, out) for dep in stage.deps))
        for name, stage in stages.items()
    }


def read_yaml(path: Path) -> Tree:
    """A YAML file as plain values."""
    tree: Tree = yaml.load(path.read_bytes(), _Loader)
    return tree


def looked_up(values: Any, key: str) -> Any:
    """The value at `versions.v3.train`; `LookupError` or `TypeError` if there is none."""
    for name in key.split("."):
        values = values[int(name)] if isinstance(values, list) else values[name]
    return values


def _stages(graph: Tree, values: Tree) -> Iterator[tuple[str, Tree, Tree]]:
    """Every stage with its name, its body and the names that `${…}` may use in it."""
    for name, stage in graph.items():
        if "foreach" not in stage:
            yield name, stage, values
            continue
        many = stage["foreach"]
        if isinstance(many, str):
            many = looked_up(values, _BLANK.fullmatch(many)[1])  # type: ignore[index]
        for key, item in many.items() if isinstance(many, dict) else ((str(item), item) for item in many):
            yield f"{name}@{key}", stage["do"], {**values, "key": key, "item": item}


def _declaration(name: str, body: Tree, scope: Tree) -> Declaration:
    made = body.get("outs", [])
    kept = [
        entry
        for entry in made
        if isinstance(entry, dict) and any((o or {}).get("cache") is False for o in entry.values())
    ]
    deps, outs, uncached = (
        [_filled(path, scope) for path in _names({"these": found}, "these")]
        for found in (body.get("deps", []), made, kept)
    )
    return Declaration(name, deps, _keys(body, scope), _command(body, scope), outs, uncached)


def _command(body: Tree, scope: Tree) -> str:
    return " ".join(_filled(body["cmd"], scope).split())


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _filled(text: str, scope: Tree) -> str:
    return _BLANK.sub(lambda blank: str(looked_up(scope, blank[1])), text)


def _names(body: Tree, field: str) -> list[str]:
    """The entries of `deps` or `params`; of one with options, its name."""
    return [name for entry in body.get(field, []) for name in (entry if isinstance(entry, dict) else [entry])]


def _keys(body: Tree, scope: Tree) -> list[str]:
    return [_filled(key, scope) for key in _names(body, "params")]

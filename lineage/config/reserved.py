"""Names that mean something already: to params.yaml, YAML, Windows, MLflow, or our own folders and commands.

A version is a folder, a file, a key of YAML, a stage of DVC and a run of MLflow at once; a name that one of them takes
for its own would be lost or mistaken there, long after it was chosen.
"""

from collections.abc import Iterator
from typing import Any

BASE = "base"  # the parent of a version that continues no other: the base model itself
LONGEST = 64  # letters of a name: with what stands around it, file systems take no more than 255 bytes

_YAML = ("null", "true", "false", "yes", "no", "on", "off")
_NOTHING = ("none", "nan", "na")
_WINDOWS = ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
_MLFLOW = ("report", "champion", "latest", "lineage")
_STAGES = (
    *("check", "samples", "convert", "ingest", "generate", "superseded", "duplicates", "mix", "base", "train"),
    *("baseline", "evaluate", "contamination", "cards", "report", "publish"),
)
_FOLDERS = {
    "local": "the folder of that name beside the versions is where a base of your own lies",
    "index": "the list of all cards is called so",
}


def why_reserved(name: str, *, version: bool) -> str:
    """Who else uses a name; empty if it is free. A source is a folder too, but no run and no stage's subject."""
    if name == BASE and version:
        return f"{BASE!r} is the name of the base model"
    if name in _YAML:
        return f"YAML reads {name!r} as a value, not as a name"
    if name in _NOTHING:
        return f"tables read {name!r} as nothing"
    if name in _WINDOWS:
        return f"Windows keeps {name!r} for a device: no folder can be called so there"
    if len(name) > LONGEST:
        return f"it has {len(name)} letters, and {LONGEST} are the most that file systems take with what stands around"
    if not version:
        return ""
    if name in _MLFLOW:
        return f"MLflow's pages use {name!r} for something else"
    if name in _STAGES:
        return f"{name!r} is a stage of dvc.yaml, and commands take either"
    return _FOLDERS.get(name, "")


def unnamed(tree: Any) -> Iterator[str]:
    """Keys that YAML did not read as names, such as `null:` or `1:`, where params.yaml expects names."""
    for field in ("versions", "sources", "profiles", "papers", "generated", "licences"):
        entries = tree.get(field) if isinstance(tree, dict) else None
        for key in entries if isinstance(entries, dict) else ():
            if not isinstance(key, str):
                yield f"{field}: YAML reads the name of an entry as {key!r}, a value; choose a name such as v7"

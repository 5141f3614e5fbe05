"""The code behind each stage as one small file, `program/train.json`: what a workspace's dvc.yaml names in its place.

    {"stage": "train",
     "code": ["stages/train.py", "lineage/training", …],              what dvc.yaml of the repository lists
     "files": {"lineage/training/train.py": "5d2a…", …}}              what each file computes, as a hash

In the repository DVC compares the files themselves. A workspace has none: its program is installed, elsewhere on each
machine. So the program writes these files (`lineage init`, `lineage upgrade`), they are in git, and DVC compares them:
clones agree, whatever is installed where, and an upgrade makes stale what computes something else now. A file's hash is
blind to comments, docstrings and layout, and the same for each Python that runs this program.

A stage refuses to run with another program than the one that its file names.
"""

import ast
import hashlib
import json
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from lineage.core.code_identity import ROOT
from lineage.core.errors import LineageError
from lineage.core.paths import PROGRAM

NAME = "krx-lineage"
FOLDERS = ("stages/", "lineage/")  # what a path of the program's code begins with
DIGITS = 16


def is_code(dep: str) -> bool:
    """Whether a dependency is code of the program."""
    return dep.startswith(FOLDERS)


def program_file(stage: str) -> Path:
    """Where the code of a stage is told: `train` of `train@v3`."""
    return PROGRAM / f"{stage}.json"


def told(stage: str, code: list[str]) -> str:
    """The text of a stage's file, as the program that runs here writes it.

    Args:
        stage: its name in dvc.yaml.
        code: the files and folders of code that dvc.yaml of the repository lists for it.
    """
    files = {file: _computes(ROOT / file) for dep in sorted(code) for file in _files_of(dep)}
    return json.dumps({"stage": stage, "code": sorted(code), "files": files}, indent=1, sort_keys=True) + "\n"


def must_be_the_program(deps: list[str]) -> None:
    """Refuse a workspace that was made for another program than the one that runs here.

    deps: of a stage, as dvc.yaml names them; those of the program's code are looked at.

    Raises:
        LineageError: naming the file, and what to do.
    """
    for dep in deps:
        file = Path(dep)
        if file.parent != PROGRAM:
            continue
        try:
            before = file.read_text(encoding="utf-8")
            tree = json.loads(before)
            now = told(tree["stage"], tree["code"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise LineageError(f"{file}: cannot be read ({error}); `lineage upgrade` writes it again") from None
        if before != now:
            differ = sorted(different(tree, json.loads(now)))
            raise LineageError(
                f"{file} tells of another program than {NAME} {version_of(NAME)}, which is installed here: "
                f"{', '.join(differ[:3])}{' and more' if len(differ) > 3 else ''} computes something else. Install the "
                f"one that this workspace was made with, or run `lineage upgrade`, which says what becomes stale"
            )


def different(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """The files of code in which two states of a stage's file differ; of a text that says neither, the file's name."""
    before, now = old.get("files", {}), new.get("files", {})
    return {file for file in before.keys() | now.keys() if before.get(file) != now.get(file)} or {"the list of code"}


def _files_of(dep: str) -> list[str]:
    """The files of a dependency that say something, as paths of the program."""
    place = ROOT / dep
    if place.is_file():
        return [dep]
    files = sorted(file for file in place.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [file.relative_to(ROOT).as_posix() for file in files if file.suffix != ".pyc"]


@cache
def _computes(file: Path) -> str:
    if file.suffix != ".py":
        content = file.read_bytes()
    else:
        content = _shape(ast.parse(file.read_text(encoding="utf-8"))).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def _shape(node: Any) -> str:
    """A tree as text without places, docstrings and what is empty: fields that a newer Python adds change nothing."""
    if isinstance(node, list):
        return f"[{','.join(map(_shape, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
        ast.get_docstring(node, clean=False) is not None
    ):
        fields["body"] = node.body[1:]
    said = ",".join(f"{name}={_shape(value)}" for name, value in fields.items() if value not in (None, []))
    return f"{type(node).__name__}({said})"

"""A workspace that was made by another release is brought to the installed program."""

import json
from pathlib import Path

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.program import different
from lineage.workspaces.create import GIT_IGNORE
from lineage.workspaces.own_graph import graph_files

LATER = (f"/{paths.DOSSIERS}/", f"/{paths.EXPORTS}/")


def upgrade(root: Path = Path()) -> list[str]:
    """Write dvc.yaml and program/ as the installed program has them; a line for each file that changes.

    Nothing is made stale whose code computes what it did: then no file changes.

    Raises:
        LineageError: the folder is no workspace of an installed program; nothing is written.
    """
    if not (root / paths.PARAMS).is_file() or not (root / paths.PROGRAM).is_dir():
        raise LineageError(
            f"{root.absolute()}: no workspace that `lineage init` made (it has no {paths.PARAMS} with "
            f"{paths.PROGRAM}/); in a clone of the repository the program is upgraded by git"
        )
    files = graph_files()
    gone = [file for file in sorted((root / paths.PROGRAM).glob("*.json")) if file.relative_to(root) not in files]
    said = []
    for name, text in files.items():
        file = root / name
        before = file.read_text(encoding="utf-8") if file.is_file() else None
        if before != text:
            said.append(f"{name}: {_change(before, text)}")
            file.parent.mkdir(exist_ok=True)
            _write(file, text)
    for file in gone:
        file.unlink()
        said.append(f"{file.relative_to(root)}: removed, the stage is no more")
    return said + _ignored_too(root / GIT_IGNORE)


def _ignored_too(file: Path) -> list[str]:
    """Folders that the first releases did not make are not for git either; nothing else changes in that file."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if not (new := [line for line in LATER if line not in text.splitlines()]):
        return []
    _write(file, text.rstrip("\n") + "\n" * bool(text) + "\n".join(new) + "\n")
    return [f"{file.name}: {', '.join(new)}"]


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _change(before: str | None, text: str) -> str:
    if before is None:
        return "new"
    try:
        files = sorted(different(json.loads(before), json.loads(text)))
    except ValueError:
        return "changed"
    return f"{', '.join(files[:4])}{f' and {len(files) - 4} more' if len(files) > 4 else ''}"

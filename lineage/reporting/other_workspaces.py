"""A version of another workspace beside one of this: `../loans:v1`.

Two systems are compared on the held-out rows that both were asked, the same texts by their ids. Where their tokenizers
differ, a token is not the same thing for both, but the text that it is a piece of is: the NLL is then of a whole
answer.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.reporting.measured import Measured, SetRows
from lineage.reporting.task_figures import generation_said
from lineage.reporting.workspace import Workspace, read_workspace


@dataclass(frozen=True, slots=True)
class Beside:
    """A workspace with versions of others among its measured ones, and what is to be said of the comparison."""

    workspace: Workspace
    notes: tuple[str, ...] = ()


def beside(w: Workspace, first: str, second: str) -> Beside:
    """Two versions, `FOLDER:VERSION` where one is another workspace's; without such a one, nothing changes.

    Args:
        w: this workspace.
        first: what is compared with.
        second: the version.

    Raises:
        LineageError: a folder is no workspace, the version is not measured there, or both were asked no common set.
    """
    if ":" not in first + second:
        return Beside(w)
    if not (first and second):
        raise LineageError(f"{first}: name both versions, such as `lineage compare {first} v6`")
    a, b = (_measured(w, name) for name in (first, second))
    shared = [name for name in a.rows if name in b.rows and a.rows[name].ids == b.rows[name].ids]
    if not shared:
        raise LineageError(
            f"{first} and {second} were asked no set of the same rows; a source of both, under one name and with the "
            f"same files, `heldout` and `evaluation.rows`, is one"
        )
    apart = [name for name in a.rows if name in b.rows and name not in shared]
    notes = [f"{name}: not compared, they were asked other rows of it" for name in apart]
    if any(not np.array_equal(a.rows[name].tokens, b.rows[name].tokens) for name in shared):
        notes.append("their tokenizers differ: NLL is in nats of a whole answer, not of a token")
        a, b = (_of_answers(one, shared) for one in (a, b))
    if a.generation != b.generation:
        notes += [f"{name} answered so: {generation_said(one.generation)}" for name, one in ((first, a), (second, b))]
    kept = {first: _only(a, shared), second: _only(b, shared)}
    return Beside(replace(w, measured=w.measured | kept), tuple(notes))


def _measured(w: Workspace, name: str) -> Measured:
    folder, _, version = name.rpartition(":")
    root, here = Path(folder or ".").expanduser(), w
    if folder:
        if not (root / paths.PARAMS).is_file():
            raise LineageError(f"{name}: {root} is no workspace, it has no {paths.PARAMS}")
        here = read_workspace(load_curriculum(root / paths.PARAMS), root)
    if version not in here.measured:
        why = "; ".join(here.missing.get(version, ())) or f"measured there: {', '.join(here.measured) or 'none'}"
        raise LineageError(f"{name}: {why}")
    return here.measured[version]


def _only(one: Measured, names: list[str]) -> Measured:
    return replace(one, rows={name: one.rows[name] for name in names}, sets={name: one.sets[name] for name in names})


def _of_answers(one: Measured, names: list[str]) -> Measured:
    """The same with every answer as one token."""

    def whole(rows: SetRows) -> SetRows:
        return replace(rows, tokens=np.ones_like(rows.tokens))

    return replace(one, rows={name: whole(one.rows[name]) for name in names})

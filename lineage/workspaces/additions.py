"""A source or a version more in a workspace: files into `data/raw/own`, an entry into `params.yaml`, comments kept."""

import filecmp
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lineage.config.edit import must_be_a_curriculum, write_curriculum
from lineage.config.entries import with_entry
from lineage.config.load import load_curriculum, read_text
from lineage.config.reserved import BASE
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.workspaces.proposals import PAPER_LIMITS, ProposedSource, Survey, propose_one

TERMS = {"title": "terms not stated yet", "redistribution": "unknown", "commercial": "unknown"}
UNSTATED = "unstated"  # until a person has read them
REPLAY = 0.1  # of a version that continues another, as in the KRX lineage


def add_source(name: str, where: Path, title: str | None, licence: str | None) -> Survey:
    """Copy files into the workspace and enter them as a source; what was found.

    name: what params.yaml is to call it.
    where: a folder of files, or one file; the source's own folder where they lie there already.
    title: what people call it; the folder's name if none is given.
    licence: one of `licences`; without it the terms stand as not stated, and every card asks for them.

    Raises:
        LineageError: there is such a source, no such folder, no reader reads the files, or the name cannot be used;
            params.yaml is as it was.
    """
    c = load_curriculum()
    if name in c.sources:
        raise LineageError(
            f"sources.{name}: is there already; put more files into {paths.RAW / 'own' / name}/, or choose another name"
        )
    if not where.exists():
        raise LineageError(f"{where}: no such file or folder")
    found = propose_one(name, title or where.stem, where)
    if not found.proposals:
        why = next(iter(found.left.values()), "it holds no files" if where.is_dir() else "no reader reads it")
        raise LineageError(
            f"{where}: {why}. `docs/own-data.md` lists what the readers read and how to name columns that are called "
            f"otherwise; another format is a reader of your own, `docs/add-a-reader.md`"
        )
    [proposal] = found.proposals
    if where.resolve() != (paths.RAW / "own" / name).resolve():
        must_fit(found.proposals)
    text = with_source(read_text(paths.PARAMS), proposal, licence)
    must_be_a_curriculum(text)  # its name too, which is a folder's
    place(proposal)  # first: where this is killed, the same command goes on
    write_curriculum(text)
    return found


def with_source(text: str, proposal: ProposedSource, licence: str | None = None) -> str:
    """The text of params.yaml with a source more, and with what it stands on: limits of PDFs, terms not stated."""
    if licence is None and UNSTATED not in yaml.safe_load(text)["licences"]:
        text = with_entry(text, "licences", UNSTATED, TERMS)
    if proposal.papers:
        text = with_entry(text, "papers", proposal.name, PAPER_LIMITS)
    return with_entry(text, "sources", proposal.name, proposal.entry(licence or UNSTATED))


def must_fit(proposals: Sequence[ProposedSource], workspace: Path = Path()) -> None:
    """Refuse to copy more than the disk holds, before anything is copied.

    Raises:
        LineageError: saying how much is needed and how much is free.
    """
    needed = sum(file.stat().st_size for one in proposals for file in one.files)
    there = next(folder for folder in (workspace.absolute(), *workspace.absolute().parents) if folder.is_dir())
    if needed > (free := shutil.disk_usage(there).free):
        raise LineageError(
            f"{workspace.absolute()}: the files are {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free there; put "
            f"the workspace on another disk, or move the files to {paths.RAW / 'own'}/<source> and add that folder"
        )


def place(proposal: ProposedSource, workspace: Path = Path()) -> Path:
    """Copy the files of a source to where its reader looks for them; the folder. What is there already stays.

    Raises:
        LineageError: another file of that name is there; the others may be copied.
    """
    folder = workspace / paths.RAW / "own" / proposal.name
    for file in proposal.files:
        there = folder / file.relative_to(proposal.root)
        if there.resolve() == file.resolve():
            continue
        if there.exists():
            if filecmp.cmp(file, there, shallow=False):
                continue
            raise LineageError(f"{there}: another file of this name is there; move it away, and add the source again")
        there.parent.mkdir(parents=True, exist_ok=True)
        fresh = there.with_name(f".{there.name}.new")
        shutil.copy2(file, fresh)
        fresh.replace(there)
    return folder


def add_version(name: str, parent: str, mix: Sequence[str], because: str | None) -> dict[str, Any]:
    """Enter a version; what params.yaml says of it now.

    name: the new one.
    parent: `base` or a version.
    mix: sources, as `memos`, `memos.record` or `rules=0.5`; none: those that no version has yet.
    because: why there is this version; if nothing is said, what it adds.

    Raises:
        LineageError: there is such a version, or what was given makes no sound curriculum; params.yaml is as it was.
    """
    c = load_curriculum()
    if name in c.versions:
        raise LineageError(f"versions.{name}: is there already; edit it in {paths.PARAMS}, or choose another name")
    if parent != BASE and parent not in c.versions:
        raise LineageError(f"--parent {parent}: no such version; there are {BASE}, {', '.join(c.versions)}")
    mixed = {source for version in c.versions.values() for source in version.mix}
    asked = list(mix) or [source for source, one in c.sources.items() if source not in mixed and one.heldout < 1]
    if not asked:
        raise LineageError(f"{name}: every source is in a version's mix already; say which ones: --mix SOURCE …")
    entries = dict(_mixed(c, one) for one in asked)
    entry = version_entry(parent, entries, because or f"{', '.join(entries)}, added to {parent}")
    write_curriculum(with_entry(read_text(paths.PARAMS), "versions", name, entry))
    return entry


def version_entry(parent: str, mix: Mapping[str, Any], because: str) -> dict[str, Any]:
    """What params.yaml says of a version that is new."""
    return {
        "parent": parent,
        "because": because,
        "mix": mix,
        "replay": 0.0 if parent == BASE else REPLAY,
        "exclude": [],
        "exclude_scope": "mix",
        "train": {"lr_scale": 1.0, "budget_scale": 1.0},
    }


def _mixed(c: Curriculum, asked: str) -> tuple[str, dict[str, Any]]:
    """`rules.record=0.5` → rules, {form: record, weight: 0.5}."""
    named, _, weight = asked.partition("=")
    source, _, form = named.partition(".")
    if source not in c.sources:
        raise LineageError(f"--mix {asked}: no such source; there are {', '.join(c.sources)}")
    try:
        amount = float(weight) if weight else 1
    except ValueError:
        raise LineageError(f"--mix {asked}: {weight!r} is no weight; write {named}=0.5, half of its rows") from None
    return source, {"form": form or c.sources[source].forms[0], "weight": amount}

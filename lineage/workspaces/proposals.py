"""Sources that a folder of files could be: by place, by kind, and by the reader that reads them.

    my-files/
      papers/*.pdf          papers          reports, once they are converted
      qa/2023.jsonl …       qa              prompt_response, 300 of the first 300 rows
      memos_1.csv memos_2.csv      memos    files that differ in their numbers are one source
      notes.docx            left alone      no reader reads it

A folder whose files no one reader reads is taken apart, file by file.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slugify import slugify

from lineage.config.reserved import why_reserved
from lineage.readers.io.members import PART as PIECE
from lineage.records.record import Form
from lineage.workspaces.reader_trials import HALF, ReaderTrial, reads, try_readers

APART = 300  # files of one folder that are looked at one by one; of more, ingest counts what is not read
ByReader = dict[tuple[Path, ...], tuple[ReaderTrial, ...]]  # files that one reader reads → its trials, the best first
PAPER_LIMITS = {"max_megabytes": 64, "max_pages": 500, "seconds": 60, "ocr": False}
PART_CHARACTERS = 300  # a part of a document that the cpu profile's 512 tokens hold


@dataclass(frozen=True, slots=True)
class ProposedSource:
    """One source. root: what the files' names are relative to. trials: the readers that read them, the best first."""

    name: str
    title: str
    root: Path
    files: tuple[Path, ...]
    trials: tuple[ReaderTrial, ...] = ()

    @property
    def papers(self) -> bool:
        """PDFs, which become documents first."""
        return not self.trials

    @property
    def form(self) -> Form:
        """What a version is trained on of it."""
        return "document" if self.papers else self.trials[0].form

    def entry(self, licence: str) -> dict[str, Any]:
        """What params.yaml says of it under `sources`."""
        return {
            "title": self.title,
            "input": "documents" if self.papers else "raw",
            "reader": "reports" if self.papers else self.trials[0].reader,
            "forms": [self.form],
            "heldout": 0.2 if self.papers else 0.15,
            "licence": licence,
            **({"part_characters": PART_CHARACTERS} if self.papers else {}),
        }


@dataclass(slots=True)
class Survey:
    """What was found. left: files that become no source → why."""

    proposals: list[ProposedSource] = field(default_factory=list)
    left: dict[Path, str] = field(default_factory=dict)


def propose(root: Path, taken: Iterable[str] = ()) -> Survey:
    """Sources of the files below a folder. taken: names that are given already."""
    found = Survey()
    names = Names(set(taken))
    for (folder, title), files in _groups(root, found.left).items():
        papers = [file for file in files if file.suffix.lower() == ".pdf"]
        rows = [file for file in files if file.suffix.lower() != ".pdf"]
        where = root / folder
        for each, trials in _by_reader(rows, where, found.left).items():
            called = title if len(each) == len(rows) else f"{title} {_series(each[0])}"
            found.proposals.append(ProposedSource(names.of(called), called, where, each, trials))
        if papers:
            called = f"{title} pdf" if rows else title
            found.proposals.append(ProposedSource(names.of(called), called, where, tuple(papers)))
    return found


def propose_one(name: str, title: str, where: Path) -> Survey:
    """One source of all files of a folder, or of one file, under a name that a person chose."""
    root = where if where.is_dir() else where.parent
    left: dict[Path, str] = {}
    files = list(_files(where, left)) if where.is_dir() else [where]
    papers = tuple(file for file in files if file.suffix.lower() == ".pdf")
    if papers:
        left |= {file: "lies among PDFs; make it a source of its own" for file in files if file not in papers}
        return Survey([ProposedSource(name, title, root, papers)], left)
    trials = tuple(try_readers(files, root)) if files else ()
    return Survey([ProposedSource(name, title, root, tuple(files), trials)] if trials else [], left)


@dataclass(slots=True)
class Names:
    """Names for params.yaml, each given once: Latin letters, Hangul as it sounds."""

    taken: set[str]

    def of(self, title: str) -> str:
        """A free one that is near to a title."""
        plain = slugify(title, separator="_", max_length=40) or "files"
        plain = plain if plain[0].isalpha() else f"files_{plain}"
        number, name = 1, plain
        while name in self.taken or why_reserved(name, version=False):
            number += 1
            name = f"{plain}_{number}"
        self.taken.add(name)
        return name


def _groups(root: Path, left: dict[Path, str]) -> dict[tuple[str, str], list[Path]]:
    """The files by the folder that they lie in, first level, with its name; those of the root itself, whose folder is
    "", by what they are called.
    """
    groups = defaultdict[tuple[str, str], list[Path]](list)
    for file in _files(root, left):
        folder = parts[0] if len(parts := file.relative_to(root).parts) > 1 else ""
        groups[folder, folder or _series(file)].append(file)
    return groups


def _files(root: Path, left: dict[Path, str]) -> Iterator[Path]:
    for file in sorted(root.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(root).parts):
            continue
        if file.is_symlink():
            left[file] = "a link; put the file itself there"
        elif file.is_file():
            yield file


def _series(file: Path) -> str:
    """The name of a file without the number that tells it from its sisters."""
    return re.sub(r"[\W_]*\d[\d\W_]*$", "", file.stem) or file.stem


def _by_reader(
    files: list[Path], root: Path, left: dict[Path, str]
) -> Mapping[tuple[Path, ...], tuple[ReaderTrial, ...]]:
    """The files in groups that one reader reads, each with its trials."""
    if not files:
        return {}
    trials = try_readers(files, root)
    able = [one for one in trials if one.share >= HALF]
    # The first rows are those of the first file: of readers that read them, one that reads the other files too.
    if len(files) > 1 and len(files) <= APART:
        able = [one for one in able if _all_alike(one.reader, files, root)]
    if able:
        return {tuple(files): (*able, *(one for one in trials if one not in able))}
    if len(files) == 1 or len(files) > APART:
        left |= dict.fromkeys(files, _why(trials))
        return {}
    together = defaultdict[str, list[Path]](list)
    for file in files:
        alone = try_readers([file], root)
        if alone and alone[0].share >= HALF:
            together[alone[0].reader].append(file)
        else:
            left[file] = _why(alone)
    return {tuple(group): tuple(try_readers(group, root)) for group in together.values()}


def _all_alike(reader: str, files: list[Path], root: Path) -> bool:
    """Whether a reader that read the first rows also reads the files behind them; pieces of an archive go unasked."""
    whole = [file for file in files if not PIECE.fullmatch(file.name)]
    return all(reads(reader, file, root) for file in whole)


def _why(trials: list[ReaderTrial]) -> str:
    if not trials:
        return "no reader reads it"
    best = trials[0]
    return f"{best.reader} reads {best.read:,} of its first rows and rejects {best.rejected:,}: {best.why}"

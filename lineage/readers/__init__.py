"""The readers: a file of this folder, `metamath.py`, is the reader that params.yaml names `reader: metamath`.

A reader declares two names, and a new reader is one new file:

    FORMS: tuple[Form, ...]          the forms that a source may ask of it under `forms:`
    read(folder, forms)              a Record or a Rejected for everything that it finds in the folder

A reader of columns also declares which ones it knows, so that `columns:` of a source may name them:

    SHAPES: tuple[Shape, ...]        the reader's names of columns → what files call them

A reader that cuts documents says so with `CUTS = True`, and its `read` takes its source's `part_characters`.

`record` is derived by ingest from every prompt and its answer. A reader that writes it by itself says so with
`OWN_RECORD = True`. What readers share lies in `io` (containers) and `text` (the text of a row).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from lineage.config.load import mistaken
from lineage.config.schema import Curriculum, Source
from lineage.readers.io.raw_folder import RawFolder, Shape, text_of
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Form, Record, Rejected


@dataclass(frozen=True, slots=True)
class SourceReader:
    """What a file of this folder declares.

    forms: all that a source may ask for. own_record: the form `record` is written by `read`, not derived by ingest.
    cuts: `read` takes `part_characters`.
    columns: what files call the columns that it knows, by its own names; empty where it reads no columns.
    """

    read: Callable[..., Iterator[Record | Rejected]]
    forms: tuple[Form, ...]
    own_record: bool
    cuts: bool
    columns: Shape

    def found_in(self, folder: Path, source: Source, unread: UnreadColumns) -> Iterator[Record | Rejected]:
        """What `read` gives of the files of a source; the columns that nobody reads are counted in `unread`."""
        options = {"part_characters": source.part_characters} if source.part_characters else {}
        only = {column: frozenset(map(text_of, values)) for column, values in source.only.items()}
        given = RawFolder(folder, self.columns, source.columns, only, unread) if self.columns else folder
        yield from self.read(given, source.forms, **options)


def reader_names() -> list[str]:
    """The names of all readers in alphabetical order; none is imported for it."""
    return sorted(found.name for found in iter_modules(__path__) if not found.ispkg)


def reader(name: str) -> SourceReader:
    """The reader of this name, one of `reader_names()`; no other one is imported."""
    module = import_module(f"lineage.readers.{name}")
    known: dict[str, tuple[str, ...]] = {}
    for shape in getattr(module, "SHAPES", ()):
        known |= {name: tuple(dict.fromkeys((*known.get(name, ()), *names))) for name, names in shape.items()}
    own_record, cuts = getattr(module, "OWN_RECORD", False), getattr(module, "CUTS", False)
    return SourceReader(module.read, module.FORMS, own_record, cuts, known)


def check_readers(c: Curriculum) -> None:
    """Refuse readers that are not there, forms and columns that a reader does not know, before anything is spent.

    Raises:
        LineageError: naming each by its path in params.yaml, with what is allowed.
    """
    if found := [line for name, source in c.sources.items() for line in reader_mistakes(name, source)]:
        raise mistaken(found)


def reader_mistakes(name: str, source: Source) -> Iterator[str]:
    """What is wrong with the reader of one source, or with the forms and columns that the source asks of it."""
    if source.reader not in (names := reader_names()):
        yield f"sources.{name}.reader: unknown reader {source.reader!r}; allowed: {', '.join(names)}"
        return
    found = reader(source.reader)
    if source.part_characters and not found.cuts:
        able = ", ".join(other for other in names if reader(other).cuts)
        yield f"sources.{name}.part_characters: the reader {source.reader} cuts no documents, {able} do; take it out"
    if source.only and not found.columns:
        yield f"sources.{name}.only: the reader {source.reader} reads no columns; take it out"
    if source.columns and not found.columns:
        yield f"sources.{name}.columns: the reader {source.reader} reads no columns; take it out"
    elif strange := [column for column in source.columns if column not in found.columns]:
        yield (
            f"sources.{name}.columns: {', '.join(strange)} is none of the columns of the reader {source.reader} "
            f"({', '.join(found.columns)}); write them as `column of the reader: column of the files`"
        )
    allowed = found.forms
    for form in source.forms:
        if form not in allowed:
            yield (
                f"sources.{name}.forms: {form!r} is none of what the reader {source.reader} gives "
                f"({', '.join(allowed)})"
            )

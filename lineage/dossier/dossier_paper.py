"""A paper: headings, sentences and tables, in the order in which they are read; nothing else stands on its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lineage.dossier.bound import Bound, Words

Look = Literal["text", "caution", "note"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template with named fields, such as `"행 {rows:,}개"`; a cell of a table is one too."""

    template: str
    fields: Mapping[str, Bound] = field(default_factory=dict)
    look: Look = "text"

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.template.format(
            **{name: one.value if one.shown is None else Words(one.shown) for name, one in self.fields.items()}
        )

    def as_cell(self) -> dict[str, Any]:
        """As it stands in `dossier.json`, in a table."""
        fields = {name: one.to_json() for name, one in self.fields.items()}
        return {"template": self.template, "fields": fields, "text": self.text}

    def to_json(self) -> dict[str, Any]:
        """The same outside of a table."""
        return {"kind": self.look} | self.as_cell()


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a section."""

    text: str

    def to_json(self) -> dict[str, Any]:
        """As it stands in `dossier.json`."""
        return {"kind": "heading", "text": self.text}


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table. numbers: its columns that are set to the right. total: whether its last row is one."""

    header: tuple[str, ...]
    rows: tuple[tuple[Sentence, ...], ...]
    numbers: tuple[int, ...] = ()
    total: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it stands in `dossier.json`."""
        rows = [[cell.as_cell() for cell in row] for row in self.rows]
        return {"kind": "table", "header": list(self.header), "rows": rows}


Block = Heading | Sentence | SheetTable


@dataclass(frozen=True, slots=True)
class DossierPaper:
    """One paper of the dossier. name: of its page, without the ending."""

    name: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def sentences(self) -> list[Sentence]:
        """Every sentence, those in tables too."""
        cells = [cell for one in self.blocks if isinstance(one, SheetTable) for row in one.rows for cell in row]
        return [*(one for one in self.blocks if isinstance(one, Sentence)), *cells]

    @property
    def blanks(self) -> list[Bound]:
        """Every blank of it, one for each place where it stands."""
        return [one for sentence in self.sentences for one in sentence.fields.values() if one.is_blank]

    def to_json(self) -> dict[str, Any]:
        """As it stands in `dossier.json`."""
        return {"name": self.name, "title": self.title, "blocks": [one.to_json() for one in self.blocks]}


def said(template: str, /, **fields: Bound) -> Sentence:
    """A sentence: `said("행 {rows:,}개", rows=…)`."""
    return Sentence(template, fields)


def warned(template: str, /, **fields: Bound) -> Sentence:
    """A sentence that is not to be overlooked."""
    return Sentence(template, fields, "caution")


def cell(one: Bound, spec: str = "") -> Sentence:
    """A cell that shows one field; spec: how a number is written, `,` or `.2f`."""
    return Sentence(f"{{it:{spec}}}" if spec else "{it}", {"it": one})


def words(text: str) -> Sentence:
    """Words that stand for no field: of ours, or a name of the curriculum, which has no braces."""
    return Sentence(text)


def totalled(rows: Sequence[tuple[Sentence, ...]], total: tuple[Sentence, ...]) -> tuple[tuple[Sentence, ...], ...]:
    """The rows of a table above their total."""
    return (*rows, total)

"""What a person reads on the pages of a PDF, as a benchmark is told it.

A file of facts is a JSON list, one object a PDF. Only `file` is needed:

    [{"file": "report.pdf",
      "strings": ["가온전자의 매출은 1,204억원이다."],        stand in the text
      "absent": ["지워진 문장"],                              stand nowhere in it
      "order": [["1. 개요", "2. 실적"]],                      the first is read before the second
      "lines": ["매출은 줄고 비용은 늘었다."],                texts with the spaces that are right
      "tables": [{"rows": 4, "columns": 3,                    the size, where it is certain
                  "cells": [["국내", "2024", "1,204"],        label of the row, header of the column, text of the cell
                            ["해외 > 미주", "2024 > 하반기", "△ 31"],   labels that stand above labels: group > label
                            [1, 3, "2025"]]}],                or the row's and the column's number, from 1
      "furniture": ["- 3 -"],                                 running heads, feet and page numbers
      "refused": null}]                                       or the reason: "encrypted", "no text layer", …;
                                                              "perhaps" where refused and converted are both right
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = {"file", "strings", "absent", "order", "lines", "tables", "furniture", "refused"}
Key = str | int
PERHAPS = "perhaps"
CellFact = tuple[Key, Key, str]


class WrongFacts(Exception):
    """A file of facts that cannot be used: names file, field and remedy."""


@dataclass(frozen=True)
class TableFact:
    """A printed table: its size, where that is certain, and some of its cells."""

    cells: tuple[CellFact, ...] = ()
    rows: int | None = None
    columns: int | None = None


@dataclass(frozen=True)
class Facts:
    """What stands on the pages of one PDF."""

    file: str
    strings: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    tables: tuple[TableFact, ...] = ()
    furniture: tuple[str, ...] = ()
    refused: str | None = None


def load_facts(path: Path) -> list[Facts]:
    """The facts of a file. Raises: WrongFacts."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WrongFacts(f"{path}: {error}: give a JSON list, see benchmarks/README.md") from error
    if not isinstance(entries, list):
        raise WrongFacts(f"{path}: a {type(entries).__name__}: give a list of objects, one a PDF")
    found = [_facts(entry, f"{path}: entry {n}") for n, entry in enumerate(entries, 1)]
    names = [facts.file for facts in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise WrongFacts(f"{path}: file: {twice[0]!r} stands there twice: put its facts into one entry")
    return found


def as_json(facts: Facts) -> dict[str, Any]:
    """Facts as an entry of a file of facts."""
    tables = [
        {"rows": t.rows, "columns": t.columns, "cells": [list(c) for c in t.cells]} if t.rows else {"cells": t.cells}
        for t in facts.tables
    ]
    made = {name: getattr(facts, name) for name in ("strings", "absent", "order", "lines", "furniture")}
    return {"file": facts.file, **made, "tables": tables, "refused": facts.refused}


def _facts(entry: Any, where: str) -> Facts:
    _check_keys(entry, KEYS, where)
    if not isinstance(entry.get("file"), str):
        raise WrongFacts(f"{where}: file: missing: name the PDF, relative to the folder")
    where = f"{where} ({entry['file']})"
    refused = entry.get("refused")
    if refused is not None and (not isinstance(refused, str) or not refused):
        raise WrongFacts(f'{where}: refused: {refused!r}: give null or a reason such as "encrypted"')
    return Facts(
        entry["file"],
        strings=_texts(entry, "strings", where),
        absent=_texts(entry, "absent", where),
        order=tuple(_pair(pair, f"{where}: order: {n}") for n, pair in enumerate(_list(entry, "order", where), 1)),
        lines=_texts(entry, "lines", where),
        tables=tuple(_table(t, f"{where}: tables: {n}") for n, t in enumerate(_list(entry, "tables", where), 1)),
        furniture=_texts(entry, "furniture", where),
        refused=refused,
    )


def _check_keys(entry: Any, known: set[str], where: str) -> None:
    if not isinstance(entry, dict):
        raise WrongFacts(f"{where}: {entry!r}: give an object with {', '.join(sorted(known))}")
    if unknown := sorted(set(entry) - known):
        raise WrongFacts(f"{where}: {unknown[0]}: no such field: use one of {', '.join(sorted(known))}")


def _list(entry: dict[str, Any], name: str, where: str) -> list[Any]:
    value = entry.get(name, [])
    if not isinstance(value, list):
        raise WrongFacts(f"{where}: {name}: {value!r}: give a list")
    return value


def _texts(entry: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    values = _list(entry, name, where)
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise WrongFacts(f"{where}: {name}: {value!r}: give a text as it is printed")
    return tuple(values)


def _pair(value: Any, where: str) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(v, str) and v.strip() for v in value):
        raise WrongFacts(f"{where}: {value!r}: give two texts, the one that is read first before the other")
    return value[0], value[1]


def _table(entry: Any, where: str) -> TableFact:
    _check_keys(entry, {"rows", "columns", "cells"}, where)
    sizes = [entry.get(name) for name in ("rows", "columns")]
    for name, size in zip(("rows", "columns"), sizes, strict=True):
        if size is not None and (not isinstance(size, int) or size < 1):
            raise WrongFacts(f"{where}: {name}: {size!r}: give a number of 1 or more, or leave it out")
    if (sizes[0] is None) != (sizes[1] is None):
        raise WrongFacts(f"{where}: rows, columns: one is missing: give both, or neither")
    return TableFact(tuple(_cell(c, f"{where}: cells") for c in _list(entry, "cells", where)), *sizes)


def _cell(value: Any, where: str) -> CellFact:
    good = isinstance(value, list) and len(value) == 3 and isinstance(value[2], str) and value[2].strip()
    keys = [type(v) for v in value[:2]] if good else []
    if keys not in ([str, str], [int, int]) or any(not v for v in value[:2]):
        raise WrongFacts(f"{where}: {value!r}: give [row label, column header, text] or [row, column, text], from 1")
    return value[0], value[1], value[2]

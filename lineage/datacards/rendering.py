"""Cards as Markdown: `source.md.jinja`, `mix.md.jinja` and `index.md.jinja` have the words, this file the tables.

Each total is the sum of the rows of the table that it closes, made here from the very cells above it.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lineage.datacards.counting import SHORTEST_BUCKET
from lineage.datacards.front_matter import front_matter
from lineage.records.record import PARTS

BAR = 24  # characters of the longest bar of a histogram
COUNTS = ("rows", "characters", "tokens", "o200k_tokens")
WITHOUT_FIELD = "–"
NAMES_OF_PARTS = {"records": "to train on", "heldout": "held out", "own": "own", "replay": "replayed"}


def source_card(facts: dict[str, Any]) -> str:
    """The card of a source."""
    rows = [[NAMES_OF_PARTS[p["part"]], p["form"], *(p[name] for name in COUNTS)] for p in facts["parts"]]
    left_out = [["rejected: " + reason, n] for reason, n in facts["rejected"].items()]
    left_out += [[reason, n] for reason, n in facts["left_out"].items()]
    return _card(
        "source.md.jinja",
        facts,
        front_matter=front_matter(facts, {facts["name"]: facts["reader"]}, facts["title"]),
        rows=table(["rows are", "form", "rows", "characters", "tokens", "o200k_base tokens"], rows),
        left_out=table(["why", "rows"], left_out),
        unread=", ".join(f"`{_cell(name).replace('`', '')}` ({rows:,} rows)" for name, rows in facts["unread"].items()),
        licence=facts["licences"][facts["name"]],
    )


def mix_card(facts: dict[str, Any]) -> str:
    """The card of a mix."""
    entries: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for p in facts["parts"]:
        entries.setdefault((p["source"], p["form"]), []).append(p)
    tokens = sum(p["tokens"] for p in facts["parts"])
    rows = [
        [
            source,
            form,
            *(sum(p["rows"] for p in parts if p["part"] == part) for part in PARTS),
            *(sum(p[name] for p in parts) for name in COUNTS),
            f"{sum(p['tokens'] for p in parts) / tokens:.1%}",
            facts["licences"][source]["title"],
        ]
        for (source, form), parts in entries.items()
    ]
    header = ["source", "form", "own", "replayed", "rows", "characters", "tokens", "o200k_base tokens"]
    return _card(
        "mix.md.jinja",
        facts,
        front_matter=front_matter(facts, facts["readers"], f"Mix of {facts['name']}"),
        rows=table([*header, "share of tokens", "licence"], rows),
        left_out=table(["source", "why", "rows"], [[x["of"], x["reason"], x["rows"]] for x in facts["left_out"]]),
        terms=_terms(facts["licences"]),
    )


def index(sources: list[dict[str, Any]], mixes: list[dict[str, Any]], absent: list[str]) -> str:
    """The list of all cards with their totals."""

    def total(facts: dict[str, Any], name: str, *parts: str) -> int:
        return sum(p[name] for p in facts["parts"] if not parts or p["part"] in parts)

    of_sources = [
        [
            f"[{f['name']}](sources/{f['name']}.md)",
            *(total(f, "rows", part) for part in ("records", "heldout")),
            *(total(f, name) for name in COUNTS[1:]),
            f["licences"][f["name"]]["title"],
        ]
        for f in sources
    ]
    of_mixes = [
        [
            f"[{f['name']}](mixes/{f['name']}.md)",
            *(total(f, "rows", part) for part in PARTS),
            *(total(f, name) for name in COUNTS[1:]),
        ]
        for f in mixes
    ]
    tail = ["characters", "tokens", "o200k_base tokens"]
    return (
        _environment()
        .get_template("index.md.jinja")
        .render(
            sources=table(["source", "to train on", "held out", *tail, "licence"], of_sources),
            mixes=table(["mix", "own", "replayed", *tail], of_mixes),
            absent=absent,
        )
    )


def table(header: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table that ends with the sums of its whole-number columns; empty without rows."""
    if not rows:
        return ""
    numeric = [all(isinstance(row[at], int) for row in rows) for at in range(len(header))]
    total = [f"**{sum(row[at] for row in rows):,}**" if whole else "" for at, whole in enumerate(numeric)]
    lines = [header, ["--:" if whole else "---" for whole in numeric]]
    lines += [[f"{cell:,}" if isinstance(cell, int) else _cell(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in [*lines, ["**total**", *total[1:]]])


def histogram(parts: list[dict[str, Any]], lengths: str, what: str) -> str:
    """Rows by length in tokens, a column for each kind of part and a bar for all of them."""
    kinds = list(dict.fromkeys(p["part"] for p in parts))
    met = {int(edge) for p in parts for edge in p[lengths]}
    edges = [min(met)] if met else []
    while edges and edges[-1] < max(met):
        edges.append(2 * edges[-1])
    counts = [[sum(p[lengths].get(str(e), 0) for p in parts if p["part"] == kind) for kind in kinds] for e in edges]
    most = max(map(sum, counts), default=1)
    rows = [
        [
            f"{edge // 2 + 1:,} to {edge:,}" if edge > SHORTEST_BUCKET else f"1 to {edge}",
            *row,
            "█" * round(BAR * sum(row) / most) or "▏" * (sum(row) > 0),
        ]
        for edge, row in zip(edges, counts, strict=True)
    ]
    return table([what, *(NAMES_OF_PARTS[kind] for kind in kinds), "rows"], rows)


def by_field(parts: list[dict[str, Any]]) -> str:
    """Rows by field, a column for each kind of part; empty where no row has a field."""
    kinds = list(dict.fromkeys(p["part"] for p in parts))
    counts: dict[str, dict[str, int]] = {}
    for p in parts if any("fields" in p for p in parts) else ():
        for name, rows in p.get("fields", {"": p["rows"]}).items():
            of = counts.setdefault(name, dict.fromkeys(kinds, 0))
            of[p["part"]] += rows
    rows = [[name or WITHOUT_FIELD, *counts[name].values(), sum(counts[name].values())] for name in sorted(counts)]
    return table(["field", *(NAMES_OF_PARTS[kind] for kind in kinds), "rows"], rows)


def fenced(text: str) -> str:
    """Text as a Markdown block that nothing in it can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _card(template: str, facts: dict[str, Any], **tables: Any) -> str:
    parts = facts["parts"]
    too_long: dict[str, int] = {}
    for p in parts:
        for reason, rows in p["too_long"].items():
            too_long[reason] = too_long.get(reason, 0) + rows
    withheld = {s: one for s, one in facts["licences"].items() if one["redistribution"] != "allowed"}
    return (
        _environment()
        .get_template(template)
        .render(
            f=facts,
            lengths=histogram(parts, "lengths", "row, in tokens"),
            answers=histogram(parts, "answer_lengths", "answer, in tokens"),
            fields=by_field(parts),
            too_long=table(["why", "rows"], [[reason, rows] for reason, rows in sorted(too_long.items())]),
            samples=[{**p, "part": NAMES_OF_PARTS[p["part"]]} for p in parts if p["samples"]],
            withheld=withheld,
            **tables,
        )
    )


def _terms(licences: dict[str, Any]) -> list[dict[str, Any]]:
    """Licences with the sources that carry them."""
    found: dict[str, dict[str, Any]] = {}
    for source, one in licences.items():
        found.setdefault(one["key"], {**one, "sources": []})["sources"].append(source)
    return list(found.values())


@cache  # compiling the templates costs more than filling them
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # Markdown, not a page
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {"fenced": fenced, "n": "{:,}".format}
    return env


def _cell(text: object) -> str:
    """Text that cannot break out of a table cell."""
    return " ".join(str(text).split()).replace("|", "\\|")

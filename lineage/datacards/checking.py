"""The proof of the cards: `mistakes()` reads what was written and counts again, by code that the cards do not share.

- Every table that ends with a total is added up again, cell by cell.
- Rows and characters of every source, form and part are counted again in the JSONL files, with plain `json`.
- Histograms must hold every row; the index must say what the cards say; no card may be missing or left over.
- A mix must have the tokens that the manifest of a training on it has: counted by another library, in another stage.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import find_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.core import paths

NUMBER = re.compile(r"^\**(\d{1,3}(?:,\d{3})*)\**$")
TABLE = re.compile(r"(?:^\|.*\n)+", re.M)
FENCED = re.compile(r"^(`{3,})text\n.*?^\1$", re.M | re.S)  # samples may look like tables
CELL = re.compile(r"(?<!\\)\|")
ROWS = {"sources": (paths.RECORDS, paths.HELDOUT), "mixes": (paths.MIXES,)}  # where the rows of a card lie


def mistakes(root: Path = Path()) -> list[str]:
    """Every figure of `data/cards` that its rows do not give, each as `file: what is wrong`; empty if all are right."""
    folder = root / paths.CARDS
    if not (folder / "index.md").is_file():
        return [f"{folder / 'index.md'}: not found; run `dvc repro cards`"]
    found: list[str] = []
    for card in sorted(folder.rglob("*.md")):
        for line in _totals(card):
            found.append(f"{card.relative_to(root)}: {line}")
    for kind, made in (
        ("sources", (root / paths.RECORDS).glob("*/ingest.json")),
        ("mixes", (root / paths.MIXES).glob("*/mix.json")),
    ):
        here, cards = {p.parent.name for p in made}, {p.stem for p in folder.glob(f"{kind}/*.md")}
        found += [
            f"{paths.CARDS}/{kind}/{name}.md: not found, though its rows are here; if {name} is no longer in "
            f"params.yaml, delete {' and '.join(f'{folder}/{name}' for folder in ROWS[kind])}"
            for name in sorted(here - cards)
        ]
        found += [f"{paths.CARDS}/{kind}/{name}.md: its rows are not here" for name in sorted(cards - here)]
        for name in sorted(here & cards):
            check = _source if kind == "sources" else _mix
            found += [
                f"{paths.CARDS}/{kind}/{name}.md: {line}" for line in check(root, folder / kind / f"{name}.md", name)
            ]
    return found


def tables(card: Path) -> list[list[list[str]]]:
    """The tables of a Markdown file: header first, the line of dashes left out; samples are not read."""
    text = FENCED.sub("", card.read_text(encoding="utf-8"))
    blocks = [[_cells(line) for line in block.splitlines()] for block in TABLE.findall(text)]
    return [[rows[0], *rows[2:]] for rows in blocks]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in CELL.split(line)[1:-1]]


def _number(cell: str) -> int | None:
    found = NUMBER.match(cell)
    return int(found[1].replace(",", "")) if found else None


def _totals(card: Path) -> Iterator[str]:
    for header, *rows in tables(card):
        if not rows or rows[-1][0] != "**total**":
            continue
        for at, name in enumerate(header):
            total, cells = _number(rows[-1][at]), [_number(row[at]) for row in rows[:-1]]
            if total is not None and total != sum(cell or 0 for cell in cells):
                yield f"{name}: the total says {total:,}, its rows add up to {sum(cell or 0 for cell in cells):,}"
            if total is None and all(cell is not None for cell in cells):
                yield f"{name}: a column of numbers without a total"


def _recount(file: Path) -> Counter[tuple[str, str, str]]:
    """Rows and characters of a file by source and form, and nothing else: {(source, form, "rows"): …}."""
    counts: Counter[tuple[str, str, str]] = Counter()
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            counts[row["source"], row["form"], "rows"] += 1
            counts[row["source"], row["form"], "characters"] += sum(len(turn["content"]) for turn in row["turns"])
    return counts


def _source(root: Path, card: Path, name: str) -> Iterator[str]:
    parts = {"to train on": [root / paths.records(name)]}
    parts["held out"] = sorted((root / paths.HELDOUT / name).glob("*.jsonl"))
    real: Counter[tuple[str, str, str]] = Counter()
    for part, files in parts.items():
        for file in files:
            for (_, form, what), count in _recount(file).items():
                real[part, form, what] += count
    yield from _compare(card, ("rows are", "form"), ("rows", "characters"), real)
    yield from _histograms(card, sum(n for (_, _, what), n in real.items() if what == "rows"))
    yield from _facts(root, card)
    yield from _fields(card, parts)
    sums = [sum(n for (p, _, what), n in real.items() if what == "rows" and p == part) for part in parts]
    yield from _indexed(card, name, sums)


def _mix(root: Path, card: Path, name: str) -> Iterator[str]:
    real: Counter[tuple[str, str, str]] = Counter()
    for part, column in (("own", "own"), ("replay", "replayed")):
        for (source, form, what), count in _recount(root / paths.mix(name) / f"{part}.jsonl").items():
            real[source, form, what] += count
            if what == "rows":
                real[source, form, column] += count
    yield from _compare(card, ("source", "form"), ("own", "replayed", "rows", "characters"), real)
    yield from _histograms(card, sum(n for (_, _, what), n in real.items() if what == "rows"))
    yield from _facts(root, card)
    folder = root / paths.mix(name)
    yield from _fields(card, {"own": [folder / "own.jsonl"], "replayed": [folder / "replay.jsonl"]})
    sums = [sum(n for (_, _, what), n in real.items() if what == column) for column in ("own", "replayed")]
    yield from _indexed(card, name, sums)
    yield from _trained(root, card, name)


def _compare(
    card: Path, keys: tuple[str, str], columns: tuple[str, ...], real: Counter[tuple[str, str, str]]
) -> Iterator[str]:
    """The main table of a card against what was counted again."""
    header, *rows = next((t for t in tables(card) if t[0][:2] == list(keys)), [[*keys, *columns]])
    shown = {(row[0], row[1]): row for row in rows if row[0] != "**total**"}
    for one, two in sorted({(a, b) for a, b, _ in real} | set(shown)):
        for column in columns:
            says = _number(shown[one, two][header.index(column)]) if (one, two) in shown else None
            if says != real[one, two, column]:
                yield f"{one}, {two}: {column}: the card says {says}, the files hold {real[one, two, column]:,}"


def _fields(card: Path, files: dict[str, list[Path]]) -> Iterator[str]:
    """The table by field against what the rows say themselves. files: by the column that counts their rows."""
    real: Counter[tuple[str, str]] = Counter()
    for column, of in files.items():
        for file in of:
            with file.open(encoding="utf-8") as lines:
                real.update((json.loads(line)["origin"].get("field", "") or "–", column) for line in lines)
    header, *rows = next((t for t in tables(card) if t[0][0] == "field"), [["field"]])
    if not rows and all(field == "–" for field, _ in real):
        return
    shown = {row[0]: row for row in rows[:-1]}
    for field in sorted({field for field, _ in real} | set(shown)):
        for column in files:
            there = field in shown and column in header
            says = _number(shown[field][header.index(column)]) if there else None
            if (says or 0) != real[field, column]:
                yield f"field {field}: {column}: the card says {says}, the files hold {real[field, column]:,}"


def _histograms(card: Path, rows: int) -> Iterator[str]:
    for header, *lines in tables(card):
        if header[0] in ("row, in tokens", "answer, in tokens"):
            total = sum(_number(cell) or 0 for line in lines[:-1] for cell in line[1:-1])
            if total != rows:
                yield f"the histogram of {header[0]}: {total:,} rows, the files hold {rows:,}"


def _facts(root: Path, card: Path) -> Iterator[str]:
    """The JSON beside a card: its files, and the tokens that its table shows."""
    facts = json.loads(card.with_suffix(".json").read_text(encoding="utf-8"))
    for path, file in facts["files"].items():
        if _sha256(root / path) != file["sha256"]:
            yield f"{path} was changed since; run `dvc repro cards`"
    for column, name in (("tokens", "tokens"), ("o200k_base tokens", "o200k_tokens")):
        header, *rows = next((t for t in tables(card) if column in t[0]), [[column], ["0"]])
        says, sums = _number(rows[-1][header.index(column)]), sum(part[name] for part in facts["parts"])
        if says != sums:
            yield f"{column}: the card says {says}, {card.stem}.json holds {sums:,}"


def _indexed(card: Path, name: str, sums: list[int]) -> Iterator[str]:
    """The line of the index for a card: its two kinds of rows, and the characters and tokens of the card's totals."""
    line = next(
        (row for t in tables(card.parents[1] / "index.md") for row in t[1:] if row[0].startswith(f"[{name}](")), None
    )
    if line is None:
        yield "not in index.md"
        return
    header, *rows = next((t for t in tables(card) if "characters" in t[0]), [["characters"], ["0"]])
    first = header.index("characters")
    expected = [*sums, *((_number(cell) or 0) for cell in rows[-1][first : first + 3])]
    says = [_number(cell) for cell in line[1 : 1 + len(expected)]]
    if says != expected:
        yield f"index.md says {says}, the card and its files {expected}"


def _trained(root: Path, card: Path, name: str) -> Iterator[str]:
    """Tokens against the manifest of a training on this very mix with this very base, where there is one."""
    manifest, base = find_manifest(name, root), find_base(root)
    if not manifest or not base or not base.is_called(manifest.base.identity):
        return
    if manifest.mix.sha256 != mix_identity(root / paths.mix(name)):
        return
    parts = json.loads(card.with_suffix(".json").read_text(encoding="utf-8"))["parts"]
    for source, trained in manifest.mix.sources.items():
        mine = [part for part in parts if part["source"] == source]
        rows = sum(part["rows"] - sum(part["too_long"].values()) for part in mine)
        tokens = sum(part["tokens"] - part["too_long_tokens"] for part in mine)
        if (rows, tokens) != (trained.rows, trained.tokens):
            yield (
                f"{source}: {rows:,} rows and {tokens:,} tokens are short enough to train on, "
                f"{name}'s manifest has {trained.rows:,} and {trained.tokens:,}"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

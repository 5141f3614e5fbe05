"""Rows, characters and tokens of a JSONL file of records, streamed; what a card says is put together from these.

One entry for each source and form in the file:

    {"source": "rules", "form": "record", "rows": 257, "characters": 20115, "tokens": 31320, "supervised_tokens": 9120,
     "o200k_tokens": 14001, "lengths": {"64": 12, "128": 245}, "answer_lengths": {…}, "too_long": {},
     "too_long_tokens": 0, "languages": {"ko": 257}, "measures": {"text": 257}, "samples": [{"id", "prompt", "answer"}]}

- `characters` and `o200k_tokens` are those of the turns' texts. `tokens` are those of training, by the base's tokenizer
  with the chat template and the stop token, so that they can be held against a training record.
- `lengths` counts rows by tokens: under "128" those with 65 to 128; `answer_lengths` by those of the last answer.
- `fields`, where rows have one, counts rows by field; those without are under "".
- Counting a file costs minutes for a million rows, so it is cached in `.state/cards` by content.
"""

import hashlib
import heapq
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from lineage.base_model import chat_template
from lineage.core.code_identity import code_identity
from lineage.core.files import sha256, sha256_of, write_json
from lineage.core.paths import STATE
from lineage.datacards import o200k
from lineage.records.record import Record, read_records

BATCH = 1000  # rows tokenised at once: the memory that counting needs
SAMPLES, LONGEST_SAMPLE = 3, 400  # a form; characters
SHORTEST_BUCKET = 16  # tokens; the edges above it are powers of two
PROMPT_TOO_LONG = "the prompt alone fills max_length"
ANSWER_CUT = "the answer would be cut"
RUNS = {"ko": re.compile("[가-힣]{2}"), "zh": re.compile("[一-鿿]{4}"), "en": re.compile("[a-z]+ [a-z]+ [a-z]+")}


@dataclass
class LengthCounts:
    """What was counted of one source and form."""

    rows: int = 0
    characters: int = 0
    tokens: int = 0
    supervised_tokens: int = 0
    o200k_tokens: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    answer_lengths: Counter[int] = field(default_factory=Counter)
    too_long: Counter[str] = field(default_factory=Counter)
    too_long_tokens: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    measures: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    first: list[tuple[str, str, str, str]] = field(default_factory=list)  # hash of id, id, prompt, answer


@dataclass(frozen=True, slots=True)
class Ruler:
    """What rows are measured by: the base, its tokenizer file and its hash, the template; the longest row in tokens."""

    base: str
    tokenizer: Path
    digest: str
    template: str
    max_length: int


def counted(file: Path, ruler: Ruler) -> list[dict[str, Any]]:
    """The entries of a file, from the cache where the same rows were counted before by the same rule."""
    key = sha256_of([sha256(file), ruler.digest, ruler.max_length, ruler.template, code_identity(__name__)])
    cached = STATE / "cards" / f"{key}.json"
    if not cached.is_file():
        part = cached.with_suffix(".part")
        write_json(part, _count(file, ruler))
        part.rename(cached)
    entries: list[dict[str, Any]] = json.loads(cached.read_text(encoding="utf-8"))
    return entries


def _count(file: Path, ruler: Ruler) -> list[dict[str, Any]]:
    from tokenizers import Tokenizer

    tokenizer, public = Tokenizer.from_file(str(ruler.tokenizer)), o200k.encoding()
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tallies: dict[tuple[str, str], LengthCounts] = {}
    for rows in _batches(read_records(file)):
        pieces = [_pieces(ruler, row) for row in rows]
        lengths = iter(_lengths(tokenizer, [piece for of_row in pieces for piece in of_row]))
        texts = [turn["content"] for row in rows for turn in row.turns]
        spelt = iter(map(len, public.encode_ordinary_batch(texts, num_threads=os.cpu_count() or 1)))
        for row, of_row in zip(rows, pieces, strict=True):
            tally = tallies.setdefault((row.source, row.form), LengthCounts())
            found = list(islice(lengths, len(of_row)))
            _add(tally, row, found, sum(islice(spelt, len(row.turns))), ruler.max_length)
    return [_entry(source, form, tally) for (source, form), tally in tallies.items()]


def _pieces(ruler: Ruler, row: Record) -> list[str]:
    before, every = list(row.turns[:-1]), row.supervise == "all"
    return chat_template.pieces(ruler.template, before, row.completion, every=every)


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while rows := list(islice(records, BATCH)):
        yield rows


def _lengths(tokenizer: Any, texts: list[str]) -> list[int]:
    return [len(one.ids) for one in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _add(tally: LengthCounts, row: Record, lengths: Sequence[int], spelt: int, max_length: int) -> None:
    """Add a row to a tally.

    Args:
        tally: of its source and form.
        row: the row.
        lengths: tokens of what comes before an answer, of the answer, and so on by turns.
        spelt: tokens of its turns' texts, by o200k_base.
        max_length: of a row, in tokens.
    """
    answers = [length + 1 for length in lengths[1::2]]  # the stop token
    tokens, tail = sum(lengths) + 1, answers[-1]  # stops between turns stand in what comes before the next answer
    text = "\n".join(turn["content"] for turn in row.turns)
    tally.rows += 1
    tally.characters += sum(len(turn["content"]) for turn in row.turns)
    tally.tokens += tokens
    tally.supervised_tokens += sum(answers)
    tally.o200k_tokens += spelt
    tally.lengths[bucket(tokens)] += 1
    tally.answer_lengths[bucket(tail)] += 1
    tally.measures[row.measure] += 1
    tally.fields[row.field] += 1
    tally.languages.update(language for language, run in RUNS.items() if run.search(text))
    if tokens > max_length:
        tally.too_long[PROMPT_TOO_LONG if tokens - tail >= max_length else ANSWER_CUT] += 1
        tally.too_long_tokens += tokens
    digest = hashlib.sha256(row.id.encode()).hexdigest()
    if len(tally.first) < SAMPLES or digest < tally.first[-1][0]:
        shown = (digest, row.id, _cut(row.asked), _cut(row.completion))
        tally.first = heapq.nsmallest(SAMPLES, {*tally.first, shown})  # a row taken twice is shown once


def bucket(tokens: int) -> int:
    """The upper edge of the bucket that a length falls into: 16, 32, 64, …"""
    return max(SHORTEST_BUCKET, 1 << (tokens - 1).bit_length())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]} …"


def _entry(source: str, form: str, tally: LengthCounts) -> dict[str, Any]:
    return {
        "source": source,
        "form": form,
        "rows": tally.rows,
        "characters": tally.characters,
        "tokens": tally.tokens,
        "supervised_tokens": tally.supervised_tokens,
        "o200k_tokens": tally.o200k_tokens,
        "lengths": {str(edge): tally.lengths[edge] for edge in sorted(tally.lengths)},
        "answer_lengths": {str(edge): tally.answer_lengths[edge] for edge in sorted(tally.answer_lengths)},
        "too_long": dict(sorted(tally.too_long.items())),
        "too_long_tokens": tally.too_long_tokens,
        "languages": dict(sorted(tally.languages.items())),
        "measures": dict(sorted(tally.measures.items())),
        **({"fields": dict(sorted(tally.fields.items()))} if any(tally.fields) else {}),
        "samples": [{"id": at, "prompt": prompt, "answer": answer} for _, at, prompt, answer in tally.first],
    }

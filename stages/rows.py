"""A mix as tokens: tokenised once, counted by source, and laid out in the exact order of training.

- Rows longer than `max_length` are dropped whole and counted: a cut answer would teach the model to stop anywhere.
- The result is cached in `.state/tokens` by mix + template + tokenizer + max length.
- Batches hold rows of similar length, so that little is padding. The order is made here, from the seed alone, and the
  trainer reads it in sequence: a resumed run skips what it has seen and meets exactly the same batches.
"""

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.curriculum import Budget
from lineage.errors import LineageError
from lineage.files import STATE, sha256, sha256_of, write_json
from lineage.record import read_records
from stages import chat

TOO_LONG = "longer than max_length"
PARTS = ("own", "replay")  # the two files of a mix


@dataclass(frozen=True, slots=True)
class MixTokens:
    """A tokenised mix: `dataset` has `input_ids` and `labels`; `sources` counts rows, tokens and what was dropped."""

    dataset: Any
    lengths: list[int]
    sources: dict[str, dict[str, Any]]
    mix_hash: str

    def summary(self) -> dict[str, Any]:
        """What the record says about the data; every total is the sum of its rows."""
        tokens = sum(s["tokens"] for s in self.sources.values())
        supervised = sum(s["supervised_tokens"] for s in self.sources.values())
        return {
            "sha256": self.mix_hash,
            "rows": sum(s["rows"] for s in self.sources.values()),
            "tokens": tokens,
            "supervised_tokens": supervised,
            "supervised_share": round(supervised / tokens, 4),
            "sources": self.sources,
        }


def tokenize_mix(folder: Path, tokenizer: Any, tokenizer_hash: str, max_length: int) -> MixTokens:
    """Tokenise `own.jsonl` and `replay.jsonl` of a mix, or take them from the cache.

    Raises:
        LineageError: if a source loses every row, or a row supervises nothing.
    """
    from datasets import Dataset

    mix_hash = sha256_of([sha256(folder / f"{part}.jsonl") for part in PARTS])
    code = [sha256(Path(str(file))) for file in (__file__, chat.__file__)]
    key = sha256_of([mix_hash, chat.template_hash(), tokenizer_hash, max_length, code])
    cached = STATE / "tokens" / key
    if not (cached / "sources.json").is_file():  # written last: its existence means "complete"
        _tokenize_into(cached, folder, tokenizer, max_length)
    dataset = Dataset.from_file(str(cached / "rows.arrow"))
    sources = json.loads((cached / "sources.json").read_text(encoding="utf-8"))
    for source, counts in sources.items():
        if not counts["rows"]:
            raise LineageError(
                f"{folder.name}: all {counts['dropped'][TOO_LONG]} rows of {source!r} are longer than {max_length} "
                f"tokens; "
                f"raise profiles.<profile>.max_length or take the source out of the mix"
            )
    return MixTokens(dataset, [len(ids) for ids in dataset["input_ids"]], sources, mix_hash)


def _tokenize_into(cached: Path, folder: Path, tokenizer: Any, max_length: int) -> None:
    from datasets import Features, List, Value
    from datasets.arrow_writer import ArrowWriter

    shutil.rmtree(cached, ignore_errors=True)
    cached.mkdir(parents=True)
    sources: dict[str, dict[str, Any]] = {}
    features = Features({"input_ids": List(Value("int32")), "labels": List(Value("int32"))})
    with ArrowWriter(path=str(cached / "rows.arrow"), features=features) as writer:
        for part in PARTS:
            for record in read_records(folder / f"{part}.jsonl"):
                counts = sources.setdefault(
                    record.source,
                    {
                        "rows": 0,
                        "tokens": 0,
                        "supervised_tokens": 0,
                        "replayed_rows": 0,
                        "dropped": Counter(),
                    },
                )
                row = chat.tokenize(tokenizer, list(record.turns[:-1]), record.completion)
                if len(row.ids) > max_length:
                    counts["dropped"][TOO_LONG] += 1
                    continue
                counts["rows"] += 1
                counts["tokens"] += len(row.ids)
                counts["supervised_tokens"] += row.supervised
                counts["replayed_rows"] += part == "replay"
                writer.write({"input_ids": row.ids, "labels": row.labels})
        writer.finalize()
    write_json(cached / "sources.json", sources)


def steps_for(budget: Budget, scale: float, lengths: list[int], rows_per_step: int) -> int:
    """Optimizer steps that spend a budget, at least one: tokens seen, or passes over the rows."""
    passes = (budget.tokens / sum(lengths) if budget.tokens else budget.epochs or 0) * scale
    return max(1, round(passes * len(lengths) / rows_per_step))


def training_order(lengths: list[int], batch_size: int, batches: int, seed: int) -> list[int]:
    """Row indices of every batch, one after another: each pass is a new shuffle, neighbours in length batched."""
    rng = random.Random(seed)
    order: list[int] = []
    stream = _batches(lengths, batch_size, rng)
    for _ in range(batches):
        order += next(stream)
    return order


def _batches(lengths: list[int], batch_size: int, rng: random.Random) -> Iterator[list[int]]:
    rest: list[int] = []  # what a pass leaves over opens the next one, so that every batch is full
    while True:
        fresh = list(range(len(lengths)))
        rng.shuffle(fresh)
        rows = rest + fresh
        whole = len(rows) // batch_size * batch_size
        rows, rest = rows[:whole], rows[whole:]
        batches = []
        window = 32 * batch_size
        for start in range(0, len(rows), window):
            near = sorted(rows[start : start + window], key=lambda i: (lengths[i], i))
            batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
        rng.shuffle(batches)
        yield from batches

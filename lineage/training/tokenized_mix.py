"""A mix as tokens: tokenised once, and counted by source.

- Rows that spell a control token of the tokenizer are dropped and counted: it would be learnt as a stop.
- Rows longer than `max_length` are dropped whole and counted: a cut answer would teach the model to stop anywhere.
- The result is cached in `.state/tokens` by mix + template + tokenizer + stop + max length + where the loss is.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.base_model import chat_template
from lineage.base_model.special_tokens import HELD, held, special_tokens
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import cached_folder, sha256, sha256_of, write_json
from lineage.core.paths import STATE
from lineage.records.record import PARTS, read_records

SEAL = "sources.json"  # written last: its existence means "complete"
TOO_LONG = "longer than max_length"


@dataclass(frozen=True, slots=True)
class MixTokens:
    """A tokenised mix: `dataset` has `id`, `input_ids`, `labels`; `sources` counts rows, tokens and the dropped."""

    dataset: Any
    lengths: list[int]
    sources: dict[str, dict[str, Any]]
    mix_hash: str
    key: str  # of the cache

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

    def in_order(self, order: Sequence[tuple[int, ...]], *, packed: bool = False) -> Any:
        """The rows as sequences in the order of training; see `lineage/training/batch_order.py`.

        packed: sequences have `position_ids` also where no two rows found room in one.
        """
        if not packed and all(len(sequence) == 1 for sequence in order):
            return self.dataset.select([row for (row,) in order])
        return _packed(self.dataset, order, STATE / "tokens" / "packed" / f"{sha256_of([self.key, order])}.arrow")


def tokenize_mix(
    folder: Path, tokenizer: Any, tokenizer_hash: str, max_length: int, *, full: bool = False
) -> MixTokens:
    """Tokenise `own.jsonl` and `replay.jsonl` of a mix, or take them from the cache.

    Args:
        folder: of the mix.
        tokenizer: the base's, with the chain's chat template.
        tokenizer_hash: the SHA-256 of its `tokenizer.json`, a part of the cache's key.
        max_length: of a row, in tokens; longer ones are dropped.
        full: prompts have a loss too.

    Raises:
        LineageError: if a source loses every row.
    """
    from datasets import Dataset

    mix_hash = sha256_of([sha256(folder / f"{part}.jsonl") for part in PARTS])
    stop = tokenizer.eos_token_id  # of tokenizer_config.json, which `tokenizer_hash` does not cover
    key = sha256_of(
        [mix_hash, tokenizer.chat_template, tokenizer_hash, stop, max_length, full, code_identity(__name__)]
    )
    cached = STATE / "tokens" / key
    if not (cached / SEAL).is_file():
        with cached_folder(cached, SEAL) as out:
            _tokenize_into(out, folder, tokenizer, max_length, full)
    dataset = Dataset.from_file(str(cached / "rows.arrow"))
    sources = json.loads((cached / SEAL).read_text(encoding="utf-8"))
    for source, counts in sources.items():
        if not counts["rows"]:
            other = f" or hold a control token ({counts['dropped'][HELD]} rows)" if HELD in counts["dropped"] else ""
            raise LineageError(
                f"{folder.name}: all {sum(counts['dropped'].values())} rows of {source!r} are longer than {max_length} "
                f"tokens{other}; "
                f"raise profiles.<profile>.max_length or take the source out of the mix"
            )
    return MixTokens(dataset, lengths_of(dataset), sources, mix_hash, key)


def lengths_of(dataset: Any) -> list[int]:
    """The tokens of every row, without making Python lists of them."""
    import pyarrow.compute as pc

    table = dataset.with_format("arrow")[:]
    lengths: list[int] = pc.list_value_length(table["input_ids"]).to_pylist()
    return lengths


def _tokenize_into(out: Path, folder: Path, tokenizer: Any, max_length: int, full: bool) -> None:
    from datasets import Features, List, Value
    from datasets.arrow_writer import ArrowWriter

    sources: dict[str, dict[str, Any]] = {}
    special = special_tokens(tokenizer)
    ids = List(Value("int32"))
    features = Features({"id": Value("string"), "input_ids": ids, "labels": ids})
    with ArrowWriter(path=str(out / "rows.arrow"), features=features) as writer:
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
                if held(special, record.turns):
                    counts["dropped"][HELD] += 1
                    continue
                row = chat_template.tokenize(
                    tokenizer,
                    list(record.turns[:-1]),
                    record.completion,
                    full=full,
                    every=record.supervise == "all",
                )
                if len(row.ids) > max_length:
                    counts["dropped"][TOO_LONG] += 1
                    continue
                counts["rows"] += 1
                counts["tokens"] += len(row.ids)
                counts["supervised_tokens"] += row.supervised
                counts["replayed_rows"] += part == "replay"
                writer.write({"id": record.id, "input_ids": row.ids, "labels": row.labels})
        writer.finalize()
    write_json(out / SEAL, sources)


def _packed(dataset: Any, order: Sequence[tuple[int, ...]], file: Path) -> Any:
    """Several rows in a sequence. `position_ids` begin again with each row, and its first token is nobody's target."""
    from datasets import Dataset, Features, List, Value
    from datasets.arrow_writer import ArrowWriter

    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        ids = List(Value("int32"))
        features = Features({"id": Value("string"), "input_ids": ids, "labels": ids, "position_ids": ids})
        with ArrowWriter(path=str(part), features=features) as writer:
            for sequence in order:
                rows = [dataset[i] for i in sequence]
                writer.write(
                    {
                        "id": ", ".join(row["id"] for row in rows),
                        "input_ids": [token for row in rows for token in row["input_ids"]],
                        "labels": [label for row in rows for label in (chat_template.IGNORED, *row["labels"][1:])],
                        "position_ids": [at for row in rows for at in range(len(row["input_ids"]))],
                    }
                )
            writer.finalize()
        part.rename(file)
    return Dataset.from_file(str(file))

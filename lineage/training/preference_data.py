"""Preference pairs of a mix: the same prompt with its answer and with a worse one, tokenised once.

Worse is an answer that people liked less (`rejected` of a record), or else a wrong option of a choice; which of several
is decided by the seed and the record's id alone. Rows that know no worse answer take no part. Pairs longer than
`max_length` are dropped whole and counted. The result is cached in `.state/tokens/pairs`, as a mix's tokens are.
"""

import hashlib
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
from lineage.records.record import PARTS, Record, read_records
from lineage.training.tokenized_mix import SEAL, TOO_LONG


@dataclass(frozen=True, slots=True)
class Pairs:
    """Tokenised pairs in the order of the mix.

    dataset: `id`, and as token ids `prompt_ids`, `chosen_ids`, `rejected_ids`; each answer ends with the stop token.
    lengths: tokens of a pair, both of its rows with their prompts.
    sources: by source `pairs`, how many of them were `judged` by people, `tokens`, and `dropped` by reason.
    """

    dataset: Any
    lengths: list[int]
    sources: dict[str, dict[str, Any]]

    def summary(self) -> dict[str, Any]:
        """What the record says about the pairs; every total is the sum of its sources."""
        return {
            "pairs": len(self.lengths),
            "tokens": sum(self.lengths),
            "dropped": sum(n for counts in self.sources.values() for n in counts["dropped"].values()),
            "sources": self.sources,
        }

    def in_order(self, order: Sequence[tuple[int, ...]]) -> Any:
        """The pairs as `lineage/training/batch_order.py` lays them out, without packing."""
        return self.dataset.select([pair for (pair,) in order])


def worse_answer(record: Record, seed: int) -> str | None:
    """The answer that a record's own is preferred to; None if it knows none."""
    worse = record.rejected
    if not worse and record.correct is not None:
        worse = tuple(text for i, text in enumerate(record.options) if i != record.correct)
    worse = tuple(text for text in worse if text.strip() and text != record.completion)
    if not worse:
        return None
    drawn = hashlib.sha256(f"{seed} {record.id}".encode()).digest()
    return worse[int.from_bytes(drawn[:8]) % len(worse)]


def pairs_of(folder: Path, tokenizer: Any, tokenizer_hash: str, max_length: int, seed: int) -> Pairs:
    """Tokenise the pairs of a mix's `own.jsonl` and `replay.jsonl`, or take them from the cache.

    Args:
        folder: of the mix.
        tokenizer: the base's, with the chain's chat template.
        tokenizer_hash: the SHA-256 of its `tokenizer.json`, a part of the cache's key.
        max_length: of a pair's longer row with its prompt, in tokens; longer pairs are dropped.
        seed: decides which of several worse answers is taken.

    Raises:
        LineageError: the mix has none, or all are too long.
    """
    from datasets import Dataset

    mix_hash = sha256_of([sha256(folder / f"{part}.jsonl") for part in PARTS])
    stop = tokenizer.eos_token_id  # of tokenizer_config.json, which `tokenizer_hash` does not cover
    key = sha256_of(
        [mix_hash, tokenizer.chat_template, tokenizer_hash, stop, max_length, seed, code_identity(__name__)]
    )
    cached = STATE / "tokens" / "pairs" / key
    if not (cached / SEAL).is_file():
        with cached_folder(cached, SEAL) as out:
            _tokenize_into(out, folder, tokenizer, max_length, seed)
    sources = json.loads((cached / SEAL).read_text(encoding="utf-8"))
    field = f"versions.{folder.name}.train.preference"
    if not sources:
        raise LineageError(
            f"{field}: no row of the mix knows a worse answer (a wrong option, or one that people liked less); "
            f"take a source with choices or judged answers into the mix, or take preference out"
        )
    if not any(counts["pairs"] for counts in sources.values()):
        raise LineageError(
            f"{field}: every pair of the mix has a row longer than {max_length} tokens, or one that {HELD}; "
            f"raise profiles.<profile>.max_length, mend the rows, or take preference out"
        )
    dataset = Dataset.from_file(str(cached / "pairs.arrow"))
    return Pairs(dataset, dataset["tokens"][:], sources)


def _tokenize_into(out: Path, folder: Path, tokenizer: Any, max_length: int, seed: int) -> None:
    from datasets import Features, List, Value
    from datasets.arrow_writer import ArrowWriter

    sources: dict[str, dict[str, Any]] = {}
    special = special_tokens(tokenizer)
    ids = List(Value("int32"))
    features = Features(
        {"id": Value("string"), "prompt_ids": ids, "chosen_ids": ids, "rejected_ids": ids, "tokens": Value("int64")}
    )
    with ArrowWriter(path=str(out / "pairs.arrow"), features=features) as writer:
        for part in PARTS:
            for record in read_records(folder / f"{part}.jsonl"):
                worse = worse_answer(record, seed)
                if worse is None:
                    continue
                counts = sources.setdefault(record.source, {"pairs": 0, "judged": 0, "tokens": 0, "dropped": Counter()})
                if held(special, record.turns, worse):
                    counts["dropped"][HELD] += 1
                    continue
                prompt = list(record.turns[:-1])
                rows = [chat_template.tokenize(tokenizer, prompt, text) for text in (record.completion, worse)]
                if max(len(row.ids) for row in rows) > max_length:
                    counts["dropped"][TOO_LONG] += 1
                    continue
                tokens = sum(len(row.ids) for row in rows)
                counts["pairs"] += 1
                counts["judged"] += bool(record.rejected)
                counts["tokens"] += tokens
                chosen, rejected = (row.ids[len(row.ids) - row.supervised :] for row in rows)
                writer.write(
                    {
                        "id": record.id,
                        "prompt_ids": rows[0].ids[: len(rows[0].ids) - rows[0].supervised],
                        "chosen_ids": chosen,
                        "rejected_ids": rejected,
                        "tokens": tokens,
                    }
                )
        writer.finalize()
    write_json(out / SEAL, sources)

"""How much there is to train on: rows and tokens of a mix, and how many steps its budget makes of them.

The manifest of a version that was trained on this very mix knows it exactly. Otherwise a sample of the rows is
tokenised, if the base's tokenizer is here, and the rest follows from the bytes; without a mix only a budget in tokens
says anything.
"""

import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import TrainedMix, find_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.artifacts.not_built import find_not_built
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import PARTS

SAMPLE = 200  # rows of a file that are tokenised
READ = 64 << 20  # bytes of a file that are looked at; the rest is taken to be alike
HASHED = 256 << 20  # bytes of a mix up to which it is worth knowing whether it is the one of a manifest
CHARACTERS_PER_TOKEN = 1.7  # Korean in a byte-level vocabulary, where there is no tokenizer yet
TURN_TOKENS = 5  # what the template puts around a turn


@dataclass(frozen=True, slots=True)
class Amount:
    """Of one pass over a mix: rows that fit into `max_length`, their tokens, and the longest of them."""

    rows: int
    tokens: int
    longest: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What is trained: optimizer steps (None: unknown without a mix) and tokens seen.

    longest: tokens of any sequence. rows: of the mix that fit; passes: how often each of them is seen, 0 if unknown.
    """

    steps: int | None
    tokens: int | None
    longest: int
    exact: bool
    mix_tokens: int
    rows: int = 0
    passes: float = 0.0


def work_of(c: Curriculum, v: ResolvedVersion) -> Work:
    """Steps and tokens of a version, a preference phase included."""
    from lineage.training.batch_order import steps_for

    profile, training = c.active, v.spec.train
    amount = amount_of(c, v)
    phases = training.budget_scale + (training.preference.budget_scale if training.preference else 0)
    if amount is None or not amount.rows:
        tokens = profile.budget.tokens
        return Work(None, round(tokens * phases) if tokens else None, profile.max_length, False, 0)
    sequences, longest = amount.rows, amount.longest
    exact = amount.exact and not profile.packing and not training.preference
    if profile.packing:  # as if every sequence were full
        sequences, longest = ceil(amount.tokens / profile.max_length), profile.max_length
    steps = steps_for(profile.budget, phases, amount.tokens, sequences, profile.global_batch_size)
    passes = steps * profile.global_batch_size / sequences
    return Work(steps, round(passes * amount.tokens), longest, exact, amount.tokens, amount.rows, passes)


def amount_of(c: Curriculum, v: ResolvedVersion) -> Amount | None:
    """Rows and tokens of a version's mix; None if it is not there yet."""
    files = [v.mix / f"{part}.jsonl" for part in PARTS]
    if not all(file.is_file() for file in files) or find_not_built(v.mix):
        return None
    counted = [_counted(file, c.active.max_length) for file in files]
    rows, tokens = (sum(part[i] for part in counted) for i in (0, 1))
    longest = max(part[2] for part in counted)
    small, cut = sum(file.stat().st_size for file in files) <= HASHED, longest >= c.active.max_length
    if small and not cut and (known := _trained_on(v)):
        return Amount(known.rows, known.tokens, longest, True)
    return Amount(rows, tokens, longest, False)


def _trained_on(v: ResolvedVersion) -> TrainedMix | None:
    """What a version's manifest says of its mix, if it is this mix, whole, tokenised as it would be now."""
    try:
        manifest, base = find_manifest(v.name), find_base()
    except LineageError:
        return None  # a damaged file stops the stage that needs it, no estimate
    if manifest is None or base is None or not base.is_called(manifest.base.identity):
        return None
    whole = not any(source.dropped for source in manifest.mix.sources.values())
    return manifest.mix if whole and manifest.mix.sha256 == mix_identity(v.mix) else None


def _counted(file: Path, max_length: int) -> tuple[int, int, int]:
    """Rows, tokens and the longest row of a file; rows beyond `max_length` are left out, as training does."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        lines = stream.read(READ).splitlines(keepends=True)
    if size > READ:
        lines = lines[:-1]  # cut in the middle
    if not lines:
        return 0, 0, 0
    sample = lines[:: max(1, len(lines) // SAMPLE)]
    lengths = _lengths([json.loads(line)["turns"] for line in sample])
    kept = [length for length in lengths if length <= max_length] or [0]
    of_all = size / sum(map(len, lines)) * len(lines) / len(lengths)
    longest_line = max(map(len, lines)) * sum(lengths) / sum(map(len, sample))
    return (
        round(of_all * sum(length <= max_length for length in lengths)),
        round(of_all * sum(kept)),
        min(max_length, max(ceil(longest_line), *lengths)),
    )


def _lengths(rows: list[list[dict[str, str]]]) -> list[int]:
    """The tokens of some rows, given their turns."""
    texts = ["".join(turn["content"] for turn in turns) for turns in rows]
    around = [TURN_TOKENS * len(turns) for turns in rows]
    if not paths.BASE_TOKENIZER.is_file():
        return [ceil(len(text) / CHARACTERS_PER_TOKEN) + more for text, more in zip(texts, around, strict=True)]
    from tokenizers import Tokenizer

    encoded = Tokenizer.from_file(str(paths.BASE_TOKENIZER)).encode_batch(texts, add_special_tokens=False)
    return [len(row.ids) + more for row, more in zip(encoded, around, strict=True)]

"""Finds rows that repeat one another, within and across sources, and writes them down as classes and pairs.

What counts as a repetition is said in `text_similarity.py`. A class holds rows that say the same but for spelling
(`exact`), or but for particles and endings (`near`). A pair holds two rows that differ by a filling word; it holds for
every row of their classes *in these two sources*. Pairs are not joined into chains: if A is near B and B near C,
nothing is said of A and C. So a line about two sources depends on these two alone, and a new source never makes rows of
older ones into duplicates of each other: no ancestor's mix changes.

Candidates for pairs come from MinHash signatures (Broder 1997; by `rensa`, 60 times as fast as datasketch) in 18 bands
of 7, whose keys include the figures: rows with other figures never meet. Signatures, 232 bytes a row, are cached in
`.state/signatures` by the file's content; texts are read from disk again when a pair is verified.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lineage.core import paths
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, sha256_of, write_json
from lineage.core.paths import STATE
from lineage.dedup import text_similarity
from lineage.dedup.text_similarity import Text
from lineage.records.record import Record, record_at

BANDS, BAND_ROWS = 18, 7  # a pair of similarity 0.8 meets with 98 %, one of 0.5 with 13 %
CROWD = 20  # so many rows of one source behind one band key are a template: they are not compared with each other
BATCH = 1000
ROW = np.dtype(
    [("at", "u8"), ("exact", "u8"), ("near", "u8"), ("sketch", "u1", (64,)), ("bands", "u8", (BANDS,))], align=True
)


def duplicates(out: Path) -> dict[str, Any]:
    """Write clusters.jsonl and duplicates.json into `out`, and return the counts that the second holds."""
    files = sorted(paths.RECORDS.glob("*/records.jsonl"))
    if not files:
        raise LineageError(f"{paths.RECORDS}: no records.jsonl in any source's folder; run `dvc repro ingest` first")
    names = [file.parent.name for file in files]
    parts = [signatures(file) for file in files]
    source = np.repeat(np.arange(len(files), dtype=np.uint16), [len(part) for part in parts])
    column = {name: np.concatenate([part[name] for part in parts]) for name in ("at", "exact", "near", "sketch")}
    bands = (np.concatenate([part["bands"][:, band] for part in parts]) for band in range(BANDS))
    pairs, crowded = candidates(column["near"], source, column["sketch"], bands)
    repetitions: dict[str, Counter[str]] = {}
    classes, alike = [], []
    with ExitStack() as stack:
        reader = Reader([stack.enter_context(file.open("rb")) for file in files], source, column["at"])
        for rows in _equal(column["near"]):
            how = "exact" if len(set(column["exact"][rows].tolist())) == 1 else "near"
            members = sorted(reader.id(row) for row in rows)
            classes.append({"cluster": members[0], "members": members, "how": how})
            for pair, repeated in _by_pair([names[source[row]] for row in rows]):
                repetitions.setdefault(pair, Counter())[how] += repeated
        for a, b in pairs:
            if likeness := text_similarity.similarity(reader.texts(a), reader.texts(b)):
                members = sorted((reader.id(a), reader.id(b)))
                alike.append(
                    {"cluster": members[0], "members": members, "how": "near", "similarity": round(likeness, 3)}
                )
                pair = " × ".join(sorted({names[source[a]], names[source[b]]}))
                repetitions.setdefault(pair, Counter())["near"] += 1

    with (out / "clusters.jsonl").open("w", encoding="utf-8") as file:
        for line in (*sorted(classes, key=_order), *sorted(alike, key=_order)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    crowds = np.bincount(source[crowded], minlength=len(names))
    summary = {
        "rows": {name: len(part) for name, part in zip(names, parts, strict=True)},
        "repetitions": dict(sorted(repetitions.items())),
        "alike_but_kept": len(pairs) - len(alike),
        "templates": {name: int(n) for name, n in zip(names, crowds, strict=True)},
    }
    write_json(out / "duplicates.json", summary)
    return summary


def signatures(file: Path) -> np.ndarray:
    """What is compared of each row of a file, [rows] of `ROW`: made once for its content, mapped from disk."""
    from rensa import RMinHash

    code = [code_identity(__name__), RMinHash.ALGORITHM_VERSION]
    cached = STATE / "signatures" / sha256_of([sha256(file), code])
    if not (cached / "rows.bin").is_file():
        with appearing(cached) as (out,), (out / "rows.bin").open("wb") as target:
            for batch in _batches(file):
                _sign(batch).tofile(target)
    if not (cached / "rows.bin").stat().st_size:
        return np.empty(0, ROW)
    return np.memmap(cached / "rows.bin", ROW, mode="r")


def _batches(file: Path) -> Iterator[list[tuple[int, tuple[Text, ...]]]]:
    batch, at = [], 0
    with file.open("rb") as stream:
        for line in stream:
            batch.append((at, text_similarity.read_turns(json.loads(line)["turns"])))
            at += len(line)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _sign(batch: Sequence[tuple[int, tuple[Text, ...]]]) -> np.ndarray:
    from rensa import RMinHash

    rows = np.zeros(len(batch), ROW)
    rows["at"] = [at for at, _ in batch]
    rows["exact"] = [text_similarity.exact_key(texts) for _, texts in batch]
    rows["near"] = [text_similarity.near_key(texts) for _, texts in batch]
    skeletons = [[token for text in texts for token in text.skeleton] for _, texts in batch]
    hashes, offsets = text_similarity.shingle_hashes(skeletons, text_similarity.SHINGLE, whole=False)
    digest = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, BANDS * BAND_ROWS, 1).to_rows()
    signature = np.array(digest, dtype=np.uint64)
    rows["sketch"] = signature[:, :64]  # its lowest byte
    figures = [
        text_similarity.token_id("\0".join(f for text in texts for f in (*text.figures, "\2"))) for _, texts in batch
    ]
    for band in range(BANDS):
        key = np.array(figures, dtype=np.uint64) + np.uint64(band)
        for place in range(band * BAND_ROWS, (band + 1) * BAND_ROWS):
            key = key * np.uint64(0x9E3779B97F4A7C15) + signature[:, place]
        rows["bands"][:, band] = key ^ (key >> np.uint64(29))
    return rows


def candidates(
    classes: np.ndarray, source: np.ndarray, sketch: np.ndarray, bands: Iterator[np.ndarray]
) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Pairs of rows, by index, that may be near-duplicates, the first row of each class in each source standing for it.

    Also returns which rows stood in a crowd, bool [rows]. Whether two rows are a pair follows from their two sources
    alone.

    Args:
        classes: [rows], equal for rows that say the same but for particles and endings.
        source: [rows], the number of each row's source.
        sketch: [rows, 64], one byte of each of 64 MinHash values: the share of equal ones estimates similarity.
        bands: a band at a time, [rows]: rows with the same key there are compared.
    """
    _, first = np.unique(classes ^ (source.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)), return_index=True)
    found = np.empty(0, np.uint64)
    crowded = np.zeros(len(classes), bool)
    for band in bands:
        keys = band[first]
        order = np.lexsort((source[first], keys))
        rows, keys = first[order], keys[order]
        another = (keys[1:] != keys[:-1]) | (source[rows][1:] != source[rows][:-1])
        group = np.cumsum(np.concatenate(([False], another))[: len(rows)])
        crowd = np.bincount(group)[group] > CROWD
        crowded[rows[crowd]] = True
        rows, keys = rows[~crowd], keys[~crowd]
        pairs = [found]
        for apart in range(1, len(rows)):
            near_each_other = np.flatnonzero(keys[apart:] == keys[:-apart])
            if not len(near_each_other):
                break
            a, b = rows[near_each_other], rows[near_each_other + apart]
            pairs.append(_promising(a, b, classes, sketch))
        found = np.unique(np.concatenate(pairs))
    return [(int(pair >> np.uint64(32)), int(pair & np.uint64(0xFFFFFFFF))) for pair in found], crowded


def _promising(a: np.ndarray, b: np.ndarray, classes: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Pairs of different classes whose estimated similarity is not far below what is asked, one number each."""
    pairs = []
    for start in range(0, len(a), 100_000):
        one, other = a[start : start + 100_000], b[start : start + 100_000]
        estimate = (sketch[one] == sketch[other]).mean(axis=1)
        good = (classes[one] != classes[other]) & (estimate > text_similarity.ALIKE - 0.15)
        low, high = np.minimum(one, other)[good], np.maximum(one, other)[good]
        pairs.append(low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64))
    return np.concatenate(pairs)


class Reader:
    """Rows by their index, read from disk again."""

    def __init__(self, files: list[BinaryIO], source: np.ndarray, at: np.ndarray) -> None:
        self.files = files
        self.source, self.at = source, at
        self.texts = lru_cache(maxsize=2000)(self._texts)

    def _record(self, row: int) -> Record:
        return record_at(self.files[self.source[row]], int(self.at[row]))

    def id(self, row: int) -> str:
        """The id of the record."""
        return self._record(row).id

    def _texts(self, row: int) -> tuple[Text, ...]:
        return text_similarity.read_turns(self._record(row).turns)


def _equal(keys: np.ndarray) -> Iterator[np.ndarray]:
    """The indices of every set of two and more equal keys."""
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.concatenate(([True], keys[order][1:] != keys[order][:-1], [True])))
    for start, end in pairwise(edges.tolist()):
        if end - start > 1:
            yield order[start:end]


def _by_pair(sources: list[str]) -> Iterator[tuple[str, int]]:
    """How often a class repeats within each source, and across each two: the rows of the one with fewer."""
    counts = sorted(Counter(sources).items())
    for place, (one, rows) in enumerate(counts):
        if rows > 1:
            yield one, rows - 1
        for other, others in counts[place + 1 :]:
            yield f"{one} × {other}", min(rows, others)


def _order(line: dict[str, Any]) -> tuple[str, list[str]]:
    return line["cluster"], line["members"]

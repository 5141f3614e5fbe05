"""What `duplicates`, `mix` and `contamination` cost on invented rows, beside a plain pass over the same rows.

    python -m benchmarks.mix                    # 100,000 and 1,000,000 rows
    python -m benchmarks.mix 20000
    python -m benchmarks.mix --minhash          # only the signatures: rensa beside datasketch

`× plain` is the share of the rows a second that a bare `json.loads` and `json.dumps` of every line reaches. The rows of
two sources are written into a temporary folder: sentences of random words, most with figures; a fifth from one template
with another name; one in twenty a repetition of the row before in another spelling. v1 takes all of them, v2 the
smaller source twice and a replay of v1; 2,000 rows are held out. Each stage runs in a process of its own: CPU seconds
(user and system) and peak resident memory are those of that process. Nothing is asserted.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import yaml

from lineage.records.record import Record, qa

ROOT = Path(__file__).parent.parent
HELDOUT = 2000
PLAIN = """
import json, pathlib
with open("plain.jsonl", "w", encoding="utf-8") as out:
    for file in sorted(pathlib.Path("data/records").glob("*/records.jsonl")):
        for line in file.open(encoding="utf-8"):
            out.write(json.dumps(json.loads(line), ensure_ascii=False) + chr(10))
"""
SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호구누두루무부수우주추쿠투푸후"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one stage took."""

    stage: str
    rows: int
    seconds: float
    megabytes: float


def main() -> None:
    """Print a table for the numbers of rows that the command line gives."""
    if sys.argv[1:] == ["--minhash"]:
        return minhash()
    sizes = [int(size) for size in sys.argv[1:]] or [100_000, 1_000_000]
    print(f"{'':<22}{'rows':>12}{'CPU s':>10}{'rows/s':>10}{'× plain':>10}{'peak MB':>10}")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mix-") as folder:
            plain = 0.0
            for found in measure(Path(folder), size):
                rate = found.rows / found.seconds
                plain = plain or rate
                figures = f"{found.rows:>12,}{found.seconds:>10.1f}{rate:>10,.0f}{rate / plain:>10.2f}"
                print(f"{found.stage:<22}{figures}{found.megabytes:>10,.0f}")


def measure(root: Path, size: int) -> Iterator[Measured]:
    """Write `size` rows into `root` and run the stages on them."""
    write_workspace(root, size)
    yield run(root, size, "a plain pass", "-c", PLAIN)
    yield run(root, size, "duplicates", "-m", "stages.duplicates")
    yield run(root, size, "duplicates, again", "-m", "stages.duplicates")
    yield run(root, size, "mix v1", "-m", "stages.mix", "v1")
    yield run(root, size, "mix v2, with replay", "-m", "stages.mix", "v2")
    mixes = [json.loads((root / f"data/mixes/{v}/mix.json").read_text(encoding="utf-8")) for v in ("v1", "v2")]
    yield run(root, sum(mix["rows"] for mix in mixes), "contamination", "-m", "stages.contamination")


def run(root: Path, rows: int, name: str, *command: str) -> Measured:
    """One command of Python in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *command], cwd=root, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed with {rows:,} rows")
    return Measured(name, rows, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def minhash() -> None:
    """Microseconds a row for 126 values of 100 shingles, by each library that is installed."""
    import numpy as np
    from rensa import RMinHash

    rows = np.random.default_rng(1).integers(0, 2**63, (2000, 100), dtype=np.uint64)
    offsets = np.arange(0, rows.size + 1, 100, dtype=np.uint64)
    start = time.process_time()
    np.array(RMinHash.digest_matrix_from_flat_token_hashes(rows.ravel(), offsets, 126, 1).to_rows(), dtype=np.uint64)
    print(f"rensa       {(time.process_time() - start) / len(rows) * 1e6:8.1f} µs a row, as an array")
    if find_spec("datasketch") is None:
        return print("datasketch  not installed: pip install datasketch")
    from datasketch import MinHash

    start = time.process_time()
    for row in rows & np.uint64(0xFFFFFFFF):
        MinHash(num_perm=126, seed=1, hashfunc=lambda value: value).update_batch(row)
    print(f"datasketch  {(time.process_time() - start) / len(rows) * 1e6:8.1f} µs a row")


def write_workspace(root: Path, size: int) -> None:
    """A curriculum of two versions and the rows of its sources, as `ingest` writes them."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    sources = {name: params["sources"][name] | {"forms": ["prompt_answer"]} for name in ("krx_samples", "problems")}
    version = {
        "because": "measured",
        "exclude": [],
        "exclude_scope": "mix",
        "train": {"lr_scale": 1, "budget_scale": 1},
    }
    takes = {"form": "prompt_answer", "weight": 1}
    versions = {
        "v1": version | {"parent": "base", "mix": dict.fromkeys(sources, takes), "replay": 0.0},
        "v2": version | {"parent": "v1", "mix": {"problems": takes | {"weight": 2}}, "replay": 0.1},
    }
    params |= {"papers": {}, "generated": {}, "sources": sources, "versions": versions, "data": "own", "profile": "cpu"}
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True, sort_keys=False), encoding="utf-8")
    write_rows(root / "data/records/krx_samples/records.jsonl", "krx_samples", size * 4 // 5, seed=1)
    write_rows(root / "data/records/problems/records.jsonl", "problems", size - size * 4 // 5, seed=2)
    write_rows(root / "data/heldout/problems/prompt_answer.jsonl", "problems", HELDOUT, seed=3)
    (root / "data/superseded").mkdir()
    (root / "data/superseded/superseded.jsonl").write_text("", encoding="utf-8")


def write_rows(file: Path, source: str, size: int, seed: int) -> None:
    """Rows of one source, one in twenty a repetition of the row before in another spelling."""
    rng = random.Random(seed)
    words = ["".join(rng.choices(SYLLABLES, k=rng.choice((2, 2, 3)))) for _ in range(20_000)]
    file.parent.mkdir(parents=True)
    with file.open("w", encoding="utf-8") as lines:
        last = one_row(rng, words, 0)
        for number in range(size):
            last = respelt(last, number) if rng.random() < 0.05 else one_row(rng, words, number)
            lines.write(last.placed(source, "own").to_json() + "\n")


def one_row(rng: random.Random, words: list[str], number: int) -> Record:
    """A question and an answer of some 150 letters, or one of the template."""
    place = {"file": "rows.jsonl", "row": number}
    if rng.random() < 0.2:
        name = rng.choice(words)
        return qa(f"{name}의 주식은 어느 시장에서 거래됩니까?", "가온거래소의 첫째 시장", group=name, origin=place)
    text = " ".join(rng.choices(words, k=40))
    prompt = f"다음 글을 읽고 물음에 답하시오. {text} {number}억 원. 매출은 얼마입니까?"
    return qa(prompt, f"매출은 {number}억 원입니다.", group=prompt[:60], origin=place)


def respelt(row: Record, number: int) -> Record:
    """The same row, spaced otherwise."""
    place = row.origin | {"row": number}
    return qa(row.prompt.replace(" ", "  ", 3) + " ", row.completion, group=row.group, origin=place)


if __name__ == "__main__":
    main()

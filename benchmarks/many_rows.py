"""How time and memory of `duplicates`, `mix` and `contamination` grow with the rows, which are invented.

    python -m benchmarks.many_rows                          # 100,000 and 1,000,000 rows
    python -m benchmarks.many_rows 100000 --keep DIR        # leave the rows and what was made of them in DIR/<rows>
    python -m benchmarks.many_rows 100000 --program DIR     # the stages of another checkout
    python -m benchmarks.many_rows 260000 2600000 --fields  # raw rows of many fields, into a mix by field
    python -m benchmarks.many_rows --minhash                # only the signatures: rensa beside datasketch

`MB a million` is how much the peak grew since the size before, for each million rows more. `× plain` is the share of
the rows a second that a bare `json.loads` and `json.dumps` of every line reaches. Of the rows, in two sources, a fifth
come from one template with another name; of all 5 % repeat the row before in another spacing, 1.5 % with another
ending and 1.5 % with a filling word more. v1 takes all of them, v2 the smaller source twice and a replay of v1, v3 a
tenth by count; 2,000 rows are held out. Each stage runs in a process of its own: CPU seconds (user and system) and
peak resident memory are those of that process. Nothing is asserted.

With `--fields` the same texts are raw rows of the system seokdong, half of them with options, each with a field: v1
takes all of them, v2 three fields whole or twice and a tenth of the others.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import yaml

from lineage.sample_world.fields import FIELDS

ROOT = Path(__file__).parent.parent
SEOKDONG = ROOT / "lineage/workspaces/systems/seokdong/params.yaml"
BY_FIELD = ("choices_by_field", "answers_by_field")
HELDOUT = 2000
BLOCK = 20_000  # rows that are drawn at once
WORDS = 12  # of a row that is no template
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
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--program", type=Path, default=ROOT)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--fields", action="store_true")
    parser.add_argument("--minhash", action="store_true")
    parser.add_argument("--write", type=Path, help="only write the rows of one size into this folder")
    asked = parser.parse_args()
    if asked.minhash:
        return minhash()
    if asked.write:
        return (write_raw_workspace if asked.fields else write_workspace)(asked.write, asked.sizes[0])
    print(
        f"{'':<22}{'rows':>12}{'CPU s':>10}{'rows/s':>10}{'× plain':>10}{'peak MB':>10}{'MB a million':>14}", flush=True
    )
    before: dict[str, Measured] = {}
    for size in asked.sizes:
        with ExitStack() as stack:
            folder = (
                asked.keep / str(size)
                if asked.keep
                else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="many-rows-")))
            )
            plain = 0.0
            measured = measure_by_field if asked.fields else measure
            for found in measured(folder.absolute(), size, asked.program.absolute()):
                rate = found.rows / found.seconds
                plain = plain or rate
                smaller, grown = before.get(found.stage), ""
                if smaller:
                    grown = f"{(found.megabytes - smaller.megabytes) / (found.rows - smaller.rows) * 1e6:.1f}"
                before[found.stage] = found
                figures = f"{found.rows:>12,}{found.seconds:>10.1f}{rate:>10,.0f}{rate / plain:>10.2f}"
                print(f"{found.stage:<22}{figures}{found.megabytes:>10,.0f}{grown:>14}", flush=True)


def measure(root: Path, size: int, program: Path) -> Iterator[Measured]:
    """Write `size` rows into `root`, unless they are there, and run a program's stages on them."""
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "params.yaml").is_file():  # in a process of its own: a child's peak begins with its parent's
        run(root, ROOT, size, "writing rows", "-m", "benchmarks.many_rows", str(size), "--write", str(root))
    yield run(root, program, size, "a plain pass", "-c", PLAIN)
    (root / "plain.jsonl").unlink()
    yield run(root, program, size, "duplicates", "-m", "stages.duplicates")
    yield run(root, program, size, "duplicates, again", "-m", "stages.duplicates")
    yield run(root, program, size, "mix v1", "-m", "stages.mix", "v1")
    yield run(root, program, size, "mix v2, with replay", "-m", "stages.mix", "v2")
    yield run(root, program, size, "mix v3, by count", "-m", "stages.mix", "v3")
    mixes = [json.loads((root / f"data/mixes/{v}/mix.json").read_text(encoding="utf-8")) for v in ("v1", "v2", "v3")]
    yield run(root, program, sum(mix["rows"] for mix in mixes), "contamination", "-m", "stages.contamination")
    yield run(root, program, size, "superseded", "-m", "stages.superseded")


def measure_by_field(root: Path, size: int, program: Path) -> Iterator[Measured]:
    """Write `size` raw rows into `root`, unless they are there, and take them from their files into mixes by field."""
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "params.yaml").is_file():
        written = ("-m", "benchmarks.many_rows", str(size), "--fields", "--write", str(root))
        run(root, ROOT, size, "writing rows", *written)
    yield run(
        root, program, size, "a plain pass", "-c", PLAIN.replace('records").glob("*/records', 'raw/own").glob("*/rows')
    )
    (root / "plain.jsonl").unlink()
    for source in BY_FIELD:
        for folder in ("records", "heldout"):
            shutil.rmtree(root / "data" / folder / source, ignore_errors=True)
        yield run(root, program, size // 2, f"ingest, {source.partition('_')[0]}", "-m", "stages.ingest", source)
    yield run(root, program, size, "duplicates", "-m", "stages.duplicates")
    yield run(root, program, size, "mix v1, all rows", "-m", "stages.mix", "v1")
    yield run(root, program, size, "mix v2, by field", "-m", "stages.mix", "v2")


def run(root: Path, program: Path, rows: int, name: str, *command: str) -> Measured:
    """One command of Python in a process of its own.

    Args:
        root: the workspace, where it runs.
        program: the checkout whose code it runs.
        rows: how many it is about.
        name: what it is called in the table.
        command: what follows `python`.
    """
    environment = os.environ | {"PYTHONPATH": str(program), "OMP_NUM_THREADS": "1"}
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
    """A curriculum of three versions and the rows of its sources, as `ingest` writes them."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    sources = {name: params["sources"][name] | {"forms": ["prompt_answer"]} for name in ("krx_samples", "problems")}
    version = {
        "because": "measured",
        "exclude": [],
        "exclude_scope": "mix",
        "train": {"lr_scale": 1, "budget_scale": 1},
    }
    takes = {"form": "prompt_answer", "weight": 1}
    drawn = {"krx_samples": {"form": "prompt_answer", "count": max(1, size // 10)}}
    versions = {
        "v1": version | {"parent": "base", "mix": dict.fromkeys(sources, takes), "replay": 0.0},
        "v2": version | {"parent": "v1", "mix": {"problems": takes | {"weight": 2}}, "replay": 0.1},
        "v3": version | {"parent": "base", "mix": drawn, "replay": 0.0},
    }
    params |= {"papers": {}, "generated": {}, "sources": sources, "versions": versions, "data": "own", "profile": "cpu"}
    write_rows(root / "data/records/krx_samples/records.jsonl", "krx_samples", size * 4 // 5, seed=1)
    write_rows(root / "data/records/problems/records.jsonl", "problems", size - size * 4 // 5, seed=2)
    write_rows(root / "data/heldout/problems/prompt_answer.jsonl", "problems", HELDOUT, seed=3)
    (root / "data/superseded").mkdir()
    (root / "data/superseded/superseded.jsonl").write_text("", encoding="utf-8")
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_raw_workspace(root: Path, size: int) -> None:
    """The system seokdong with raw rows of its two sources, of which repetitions are dropped."""
    params = yaml.safe_load(SEOKDONG.read_text(encoding="utf-8")) | {"data": "own"}
    for seed, source in enumerate(BY_FIELD, 1):
        params["sources"][source] |= {"near_duplicates": "drop", "heldout": 0.005}
        write_rows(root / "data/raw/own" / source / "rows.jsonl", source, size // 2, seed, raw_line)
    (root / "data/superseded").mkdir()
    (root / "data/superseded/superseded.jsonl").write_text("", encoding="utf-8")
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_rows(
    file: Path, source: str, size: int, seed: int, line: Callable[[str, int, str, str], str] | None = None
) -> None:
    """Rows of one source, a block at a time; no id comes twice, as in what `ingest` writes.

    Args:
        file: where they are written.
        source: what they are of.
        size: how many.
        seed: of their texts.
        line: a row as it lies in the file; None: as a record.
    """
    written = line or one_line
    import numpy as np

    rng = np.random.default_rng(seed)
    syllables = np.array(list(SYLLABLES))
    words = ["".join(word) for word in rng.choice(syllables, (20_000, 3))]
    file.parent.mkdir(parents=True)
    plain = "채권은 무엇입니까?", "빚을 적은 증서입니다."  # the row that others repeat: the last one without a template
    with file.open("w", encoding="utf-8") as lines:
        for first in range(0, size, BLOCK):
            count = min(BLOCK, size - first)
            drawn = rng.integers(0, len(words), (count, WORDS))
            for number, kind, of in zip(range(first, first + count), rng.random(count), drawn.tolist(), strict=True):
                if kind < 0.2:
                    name = "".join(words[i] for i in of[:3])
                    asked, answer = f"{name}의 주식은 어느 시장에서 거래됩니까?", "가온거래소의 첫째 시장"
                elif kind >= 0.28:
                    text = " ".join([words[i] for i in of])
                    asked = f"다음 글을 읽고 물음에 답하시오. {text} {number}억 원. 매출은 얼마입니까?"
                    answer = f"매출은 {number}억 원입니다."
                    plain = asked, answer
                elif kind < 0.25:
                    asked, answer = plain[0].replace(" ", "  ", 3) + " ", plain[1]
                elif kind < 0.265:
                    asked, answer = plain[0].replace("매출은", "매출이"), plain[1]
                else:
                    asked, answer = plain[0].replace("물음에", "반드시 물음에"), plain[1]
                lines.write(written(source, number, asked, answer))


def raw_line(source: str, number: int, asked: str, answer: str) -> str:
    """A raw row with its field; of the first source with options, and with the answer as reasoning."""
    if source == BY_FIELD[0]:
        asked, answer = f"{asked}\\n1. 맞다\\n2. 아니다", f"{answer}\\n정답: {number % 2 + 1}"
    field = FIELDS[number * 7919 % 1009 % (53 if source == BY_FIELD[0] else 38)]
    return f'{{"prompt": "{asked}", "completion": "{answer}", "field": "{field}"}}\n'


def one_line(source: str, number: int, asked: str, answer: str) -> str:
    """A record as it lies in a file: its id is made of the row's number, the rest is what `ingest` writes."""
    id = f"{source}.prompt_answer.{number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF:016x}"
    return (
        '{"as_of": "", "correct": null, "documents": [], "form": "prompt_answer", '
        f'"group": "{asked[:60]}", "id": "{id}", "licence": "own", "measure": "text", "options": [], '
        f'"origin": {{"file": "rows.jsonl", "row": {number}}}, "rejected": [], "source": "{source}", '
        f'"turns": [{{"role": "user", "content": "{asked}"}}, {{"role": "assistant", "content": "{answer}"}}]}}\n'
    )


if __name__ == "__main__":
    main()

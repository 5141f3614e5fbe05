"""The command: look for a GPU, run the checks in order, write the report."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from benchmarks.verify_gpu import checks, environment, report
from benchmarks.verify_gpu.checks import Check, Result
from benchmarks.verify_gpu.every_check import ALL
from benchmarks.verify_gpu.room_inputs import Rehearsal, Setup

NO_GPU = (
    "no NVIDIA GPU here; nothing was verified. Run this on a machine with one, or rehearse the script on the tiny "
    "model: python -m benchmarks.verify_gpu --cpu"
)


def main() -> int:
    """Run what the command line asks for and return the exit code."""
    asked = _arguments()
    if asked.cpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a rehearsal uses no GPU, where there is one either
    elif not environment.has_gpu():
        print(f"\n✗ {NO_GPU}\n", file=sys.stderr)
        return 2
    out = asked.out.resolve()
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    setup = Setup(
        work=work,
        trainer=asked.trainer or ("hf" if asked.cpu else "unsloth"),
        base=asked.base.resolve() if asked.base else None,
        shape="tiny" if asked.cpu else asked.shape,
        steps=asked.steps,
        rehearsal=Rehearsal() if asked.cpu else None,
    )
    results = []
    for check in ALL:
        print(f"… {checks.title(check)}", flush=True)
        results.append(_left_out(check) if check.__name__ in asked.skip else checks.run(check, setup))
        print(f"{report.MARKS[results[-1].status]} {results[-1].title}: {results[-1].found}", flush=True)
    written = report.write(out, setup, environment.describe(), results)
    if not asked.keep:
        shutil.rmtree(work)
    failed = [result.title for result in results if result.status == "failed"]
    print(f"\nreport: {written}")
    print(f"✗ failed: {', '.join(failed)}" if failed else f"✓ {report.verdict(setup, results)}")
    return 1 if failed else 0


def _left_out(check: Check) -> Result:
    found = "left out by --skip"
    return Result(check.__name__, checks.title(check), checks.expected(check), "not checked", found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify_gpu", description=__doc__)
    add = parser.add_argument
    add("--base", type=Path, help="a folder with config.json, tokenizer and *.safetensors")
    add("--shape", choices=["0.5b", "1.5b", "7b"], default="0.5b", help="of random weights, without --base")
    add("--steps", type=int, default=40, help="optimizer steps of a run (default 40)")
    add("--out", type=Path, default=Path(".state/gpu"), help="where the report goes (default .state/gpu)")
    add("--keep", action="store_true", help="keep what was trained, under <out>/work")
    add("--cpu", "--rehearse", action="store_true", help="rehearse on a tiny model: proves this script, not the GPU")
    add("--skip", nargs="+", default=[], choices=[one.__name__ for one in ALL], help="checks to leave out")
    add("--trainer", choices=["unsloth", "hf"], help="the trainer to verify (default: unsloth; with --cpu: hf)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

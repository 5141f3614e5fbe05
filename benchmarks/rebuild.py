"""Where the time of a rebuild from nothing goes: `python -m benchmarks.rebuild` clones this checkout and rebuilds it.

    stages/train        327 s in 9 stages
    …
    imports              40 s     from the start of each process to its work
    DVC                  52 s     the rest of the clock

The clone lies in a temporary folder and is deleted afterwards; `--keep FOLDER` keeps it. Seconds by the clock, on the
machine as it is.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from lineage.core.errors import LineageError
from lineage.core.journal import Entry, entries


def main() -> None:
    """Rebuild in a clone and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--keep", type=Path, help="an empty folder for the clone, which then stays")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as scratch:
        place = (keep or Path(scratch, "clone")).absolute()
        subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(place)], check=True)
        os.chdir(place)
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "repro"],
            env=os.environ
            | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "KRX_TRAIN_AGAIN": "1"},
            stdout=subprocess.DEVNULL,
        )
        clock = time.monotonic() - begun
        if done.returncode:
            raise LineageError(f"dvc repro ended with {done.returncode} in {place}")
        print(table(clock, entries()))
        os.chdir("/")


def table(clock: float, stages: list[Entry]) -> str:
    """The seconds of each kind of stage, of imports, and what is left of the clock for DVC itself."""
    spent: dict[str, list[float]] = defaultdict(list)
    for stage in stages:
        spent[str(stage["stage"]).partition("@")[0]].append(float(stage["seconds"]))
    imports = sum(float(stage["startup_seconds"]) for stage in stages)
    work = sum(sum(seconds) for seconds in spent.values())
    training = sum(float(stage.get("training_seconds", 0)) for stage in stages)
    lines = [
        f"  {name:<16}{sum(seconds):>7.1f} s in {len(seconds)} stages"
        for name, seconds in sorted(spent.items(), key=lambda item: -sum(item[1]))
    ]
    lines += [
        f"  {'imports':<16}{imports:>7.1f} s from the start of each process to its work",
        f"  {'DVC':<16}{clock - work - imports:>7.1f} s, the rest of {clock:.1f} s by the clock",
        f"  of train, {training:.1f} s in the loop of trainings that were not begun ahead",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

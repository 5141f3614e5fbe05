"""How equal exports are, kind by kind, and what a killed export leaves.

    python -m benchmarks.exports v6               # in a workspace with a built version: the tables of all kinds
    python -m benchmarks.exports v6 --kills 20    # exports killed at random moments, over an earlier export

A killed export must leave the folder of the export before it, or none: never a part.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from lineage.core import paths
from lineage.core.files import sha256
from lineage.exporting.exported import RECORD

KINDS = ("adapter", "merged", "gguf")


def main() -> None:
    """Print the figures of each kind, or what kills left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--kills", type=int, default=0, help="exports that are killed, of the merged model")
    options = parser.parse_args()
    if options.kills:
        kill(options.version, options.kills)
        return
    print("| export | compared | places | largest difference | of the largest | divergence (nats) | same likeliest |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for kind in KINDS:
        done = subprocess.run(export(options.version, kind), capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"| {kind}: {done.stderr.strip().splitlines()[-1]} | | | | | | |")
            continue
        record = json.loads((paths.export(options.version, kind) / RECORD).read_text(encoding="utf-8"))
        for one in record["equality"]:
            divergence = "–" if one["divergence"] is None else f"{one['divergence']:.2g}"
            print(
                f"| {kind}: {one['what']} | {one['unit']} | {one['places']} | {one['largest']:.2g} | "
                f"{one['relative']:.2g} | {divergence} | {one['same_first']:.2%} |"
            )


def export(version: str, kind: str) -> list[str]:
    """The command line of an export."""
    return [sys.executable, "-m", "lineage.cli", "export", version, "--as", kind]


def kill(version: str, times: int) -> None:
    """Kill exports of the merged model at moments spread over a whole one, and look at what lies there."""
    folder = paths.export(version, "merged")
    began = time.monotonic()
    subprocess.run(export(version, "merged"), capture_output=True, check=True)
    seconds, before = time.monotonic() - began, sha256(folder)
    rng, found = random.Random(7), {"the earlier one": 0, "a whole new one": 0, "none": 0, "a part": 0}
    for _ in range(times):
        running = subprocess.Popen(
            export(version, "merged"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(seconds * rng.uniform(0.3, 1.05))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        found[left(folder, before)] += 1
    print(f"{times} exports killed: " + ", ".join(f"{what} {count} times" for what, count in found.items()))


def left(folder: Path, before: str) -> str:
    """What lies in the folder of an export: the same bytes as before, another whole one, none, or a part of one."""
    if not folder.exists():
        return "none"
    if sha256(folder) == before:
        return "the earlier one"
    files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"] if (folder / RECORD).is_file() else {}
    whole = files and all((folder / name).is_file() and sha256(folder / name) == files[name] for name in files)
    return "a whole new one" if whole else "a part"


if __name__ == "__main__":
    main()

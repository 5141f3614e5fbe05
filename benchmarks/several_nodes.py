"""One version on two nodes: two network namespaces of this machine with a cable between them, as root on Linux.

    python -m benchmarks.several_nodes                  # v1, after: dvc repro base mix
    python -m benchmarks.several_nodes v2 --kills 20    # and the second node killed twenty times, at random moments

It compares the adapter of two nodes with one process each with that of one node with two, for DDP and FSDP2. Then it
kills the second node, pulls the cable and stops the first node, and says how soon both ended and whether the run that
went on ended with the same adapter.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lineage.core import paths
from lineage.core.files import sha256

ROOT = Path(__file__).parents[1]
NODES = ("krx-first", "krx-other")
ADDRESSES = ("10.77.0.1", "10.77.0.2")
CABLE = ("krx-cable0", "krx-cable1")


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default="v1")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=60_000, help="seen in training")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, two_namespaces():
        for strategy in ("ddp", "fsdp2"):
            first, other = (workspace(Path(scratch, strategy, name), options, strategy) for name in NODES)
            compared(first, other, options.version, strategy)
            if strategy == "ddp":
                ended(first, other, options)


def compared(first: Path, other: Path, version: str, strategy: str) -> None:
    """One node with two processes, then two nodes with one each: bytes, the largest difference, time."""
    from safetensors.torch import load_file

    nodes = settings(first)
    write(first, {**nodes, "nodes": 1})
    begun = time.monotonic()
    must_end_well(stage(first, version))
    alone = time.monotonic() - begun
    kept = first / "one.safetensors"
    shutil.move(first / paths.adapter_weights(version), kept)
    write(first, nodes)
    begun = time.monotonic()
    both = stage(first, version), join(other, version)
    for process in both:
        must_end_well(process)
    several = time.monotonic() - begun
    one, two = load_file(kept), load_file(first / paths.adapter_weights(version))
    largest = max(float((one[name] - two[name]).abs().max()) for name in one)
    same = "the same bytes" if sha256(kept) == sha256(first / paths.adapter_weights(version)) else "other bytes"
    print(f"{strategy}: {same}, largest difference {largest:.1e}, {several / alone:.2f} × the time of one node")


def ended(first: Path, other: Path, options: argparse.Namespace) -> None:
    """Kill the second node, pull the cable, stop the first: how soon both ended, and what the next run made."""
    whole = sha256(first / paths.adapter_weights(options.version))
    for what in [*["the second node killed"] * options.kills, "the cable pulled", "the first node stopped"]:
        shutil.rmtree(first / paths.STATE / "checkpoints", ignore_errors=True)
        processes = stage(first, options.version), join(other, options.version)
        wait_for(first / paths.STATE / "launch" / options.version / "log")
        time.sleep(random.uniform(0, 25))
        if what == "the cable pulled":
            ip(NODES[1], "link", "set", CABLE[1], "down")
        else:
            processes[what.startswith("the second")].send_signal(
                signal.SIGKILL if what.endswith("killed") else signal.SIGTERM
            )
        begun = time.monotonic()
        said = [process.communicate()[0] for process in processes]
        seconds, codes = time.monotonic() - begun, [process.returncode for process in processes]
        if what == "the cable pulled":
            ip(NODES[1], "link", "set", CABLE[1], "up")
        last = next((line for line in reversed(said[0].splitlines()) if line.startswith("✗")), "it was done already")
        again = [stage(first, options.version), join(other, options.version)]
        for process in again:
            must_end_well(process)
        same = sha256(first / paths.adapter_weights(options.version)) == whole
        print(f"{what}: both ended after {seconds:.1f} s {codes}; the next run: {'same' if same else 'OTHER'} bytes")
        print(f"    {last}")


@contextmanager
def two_namespaces() -> Iterator[None]:
    """Two network namespaces with an address each, and nothing else to reach; taken away afterwards."""
    for name in NODES:
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "link", "add", CABLE[0], "type", "veth", "peer", "name", CABLE[1]], check=True)
        for name, end, address in zip(NODES, CABLE, ADDRESSES, strict=True):
            subprocess.run(["ip", "link", "set", end, "netns", name], check=True)
            ip(name, "addr", "add", f"{address}/24", "dev", end)
            ip(name, "link", "set", end, "up")
            ip(name, "link", "set", "lo", "up")
        yield
    finally:
        for name in NODES:
            subprocess.run(["ip", "netns", "del", name], check=False)


def ip(node: str, *words: str) -> None:
    """Change the network of a node."""
    subprocess.run(["ip", "-n", node, *words], check=True)


def workspace(folder: Path, options: argparse.Namespace, strategy: str) -> Path:
    """What a node has: mix, parent and base of a version, and the curriculum for two nodes."""
    tree = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
    parent = tree["versions"][options.version]["parent"]
    for part in {paths.mix(options.version), paths.BASE_MODEL, paths.adapter(parent)}:
        shutil.copytree(part, folder / part)
    profile = tree["profiles"][tree["profile"]]
    launch = {"processes": 2, "strategy": strategy, "nodes": 2, "rendezvous": f"{ADDRESSES[0]}:29400", "patience": 120}
    profile |= {"batch_size": profile["global_batch_size"] // 2, "launch": launch, "checkpoint_steps": 10}
    profile |= {"budget": {"tokens": options.tokens}, "optimizer": "adamw_torch"}
    tree["chain"]["lora"]["dropout"] = 0.1  # each process draws numbers of its own
    (folder / paths.PARAMS).write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


def settings(root: Path) -> dict[str, Any]:
    """How the processes of a workspace are shared out."""
    tree = yaml.safe_load((root / paths.PARAMS).read_text(encoding="utf-8"))
    return dict(tree["profiles"][tree["profile"]]["launch"])


def write(root: Path, launch: dict[str, Any]) -> None:
    """Share them out otherwise."""
    tree = yaml.safe_load((root / paths.PARAMS).read_text(encoding="utf-8"))
    tree["profiles"][tree["profile"]]["launch"] = launch
    (root / paths.PARAMS).write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


def stage(root: Path, version: str) -> subprocess.Popen[str]:
    """The stage, on the first node."""
    return _started(NODES[0], root, ["stages.train", version])


def join(root: Path, version: str) -> subprocess.Popen[str]:
    """The other node."""
    return _started(NODES[1], root, ["lineage.cli", "join", version])


def _started(node: str, root: Path, words: list[str]) -> subprocess.Popen[str]:
    """`ip netns exec` becomes the program that it starts, so a signal reaches Python itself."""
    return subprocess.Popen(
        ["ip", "netns", "exec", node, sys.executable, "-m", *words],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KRX_PREFETCH": "0", "KRX_TRAIN_AGAIN": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def must_end_well(process: subprocess.Popen[str]) -> None:
    """Wait for a process; a failure is shown."""
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(said)


def wait_for(file: Path) -> None:
    """Until a file is there."""
    while not file.exists():
        time.sleep(0.1)


if __name__ == "__main__":
    main()

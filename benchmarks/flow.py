"""What a flow costs beside `dvc repro`: `python -m benchmarks.flow` rebuilds one version by both, in turn.

    one version    1.08 × dvc repro as Prefect counts, 1.12 × by the clock, 1.10 × its CPU seconds
    nothing to do  1.31 × …

`python -m benchmarks.flow --whole` builds the whole lineage from nothing by both instead, in a clone each.

A clone of this checkout, its curriculum cut down to the first version, is built once; then each run trains it anew with
another rate. The flow asks a Prefect server that runs already, as behind `lineage ui`. Prefect counts from the flow's
first line to its last; the clock is that of the flow's own process, with the import of Prefect.
`--keep FOLDER` keeps the clone and goes on in it; `--tokens N` trains for less.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import yaml

from lineage.core.errors import LineageError

DVC = [sys.executable, "-m", "dvc", "repro"]
FLOW = [sys.executable, "-m", "flows.lineage_flow"]
Cost = tuple[float, float, float]  # seconds as Prefect counts, by the clock, and of processors with children


def main() -> None:
    """Build, measure in pairs, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--keep", type=Path, help="a folder for the clone, which then stays")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--tokens", type=int, help="the budget of a training, instead of the profile's")
    parser.add_argument("--whole", action="store_true", help="the whole lineage from nothing, once by each")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        os.environ |= {"KRX_PREFETCH": "0", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        if asked.whole:
            whole(Path(scratch), running)
            return
        place = (asked.keep or Path(scratch, "clone")).absolute()
        clone(Path.cwd(), place)
        version = only_the_first(asked.tokens)
        train_with(version, 1.0)
        cost(DVC)
        serve(running)
        cost(FLOW)
        since = time.time() % 1e6  # in a clone that was kept, an earlier run's trainings must not be taken up
        rates = (1 + (since + step) / 1e9 for step in range(1000))
        one: list[tuple[Cost, Cost]] = []
        for _ in range(asked.pairs):
            costs = []
            for command in (DVC, FLOW):
                train_with(version, next(rates))
                costs.append(cost(command))
            one.append((costs[0], costs[1]))
        print(line("one version", one))
        print(line("nothing to do", [(cost(DVC), cost(FLOW)) for _ in range(asked.pairs)]))
        os.chdir("/")


def whole(scratch: Path, running: ExitStack) -> None:
    """Build the whole lineage by both, each in a clone that has nothing yet."""
    source = Path.cwd()
    clone(source, scratch / "by_dvc")
    by_dvc = cost(DVC)
    clone(source, scratch / "by_flow")
    serve(running)
    print(line("whole lineage", [(by_dvc, cost(FLOW))]))
    os.chdir(source)


def clone(source: Path, place: Path) -> None:
    """Go on in a clone of `source`, which is made unless it is there."""
    if not (place / "dvc.yaml").is_file():
        subprocess.run(["git", "clone", "--quiet", str(source), str(place)], check=True)
    os.chdir(place)


def serve(running: ExitStack) -> None:
    """Start the Prefect server that the flows ask, in the folder of now."""
    from flows.kept import answers, server
    from flows.serve import prefect_command

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    process = running.enter_context(server("prefect", prefect_command(port)))
    answers("prefect", f"http://127.0.0.1:{port}/api/health", process)


def only_the_first(tokens: int | None) -> str:
    """Cut the curriculum down to its first version, so that nothing else waits to be built; its name."""
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    version = next(iter(tree["versions"]))
    tree["versions"] = {version: tree["versions"][version]}
    if tokens:
        tree["profiles"][tree["profile"]]["budget"] = {"tokens": tokens}
    _write(tree)
    return str(version)


def train_with(version: str, rate: float) -> None:
    """Another learning rate, which makes the version stale and nothing before it."""
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["versions"][version]["train"]["lr_scale"] = rate
    _write(tree)


def cost(command: list[str]) -> Cost:
    """What a command takes; it must succeed."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    counted = clock = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise LineageError(
            f"{' '.join(command[1:])} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}"
        )
    if command == FLOW:
        last = {"sort": "START_TIME_DESC", "limit": 1}
        counted = httpx.post(f"{os.environ['PREFECT_API_URL']}/flow_runs/filter", json=last).json()[0]["total_run_time"]
    return counted, clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def line(what: str, pairs: list[tuple[Cost, Cost]]) -> str:
    """The median ratios of the pairs, and every pair's seconds."""
    told = []
    for i, how in enumerate(("as Prefect counts", "by the clock", "of its CPU seconds")):
        ratio = statistics.median(flow[i] / dvc[i] for dvc, flow in pairs)
        told.append(f"{ratio:.2f} × {how} ({', '.join(f'{flow[i]:.1f}/{dvc[i]:.1f}' for dvc, flow in pairs)})")
    return f"{what:<14} dvc repro {'; '.join(told)}"


def _write(tree: object) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

"""The work pool of `prefect.yaml`, set up by the commands at its head as they stand: `python -m benchmarks.work_pool`.

    8 commands of prefect.yaml, all as written
    lineage/workers: Completed, after 21 s
    asked for behind it: nightly, workers, urgent; begun: urgent, workers, nightly

A Prefect server, and a clone of this checkout with a graph of stand-in stages that sleep. Of the head's commands the
worker is the last; then come the runs. While the first is at work, three more are asked for, the most urgent last.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from benchmarks.machines import commit, workspace

QUEUES = ("nightly", "workers", "urgent")  # the deployments that share the pool, the least urgent first
PATIENCE = 600.0  # seconds for the runs, on a busy machine
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def main() -> None:
    """Set up, run, and print what happened in which order; exit with 1 if it is not what the file says."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of a stand-in for a training")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="work-pool-") as scratch, ExitStack() as running:
        root = Path(scratch)
        whole = workspace(root, asked.seconds)
        commit(whole, 1)
        api = served(root, running)
        *setup, worker = commands(whole / "prefect.yaml", api)
        shell = {"cwd": whole, "env": environment(root)}
        for command in setup:
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, **shell)  # type: ignore[call-overload]
        print(f"{len(setup) + 1} commands of prefect.yaml, all as written", flush=True)
        log = running.enter_context((root / "worker.log").open("wb"))
        process = subprocess.Popen(worker, shell=True, start_new_session=True, stdout=log, stderr=log, **shell)  # type: ignore[call-overload]
        running.callback(process.wait)
        running.callback(os.killpg, process.pid, signal.SIGTERM)
        begun = time.monotonic()
        first = start(api, "lineage/workers", {"versions": ["v1"]})
        until(lambda: state(api, first) == "RUNNING", root)
        waiting = {name: start(api, f"lineage/{name}", {"versions": ["v1"], "force": True}) for name in QUEUES}
        until(lambda: state(api, first) in FINAL, root)
        ended = run(api, first)["state"]["name"]
        print(f"lineage/workers: {ended}, after {time.monotonic() - begun:.0f} s", flush=True)
        until(lambda: all(state(api, one) in FINAL for one in waiting.values()), root)
        order = sorted(QUEUES, key=lambda name: run(api, waiting[name])["start_time"])
        print(f"asked for behind it: {', '.join(QUEUES)}; begun: {', '.join(order)}")
        others = {run(api, one)["state"]["name"] for one in waiting.values()}
        print(f"they ended as {', '.join(sorted(others))}")
        sys.exit(order != list(reversed(QUEUES)) or others | {ended} != {"Completed"})


def commands(file: Path, api: str) -> list[str]:
    """The commands of the head up to the worker, with this server for `<server>`."""
    lines = re.findall(r"^#   ((?:KRX_\S+ )?prefect .*?)(?: {2,}#.*)?$", file.read_text(encoding="utf-8"), re.M)
    end = next(number for number, line in enumerate(lines) if "worker start" in line)
    return [line.replace("http://<server>:4200/api", api) for line in lines[: end + 1]]


def served(root: Path, running: ExitStack) -> str:
    """A Prefect server; its API's address."""
    from flows.kept import answers, server
    from flows.serve import prefect_command

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (root / "server").mkdir()
    os.environ["PREFECT_HOME"] = str(root / "server")
    process = running.enter_context(server("prefect", prefect_command(port)))
    answers("prefect", f"http://127.0.0.1:{port}/api/health", process)
    return f"http://127.0.0.1:{port}/api"


def environment(root: Path) -> dict[str, str]:
    """That of a person's shell with this installation: a home of its own for Prefect, and nothing else of ours."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "KRX_", "PYTHON"))}
    (root / "home").mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return mine | {"PREFECT_HOME": str(root / "home"), "PATH": path, "KRX_PREFETCH": "0"}


def start(api: str, deployment: str, parameters: dict[str, Any]) -> str:
    """Ask for a run; its id. A server that says that it is busy (its SQLite is locked) is asked again."""
    identity = httpx.get(f"{api}/deployments/name/{deployment}", timeout=60).raise_for_status().json()["id"]
    given = {"parameters": parameters}
    while True:
        answer = httpx.post(f"{api}/deployments/{identity}/create_flow_run", json=given, timeout=60)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            if answer.is_error:
                sys.exit(f"{deployment}: {answer.text}")
            return str(answer.json()["id"])
        time.sleep(1)


def run(api: str, identity: str) -> dict[str, Any]:
    """What Prefect knows of a run."""
    return dict(httpx.get(f"{api}/flow_runs/{identity}", timeout=60).raise_for_status().json())


def state(api: str, identity: str) -> str:
    """The type of a run's state."""
    return str(run(api, identity)["state"]["type"])


def until(true: Any, root: Path) -> None:
    """Wait for something; what the worker said, if it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            sys.exit((root / "worker.log").read_text(encoding="utf-8")[-4000:])
        time.sleep(0.5)


if __name__ == "__main__":
    main()

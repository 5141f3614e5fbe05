"""Two workers on one tree, one of them killed: `python -m benchmarks.machines` compares with a build on one machine.

    round 1: 14 stages handed out, 5 kills (3 machine, 1 flow, 1 worker): the lock and 31 files are those of one machine
    …
    20 kills in 4 rounds, all equal

One Prefect server, one DVC remote (a folder), a workspace and two workers, each with a clone of its own; branches of a
tree of versions side by side. The stages are stand-ins that sleep and then write what follows from their inputs, so
that a round takes minutes. One worker is killed at random moments until there were `--kills` of them, and works on
again a moment later: all of its processes at once, as a machine that is switched off; the flow's process alone; or the
worker's alone, whose flow lives on. Each round is another commit, so that nothing of the last one helps.
With `--clock` the other worker's clock is wrong by so many hours (`faketime` has to be there); with `--outage` the
remote is away for so many seconds in every round.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

POOL = "machines"
GRAPH = """\
stages:
  check:
    cmd: python stand_in.py 0 out/excerpt input.txt && echo checked > out/checked
    deps: [input.txt, stand_in.py]
    outs: [out/checked: {cache: false, persist: true}, out/excerpt]
  mix:
    foreach: [v1, v2, v3, v4, v5, v6]
    do:
      cmd: python stand_in.py 0 out/mix/${item} out/excerpt
      deps: [out/checked, out/excerpt, stand_in.py]
      outs: ["out/mix/${item}"]
  train:
    foreach: {v1: out/checked, v2: out/train/v1, v3: out/train/v1, v4: out/train/v3, v5: out/train/v3, v6: out/checked}
    do:
      cmd: python stand_in.py SECONDS out/train/${key} ${item} out/mix/${key}
      deps: [stand_in.py, "${item}", "out/mix/${key}"]
      outs: ["out/train/${key}"]
  evaluate:
    foreach: [v1, v2, v3, v4, v5, v6]
    do:
      cmd: python stand_in.py SECONDS out/evaluate/${item} out/train/${item} out/mix
      deps: [stand_in.py, "out/train/${item}", out/mix]
      outs: ["out/evaluate/${item}"]
  report:
    cmd: python stand_in.py 0 out/report out/evaluate out/train
    deps: [stand_in.py, out/evaluate, out/train]
    outs: [out/report]
"""
STAND_IN = '''\
"""Sleep, then write a folder that follows from the inputs: `python stand_in.py SECONDS OUT INPUT…`."""
import hashlib, sys, time
from pathlib import Path
seconds, out, inputs = float(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
found = [file for place in inputs for file in ([place] if place.is_file() else place.rglob("*"))]
files = sorted(file for file in found if file.is_file())
made = hashlib.sha256(b"".join(file.as_posix().encode() + file.read_bytes() for file in files)).hexdigest()
out.mkdir(parents=True, exist_ok=True)
(out / "half").write_text(made[:32])          # what a killed stage leaves
time.sleep(seconds)
(out / "half").unlink()
(out / "weights").write_text(made * 1000)
(out / "record").write_text(made)
'''


def main() -> None:
    """Rounds until there were enough kills; exit with 1 at the first that differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a stand-in for a training")
    parser.add_argument("--between", type=float, nargs=2, default=(8.0, 40.0), help="seconds from one kill to the next")
    parser.add_argument("--clock", type=float, default=0.0, help="hours by which the other worker's clock is wrong")
    parser.add_argument("--outage", type=float, default=0.0, help="seconds without the remote, in every round")
    parser.add_argument(
        "--restart", action="store_true", help="kill the rebuild itself too, once a round, and run it again"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new folder for everything, which then stays")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        root = (asked.keep or Path(scratch, "machines")).absolute()
        root.mkdir(parents=True)
        whole = workspace(root, asked.seconds)
        serve(root, whole, running)
        killed = Worker(root, "w1", whole)
        other = Worker(root, "w2", whole, asked.clock)
        running.callback(killed.end)
        running.callback(other.end)
        other.start()
        done, rounds = 0, 0
        while done < asked.kills:
            rounds += 1
            commit(whole, rounds)
            with Killer(killed, chance, asked.between, asked.kills - done) as killer:
                lost = threading.Thread(target=away, args=(root / "remote", asked.outage)) if asked.outage else None
                if lost:
                    lost.start()
                rebuild(whole, root / f"round{rounds}.log", chance.uniform(30, 90) if asked.restart else None)
                if lost:
                    lost.join()
            done += sum(killer.kills.values())
            compare(root, whole, rounds, killer.kills)
    print(f"{done} kills in {rounds} rounds, all equal")


def workspace(root: Path, seconds: float) -> Path:
    """A clone of this checkout with the stand-in's graph, and a remote."""
    whole = root / "whole"
    git(root, "clone", "--quiet", str(Path.cwd()), str(whole))
    (whole / "dvc.yaml").write_text(GRAPH.replace("SECONDS", str(seconds)), encoding="utf-8")
    (whole / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
    (whole / "dvc.lock").unlink()
    config = whole / ".dvc/config"
    text = config.read_text(encoding="utf-8").replace("[core]\n", "[core]\n    remote = shared\n", 1)
    config.write_text(f"{text}['remote \"shared\"']\n    url = {root / 'remote'}\n", encoding="utf-8")
    with (whole / ".gitignore").open("a", encoding="utf-8") as ignored:
        ignored.write("/out\n")
    return whole


def commit(whole: Path, number: int) -> None:
    """A round's own input, and nothing of the last round in the lock."""
    (whole / "input.txt").write_text(f"round {number}\n", encoding="utf-8")
    (whole / "dvc.lock").unlink(missing_ok=True)
    git(whole, "add", "--all")
    git(whole, "commit", "--quiet", "--message", f"round {number}")


def serve(root: Path, whole: Path, running: ExitStack) -> None:
    """A server, the pool of the workers, and the deployment, as docs/several-machines.md says."""
    from flows.kept import answers, server
    from flows.serve import prefect_command

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": str(root / "prefect")}
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (root / "prefect").mkdir(exist_ok=True)
    process = running.enter_context(server("prefect", prefect_command(port)))
    answers("prefect", f"http://127.0.0.1:{port}/api/health", process)
    for command in (["work-pool", "create", POOL, "--type", "process"], ["--no-prompt", "deploy", "--name", "worker"]):
        subprocess.run([sys.executable, "-m", "prefect", *command], cwd=whole, check=True, stdout=subprocess.DEVNULL)


class Worker:
    """`prefect worker start` with a folder of its own."""

    def __init__(self, root: Path, name: str, whole: Path, hours: float = 0.0) -> None:
        self.root, self.name, self.hours = root, name, hours
        self.environment = os.environ | {
            "KRX_WORKSPACE": str(root / name),
            "KRX_REPOSITORY": str(whole),
            "PREFECT_HOME": str(root / f"prefect-{name}"),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to work; what it says goes to its log."""
        wrong = ["faketime", "-f", f"{self.hours:+g}h"] if self.hours else []
        words = ["worker", "start", "--pool", POOL, "--name", self.name, "--limit", "1"]
        with (self.root / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*wrong, sys.executable, "-m", "prefect", *words],
                env=self.environment,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def alive(self) -> list[psutil.Process]:
        """It and all that it has started, youngest last; nothing if it is dead."""
        try:
            me = psutil.Process(self.process.pid if self.process else -1)
            return [me, *me.children(recursive=True)]
        except (psutil.NoSuchProcess, ValueError):
            return []

    def kill(self, how: str) -> bool:
        """SIGKILL to the machine, to the flow's process, or to the worker; whether there was such a process."""
        found = self.alive()
        if how == "flow":
            found = [one for one in found if _runs(one, "_workspace_supervisor") or _runs(one, "prefect.engine")]
        elif how == "worker":
            found = found[:1]
        for one in found:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        if self.process and how != "flow":
            self.process.wait()
        return bool(found)

    def end(self) -> None:
        """All of it."""
        self.kill("machine")


def _runs(process: psutil.Process, what: str) -> bool:
    try:
        return any(what in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


class Killer(threading.Thread):
    """Kills a worker at random moments while its block is at work, and starts it again."""

    def __init__(self, worker: Worker, chance: random.Random, between: tuple[float, float], left: int) -> None:
        super().__init__(daemon=True)
        self.worker, self.chance, self.between, self.left = worker, chance, between, left
        self.kills: Counter[str] = Counter()
        self.over = threading.Event()

    def __enter__(self) -> "Killer":
        if not self.worker.alive():
            self.worker.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        """Until the block ends, or there were enough."""
        while sum(self.kills.values()) < self.left and not self.over.wait(self.chance.uniform(*self.between)):
            how = self.chance.choice(["machine", "machine", "flow", "worker"])
            self.kills[how] += self.worker.kill(how)
            if not self.worker.alive():
                self.worker.start()


def rebuild(whole: Path, log: Path, killed_after: float | None) -> None:
    """The flow that hands out, to its end; killed once after some seconds, if it is to be."""
    command = [sys.executable, "-m", "flows.across_flow"]
    environment = os.environ | {"KRX_LEASE_SECONDS": "45", "PYTHONPATH": str(whole)}
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=whole, env=environment, stdout=output, stderr=subprocess.STDOUT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(killed_after)
        if process.poll() is None:
            process.kill()
            process.wait()
            process = subprocess.Popen(command, cwd=whole, env=environment, stdout=output, stderr=subprocess.STDOUT)
            process.wait()
    if process.returncode:
        sys.exit(f"the rebuild failed:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


def away(remote: Path, seconds: float) -> None:
    """Take the remote away for a while, when there is something in it."""
    while not (remote / "files").is_dir():
        time.sleep(0.5)
    time.sleep(seconds)
    hidden = remote.with_name("away")
    remote.rename(hidden)
    remote.touch()  # or DVC would make a new one
    time.sleep(seconds)
    remote.unlink()
    hidden.rename(remote)


def compare(root: Path, whole: Path, number: int, kills: Counter[str]) -> None:
    """With `dvc repro` of the same commit in a clone that knows no remote."""
    serial = root / "serial"
    shutil.rmtree(serial, ignore_errors=True)
    git(root, "clone", "--quiet", str(whole), str(serial))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-m", "dvc", "repro", "--quiet"], cwd=serial, env=environment, check=True)
    files = sorted(file.relative_to(serial) for file in (serial / "out").rglob("*") if file.is_file())
    there = sorted(file.relative_to(whole) for file in (whole / "out").rglob("*") if file.is_file())
    differ = [str(file) for file in files if file not in there or digest(whole / file) != digest(serial / file)]
    differ += [f"{file} (only here)" for file in there if file not in files]
    if locked(whole) != locked(serial):
        differ.append("dvc.lock")
    said = (root / f"round{number}.log").read_text(encoding="utf-8", errors="replace")
    out, again = said.count(" is handed out\n"), said.count(" is handed out again: ")
    how = ", ".join(f"{count} {what}" for what, count in sorted(kills.items()) if count)
    told = (
        f"round {number}: {out} stages handed out, {again} of them again, {sum(kills.values())} kills ({how or 'none'})"
    )
    if differ:
        sys.exit(f"{told}: these differ from one machine's: {', '.join(differ)}")
    print(f"{told}: the lock and {len(files)} files are those of one machine", flush=True)


def locked(folder: Path) -> dict[str, str]:
    """The entries of a lock, by stage."""
    from lineage.planning.lock_text import LockText

    return dict(LockText.of((folder / "dvc.lock").read_text(encoding="utf-8"), str(folder)).entries)


def digest(file: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def git(folder: Path, *arguments: str) -> None:
    """A command of git, by nobody in particular."""
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    main()

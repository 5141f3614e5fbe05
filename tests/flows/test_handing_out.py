"""Two workers with checkouts of their own and one remote, no server: whoever works, the lock is that of `dvc repro`."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from flows.handing_out import Handout, Seen, accept
from flows.leases import Leases
from flows.own_checkout import commit_of
from flows.repro import one_dvc
from flows.warm_dvc import WarmDvc
from flows.work_order import Delivery, Order
from lineage.core.declaration import declarations
from lineage.core.errors import LineageError
from lineage.planning.dvc_graph import read_graph, stale
from lineage.planning.lock_merge import LockConflict
from lineage.planning.lock_text import LockText
from tests.workspace import git, kill_group

GRAPH = """\
stages:
  check:
    cmd: mkdir -p out/excerpt && echo checked > out/check && echo one > out/excerpt/one
    deps: [input.txt]
    outs: [out/check: {cache: false, persist: true}, out/excerpt]
  train:
    foreach: [v1, v2]
    do:
      cmd: "if test -f ../hold; then echo $$ > ../held; sleep 300; fi;
        mkdir -p out/train && cat input.txt > out/train/${item}"
      deps: [input.txt, out/check, out/excerpt]
      outs: ["out/train/${item}"]
  report:
    cmd: cat out/train/* > out/report
    deps: [out/train]
    outs: [out/report]
"""
STAGES = ["check", "train@v1", "train@v2", "report"]
WORKER = """\
import os, sys
from pathlib import Path
from flows.fulfilment import fulfil
from flows.own_checkout import own_checkout
from flows.repro import one_dvc
from flows.warm_dvc import WarmDvc
from flows.work_order import Order
order = Order.model_validate_json(Path(sys.argv[1]).read_text())
os.environ["KRX_COMMIT"] = order.commit
own_checkout()
with one_dvc() as dvc:
    made = fulfil(order, dvc, print)
Path(sys.argv[1]).with_suffix(".made").write_text(made.model_dump_json())
"""


class Folders:
    """Workers that are processes of this machine, each with a folder of its own; an attempt is a file."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root, self.free, self.waiting = root, list(names), list[Path]()
        self.work: dict[Path, tuple[str, subprocess.Popen[bytes]]] = {}
        self.dead: set[Path] = set()

    def hand_out(self, order: Order) -> str:
        file = self.root / f"order{len(self.work) + len(self.waiting)}-{order.stage}.json"
        file.write_text(order.model_dump_json(), encoding="utf-8")
        self.waiting.append(file)
        return str(file)

    def look(self, attempts: Sequence[str]) -> dict[str, Seen]:
        while self.waiting and self.free:
            self.start(self.waiting.pop(0), self.free.pop(0))
        if (held := self.root / "w1/held").is_file() and not self.dead and held.read_text().strip():
            self.switch_off("w1", int(held.read_text()))
        return {attempt: self.seen(Path(attempt)) for attempt in attempts}

    def start(self, file: Path, name: str) -> None:
        environment = os.environ | {
            "KRX_WORKSPACE": str(self.root / name / "w"),
            "KRX_REPOSITORY": str(self.root / "workspace"),
        }
        log = file.with_suffix(".log").open("wb")
        command = [sys.executable, "-c", WORKER, str(file)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.work[file] = (name, process)

    def seen(self, file: Path) -> Seen:
        if file not in self.work:
            return Seen("waits")
        name, process = self.work[file]
        if process.poll() is None or file in self.dead:
            return Seen("works", sign=None if file in self.dead else os.urandom(4))
        if name not in self.free:
            self.free.append(name)
        if process.returncode:
            return Seen("failed", told=file.with_suffix(".log").read_text())
        made = file.with_suffix(".made").read_text()
        return Seen("delivered", delivery=Delivery.model_validate_json(made))

    def give_up(self, attempt: str, why: str) -> None:
        assert "no sign of life" in why, why
        self.free.append(self.work[Path(attempt)][0])

    def switch_off(self, name: str, stage: int) -> None:
        """A machine, in the middle of its stage."""
        file, process = next((file, one) for file, (who, one) in self.work.items() if who == name)
        self.dead.add(file)
        kill_group(process)
        process.wait()
        with suppress(ProcessLookupError):  # what guards it was as fast
            os.kill(stage, signal.SIGKILL)
        (self.root / name / "hold").unlink()


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a remote, committed, from which workers clone."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    remote = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {workspace.parent}/remote\n"
    for name, text in (("dvc.yaml", GRAPH), (".gitignore", "/out\n.state\n"), (".dvc/config", remote)):
        (workspace / name).write_text(text, encoding="utf-8")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "a workspace")
    return workspace


def rebuild(hands: Folders) -> list[str]:
    """As the flow does it; what it said."""
    said: list[str] = []
    with one_dvc() as dvc:
        graph, touched = read_graph(dvc.ask), set(stale(dvc.ask))
        leases = Leases(1.0)
        Handout(dvc, commit_of(), graph, declarations(), touched, set(), hands, said.append, leases, pause=0.05).run(
            STAGES
        )
    return said


@pytest.mark.slow
def test_a_worker_is_killed_and_the_lock_is_that_of_one_machine(here: Path, tmp_path: Path) -> None:
    (tmp_path / "remote").touch()
    with pytest.raises(LineageError, match="what train@v1 stands on could not be given to DVC's remote"):
        rebuild(Folders(tmp_path, []))
    (tmp_path / "remote").unlink()
    (tmp_path / "w1").mkdir()
    (tmp_path / "w1/hold").touch()
    said = rebuild(Folders(tmp_path, ["w1", "w2"]))
    assert "train@v1 is handed out again: its worker has given no sign of life for 1 seconds" in said
    git(tmp_path, "clone", "--quiet", "workspace", "serial")
    subprocess.run([sys.executable, "-m", "dvc", "repro", "--quiet", *STAGES], cwd=tmp_path / "serial", check=True)
    for file in ("dvc.lock", "out/report", "out/train/v2"):
        assert (here / file).read_text() == (tmp_path / "serial" / file).read_text()


def test_a_late_delivery_that_contradicts_what_was_made_meanwhile_is_refused(here: Path) -> None:
    def entry(code: str, made: str) -> str:
        text = f"  train@v1:\n    cmd: {declarations()['train@v1'].command}\n    deps:\n"
        for path, md5 in (("input.txt", code), ("out/check", "2"), ("out/excerpt", "3.dir")):
            text += f"    - path: {path}\n      hash: md5\n      md5: {md5}\n"
        return f"{text}    outs:\n    - path: out/train/v1\n      hash: md5\n      md5: {made}\n"

    (here / "dvc.lock").write_text(LockText({"train@v1": entry("c0de", "aaa")}).text(), encoding="utf-8")
    order = Order(commit="3f2a", stage="train@v1", lock={"train@v1": entry("01d", "bbb")}, files={})
    late = Delivery(commit="3f2a", stage="train@v1", entry=entry("c0de", "ccc"), outcome="rebuilt", worker="w9")
    with pytest.raises(LockConflict, match=r"made out/train/v1: aaa in dvc\.lock here, ccc in the delivery of w9"):
        accept(order, late, declarations(), WarmDvc())
    with pytest.raises(LineageError, match="w9 delivered train@v1 of commit 77, asked for was train@v1 of 3f2a"):
        accept(order, late.model_copy(update={"commit": "77"}), declarations(), WarmDvc())
    assert "aaa" in (here / "dvc.lock").read_text()

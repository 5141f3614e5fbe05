"""DVC as the flows use it, on a workspace whose stages are shell commands."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.former_outs import _put
from flows.repro import for_versions, must_be_built, of_versions, one_dvc, reproduce
from flows.warm_dvc import PROCESS_GUARD
from lineage.artifacts.not_built import NotBuilt, write_not_built
from lineage.core import paths
from lineage.core.dvc_cache import CachedObjects
from lineage.core.errors import LineageError, Preempted
from lineage.planning.dvc_graph import in_order, read_graph, stale, upstream

GRAPH = {
    "check": frozenset[str](),
    "publish": frozenset({"report"}),
    "mix@v1": frozenset({"check"}),
    "train@v2": frozenset({"train@v1", "mix@v2"}),
    "mix@v2": frozenset({"check"}),
    "train@v1": frozenset({"mix@v1"}),
    "report": frozenset({"train@v1", "train@v2"}),
}


def test_a_stage_comes_after_what_it_waits_for() -> None:
    order = in_order(GRAPH)
    assert sorted(order) == sorted(GRAPH)
    assert all(order.index(before) < order.index(stage) for stage, all_ in GRAPH.items() for before in all_)


def test_one_version_brings_its_ancestors_and_what_is_everybodys() -> None:
    assert for_versions(GRAPH, ["v1"], ["v1", "v2"]) == ["check", "mix@v1", "train@v1", "report", "publish"]
    assert set(for_versions(GRAPH, ["v2"], ["v1", "v2"])) == set(GRAPH)
    assert for_versions(GRAPH, [], ["v1", "v2"]) == in_order(GRAPH)


def test_what_force_means() -> None:
    assert of_versions(in_order(GRAPH), ["v2"]) == {"mix@v2", "train@v2"}
    assert upstream(GRAPH, {"train@v1"}) == {"train@v1", "mix@v1", "check"}


def test_the_graph_is_what_dvc_says(workspace: Path) -> None:
    graph = read_graph()
    assert graph["train@v2"] == {"train@v1"}
    assert graph["report"] == {"train@v1", "train@v2", "train@v3"}
    assert {"check", "train@v1", "report"} <= set(stale())


def test_a_graph_that_dvc_refuses_is_said_in_its_words(workspace: Path) -> None:
    (workspace / "dvc.yaml").write_text("stages: {a: {cmd: x, outs: [b]}, c: {cmd: x, outs: [b]}}", encoding="utf-8")
    with pytest.raises(LineageError, match="b"):
        read_graph()


def test_a_stage_is_rebuilt_then_fresh_then_restored(workspace: Path) -> None:
    lines: list[str] = []
    reproduce("check", lines.append)
    assert reproduce("train@v1", lines.append) == "rebuilt"
    assert "training v1" in lines
    assert not [line for line in lines if "git add" in line]
    assert reproduce("train@v1", lines.append) == "fresh"
    assert "train@v1" not in stale()
    assert reproduce("train@v1", lines.append, force=True) == "rebuilt"
    (workspace / "input.txt").write_text("two\n", encoding="utf-8")
    assert stale()["train@v1"] == ["input.txt modified"]
    reproduce("train@v1", lines.append)
    (workspace / "input.txt").write_text("one\n", encoding="utf-8")
    assert reproduce("train@v1", lines.append) == "restored"
    graph = workspace / "dvc.yaml"  # a stage that does not end well leaves what it had made before
    graph.write_text(graph.read_text().replace("cmd: echo training", "cmd: test -e out/train_v1 ||"), encoding="utf-8")
    with pytest.raises(LineageError):
        reproduce("train@v1", lines.append)
    assert (workspace / "out/train_v1").read_text() == "one\n"
    assert "the former out/train_v1 is back in its place" in lines


def test_a_folder_comes_back_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"adapter/weights": b"1", "lineage.json": b"{}"}
    listing = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    rows = json.dumps([{"md5": oid, "relpath": name} for name, oid in sorted(listing.items())]).encode()
    folder = hashlib.md5(rows).hexdigest() + ".dir"
    for oid, data in {folder: rows, **{listing[name]: data for name, data in files.items()}}.items():
        place = tmp_path / "cache/files/md5" / oid[:2] / oid[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    cache = CachedObjects(tmp_path / "cache")
    assert _put(Path("models/v1"), folder, cache)
    assert {name: (tmp_path / "models/v1" / name).read_bytes() for name in files} == files
    place = cache.place(listing["lineage.json"])
    assert place
    place.write_bytes(b"cut")
    assert not _put(Path("models/v2"), folder, cache) and not Path("models/v2").exists()


def test_one_dvc_does_for_many_stages_what_one_each_does(workspace: Path) -> None:
    """Also after a stage that failed, and after the process was ended from outside."""
    lines: list[str] = []
    with one_dvc() as dvc:
        assert read_graph(dvc.ask) == read_graph()
        assert stale(dvc.ask) == stale()
        assert reproduce("check", lines.append) == "rebuilt"
        with pytest.raises(LineageError, match="no such column"):
            reproduce("refused", lines.append)
        assert reproduce("train@v1", lines.append) == "rebuilt"
        assert "train@v1" not in stale(dvc.ask)
        with pytest.raises(LineageError, match="no-such-stage"):
            dvc.ask("status", "no-such-stage")
        process = dvc._process
        assert process
        os.killpg(int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()), signal.SIGTERM)
        process.wait(timeout=30)
        assert reproduce("train@v1", lines.append, force=True) == "rebuilt"
    assert lines.count("training v1") == 2


def test_what_a_stage_prints_is_text(workspace: Path) -> None:
    graph = workspace / "dvc.yaml"
    graph.write_text("stages: {loud: {cmd: \"printf '\\\\033[2J<b>[red]\\\\n'\"}}", encoding="utf-8")
    lines: list[str] = []
    reproduce("loud", lines.append)
    assert "␛[2J<b>[red]" in lines


def test_a_stage_that_left_a_note_is_not_built_whatever_dvc_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("flows.warm_dvc.WarmDvc.run", lambda self, command, say, variables: say("Running stage") or 0)
    assert reproduce("mix@v2", print) == "rebuilt"
    write_not_built(paths.mix("v2"), NotBuilt(version="v2"))
    assert reproduce("mix@v2", print) == "not built" and reproduce("mix@v1", print) == "rebuilt"


def test_a_run_that_was_asked_for_a_version_does_not_end_well_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_not_built(paths.mix("v2"), NotBuilt(version="v2", no_rows={"rules": "no rows came in"}))
    write_not_built(paths.adapter("v2"), NotBuilt(version="v2"))
    must_be_built([])
    must_be_built(["v1"])
    with pytest.raises(LineageError, match=r"1 of the versions.*\(v2: no rows of rules\)"):
        must_be_built(["v1", "v2"])


def test_a_failed_stage_gives_what_it_said_for_people(workspace: Path) -> None:
    with pytest.raises(LineageError) as error:
        reproduce("refused", lambda _: None)
    assert "refused: data/x: no such column; rename it (exit code" in str(error.value)
    assert "dvc repro refused" in str(error.value)


def test_a_stage_that_was_stopped_says_so_and_goes_on(workspace: Path) -> None:
    with pytest.raises(Preempted, match=r"^stopped: v1: stopped at step 3/9$"):
        reproduce("stopped", lambda _: None)
    assert reproduce("stopped", lambda _: None) == "rebuilt"
    assert (workspace / "out/stopped").read_text() == "went on\n"


def test_how_a_stage_died_is_told_apart(workspace: Path) -> None:
    with pytest.raises(Preempted, match="ended: stopped by a signal; again by hand"):
        reproduce("ended", lambda _: None)
    with pytest.raises(LineageError, match=r"killed: killed \(SIGKILL\), most likely .* memory.*batch_size") as error:
        reproduce("killed", lambda _: None)
    assert not isinstance(error.value, Preempted)


@pytest.mark.parametrize(
    ("stage", "how"),
    [("slow", signal.SIGTERM), ("slow", signal.SIGINT), ("slow", signal.SIGKILL), ("deaf", signal.SIGTERM)],
)
def test_no_stage_outlives_its_flow(workspace: Path, stage: str, how: signal.Signals) -> None:
    """However the flow's process ends, and also a stage that ignores SIGTERM."""
    script = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
    script += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's & has it ignored
    script += f"from flows.repro import reproduce; reproduce({stage!r}, print)"
    flow = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"KRX_GRACE_SECONDS": "1"}, stderr=subprocess.DEVNULL
    )
    pid = workspace / "slow.pid"
    until(lambda: pid.is_file() and pid.read_text().strip() != "")
    working = int(pid.read_text())
    assert alive(working)
    flow.send_signal(how)
    flow.wait(timeout=60)
    until(lambda: not alive(working))
    # The workspace is usable at once: no lock is left.
    assert reproduce("check", lambda _: None) == "rebuilt"


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"sleep 300 & echo $! > {pid}; exit 3"]
    guard = subprocess.Popen([sys.executable, PROCESS_GUARD, *command], stdin=subprocess.PIPE)
    assert guard.wait(timeout=60) == 3
    until(lambda: not alive(int(pid.read_text())))


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not waited for does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False

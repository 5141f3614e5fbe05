"""What new raw files start by themselves, and what starts nothing; a graph as DVC sees it, without a server."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from flows import new_files, new_files_run
from flows.new_files import ALL, News, RawFiles, raw_files
from flows.new_files_run import ask_for_runs, listed, title
from flows.raw_watch import AGAIN, AT_REST, RawWatch, flows_of
from lineage.config.load import load_curriculum
from lineage.core.dvc_cache import Listing, folder_md5, md5
from lineage.planning.dvc_graph import DvcView

ROOT = Path(__file__).parents[2]
RAW = Path("data/raw/own/rules")


class Dvc:
    """DVC as far as the watch asks it: what stages have read of a folder, and whether a command is at work."""

    def __init__(self) -> None:
        self.asked = 0
        self.read: Listing | None = None
        self.busy: dict[str, dict[str, Any]] = {}

    def ingest(self, listing: Listing | None) -> None:
        """What a run of the ingest leaves: the lock, and the list of the files in the cache."""
        self.read = listing
        if listing is not None:
            oid = folder_md5(listing)
            rows = [{"md5": listing[name], "relpath": name} for name in sorted(listing)]
            file = Path("cache/files/md5", oid[:2], oid[2:])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(rows, sort_keys=True), encoding="utf-8")
            lock = {"stages": {"ingest@rules": {"deps": [{"path": RAW.as_posix(), "md5": oid}]}}}
            Path("dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")

    def look(self, _: object) -> DvcView:
        self.asked += 1
        fresh = here() == (self.read or {})
        changed = {"changed deps": {RAW.as_posix(): "modified", "lineage/ingest": "modified"}}
        status = {"ingest@rules": [{"changed deps": {"lineage/ingest": "modified"}} if fresh else changed]}
        return DvcView({}, status, self.busy, Path("cache"), {})


def here() -> Listing:
    return {file.relative_to(RAW).as_posix(): md5(file) for file in RAW.rglob("*") if file.is_file()}


class Watched:
    """The watch with a clock of its own, and the runs that it asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.runs: list[News] = []
        self.watch = RawWatch(self.start, lambda: self.now)

    def start(self, found: News, _: RawFiles) -> str:
        self.runs.append(found)
        return "asked for"

    def after(self, seconds: float) -> str:
        self.now += seconds
        return self.watch.look()

    def at_rest(self) -> str:
        """See what lies there, and look again when it has been at rest."""
        self.after(1)
        return self.after(AT_REST)


@pytest.fixture
def dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dvc:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    data("own")
    (RAW / "2024").mkdir(parents=True)
    found = Dvc()
    monkeypatch.setattr(new_files, "look", found.look)
    return found


def data(which: str) -> None:
    text = Path("params.yaml").read_text(encoding="utf-8")
    for other in ("sample", "own"):
        text = text.replace(f"\ndata: {other}", f"\ndata: {which}")
    assert f"\ndata: {which}" in text
    Path("params.yaml").write_text(text, encoding="utf-8")


def write(name: str, text: str) -> None:
    (RAW / name).write_text(text, encoding="utf-8")


def test_a_batch_starts_one_run_once_its_copy_is_over(dvc: Dvc) -> None:
    write("old.json", "old")
    dvc.ingest(here())
    w = Watched()
    assert w.at_rest() == "raw files are watched, 1 are known" and not w.runs
    for part in range(4):  # a copy in progress: another file, and one that grows
        write("2024/a.json", "a" * part)
        write(f"{part}.json", "x")
        w.after(AT_REST - 1)
    write("big.pdf.part", "half")
    assert "big.pdf.part is still being fetched" in w.at_rest() and not w.runs
    (RAW / "big.pdf.part").rename(RAW / "big.pdf")
    write(".hidden", "x")
    asked = dvc.asked
    w.at_rest()
    assert w.runs == [{"rules": ["0.json", "1.json", "2.json", "2024/a.json", "3.json", "big.pdf"]}]
    assert dvc.asked == asked + 1
    for _ in range(3):  # not even where that run failed, until something changes
        w.after(1000)
    assert len(w.runs) == 1 and dvc.asked == asked + 1
    write("old.json", "new")
    w.at_rest()
    assert "old.json" in w.runs[1]["rules"]


def test_what_was_copied_while_nothing_watched_is_found_and_what_was_read_is_not(dvc: Dvc) -> None:
    write("a.json", "a")
    w = Watched()
    w.at_rest()
    assert w.runs == [{"rules": ["a.json"]}], "never read"
    dvc.ingest(here())
    assert Watched().at_rest() == "raw files are watched, 1 are known"
    write("a.json", "changed")
    later = Watched()
    later.at_rest()
    assert later.runs == [{"rules": [ALL]}]


def test_a_folder_that_only_lost_files_starts_nothing(dvc: Dvc) -> None:
    write("a.json", "a")
    write("b.json", "b")
    dvc.ingest(here())
    (RAW / "a.json").unlink()
    w = Watched()
    w.at_rest()
    shutil.rmtree(RAW)  # a disk that is not there
    w.at_rest()
    assert not w.runs


def test_it_waits_for_a_run_that_reads_the_folder_and_leaves_the_sample_world_alone(dvc: Dvc) -> None:
    write("a.json", "a")
    dvc.busy = {"ingest@rules": {"pid": 1, "cmd": "dvc repro"}}
    w = Watched()
    w.at_rest()
    w.after(AGAIN / 2)
    assert dvc.asked == 1 and not w.runs
    dvc.busy = {}
    w.after(AGAIN)
    assert len(w.runs) == 1
    data("sample")
    Path("data/raw/sample/rules").mkdir(parents=True)
    Path("data/raw/sample/rules/new.json").touch()
    assert "`data: sample`" in w.at_rest() and len(w.runs) == 1


def test_the_run_says_which_files_it_is_about() -> None:
    found = {"rules": [f"{number:02}|규정.json" for number in range(60)], "papers": ["1.pdf"]}
    assert title(found) == "new raw files: 60 of rules, 1 of papers"
    assert "| rules | 00\\|규정.json |" in listed(found) and "| | and 11 more |" in listed(found)
    assert (flows_of(None), flows_of("ingest"), flows_of("rebuild")[1]) == ([], ["ingest/ingest"], "lineage/rebuild")


class Prefect:
    """A server of several workspaces: like Prefect's, it knows one run of a flow for one key, whoever asks for it."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], SimpleNamespace] = {}

    @contextmanager
    def client(self, **_: object) -> Iterator["Prefect"]:
        yield self

    def read_deployment_by_name(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(id=name)

    def create_flow_run_from_deployment(self, deployment: str, idempotency_key: str, **_: object) -> SimpleNamespace:
        state = SimpleNamespace(is_final=lambda: False, is_crashed=lambda: False)
        run = SimpleNamespace(id=None, name=deployment, state=state)
        return self.runs.setdefault((deployment.partition("/")[0], idempotency_key), run)

    def create_artifact(self, _: object) -> None: ...

    def create_logs(self, _: object) -> None: ...

    def end(self) -> None:
        for run in self.runs.values():
            run.state = SimpleNamespace(is_final=lambda: True, is_crashed=lambda: False, name="Completed")


def test_the_same_files_in_two_workspaces_of_one_server_start_a_run_in_each(
    dvc: Dvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.json", "a")
    server = Prefect()
    monkeypatch.setattr(new_files_run, "get_client", server.client)
    files = raw_files(load_curriculum())
    for name in ("ingest/ingest of loans", "ingest/ingest of terms"):
        assert ask_for_runs([name], {"rules": ["a.json"]}, files).endswith(f"a run of {name} is asked for")
        server.end()
    assert [run.name for run in server.runs.values()] == ["ingest/ingest of loans", "ingest/ingest of terms"]


def test_files_that_were_away_while_a_run_read_the_folder_are_brought_in_again(
    dvc: Dvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Prefect()
    monkeypatch.setattr(new_files_run, "get_client", server.client)
    w = Watched()
    w.watch = RawWatch(lambda found, files: ask_for_runs(["ingest/ingest"], found, files), lambda: w.now)
    write("a.json", "a")
    assert "is asked for" in w.at_rest()
    dvc.ingest(here())
    server.end()
    RAW.rename("another disk")
    w.at_rest()
    dvc.ingest({})  # a rebuild in the night
    Path("another disk").rename(RAW)
    assert "is asked for" in w.at_rest() and len(server.runs) == 2
    server.end()
    w.watch = RawWatch(lambda found, files: ask_for_runs(["ingest/ingest"], found, files), lambda: w.now)
    assert "has tried these files" in w.at_rest(), "not again and again what cannot be read"

"""Both servers and a run as the UI starts it, through the REST API."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from flows import serve
from flows.serve import free, port_for
from lineage.artifacts.promotions import read_promotions
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from tests.browser import PROGRAM, Tab, chromium
from tests.flows import prefect_page
from tests.flows.test_repro import alive
from tests.lineage.promotion.conftest import written  # noqa: F401 (a fixture)

STEP = "step 5/10, loss 3.100, 4 s left"
READS = """
  ingest:
    foreach: [rules]
    do:
      cmd: ls data/raw/own/${item} > out/${item}
      deps: ["data/raw/own/${item}"]
      outs: ["out/${item}"]
"""
AT_HOME = ("http://127.0.0.1:", "ws://127.0.0.1:")
DEAD = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def test_a_taken_port_is_named_with_the_option() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(LineageError, match=f"port {port} is taken.*--mlflow-port {port + 1}"):
            free(port, "--mlflow-port")
        with pytest.raises(LineageError, match=f"port {port} is taken"):
            port_for("mlflow", port)


def test_the_next_free_port_is_taken_where_none_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        usual = holder.getsockname()[1]
        monkeypatch.setitem(serve.USUAL, "mlflow", usual)
        assert usual < port_for("mlflow", None) < usual + serve.LOOKED_AT
        monkeypatch.setattr(serve, "LOOKED_AT", 1)
        with pytest.raises(LineageError, match=f"ports {usual} to {usual} are taken; choose another: .*--mlflow-port"):
            port_for("mlflow", None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    for attempt in range(6):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503 or attempt == 5:  # busy: Prefect says so while its SQLite is locked
                raise
            time.sleep(2)
    return None


@pytest.fixture
def served(workspace: Path) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """The addresses of Prefect's API and of MLflow, and the process, once the deployment is there."""
    graph = workspace / "dvc.yaml"
    graph.write_text(graph.read_text().partition("  refused:")[0].replace("  deaf:", "  deaf@x:"), encoding="utf-8")
    text = graph.read_text().partition("  slow:")[0]
    held_up = f"cmd: echo {STEP}; while test -f hold; do echo $$ > held.pid; sleep 0.1; done; echo training"
    graph.write_text(text.replace("cmd: echo training", held_up), encoding="utf-8")
    ports = (free_port(), free_port())
    command = [sys.executable, "-m", "flows.serve", "--prefect-port", str(ports[0]), "--mlflow-port", str(ports[1])]
    command.append("--watch")
    output = (workspace / "serve.log").open("w")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment)
    api = f"http://127.0.0.1:{ports[0]}/api"
    deadline = time.monotonic() + 240
    while True:
        try:
            ask(f"{api}/deployments/name/lineage/rebuild")
            break
        except (OSError, ValueError):
            assert process.poll() is None, (workspace / "serve.log").read_text()
            assert time.monotonic() < deadline, (workspace / "serve.log").read_text()
            time.sleep(0.5)
    yield api, f"http://127.0.0.1:{ports[1]}", process
    process.send_signal(signal.SIGINT)
    process.wait(timeout=90)
    output.close()


def run(api: str, parameters: dict[str, Any], which: str = "lineage/rebuild") -> tuple[str, str]:
    """Start a run as the UI does; its last state and its message."""
    return ended(api, start(api, parameters, which))


def start(api: str, parameters: dict[str, Any], which: str = "lineage/rebuild") -> str:
    """Start a run as the UI does; its id."""
    deployment = ask(f"{api}/deployments/name/{which}")["id"]
    started = ask(f"{api}/deployments/{deployment}/create_flow_run", {"parameters": parameters})
    return str(started["id"])


def ended(api: str, identity: str) -> tuple[str, str]:
    """A run's last state and its message, when it has one."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        state = ask(f"{api}/flow_runs/{identity}")["state"]
        if state["type"] in DEAD:
            return state["type"], state["message"] or ""
        time.sleep(0.5)
    raise AssertionError(f"still {state['type']}")


def logged(api: str, identity: str) -> str:
    """What a run has said, with its tasks."""
    asked = {"logs": {"flow_run_id": {"any_": [identity]}}, "sort": "TIMESTAMP_ASC"}
    return "\n".join(line["message"] for line in ask(f"{api}/logs/filter", asked))


def its_pages_keep_to_this_machine(api: str) -> None:
    """By a policy that browsers obey."""
    assert ask(f"{api}/admin/settings")["server"]["ui"]["show_promotional_content"] is False
    page = f"{api.removesuffix('/api')}/v2/dashboard"
    request = urllib.request.Request(page, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert "connect-src 'self' data: blob: http://127.0.0.1:*" in answer.read().decode()


def the_graph_has_edges(api: str, identity: str) -> None:
    """Prefect's graph of a run is dvc.yaml's; what is fresh is one task."""
    nodes = {one["label"]: one for _, one in ask(f"{api}/flow_runs/{identity}/graph-v2")["nodes"]}
    names = {one["id"]: label for label, one in nodes.items()}
    edges = {(names[parent["id"]], label) for label, one in nodes.items() for parent in one["parents"]}
    assert edges == {
        ("1 fresh stage", "train@v1"),
        ("train@v1", "train@v2"),
        ("train@v1", "train@v3"),
        *((f"train@{version}", "report") for version in ("v1", "v2", "v3")),
    }


def a_run_is_started_and_cancelled(api: str, workspace: Path, tab: Tab | None) -> None:
    """In Prefect's page, by a person; where there is no browser, as the page does it.

    Its task is shown as cancelled too; nothing of it is at work any more, and what was there before is there again.
    """
    hold, held = workspace / "hold", workspace / "held.pid"
    hold.touch()
    if tab:
        deployment = ask(f"{api}/deployments/name/lineage/rebuild")["id"]
        pages = f"{api.removesuffix('/api')}/v2"
        cancelled = prefect_page.run_from_form(tab, f"{pages}/deployments/deployment/{deployment}", "v1")
        chosen = {"versions": ["v1"], "profile": "as in params.yaml", "force": True, "dry_run": False}
        assert ask(f"{api}/flow_runs/{cancelled}")["parameters"] == chosen
    else:
        cancelled = start(api, {"versions": ["v1"], "force": True})
    working = int(until(lambda: held.is_file() and held.read_text().strip()))
    until(lambda: any(one["data"] == 50 for one in artifacts(api).values()))
    assert artifacts(api)["progress-train-v1"]["description"] == f"train@v1: {STEP}"
    assert not (workspace / "out/train_v1").exists()
    if tab:
        prefect_page.shows(tab, "v1 · force", "Running", f"train@v1: {STEP}")
        prefect_page.shows_graph(tab)
        prefect_page.cancel(tab)
    else:
        ask(f"{api}/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}, "force": True})
    until(lambda: not alive(working), 10)
    assert ended(api, cancelled)[0] == "CANCELLED"
    tasks = {"flow_runs": {"id": {"any_": [cancelled]}}}
    until(lambda: {"CANCELLED"} <= {one["state_type"] for one in ask(f"{api}/task_runs/filter", tasks)}, 30)
    assert "Crash detected" not in logged(api, cancelled)
    assert (workspace / "out/train_v1").read_text() == "one\n"
    assert ask(f"{api}/v2/concurrency_limits/gpu")["active_slots"] == 0
    held.unlink()
    hold.unlink()
    if tab:
        prefect_page.press(tab, "Task Runs", "[role=tab]")
        prefect_page.shows(tab, "Cancelled", "1 fresh stage", "train@v1", "1 Cancelled, 1 Fresh")
        assert f"{api}/flow_runs/{cancelled}/graph-v2" in tab.requests
        assert f"{api}/admin/settings" in tab.requests  # by which a page decides whom it tells of itself
        assert [url for url in tab.requests if not url.startswith((*AT_HOME, "data:", "blob:"))] == []


def artifacts(api: str) -> dict[str, Any]:
    """The last artifact of each key."""
    return {one["key"]: one for one in ask(f"{api}/artifacts/filter", {"sort": "CREATED_DESC"})[::-1]}


def a_killed_run_holds_up_nothing(api: str, workspace: Path) -> None:
    """Neither its slot's lease nor its state; the next one says what it goes on from, and for whom it waits."""
    hold, lock = workspace / "hold", workspace / ".state/rebuild.lock"
    hold.touch()
    (workspace / "input.txt").write_text("two\n", encoding="utf-8")
    killed = start(api, {})
    holder = until(lambda: (found := json.loads(lock.read_text() or "{}")).get("lease") and found)
    assert holder["stage"] == "train@v1"
    working = int(until(lambda: (workspace / "held.pid").is_file() and (workspace / "held.pid").read_text().strip()))
    os.kill(holder["pid"], signal.SIGKILL)
    until(lambda: not alive(working), 15)
    hold.unlink()
    until(lambda: ask(f"{api}/v2/concurrency_limits/gpu")["active_slots"] == 0, 40)  # its lease would last for a minute
    begun = time.monotonic()
    following = start(api, {})
    assert ended(api, following)[0] == "COMPLETED"
    assert time.monotonic() - begun < 120  # the lease alone would have held it up for longer with Prefect's default
    assert (workspace / "out/report").read_text() == "two\n" * 3
    assert ended(api, killed)[0] == "CRASHED"
    said = logged(api, following)
    assert f"(process {holder['pid']} at train@v1) was killed; this one goes on from what it left" in said
    assert "train@v1: training v1" in said
    the_graph_has_edges(api, following)
    assert ask(f"{api}/v2/concurrency_limits/gpu")["active_slots"] == 0


def raw_files_of_ones_own(workspace: Path) -> None:
    """A source's folder with a file that nobody has read, and the stage that reads it."""
    params, graph = workspace / "params.yaml", workspace / "dvc.yaml"
    params.write_text(params.read_text().replace("\ndata: sample", "\ndata: own"), encoding="utf-8")
    with graph.open("a", encoding="utf-8") as file:
        file.write(READS)
    (workspace / "data/raw/own/rules").mkdir(parents=True)
    (workspace / "data/raw/own/rules/새 규정.txt").write_text("제1조", encoding="utf-8")


def they_were_brought_in_by_themselves(api: str, workspace: Path) -> None:
    """By one run, which says for which files, and nobody started."""
    chosen = {"flows": {"name": {"any_": ["ingest"]}}}
    (run,) = until(lambda: ask(f"{api}/flow_runs/filter", chosen))
    assert run["parameters"]["sources"] == ["rules"]
    assert ended(api, run["id"]) == ("COMPLETED", "")
    assert (workspace / "out/rules").read_text() == "새 규정.txt\n"
    assert "| rules | 새 규정.txt |" in artifacts(api)["lineage-new-files"]["data"]
    assert "started by new raw files: 1 of rules: rules/새 규정.txt" in logged(api, run["id"])


def a_slot_that_nobody_uses_is_named(api: str, workspace: Path, process: subprocess.Popen[str]) -> None:
    """Such as that of a run that was killed elsewhere. Then Prefect's server dies under the run that has it."""
    hold, held = workspace / "hold", workspace / "held.pid"
    held.unlink()
    hold.touch()
    patch(f"{api}/v2/concurrency_limits/gpu", {"active_slots": 1})
    waiting = start(api, {"versions": ["v1"], "force": True})
    until(lambda: "train@v1 waits for the slot `gpu`: no stage computes" in logged(api, waiting), 90)
    assert "prefect gcl update gpu --active-slots 0" in logged(api, waiting)
    patch(f"{api}/v2/concurrency_limits/gpu", {"active_slots": 0})
    working = int(until(lambda: held.is_file() and held.read_text().strip()))
    server = next(one for one in psutil.Process(process.pid).children(recursive=True) if is_prefect(one))
    server.kill()
    server.wait(30)
    until(lambda: answers(api))
    assert alive(working)
    hold.unlink()
    assert ended(api, waiting) == ("COMPLETED", "")
    assert ask(f"{api}/v2/concurrency_limits/gpu")["active_slots"] == 0


def is_prefect(process: psutil.Process) -> bool:
    """Whether this is Prefect's server itself, not what guards it."""
    with suppress(psutil.Error):
        return process.cmdline()[1:5] == ["-m", "prefect", "server", "start"]
    return False


def answers(api: str) -> bool:
    """Whether the server is there."""
    with suppress(OSError):
        return bool(ask(f"{api}/health"))
    return False


def the_choices_follow_params_and_a_promotion_waits_for_a_person(api: str, workspace: Path, world: Path) -> None:
    """With versions that are built and measured, put in place of the curriculum while it is served."""
    assert offered(api) == load_curriculum().in_order()
    tree = yaml.safe_load((world / "params.yaml").read_text(encoding="utf-8"))
    tree["versions"]["v7"] = tree["versions"]["v2"]
    shutil.copytree(world, workspace, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git", "params.yaml"))
    (workspace / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    until(lambda: "v7" in offered(api))

    asked = {"version": "v2", "by": "회의", "ask": True}
    for answer, ends in (("no", "Declined"), ("yes", "Completed")):
        waiting = start(api, asked, "promote/promote")
        until(lambda: ask(f"{api}/flow_runs/{waiting}")["state"]["type"] == "PAUSED")  # noqa: B023
        shown = ask(f"{api}/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [waiting]}}})[0]["data"]
        assert "waits for a yes" in shown and "better on the weighted goal of 5 sets" in shown
        until(lambda: "'name' is a required property" in resume(api, waiting, {"answer": answer}))  # noqa: B023
        assert resume(api, waiting, {"answer": answer, "name": "이사회"}) == "ACCEPT"
        assert ended(api, waiting)[0] == "COMPLETED"
        assert ask(f"{api}/flow_runs/{waiting}")["state"]["name"] == ends
    entries = read_promotions(workspace / "promotions.yaml")
    assert [one.kind for one in entries] == ["proposed", "declined", "proposed", "promoted"]
    assert entries[-1].by == "이사회"


def offered(api: str) -> list[str]:
    """The versions in the form of `promote`."""
    schema = ask(f"{api}/deployments/name/promote/promote")["parameter_openapi_schema"]
    return list(schema["properties"]["version"]["enum"])


def resume(api: str, identity: str, answer: dict[str, str]) -> str:
    """Answer a run that waits, as its page does: ACCEPT, or why not (Prefect hands the form in after the state)."""
    said = ask(f"{api}/flow_runs/{identity}/resume", {"run_input": answer})
    return str(said["details"]["reason"] if said["status"] == "REJECT" else said["status"])


@contextmanager
def browser() -> Iterator[Tab | None]:
    """A browser, where Chromium is installed."""
    if not PROGRAM:
        yield None
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium(Path(folder)) as tab:
        tab.window(1440, 1200)
        yield tab


def patch(address: str, body: Any) -> None:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method="PATCH"), timeout=30):
        pass


def until(true: Callable[[], Any], seconds: float = 120) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_a_run_from_the_ui_rebuilds_the_workspace(
    served: tuple[str, str, subprocess.Popen[str]],
    workspace: Path,
    written: Path,  # noqa: F811
) -> None:
    api, mlflow, process = served
    with urllib.request.urlopen(f"{mlflow}/health", timeout=30) as answer:
        assert answer.status == 200
    assert ask(f"{api}/v2/concurrency_limits/gpu")["limit"] == 1
    its_pages_keep_to_this_machine(api)

    assert run(api, {"versions": ["v1"], "dry_run": True})[0] == "COMPLETED"
    assert not (workspace / "out").exists()
    assert run(api, {}) == ("COMPLETED", "")
    assert (workspace / "out/report").read_text() == "one\n" * 3
    found = {one["key"]: one for one in ask(f"{api}/artifacts/filter", {})}
    assert "| report | **rebuilt** |" in found["lineage-summary"]["data"]
    assert "| train@v1 |" in found["lineage-plan"]["data"]
    assert mlflow in found["mlflow"]["data"]

    for wrong in ({"profile": "tpu"}, {"versions": ["v9"]}, {"force": "maybe"}):
        with pytest.raises(urllib.error.HTTPError) as error:
            run(api, wrong)
        assert error.value.code in (409, 422)

    for wrong in ({"version": "v9", "by": "회의"}, {"version": "v1", "by": " "}, {"version": "v1"}):
        with pytest.raises(urllib.error.HTTPError) as error:
            run(api, wrong, "promote/promote")
        assert error.value.code in (409, 422)
    for which, wrong in (
        ("evaluate/evaluate", {"versions": ["v9"]}),
        ("ingest/ingest", {"sources": ["rule"]}),
        ("verify/verify", {"versions": "v1"}),
        ("withdraw/withdraw", {"document": "a PDF"}),
        ("experiment/experiment", {"name": "seven", "learning_rate": 0}),
        ("experiment/experiment", {"name": "seven", "changes": [{"field": "sed", "value": "7"}]}),
    ):
        with pytest.raises(urllib.error.HTTPError) as error:
            run(api, wrong, which)
        assert error.value.code in (409, 422)

    with browser() as tab:
        a_run_is_started_and_cancelled(api, workspace, tab)
    a_killed_run_holds_up_nothing(api, workspace)
    raw_files_of_ones_own(workspace)
    a_slot_that_nobody_uses_is_named(api, workspace, process)
    they_were_brought_in_by_themselves(api, workspace)
    the_choices_follow_params_and_a_promotion_waits_for_a_person(api, workspace, written)

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=90) == 0
    for address in (f"{api}/health", f"{mlflow}/health"):
        with pytest.raises(OSError):
            ask(address)

"""Two nodes on this machine: two workspaces that meet at a port of the loopback interface."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.nodes.several_nodes import join_training, train_on_nodes
from lineage.training import launch
from lineage.training.plan import planned
from tests import tiny
from tests.lean_processes import lean_processes  # noqa: F401 (a fixture)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def two_nodes(**more: Any) -> dict[str, Any]:
    """The tiny curriculum on two nodes with a process each, which meet at a port that is free now."""
    place = {"nodes": 2, "rendezvous": f"127.0.0.1:{free_port()}", "patience": 120}
    changes = {
        "profiles.cpu.batch_size": 2,
        "profiles.cpu.checkpoint_steps": 2,
        "profiles.cpu.launch": {"processes": 2, **place},
        "chain.lora.dropout": 0.2,  # each process draws numbers of its own, which a checkpoint must know
    }
    return tiny.params(**changes | more)


def write(tree: dict[str, Any], root: Path = Path()) -> None:
    (root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


def join(root: Path, version: str = "v1") -> subprocess.Popen[str]:
    """`lineage join` as another node, in its own workspace."""
    command = [sys.executable, "-m", "lineage.cli", "join", version]
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        command, cwd=root, env=os.environ | path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def checkpoints(root: Path = Path()) -> list[Path]:
    return sorted(root.glob(".state/checkpoints/*/ddp-2/checkpoint-*/complete"))


def kill_when_one_is_saved(node: subprocess.Popen[str]) -> None:
    """Kill a node as a machine dies, once a checkpoint lies here."""

    def wait() -> None:
        while not checkpoints():
            time.sleep(0.02)
        node.send_signal(signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.slow
def test_a_node_dies_and_the_next_run_ends_with_the_adapter_of_one_machine(
    lineage_copy: Path, tmp_path: Path, capfd: Any
) -> None:
    other = tmp_path / "other"
    shutil.copytree(lineage_copy, other)
    for root, tree in zip((Path(), other), [two_nodes()] * 2, strict=True):
        write(tree, root)
    c = load_curriculum()
    v = c.version("v1")
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    job = planned(c, v).job
    launch.fit(job, one)  # both processes on one machine
    shutil.rmtree(job.checkpoints)

    node = join(other)
    kill_when_one_is_saved(node)
    begun = time.monotonic()
    with pytest.raises(LineageError, match=r"^v1: .* was not heard of for 10 s: .* lineage join v1 on the others"):
        train_on_nodes(c, v, two)
    print(f"ended after {time.monotonic() - begun:.1f} s")
    node.communicate()
    kept = checkpoints()
    assert kept and {f"rng_state_{rank}.pth" for rank in (0, 1)} <= {p.name for p in kept[-1].parent.iterdir()}
    assert not checkpoints(other)

    node = join(other)
    trained = train_on_nodes(c, v, two)
    said, _ = node.communicate(timeout=60)
    assert node.returncode == 0, said
    assert "v1: resumed at step" in capfd.readouterr().out
    assert trained.adapter == sha256(one / "adapter_model.safetensors")
    assert not list(other.glob(".state/checkpoints/*/*/checkpoint-*")), "checkpoints lie on the first node alone"


def test_what_a_node_lacks_is_named_with_the_command_that_brings_it(lineage_copy: Path) -> None:
    write(two_nodes())
    c = load_curriculum()
    shutil.rmtree("models/v1")
    Path("data/mixes/v2/own.jsonl").unlink()
    with pytest.raises(
        LineageError, match=r"v2: this node lacks data/mixes/v2, models/v1\..*dvc pull data/mixes/v2 models/v1"
    ):
        join_training(c, c.version("v2"))


def test_one_node_has_nothing_to_join(lineage_here: Path) -> None:
    c = load_curriculum()
    with pytest.raises(LineageError, match=r"launch\.nodes is 1: there is nothing to join\. Set nodes"):
        join_training(c, c.version("v2"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"processes": 3, "nodes": 2}, r"3 process\(es\) cannot be shared out evenly over 2 nodes"),
        ({"processes": 2, "nodes": 2, "rendezvous": "10.0.0.1"}, "name an IPv4 address or a host, and a port"),
        ({"processes": 2, "nodes": 2, "strategy": "zero3"}, "zero3 was never seen to work on several nodes"),
    ],
)
def test_what_nodes_cannot_do_is_refused_beforehand(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(LineageError, match=words):
        tiny.curriculum(
            **{"profiles.cpu.launch": changes, "profiles.cpu.batch_size": 1, "profiles.cpu.global_batch_size": 6}
        )

"""A throw-away workspace: a folder with its own git, DVC, code and a short curriculum, rebuilt by real `dvc repro`.

    w = workspace(tmp_path / "w", short_curriculum())
    w.write_raw()                                   # two dozen rows for each of its three sources
    assert w.repro("train@v2") == {"check", …, "train@v1", "train@v2"}

Stages run in processes of their own from a copy of the code, so that a test may change a file of it.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
BUILT = ("baseline", "evaluate@v1", "train@v2", "train@v3")
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C: ten times as fast
QUESTIONS = ("매출액", "영업이익", "자본금", "부채비율", "배당금", "이자비용", "시가총액", "유동자산")


@dataclass
class Workspace:
    """A workspace at `root`. `said` is what the last command printed."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """A Python command, `dvc repro …` or `stages.train v1`, in a process group of its own."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_", "GIT_"))
        } | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "OMP_NUM_THREADS": "1",
            "DVC_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "1",
            "KRX_PREFETCH": "0",  # tests are run side by side
            "KRX_TRAIN_AGAIN": "1",  # bytes that were copied prove nothing
            "NO_COLOR": "1",
            **self.environment,
            **more,
        }
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, fails: bool = False, seconds: float = 400, **more: str) -> str:
        """Run a command to its end and return what it printed; its exit code is what the caller expects."""
        process = self.start(*command, **more)
        try:
            self.said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill_group(process)
            self.said, _ = process.communicate()
            raise AssertionError(f"{' '.join(command)} took longer than {seconds} s:\n{self.said}") from None
        assert (process.returncode != 0) == fails, f"{' '.join(command)}: exit code {process.returncode}\n{self.said}"
        return self.said

    def repro(self, *targets: str, fails: bool = False, **more: str) -> set[str]:
        """`dvc repro` of some stages, or of all; returns those that ran, or were begun and failed."""
        return ran(self.run("dvc", "repro", *targets, fails=fails, **more))

    @property
    def params(self) -> dict[str, Any]:
        """params.yaml as it is now; assign to write it."""
        tree: dict[str, Any] = yaml.safe_load((self.root / "params.yaml").read_text(encoding="utf-8"))
        return tree

    @params.setter
    def params(self, tree: dict[str, Any]) -> None:
        write_params(self.root, tree)

    def write_raw(self, *, rows: int = 48) -> None:
        """Rows for the sources of the short curriculum, each in its true format."""
        raw = self.root / "data/raw/own"
        for source, name in (("krx_samples", "rows.jsonl"), ("accounting", "rows.json"), ("questions", "rows.json")):
            (raw / source).mkdir(parents=True, exist_ok=True)
            made = list(raw_rows(source, rows))
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)
            if name.endswith(".json"):
                text = json.dumps(made, ensure_ascii=False, indent=1)
            (raw / source / name).write_text(text, encoding="utf-8")

    def add_rows(self, source: str, rows: int) -> None:
        """One more file in a source's folder."""
        made = list(raw_rows(f"{source} more", rows))
        file = self.root / "data/raw/own" / source / "more.json"
        file.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")

    def json(self, path: str) -> Any:
        return json.loads((self.root / path).read_text(encoding="utf-8"))

    def adapter(self, version: str) -> str:
        """The SHA-256 that a version's record gives for its adapter."""
        return str(self.json(f"models/{version}/lineage.json")["adapter"])


def workspace(root: Path, tree: dict[str, Any], **environment: str) -> Workspace:
    """Make a workspace with a curriculum: code, graph, git and DVC, committed as a clone would be; no data."""
    root.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("stages", "lineage"):
        shutil.copytree(ROOT / package, root / package, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", "promotions.yaml"):
        shutil.copy(ROOT / name, root / name)
    write_params(root, tree)
    w = Workspace(root, environment)
    git(root, "init", "--quiet")
    w.run("dvc", "init", "--quiet")
    shutil.copy(ROOT / ".dvc/config", root / ".dvc/config")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a workspace")
    return w


@cache
def built_once(folder: Path) -> Workspace:
    """The short curriculum as `dvc repro` leaves it, made once a test run: to look at and to copy, not to change.

    folder: the base folder of this process's tests; with several processes, the first that asks builds for all.
    """
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    root, whole = shared / "built" / "w", shared / "built.whole"
    with (shared / "built.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(root, ignore_errors=True)  # another process failed to build it
            w = workspace(root, short_curriculum(), PYTHONHASHSEED="1")
            w.write_raw()
            w.repro(*BUILT)
            whole.touch()
    return Workspace(root, {"PYTHONHASHSEED": "1"})


def copy_of(w: Workspace, root: Path) -> Workspace:
    """The same workspace in another folder, with everything that it has built."""
    shutil.copytree(w.root, root, symlinks=True)
    return Workspace(root, dict(w.environment))


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def write_params(root: Path, tree: dict[str, Any]) -> None:
    text = yaml.dump(json.loads(json.dumps(tree)), Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    (root / "params.yaml").write_text(text, encoding="utf-8")


def shipped_curriculum() -> dict[str, Any]:
    """The project's own params.yaml, without YAML's references."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    tree: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(text)))
    return tree


def short_profile(tree: dict[str, Any]) -> None:
    """Make the cpu profile of a curriculum as small as it can be: seconds a version."""
    cpu = tree["profiles"]["cpu"]
    cpu["base"]["build"] |= {
        "vocab_size": 600,
        "hidden_size": 32,
        "layers": 1,
        "heads": 2,
        "kv_heads": 1,
        "intermediate_size": 64,
        "steps": 10,
        "batch_size": 8,
    }
    cpu |= {"batch_size": 4, "budget": {"tokens": 6000}, "checkpoint_steps": 5}
    tree["chain"]["lora"] |= {"r": 4, "alpha": 4}
    tree["evaluation"] |= {"rows": 4, "max_new_tokens": 4, "answers": 1}


def short_curriculum() -> dict[str, Any]:
    """The shipped curriculum cut down to v1 → v2 and v1 → v3 with replay, on three sources of a user's own."""
    tree = shipped_curriculum()
    short_profile(tree)
    tree |= {"data": "own", "profiles": {"cpu": tree["profiles"]["cpu"]}, "papers": {}, "generated": {}}
    tree["sources"] = {
        name: tree["sources"][name] | {"forms": ["prompt_answer"]}
        for name in ("krx_samples", "accounting", "questions")
    }
    mixes = {"v1": ("base", "krx_samples"), "v2": ("v1", "accounting"), "v3": ("v1", "questions")}
    tree["versions"] = {
        name: tree["versions"][name]
        | {
            "parent": parent,
            "mix": {source: {"form": "prompt_answer", "weight": 1}},
            "replay": 0.2 if name == "v3" else 0.0,
            "exclude": [],
        }
        for name, (parent, source) in mixes.items()
    }
    return tree


def raw_rows(source: str, count: int) -> Iterator[dict[str, str]]:
    """Questions and answers that no other source has, every one in a group of its own."""
    for i in range(count):
        about = QUESTIONS[i % len(QUESTIONS)]
        question, answer = f"{source} 회사 {i}의 {about}은 얼마입니까?", f"{about}은 {i * 37 % 1000}억원입니다."
        yield (
            {"prompt": question, "response": answer}
            if source == "krx_samples"
            else {"question": question, "answer": answer, "field": "회계"}
        )


def ran(said: str) -> set[str]:
    """The stages that `dvc repro` ran, by what it said; those it skipped or took from its cache are not among them."""
    return set(re.findall(r"^Running stage '([^']+)'", said, re.M))


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def until(true: Callable[[], Any], seconds: float = 120, *, of: subprocess.Popen[str] | None = None) -> Any:
    """Wait until something is true and return it; a process that ends before fails the test with what it printed."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if of is not None and of.poll() is not None:
            raise AssertionError(f"it ended with {of.returncode}:\n{of.stdout.read() if of.stdout else ''}")
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(0.02)
    return found

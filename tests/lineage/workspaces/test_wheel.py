"""From the built wheel, in an environment and a folder outside the repository: a workspace that builds and upgrades."""

import json
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.workspace import ROOT, raw_rows

pytestmark = pytest.mark.slow


@dataclass
class Installed:
    """An environment that has the wheel, and of all else what this one has."""

    root: Path

    @property
    def packages(self) -> Path:
        """Where the program lies."""
        (found,) = self.root.glob("lib/python3*/site-packages")
        return found

    def run(self, here: Path, module: str, *arguments: str, fails: bool = False) -> str:
        """What `python -m module …` says in a folder."""
        environment = {
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.root),
            "OMP_NUM_THREADS": "1",
            "DO_NOT_TRACK": "1",
            "DVC_NO_ANALYTICS": "1",
            "KRX_PREFETCH": "0",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        done = subprocess.run(
            [str(self.root / "bin/python"), "-m", module, *arguments],
            cwd=here,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from what git knows, so that nothing that merely lies here comes along."""
    room = tmp_path_factory.mktemp("wheel")
    source = room / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists() and name.split("/")[0] not in ("tests", "benchmarks"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name, follow_symlinks=False)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(room), "."]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    shutil.rmtree(source)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(room / "env")], check=True)
    here = Installed(room / "env")
    (wheel,) = room.glob("*.whl")
    ZipFile(wheel).extractall(here.packages)
    (here.packages / "of_the_tests.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n", encoding="utf-8")
    return here


def test_a_workspace_of_an_installed_program_builds_refuses_another_program_and_is_upgraded(
    installed: Installed, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    lines = [json.dumps(row, ensure_ascii=False) for row in raw_rows("krx_samples", 48)]
    (tmp_path / "files").mkdir()
    (tmp_path / "files/rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert "prompt_response reads 48 rows" in installed.run(tmp_path, "lineage.cli", "init", "ours", "--from", "files")
    rows = ours / "data/raw/own/rows/rows.jsonl"
    assert "v1 can be built" in installed.run(ours, "lineage.cli", "check")
    installed.run(ours, "dvc", "repro", "mix@v1")
    assert (ours / "data/mixes/v1/own.jsonl").is_file()
    assert "Data and pipelines are up to date" in installed.run(ours, "dvc", "status", "mix@v1")

    module = installed.packages / "lineage/mixture/mix.py"
    module.write_text(f"# only a word\n{module.read_text(encoding='utf-8')}", encoding="utf-8")
    assert "of the installed program already" in installed.run(ours, "lineage.cli", "upgrade")
    module.write_text(f"{module.read_text(encoding='utf-8')}\nMORE = 1\n", encoding="utf-8")
    rows.write_text("\n".join(lines[:-1]), encoding="utf-8")
    refused = installed.run(ours, "dvc", "repro", "mix@v1", fails=True)
    assert "program/mix.json tells of another program" in refused and "lineage upgrade" in refused
    assert "program/mix.json: lineage/mixture/mix.py" in installed.run(ours, "lineage.cli", "upgrade")
    said = installed.run(ours, "lineage.cli", "diff")
    assert "lineage/mixture/mix.py changed" in said
    assert "Running stage 'mix@v1'" in installed.run(ours, "dvc", "repro", "mix@v1")

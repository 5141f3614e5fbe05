"""`lineage convert --shard`, as several machines run it: a folder for the cache, kills, and the stage that gathers."""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineage.cli.convert import arguments
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.pdf.convert import convert_folder
from lineage.pdf.paper_source import paper_source
from lineage.pdf.shards import shard_of
from tests.lineage.cli.words import refused
from tests.lineage.pdf.test_convert import write
from tests.shown import blocks
from tests.workspace import ROOT

COMMAND = [sys.executable, "-m", "lineage.cli", "convert", "site_reports"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with six PDFs of its own, and a cache beside it."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("data: sample", "data: own", 1)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    for number in range(6):
        write(tmp_path / f"data/raw/own/site_reports/{number}.pdf", [(72, 100, f"{number}째 회사의 글이다.")])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(paths.DOCUMENT_CACHE, str(tmp_path / "shared"))
    return tmp_path


@pytest.mark.slow
def test_a_shard_that_is_killed_and_run_again_gives_the_same_bytes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.pdf.convert.cores", lambda: 1)
    killed = subprocess.Popen(
        [*COMMAND, "--shard", "1/1", "--workers", "1"], start_new_session=True, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list((here / "shared").rglob("??/*.json")) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done = subprocess.run([*COMMAND, "--shard", "1/1", "--workers", "1"], capture_output=True, text=True, timeout=120)
    counts = re.search(r"shard 1/1: 6 files, (\d+) converted, (\d+) taken from the cache, 0 quar", done.stdout)
    assert counts and int(counts[1]) + int(counts[2]) == 6 and int(counts[2]) >= 1, (done.stdout, done.stderr)
    source = paper_source(load_curriculum(), "site_reports")
    for cache in (paths.document_cache(), here / "alone"):
        convert_folder(source.raw, here / f"{cache.name}-out", source.limits, cache)
    made = [{p.name: p.read_bytes() for p in (here / f"{name}-out").iterdir()} for name in ("shared", "alone")]
    assert made[0] == made[1] and len(made[0]) == 6 + 2
    assert not (here / ".state").exists()  # no lock is held, and no other folder written


def test_what_cannot_be_is_refused_by_name(here: Path) -> None:
    assert "--shard 5/4: no shard" in refused("convert", "site_reports", "--shard", "5/4")
    assert "--workers 0: at least one" in refused("convert", "site_reports", "--shard", "1/4", "--workers", "0")
    assert "papers.rules: no such source of PDFs; there are financial_reports" in refused(
        "convert", "rules", "--shard", "1/4"
    )


def test_the_array_of_the_page_starts_the_command(here: Path) -> None:
    """Slurm is not here: its shell is, with the variables that it sets, and a stand-in that says how it was started."""
    (script,) = [block.text for block in blocks("docs/many-pdfs.md", language="bash")]
    (whole,) = re.findall(r"^#SBATCH --array=1-(\d+)", script, re.M)
    program = here / "bin/lineage"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$PWD" "$@"\n')
    program.chmod(0o755)
    slurm = {"SLURM_SUBMIT_DIR": str(here), "SLURM_ARRAY_TASK_ID": "17", "SLURM_CPUS_PER_TASK": "8"}
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash"], input=script, env=slurm | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{here} convert site_reports --shard 17/{whole} --workers 8\n"
    parser = argparse.ArgumentParser()
    arguments(parser)
    assert shard_of(parser.parse_args(done.stdout.split()[2:]).shard).of == int(whole)

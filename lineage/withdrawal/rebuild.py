"""After something was taken out: what was built here is built anew, or removed where it cannot be."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.paths import STATE
from lineage.withdrawal.markers import Noted, Subject, pattern
from lineage.withdrawal.purge import ROOMS, files_with, say
from lineage.withdrawal.reach import Reach


def rebuild() -> str:
    """Build anew what was built here, and nothing else; the command that failed, or ""."""
    say("rebuilding what was built")
    built, shown = targets(load_curriculum())
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    for command in (["repro", *built], *(["repro", "-s", one] for one in shown)):
        if len(command) > 1 and subprocess.run([sys.executable, "-m", "dvc", *command], env=environment).returncode:
            return f"`dvc {' '.join(command[:3])}{' …' if len(command) > 3 else ''}`"
    return ""


def targets(c: Curriculum) -> tuple[list[str], list[str]]:
    """The stages whose results lie here, and those that show all versions: they are not to build what never was."""
    built = [f"ingest@{source}" for source in c.sources if paths.ingest_counts(source).is_file()]
    for version in c.in_order():
        built += [f"mix@{version}"] if paths.mix_summary(version).is_file() else []
        built += [f"train@{version}"] if paths.training_record(version).is_file() else []
        built += [f"evaluate@{version}"] if paths.metrics(version).is_dir() else []
    built += ["baseline"] if paths.metrics(BASE).is_dir() else []
    built += ["contamination"] if paths.CONTAMINATION.is_dir() else []
    built += ["cards"] if paths.CARDS_INDEX.is_file() else []
    shown = ["report"] if paths.COMPARISON.is_file() else []
    return built, [*shown, *(["publish"] if (STATE / "mlflow").is_dir() else [])]


def remove_what_shows_it(what: Subject, noted: Noted, reach: Reach) -> None:
    """After a rebuild that stopped: remove outputs that hold the subject, and versions trained on it."""
    marks = pattern(what, noted.ids)
    for version in reach.adapters:
        for folder in (paths.adapter(version), paths.metrics(version), paths.mix(version)):
            shutil.rmtree(folder, ignore_errors=True)
    if any(paths.REPORTS.glob("*")):
        shutil.rmtree(paths.REPORTS)  # its page shows answers without their ids
    for room in ROOMS:
        for file in files_with(room, marks):
            file.unlink()
    for document in reach.documents:
        document.unlink(missing_ok=True)

"""A workspace of its own in which versions are trained that the real one does not have, and which stays as it is.

It has copies of the code, of the graph, and of what `train` reads; and a DVC of its own without git, whose cache goes
with it. So nothing of it is left in the cache that everybody shares. A run that was killed goes on from its checkpoint,
which lies in the workspace until somebody removes it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from lineage.artifacts.manifest import AdapterManifest
from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError

CODE = (Path("stages"), Path("lineage"), paths.PROGRAM)  # the last: of a workspace whose program is installed
DVC_CONFIG = """\
[core]
    analytics = false
    check_update = false
    autostage = false
    no_scm = true
[cache]
    dir = cache
"""  # beside this file, whatever cache is shared by who works here
TOLD = 12  # lines of a stage that failed


class ScratchWorkspace:
    """The folder `root`. `c` is its curriculum."""

    def __init__(self, c: Curriculum, root: Path) -> None:
        self.c, self.root, self.called = c, root.absolute(), root

    def copy(self, folders: Iterable[Path], tree: dict[str, object]) -> None:
        """Copy code, graph and folders of the working folder into it, with a params.yaml of its own.

        Args:
            folders: what the stages read, relative; those that are not there are left out.
            tree: the params.yaml.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in (*CODE, *folders):
            target = self.root / folder
            shutil.rmtree(target, ignore_errors=True)
            if folder.is_dir():
                shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (paths.GRAPH, paths.DVC_IGNORE):
            if file.is_file():
                shutil.copy2(file, self.root / file)
        self._link_base()
        (self.root / ".dvc").mkdir(exist_ok=True)
        (self.root / ".dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
        self.write(tree)

    def write(self, tree: dict[str, object]) -> None:
        """Another params.yaml; `c` is what it says."""
        text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
        self.c = parse_curriculum(yaml.safe_load(text), str(self.root / paths.PARAMS))
        (self.root / paths.PARAMS).write_text(text, encoding="utf-8")

    def repro(self, *stages: str) -> None:
        """Run stages here, each by itself: what they stand on was copied.

        Raises:
            LineageError: a stage failed; with its last lines.
        """
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "KRX_PREFETCH": "0",  # nothing of it is measured on all sets
        }
        command = [sys.executable, "-m", "dvc", "repro", "--single-item", *stages]
        done = subprocess.run(
            command, cwd=self.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            lines = [line for line in done.stdout.splitlines() if line.strip()][-TOLD:]
            raise LineageError(f"`dvc repro {' '.join(stages)}` in {self.called} failed:\n" + "\n".join(lines))

    def remove(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _link_base(self) -> None:
        """A base that params.yaml names by a path of this workspace lies there for the scratch one too."""
        given = self.c.active.base.path
        if given and not Path(given).is_absolute():
            link = self.root / given
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(Path(given).absolute(), target_is_directory=True)


def keep_adapter(trained: Path, store: Path) -> None:
    """Copy an adapter's folder to where it stays; there is all of it or nothing, whenever this is killed."""
    store.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(store, ignore_errors=True)
    part = store.with_name(f".{store.name}")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(trained, part)
    part.rename(store)


def kept_adapter(store: Path) -> AdapterManifest | None:
    """The manifest of an adapter that was kept; None where there is none."""
    try:
        manifest = AdapterManifest.model_validate_json((store / paths.training_record("").name).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if (store / paths.WEIGHTS).is_file() else None

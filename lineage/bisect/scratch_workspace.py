"""A workspace of its own for variants, `.state/bisect/workspace`: the real one stays as it is, lock, models and all.

It has copies of the code, of the graph, and of what `mix` and `train` read; a params.yaml with the variants as versions
more; and a DVC of its own without git, whose cache goes with it. So nothing of a variant is left in the cache that
everybody shares. An adapter is moved to `.state/bisect/variants/<what it is known by>` as soon as it is trained.
A run that was killed goes on from its checkpoint, which lies in the workspace until the search is over.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.artifacts.not_built import why_not_built
from lineage.bisect.variant import PREFIX, Blamed, variant_spec
from lineage.config.load import parse_curriculum, read_tree
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import STATE

WORKSPACE = STATE / "bisect" / "workspace"
VARIANTS = STATE / "bisect" / "variants"
CODE = (Path("stages"), Path("lineage"), paths.PROGRAM)  # the last: of a workspace whose program is installed
READ = (paths.RECORDS, paths.HELDOUT, paths.DUPLICATES, paths.SUPERSEDED, paths.BASE_MODEL)
DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n    autostage = false\n    no_scm = true\n"
TOLD = 12  # lines of a stage that failed


def kept_variant(of: Blamed, left_out: frozenset[str]) -> AdapterManifest | None:
    """The manifest of a variant that was trained before; None where there is none."""
    folder = VARIANTS / of.key(left_out)
    try:
        manifest = AdapterManifest.model_validate_json((folder / paths.training_record("").name).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if (folder / paths.WEIGHTS).is_file() else None


class ScratchWorkspace:
    """The folder, made when it is first needed. `c` is its curriculum, with the variants that it has so far."""

    def __init__(self, c: Curriculum, of: Blamed) -> None:
        self.c, self.of = c, of
        self.root = WORKSPACE.absolute()
        self.made = False

    def with_variant(self, left_out: frozenset[str]) -> str:
        """Put a variant into its `models`, trained now or before; returns the name that it has there.

        Raises:
            LineageError: a stage failed, or the version's rows are not drawn again as they were.
        """
        if not self.made:
            self._make()
        name = f"{PREFIX}{self.of.key(left_out)[:12]}"
        tree = read_tree(self.root / paths.PARAMS)
        tree["versions"][name] = variant_spec(self.c, self.of, left_out)
        self._write(tree)
        store, here = (VARIANTS / self.of.key(left_out)).absolute(), self.root / paths.adapter(name)
        if kept_variant(self.of, left_out):
            if not here.is_dir():
                shutil.copytree(store, here)
            return name
        self._repro("check", f"mix@{name}", f"train@{name}")
        if why := why_not_built(name, self.root):
            raise LineageError(f"{self.of.version.name} without {', '.join(sorted(left_out))} cannot be trained: {why}")
        read_manifest(name, self.root)
        store.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(store, ignore_errors=True)
        part = store.with_name(f".{store.name}")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(here, part)
        part.rename(store)
        return name

    def remove(self) -> None:
        """Take the folder away; the variants stay."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _make(self) -> None:
        """Copy what is read; draw the version's mix again, which must be the rows that it was trained on."""
        v = self.of.version
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in (*CODE, *READ, *([v.parent_adapter] if v.parent_adapter else [])):
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
        self._write(read_tree())
        self._repro("check", f"mix@{v.name}")
        if mix_identity(self.root / v.mix) != self.of.manifest.mix.sha256:
            raise LineageError(
                f"{v.name}: drawn again from the records that are here, its mix is not the one that it was trained on; "
                f"run `dvc repro train@{v.name} evaluate@{v.name}`, and then this command again"
            )
        self.made = True

    def _link_base(self) -> None:
        """A base that params.yaml names by a path of this workspace lies there for the scratch one too."""
        given = self.c.active.base.path
        if given and not Path(given).is_absolute():
            link = self.root / given
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(Path(given).absolute(), target_is_directory=True)

    def _write(self, tree: dict[str, object]) -> None:
        text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
        self.c = parse_curriculum(yaml.safe_load(text), str(self.root / paths.PARAMS))
        (self.root / paths.PARAMS).write_text(text, encoding="utf-8")

    def _repro(self, *stages: str) -> None:
        """Run stages here, each by itself: what they stand on was copied, and is what the version was made from."""
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "KRX_PREFETCH": "0",  # nothing of a variant is measured on all sets
        }
        command = [sys.executable, "-m", "dvc", "repro", "--single-item", *stages]
        done = subprocess.run(
            command, cwd=self.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            lines = [line for line in done.stdout.splitlines() if line.strip()][-TOLD:]
            raise LineageError(f"`dvc repro {' '.join(stages)}` in {WORKSPACE} failed:\n" + "\n".join(lines))

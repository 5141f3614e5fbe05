"""The scratch workspace of variants, `.state/bisect/workspace`: its params.yaml has them as versions more.

An adapter is moved to `.state/bisect/variants/<what it is known by>` as soon as it is trained.
"""

import shutil

from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.artifacts.not_built import why_not_built
from lineage.bisect.scratch_workspace import ScratchWorkspace, keep_adapter, kept_adapter
from lineage.bisect.variant import PREFIX, Blamed, variant_spec
from lineage.config.load import read_tree
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import STATE

WORKSPACE = STATE / "bisect" / "workspace"
VARIANTS = STATE / "bisect" / "variants"
READ = (paths.RECORDS, paths.HELDOUT, paths.DUPLICATES, paths.SUPERSEDED, paths.BASE_MODEL)


def kept_variant(of: Blamed, left_out: frozenset[str]) -> AdapterManifest | None:
    """The manifest of a variant that was trained before; None where there is none."""
    return kept_adapter(VARIANTS / of.key(left_out))


class VariantWorkspace(ScratchWorkspace):
    """The folder, made when it is first needed. `c` has the variants that it has so far."""

    def __init__(self, c: Curriculum, of: Blamed) -> None:
        super().__init__(c, WORKSPACE)
        self.of = of
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
        self.write(tree)
        store, here = (VARIANTS / self.of.key(left_out)).absolute(), self.root / paths.adapter(name)
        if kept_variant(self.of, left_out):
            if not here.is_dir():
                shutil.copytree(store, here)
            return name
        self.repro("check", f"mix@{name}", f"train@{name}")
        if why := why_not_built(name, self.root):
            raise LineageError(f"{self.of.version.name} without {', '.join(sorted(left_out))} cannot be trained: {why}")
        read_manifest(name, self.root)
        keep_adapter(here, store)
        return name

    def _make(self) -> None:
        """Copy what is read; draw the version's mix again, which must be the rows that it was trained on."""
        v = self.of.version
        self.copy((*READ, *([v.parent_adapter] if v.parent_adapter else [])), read_tree())
        self.repro("check", f"mix@{v.name}")
        if mix_identity(self.root / v.mix) != self.of.manifest.mix.sha256:
            raise LineageError(
                f"{v.name}: drawn again from the records that are here, its mix is not the one that it was trained on; "
                f"run `dvc repro train@{v.name} evaluate@{v.name}`, and then this command again"
            )
        self.made = True

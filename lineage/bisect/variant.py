"""A variant of a version: trained without some sources of its mix, from the same parent, with all else equal.

What stays is seen as often as it was: of a budget in tokens a variant gets the share of what stays, which gives as many
passes; a budget in epochs does so by itself. Replayed rows keep their share. A variant without anything left out is a
control: the version again, where what is stored of it is no measure, since settings, code or the budget differ.

A variant is known by its content: what its version was made from, the rows it chooses from, code, packages, and what is
left out. So it is trained once, whatever question it is asked.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import AdapterManifest, verified_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.config.schema import BASE, Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import paths
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.training.earlier_code import TRAINED_BY, trains_the_same
from lineage.training.plan import fingerprint_of, packages
from lineage.training.taken_up import named_as_then, trained_from

PREFIX = "bisect_"
CHOSEN_FROM = (paths.RECORDS, paths.DUPLICATES, paths.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Blamed:
    """The version whose sources are searched, and what its variants have in common.

    scale: of the budget. content: a hash of all that a variant is made from, but for what is left out.
    differs: why the version itself is no fit control; "" where it is one.
    """

    version: ResolvedVersion
    manifest: AdapterManifest
    scale: float
    content: str
    differs: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of its mix that it has rows of, withdrawn ones aside."""
        return tuple(s for s in self.version.spec.mix if s in self.manifest.mix.sources)

    def share(self, left_out: frozenset[str]) -> float:
        """The share of its own tokens that stays."""
        own = {source: _own_tokens(self.manifest, source) for source in self.sources}
        return sum(n for source, n in own.items() if source not in left_out) / sum(own.values())

    def key(self, left_out: frozenset[str]) -> str:
        """What a variant is known by."""
        return sha256_of([self.content, sorted(left_out)])


def blamed(c: Curriculum, version: str, scale: float) -> Blamed:
    """What the variants of a version are made from.

    Raises:
        LineageError: it was not trained here, its mix is another than it was trained on, or its parent changed.
    """
    v = c.version(version)
    if v.spec.train.adopted:
        raise LineageError(f"{version} was trained elsewhere: its sources cannot be left out one by one")
    manifest = verified_manifest(version)
    if mix_identity(v.mix) != manifest.mix.sha256:
        raise LineageError(
            f"{v.mix}: not the rows that {version} was trained on, so variants of them would explain nothing; "
            f"run `dvc repro train@{version}`, or bring its mix back: dvc checkout {v.mix}"
        )
    parent = verified_manifest(v.parent).adapter if v.parent != BASE else None
    if parent != manifest.parent_adapter:
        raise LineageError(f"{version} continued another {v.parent} than the one here; run `dvc repro train@{version}`")
    code = [code_identity(TRAINED_BY), code_identity("lineage.mixture.mix")]
    rows = [sha256(folder) for folder in CHOSEN_FROM]
    rows += [sha256(paths.HELDOUT)] if v.spec.decontaminate else []
    settings = [c.active.model_dump(mode="json"), v.spec.train.model_dump(mode="json"), scale]
    made = [manifest.fingerprint, manifest.mix.sha256, rows, code, settings, packages(c.active.trainer)]
    return Blamed(v, manifest, scale, sha256_of(made), _differs(c, v, manifest, scale))


def variant_spec(c: Curriculum, of: Blamed, left_out: frozenset[str]) -> dict[str, Any]:
    """The entry of a variant in params.yaml.

    Args:
        c: the curriculum.
        of: the version.
        left_out: sources of its mix.
    """
    entry: dict[str, Any] = of.version.spec.model_dump(mode="json", exclude_none=True)
    entry["because"] = f"{of.version.name} without {', '.join(sorted(left_out)) or 'nothing'}"
    entry["mix"] = {source: taken for source, taken in entry["mix"].items() if source not in left_out}
    factor = of.scale * (of.share(left_out) if c.active.budget.tokens else 1.0)
    for phase in (entry["train"], entry["train"].get("preference")):
        if phase:
            phase["budget_scale"] = round(phase["budget_scale"] * factor, 9)
    return entry


def _differs(c: Curriculum, v: ResolvedVersion, manifest: AdapterManifest, scale: float) -> str:
    return f"variants get {scale:g} of its budget" if scale != 1 else trained_otherwise(c, v, manifest)


def trained_otherwise(c: Curriculum, v: ResolvedVersion, manifest: AdapterManifest) -> str:
    """Why what is trained now cannot be compared with the version as it was trained; "" where it can."""
    now = trained_from(manifest).model_copy(update={"base": named_as_then(manifest, read_base(), c)})
    if fingerprint_of(now, c.active, v.spec.train) != manifest.fingerprint:
        return f"its settings in {paths.PARAMS} are others than it was trained with"
    if not trains_the_same(manifest.code):
        return "the code that trains is not the code that trained it"
    try:
        here = packages(c.active.trainer)
    except PackageNotFoundError as error:
        raise LineageError(f"{error.name} is not installed, and {v.name} cannot be trained without it") from error
    others = [name for name in here if manifest.packages.get(name) != here[name]]
    return f"{others[0]} is another version than it was trained with" if others else ""


def _own_tokens(manifest: AdapterManifest, source: str) -> float:
    """The tokens of a source in the mix, without those that repeat an ancestor's rows."""
    found = manifest.mix.sources[source]
    return found.tokens * (found.rows - found.replayed_rows) / max(found.rows, 1)

"""`lineage adopt DIR --as v4 --parent v3`: an adapter that was trained elsewhere becomes a version of this lineage.

1. Its folder, shape, base, tokenizer and template are held against `models/base` and the chain; whatever differs is
   refused with a remedy, or, where it cannot be checked, noted.
2. `data/adopted/v4/` gets the adapter under PEFT's present names, and `adopted.json`: where it came from.
3. `params.yaml` gets the version, with the SHA-256 of that adapter.

What it was trained on is unknown, to it and to every version that continues it; see `lineage/provenance`. Killed
anywhere, the same command makes the same files.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.adapters import config as shapes
from lineage.adapters import tensors
from lineage.adoption import base_check as bases
from lineage.adoption import compatibility, tokenizer_check
from lineage.adoption import source_folder as folders
from lineage.adoption.adoption_manifest import Adoption, HeldAgainst, write_adoption
from lineage.adoption.merged_base import base_on_disk, compared
from lineage.artifacts.base_manifest import BaseManifest, read_base
from lineage.artifacts.manifest import OriginalFile
from lineage.base_model.loading import weights_of
from lineage.base_model.shipped_templates import FOLDER
from lineage.config.edit import edit_curriculum
from lineage.config.lora import Lora
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256
from lineage.core.stage import only_writer


@dataclass(frozen=True, slots=True)
class Adopted:
    """An adapter that fits: its shape here, its SHA-256 in `folder`, the tool that made it, what is worth a note."""

    folder: Path
    lora: Lora
    sha256: str
    tool: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attestation:
    """What the user vouches for: that the base is the same under another name, that the template may differ."""

    base_is_mine: bool = False
    template_may_differ: bool = False


def adopt(
    c: Curriculum, path: Path, version: str, parent: str, because: str | None = None, word: Attestation | None = None
) -> Adopted:
    """Check the adapter in `path`, copy it to `data/adopted/<version>`, and write the version into `params.yaml`.

    Args:
        c: the curriculum as it is now.
        path: the adapter's folder, as the tool that trained it left it.
        version: its name here, such as v4: not yet taken, or taken by an adopted version.
        parent: the version whose weights it continued, or "base".
        because: the reason that params.yaml gives; None: one is written that names the tool.
        word: what the user vouches for; None: nothing.

    Raises:
        LineageError: what does not fit, and what helps; nothing is changed.
    """
    _free(c, version, parent)
    with only_writer("lineage adopt"):
        found = folders.opened(path)
        base, tokenizer = _base(c)
        lora, names, notes = examined(found, c, base, tokenizer, word or Attestation())
        place = compatibility.PLACE / version
        with appearing(place) as (out,):
            tensors.rewrite(found.weights, names, out / folders.WEIGHTS)
            digest = sha256(out / folders.WEIGHTS)
            _no_twin(c, version, parent, digest)
            compatibility.write_config(lora, base, out)
            write_adoption(out, _adoption(found, base, digest, lora, notes))
        reason = because or f"an adapter trained elsewhere, with {found.tool}"
        edit_curriculum(lambda tree: _enter(tree, c, version, parent, because, reason, digest, lora))
    return Adopted(place, lora, digest, found.tool, tuple(notes))


def examined(
    found: folders.Folder, c: Curriculum, base: BaseManifest, tokenizer: Any, word: Attestation
) -> tuple[Lora, dict[str, tuple[str, str]], list[str]]:
    """The adapter's shape in this chain, its tensors' names, and what is worth a note.

    The names are tensor's name in the file → (module of the base, lora_A, lora_B or lora_magnitude_vector).

    Args:
        found: the adapter's folder.
        c: the curriculum, whose chain it must fit.
        base: the manifest of `models/base`.
        tokenizer: of `models/base`, with the chain's template.
        word: what the user vouches for.

    Raises:
        LineageError: the first thing that does not fit.
    """
    where, config = str(found.path), found.config
    shapes.check_config(config, f"{where}/{folders.CONFIG}")
    lies = base_on_disk(c.active.base)
    named = c.active.base.path and Path(c.active.base.path).name
    notes = [*found.notes, *bases.same_base(config, base, named, word.base_is_mine, f"{where}/{folders.CONFIG}")]
    notes += compared(config, lies, word.base_is_mine, f"{where}/{folders.CONFIG}")
    header = tensors.read_header(found.weights)  # before libraries are loaded for seconds
    modules = bases.linear_layers(paths.BASE_MODEL)
    if base.origin.repo is None and lies:
        bases.check_weights(modules, lies)
    lora, names, more = compatibility.fits(config, header, modules, c.chain.lora, found.weights)
    notes += more
    tensors.check_values(found.weights, names)
    notes += tokenizer_check.check_tokenizer(found, paths.BASE_MODEL, tokenizer)
    shipped = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.jinja"))}
    return lora, names, notes + tokenizer_check.check_template(found, tokenizer, shipped, word.template_may_differ)


def _free(c: Curriculum, version: str, parent: str) -> None:
    """The name can be taken, and the parent is there."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", version) or version == BASE:
        raise LineageError(f"--as {version}: expected a name such as v4 or krx_v2: small letters, digits, _")
    if version in c.versions and c.versions[version].train.adopted is None:
        raise LineageError(
            f"--as {version}: params.yaml trains {version} here already; choose another name, "
            f"or take versions.{version} out"
        )
    if parent not in (BASE, *c.versions) or parent == version:
        raise LineageError(f"--parent {parent}: expected base or a version, one of {', '.join(c.versions)}")
    if version in c.versions and version in ([] if parent == BASE else [parent, *c.ancestors(parent)]):
        raise LineageError(f"--parent {parent}: it continues {version} itself; name another parent")


def _base(c: Curriculum) -> tuple[BaseManifest, Any]:
    """The base and its tokenizer, once both are known to be the active profile's."""
    base, spec = read_base(), c.active.base
    origin = base.origin
    if (spec.repo, spec.revision) != (origin.repo, origin.revision):
        raise LineageError(f"{paths.BASE_RECORD}: it is not the base of the profile {c.profile}; run: dvc repro base")
    if spec.repo is None:
        weights_of(base, spec)
    from transformers import AutoTokenizer

    return base, AutoTokenizer.from_pretrained(paths.BASE_MODEL)


def _no_twin(c: Curriculum, version: str, parent: str, digest: str) -> None:
    """It is not a version of this lineage under a new name: its data would be called unknown, or it is its parent."""
    for other in (name for name in c.versions if name != version):
        file = paths.adapter_weights(other)
        if c.versions[other].train.adopted == digest:
            raise LineageError(f"{version}: {other} is this very adapter; it is adopted already")
        if file.is_file() and sha256(file) == digest:
            remedy = "nothing was trained since" if other == parent else f"continue it instead: parent: {other}"
            raise LineageError(f"{version}: it is {other}'s adapter, byte for byte; {remedy}")


def _adoption(found: folders.Folder, base: BaseManifest, digest: str, lora: Lora, notes: list[str]) -> Adoption:
    """Where an adapter came from and what it was held against; no path of any machine."""
    return Adoption(
        tool=found.tool,
        stated_base=bases.shown_name(found.config),
        original=OriginalFile(sha256=sha256(found.weights), bytes=found.weights.stat().st_size),
        notes=tuple(notes),
        adapter=digest,
        lora=lora,
        against=HeldAgainst(base=base.identity, template=base.template.sha256),
    )


def _enter(
    tree: Any, c: Curriculum, version: str, parent: str, because: str | None, reason: str, digest: str, lora: Lora
) -> None:
    """The version in `params.yaml`: a new one, or the hash and parent of one that is adopted again."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    def inline(made: Any) -> Any:
        made.fa.set_flow_style()
        return made

    train = {"adopted": digest} | ({"r": lora.r} if lora.r != _inherited(c, parent).r else {})
    versions = tree["versions"]
    if version in versions:
        one = versions[version]
        one["parent"] = parent
        if because:
            one["because"] = because
        if dict(one["train"]) != train:
            one["train"] = inline(CommentedMap(train))
        return
    versions[version] = CommentedMap(
        {
            "parent": parent,
            "because": reason,
            "mix": inline(CommentedMap()),
            "replay": 0.0,
            "exclude": inline(CommentedSeq()),
            "exclude_scope": "mix",
            "train": inline(CommentedMap(train)),
        }
    )


def _inherited(c: Curriculum, parent: str) -> Lora:
    """The shape that a child of `parent` has if it says nothing of its own."""
    return c.chain.lora if parent == BASE else c.version(parent).lora

"""The parent of a version: opened, and refused if it is not what its manifest says."""

import json
from pathlib import Path

from lineage.adapters.config import check_config
from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.manifest import AdapterManifest, opened_adapter
from lineage.config.schema import BASE, Lora
from lineage.core import paths
from lineage.core.errors import LineageError


def open_parent(parent: str, base: BaseManifest) -> AdapterManifest | None:
    """The parent's manifest, once its adapter, base, template and config are found to be right; None for the base.

    Args:
        parent: `base` or a version.
        base: the present base.

    Raises:
        LineageError: naming the parent, what differs and the command that mends it.
    """
    if parent == BASE:
        return None
    manifest = opened_adapter(parent, base)
    _plain(paths.adapter(parent) / "adapter_config.json", f"rebuild it: dvc repro -f train@{parent}")
    return manifest


def _plain(file: Path, remedy: str) -> None:
    """Refuse a config that says more than a shape, which the guards compare: PEFT obeys it without a word.

    Another alpha for some layers would make the same weights another function; a beginning such as PiSSA's would
    change the base beneath them.
    """
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        patterns = {name: config.get(name) for name in ("rank_pattern", "alpha_pattern")}
    except (OSError, ValueError, AttributeError) as error:
        raise LineageError(f"{file}: cannot be read ({error!r}); {remedy}") from error
    try:
        check_config(config, str(file))
    except LineageError as error:
        raise LineageError(f"{error}; if it was changed, {remedy}") from error
    if strange := [f"{name} {value}" for name, value in patterns.items() if value]:
        raise LineageError(f"{file}: it has {strange[0]}, a chain has one shape for all layers; {remedy}")


def continued(parent: AdapterManifest | None, lora: Lora, seed: int, scratch: Path) -> Path | None:
    """The folder whose weights a version starts from: its parent's, or a padded copy of them if its r is larger.

    Args:
        parent: its manifest; None: the version starts from the base.
        lora: the version's shape.
        seed: of the rows that padding adds.
        scratch: a folder for the padded copy.
    """
    if parent is None:
        return None
    folder = paths.adapter(parent.version)
    if parent.lora.r >= lora.r:
        return folder
    from lineage.adapters.rank_growth import padded

    return padded(folder, lora, seed, scratch / "padded")

"""The parent of a version: opened, and refused if it is not what its record says."""

import json
from pathlib import Path
from typing import Any

from lineage.adapters.config import check_config
from lineage.config.schema import BASE, Lora
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.core.paths import WEIGHTS


def open_parent(parent: str, base: dict[str, Any]) -> dict[str, Any] | None:
    """The parent's record, once its adapter, base and template are found to be what they should; None for the base.

    Args:
        parent: `base` or a version.
        base: the present base's record.

    Raises:
        LineageError: naming the parent, what differs and the command that mends it.
    """
    if parent == BASE:
        return None
    folder = paths.adapter(parent)
    remedy = f"rebuild it: dvc repro -f train@{parent}"
    try:
        record: dict[str, Any] = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))
        record["adapter"], record["template"], record["base"]["identity"], record["lora"]["r"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LineageError(f"{folder}/lineage.json: the parent has no readable record ({error!r}); {remedy}") from error
    file = folder / WEIGHTS
    found = sha256(file) if file.is_file() else "no file"
    if found != record["adapter"]:
        raise LineageError(
            f"{file}: its SHA-256 is {found[:12]}, its record says {record['adapter'][:12]}; it was changed; {remedy}"
        )
    was, now = record["base"]["identity"][:12], base["identity"][:12]
    if was != now:
        raise LineageError(f"{folder}: it was trained on another base ({was}, now {now}); {remedy}")
    if record["template"] != base["template"]["sha256"]:
        raise LineageError(f"{folder}: it was trained with another chat template; {remedy}")
    _plain(folder / "adapter_config.json", remedy)
    return record


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


def continued(parent: str, record: dict[str, Any] | None, lora: Lora, seed: int, scratch: Path) -> Path | None:
    """The folder whose weights a version starts from: its parent's, or a padded copy of them if its r is larger."""
    if record is None:
        return None
    folder = paths.adapter(parent)
    if record["lora"]["r"] >= lora.r:
        return folder
    from lineage.adapters.rank_growth import padded

    return padded(folder, lora, seed, scratch / "padded")

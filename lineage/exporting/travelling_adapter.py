"""An adapter in a folder that travels: adapter, tokenizer, training record, and its base by a name that resolves.

PEFT looks a base up by the name in `adapter_config.json`: a hub repository at a commit, or a path seen from where
Python runs. A local base is copied beside the adapter under a name that holds its identity, so that a load from inside
the folder finds it, and a load from elsewhere finds nothing rather than another base.
"""

import shutil
from pathlib import Path

from lineage.adapters.config import name_base
from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.manifest import AdapterManifest
from lineage.base_model import shaping_files
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.exporting.merging import copy_tokenizer

CONFIG = "adapter_config.json"


def copy_adapter(manifest: AdapterManifest, base: BaseManifest, weights: Path, out: Path) -> None:
    """Write a version's adapter and what it needs into `out`.

    Args:
        manifest: of the version.
        base: the manifest of its base.
        weights: the folder of the base's files.
        out: an empty folder.

    Raises:
        LineageError: the adapter was changed meanwhile.
    """
    folder = paths.adapter(manifest.version)
    for name in (paths.WEIGHTS, CONFIG):
        shutil.copyfile(folder / name, out / name)
    copy_tokenizer(folder, out)
    if sha256(out / paths.WEIGHTS) != manifest.adapter:
        raise LineageError(f"{folder}: it was trained again while it was exported; export it again")
    if base.origin.repo:
        name_base(out / CONFIG, base.origin.repo, base.origin.revision)
        return
    beside = base_folder(base)
    (out / beside).mkdir()
    for name in base.files or shaping_files.hashes(weights):
        shutil.copyfile(weights / name, out / beside / name)
    name_base(out / CONFIG, f"./{beside}", None)


def base_folder(base: BaseManifest) -> str:
    """What the copy of a local base is called, beside its adapter."""
    return paths.base_link(base.identity).name

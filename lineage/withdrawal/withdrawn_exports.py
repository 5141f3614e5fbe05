"""Exports and bundles that hold a subject: copies that were made to leave the workspace, and still lie in it.

Weights show nothing, so the manifest that every export carries tells whose they are. A bundle is one file, in which the
objects of DVC's cache and the names of all members stand as they are. What has left the workspace, nobody here reaches.
"""

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from lineage.artifacts.manifest import AdapterManifest, parsed_manifest
from lineage.core import paths
from lineage.withdrawal.markers import Noted, Subject, found_in, pattern

WEIGHTS = (".safetensors", ".gguf")


def exports_of(what: Subject, noted: Noted, adapters: Collection[str]) -> tuple[Path, ...]:
    """The folders and files in `exports/` that hold rows of the subject, its raw files or weights trained on it.

    what: the subject. noted: what is known of it. adapters: SHA-256 of adapters trained on it.
    """
    made, gone = _manifests(), set(adapters)
    while more := {m.adapter for m in made.values() if m.parent_adapter in gone or _trained_on(m, what)} - gone:
        gone |= more
    objects = {f"{oid[:2]}/{oid[2:]}" for oid in noted.objects}
    marks = pattern(what, noted.ids if what.is_document else (), {*objects, *(one[:12] for one in gone)})
    return tuple(one for one in sorted(paths.EXPORTS.glob("*")) if any(_marked(one, marks)))


def doubtful_exports(known: Collection[str]) -> tuple[Path, ...]:
    """Exports of adapters of which nobody can tell any more what they were trained on.

    known: SHA-256 of all others.
    """
    return tuple(one for one, manifest in _manifests().items() if manifest.adapter not in known)


def remove_exports(found: Iterable[Path]) -> None:
    """Remove them."""
    for one in found:
        shutil.rmtree(one) if one.is_dir() else one.unlink()


def _manifests() -> dict[Path, AdapterManifest]:
    """Export → the manifest in it; one that cannot be read stops the withdrawal, which it might escape."""
    files = sorted(paths.EXPORTS.glob(f"*/{paths.training_record('').name}"))
    remedy = "delete the export, and run this command again"
    return {file.parent: parsed_manifest(file.read_bytes(), file, remedy) for file in files}


def _trained_on(manifest: AdapterManifest, what: Subject) -> bool:
    return any(manifest.mix.sources[one].rows for one in what.sources if one in manifest.mix.sources)


def _marked(export: Path, marks: re.Pattern[bytes]) -> Iterator[bool]:
    for file in [export] if export.is_file() else sorted(export.rglob("*")):
        if file.is_file() and not file.is_symlink() and file.suffix not in WEIGHTS:
            yield found_in(file, marks)

"""Writes a bundle: members in a fixed order with fixed headers, so that the same files give the same bytes."""

import json
import shutil
from pathlib import Path
from typing import Any

from lineage.bundle import unpack_bundle as form
from lineage.core.errors import LineageError
from lineage.core.files import sha256


def write_archive(archive: Path, facts: dict[str, Any], files: dict[str, Path]) -> str:
    """Write an archive, read it back as it will be read elsewhere, and give it its name; returns its SHA-256.

    Args:
        archive: appears whole, or not at all.
        facts: what the manifest says beside its members.
        files: where each member lies now, by its path in the archive.

    Raises:
        LineageError: a file changed meanwhile, or the disk gave back something else than was written.
    """
    single = [path for path in form.SINGLE if path in files]
    order = single + sorted(files.keys() - set(single))
    members = [form.Carried(path, files[path].stat().st_size, sha256(files[path])) for path in order]
    tree = facts | {"members": [vars(member) for member in members]}
    manifest = (json.dumps(tree, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    form.parsed(manifest)
    archive.parent.mkdir(parents=True, exist_ok=True)
    growing = archive.with_name(f".{archive.name}.growing")
    try:
        with growing.open("wb") as out:
            for name, content in ((form.MANIFEST, manifest), (form.SEAL, form.seal(manifest))):
                out.write(form.header(name, len(content)) + content + form.padding(len(content)))
            for member in members:
                out.write(form.header(member.path, member.size))
                with files[member.path].open("rb") as source:
                    shutil.copyfileobj(source, out, form.AT_ONCE)
                out.write(form.padding(member.size))
            out.write(form.END)
        try:
            form.verified(growing)
        except form.BundleRefused as error:
            raise LineageError(f"what was packed is not what was read before: {error}; run this again") from None
        growing.replace(archive)
    finally:
        growing.unlink(missing_ok=True)
    return sha256(archive)

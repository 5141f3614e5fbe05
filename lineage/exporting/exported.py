"""What an export made, and its record: `export.json`, in the folder of the export."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.manifest import AdapterManifest
from lineage.core import paths
from lineage.core.files import sha256
from lineage.exporting.four_bit import Way
from lineage.exporting.logits import LogitDifference
from lineage.planning.servability import HEAD

ExportKind = Literal["adapter", "merged", "gguf"]
RECORD, CARD = "export.json", "README.md"


@dataclass
class Exported:
    """What an export made, and what is told of it. notes: what was compensated, left out or is to be known.

    dtype: of the weights that are shipped. served: what its shape costs a server. facts: of what is inside.
    """

    version: str
    kind: ExportKind
    base: BaseManifest
    manifest: AdapterManifest
    dtype: str
    facts: dict[str, Any]
    served: list[str]
    equality: list[LogitDifference] = field(default_factory=list)
    ways: tuple[Way, ...] = ()
    shipped: str = ""
    notes: list[str] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return paths.export(self.version, self.kind)

    @property
    def sources(self) -> set[str]:
        """The sources that are inside it, through all ancestors."""
        return {portion["source"] for portion in self.facts["portions"] if portion["rows"]}

    @property
    def tied(self) -> bool:
        """Whether the adapter lies on a head that is the embedding."""
        return bool(self.base.tied) and HEAD in self.manifest.lora.targets


def licences(facts: dict[str, Any]) -> dict[str, str]:
    """Source → what the licence is called under which it is inside, of the facts of `provenance`."""
    return {portion["source"]: portion["licence"] for portion in facts["portions"]}


def record(made: Exported, out: Path) -> dict[str, Any]:
    """What stands in `export.json`: every file by its hash, every figure of the card."""
    files = {file.relative_to(out).as_posix(): sha256(file) for file in sorted(out.rglob("*")) if file.is_file()}
    return {
        "version": made.version,
        "as": made.kind,
        "adapter": made.manifest.adapter,
        "fingerprint": made.manifest.fingerprint,
        "base": {"identity": made.base.identity, "name": made.base.name, "revision": made.base.revision},
        "template": made.manifest.template,
        "dtype": made.dtype,
        "equality": [one.as_json() for one in made.equality],
        "ways": [asdict(way) for way in made.ways],
        "shipped": made.shipped,
        "notes": made.notes,
        "served": made.served,
        "obligations": made.facts["obligations"],
        "licences": licences(made.facts),
        "packages": dict(sorted(made.packages.items())),
        "files": {name: hashed for name, hashed in files.items() if name != RECORD},
    }

"""What `lineage adopt` notes beside the adapter that it took in: `data/adopted/<version>/adopted.json`."""

from pathlib import Path

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.artifacts.manifest import AdoptedFrom, OriginalFile
from lineage.config.lora import Lora

NAME = "adopted.json"


class HeldAgainst(ArtifactPart):
    """The base and the chat template that an adapter was found to fit, by their hashes."""

    base: str
    template: str


class Adoption(Artifact):
    """Where an adapter came from, its shape and SHA-256 here, and what it was held against."""

    tool: str
    stated_base: str
    original: OriginalFile
    notes: tuple[str, ...]
    adapter: str
    lora: Lora
    against: HeldAgainst

    @property
    def origin(self) -> AdoptedFrom:
        """What the manifest of the version says of it."""
        return AdoptedFrom(tool=self.tool, stated_base=self.stated_base, original=self.original, notes=self.notes)


def write_adoption(folder: Path, adoption: Adoption) -> None:
    """Write the note into the folder of an adopted adapter."""
    write(folder / NAME, adoption)


def parsed_adoption(content: bytes, where: Path, remedy: str) -> Adoption:
    """The note from the bytes of its file.

    Raises:
        LineageError: with the file, the first field that is wrong, and the remedy.
    """
    return parsed(Adoption, content, where, remedy)

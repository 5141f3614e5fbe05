"""The manifest of the base, `models/base/base.json`: where it came from, what it is, which template every version uses.

{"origin": {"repo": "Qwen/Qwen2-7B-Instruct", "revision": "f2826a00…"}, "identity": "b6aa633d…",
 "template": {"name": "chatml", "sha256": "e69e2cb4…"}, "weights": "Qwen/Qwen2-7B-Instruct", …}
"""

from pathlib import Path

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.core import paths
from lineage.core.errors import LineageError


class BaseOrigin(ArtifactPart):
    """Where a base comes from: built here to these sizes, a folder of this name, or a hub repository at a commit."""

    build: dict[str, int | float] | None = None
    path: str | None = None
    repo: str | None = None
    revision: str | None = None

    @model_serializer(mode="wrap")
    def _without_the_others(self, plain: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {name: value for name, value in plain(self).items() if value is not None}


class TemplateName(ArtifactPart):
    """A chat template: its file in `lineage/base_model/templates`, and the SHA-256 of its text."""

    name: str
    sha256: str


class BaseManifest(Artifact):
    """What the base is.

    weights: the folder of its weights, or its repository. files: the SHA-256 of each, where they lie elsewhere.
    identity: a hash of weights, tokenizer and stop token.
    """

    origin: BaseOrigin
    weights: str
    files: dict[str, str] = Field(default_factory=dict)
    identity: str
    template: TemplateName
    parameters: int
    vocab_size: int

    @property
    def name(self) -> str:
        """How an adapter names this base: a hub id, or `base:` and a hash; never a path."""
        return self.origin.repo or f"base:{self.identity[:12]}"


def read_base(root: Path = Path()) -> BaseManifest:
    """The manifest of the base in the workspace at `root`.

    Raises:
        LineageError: it was not built, or the file is damaged.
    """
    found = find_base(root)
    if found is None:
        raise LineageError(f"{root / paths.BASE_RECORD} is not there; build it with: dvc repro base")
    return found


def find_base(root: Path = Path()) -> BaseManifest | None:
    """The same; None if there is no base yet.

    Raises:
        LineageError: the file is damaged.
    """
    file = root / paths.BASE_RECORD
    if not file.is_file():
        return None
    return parsed(BaseManifest, file.read_bytes(), file, "make it again: dvc repro -f base")


def write_base(folder: Path, manifest: BaseManifest) -> None:
    """Write the manifest into the folder of the base."""
    write(folder / paths.BASE_RECORD.name, manifest)

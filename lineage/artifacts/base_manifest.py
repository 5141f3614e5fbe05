"""The manifest of the base, `models/base/base.json`: where it came from, what it is, which template every version uses.

{"origin": {"repo": "Qwen/Qwen2-7B-Instruct", "revision": "f2826a00…"}, "identity": "b6aa633d…",
 "files": {"config.json": "5c1e…", …}, "template": {"name": "chatml", "sha256": "e69e2cb4…"}, …}

It says what the base is, never where it lies: that stands in `params.yaml`, and the same base elsewhere is the same.
"""

from pathlib import Path

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.core import paths
from lineage.core.errors import LineageError


class BaseOrigin(ArtifactPart):
    """Where a base comes from: built here to these sizes, a folder's model, or a hub repository at a commit.

    model: the kind and size of a folder's model, such as `Qwen2ForCausalLM of 494,032,768 parameters`.
    path: the name of its folder, in manifests that were written before.
    """

    build: dict[str, bool | int | float] | None = None
    model: str | None = None
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

    files: a hash of each file that shapes what it says; see lineage/base_model/shaping_files.py.
    identity: a hash of these files and the stop token. earlier_identity: the same of weights, config.json and
    tokenizer.json alone, by which manifests that were written before name it.
    begins: what stands before every conversation, its token for the beginning of a text; empty if it has none.
    tied: whether its head is its embedding. weights: where they lay, in manifests that were written before.
    """

    origin: BaseOrigin
    weights: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    identity: str
    earlier_identity: str | None = None
    template: TemplateName
    begins: str = ""
    tied: bool | None = None
    parameters: int
    vocab_size: int

    @property
    def name(self) -> str:
        """How an adapter names this base: a hub id, or a link in the workspace that its identity names."""
        return self.origin.repo or f"./{paths.base_link(self.identity).as_posix()}"

    @property
    def revision(self) -> str | None:
        """The commit that an adapter names beside it."""
        return self.origin.revision

    def is_called(self, identity: str) -> bool:
        """Whether a manifest that names this identity means this base."""
        return identity in (self.identity, self.earlier_identity)


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

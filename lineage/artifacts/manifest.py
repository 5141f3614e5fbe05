"""The manifest of an adapter, `models/<version>/lineage.json`: what it was made from, and how, without any server.

    {"version": "v3", "parent": "v1", "parent_adapter": "1537…", "adapter": "91c0…", "fingerprint": "2a78…",
     "base": {"identity": "b6aa…", "load": "float32", "origin": {…}}, "template": "e69e…", "code": "77d1…",
     "mix": {"rows": 259, "tokens": 11640, "sources": {"site_reports": {"rows": 233, …}}, …}, …}

It holds no clock, host or path, so that the same inputs give the same bytes. One that was written before the code had
an identity of its own has no `code`: its `fingerprint` covers the code too.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from lineage.artifacts.artifact import Artifact, ArtifactPart, Setting, parsed, write
from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin
from lineage.artifacts.not_built import why_not_built
from lineage.config.lora import Lora
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256


class LoadedBase(ArtifactPart):
    """The base that an adapter stands on. load: its precision in training, `4bit` or a dtype."""

    identity: str
    origin: BaseOrigin
    load: str


class SourceTokens(ArtifactPart):
    """What was trained on of one source. dropped: reason → rows. replayed_rows: those that repeat an ancestor's."""

    rows: int
    tokens: int
    supervised_tokens: int
    replayed_rows: int
    dropped: dict[str, int]


class TrainedMix(ArtifactPart):
    """The mix as it was trained on; every total is the sum of its sources. sha256: None where nobody knows the data."""

    sha256: str | None
    rows: int
    tokens: int
    supervised_tokens: int
    supervised_share: float | None
    sources: dict[str, SourceTokens]


class SourcePairs(ArtifactPart):
    """The preference pairs of one source. judged: how many of them people judged."""

    pairs: int
    tokens: int
    judged: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)


class PreferenceInputs(ArtifactPart):
    """A second phase of training, on pairs of a better and a worse answer: all that is decided before it."""

    beta: float
    steps: int
    learning_rate: float
    trained_tokens: int
    pairs: int
    tokens: int = 0
    dropped: int = 0
    sources: dict[str, SourcePairs]


class PreferencePhase(PreferenceInputs):
    """The same, once it was trained."""

    requested: dict[str, Setting] = Field(default_factory=dict)
    effective: dict[str, Setting] = Field(default_factory=dict)


class OriginalFile(ArtifactPart):
    """The adapter's file as it came from elsewhere."""

    sha256: str
    bytes: int


class AdoptedFrom(ArtifactPart):
    """Where an adapter that was trained elsewhere came from. notes: what differed, or could not be checked."""

    tool: str
    stated_base: str
    original: OriginalFile
    notes: tuple[str, ...]


class TrainingInputs(Artifact):
    """What an adapter is made from: all that is decided before a model is loaded.

    parent_adapter: the SHA-256 of its tensors. template: the SHA-256 of the chat template.
    """

    version: str
    parent: str
    parent_adapter: str | None
    base: LoadedBase
    mix: TrainedMix
    template: str
    lora: Lora
    seed: int
    steps: int
    trained_tokens: int
    preference: PreferenceInputs | None = None

    @property
    def passes(self) -> float:
        """How often each row of the mix was seen; 0 where nobody knows what was trained on."""
        return self.trained_tokens / self.mix.tokens if self.mix.tokens else 0.0


class AdapterManifest(TrainingInputs):
    """What an adapter was made from, and how.

    adapter: the SHA-256 of its tensors. fingerprint: a hash of data, parent, base and settings. code: the identity of
    the code that trained it. eight_bit_share: of the optimizer's states.
    Of a version that was adopted, what nobody here knows is None, empty or 0.
    """

    preference: PreferencePhase | None = None
    adapter: str
    adopted: AdoptedFrom | None = None
    requested: dict[str, Setting]
    effective: dict[str, Setting]
    trainable_parameters: int
    eight_bit_share: float | None
    packages: dict[str, str]
    fingerprint: str
    code: str | None = None


def read_manifest(version: str, root: Path = Path()) -> AdapterManifest:
    """The manifest of a version in the workspace at `root`.

    Raises:
        LineageError: the version is not built here, or the file is damaged; with the command to run.
    """
    found = find_manifest(version, root)
    if found is None and (why := why_not_built(version, root)):
        raise LineageError(f"{version} is not built: {why}; `lineage check` says where files belong")
    if found is None:
        raise LineageError(
            f"{root / paths.training_record(version)}: not found, {version} is not built here; build it with: "
            f"dvc repro train@{version}, or bring it back: dvc checkout {paths.adapter(version)}"
        )
    return found


def find_manifest(version: str, root: Path = Path()) -> AdapterManifest | None:
    """The same; None if the version is not built here.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = root / paths.training_record(version)
    return parsed_manifest(file.read_bytes(), file, _remedy(version)) if file.is_file() else None


def manifests(root: Path = Path()) -> Iterator[tuple[str, AdapterManifest]]:
    """Every version that is built in the workspace at `root`, whatever params.yaml says, with its manifest.

    Raises:
        LineageError: a file is damaged; with the command to run.
    """
    for file in sorted((root / paths.MODELS).glob(f"*/{paths.training_record('').name}")):
        yield file.parent.name, read_manifest(file.parent.name, root)


def parsed_manifest(content: bytes, where: Path, remedy: str) -> AdapterManifest:
    """A manifest from the bytes of its file, wherever that lies.

    Raises:
        LineageError: with the file, the first field that is wrong, and the remedy.
    """
    return parsed(AdapterManifest, content, where, remedy)


def write_manifest(folder: Path, manifest: AdapterManifest) -> None:
    """Write the manifest into an adapter's folder; last, for its existence means "complete"."""
    write(folder / paths.training_record("").name, manifest)


def verified_manifest(version: str, root: Path = Path()) -> AdapterManifest:
    """The manifest of a version, once the adapter beside it is found to be the one that it names.

    Raises:
        LineageError: the version is not built here, or its adapter was changed; with the command to run.
    """
    manifest, file = read_manifest(version, root), root / paths.adapter_weights(version)
    found = sha256(file) if file.is_file() else "no file"
    if found != manifest.adapter:
        raise LineageError(
            f"{file}: its SHA-256 is {found[:12]}, its manifest says {manifest.adapter[:12]}; it was changed; "
            f"{_remedy(version)}"
        )
    return manifest


def opened_adapter(version: str, base: BaseManifest, root: Path = Path()) -> AdapterManifest:
    """The manifest of a version whose adapter can be loaded on `base`: its file, its base and its template are right.

    Raises:
        LineageError: naming the version, what differs and the command that mends it.
    """
    manifest, folder = verified_manifest(version, root), root / paths.adapter(version)
    if not base.is_called(manifest.base.identity):
        was, now = manifest.base.identity[:12], base.identity[:12]
        raise LineageError(
            f"{folder}: it was trained on another base ({was}, now {now}); train it again: dvc repro -f "
            f"train@{version}, or bring its base back: dvc checkout {paths.BASE_MODEL}"
        )
    if manifest.template != base.template.sha256:
        raise LineageError(
            f"{folder}: it was trained with another chat template; train it again: dvc repro -f train@{version}"
        )
    return manifest


def _remedy(version: str) -> str:
    return f"bring it back: dvc checkout {paths.adapter(version)}, or train it again: dvc repro -f train@{version}"

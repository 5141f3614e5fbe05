"""Where the base's weights lie: `models/base`, a folder of the user's, or the hub's cache at a pinned commit."""

from pathlib import Path
from typing import Any

from lineage.errors import LineageError
from lineage.files import sha256

BASE_FOLDER = Path("models/base")


def weights_of(base: dict[str, Any]) -> str:
    """The folder to load a base's weights from, given its `base.json`; a hub model resolves to its cached snapshot.

    Raises:
        LineageError: if the files are no longer those that the `base` stage saw.
    """
    if "repo" in base["origin"]:
        folder = hub_folder(base["origin"]["repo"], base["origin"]["revision"])
    else:
        folder = Path(base["weights"])
    for name, seen in base.get("files", {}).items():
        if not (folder / name).is_file() or sha256(folder / name) != seen:
            raise LineageError(f"{folder / name}: not the file that models/base names; run: dvc repro -f base")
    return folder.as_posix()


def hub_folder(repo: str, revision: str) -> Path:
    """The local snapshot of a hub model, downloaded once.

    Raises:
        LineageError: with the command to run elsewhere, if it is not cached and the hub does not answer.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repo, revision=revision, allow_patterns=["*.json", "*.safetensors", "merges.txt"])
        )
    except Exception as error:  # the hub raises many types; all mean that the model is not here
        raise LineageError(
            f"base model {repo}@{revision[:12]}: not in the local cache, and the hub did not answer "
            f"({type(error).__name__}: {error}). "
            f"With a network: hf download {repo} --revision {revision}; or set profiles.<profile>.base.path to a folder"
        ) from error

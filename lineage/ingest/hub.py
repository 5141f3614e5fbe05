"""Hub sources, fetched once at a pinned commit: `fetch(c, "metamath")` → `data/raw/own/metamath/*.parquet`.

Through `datasets`, which runs no code of a repository. A hidden `.hub.json` beside the rows says what they are:

    {"repo": "meta-math/MetaMathQA-40K", "revision": "…40 hex digits…", "config": null, "split": "train",
     "file": "MetaMathQA-40K.parquet", "rows": 40000, "sha256": "9f…"}
"""

import json
import shutil
from pathlib import Path
from typing import Any

from lineage.config.edit import edit_curriculum
from lineage.config.schema import Curriculum, Hub
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, write_json
from lineage.core.paths import STATE

RECEIPT = ".hub.json"


def fetch(c: Curriculum, source: str, pin: bool = False) -> dict[str, Any]:
    """Fetch a source's rows and return the receipt; what is there already is not fetched again.

    Args:
        source: a source of params.yaml with a `hub:` entry.
        pin: where params.yaml names no commit, ask the hub for the present one and write it there first.

    Raises:
        LineageError: an unknown source, none of the hub's, not pinned, not to be reached, or a folder with other files.
    """
    if source not in c.sources:
        raise LineageError(f"{source!r} is no source in params.yaml; it has {', '.join(c.sources)}")
    hub, folder = c.sources[source].hub, paths.RAW / "own" / source
    if hub is None:
        known = ", ".join(name for name, spec in c.sources.items() if spec.hub)
        raise LineageError(
            f"sources.{source} has no hub: entry; put its files into {folder}/ by hand (from the hub come {known})"
        )
    if pin and hub.revision is None:
        hub = hub.model_copy(update={"revision": _commit(source, hub.repo)})
        edit_curriculum(lambda tree: tree["sources"][source]["hub"].update(revision=hub.revision))
    if hub.revision is None:
        raise LineageError(
            f"sources.{source}.hub.revision is missing: rows are fetched at a pinned commit only. "
            f"`lineage fetch {source} --pin` asks the hub for the present one and writes it into params.yaml"
        )
    wanted = hub.model_dump()
    there = _receipt(folder)
    if there and wanted.items() <= there.items() and sha256(folder / there["file"]) == there["sha256"]:
        return there
    own = {there["file"]} if there else set()
    if others := sorted(p.name for p in folder.glob("*") if not p.name.startswith(".") and p.name not in own):
        raise LineageError(f"{folder} holds {', '.join(others[:5])}: move that away first, a fetch overwrites nothing")
    with appearing(folder) as (out,):
        receipt = wanted | _rows(source, hub, out)
        write_json(out / RECEIPT, receipt)
    return receipt


def _receipt(folder: Path) -> dict[str, Any] | None:
    """What an earlier fetch left, if its file is still there."""
    file = folder / RECEIPT
    if not file.is_file():
        return None
    try:
        said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return said if (folder / said["file"]).is_file() else None
    except (ValueError, KeyError, TypeError) as error:
        raise LineageError(f"{file}: not what a fetch writes ({error}); remove it and fetch again") from error


def _commit(source: str, repo: str, revision: str | None = None) -> str:
    """The commit that a revision names, the present one without it. One question only: it fails fast offline."""
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return str(HfApi().dataset_info(repo, revision=revision, timeout=20).sha)
    except (HfHubHTTPError, OSError, httpx.HTTPError) as error:
        raise _unreachable(source, repo, error) from error


def _rows(source: str, hub: Hub, out: Path) -> dict[str, Any]:
    """Write the split as Parquet into `out`."""
    import datasets
    import httpx

    datasets.disable_progress_bars()
    _commit(source, hub.repo, hub.revision)
    scratch = STATE / "hub" / source
    try:
        rows = datasets.load_dataset(
            hub.repo, hub.config, split=hub.split, revision=hub.revision, cache_dir=str(scratch.absolute())
        )
    except (OSError, httpx.HTTPError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise _unreachable(source, hub.repo, error) from error
    file = f"{hub.repo.partition('/')[2]}.parquet"
    rows.to_parquet(str(out / file))
    shutil.rmtree(scratch)
    return {"file": file, "rows": len(rows), "sha256": sha256(out / file)}


def _unreachable(source: str, repo: str, error: Exception) -> LineageError:
    reason = " ".join(str(error).split())[:300]
    return LineageError(
        f"{repo} could not be fetched: {type(error).__name__}: {reason}\n"
        f"  Without a network: run `lineage fetch {source}` on a machine that has one, with this params.yaml, and copy "
        f"its {paths.RAW}/own/{source}/ here.\n"
        f"  For a repository that asks for a login: set HF_TOKEN. "
        f"If config or split are named: compare them with its page on the hub."
    )

"""Sends an export to a hub repository: one commit, which is there whole or not at all.

    push(load_curriculum(), "v6", "adapter", "team/krx-v6", public=False)

What may not be passed on is refused first. Files go as `export.json` lists them, each checked against its hash, and
what an earlier push brought and this one does not is taken away in the same commit. Afterwards every file is held
against what the hub says that it has.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter
from lineage.artifacts.measures import read_measures
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.exporting.exported import CARD, RECORD, ExportKind, licences
from lineage.exporting.hub_card import card_for_hub
from lineage.provenance.obligations import provenance

TOKEN = "HF_TOKEN"
SENT = (".safetensors", ".gguf", ".json", ".jinja", ".md", ".txt")  # no pickle, no code
HUBS_OWN = {".gitattributes"}


@dataclass(frozen=True)
class Pushed:
    """What a repository has now. commit: the one to load; before: the one that was there, None in a new repository.

    new: whether the push made a commit. others: files that no push brought. private: who sees it.
    """

    url: str
    commit: str
    before: str | None
    new: bool
    files: int
    others: tuple[str, ...]
    private: bool


def must_be_free(facts: Mapping[str, Any], *, public: bool) -> None:
    """Refuse what may not be passed on.

    facts: of `provenance`. public: whether everybody will see it.

    Raises:
        LineageError: a term forbids it, or is not known and everybody would see it, or withdrawn rows are inside.
    """
    one, version = facts["obligations"]["redistribution"], facts["version"]
    because = [f"{name} ({_licences(facts, name)})" for name in one["because"]]
    if one["term"] == "forbidden":
        raise LineageError(
            f"{version} is not pushed: redistribution is forbidden by what is inside it: {', '.join(because)}. Train a "
            "version without these sources, its ancestors too, or ask who owns them"
        )
    if one["term"] == "unknown" and public:
        raise LineageError(
            f"{version} is not pushed where everybody sees it: whether it may be passed on is unknown, because of "
            f"{', '.join(because)}. Read their terms and write them to `licences.<licence>.redistribution` in "
            f"{paths.PARAMS}; without --public it goes to a private repository"
        )
    for gone in facts["withdrawn"]:
        if through := [*gone["through"], *gone["unsure"]]:
            raise LineageError(
                f"{version} is not pushed: {gone['source']} was withdrawn, and {', '.join(through)} of its line may "
                f"hold rows of it; train the line again: dvc repro train@{version}"
            )


def _licences(facts: Mapping[str, Any], source: str) -> str:
    found = dict.fromkeys(p["licence"] for p in facts["portions"] if p["source"] == source)
    return ", ".join(found) or "terms unknown"


def files_of_export(folder: Path, adapter: str) -> dict[str, Path]:
    """The files of an export by their names there, each as its record has it.

    Args:
        folder: of the export.
        adapter: the SHA-256 of the version's adapter.

    Raises:
        LineageError: it is of another adapter, a file is missing, changed, of a kind that is not sent, or not its own.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        listed: dict[str, str] = record["files"]
        is_of = record["adapter"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LineageError(f"{folder}/{RECORD}: cannot be read ({type(error).__name__}); export it again") from error
    if is_of != adapter:
        raise LineageError(f"{folder}: it is of another adapter than the version has now; export it again")
    there = {f.relative_to(folder).as_posix(): f for f in folder.rglob("*") if f.is_symlink() or not f.is_dir()}
    for name in sorted({*there, *listed} - {RECORD}):
        file = there.get(name)
        if name not in listed or file is None:
            raise LineageError(f"{folder}/{name}: {'not of the export' if file else 'missing'}; export it again")
        if file.is_symlink() or not file.is_file() or file.suffix not in SENT:
            raise LineageError(
                f"{folder}/{name}: {file.suffix or 'such a file'} is not sent; sent are {' '.join(SENT)}"
            )
        if sha256(file) != listed[name]:
            raise LineageError(f"{folder}/{name}: it was changed after the export; export it again")
    return {name: there[name] for name in sorted(there)}


def push(c: Curriculum, version: str, kind: ExportKind, repo: str, *, public: bool) -> Pushed:
    """Send an export of a version.

    Args:
        c: the curriculum.
        version: a version whose export of this kind lies in `exports/`.
        kind: of the export.
        repo: `team/name`; made if it is not there.
        public: whether everybody may see it.

    Raises:
        LineageError: it may not be passed on, the export is not whole, or the hub did not take it.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    contents = contents_for_hub(c, version, kind, repo, public=public)
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise LineageError(f"{TOKEN} is not set: a token that may write to {repo}, from the hub's settings")
    hub = HfApi(token=token, library_name="krx-lineage")
    with told(repo, token):
        hub.create_repo(repo, private=not public, exist_ok=True)
        info = hub.model_info(repo)
        if not info.private and not public:
            raise LineageError(f"{repo} is there, and everybody sees it: push with --public, or to another repository")
        before = info.sha
        there = {one.rfilename for one in info.siblings or ()}
        ours = _of_an_earlier_push(hub, repo, before) if RECORD in there else set()
        gone = sorted(there & ours - set(contents))
        made = hub.create_commit(
            repo,
            [CommitOperationAdd(name, file) for name, file in contents.items()]
            + [CommitOperationDelete(name) for name in gone],
            commit_message=f"{c.name} {version}, {kind}",
            parent_commit=before,
        )
        _held_against(hub, repo, made.oid, contents)
    others = tuple(sorted(there - set(contents) - ours - HUBS_OWN))
    return Pushed(f"{hub.endpoint}/{repo}", made.oid, before, made.oid != before, len(contents), others, not public)


def contents_for_hub(
    c: Curriculum, version: str, kind: ExportKind, repo: str, *, public: bool
) -> dict[str, bytes | Path]:
    """Every file that a push sends, by its name there: those of the export, with a card and a record for the hub.

    Args:
        c: the curriculum.
        version: the version.
        kind: of its export.
        repo: `team/name`.
        public: whether everybody will see it.

    Raises:
        LineageError: as for `push`, before anything is sent.
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise LineageError(f"{repo}: no name of a repository, such as team/krx-v6 ({error})") from error
    if "/" not in repo:
        raise LineageError(f"{repo}: whose repository? Name it as team/{repo}")
    base = read_base()
    manifest = opened_adapter(version, base)
    facts = provenance(c, version)
    must_be_free(facts, public=public)
    if public and kind == "adapter" and not base.origin.repo and not base.origin.build:
        raise LineageError(
            f"{version} is not pushed where everybody sees it: its base lies beside it, and what may be done with that "
            "is not known here; name the base by repo and revision, or leave --public out"
        )
    folder = paths.export(version, kind)
    files = files_of_export(folder, manifest.adapter)
    measures = read_measures(version)
    measured = measures if measures and measures.adapter == manifest.adapter else None
    card = card_for_hub(files[CARD].read_text(encoding="utf-8"), c, measured, repo, version).encode()
    record = json.loads(files[RECORD].read_text(encoding="utf-8"))
    if (record.get("obligations"), record.get("licences")) != (facts["obligations"], licences(facts)):
        raise LineageError(f"{folder}: its card says other terms than {paths.PARAMS} says now; export it again")
    record["files"][CARD] = hashlib.sha256(card).hexdigest()
    told_record = (json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
    return {**files, CARD: card, RECORD: told_record}


def _of_an_earlier_push(hub: Any, repo: str, commit: str | None) -> set[str]:
    """What the record in the repository lists: names alone, none of which leads anywhere else."""
    file = hub.hf_hub_download(repo, RECORD, revision=commit)
    try:
        listed = json.loads(Path(file).read_text(encoding="utf-8"))["files"]
        return {RECORD, *map(str, listed)}
    except (ValueError, KeyError, TypeError):
        return set()  # a file of that name that is not ours: it is overwritten, nothing else is taken away


def _held_against(hub: Any, repo: str, commit: str, contents: Mapping[str, bytes | Path]) -> None:
    """Whether the hub has every file as it was sent: by SHA-256 of large ones, by git's name for the others."""
    has = {
        one.path: one for one in hub.list_repo_tree(repo, recursive=True, revision=commit) if hasattr(one, "blob_id")
    }
    for name, content in contents.items():
        one = has.get(name)
        alike = one and (one.lfs.sha256 == _sha256(content) if one.lfs else one.blob_id == _git_blob(content))
        if not alike:
            raise LineageError(f"{repo} at {commit[:12]}: {name} is not there as it was sent; push again")


def _sha256(content: bytes | Path) -> str:
    return sha256(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()


def _git_blob(content: bytes | Path) -> str:
    data = content.read_bytes() if isinstance(content, Path) else content
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def told(repo: str, token: str) -> Iterator[None]:
    """What the hub refuses, as a sentence that says what to do; the token is in none of them."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except LineageError:
        raise
    except OfflineModeIsEnabled as error:
        raise LineageError("HF_HUB_OFFLINE is set, so nothing can be pushed: unset it") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        what = {
            401: f"the hub does not know the token in {TOKEN}",
            403: f"the token in {TOKEN} may not write there",
            404: "there is no such team, or the token may not see it",
            409: "another push was faster; push again",
            412: "another push was faster; push again",
        }.get(status, "push again later" if status >= 500 or status == 429 else "the hub refused it")
        raise LineageError(f"{repo}: {what} ({status}: {_without(token, str(error))})") from error
    except (httpx.HTTPError, OSError) as error:
        raise LineageError(f"{repo}: the hub does not answer ({_without(token, str(error))}); push again") from error
    except ValueError as error:  # how the client tells metadata that the hub's own check refuses
        raise LineageError(f"{repo}: {_without(token, str(error))}") from error


def _without(token: str, text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(token, "…")).strip()[:300]

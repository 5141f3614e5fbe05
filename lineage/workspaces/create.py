"""A new workspace: a folder with a curriculum, the graph, git and DVC, ready for `lineage check`."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from slugify import slugify

from lineage.config.entries import with_entry, without_entry
from lineage.config.reserved import BASE, why_reserved
from lineage.config.schema import DEFAULT_NAME
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.program import NAME
from lineage.workspaces.additions import must_fit, place, version_entry, with_source
from lineage.workspaces.own_graph import graph_files
from lineage.workspaces.proposals import ProposedSource

HERE = Path(__file__).parent
SYSTEMS = HERE / "systems"
GIT_IGNORE = Path(".gitignore")
DVC_CONFIG = """\
[core]
    analytics = false
    check_update = false
    autostage = false
[cache]
    type = "reflink,copy"
"""
SPECIAL = re.compile(r"[\\*?\[\]!# ]")  # what means something in .gitignore
UNKNOWN = ("-c", "user.name=lineage init", "-c", "user.email=lineage-init@localhost")  # where git knows nobody


def systems() -> list[str]:
    """The lineages that a workspace may begin with, by name."""
    return sorted(folder.name for folder in SYSTEMS.iterdir() if (folder / paths.PARAMS).is_file())


def create(root: Path, system: str, proposals: Sequence[ProposedSource] = ()) -> list[Path]:
    """Make a workspace; the files that were written.

    root: a folder that is not there yet, or that holds nothing of a workspace: files of one's own stay as they are.
    system: the lineage that it begins with.
    proposals: sources that take the place of those of the system `empty`, mixed into its first version.

    Raises:
        LineageError: no such system; the folder has a workspace already, or lies inside one; git or DVC failed.
    """
    if system not in systems():
        raise LineageError(f"--system {system}: none of {', '.join(systems())}")
    files = {**_first_files(system), **graph_files()}
    files[paths.PARAMS] = _called(files[paths.PARAMS], root.absolute().name)
    if proposals:
        files[paths.PARAMS] = _with_sources(files[paths.PARAMS], proposals)
        files[GIT_IGNORE] += _of_ones_own(root, proposals)
    if root.exists() and not root.is_dir():
        raise LineageError(f"{root}: a file is there; name a folder")
    if present := [name for name in map(str, files) if (root / name).exists()]:
        raise LineageError(
            f"{root}: has {', '.join(present[:3])} already. `lineage upgrade` brings a workspace to the installed "
            f"program; for a new one name another folder"
        )
    for above in root.absolute().parents:
        if (above / paths.GRAPH).is_file() and (above / ".dvc").is_dir():
            raise LineageError(f"{root}: lies inside the workspace {above}; a workspace is a repository of its own")
    must_fit(proposals, root)
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for proposal in proposals:
        place(proposal, root)
    if not (root / ".git").exists():
        _run(root, "git", "init", "--quiet")
    if not (root / ".dvc").exists():
        _run(root, sys.executable, "-m", "dvc", "init", "--quiet")
        (root / ".dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
    written = [*files, Path(".dvc/config"), Path(".dvc/.gitignore")]
    _run(root, "git", "add", "--", *map(str, written))
    known = subprocess.run(["git", "config", "user.email"], cwd=root, capture_output=True, check=False).returncode == 0
    what = f"A lineage, made by {NAME}: {system}"
    _run(root, "git", *(() if known else UNKNOWN), "commit", "--quiet", "--message", what, "--", *map(str, written))
    return written


def _first_files(system: str) -> dict[Path, str]:
    """What a workspace has of its own from the beginning on."""
    ignored = (HERE / "gitignore").read_text(encoding="utf-8")
    promotions = (HERE / "promotions_head.yaml").read_text(encoding="utf-8")
    answers = SYSTEMS / system / paths.DOSSIER_ANSWERS
    said = {paths.DOSSIER_ANSWERS: answers.read_text(encoding="utf-8")} if answers.is_file() else {}
    return {
        paths.PARAMS: (SYSTEMS / system / paths.PARAMS).read_text(encoding="utf-8"),
        paths.PROMOTIONS: "".join(line for line in promotions.splitlines(keepends=True) if line.startswith("#")),
        paths.DVC_IGNORE: (HERE / "dvcignore").read_text(encoding="utf-8"),
        GIT_IGNORE: ignored,
        **said,
    }


def _called(text: str, folder: str) -> str:
    """The curriculum under a name of its own, after its folder: MLflow and Prefect show several lineages by name."""
    name = slugify(folder, max_length=60) or DEFAULT_NAME
    said = name if name[0].isalpha() and not why_reserved(name, version=False) else f'"{name}"'  # 2024, on: no texts
    line = f"name: {said}    # in MLflow and Prefect, beside other lineages"
    return text.replace("\nprofile: ", f"\n{line}\nprofile: ", 1)


def _with_sources(text: str, proposals: Sequence[ProposedSource]) -> str:
    """The curriculum of `empty`, with other sources in place of the one that it explains itself by."""
    tree = yaml.safe_load(text)
    [placeholder], [version] = tree["sources"], tree["versions"]
    text = without_entry(text, "sources", placeholder)
    for proposal in proposals:
        text = with_source(text, proposal)
    mix = {one.name: {"form": one.form, "weight": 1} for one in proposals}
    entry = version_entry(BASE, mix, tree["versions"][version]["because"])
    return with_entry(without_entry(text, "versions", version), "versions", version, entry)


def _of_ones_own(root: Path, proposals: Sequence[ProposedSource]) -> str:
    """What git is to leave alone of files that lay in the folder before: data/raw has their copies."""
    here, files = root.resolve(), [file.resolve() for one in proposals for file in one.files]  # however both are named
    inside = {file.relative_to(here).parts[0] for file in files if file.is_relative_to(here)}
    lines = "".join("/" + SPECIAL.sub(r"\\\g<0>", name) + "\n" for name in sorted(inside))
    return f"\n# Files that the sources were made of; {paths.RAW} has them.\n{lines}" if inside else ""


def _run(root: Path, *command: str) -> None:
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise LineageError(f"{command[0]} is not installed; a workspace is a repository of git") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise LineageError(f"`{' '.join(command)}` in {root} failed: {' '.join(said)}")

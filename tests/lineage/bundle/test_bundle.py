"""A repository with a lineage is packed and unpacked: git's history, DVC's objects, wheels and base arrive."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo

from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin, TemplateName, write_base
from lineage.base_model import shaping_files
from lineage.bundle import bundle as packing
from lineage.bundle import unpack_bundle as form
from lineage.bundle.bundle import bundle
from lineage.bundle.carried_base import carried_base
from lineage.bundle.wheelhouse import of_other_patches, oldest_glibc
from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import BASE_MODEL
from tests.shown import ROOT
from tests.tiny import PARAMS

WHEEL = "tiny-1-py3-none-any.whl"
REVISION = "0123456789" * 4


def run(*command: str, folder: Path = Path()) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def curriculum(base: dict[str, Any] | None = None) -> Curriculum:
    profile = PARAMS["profiles"]["cpu"] | ({"base": base} if base else {})
    return parse_curriculum(PARAMS | {"profiles": {"cpu": profile}})


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a stage that ran, one that did not, and a raw file of one's own; nobody writes into it."""
    folder = tmp_path_factory.mktemp("shipped") / "repository"
    (folder / "docs").mkdir(parents=True)
    shutil.copy(ROOT / packing.GUIDE, folder / packing.GUIDE)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / "constraints.txt").write_text("tiny==1\n")
    (folder / "dvc.yaml").write_text(
        "stages:\n"
        "  train:\n"
        "    cmd: mkdir v1 && echo tensors > v1/weights && echo record > v1/lineage.json\n"
        "    deps: [own.csv]\n"
        "    outs: [v1]\n"
        "  later: {cmd: touch later, outs: [later]}\n"
    )
    (folder / ".gitignore").write_text(".state/\n/exports/\n/.bundle/\n.venv/\n/v1\n/later\n")
    (folder / "own.csv").write_text("raw")
    run("git", "init", "--quiet", folder=folder)
    run("git", "config", "user.name", "a tester", folder=folder)
    run("git", "config", "user.email", "tester@example.org", folder=folder)
    with chdir(folder), Repo.init() as repo:
        repo.add("own.csv")
        repo.reproduce("train")
    run("git", "add", "--all", folder=folder)
    run("git", "commit", "--quiet", "--message", "first", folder=folder)
    return folder


@pytest.fixture
def repository(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in, where one wheel is all that pip collects."""
    folder = tmp_path / "repository"
    shutil.copytree(shipped, folder)
    monkeypatch.chdir(folder)

    def one_wheel(to: Path, extras: tuple[str, ...], time: int) -> list[Path]:
        to.mkdir(parents=True)
        (to / WHEEL).write_bytes(b"a wheel")
        return [to / WHEEL]

    monkeypatch.setattr(packing, "collect_wheels", one_wheel)
    return folder


def test_what_the_commit_names_arrives_and_nothing_else(repository: Path, tmp_path: Path) -> None:
    stranger = repository / ".dvc/cache/files/md5/00/stranger"
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_text("of another commit")
    made = bundle(curriculum(), ())
    assert (made.wheels, made.objects, made.runs, made.not_made) == (1, 4, 1, ("later",))
    assert made.number == hashlib.sha256(made.archive.read_bytes()).hexdigest()
    assert bundle(curriculum(), ()).number == made.number, "the same inputs give the same bytes"

    there = tmp_path / "there"
    (tmp_path / ".there.unpacking/wheels").mkdir(parents=True)  # of a run that was killed
    form.place(made.archive, there, made.number)
    assert run("git", "rev-parse", "HEAD", folder=there) == made.commit
    assert run("git", "status", "--porcelain", folder=there) == ""
    assert (there / ".bundle/wheels" / WHEEL).read_bytes() == b"a wheel"
    assert not (there / stranger.relative_to(repository)).exists()
    with Repo(there) as repo:
        repo.checkout(allow_missing=True)
    assert (there / "v1/weights").read_text() == "tensors\n" and (there / "own.csv").read_text() == "raw"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["repository", "there"]

    planned = run("make", "--dry-run", ".venv/installed", folder=there)
    assert f'--no-index --find-links "{there}/.bundle/wheels"' in planned
    assert "--no-index" not in run("make", "--dry-run", ".venv/installed", folder=repository)

    form.place(made.archive, there, made.number)  # not installed yet: it goes on
    (there / ".bundle/unfinished").unlink()
    with pytest.raises(form.BundleRefused, match="is there already"):
        form.place(made.archive, there, made.number)


def test_what_is_in_no_commit_is_named(repository: Path) -> None:
    (repository / "dvc.lock").write_text("changed")
    (repository / "new.py").touch()
    with pytest.raises(LineageError, match=r"in none: dvc\.lock, new\.py\. Commit them"):
        bundle(curriculum(), ())
    assert not (repository / "exports").exists()


def test_a_folder_that_is_not_the_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LineageError, match="at the top of the program's own repository"):
        bundle(curriculum(), ())


@pytest.mark.parametrize("how", ["lost", "changed"])
def test_an_object_that_the_cache_does_not_hold_whole_is_named(repository: Path, how: str) -> None:
    oid = hashlib.md5(b"tensors\n", usedforsecurity=False).hexdigest()
    file = repository / ".dvc/cache/files/md5" / oid[:2] / oid[2:]
    file.unlink()
    if how == "changed":
        file.write_text("tensorz\n")
    with pytest.raises(LineageError, match=r"does not hold whole: v1\. Bring it with `dvc fetch`"):
        bundle(curriculum(), ())


def test_a_file_that_changes_while_it_is_packed_leaves_no_archive(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = form.header

    def and_a_change(path: str, size: int) -> bytes:
        if path == "unpack.py":
            (repository / packing.GUIDE).write_bytes(b"x" * (repository / packing.GUIDE).stat().st_size)
        return header(path, size)

    monkeypatch.setattr(form, "header", and_a_change)
    with pytest.raises(LineageError, match="not what was read before"):
        bundle(curriculum(), ())
    assert list((repository / "exports").iterdir()) == []


def model(folder: Path) -> BaseManifest:
    """A model's folder, and models/base made with it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 32}))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "notes.txt").write_text("not of the model")
    manifest = BaseManifest(
        origin=BaseOrigin(model="tiny"),
        files=shaping_files.hashes(folder),
        identity="1" * 64,
        template=TemplateName(name="chatml", sha256="2" * 64),
        parameters=1,
        vocab_size=1,
    )
    BASE_MODEL.mkdir(parents=True)
    write_base(BASE_MODEL, manifest)
    return manifest


def test_a_hub_base_is_carried_from_the_hubs_cache_into_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "here"))
    c = curriculum({"repo": "of/model", "revision": REVISION})
    model(tmp_path / "here/models--of--model/snapshots" / REVISION)
    base = carried_base(c.active, c.profile)
    assert sorted(base.files) == ["config.json", "model.safetensors"]
    assert base.place == {"repo": "of/model", "revision": REVISION}

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "there"))
    (tmp_path / "base").mkdir()
    for name, file in base.files.items():
        shutil.copy(file, tmp_path / "base" / name)
    shutil.copytree(tmp_path / "base", tmp_path / "again")
    form._place_base(tmp_path / "base", tmp_path / "workspace", base.place)
    arrived = tmp_path / "there/models--of--model/snapshots" / REVISION
    assert (arrived / "model.safetensors").read_bytes() == b"weights"
    form._place_base(tmp_path / "again", tmp_path / "workspace", base.place)
    (arrived / "model.safetensors").write_bytes(b"others")
    with pytest.raises(form.BundleRefused, match=r"model\.safetensors: is not the file of this bundle"):
        form._place_base(tmp_path / "again", tmp_path / "workspace", base.place)


def test_a_base_that_is_not_here_or_another_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub/models--of--model/snapshots" / REVISION
    model(snapshot)
    c = curriculum({"repo": "of/model", "revision": REVISION})
    (snapshot / "model.safetensors").write_bytes(b"others")
    with pytest.raises(LineageError, match=r"model\.safetensors: not the file that models/base/base\.json names"):
        carried_base(c.active, "gpu")
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(LineageError, match=r"profile gpu: model\.safetensors of its base of/model@0123.* hf download"):
        carried_base(c.active, "gpu")
    c = curriculum({"path": str(tmp_path)})
    with pytest.raises(LineageError, match=r"profiles\.small\.base\.path: .* lies outside this workspace"):
        carried_base(c.active, "small")


def test_the_packages_say_which_system_they_need() -> None:
    names = [
        "a-1-py3-none-any.whl",
        "b-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "c-1-cp311-cp311-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_34_x86_64.whl",
        "d-1-cp311-cp311-manylinux_2_28_x86_64.whl",
    ]
    assert oldest_glibc([Path(name) for name in names]) == "2.28"
    assert oldest_glibc([Path(names[0])]) == ""


def test_what_only_another_patch_of_python_requires_comes_along(tmp_path: Path) -> None:
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    wheel, here = tmp_path / "redis-1-py3-none-any.whl", f"{minor}.{sys.version_info[2]}"
    with zipfile.ZipFile(wheel, "w") as archive:
        lines = [
            f"Requires-Dist: timeout>=4; python_full_version < '{here}'",
            f"Requires-Dist: here; python_full_version <= '{here}'",
            "Requires-Dist: old; python_full_version < '3.8.1'",
            "Requires-Dist: plain",
        ]
        archive.writestr("redis-1.dist-info/METADATA", "\n".join(["Name: redis", *lines, "", "text"]))
    assert list(of_other_patches(wheel)) == ["timeout>=4"]

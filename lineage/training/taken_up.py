"""The adapter that a training would make again: found among those that are finished, and taken up instead.

    v5_3b: the adapter of v5_3 is taken up, nothing was trained: same mix, parent, base, settings, code and packages

DVC runs `train@v5_3b` because it knows no stage of that name, and the stages of its children because a folder is called
otherwise. Nothing of the result is another. What `dvc.lock` still says of finished stages, old names included, leads to
their folders in DVC's cache, and each folder's `lineage.json` says what its adapter was made from.

An adapter is taken up only if everything that shapes a training is the same: fingerprint, packages, and the code, by
its identity or file by file. Every file is held against its hash. What of a training nobody can compare, such as the
processor, DVC does not compare either. Who asks by force (lineage/core/forced.py) gets it trained again.
"""

import json
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from lineage.artifacts.base_manifest import BaseManifest, read_base
from lineage.artifacts.manifest import (
    AdapterManifest,
    LoadedBase,
    PreferenceInputs,
    TrainingInputs,
    parsed_manifest,
    write_manifest,
)
from lineage.base_model.loading import BASE_FOLDER
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import paths
from lineage.core.declaration import declared
from lineage.core.dvc_cache import (
    CachedObjects,
    Listing,
    LockedStage,
    cached_objects,
    folder_md5,
    locked_stages,
    md5,
)
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.core.forced import forced
from lineage.core.inputs import files_of
from lineage.records.record import PARTS
from lineage.training.adapter_saving import write_config
from lineage.training.earlier_code import trains_the_same
from lineage.training.parent import open_parent
from lineage.training.plan import fingerprint_of, loaded, packages

AGAIN = "KRX_TRAIN_AGAIN"  # "1": trainings alone are forced, for tests and benchmarks that compare bytes
CONFIG = "adapter_config.json"
STAGE = "train@"
SAME = "same mix, parent, base, settings, code and packages"


@dataclass(frozen=True, slots=True)
class Finished:
    """A version that the lock says was finished, with its manifest and the files of its folder in DVC's cache."""

    version: str
    stage: LockedStage
    manifest: AdapterManifest
    files: Listing
    objects: CachedObjects

    def file(self, name: str) -> Path:
        """A file of its folder. Raises LineageError if it is not in the cache as it was."""
        if found := self.objects.whole(self.files.get(name, "")):
            return found
        raise LineageError(f"{paths.adapter(self.version) / name} is not whole in DVC's cache")


def take_up(c: Curriculum, v: ResolvedVersion, out: Path) -> str:
    """Write a finished adapter into `out`, as the training of `v` would, and return a line that says so.

    An empty text: there is none, or training was asked for. One that is the same but for its code, its packages or a
    broken file is named with the reason.

    Raises:
        LineageError: from the parent or the base.
    """
    if not wanted():
        return ""
    alike, unknown = candidates(c, v)
    for one in alike:
        try:
            must_be_as_trained_now(one, c, v)
            _write(one, c, v, out)
        except LineageError as reason:
            print(f"{v.name}: {_whose(one, v)} has the same mix, parent, base and settings, but {reason}")
        else:
            return f"{v.name}: {_whose(one, v)} is taken up, nothing was trained: {SAME}"
    if old := [name for name in unknown if name not in c.versions]:
        print(
            f"{v.name}: DVC's cache lacks what was trained as {', '.join(old)}, so whether one of them is this adapter "
            "is not known; if so, stop this, give it its old name, run `dvc pull`, and rename it then"
        )
    return ""


def is_finished(c: Curriculum, v: ResolvedVersion) -> bool:
    """Whether the training of `v` would take up an adapter, as far as can be told without reading its tensors.

    Raises:
        LineageError: from the parent or the base.
    """
    return wanted() and any(is_usable(one, c, v) for one in candidates(c, v)[0])


def _whose(one: Finished, v: ResolvedVersion) -> str:
    return "its finished adapter" if one.version == v.name else f"the adapter of {one.version}"


def wanted() -> bool:
    """Whether finished adapters may be taken up."""
    return os.environ.get(AGAIN, "0") in ("", "0") and not forced()


def candidates(c: Curriculum, v: ResolvedVersion) -> tuple[list[Finished], list[str]]:
    """The finished adapters with the fingerprint that a version has now, and the versions whose manifest is not here.

    Its own name comes first. Nothing, as long as its mix is not made.

    Raises:
        LineageError: from the parent or the base.
    """
    parts = [v.mix / f"{part}.jsonl" for part in PARTS]
    if not all(part.is_file() for part in parts):
        return [], []
    every, unknown = finished(locked_stages())
    if not every:
        return [], unknown
    base = read_base()
    parent = open_parent(v.parent, base)
    mix, adapter = sha256_of([sha256(part) for part in parts]), parent.adapter if parent else None
    alike = [one for one in every if one.manifest.mix.sha256 == mix and made_alike(one, c, v, base, adapter)]
    return sorted(alike, key=lambda one: one.version != v.name), unknown


def made_alike(
    one: Finished, c: Curriculum, v: ResolvedVersion, base: BaseManifest, parent_adapter: str | None
) -> bool:
    """Whether an adapter was made from what a version is made from now, its mix aside.

    Args:
        one: the finished adapter.
        c: the curriculum.
        v: the version.
        base: the present base.
        parent_adapter: the SHA-256 of its parent's tensors; None: it starts from the base.
    """
    was = one.manifest
    then = (was.parent_adapter, was.template, was.lora, was.seed)
    if then != (parent_adapter, base.template.sha256, v.lora, c.seed) or not base.is_called(was.base.identity):
        return False
    now = trained_from(was).model_copy(update={"base": named_as_then(was, base, c)})
    return fingerprint_of(now, c.active, v.spec.train) == was.fingerprint


def named_as_then(was: AdapterManifest, base: BaseManifest, c: Curriculum) -> LoadedBase:
    """The present base, loaded as it is now, under the identity and origin that a manifest knows it by.

    An earlier identity covers fewer files of the same base. The fingerprint was made with it, so it goes on with it.
    """
    return loaded(base, c.active).model_copy(update={"identity": was.base.identity, "origin": was.base.origin})


def finished(locked: dict[str, LockedStage]) -> tuple[list[Finished], list[str]]:
    """Every version of the lock that was trained here and whose manifest is in DVC's cache; the names of the others."""
    stages = {name.removeprefix(STAGE): s for name, s in locked.items() if name.startswith(STAGE)}
    objects = cached_objects() if stages else None
    if objects is None:
        return [], []
    found: list[Finished] = []
    unknown: list[str] = []
    for version, stage in stages.items():
        files = objects.listing(stage.outs.get(paths.adapter(version).as_posix(), "")) or {}
        file = objects.whole(files.get(paths.training_record(version).name, ""))
        try:
            manifest = parsed_manifest(file.read_bytes(), file, "") if file else None
        except LineageError:
            manifest = None  # of a release that wrote other fields
        if manifest is None:
            unknown.append(version)
        elif manifest.adopted is None:
            found.append(Finished(version, stage, manifest, files, objects))
    return found, unknown


def trained_from(manifest: AdapterManifest) -> TrainingInputs:
    """The inputs that a manifest names, as they were planned."""
    given = {name: getattr(manifest, name) for name in TrainingInputs.model_fields if name in manifest.model_fields_set}
    if found := manifest.preference:
        given["preference"] = PreferenceInputs(**{name: getattr(found, name) for name in PreferenceInputs.model_fields})
    return TrainingInputs(**given)


def must_be_as_trained_now(one: Finished, c: Curriculum, v: ResolvedVersion) -> None:
    """Refuse an adapter that other code or packages trained, or with settings that may not differ now."""
    asked, in_force = one.manifest.requested, one.manifest.effective
    if refused := [s for s in asked if asked[s] != in_force.get(s) and s not in c.active.may_differ]:
        raise LineageError(
            f"its {refused[0]} was {in_force.get(refused[0])}, which profiles.{c.profile}.may_differ forbids"
        )
    try:
        now = packages(c.active.trainer)
    except PackageNotFoundError as error:
        raise LineageError(f"{error.name} is not installed") from error
    then = one.manifest.packages
    if others := [
        f"{name} {then.get(name)}, now {now.get(name)}" for name in now | then if then.get(name) != now.get(name)
    ]:
        raise LineageError(f"its packages were others ({others[0]})")
    if not trains_the_same(one.manifest.code) and not _same_files(one.stage, v):
        raise LineageError("it was trained by other code")


def is_usable(one: Finished, c: Curriculum, v: ResolvedVersion) -> bool:
    """Whether nothing speaks against an adapter; its tensors are looked for, not read: they may be gigabytes."""
    try:
        must_be_as_trained_now(one, c, v)
    except LineageError:
        return False
    return one.objects.place(one.files.get(paths.WEIGHTS, "")) is not None


def _same_files(stage: LockedStage, v: ResolvedVersion) -> bool:
    """Whether the code that the lock names, after a rebuild or a `dvc commit`, is the code of now, file by file."""
    declaration = declared(f"python -m stages.train {v.name}")
    code = [dep for dep in declaration.deps if dep.startswith(("stages/", "lineage/"))] if declaration else []
    held = {dep for dep in stage.deps if dep.startswith(("stages/", "lineage/"))}
    return bool(code) and held == set(code) and all(_hash(dep) == stage.deps[dep] for dep in code)


def _hash(dep: str) -> str:
    """As DVC would write it into the lock."""
    files = files_of(dep)
    if files == [dep]:
        return md5(Path(dep))
    return folder_md5({Path(file).relative_to(dep).as_posix(): md5(Path(file)) for file in files})


def _write(one: Finished, c: Curriculum, v: ResolvedVersion, out: Path) -> None:
    """The folder of `one` under another name: its tensors and loss curves; the rest is written as after a training."""
    weights = one.file(paths.WEIGHTS)
    if sha256(weights) != one.manifest.adapter:
        raise LineageError(
            f"{paths.adapter_weights(one.version)} in DVC's cache is not the one that its manifest names"
        )
    curves = [name for name in ("history.csv", "preference.csv") if name in one.files]
    copies = {name: one.file(name) for name in (paths.WEIGHTS, *curves)}
    config = json.loads(one.file(CONFIG).read_bytes())
    from transformers import AutoTokenizer

    base = read_base()
    try:
        for name, file in copies.items():
            shutil.copyfile(file, out / name)
    except OSError as error:
        raise LineageError(f"it could not be copied ({error})") from error
    write_config(config, base.name, out, base.revision)
    AutoTokenizer.from_pretrained(BASE_FOLDER).save_pretrained(out)
    names = {"version": v.name, "parent": v.parent, "base": named_as_then(one.manifest, base, c)}
    write_manifest(out, one.manifest.model_copy(update=names))

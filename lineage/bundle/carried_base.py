"""The weights of a base that the project does not build itself, each file checked; from where this machine has them."""

from dataclasses import dataclass
from pathlib import Path

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.shaping_files import FILES, shaping_hash
from lineage.bundle.unpack_bundle import hub_snapshot
from lineage.config.schema import Profile
from lineage.core.errors import LineageError
from lineage.core.paths import BASE_RECORD, OWN_BASE

MORE = ("*.json",)  # beside what shapes the model: what libraries look for


@dataclass(frozen=True, slots=True)
class CarriedBase:
    """files: by name. place: where they belong elsewhere, a hub's repository and commit or a path of the workspace."""

    files: dict[str, Path]
    place: dict[str, str]


def carried_base(profile: Profile, name: str) -> CarriedBase:
    """What to carry for a profile; nothing where its base is built, since DVC's cache has that.

    name: of the profile.

    Raises:
        LineageError: the weights are not on this machine, are not those of models/base, or lie outside the workspace.
    """
    spec = profile.base
    if spec.build:
        return CarriedBase({}, {})
    if spec.path:
        folder, place, called = Path(spec.path), {"path": Path(spec.path).as_posix()}, spec.path
        if folder.is_absolute() or ".." in folder.parts:
            raise LineageError(
                f"profiles.{name}.base.path: {spec.path} lies outside this workspace, and nobody knows where it would "
                f"lie elsewhere; move it to {OWN_BASE} and say so there"
            )
    else:
        repo, revision = str(spec.repo), str(spec.revision)
        folder, place = hub_snapshot(repo, revision), {"repo": repo, "revision": revision}
        called = f"{repo}@{revision[:12]}"
    seen = read_base().files
    for file in seen:
        if not (folder / file).is_file():
            raise LineageError(
                f"profile {name}: {file} of its base {called} is not in {folder}, and a bundle without it could train "
                "nothing" + (f"; get it: hf download {repo} --revision {revision}" if spec.repo else "")
            )
        if shaping_hash(folder / file) != seen[file]:
            raise LineageError(f"{folder / file}: not the file that {BASE_RECORD} names; run: dvc repro -f base")
    return CarriedBase({f.name: f for one in (*FILES, *MORE) for f in folder.glob(one) if f.is_file()}, place)

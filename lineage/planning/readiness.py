"""What stands in a version's way before training starts, and what in the workspace no longer fits: `lineage check`."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from lineage.artifacts.manifest import manifests
from lineage.artifacts.not_built import why_not_built
from lineage.config.buildable import buildable, without_files
from lineage.config.schema import Curriculum
from lineage.core import paths


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a version can be built now: `obstacle` says why not, and is empty where it can.

    lacked: what the last rebuild lacked for it, where files are there now that may mend it.
    """

    version: str
    obstacle: str
    lacked: str = ""


def readiness(c: Curriculum) -> Iterator[Readiness]:
    """Of every version, parents first."""
    away = set()
    for version in buildable(c):
        name, adopted = version.version, paths.ADOPTED / version.version
        if c.versions[name].train.adopted and not adopted.is_dir():
            back = f"bring it back with `dvc checkout {adopted}.dvc`, or adopt it again"
            if not paths.training_record(name).is_file():
                away.add(name)
            yield Readiness(name, f"cannot be built: {adopted} is not here; {back}")
        elif above := [parent for parent in c.ancestors(name) if parent in away]:
            yield Readiness(name, f"cannot be built before {above[-1]}")
        elif version.missing:
            yield Readiness(name, f"cannot be built: {without_files(c, version.missing)}")
        else:
            yield Readiness(name, "", why_not_built(name))


def drifted_packages(c: Curriculum) -> list[str]:
    """Adapters whose manifest names other package versions than those here: rebuilding may give other bytes."""
    lines = []
    for version, manifest in manifests():
        if version not in c.versions:
            continue
        for package, recorded in manifest.packages.items():
            try:
                here = installed(package).partition("+")[0]
            except PackageNotFoundError:
                here = "missing"
            if here != recorded:
                lines.append(f"{version} was trained with {package} {recorded}, here is {here}")
    return lines

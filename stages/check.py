"""The curriculum and the raw folders, before anything is spent: `python -m stages.check` → `data/checked.json`.

The output never changes: what stands on it waits for the check, and is not made stale by it. `lineage check` prints the
same findings in full.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage.curriculum import Curriculum, load_curriculum
from lineage.files import write_json
from lineage.stage import run_stage

CHECKED = Path("data/checked.json")


@dataclass(frozen=True, slots=True)
class Buildable:
    """Whether a version has everything that it and its ancestors train on; `missing` are sources without files."""

    version: str
    missing: tuple[str, ...]


def main() -> None:
    """Check, say what was found, write the constant file."""
    c = load_curriculum()
    prepare(c)
    ready = [b.version for b in buildable(c) if not b.missing]
    print(f"curriculum: {len(c.versions)} versions, {len(c.sources)} sources, profile {c.profile}, data {c.data}")
    if c.data == "own":
        print(f"can be built from data/raw/own: {', '.join(ready) or 'nothing yet; run `lineage check`'}")
    write_json(CHECKED, {"curriculum": "checked"})


def prepare(c: Curriculum) -> None:
    """Make the folders of a user's own sources that are not there yet: an empty source gives no records."""
    if c.data == "own":
        for source in c.sources:
            if source not in c.generated:
                c.raw_folder(source).mkdir(parents=True, exist_ok=True)


def files_of(c: Curriculum, source: str) -> int:
    """How many raw files a source has; of a generated one, those of its reference."""
    folder = c.raw_folder(c.generated[source].reference if source in c.generated else source)
    return sum(p.is_file() and not p.name.startswith(".") for p in folder.rglob("*")) if folder.is_dir() else 0


def buildable(c: Curriculum) -> Iterator[Buildable]:
    """For each version, the sources without files that it or an ancestor trains on."""
    empty = set() if c.data == "sample" else {s for s in c.sources if not files_of(c, s)}
    for version in c.in_order():
        needed = [s for v in (version, *c.ancestors(version)) for s in c.versions[v].mix]
        yield Buildable(version, tuple(dict.fromkeys(s for s in needed if s in empty)))


if __name__ == "__main__":
    run_stage(main)

"""What a public system published, beside ours and beside what was in force when a version was trained and measured.

`systems/<name>/original.yaml` names each setting of the original and where ours says the same. Nothing is typed twice:
ours are read from the system's `params.yaml` (the profile `gpu`), those in force from the training record and
from `measures.json`. Where original and ours are not equal the file says why, and nowhere else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from lineage.artifacts.manifest import read_manifest
from lineage.artifacts.measures import read_measures
from lineage.config.fields import Frozen
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.declaration import looked_up
from lineage.core.errors import LineageError
from lineage.core.plain_text import for_markdown

SYSTEMS = Path(__file__).parent / "systems"
PROFILE = "gpu"
NOTHING = "–"


class OriginalSetting(Frozen):
    """A setting of the original. ours: a place in `params.yaml`, or `fixed`, the same for every system of the program.

    in_force: a place in the record of a version. differs: why original and ours are not equal.
    """

    setting: str
    original: Any
    ours: str | None = None
    fixed: Any = None
    in_force: str | None = None
    differs: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _said_once(self) -> "OriginalSetting":
        if (self.ours is None) == (self.fixed is None):
            raise ValueError("give exactly one of ours, fixed")
        return self


class SettingBeside(NamedTuple):
    """A line of the table. in_force: "" where no version is asked about."""

    name: str
    original: str
    ours: str
    in_force: str
    why: str


def originals() -> list[str]:
    """The systems that others published, by name."""
    return sorted(file.parent.name for file in SYSTEMS.glob("*/original.yaml"))


def settings_beside(system: str, version: str | None = None, root: Path = Path()) -> list[SettingBeside]:
    """Every setting of a public system, of ours, and with `version` of that version in the workspace at `root`.

    Raises:
        LineageError: no such system, or the version is not built.
    """
    if system not in originals():
        raise LineageError(f"{system}: none of {', '.join(originals())}, the systems that others published")
    file = SYSTEMS / system / "original.yaml"
    try:
        published = TypeAdapter(list[OriginalSetting]).validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise LineageError(f"{file}: {error}") from error
    c = load_curriculum(SYSTEMS / system / paths.PARAMS).model_dump(mode="json")
    c["profile"] = c["profiles"][PROFILE]
    return list(_settings(published, c, _record(version, root) if version else None, file))


def markdown(settings: list[SettingBeside], version: str | None = None) -> str:
    """The settings as a table of Markdown."""
    head = ["setting", "original", f"ours ({PROFILE})", *([f"in force: {version}"] if version else []), "why"]
    lines = [head, ["---"] * len(head)]
    for one in settings:
        lines.append([one.name, one.original, one.ours, *([one.in_force] if version else []), one.why])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _record(version: str, root: Path) -> dict[str, Any]:
    measures = read_measures(version, root)
    return {
        **read_manifest(version, root).to_json(),
        "generation": measures.generation if measures else {},
    }


def _settings(
    published: list[OriginalSetting], c: dict[str, Any], record: dict[str, Any] | None, file: Path
) -> Iterator[SettingBeside]:
    for one in published:
        ours = one.fixed if one.ours is None else looked_up(c, one.ours)
        if (one.original == ours) != (one.differs is None):
            said = f"{one.setting}: the original has {one.original!r}, ours {ours!r}"
            raise LineageError(f"{file}: {said}; `differs` says why where they are not equal, and only there")
        found = _in_force(one.in_force, record) if record else ""
        yield SettingBeside(one.setting, _shown(one.original), _shown(ours), found, for_markdown(one.differs or ""))


def _in_force(place: str | None, record: dict[str, Any]) -> str:
    if place is None:
        return NOTHING
    try:
        return _shown(looked_up(record, place))
    except (LookupError, TypeError):
        return NOTHING


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return for_markdown(", ".join(map(str, value)) if isinstance(value, list) else f"{value}")

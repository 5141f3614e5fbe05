"""What every artifact has in common: it is frozen, refuses what it does not know, and is read with one clear error."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from lineage.core.errors import LineageError
from lineage.core.files import write_json

JsonObject = dict[str, JsonValue]
Setting = bool | int | float | str | None  # one value that a trainer was asked for, or that was in force


class ArtifactPart(BaseModel):
    """A piece of an artifact."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True)


class Artifact(ArtifactPart):
    """A whole file."""

    def to_json(self) -> JsonObject:
        """As it stands in its file: a field that its file does not have is not in it."""
        whole = self.model_dump(mode="json", by_alias=True)
        return {name: whole[name] for name in type(self).model_fields if name in self.model_fields_set}


Kind = TypeVar("Kind", bound=Artifact)


def parsed(kind: type[Kind], content: bytes, where: Path, remedy: str) -> Kind:
    """An artifact from the bytes of its file.

    Args:
        kind: what it must be.
        content: JSON in UTF-8.
        where: its file, for the message.
        remedy: what makes it again, such as "make it again: dvc repro base".

    Raises:
        LineageError: with the file, the first field that is wrong, and the remedy.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
        raise LineageError(f"{where}: not as its stage writes it ({field}{first['msg']}); {remedy}") from error


def write(path: Path, artifact: Artifact) -> None:
    """Write an artifact as its file."""
    write_json(path, artifact.to_json())

"""What the parameters of the flows may be: the form of the UI offers it, and Prefect refuses anything else at submit.

The choices are data of params.yaml, read whenever a schema is made, so they stand in the schema and not in the type.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler

from lineage.config.leaves import leaves_of
from lineage.config.load import load_curriculum, read_tree
from lineage.config.schema import BASE
from lineage.core.errors import LineageError

AS_IT_IS = "as in params.yaml"
NOTHING = "none"


@dataclass(frozen=True)
class OneOf:
    """One of what the curriculum has; anything while it is wrong, which the flow then says."""

    known: Callable[[], list[str]]

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of a text, with the choices of this moment."""
        schema = dict(handler(core))
        try:
            return schema | {"enum": self.known()}
        except LineageError:
            return schema


def _versions() -> list[str]:
    return load_curriculum().in_order()


def _sources() -> list[str]:
    return [*load_curriculum().sources]


def _settings() -> list[str]:
    """The fields that an experiment may change: not what is only said of things, nor what decides after the fact."""
    found = [place.split(".") for place in leaves_of(read_tree())]
    return [".".join(at) for at in found if at[0] not in ("licences", "goal") and at[-1] not in ("because", "title")]


Version = Annotated[str, OneOf(_versions)]
Measured = Annotated[str, OneOf(lambda: [BASE, *_versions()])]
Source = Annotated[str, OneOf(_sources)]
PaperName = Annotated[str, OneOf(lambda: [*load_curriculum().papers])]
SourceOrNothing = Annotated[str, OneOf(lambda: [NOTHING, *_sources()])]
Profile = Annotated[str, OneOf(lambda: [AS_IT_IS, *load_curriculum().profiles])]
Setting = Annotated[str, OneOf(_settings)]
Words = Annotated[str, Field(min_length=1, pattern=r"\S")]

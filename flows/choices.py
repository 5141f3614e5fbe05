"""What the parameters of the flows may be: the form of the UI offers it, and Prefect refuses anything else at submit.

The choices are data of params.yaml, read whenever a schema is made, so they stand in the schema and not in the type.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler

from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError

AS_IT_IS = "as in params.yaml"


@dataclass(frozen=True)
class OneOf:
    """One of what the curriculum has; anything while it is wrong, which the flow then says."""

    known: Callable[[Curriculum], list[str]]

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of a text, with the choices of this moment."""
        schema = dict(handler(core))
        try:
            return schema | {"enum": self.known(load_curriculum())}
        except LineageError:
            return schema


Version = Annotated[str, OneOf(lambda c: c.in_order())]
Profile = Annotated[str, OneOf(lambda c: [AS_IT_IS, *c.profiles])]
Words = Annotated[str, Field(min_length=1, pattern=r"\S")]

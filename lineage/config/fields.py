"""What the fields of `params.yaml` are made of: names, shares, counts, and the rule that nothing unknown is ignored."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]


class Frozen(BaseModel):
    """Immutable, and refuses keys that it does not know: a typing mistake must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

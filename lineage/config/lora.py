"""The shape of an adapter."""

import math
from typing import Annotated

from pydantic import Field

from lineage.config.fields import Frozen, Positive, Share


class Lora(Frozen):
    """The adapter's shape (LoRA, Hu et al. 2021). Fixed for the whole chain, but for an `r` that grows.

    rslora: scale by alpha/√r instead of alpha/r (Kalajdzievski 2023). dora: direction and magnitude apart (Liu 2024).
    """

    r: Positive
    alpha: Annotated[int | float, Field(gt=0)]
    dropout: Share
    targets: tuple[str, ...] = Field(min_length=1)
    rslora: bool = False
    dora: bool = False

    @property
    def scaling(self) -> float:
        """The factor on B·A."""
        return self.alpha / (math.sqrt(self.r) if self.rslora else self.r)

    def with_rank(self, r: int) -> "Lora":
        """The same shape with another r, and the alpha that keeps its scaling: old weights mean what they did."""
        alpha = round(self.scaling * (math.sqrt(r) if self.rslora else r), 9)
        return self.model_copy(update={"r": r, "alpha": int(alpha) if alpha == int(alpha) else alpha})

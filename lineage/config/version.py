"""A version: what `params.yaml` says of it, and the same with all that follows from its parents and the chain.

v = curriculum.version("v3")
v.ancestors, v.lora.r, v.mix        →  ("v1",), 16, data/mixes/v3
"""

from dataclasses import dataclass
from operator import not_
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lineage.config.fields import Frozen, Name, Positive, Share
from lineage.config.lora import Lora
from lineage.config.reserved import BASE
from lineage.core import paths
from lineage.records.record import Form


class MixEntry(Frozen):
    """How much of a source a mix takes: `weight` passes over its rows, or `count` rows.

    fields: the weight of rows of these fields (`origin.field` of a record) in place of `weight`; 0 takes none of them.
    """

    form: Form
    weight: Annotated[float, Field(gt=0)] | None = None
    count: Positive | None = None
    fields: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict, exclude_if=not_)

    @model_validator(mode="after")
    def _one_amount(self) -> "MixEntry":
        if (self.weight is None) == (self.count is None):
            raise ValueError("give exactly one of weight, count")
        if self.fields and self.weight is None:
            raise ValueError("fields go with weight, which holds for all other fields; give it in place of count")
        return self

    @property
    def draws(self) -> bool:
        """Whether chance decides on some row."""
        return bool(self.count) or any(weight % 1 for weight in (self.weight or 0, *self.fields.values()))

    def weight_of(self, field: str) -> float:
        """How often a row of a field is taken; "" is a row without one."""
        return self.fields.get(field, self.weight or 0)


class Preference(Frozen):
    """A second phase on the same mix: DPO (Rafailov et al. 2023) on the rows that know a worse answer.

    A worse answer is a wrong option, or one that people liked less. The factors are on the profile's rate and budget.
    """

    beta: Annotated[float, Field(gt=0)]
    lr_scale: Annotated[float, Field(gt=0)]
    budget_scale: Annotated[float, Field(gt=0)]


class Training(Frozen):
    """How a version comes to be: factors on its profile's rate and budget; or, `adopted`, by training elsewhere.

    r: a larger r from this version on; the parent's adapter is padded, its function unchanged.
    adopted: the SHA-256 of `data/adopted/<version>/adapter_model.safetensors`; see `lineage adopt`.
    """

    lr_scale: Annotated[float, Field(gt=0)] = 1.0
    budget_scale: Annotated[float, Field(gt=0)] = 1.0
    r: Positive | None = None
    preference: Preference | None = None
    adopted: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Version(Frozen):
    """One model of the lineage.

    exclude_scope: `ancestry` also forbids that an ancestor saw the excluded sources.
    superseded: what happens to rows that a later amendment overtook: dropped, dated in their prompt, or kept.
    deduplicate: rows that repeat another of this mix (`mix`), or also one that an ancestor was trained on (`ancestry`).
    decontaminate: whether rows that repeat a held-out row are left out, instead of only reported.
    drawn_as: a name that its draws are made by, in place of its turn in the line: as releases did that hashed its own.
    """

    parent: Name
    because: str = Field(min_length=1)
    mix: dict[Name, MixEntry]
    replay: Share
    exclude: tuple[Name, ...]
    exclude_scope: Literal["mix", "ancestry"]
    superseded: Literal["drop", "date", "keep"] = "drop"
    deduplicate: Literal["none", "mix", "ancestry"] = "mix"
    decontaminate: bool = False
    drawn_as: Name | None = None
    train: Training


@dataclass(frozen=True, slots=True)
class ResolvedVersion:
    """A version of a curriculum, looked up once: `Curriculum.version`.

    spec: its entry in `params.yaml`. lora: its adapter's shape, the chain's with the `r` that it or its nearest
    ancestor names. ancestors: parent, grandparent, …, nearest first, without the base.
    """

    name: str
    spec: Version
    lora: Lora
    ancestors: tuple[str, ...]

    @property
    def parent(self) -> str:
        """What it continues: `base` or a version."""
        return self.spec.parent

    @property
    def adapter(self) -> Path:
        """The folder of its adapter, tokenizer and manifest."""
        return paths.adapter(self.name)

    @property
    def mix(self) -> Path:
        """The folder of its training rows."""
        return paths.mix(self.name)

    @property
    def metrics(self) -> Path:
        """The folder of its measures."""
        return paths.metrics(self.name)

    @property
    def parent_adapter(self) -> Path | None:
        """The folder of the adapter that it continues; None: it starts from the base."""
        return None if self.parent == BASE else paths.adapter(self.parent)

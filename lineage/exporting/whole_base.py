"""The adapter on its base as it was published, in float32 and in main memory: what every export is held against."""

from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.loading import load_base, weights_of
from lineage.config.schema import Profile
from lineage.core import paths


def whole(profile: Profile) -> Profile:
    """The profile with the base loaded whole, in float32."""
    return profile.model_copy(update={"load_in_4bit": False, "compute_dtype": "float32"})


def whole_base(profile: Profile) -> Any:
    """The base's own weights."""
    return load_base(weights_of(read_base(), profile.base), whole(profile))


def put_on(base: Any, version: str) -> Any:
    """A version's adapter on a base that is loaded."""
    from peft import PeftModel

    return PeftModel.from_pretrained(base, paths.adapter(version)).eval()

"""Names that params.yaml gives a meaning to."""

BASE = "base"  # the parent of a version that continues no other: the base model itself

"""Every leaf of `params.yaml` by its place: `profiles.cpu.learning_rate`, `versions.v3.replay`."""

from collections.abc import Iterator
from typing import Any

PLAIN = (str, int, float, bool, type(None))


def leaves_of(tree: Any) -> dict[str, Any]:
    """Place → value: a text, a number, yes or no, nothing, or a list of these. A name with a dot has no place."""
    return dict(_leaves(tree, ""))


def _leaves(tree: Any, at: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if "." in str(name):
            continue
        place = f"{at}{name}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{place}.")
        elif isinstance(value, PLAIN) or (isinstance(value, list) and all(isinstance(one, PLAIN) for one in value)):
            yield place, value

"""Reads `params.yaml` into a `Curriculum`, and answers every mistake with its path, its value and what is allowed."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lineage.config.schema import Curriculum
from lineage.config.validation import mistakes
from lineage.core.errors import LineageError


class _Loader(yaml.SafeLoader):
    """YAML with a trap closed: a key given twice is an error. What `<<: *anchor` brings in may be overridden."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.composer.ComposerError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(str(key.value))
        return node


def load_curriculum(path: Path = Path("params.yaml")) -> Curriculum:
    """Read and validate a curriculum.

    Raises:
        LineageError: naming the file, the path of the field, the value found and what is allowed.
    """
    if not path.is_file():
        raise LineageError(f"{path}: not found in {Path.cwd()}; run from the folder that holds it")
    try:
        return parse_curriculum(yaml.load(path.read_text(encoding="utf-8"), _Loader), str(path))
    except yaml.YAMLError as error:
        raise LineageError(f"{path}: not valid YAML: {error}") from error


def parse_curriculum(tree: Any, name: str = "params.yaml") -> Curriculum:
    """Validate a curriculum that has been read already; see `load_curriculum`."""
    try:
        c = Curriculum.model_validate(tree)
    except ValidationError as error:
        raise mistaken([line for problem in error.errors() for line in _explain(problem)], name) from error
    if found := list(mistakes(c)):
        raise mistaken(found, name)
    return c


def mistaken(lines: list[str], name: str = "params.yaml") -> LineageError:
    """The error that lists what is wrong with a curriculum, a line each."""
    return LineageError(f"{name} has {len(lines)} mistake(s):\n" + "\n".join(f"  {line}" for line in lines))


def _explain(problem: Any) -> list[str]:
    path = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    if not path:
        return message.split("\n")
    if problem["type"] == "missing":
        return [f"{path}: missing; add it"]
    if problem["type"] == "extra_forbidden":
        return [f"{path}: unknown field, found {problem['input']!r:.60}; remove it or mend its name"]
    if isinstance(problem["input"], dict):
        return [f"{path}: {message}"]
    return [f"{path}: {message}, found {problem['input']!r:.60}"]

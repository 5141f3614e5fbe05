"""Reads `params.yaml` into a `Curriculum`, and answers every mistake with its path, its value and what is allowed."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lineage.config.reserved import unnamed
from lineage.config.schema import Curriculum
from lineage.config.validation import mistakes
from lineage.core.errors import LineageError
from lineage.core.paths import PARAMS

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: ten times as fast


def load_curriculum(path: Path = PARAMS) -> Curriculum:
    """Read and validate a curriculum.

    Raises:
        LineageError: naming the file, the path of the field, the value found and what is allowed.
    """
    return parse_curriculum(read_tree(path), str(path))


def read_tree(path: Path = PARAMS) -> Any:
    """A YAML file as plain values, with a trap closed: a key that is given twice is an error.

    What `<<: *anchor` brings in may be overridden.

    Raises:
        LineageError: naming the file and what is wrong with it.
    """
    text = read_text(path)
    try:
        node = yaml.compose(text, _Loader)
        _given_once(node, set())
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise LineageError(f"{path}: not valid YAML: {_shown(text, error)}") from error
    except (ValueError, RecursionError) as error:  # a date that is none; mappings inside mappings without end
        raise LineageError(f"{path}: not valid YAML: {error}") from error


def read_text(path: Path = PARAMS) -> str:
    """The text of a file that a person wrote.

    Raises:
        LineageError: it is not there, cannot be read, or is not UTF-8.
    """
    if path.is_dir() or not path.exists():
        raise LineageError(f"{path}: not found in {Path.cwd()}; run from the folder that holds it")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise LineageError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        try:
            korean = any("가" <= sign <= "힣" for sign in raw.decode("cp949"))
        except UnicodeDecodeError:
            korean = False
        which = "it is written in CP949 (Windows' Korean)" if korean else "nobody can tell its encoding"
        save = f": iconv -f cp949 -t utf-8 {path} > {path}.new && mv {path}.new {path}" if korean else ""
        raise LineageError(f"{path}: line {line} is not UTF-8; {which}: save it as UTF-8{save}") from error


def _given_once(node: Any, met: set[int]) -> None:
    """Refuse a key that is given twice, at any depth; a node that an anchor brings in again is looked at once."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in met:
        return
    met.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _given_once(item, met)
        return
    seen: set[str] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise yaml.composer.ComposerError(None, None, f"{key.value!r} is given twice", key.start_mark)
        seen.add(str(key.value))
        _given_once(value, met)


def _shown(text: str, error: yaml.YAMLError) -> yaml.YAMLError:
    """The same mistake as the slow reader tells it, with the line where it stands."""
    try:
        yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as told:
        return told
    return error


def parse_curriculum(tree: Any, name: str = "params.yaml") -> Curriculum:
    """Validate a curriculum that has been read already; see `load_curriculum`."""
    if found := list(unnamed(tree)):
        raise mistaken(found, name)
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

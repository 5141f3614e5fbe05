"""Whole entries of `params.yaml` as text: put in behind the last one of their kind, or taken out.

with_entry(text, "sources", "memos", {"title": "Memos", …})     # behind the last source, before what follows
without_entry(text, "sources", "memos")

A parsed tree that is written anew hangs a comment onto what stands before it, so that a new last entry would land
behind the comment that explains the next part of the file.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from lineage.core.errors import LineageError

INDENT = "  "
IN_ONE_LINE = ("papers", "licences", "generated")  # fields whose entries stand in a line each


def with_entry(text: str, field: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text with one more entry of a field, such as `sources`.

    text: of params.yaml.
    field: a mapping at the top of it.
    name: what the entry is called.
    entry: what is said under it.

    Raises:
        LineageError: the file has no such mapping.
    """
    key, value = _mapping(text, field)
    opened, closed = value.start_mark.index, value.end_mark.index
    if value.flow_style and value.value:
        return f"{text[: closed - 1].rstrip()}, {name}: {_inline(entry)}{text[closed - 1 :]}"
    lines = text.splitlines(keepends=True)
    indent = value.value[0][0].start_mark.column if value.value else len(INDENT)
    if value.flow_style:  # {}
        line = value.start_mark.line
        lines[line] = text[:opened].splitlines()[-1].rstrip() + lines[line][value.end_mark.column :]
        end = line + 1
    else:
        end = _end(lines, key.start_mark)
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    inline = field in IN_ONE_LINE
    block = f"{' ' * indent}{name}: {_inline(entry)}\n" if inline else _block(name, entry, " " * indent, top=True)
    return "".join([*lines[:end], block, *lines[end:]])


def without_entry(text: str, field: str, name: str) -> str:
    """The text without an entry of a field, the comments within it gone with it; `{}` where it was the last one.

    Raises:
        LineageError: the file has no such mapping, or writes it in braces.
    """
    field_key, value = _mapping(text, field)
    if value.flow_style:
        raise LineageError(f"{field}: is written in braces; write an entry a line, and run again")
    key = next(key for key, _ in value.value if key.value == name)
    lines = text.splitlines(keepends=True)
    start, end = key.start_mark.line, _end(lines, key.start_mark)
    if len(value.value) == 1:
        above = field_key.start_mark.line
        lines[above] = lines[above].replace(f"{field}:", f"{field}: {{}}", 1)
    return "".join(lines[:start] + lines[end:])


def _mapping(text: str, field: str) -> tuple[yaml.Node, yaml.MappingNode]:
    node = yaml.compose(text, yaml.SafeLoader)
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == field and isinstance(value, yaml.MappingNode):
            return key, value
    raise LineageError(f"{field}: not found in params.yaml, or no mapping; add `{field}: {{}}`")


def _end(lines: list[str], key: yaml.Mark) -> int:
    """The line behind the last one of a block: what is indented more than its key, without a comment that comes after.

    By the lines, since for the parser a block ends where the next one begins, and an alias where its anchor stands.
    """
    end = here = key.line + 1
    for here, line in enumerate(lines[key.line + 1 :], start=key.line + 1):
        said = line.lstrip(" ")
        if len(line) - len(said) > key.column and said.strip():
            end = here + 1
        elif said.strip() and not said.startswith("#"):
            break
    return end


def _block(name: str, value: Any, indent: str, *, top: bool = False) -> str:
    """An entry a line, mappings of mappings below one another, all else in one line."""
    if isinstance(value, Mapping) and (top or any(isinstance(held, Mapping) for held in value.values())):
        within = "".join(_block(key, held, indent + INDENT) for key, held in value.items())
        return f"{indent}{name}:\n{within}"
    return f"{indent}{name}: {_inline(value)}\n"


def _inline(value: Any) -> str:
    said = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1 << 16)
    return said.removesuffix("...\n").rstrip("\n")

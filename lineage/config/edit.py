"""Edits of `params.yaml` by a command: one value or one entry changes, every comment and every other byte stays."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage.config.load import load_curriculum, parse_curriculum, read_text
from lineage.core.paths import PARAMS


def edit_curriculum(change: Callable[[Any], None], path: Path = PARAMS) -> None:
    """Apply `change` to the parsed tree and write the file, whole or not at all.

    Raises:
        LineageError: the file is not a curriculum now, or would not be one afterwards; nothing is written.
    """
    from ruamel.yaml import YAML

    load_curriculum(path)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16  # a long line stays one line
    tree = yaml.load(read_text(path))
    change(tree)
    text = io.StringIO()
    yaml.dump(tree, text)
    write_curriculum(text.getvalue(), path)


def must_be_a_curriculum(text: str, path: Path = PARAMS) -> None:
    """Refuse a text that the file may not become.

    Raises:
        LineageError: naming what is wrong with it.
    """
    from ruamel.yaml import YAML

    parse_curriculum(YAML(typ="safe").load(text), str(path))


def write_curriculum(text: str, path: Path = PARAMS) -> None:
    """Write the file whole, or not at all.

    Raises:
        LineageError: the text is no curriculum; the file stays as it was.
    """
    must_be_a_curriculum(text, path)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)

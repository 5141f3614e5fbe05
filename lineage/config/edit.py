"""Edits of `params.yaml` by a command: one value changes, every comment and every other byte stays."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage.config.load import load_curriculum, parse_curriculum, read_text


def edit_curriculum(change: Callable[[Any], None], path: Path = Path("params.yaml")) -> None:
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
    parse_curriculum(YAML(typ="safe").load(text.getvalue()), str(path))
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text.getvalue(), encoding="utf-8")
    fresh.replace(path)

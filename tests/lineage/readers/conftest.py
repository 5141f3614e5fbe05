"""What the readers' tests share: files in a folder, and a reader's output in two lists."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lineage.records.record import Record, Rejected


class Folder:
    """A source's folder that a test fills."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def json(self, name: str, value: Any) -> Path:
        return self.write(name, json.dumps(value, ensure_ascii=False))

    def jsonl(self, name: str, values: Sequence[Any]) -> Path:
        return self.write(name, "".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values))

    def read(
        self, reader: Callable[..., Any], forms: Sequence[str] = ("prompt_answer",)
    ) -> tuple[list[Record], list[Rejected]]:
        found = list(reader(self.path, forms))
        return [f for f in found if isinstance(f, Record)], [f for f in found if isinstance(f, Rejected)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "source"
    path.mkdir()
    return Folder(path)

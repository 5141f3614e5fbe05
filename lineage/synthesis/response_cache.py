"""Answers that an endpoint was paid for, kept by content: `.state/answers/<2 digits>/<key>.json`, one file each.

    {"key": "9f…", "model": "…", "served": "…", "text": "{\\"questions\\": […]}", "finish": "stop",
     "tokens_in": 812, "tokens_out": 240, "cost": 0.0031, "currency": "USD"}

The key is the SHA-256 of model, messages and settings: the same question is never paid for twice, and a run that was
killed goes on where it stopped. A copy goes into the stage's output, so that DVC's cache and remote keep it too.
"""

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.files import sha256_of
from lineage.core.paths import STATE

FOLDER = STATE / "answers"


def key_of(model: str, messages: Iterable[dict[str, str]], settings: dict[str, Any]) -> str:
    """Names an answer by what was asked."""
    return sha256_of([model, list(messages), settings])


def kept(key: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The answer that was already paid for, or None."""
    try:
        answer: dict[str, Any] = json.loads(_place(key, folder).read_text(encoding="utf-8"))
        return answer if answer["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(answer: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write an answer, whole or not at all, before anything else is done with it."""
    place = _place(answer["key"], folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(json.dumps(answer, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(place)


def restore(file: Path, folder: Path = FOLDER) -> int:
    """Take up the answers of an earlier output, such as one that `dvc pull` brought; how many were new."""
    new = 0
    if file.is_file():
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    answer = json.loads(line)
                    key = answer["key"]
                except (ValueError, KeyError, TypeError) as error:
                    raise LineageError(f"{file}:{number}: not an answer ({error}); delete the file") from error
                if kept(key, folder) is None:
                    keep(answer, folder)
                    new += 1
    return new


def _place(key: str, folder: Path) -> Path:
    return folder / key[:2] / f"{key}.json"

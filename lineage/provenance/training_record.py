"""Reads the record that training left beside an adapter."""

import json
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError


def read_record(version: str, models: Path = paths.MODELS) -> dict[str, Any]:
    """The training record of a version, `models/<version>/lineage.json`.

    Raises:
        LineageError: it is absent, or is not a record.
    """
    path = models / version / "lineage.json"
    if not path.is_file():
        raise LineageError(f"{path}: not found, {version} is not trained here; run `dvc repro train@{version}`")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("version", "parent", "parent_adapter", "adapter"):
            record[name]
        record["base"]["identity"]
        for counts in record["mix"]["sources"].values():
            counts["rows"], counts["replayed_rows"], counts["tokens"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = f"run `dvc repro -f train@{version}` to make it again"
        raise LineageError(f"{path}: not a training record ({error!r}); {remedy}") from error
    return record

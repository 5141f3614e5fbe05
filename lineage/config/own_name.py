"""What this workspace's lineage is called where several are shown side by side: in MLflow and in Prefect."""

from functools import lru_cache
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.config.schema import DEFAULT_NAME
from lineage.core.paths import PARAMS


def lineage_name(path: Path = PARAMS) -> str:
    """`name:` of params.yaml: MLflow's experiment and registered model; the default where there is no such file.

    Raises:
        LineageError: the file is no curriculum.
    """
    return _named(path.absolute(), path.stat().st_mtime_ns) if path.is_file() else DEFAULT_NAME


@lru_cache(maxsize=8)
def _named(path: Path, changed: int) -> str:
    return load_curriculum(path).name

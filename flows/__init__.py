"""When and where DVC's stages run: the lineage flow and how it is served. No stage imports from here."""

import os
from pathlib import Path

from lineage.core.paths import STATE
from lineage.core.stage import QUIET

MLFLOW_UI = "KRX_MLFLOW_UI"  # the variable that says where people open MLflow; `flows.serve` sets it

# Set before Prefect is imported, which reads them once.
SETTINGS = QUIET | {
    "PREFECT_HOME": str((STATE / "prefect").absolute()),  # its database lies in the workspace, not in the home
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # 20 are too few for the first start when busy
    # A server that is started again knows who holds a slot, so that it is given back.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_STATIC_DIRECTORY": str((STATE / "prefect/ui").absolute()),  # a copy, for `flows/page_policy.py`
}
for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect does not make the parents

"""When and where DVC's stages run: the lineage flow and how it is served. No stage imports from here."""

import os
from pathlib import Path

from lineage.core.paths import STATE
from lineage.core.stage import QUIET

MLFLOW_UI = "KRX_MLFLOW_UI"  # the variable that says where people open MLflow; `flows.serve` sets it
TRAINING_PAGES = "?workflowType=machine_learning"  # otherwise MLflow opens its pages for agents

# Set before Prefect is imported, which reads them once.
SETTINGS = QUIET | {
    "PREFECT_HOME": str((STATE / "prefect").absolute()),  # its database lies in the workspace, not in the home
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # 20 are too few for the first start when busy
}
for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect does not make the parents

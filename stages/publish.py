"""Fill MLflow with what the graph holds: `python -m stages.publish` → runs, registry, a receipt.

    .state/mlflow/published.json    the receipt: what was told, and whether it was all; without it the stage is stale

    a run of a version       its parameters, measures, loss curve, adapter, card and record,
                             and its mix by its digest
    the run of the base      its measures: what v1 is compared with
    the run of the report    the page, to be opened in MLflow
    the registered model     a version each; the alias `champion` at the adapter that promotions.yaml names

Where: `MLFLOW_TRACKING_URI`, or `.state/mlflow/mlflow.db` and `.state/mlflow/artifacts` in this workspace,
which need no server. One run per version and fingerprint, one for the base, one for the report. Running it
again changes nothing, and repairs what was edited or lost there; a killed run is completed by the next; deleting
`.state/mlflow` loses nothing. What is not built is named and left out.
"""

from collections.abc import Mapping

from lineage.core.inputs import NOTHING, Inputs
from lineage.core.stage import run_stage
from lineage.tracking.publish import NONE_STALE, publish, show
from lineage.tracking.server import shown, tracking_uri


def main(inputs: Inputs = NOTHING, stale: Mapping[str, str] = NONE_STALE) -> None:
    """Publish to the server that the environment names, and say what was done.

    stale: what `lineage publish` found older than params.yaml and the files here. DVC, where it runs this stage, has
    just brought up to date what it stands on.
    """
    uri = tracking_uri()
    print(f"publishing to {shown(uri)}")
    show(publish(uri, inputs, stale), uri)


if __name__ == "__main__":
    run_stage(main)

"""Lets what waits for runs outlast a Prefect server that is away, as runs themselves do (`flows/server_away.py`).

Prefect's runner ends after three polls in a row that no server answers, six seconds, and the runs in it end with it.
It takes longer until `lineage ui` has started a server again that died.
"""

from functools import partial

from prefect._internal import observers
from prefect.runner import _scheduled_run_poller as poller
from prefect.utilities.services import critical_service_loop

POLLS = 1800  # in a row without an answer, a few seconds apart: an hour at least


def be_patient() -> None:
    """For this process: polls for runs, and for those that are to be cancelled, go on while no server answers."""
    for module in (poller, observers):
        module.critical_service_loop = partial(critical_service_loop, consecutive=POLLS)  # type: ignore[attr-defined]

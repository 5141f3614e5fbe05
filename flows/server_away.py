"""When Prefect's server is away in the middle of a run: stages go on, and it is told how they ended once it is back.

A stage is a process that knows no server. A task's state is an event, which Prefect sends from a thread of its own and
may lose after some tries; so after such a time the states are told again. What does need the server is the run's own
state, and for that the run waits at its end.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import prefect
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.states import State

TIMEOUT = 5.0  # seconds for one answer
PATIENCE = 3.0  # seconds between two questions
REMINDER = 300.0  # seconds between two lines of one that waits


def is_away() -> bool:
    """Whether there is a server to ask, and it does not answer."""
    if not (address := prefect.settings.PREFECT_API_URL.value()):
        return False
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=TIMEOUT):
            return False
    except urllib.error.HTTPError as error:
        return error.code >= 500  # it may ask for a password, which says that it is there
    except OSError:
        return True


def wait_until_back(say: Callable[[str], None]) -> None:
    """Return once the server answers; `say` is told at once, and now and then, that it does not."""
    said: float | None = None
    while is_away():
        if said is None or time.monotonic() - said > REMINDER:
            said = time.monotonic()
            say(f"{prefect.settings.PREFECT_API_URL.value()} does not answer; waiting, to tell it how the stages ended")
        time.sleep(PATIENCE)


def tell_again(run: UUID, states: Iterable[State[Any]]) -> None:
    """Let the server know the last states of a run's tasks, as far as it has other ones."""
    ended = {one.state_details.task_run_id: one for one in states}
    with get_client(sync_client=True) as client:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
        for known in client.read_task_runs(flow_run_filter=chosen):
            state = ended.get(known.id)
            if state and known.state_type != state.type:
                client.set_task_run_state(known.id, state, force=True)

"""A task that was stopped from outside: it is shown as cancelled, and its flow ends as it would have by the signal.

A task that raised what stopped it would be shown as crashed. So it gives its state instead, and the flow hands it on.
"""

import signal
from typing import Any

from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, State

STOPS = (TerminationSignal, KeyboardInterrupt)
CTRL_C = "stopped by Ctrl-C"


def stopped(what: str, ended: BaseException, seconds: float) -> State[Any]:
    """The state of a task.

    what: the stage or the command. ended: one of STOPS. seconds: how long it had worked.
    """
    how = CTRL_C if isinstance(ended, KeyboardInterrupt) else "cancelled, or stopped by a signal,"
    return Cancelled(message=f"{what}: {how} after {seconds:.1f} s; a new run goes on from there")


def hand_on(state: State[Any]) -> None:
    """In the flow: raise what stopped its task, if anything did."""
    if state.is_cancelled():
        raise KeyboardInterrupt if CTRL_C in (state.message or "") else TerminationSignal(signal=signal.SIGTERM)

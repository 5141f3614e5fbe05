"""A flow that works alone, in the workspace or among those that work in clones of it; and what a killed one left.

with alone() as holder: …                a rebuild, a promotion, a withdrawal
with alone(CLONES): …                    a verification, an experiment
@flow(…, on_crashed=[after_a_kill])      what the run held is free at once, if it is killed
"""

from contextlib import AbstractContextManager
from typing import Any

from prefect import get_run_logger, runtime

from flows.former_outs import put_back
from flows.rebuild_lock import WORKSPACE, Holder, once_it_is_gone, only_rebuild
from flows.slot import free_what_was_left


def alone(lock: str = WORKSPACE) -> AbstractContextManager[Holder]:
    """Hold a lock in the name of this run; it says whom it waits for."""
    me = runtime.flow_run
    return only_rebuild(me.name, str(me.id), get_run_logger().info, clean, lock)


def after_a_kill(flow: Any, flow_run: Any, state: Any) -> None:
    """For what watches over runs (`flows.served`, a worker): free at once what one that was killed held."""
    once_it_is_gone(str(flow_run.id), clean)


def clean(left: dict[str, Any]) -> None:
    """What a run that was killed left: its slot, its state, and the gap where its stage's results had been."""
    free_what_was_left(left)
    if stage := left.get("stage"):
        put_back(stage)

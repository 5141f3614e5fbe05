"""A chain of three versions that is killed again and again, beside one that never was."""

from typing import Any

from benchmarks.verify_gpu.checks import Status, same_adapter, trained_room
from benchmarks.verify_gpu.room_inputs import VERSIONS, Setup
from benchmarks.verify_gpu.rooms import room


def chain(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """A chain of three versions, each killed with SIGKILL in its training and run again, ends as one never killed.

    Expected: each goes on from its checkpoint, and has the bytes of its twin; where a card sums in another order each
    time, losses within 2 %.
    """
    whole = trained_room(setup, "second")
    whole.train(VERSIONS[2])
    often = max(2, setup.steps // 5)  # so that there is something to go on from
    killed = room(setup, "killed", like=trained_room(setup, "first"), versions=False, checkpoint_steps=often)
    figures: dict[str, Any] = {}
    for version in VERSIONS:
        if not killed.train_and_kill(version):
            return "failed", f"{version} had ended before it could be killed; give more --steps", figures
        measured = killed.train(version)
        if measured["steps"] >= setup.steps:
            return "failed", f"{version} began at the start again instead of at its checkpoint", figures
        status, found, compared = same_adapter(whole, killed, version)
        figures[version] = {"resumed_at": setup.steps - measured["steps"], "found": found, **compared}
        record = killed.record(version)
        figures[version]["parent"] = record["parent"]
        if status != "passed":
            return status, f"{version}: {found}", figures
    at = ", ".join(f"{version} at step {one['resumed_at']}" for version, one in figures.items())
    alike = dict.fromkeys(one["found"] for one in figures.values())
    return "passed", f"resumed {at}, of {setup.steps}; {'; '.join(alike)}", figures

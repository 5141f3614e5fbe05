"""When a run was trained, and what that has cost: from the journal, where there is one, and of no other training."""

import json
from pathlib import Path

from lineage.core import journal
from lineage.tracking.publish import publish
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import V2, client, digest, runs, weights, write

ENDED = 1_795_788_000


def write_journal(root: Path, **changes: object) -> None:
    line = {"stage": "train@v2", "seconds": 30.0, "startup_seconds": 2.0, "ended": ENDED, "peak_bytes": 700_000_000}
    line |= {"adapter": digest(weights("v2")), "tokens": 50_000, "training_seconds": 25.0, "joules": 900}
    write(root / journal.FILE, json.dumps(line | changes) + "\n")


def test_a_run_lasts_as_long_as_its_training_and_says_what_that_took(workspace: Path) -> None:
    write_journal(workspace)
    publish(local_uri())
    run = runs()[V2]
    assert (run.info.start_time, run.info.end_time) == ((ENDED - 32) * 1000, ENDED * 1000)
    costs = {name: value for name, value in run.data.metrics.items() if name.startswith("cost/")}
    assert costs == {
        "cost/seconds": 32.0,
        "cost/peak_gigabytes": 0.7,
        "cost/kilojoules": 0.9,
        "cost/tokens_per_second": 2000.0,
    }
    v1 = runs()["v1:" + digest("v1fingerprint")]
    assert not [name for name in v1.data.metrics if name.startswith("cost/")]  # nobody measured it
    others = [one.info for key, one in runs().items() if key != V2]
    assert [one.end_time - one.start_time for one in others] == [0] * 4  # not the seconds of publishing
    assert (workspace / journal.FILE).is_file()
    (workspace / journal.FILE).unlink()
    assert {one.told.outcome for one in publish(local_uri())} == {"unchanged"}
    now = runs()[V2]
    assert now.data.metrics["cost/seconds"] == 32.0
    assert (now.info.start_time, now.info.end_time) == ((ENDED - 32) * 1000, ENDED * 1000)


def test_the_seconds_of_an_earlier_publish_are_taken_for_no_training(workspace: Path) -> None:
    publish(local_uri())
    run = runs()[V2]
    client().set_terminated(run.info.run_id, "FINISHED", run.info.start_time + 900)
    assert {one.told.outcome for one in publish(local_uri())} == {"unchanged"}
    assert runs()[V2].info.end_time == run.info.start_time


def test_a_journal_that_comes_later_completes_a_run_and_changes_nothing_else(workspace: Path) -> None:
    publish(local_uri())
    before = runs()[V2]
    write_journal(workspace)
    for _ in range(2):
        assert {one.told.outcome for one in publish(local_uri())} == {"unchanged"}
    now = runs()[V2]
    assert now.info.run_id == before.info.run_id
    assert (now.info.start_time, now.info.end_time) == (before.info.start_time, before.info.end_time)
    assert now.data.metrics["cost/tokens_per_second"] == 2000.0


def test_the_cost_of_another_adapter_or_of_one_that_was_taken_up_is_not_told(workspace: Path) -> None:
    write_journal(workspace, adapter=digest("another"))
    publish(local_uri())
    assert "cost/seconds" not in runs()[V2].data.metrics
    taken_up = {"stage": "train@v2", "seconds": 1.0, "ended": ENDED, "adapter": digest(weights("v2"))}
    write(workspace / journal.FILE, json.dumps(taken_up) + "\n")
    assert {one.told.outcome for one in publish(local_uri())} == {"unchanged"}
    assert "cost/seconds" not in runs()[V2].data.metrics

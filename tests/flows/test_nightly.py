"""The time of a nightly rebuild: what is no time is refused, and people's own schedules are not touched."""

import pytest

from flows.lineage_flow import rebuild
from flows.nightly import keeps_schedules, nightly
from lineage.core.errors import LineageError


def test_a_time_is_this_machines_and_a_wrong_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    when = nightly("0 2 * * *")
    assert (when.cron, when.timezone) == ("0 2 * * *", "Asia/Seoul")
    with pytest.raises(LineageError, match="--nightly: 'at two' is no cron expression"):
        nightly("at two")
    monkeypatch.setenv("TZ", "Asia/Nowhere")
    with pytest.raises(LineageError, match=r"which timezone is Asia/Nowhere.*TZ=Asia/Seoul"):
        nightly("0 2 * * *")


def test_what_is_registered_again_orders_no_schedule_away() -> None:
    """Prefect sends the fields that were set; an empty list of schedules would remove those that people made."""
    deployment = rebuild.to_deployment("rebuild")
    assert "schedules" in deployment.model_dump(exclude_unset=True)
    assert "schedules" not in keeps_schedules(deployment).model_dump(exclude_unset=True)

"""`lineage ui --nightly "0 2 * * *"`: the whole lineage is rebuilt at that time, as this machine's clock shows it.

The schedule belongs to the deployment then, as one that is made in Prefect's page: both stay when everything is started
again, and are paused and removed in that page.
"""

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule

from lineage.core.errors import LineageError

SLUG = "nightly"  # by which it is found again, whatever its time
LOCALTIME = Path("/etc/localtime")


def nightly(cron: str) -> CronSchedule:
    """The schedule of a cron expression.

    Raises:
        LineageError: it is none, or nothing says in which timezone this machine is.
    """
    zone = os.environ.get("TZ", "").lstrip(":") or str(LOCALTIME.resolve()).partition("zoneinfo/")[2]
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise LineageError(
            f"--nightly: which timezone is {zone or 'this machine in'}? Set TZ, as TZ=Asia/Seoul"
        ) from error
    try:
        return CronSchedule(cron=cron, timezone=zone)
    except ValueError as error:
        raise LineageError(f'--nightly: {cron!r} is no cron expression; as "0 2 * * *": every day at 2:00') from error


def keeps_schedules(deployment: Any) -> Any:
    """A deployment that says nothing of schedules: Prefect takes its empty list as an order to remove people's own."""
    deployment.model_fields_set.discard("schedules")
    return deployment


def schedule(deployment: Any, when: CronSchedule) -> None:
    """Give a deployment its nightly schedule, or the one that it has another time; the others are left alone."""
    identity = deployment.apply()
    with get_client(sync_client=True) as client:
        for one in client.read_deployment_schedules(identity):
            if one.slug == SLUG:
                client.update_deployment_schedule(identity, one.id, schedule=when)
                return
        one_more = DeploymentScheduleCreate(schedule=when, slug=SLUG)
        client.create_deployment_schedules(identity, [one_more])

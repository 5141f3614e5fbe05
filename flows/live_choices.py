"""Keeps what the forms offer as params.yaml has it, while the deployments are served: a new version needs no restart.

A params.yaml that is wrong, perhaps for the moment in which somebody edits it, changes no choice; the deployments then
say in their description what is wrong with it.
"""

import threading
import time
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import PrefectException
from prefect.utilities.callables import parameter_schema

from flows.deployment_names import folder_tag
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PARAMS
from lineage.core.plain_text import for_markdown, one_line

EVERY = 1.0  # seconds between two looks at the file


def follow_params(flows: dict[str, Any]) -> None:
    """Watch params.yaml in a thread, from now until this process ends; before the first schema is made of it.

    flows: deployment's full name → its flow.
    """
    following = Following(flows)
    threading.Thread(target=following.forever, daemon=True).start()


def tags_of(c: Curriculum) -> list[str]:
    """What a deployment is tagged with."""
    return ["lineage", f"profile {c.profile}", folder_tag()]


def described(flow: Any) -> str:
    """What a deployment says of itself: the flow's own words; those on its parameters stand beside them in the form."""
    return (flow.description or "").partition("\n\nArgs:")[0].strip()


class Following:
    """What was last read of the file; `flows` as for `follow_params`."""

    def __init__(self, flows: dict[str, Any]) -> None:
        self._flows = flows
        self._read = _bytes()

    def forever(self) -> None:
        """Look again and again; a server that does not answer is told at the next look."""
        while True:
            time.sleep(EVERY)
            try:
                self.look()
            except (httpx.HTTPError, PrefectException, OSError) as error:
                print(f"the choices wait for Prefect's server: {one_line(error)}", flush=True)

    def look(self) -> bool:
        """Tell the server what has changed, if the file has; whether it has."""
        now = _bytes()
        if now == self._read:
            return False
        wrong = ""
        try:
            tags = tags_of(load_curriculum())
        except LineageError as error:
            wrong = f"params.yaml is wrong, so the choices stay as they were: {one_line(error)}"
        with get_client(sync_client=True) as client:
            for name, flow in self._flows.items():
                usual = described(flow)
                if wrong:
                    told = DeploymentUpdate(description=f"**{for_markdown(wrong)}**\n\n{usual}")
                else:
                    schema = parameter_schema(flow).model_dump(exclude_unset=True)
                    told = DeploymentUpdate(description=usual, tags=tags, parameter_openapi_schema=schema)
                client.update_deployment(client.read_deployment_by_name(name).id, told)
        self._read = now
        print(wrong or "the choices follow params.yaml", flush=True)
        return True


def _bytes() -> bytes | None:
    try:
        return PARAMS.read_bytes()
    except OSError:
        return None

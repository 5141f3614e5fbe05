"""Somebody is told of a run that failed, crashed or was refused by the gate, by a notification block of Prefect's.

Which one says `KRX_NOTIFY`, as `<type>/<name>`: `custom-webhook/nightly`, `mail-by-smtp/…`, `slack-webhook/…`.
"""

import os
import re
from typing import Any

import prefect.blocks.notifications  # noqa: F401 (its types of blocks are known once it is imported)
from prefect.blocks.core import Block
from prefect.logging.loggers import flow_run_logger
from prefect.utilities.urls import url_for

import flows.mail_block  # noqa: F401 (likewise)
from lineage.config.own_name import lineage_name
from lineage.config.schema import DEFAULT_NAME
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line

NOTIFY = "KRX_NOTIFY"
PREFECTS = re.compile(r"^Flow run encountered an exception: LineageError: ")  # its words before ours
LONGEST = 800  # characters of what went wrong; the run's page has all of it


def tell_somebody(flow: Any, flow_run: Any, state: Any) -> None:
    """A hook for flows. Whatever keeps the message from being sent never changes how the run ends."""
    block = os.environ.get(NOTIFY, "").strip()
    if not block:
        return
    try:
        body = what_happened(flow, flow_run, state)
        sender: Any = Block.load(block, _sync=True)  # type: ignore[call-arg]
        with sender.raise_on_failure():
            sender.notify(body, f"{_lineage()}: {flow.name} {state.type.value.lower()}", _sync=True)
    except Exception as error:
        # Not the error's words: they hold the address, which is a secret of most services.
        status = getattr(getattr(error, "response", error), "status_code", getattr(error, "smtp_code", ""))
        what = " ".join(map(str, filter(None, (type(error).__name__, status))))
        log = flow_run_logger(flow_run, flow)
        log.warning("nobody was told of this by the block %s (%s: %s)", block, NOTIFY, what)


def _lineage() -> str:
    """Which one, where several workspaces tell the same people; a params.yaml that is wrong may be what failed."""
    try:
        return lineage_name()
    except LineageError:
        return DEFAULT_NAME


def what_happened(flow: Any, flow_run: Any, state: Any) -> str:
    """The flow, the versions, what went wrong, and where to read on."""
    given = flow_run.parameters or {}
    lines = [f"{flow.name} ({flow_run.name}): {state.name}"]
    for kind in ("versions", "sources"):
        if kind in given or (kind == "versions" and "version" in given):
            lines.append(f"{kind}: {', '.join(given.get(kind) or [given.get('version') or 'all'])}")
    lines += [one_line(PREFECTS.sub("", state.message or ""))[:LONGEST]]
    lines += [str(page)] if (page := url_for("flow-run", obj_id=flow_run.id)) else []
    return "\n".join(filter(None, lines))

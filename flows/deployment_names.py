"""What this workspace's deployments are called: several workspaces may be behind one Prefect.

rebuild                 of a lineage that has no name of its own
rebuild of our-loans    with `name: our-loans` in params.yaml

Each is tagged with the folder that it is served from, by which two folders of one name are told apart.
"""

import socket
from pathlib import Path

from lineage.config.own_name import lineage_name
from lineage.config.schema import DEFAULT_NAME

SERVED_FROM = "from "  # how that tag begins


def folder_tag() -> str:
    """The tag of what is served from here."""
    return f"{SERVED_FROM}{socket.gethostname()}:{Path.cwd()}"


def deployment_name(what: str) -> str:
    """The name of the deployment that does this."""
    name = lineage_name()
    return what if name == DEFAULT_NAME else f"{what} of {name}"

"""What this workspace's deployments are called: several workspaces may be behind one Prefect.

rebuild                 of a lineage that has no name of its own
rebuild of our-loans    with `name: our-loans` in params.yaml
"""

from lineage.config.own_name import lineage_name
from lineage.config.schema import DEFAULT_NAME


def deployment_name(what: str) -> str:
    """The name of the deployment that does this."""
    name = lineage_name()
    return what if name == DEFAULT_NAME else f"{what} of {name}"

"""The order in which people read held-out sets: that in which the curriculum first trains on them."""

from lineage.config.schema import BASE
from lineage.reporting.compare import own_sets
from lineage.reporting.workspace import Workspace


def set_order(w: Workspace) -> tuple[str, ...]:
    """Every measured set; those that no version trains on, benchmarks and the like, stand last by name."""
    measured = {
        name for model in (BASE, *w.curriculum.versions) if model in w.measured for name in w.measured[model].rows
    }
    trained = dict.fromkeys(name for version in w.curriculum.in_order() for name in own_sets(w, version))
    return (*(name for name in trained if name in measured), *sorted(measured - set(trained)))

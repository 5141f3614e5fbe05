"""The evaluate flow: the measures of versions as they lie here, without training anything.

A version that is stale is measured as it is. What the measures stand on (held-out sets, settings, code) is brought up
to date first; adapters, mixes and the base are not.
"""

from prefect import flow, runtime

from flows.alone import after_a_kill
from flows.choices import Measured
from flows.lineage_flow import Chosen, run_chosen
from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import find_manifest
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.planning.dvc_graph import Graph, in_order, upstream

BUILDS = {"base", "mix", "train"}
SHOWS = {"report", "publish"}


def _run_name() -> str:
    asked = runtime.flow_run.get_parameters()
    words = [", ".join(asked.get("versions") or []) or "all that is built"]
    return " · ".join(words + [name.replace("_", " ") for name in ("again", "dry_run") if asked.get(name)])


@flow(name="evaluate", flow_run_name=_run_name, on_crashed=[after_a_kill])
def evaluate(
    versions: list[Measured] = [],  # noqa: B006 (Prefect shows the default; nothing changes it)
    again: bool = False,
    dry_run: bool = False,
) -> None:
    """Measure versions on every held-out set, then the report, then MLflow. Nothing is trained.

    Args:
        versions: The versions to measure, as they are built here. None: all that are, and the base.
        again: Ask the model anew, even where nothing has changed since it was measured.
        dry_run: Only say what would be run, and why.
    """
    c = load_curriculum()
    if unknown := [name for name in versions if name not in (BASE, *c.versions)]:
        raise LineageError(f"versions: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.versions)}")
    built = built_here(c)
    if missing := [name for name in versions if name not in built]:
        raise LineageError(f"versions: {', '.join(missing)} not built here; build it with the deployment `rebuild`")
    if not built:
        raise LineageError("nothing is built here; build it with the deployment `rebuild`")
    run_chosen(lambda graph: choose(versions or built, again, graph), dry_run=dry_run)


def built_here(c: Curriculum) -> list[str]:
    """What can be measured: the base and the versions whose adapters lie here."""
    if find_base() is None:
        return []
    return [BASE, *(name for name in c.in_order() if find_manifest(name))]


def choose(versions: list[str], again: bool, graph: Graph) -> Chosen:
    """The evaluations, what they stand on but for what is built, and what shows them."""
    mine = {"baseline" if name == BASE else f"evaluate@{name}" for name in versions} & set(graph)
    apart = {
        stage: frozenset(one for one in before if one.partition("@")[0] not in BUILDS)
        for stage, before in graph.items()
    }
    stages = upstream(apart, mine) | SHOWS & set(graph)
    return [stage for stage in in_order(graph) if stage in stages], mine if again else set()

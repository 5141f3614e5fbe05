"""The ingest flow: new raw files become records and mixes, and it is told what was read and what is stale by it.

Nothing is trained. The mixes are drawn, since only they show whether a version really has other rows: a source that
changed may be one that a version never takes, and a new row may be the double of an old one.
"""

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact

from flows.alone import after_a_kill
from flows.choices import Source
from flows.ingest_summary import told
from flows.lineage_flow import Chosen, run_chosen
from flows.notify import tell_somebody
from flows.warm_dvc import WarmDvc
from lineage.artifacts.ingest_counts import IngestCounts, find_ingest_counts
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.planning.dvc_graph import Graph, in_order, upstream
from lineage.planning.state import states

AFTERWARDS = ("superseded", "duplicates", "mix@")  # they look at all records at once


def _run_name() -> str:
    asked = runtime.flow_run.get_parameters()
    return (", ".join(asked.get("sources") or []) or "all sources") + (" · dry run" if asked.get("dry_run") else "")


@flow(name="ingest", flow_run_name=_run_name, on_failure=[tell_somebody], on_crashed=[after_a_kill, tell_somebody])
def ingest(
    sources: list[Source] = [],  # noqa: B006 (Prefect shows the default; nothing changes it)
    dry_run: bool = False,
) -> None:
    """Bring new raw files in: PDFs are converted, rows become records, and the mixes are drawn. Nothing is trained.

    With `data: own`, the folders of raw files are given to DVC first (`dvc add`), so that they are versioned and kept.

    Args:
        sources: The sources whose raw files are read. None: all of them.
        dry_run: Only say what would be read, and why.
    """
    c = load_curriculum()
    if unknown := [name for name in sources if name not in c.sources]:
        raise LineageError(f"sources: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.sources)}")
    chosen = sources or list(c.sources)
    before = counted(c)
    if dry_run:
        for folder in new_folders(c, chosen):
            get_run_logger().info("%s would be given to DVC", folder)
    run_chosen(lambda graph: choose(c, chosen, graph), dry_run=dry_run, before=lambda dvc: give_to_dvc(c, chosen, dvc))
    if not dry_run:
        title, text = told(c, chosen, before, counted(c), states(c))
        create_markdown_artifact(text, key="lineage-ingest", description=title)
        get_run_logger().info(title)


def choose(c: Curriculum, sources: list[str], graph: Graph) -> Chosen:
    """The stages from the raw files of some sources to all mixes; of sources that are not asked for, none."""
    asked = {*sources, *(made for made, spec in c.generated.items() if spec.reference in sources)}
    mine = upstream(graph, {f"ingest@{source}" for source in asked} & set(graph))
    shared = {stage for stage in graph if stage.startswith(AFTERWARDS)}
    return [stage for stage in in_order(graph) if stage in mine | shared], set()


def give_to_dvc(c: Curriculum, sources: list[str], dvc: WarmDvc) -> None:
    """Add folders of one's own raw files that DVC does not know yet; those that it knows are stages of its graph."""
    log = get_run_logger()
    for folder in new_folders(c, sources):
        lines: list[str] = []
        if dvc.run(["add", "--quiet", folder], lines.append):
            raise LineageError(f"`dvc add {folder}` failed: {' '.join(lines[-5:])}")
        log.info("%s: given to DVC; commit %s.dvc with git", folder, folder)


def new_folders(c: Curriculum, sources: list[str]) -> list[str]:
    """Folders of one's own raw files that have some, and no `.dvc` file beside them."""
    if c.data != "own":
        return []
    folders = [c.raw_folder(name) for name in sources if name not in c.generated]
    new = [one for one in folders if one.is_dir() and not one.with_name(f"{one.name}.dvc").exists()]
    return [one.as_posix() for one in new if any(file.is_file() and file.name[0] != "." for file in one.rglob("*"))]


def counted(c: Curriculum) -> dict[str, IngestCounts]:
    """What was counted of each source when it was last read."""
    return {name: counts for name in c.sources if (counts := find_ingest_counts(name))}

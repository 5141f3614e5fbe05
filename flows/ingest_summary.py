"""What an ingest read, in Markdown: a row a source, what was rejected or quarantined, why, and what is stale by it."""

from itertools import islice

from lineage.artifacts.conversion import read_quarantine
from lineage.artifacts.ingest_counts import IngestCounts
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.plain_text import for_markdown
from lineage.planning.state import State

SHOWN = 20  # quarantined files of a source that are named
Counts = dict[str, IngestCounts]


def told(c: Curriculum, sources: list[str], before: Counts, now: Counts, found: dict[str, State]) -> tuple[str, str]:
    """The title, and the whole text.

    Args:
        c: the curriculum.
        sources: those that were read.
        before: the counts of all sources as they were.
        now: and as they are.
        found: the state of every version.
    """
    changed = [name for name in c.sources if now.get(name) != before.get(name)]
    stale = [state for state in found.values() if state.word in ("stale", "not here")]
    title = f"{_number(len(changed), 'source')} changed, {_number(len(stale), 'version')} to be built"
    here = [now[name] for name in sources if name in now]
    lines = [f"# {title}", "", *_table(here, before)]
    lines += _part("Rejected rows", [line for one in here for line in _rejected(one)])
    lines += _part("Quarantined files", [line for one in here for line in _quarantined(c, one.source)])
    lines += _part("Without records", [f"- {one.source}: {for_markdown(one.note)}" for one in here if one.note])
    lines += _part("Versions", [_state(state) for state in found.values() if state.word != "built" or state.perhaps])
    if stale:
        lines += ["", "They are built by the deployment `rebuild`, or by `dvc repro`."]
    return title, "\n".join(lines) + "\n"


def _table(counts: list[IngestCounts], before: Counts) -> list[str]:
    rows = [
        "| source | raw rows | rejected | PDFs | quarantined | records | held out |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in counts:
        old = before.get(one.source)
        pdfs, was = one.conversion, old.conversion if old else None
        cells = [
            _grown(one.raw_rows, old.raw_rows if old else 0),
            _grown(one.rejected_rows, old.rejected_rows if old else 0),
            _grown(pdfs.files, was.files if was else 0) if pdfs else "",
            _grown(pdfs.quarantined, was.quarantined if was else 0) if pdfs else "",
            _grown(one.records, old.records if old else 0),
            _grown(one.heldout, old.heldout if old else 0),
        ]
        rows.append(f"| {one.source} | {' | '.join(cells)} |")
    return rows


def _grown(now: int, before: int) -> str:
    return f"{now:,}" if now == before else f"{now:,} (**{now - before:+,}**)"


def _rejected(one: IngestCounts) -> list[str]:
    where = paths.rejected(one.source)
    return [
        f"- {one.source}: {count:,} {for_markdown(reason)} (listed in `{where}`)"
        for reason, count in one.rejected.items()
        if not reason.startswith("quarantined: ")
    ]


def _quarantined(c: Curriculum, source: str) -> list[str]:
    if source not in c.papers:
        return []
    where = paths.quarantine(c.data, source)
    files = read_quarantine(where.parent)
    lines = [
        f"- {source}: {for_markdown(one.file)}: {for_markdown(one.reason)}; {for_markdown(one.remedy)}"
        for one in islice(files, SHOWN)
    ]
    more = sum(1 for _ in files)
    return [*lines, f"- {source}: {more:,} more, in `{where}`"] if more else lines


def _state(state: State) -> str:
    why = state.reason or (f"perhaps: {state.perhaps}" if state.perhaps else "")
    return f"- {state.name}: {state.word}{f' ({for_markdown(why)})' if why else ''}"


def _part(title: str, lines: list[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

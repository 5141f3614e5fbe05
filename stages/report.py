"""The report: `python -m stages.report` → `reports/`, from what the other stages left.

    reports/comparison.json     every figure below, computed once; see stages/reporting/comparison.py
    reports/lineage.html        one page for people, readable without a network or a script
    reports/cards/<version>.md  a model card for each trained version

What has not been built yet is left out and named, with the command that builds it.
"""

from pathlib import Path

from lineage.curriculum import Curriculum, load_curriculum
from lineage.files import appearing, write_json
from lineage.stage import run_stage
from stages.reporting.card import render_card
from stages.reporting.comparison import compare
from stages.reporting.findings import findings
from stages.reporting.page import render_page
from stages.reporting.workspace import read_workspace

REPORTS = Path("reports")


def main() -> None:
    """Write the report of this workspace."""
    with appearing(REPORTS) as (out,):
        said = report(load_curriculum(), out)
    print("\n".join(said))
    print(f"→ {REPORTS / 'lineage.html'}")


def report(c: Curriculum, out: Path) -> list[str]:
    """Write comparison, page and cards into the folder `out`; return what was found, in sentences."""
    w = read_workspace(c)
    comparison = compare(w)
    write_json(out / "comparison.json", comparison)
    (out / "lineage.html").write_text(render_page(w, comparison), encoding="utf-8", newline="\n")
    cards = out / "cards"
    cards.mkdir()
    for version in w.inside:
        (cards / f"{version}.md").write_text(render_card(w, version, comparison), encoding="utf-8", newline="\n")
    return findings(w, comparison)


if __name__ == "__main__":
    run_stage(main)

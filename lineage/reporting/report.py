"""Computes the comparison once and writes the page and the model cards from it."""

from pathlib import Path

from lineage.artifacts.comparison import write_comparison
from lineage.config.schema import Curriculum
from lineage.reporting.compare import compare
from lineage.reporting.dvc_figures import write_dvc_figures
from lineage.reporting.html_page import render_page
from lineage.reporting.model_card import render_card
from lineage.reporting.overall import with_overall
from lineage.reporting.pictures import write_pictures
from lineage.reporting.summary import findings
from lineage.reporting.table_model import table_models
from lineage.reporting.workspace import read_workspace


def report(c: Curriculum, out: Path) -> list[str]:
    """Write comparison, page and cards into the folder `out`; return what was found, in sentences."""
    w = read_workspace(c)
    comparison = with_overall(w, compare(w)).model_copy(update={"tables": table_models(w)})
    write_comparison(out, comparison)
    write_dvc_figures(w, comparison, out)
    write_pictures(w, comparison, out)
    (out / "lineage.html").write_text(render_page(w, comparison), encoding="utf-8", newline="\n")
    cards = out / "cards"
    cards.mkdir()
    for version in w.trained:
        (cards / f"{version}.md").write_text(render_card(w, version, comparison), encoding="utf-8", newline="\n")
    return findings(w, comparison)

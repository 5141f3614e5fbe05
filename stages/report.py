"""The report: `python -m stages.report` → `reports/`, from what the other stages left.

    reports/comparison.json     every figure below, computed once; see lineage/reporting/comparison.py
    reports/lineage.html        one page for people, readable without a network or a script
    reports/cards/<version>.md  a model card for each trained version
    reports/metrics/            the page's figures for `dvc metrics diff`; reports/plots/ for `dvc plots diff`

A line says what was compared; another where the page lies.

What has not been built yet is left out and named, with the command that builds it.
"""

from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.reporting.report import report


def main(inputs: Inputs = NOTHING) -> None:
    """Write the report of this workspace."""
    c = load_curriculum()
    must_be_checked(c, paths.REPORT_EXCERPT)
    with publishing(inputs, paths.REPORTS) as (out,):
        said = report(c, out)
    print("\n".join(said))
    print(f"→ {paths.REPORTS / 'lineage.html'}")


if __name__ == "__main__":
    run_stage(main)

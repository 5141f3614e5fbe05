"""Writes every source of the sample world in its true raw format, from code alone."""

import shutil
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from lineage.core import paths
from lineage.sample_world import (
    arithmetic,
    bookkeeping,
    exam,
    fields,
    financial,
    glossaries,
    instructions,
    loans,
    orca,
    profiles,
    questions,
    reports,
    rulebook,
    shibainu24,
    site,
    tables,
    translation,
)

TARGET = paths.RAW / "sample"


@cache
def company_reports() -> dict[str, bytes]:
    """The company reports, made once: the large companies' JSON names their hashes."""
    return reports.company_reports()


SOURCES: dict[str, Callable[[], dict[str, bytes]]] = {
    "krx_samples": instructions.instructions,
    "financial_reports": financial.financial_reports,
    "accounting": bookkeeping.accounting,
    "site_reports": site.site_reports,
    "questions": questions.questions,
    "rules": rulebook.rule_files,
    "metamath": arithmetic.metamath,
    "company_reports": company_reports,
    "problems": questions.problems,
    "reddit_enko": translation.reddit_enko,
    "aihub_kozh": translation.aihub_kozh,
    "table_qa": tables.table_qa,
    "large_companies": lambda: profiles.large_companies(company_reports()),
    "arithmetic": arithmetic.arithmetic,
    "loan_grades": loans.loan_grades,
    "bok_terms": glossaries.bok_terms,
    "fss_terms": glossaries.fss_terms,
    "kdi_terms": glossaries.kdi_terms,
    "hankyung_terms": glossaries.hankyung_terms,
    "sme_terms": glossaries.sme_terms,
    "tax_terms": glossaries.tax_terms,
    "textbook_terms": glossaries.textbook_terms,
    "tesat": exam.tesat,
    "orca_platypus": orca.orca_platypus,
    "choices_by_field": fields.choices_by_field,
    "answers_by_field": fields.answers_by_field,
    **shibainu24.shibainu24(),
}


def write(target: Path = TARGET, sources: Iterable[str] | None = None, without_files: Iterable[str] = ()) -> None:
    """Write sources under `target`; what an earlier version of the world left there goes.

    sources: those of this world that are written; None: all.
    without_files: sources that this world does not have. Each gets a folder, so that it is read as one without rows.
    """
    wanted = set(SOURCES if sources is None else sources)
    for source in without_files:
        file = paths.placeholder(target / source)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"The sample world has no files for {source}.\n", encoding="utf-8")
        print(f"{source:18}    0 files: it is not of the sample world", flush=True)
    for source, make in SOURCES.items():
        if source not in wanted:
            continue
        files = make()
        folder = target / source
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        size = sum(map(len, files.values())) / 1024
        print(
            f"{source:18} {len(files):4} {'file ' if len(files) == 1 else 'files'} {size:7,.0f} KiB",
            flush=True,
        )

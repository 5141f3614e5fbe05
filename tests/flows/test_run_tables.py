"""The tables of a run's page: versions with their verdicts, and what never became a record."""

from flows.rejected_rows import table as rejected
from flows.versions_table import table as versions
from lineage.artifacts.comparison import ComparedVersion, Comparison, Pooled
from tests.flows.test_ingest_flow import counts


def test_rows_and_pdfs_by_source_and_reason_with_their_files() -> None:
    more = {"rejected": {"no answer": 2, "quarantined: no text layer": 1}, "rejected_rows": 3}
    title, lines = rejected([counts("rules", 5, **more), counts("drills", 2, rejected={}, rejected_rows=0)], "own")
    assert title == "2 rows rejected, 1 PDFs quarantined, of 2 sources"
    assert lines[2:] == [
        "| rules | row | no answer | 2 |",
        "| rules | PDF | no text layer | 1 |",
        "",
        "Listed one by one in:",
        "",
        "- `data/records/rules/rejected.jsonl`",
        "- `data/documents/own/rules/quarantine.jsonl`",
    ]
    assert rejected([counts("rules", 5, rejected={}, rejected_rows=0)], "own")[1] == [
        "Every row and every PDF gave a record."
    ]


def test_green_is_only_what_is_better_beyond_noise() -> None:
    def version(verdict: str) -> ComparedVersion:
        pooled = Pooled.model_construct(
            parent_nll=3.0, nll=2.5, difference=-0.5, interval=(-0.6, -0.4), verdict=verdict, sets=(), rows=9, groups=9
        )
        return ComparedVersion.model_construct(
            parent="base", pooled=pooled, sets={}, right=None, may_forget=(), forgot=()
        )

    found = {name: version(verdict) for name, verdict in (("v1", "improved"), ("v2", "unclear"), ("v3", "worse"))}
    title, lines = versions(Comparison.model_construct(versions=found, missing={"v4": ("not built",)}), False)
    assert title == "1 of 3 versions better than their parents, as compared before this run"
    assert [("🟢" in line, "🔴" in line) for line in lines[2:5]] == [(True, False), (False, False), (False, True)]
    assert "v4" in lines[5] and "not built" in lines[5]

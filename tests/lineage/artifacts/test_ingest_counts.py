import json
from pathlib import Path

import pytest

from lineage.artifacts.ingest_counts import find_ingest_counts, read_ingest_counts, write_ingest_counts
from lineage.core.errors import LineageError
from tests import tiny


@pytest.fixture
def written(tmp_path: Path) -> Path:
    folder = tmp_path / "data/records/rules"
    write_ingest_counts(folder, tiny.counts("rules", 5, 2, 1, {"no answer": 3}))
    return folder / "ingest.json"


def test_what_is_written_is_read(written: Path, tmp_path: Path) -> None:
    found = read_ingest_counts("rules", tmp_path)
    assert found == tiny.counts("rules", 5, 2, 1, {"no answer": 3}) and found.left_out == {"the same as another one": 1}
    assert json.loads(written.read_text())["forms"] == {"prompt_answer": {"records": 5, "heldout": 2}}
    assert find_ingest_counts("accounting", tmp_path) is None
    with pytest.raises(LineageError, match=r"accounting/ingest\.json: not found; make it with: dvc repro ingest@accou"):
        read_ingest_counts("accounting", tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"records": 6}, r"8 records were made, but 6 are to train on, 2 held out and 1 duplicates"),
        ({"rejected_rows": 1}, r"rejected_rows is 1, but the reasons add up to"),
        ({"made": "many"}, r"made: "),
        ({"rows": 5}, r"rows: "),
    ],
)
def test_counts_that_do_not_balance_or_are_none_are_refused(
    written: Path, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    written.write_text(json.dumps(json.loads(written.read_text()) | change))
    with pytest.raises(LineageError, match=rf"ingest\.json: .*{said}.*dvc repro -f ingest@rules"):
        read_ingest_counts("rules", tmp_path)


def test_counts_from_before_columns_were_counted_are_read(written: Path, tmp_path: Path) -> None:
    earlier = json.loads(written.read_text())
    earlier.pop("unread", None)
    written.write_text(json.dumps(earlier))
    assert read_ingest_counts("rules", tmp_path).unread == {}

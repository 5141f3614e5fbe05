import io
import json
from datetime import date, datetime
from datetime import time as clock
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet

from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.records.record import Rejected
from tests.lineage.readers.conftest import Folder


def arrow_bytes(made: Any, suffix: str) -> bytes:
    """A table as a Parquet file, as an Arrow stream as `datasets` saves it, or as an Arrow file."""
    table = made if isinstance(made, pa.Table) else pa.table(made)
    buffer = io.BytesIO()
    if suffix == ".parquet":
        parquet.write_table(table, buffer)
    elif suffix == ".feather":
        feather.write_feather(table, buffer)
    else:
        with ipc.new_stream(buffer, table.schema) as stream:
            stream.write_table(table)
    return buffer.getvalue()


def values(folder: Folder) -> list[dict[str, Any]]:
    return [row.values for row in rows(folder.path) if isinstance(row, RawRow)]


def refused(folder: Folder) -> dict[str, tuple[str, str]]:
    return {row.origin["file"]: (row.reason, row.remedy) for row in rows(folder.path) if isinstance(row, Rejected)}


VALUES: list[tuple[Any, Any]] = [
    (pa.array([12, None], pa.int64()), 12),
    (pa.array([12.0, None]), "12"),  # as pandas writes whole numbers with a gap
    (pa.array([15_000_000_000.0, None]), "15000000000"),
    (pa.array([2.5, None]), "2.5"),
    (pa.array([-0.0, None]), "0"),
    (pa.array([0.0000001, None]), "0.0000001"),
    (pa.array([0.1, None], pa.float32()), "0.1"),
    (pa.array([16777217.0, None], pa.float64()), "16777217"),
    (pa.array([float("nan"), None]), None),
    (pa.array([Decimal("1.50"), None]), "1.50"),
    (pa.array([date(2024, 1, 2), None]), "2024-01-02"),
    (pa.array([datetime(2024, 1, 2), None]), "2024-01-02"),
    (pa.array([datetime(2024, 1, 2), None], pa.timestamp("ns")), "2024-01-02"),
    (pa.array([datetime(2024, 1, 2, 9, 30), None]), "2024-01-02 09:30:00"),
    (pa.array([clock(9, 30), None]), "09:30:00"),
    (pa.array([True, None]), True),
    (pa.array(["가", None], pa.large_string()), "가"),
    (pa.array(["가".encode(), None]), "가"),
    (pa.array(["가", None]).dictionary_encode(), "가"),
    (pa.array([["A. 가", "B. 나"], None]), ["A. 가", "B. 나"]),
    (pa.array([[1.0, 2.5, None], None]), ["1", "2.5", None]),
    (pa.array([[{"role": "user", "content": "가"}], None]), [{"role": "user", "content": "가"}]),
    (pa.array([[("가", 1.0)], None], pa.map_(pa.string(), pa.float64())), {"가": "1"}),
]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_values_come_as_a_person_would_write_them(folder: Folder, suffix: str) -> None:
    table = pa.table({f"{number}": column for number, (column, _) in enumerate(VALUES)})
    folder.write(f"a{suffix}", arrow_bytes(table, suffix))
    full, empty = values(folder)
    assert list(full.values()) == [shown for _, shown in VALUES]
    assert set(empty.values()) == {None}


def test_what_pandas_makes_of_whole_numbers_with_a_gap(folder: Folder) -> None:
    import pandas

    frame = pandas.DataFrame({"question": ["직원은?", "지점은?"], "answer": [12, None], "n": [3, 4]})
    frame.to_parquet(folder.path / "a.parquet")
    assert values(folder) == [
        {"question": "직원은?", "answer": "12", "n": 3},
        {"question": "지점은?", "answer": None, "n": 4},
    ]


def test_many_batches_are_read_one_after_the_other(folder: Folder) -> None:
    made = {"n": list(range(2500))}
    folder.write("a.arrow", arrow_bytes(made, ".arrow"))
    folder.write("b.feather", arrow_bytes(made, ".feather"))
    read = list(rows(folder.path))
    assert [row.values["n"] for row in read if isinstance(row, RawRow)] == [*range(2500)] * 2
    assert [row.origin["row"] for row in read] == [*range(1, 2501)] * 2


def test_a_set_saved_by_datasets_with_the_names_of_its_classes(folder: Folder) -> None:
    features = {
        "label": {"names": ["부정", "긍정"], "_type": "ClassLabel"},
        "text": {"dtype": "string", "_type": "Value"},
    }
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"text": ["올랐다", "모른다"], "label": [1, -1]}).replace_schema_metadata(about)
    folder.write("train/data-00000-of-00001.arrow", arrow_bytes(table, ".arrow"))
    for name in ("dataset_dict.json", "train/dataset_info.json", "train/state.json"):
        folder.json(name, {"splits": ["train"]})
    assert values(folder) == [{"text": "올랐다", "label": "긍정"}, {"text": "모른다", "label": -1}]
    assert {reason for reason, _ in refused(folder).values()} == {"a file about the rows, without rows"}
    folder.json("other/state.json", [{"text": "가"}])
    assert len(values(folder)) == 3, "a file of this name alone is any other file"


def test_damaged_files_are_named_and_what_is_whole_in_them_is_read(folder: Folder) -> None:
    whole = arrow_bytes({"n": [1, 2]}, ".arrow")
    folder.write("a.arrow", whole[:-8])  # between two batches: Arrow takes it for whole
    folder.write("b.arrow", whole[:200])
    folder.write("c.arrow", whole + whole)
    folder.write("d.feather", b"FEA1 of long ago")
    folder.write("e.arrow", b"<html>")
    folder.write("f.arrow", b"")
    assert values(folder) == [{"n": 1}, {"n": 2}] * 2
    found = refused(folder)
    assert list(found) == ["a.arrow", "b.arrow", "c.arrow", "d.feather", "e.arrow", "f.arrow"]
    assert {reason for reason, _ in found.values()} == {"a damaged file"}
    assert "after row 2: the end of the stream is missing" in found["a.arrow"][1]
    assert "bytes behind the end" in found["c.arrow"][1]
    assert "write it again with pyarrow.feather.write_feather" in found["d.feather"][1]


def test_two_columns_of_one_name(folder: Folder) -> None:
    table = pa.table([pa.array(["가", "가"]), pa.array(["가", "나"])], names=["답", "답"])
    folder.write("a.arrow", arrow_bytes(table, ".arrow"))
    assert values(folder) == [{"답": "가"}]
    assert refused(folder)["a.arrow"][0] == "a column name given twice"

from dataclasses import replace
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.ingest.sanitize import fitted
from lineage.readers import references
from lineage.records.record import Record, Rejected, qa
from tests.lineage.readers.conftest import Folder

ROW = {"reference": "기준금리는 3.50%이다.", "question": "얼마?", "old_answer": "첫째", "answer": "둘째"}


@pytest.mark.parametrize(
    ("row", "completion"),
    [
        (ROW, "둘째"),
        (ROW | {"preference": "B"}, "둘째"),
        (ROW | {"preference": "A"}, "첫째"),
        (ROW | {"preference": "a"}, "첫째"),
        (ROW | {"preference": "E"}, "둘째"),
        ({"question": "얼마?", "answer": "첫째", "answer_B": "둘째", "preference": "A"}, "첫째"),
        ({"question": "얼마?", "answer": "첫째", "answer_B": "둘째", "preference": "B"}, "둘째"),
        ({"question": "얼마?", "answer_A": "첫째", "answer_B": "둘째", "preference": "A"}, "첫째"),
        ({"question": "얼마?", "answer": "둘째"}, "둘째"),
    ],
)
def test_the_better_answer_is_the_one_trained_on(folder: Folder, row: dict[str, Any], completion: str) -> None:
    folder.jsonl("a.jsonl", [row])
    (record,), rejected = folder.read(references.read)
    assert not rejected and record.completion == completion


@pytest.mark.parametrize(
    ("change", "rejected"),
    [
        ({}, ()),
        ({"preference": "E"}, ()),
        ({"preference": "A"}, ("둘째",)),
        ({"preference": "B"}, ("첫째",)),
        ({"preference": "B", "old_answer": "둘째"}, ()),
        ({"preference": "B", "old_answer": ""}, ()),
    ],
)
def test_the_answer_that_was_liked_less_is_kept(folder: Folder, change: dict[str, Any], rejected: tuple) -> None:
    folder.jsonl("a.jsonl", [ROW | change])
    (record,), _ = folder.read(references.read)
    assert record.rejected == rejected


def test_a_rejected_answer_is_cleaned_and_masked_as_the_others_are() -> None:
    worse = ("연락처는 010-1234-5678이다.", " ", "답")
    record = qa("질문?", "답", group="질문?", origin={"file": "a", "row": 1}, rejected=worse)
    masked, kinds = fitted(record, "mask")
    assert isinstance(masked, Record) and kinds
    assert len(masked.rejected) == 1 and "010-1234-5678" not in masked.rejected[0]
    assert isinstance(fitted(record, "refuse")[0], Rejected)
    stopped = replace(record, rejected=("답<|im_end|>",))
    found = fitted(stopped, "mask")[0]
    assert isinstance(found, Rejected) and found.reason == "a control token in the text"


def test_a_reference_comes_first_and_is_the_group(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [ROW, ROW | {"question": "언제?"}, {"question": "왜?", "answer": "그래서"}])
    first, second, third = folder.read(references.read)[0]
    assert first.prompt == "기준금리는 3.50%이다.\n\n얼마?" and first.group == second.group == "기준금리는 3.50%이다."
    assert third.prompt == third.group == "왜?"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"preference": "C"}, "an unknown preference"),
        ({"preference": "AB"}, "an unknown preference"),
        ({"preference": 1}, "an unknown preference"),
        ({"preference": ["A"]}, "an unknown preference"),
        ({"preference": "A", "old_answer": ""}, "the preferred answer is empty"),
        ({"value": 1}, "a value below 3"),
        ({"hallucination": "fake_references"}, "marked as a hallucination"),
        ({"options": ["가", "나"]}, "a multiple-choice row"),
        ({"answer": ""}, "answer is empty"),
    ],
)
def test_bad_rows(folder: Folder, change: dict[str, Any], reason: str) -> None:
    folder.jsonl("a.jsonl", [ROW | change])
    records, rejected = folder.read(references.read)
    assert not records and [r.reason for r in rejected] == [reason]


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"reference": "가", "query": "나"}])
    with pytest.raises(LineageError, match="found the columns reference, query"):
        folder.read(references.read)

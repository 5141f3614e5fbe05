import pytest

from lineage.core.errors import LineageError
from lineage.readers import instructions
from tests.lineage.readers.conftest import Folder


def test_an_input_stands_under_its_instruction_and_is_the_group(folder: Folder) -> None:
    folder.jsonl(
        "a.jsonl",
        [
            {"instruction": "줄이시오.", "input": "긴  글", "output": "짧다."},
            {"instruction": "옮기시오.", "input": "긴 글", "output": "long"},
            {"instruction": "얼마?", "input": "", "output": "3%"},
            {"instruction": "얼마?", "output": ""},
            {"instruction": "얼마?", "input": [1], "output": "1"},
        ],
    )
    records, rejected = folder.read(instructions.read)
    assert [(r.prompt, r.group, r.measure) for r in records] == [
        ("줄이시오.\n\n긴  글", "긴 글", "text"),
        ("옮기시오.\n\n긴 글", "긴 글", "text"),
        ("얼마?", "얼마?", "number"),
    ]
    assert [r.reason for r in rejected] == ["output is empty", "input is not text"]


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가", "output": "나"}])
    with pytest.raises(LineageError, match="found the columns prompt, output"):
        folder.read(instructions.read)

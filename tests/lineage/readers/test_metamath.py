import os
import shutil
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.readers import metamath
from tests.lineage.readers.conftest import Folder

CORPUS = Path(os.environ.get("KRX_CORPUS", Path(__file__).parents[3].parent / "shared/corpus"))


def test_grouped_by_the_original_question(folder: Folder) -> None:
    rows = [
        {
            "type": "GSM_AnsAug",
            "query": "2+1?",
            "original_question": "1+2?",
            "response": "3.\n#### 3\nThe answer is: 3",
        },
        {"type": "MATH_SV", "query": "x?", "original_question": "1+2?", "response": "The answer is: x+y"},
        {"type": "GSM_SV", "query": "cut?", "original_question": "1+2?", "response": "We see that"},
    ]
    folder.json("MetaMathQA-40K.json", rows)
    records, rejected = folder.read(metamath.read)
    assert [(r.prompt, r.completion, r.group, r.measure) for r in records] == [
        ("2+1?", "3.\n#### 3\nThe answer is: 3", "1+2?", "number"),
        ("x?", "The answer is: x+y", "1+2?", "text"),
    ]
    assert [r.reason for r in rejected] == ["a response without 'The answer is:'"]


def test_without_the_original_question_there_is_no_safe_split(folder: Folder) -> None:
    folder.json("a.json", [{"query": "?", "response": "The answer is: 3"}])
    with pytest.raises(LineageError, match="original_question"):
        folder.read(metamath.read)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_real_rows(folder: Folder) -> None:
    shutil.copy(CORPUS / "data/metamathqa_real_3.json", folder.path / "rows.json")
    records, rejected = folder.read(metamath.read)
    assert len(records) == 3 and not rejected

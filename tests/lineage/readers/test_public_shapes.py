"""Public sets of questions in their own shapes, on invented rows: rows in, records out, rows counted away."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from lineage.artifacts.ingest_counts import IngestCounts
from lineage.config.schema import Source
from lineage.ingest.ingest import ingest
from lineage.records.record import read_records

NONE = "답을 찾을 수 없음"
OPTIONS = dict(zip("ABCD", ("현금", "매출채권", "건물", "재고자산"), strict=True))
KMMLU = [
    {"question": f"{n}. 유동자산이 아닌 것은?", "answer": a, **OPTIONS, "Category": "Accounting", "Human Accuracy": 0.5}
    for n, a in enumerate((3, 1, 4, 2, 9))
] + [{"question": "2의 제곱은?", "answer": 2, "A": "2", "B": "4", "C": "1", "D": "3", "Category": "Math"}]
MMLU = [
    {"question": f"{n}. 고정자산은?", "subject": "accounting", "choices": list(OPTIONS.values()), "answer": a}
    for n, a in enumerate((0, 1, 2, 3, 7))
] + [{"question": "2의 제곱은?", "subject": "math", "choices": ["2", "4", "1", "3"], "answer": 1}]
BOOLQ = [
    {"paragraph": "증시는 월요일에 쉰다.", "question": f"{n}. 월요일에 쉬나?", "label": label}
    for n, label in enumerate((1, 0, -1))
]
ALTERNATIVES = {"alternative_1": "대출이 줄었다.", "alternative_2": "물가가 뛰었다."}
COPA = [
    {"premise": "금리가 올랐다.", "question": asked, **ALTERNATIVES, "label": label}
    for asked, label in (("결과", 0), ("원인", 1))
]
HELLASWAG = [
    {"context": f"{n}. 은행에 갔다.", **{f"ending_{i}": f"{i}번 창구에 섰다." for i in range(1, 5)}, "label": n}
    for n in range(4)
]
NEWS = "가온상사의 2023년 매출액은 120억원이다."


def asked(question: str, answers: list[str], **more: Any) -> dict[str, Any]:
    """A question as the hub has it."""
    spans = {"text": answers, "answer_start": [NEWS.find(answer) for answer in answers]}
    return {"title": "가온상사", "context": NEWS, "question": question, "answers": spans, **more}


KLUE = [
    asked("2023년 매출액은?", ["120억원", "120억"], is_impossible=False, guid="1", question_type=1),
    asked("2024년 매출액은?", [], is_impossible=True, guid="2", question_type=3),
    asked("2025년 매출액은?", ["120억원"], is_impossible=True, guid="3", question_type=3),
    asked("2022년 매출액은?", [], is_impossible=False, guid="4", question_type=1),
]
KORQUAD_1 = {
    "version": "KorQuAD_v1.0",
    "data": [{"title": "가온상사", "paragraphs": [{"context": NEWS, "qas": [
        {"id": "1", "question": "매출액은?", "answers": [{"text": "120억원", "answer_start": 16}]},
        {"id": "2", "question": "언제?", "answers": [{"text": "2023년", "answer_start": 6}]},
        {"id": "3", "question": "누구?", "answers": []},
    ]}]}],
}  # fmt: skip
PAGE = "<html><body><h1>예금</h1><table><tr><td>한도</td><td>5천만원</td></tr></table><p>A&amp;B가 낸다.</p></html>"
KORQUAD_2 = {
    "version": "KorQuAD_2.0",
    "data": [{"title": "예금", "url": "u", "raw_html": PAGE, "context": PAGE, "qas": [
        {"id": "1", "question": "한도는?", "answer": {"text": "<td>5천만원</td>", "answer_start": 9}},
        {"id": "2", "question": "누가?", "answer": {"text": "A&amp;B", "answer_start": 9}},
        {"id": "3", "question": "한도는?", "answer": {"text": "td>5천만원", "answer_start": 10}},
    ]}],
}  # fmt: skip
SQUAD_2 = [asked("2023년 매출액은?", ["120억원"]), asked("2024년 매출액은?", [])]
CLASSES = {  # as the hub's files name their labels
    "mmlu": {"answer": ["A", "B", "C", "D"]},
    "boolq": {"label": ["False", "True"]},
    "hellaswag": {"label": [f"ending_{i}" for i in range(1, 5)]},
}
FOUR = ["건물", "현금", "재고자산", "매출채권", "4"]
CASES = [
    ("mcqa", "kmmlu.csv", KMMLU, FOUR, {"the answer matches no option": 1}),
    (
        "mcqa",
        "kmmlu.parquet",
        KMMLU,
        ["건물", "현금", "재고자산", "매출채권", "4"],
        {"the answer matches no option": 1},
    ),
    ("mcqa", "mmlu.parquet", MMLU, [*OPTIONS.values(), "4"], {"the answer matches no option": 1}),
    ("kobest", "boolq.parquet", BOOLQ, ["예", "아니오"], {"a label that names no option": 1}),
    ("kobest", "copa.jsonl", COPA, ["대출이 줄었다.", "물가가 뛰었다."], {}),
    ("kobest", "hellaswag.parquet", HELLASWAG, [f"{i}번 창구에 섰다." for i in range(1, 5)], {}),
    ("mrc", "klue.jsonl", KLUE, ["120억원", NONE, NONE], {"answer is empty": 1}),
    ("mrc", "klue.parquet", KLUE, ["120억원", NONE, NONE], {"answer is empty": 1}),
    ("mrc", "korquad1.json", KORQUAD_1, ["120억원", "2023년"], {"answer is empty": 1}),
    ("mrc", "korquad1.parquet", SQUAD_2[:1], ["120억원"], {}),
    ("mrc", "korquad2.json", KORQUAD_2, ["5천만원", "A&B"], {"an answer that is not whole without its tags": 1}),
    ("mrc", "squad2.parquet", SQUAD_2, ["120억원", NONE], {}),
]


def write(file: Path, rows: Any) -> None:
    if file.suffix == ".parquet":
        table = pyarrow.Table.from_pylist(rows)
        features = {name: {"_type": "ClassLabel", "names": names} for name, names in CLASSES.get(file.stem, {}).items()}
        about = {"huggingface": json.dumps({"info": {"features": features}})}
        pyarrow.parquet.write_table(table.replace_schema_metadata(about), file)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif file.suffix == ".csv":
        lines = [rows[0], *(list(row.get(name, "") for name in rows[0]) for row in rows)]
        file.write_text("".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines))
    else:
        file.write_text(json.dumps(rows, ensure_ascii=False))


def counted(folder: Path, reader: str) -> tuple[IngestCounts, list[str]]:
    """The counts of a source, and what its records are taught to answer."""
    forms: Any = ("prompt_answer",)
    source = Source(title="t", input="raw", reader=reader, forms=forms, heldout=0, licence="mit")
    for side in ("records", "heldout"):
        (folder / side).mkdir()
    counts = ingest(folder / "raw", folder / "records", folder / "heldout", "demo", source)
    said = [record.completion for record in read_records(folder / "records" / "records.jsonl")]
    return counts, [answer.removeprefix("정답: ") for answer in said]


@pytest.mark.parametrize(("reader", "file", "rows", "answers", "away"), CASES, ids=[case[1] for case in CASES])
def test_public_shapes(
    tmp_path: Path, reader: str, file: str, rows: Any, answers: list[str], away: dict[str, int]
) -> None:
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / file, rows)
    counts, said = counted(tmp_path, reader)
    bare = [answer.split(". ", 1)[1] if answer[1:3] == ". " else answer for answer in said]
    assert bare == answers and counts.rejected == away
    print(
        file,
        reader,
        len(answers) + sum(away.values()),
        counts.records,
        counts.rejected,
        counts.rejected_parts,
        counts.unread,
    )

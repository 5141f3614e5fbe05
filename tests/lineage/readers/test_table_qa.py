from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.core.errors import LineageError
from lineage.readers import table_qa
from lineage.readers.io.html_table import render
from tests.lineage.readers.conftest import Folder

TABLE = """<table><tr><th rowspan="2">구분</th><th colspan=2>매출액</th></tr>
<tr><th>2022년</th><th>2023년</th></tr>
<tr><td>국내<br>법인</td><td>△1,234</td><td>12.50&nbsp;%</td></tr></table>"""
RENDERED = "구분 | 매출액 | 매출액\n구분 | 2022년 | 2023년\n국내 법인 | △1,234 | 12.50 %"


def test_tables_as_text() -> None:
    assert render(TABLE) == RENDERED
    assert (
        render("표 1 <table><caption>단위: 원</caption><tr><td>1<td>2<tr><td>3</table>끝")
        == "표 1\n단위: 원\n1 | 2\n3\n끝"
    )
    assert render("A < B\n두 줄 <개정 2024.1.1> <A사> AT&T") == "A < B\n두 줄 <개정 2024.1.1> <A사> AT&T"
    assert render("<td>3 &lt; 5 <개정 2024.1.1> <A사>1</A사></td>") == "3 < 5 <개정 2024.1.1> <A사>1</a사>"
    assert (
        render("<table><tr><td>1<table><tr><td>2</td><td>3</td></tr></table></td><td>4</td></tr></table>")
        == "1 2 3 | 4"
    )
    assert render("<td rowspan=9>1</td><tr><td>2<script>alert(1)</script></td></tr>") == "1\n1 | 2"
    wide = '<table><tr><td colspan="99999999999">1</td><td rowspan="x">2</td></tr></table>'
    assert len(render(wide)) < 500
    bomb = "".join(f'<tr><td colspan="100" rowspan="100">{"가" * 1000}</td></tr>' for _ in range(100))
    assert len(render(f"<table>{bomb}</table>")) < 4 << 20
    crossing = "<tr><td>a</td><td rowspan=3>b</td></tr><tr><td>c</td></tr><tr><td>d</td></tr><tr><td>e</td></tr>"
    assert render(f"<table>{crossing}</table>") == "a | b\nc | b\nd | b\ne"


PIECES = [
    "<table>",
    "</table>",
    "<tr>",
    "<td rowspan=2>",
    "<td colspan=3>",
    "<td>",
    "</td>",
    "<th>",
    "1",
    "가",
    "<!--",
    "&#0;",
    "<![x[",
    "<!",
    "<?",
    "</",
    "<A사 ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_no_html_breaks_the_renderer(pieces: list[str]) -> None:
    render("".join(pieces))


def aihub(*qas: Any) -> dict[str, Any]:
    return {"dataset": {"identifier": "T", "context_info": [{"context": TABLE, "qas": list(qas)}]}}


def test_aihub_71533(folder: Folder) -> None:
    folder.write("a.json", b"\xef\xbb\xbf")
    folder.json(
        "a.json",
        aihub(
            {
                "question-1": "2022년 국내는?",
                "answer": "△1,234",
                "answer_type": "추출형",
                "wrong_answer": ["1"],
                "clue": [],
            },
            {"question-1": "누구인가?", "answer": "국내 법인"},
            {"question-1": "주가는?", "answer": "", "answer_type": "답변 불가"},
            {"question-1": "비었나?", "answer": "", "answer_type": "추출형"},
            {"question-1": "", "answer": "1"},
        ),
    )
    records, rejected = folder.read(table_qa.read)
    assert records[0].prompt == f"다음 표를 보고 물음에 답하시오.\n{RENDERED}\n\n질문: 2022년 국내는?"
    assert [(r.completion, r.measure) for r in records] == [
        ("△1,234", "number"),
        ("국내 법인", "text"),
        ("답을 찾을 수 없음", "text"),
    ]
    assert len({r.group for r in records}) == 1 and records[2].origin == {
        "file": "a.json",
        "row": 1,
        "question": 3,
    }
    assert [(r.origin["question"], r.reason) for r in rejected] == [
        (4, "no answer, of the type 추출형"),
        (5, "question is empty"),
    ]


@pytest.mark.parametrize(
    "answers",
    [
        {"answers": [{"text": "12", "answer_start": 3}]},
        {"answer": {"text": "12"}},
        {"answers": {"text": ["12"]}},
        {"answer": 12},
        {"answer": "12", "is_impossible": "false"},
    ],
)
def test_squads_form_and_its_relatives(folder: Folder, answers: dict[str, Any]) -> None:
    qas = [{"question": "몇?", **answers}, {"question": "왜?", "answers": [], "is_impossible": True}]
    folder.json("a.json", {"data": [{"title": "t", "paragraphs": [{"context": TABLE, "qas": qas}] * 2}]})
    records, rejected = folder.read(table_qa.read)
    assert [r.completion for r in records] == ["12", "답을 찾을 수 없음"] * 2 and not rejected
    assert [r.origin["question"] for r in records] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "drift", [{"rows": []}, aihub({"q": "?", "a": "!"}), {"data": [{"paragraphs": [{"text": ""}]}]}]
)
def test_drift(folder: Folder, drift: dict[str, Any]) -> None:
    folder.json("a.json", drift)
    with pytest.raises(LineageError, match=r"a\.json: found the columns"):
        folder.read(table_qa.read)

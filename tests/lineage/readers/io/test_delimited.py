import csv
import io
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.readers.io.row import RawRow
from lineage.readers.io.separator import cells_of
from lineage.readers.io.tabular import rows
from lineage.records.record import Rejected
from tests.lineage.readers.conftest import Folder


def values(folder: Folder) -> list[dict[str, str]]:
    return [row.values for row in rows(folder.path) if isinstance(row, RawRow)]


def refused(folder: Folder) -> list[tuple[str, str]]:
    return [(row.reason, row.remedy) for row in rows(folder.path) if isinstance(row, Rejected)]


@pytest.mark.parametrize(
    ("mark", "encoding", "ending"),
    [
        *product([",", ";", "\t", "|"], ["utf-8", "utf-8-sig", "utf-16", "cp949"], ["\r\n"]),
        *product([",", ";", "\t", "|"], ["utf-8"], ["\n", "\r"]),
    ],
)
def test_whatever_separates_the_cells(folder: Folder, mark: str, encoding: str, ending: str) -> None:
    said = [["질문", "답", "비고"], ["3,5%; 맞나?", 'a|b\t"c"', "12,5"], ["줄이\n두 개?", "나", ""]]
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator=ending, quoting=csv.QUOTE_NONNUMERIC).writerows(said)
    folder.write("a.csv", text.getvalue().encode(encoding))
    assert values(folder) == [dict(zip(said[0], row, strict=True)) for row in said[1:]]
    assert not refused(folder)


@pytest.mark.parametrize("name", ["a.tsv", "a.tab", "a.txt", "a.csv"])
def test_what_excel_calls_unicode_text(folder: Folder, name: str) -> None:
    folder.write(name, "\ufeff질문\t답\r\n금리란?\t돈의 값, 연 3.5%\r\n".encode("utf-16-le"))
    assert values(folder) == [{"질문": "금리란?", "답": "돈의 값, 연 3.5%"}]


def test_tabs_without_quoting(folder: Folder) -> None:
    """A quotation mark is then part of the text, and an open one swallows no rows."""
    folder.write("a.tsv", '질문\t답\n"금리"의 뜻은?\t돈의 값\n"열린\t따옴표\n라?\t마\n')
    assert [row["질문"] for row in values(folder)] == ['"금리"의 뜻은?', '"열린', "라?"]
    assert not refused(folder)


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_excels_line_names_the_separator(folder: Folder, first: str) -> None:
    folder.write("a.csv", f"{first}\r\n질문,하나;답,둘\r\n가,?;나,다\r\n가;나;다\r\n")
    assert values(folder) == [{"질문,하나": "가,?", "답,둘": "나,다"}]
    assert [reason for reason, _ in refused(folder)] == ["more cells than columns"]


def test_where_two_separate_equally_well_nothing_is_guessed(folder: Folder) -> None:
    folder.write("a.csv", "질문,하나;답\n가,나;다\n")
    ((reason, remedy),) = refused(folder)
    assert reason == "a table whose separator is not clear" and "write sep=;" in remedy and not values(folder)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("질문\n가, 나?\n다; 라?\n", ","),  # one column
        ("질문;보기\n가\n나\n", ","),  # a name with a semicolon in it
        ("질문,답\n가,나,다\n가,나,다\n가\n", ","),  # rows that are refused one by one
        ("질문\t보기 (A, B, C)\t답\n가, 나\t다\t라\n가\t나, 다\t라\n", "\t"),
        ("질문;답;\n가;나;\n다;라;\n", ";"),  # a separator too many behind each row
        ("질문;답\n가;나;\n다;라;\n", ";"),
        ("질문;답\n가, 나;다, 라\n마;바\n", ";"),
        ("질문;답\n\n\n가;나\n", ";"),
        ("", ","),
    ],
)
def test_the_header_and_most_rows_agree(text: str, mark: str) -> None:
    assert cells_of(text).mark == mark


def test_cells_beyond_the_header_count_where_they_hold_something(folder: Folder) -> None:
    folder.write("a.csv", "질문,답\n가,나,,\n가,나,,다\n")
    assert values(folder) == [{"질문": "가", "답": "나"}]
    assert [reason for reason, _ in refused(folder)] == ["more cells than columns"]


def test_a_text_without_a_table_is_named(folder: Folder) -> None:
    folder.write("readme.txt", "이 자료는, 2024년에\n받은 것이다; 다음\t날에\n")
    folder.write("b.ndjson", '{"질문": "가?"}\n')
    assert values(folder) == [{"질문": "가?"}]
    assert refused(folder) == [("a text file that is no table", "move it out of this folder")]


def test_a_row_longer_than_what_is_looked_at(folder: Folder) -> None:
    long = "가" * 300_000
    folder.write("a.csv", f"질문;답\n{long};나\n다;라\n")
    assert [row["답"] for row in values(folder)] == ["나", "라"]


CELLS = st.text("가나 ab,;|\t\"'\n12.", max_size=8)


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from([",", ";", "\t", "|"]), st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=4, max_size=8))
def test_quoted_tables_come_out_as_they_went_in_or_are_not_guessed(
    folder: Folder, mark: str, made: list[tuple[str, str, str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL).writerows([("질문", "답", "비고"), *made])
    folder.write("a.csv", text.getvalue())
    wanted = [list(row) for row in made if any(cell.strip() for cell in row)]
    assert [list(row.values()) for row in values(folder)] == wanted


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("What is the company’s profit?,It’s 5", "cp1252"),
        ("Wer?,ÄRZTE", "latin-1"),
        ("什么是利率？,利率是钱的价格", "gb18030"),
        ("利率とは?,お金の値段", "shift-jis"),
    ],
)
def test_what_cp949_would_read_as_other_words_is_refused(folder: Folder, said: str, encoding: str) -> None:
    folder.write("a.csv", f"question,answer\n{said}\n".encode(encoding))
    ((reason, remedy),) = refused(folder)
    assert not values(folder) and reason == "a damaged file" and "save it as UTF-8" in remedy


@pytest.mark.parametrize(
    "said",
    [
        "한도는?,預金者保護法에 따라 5천만원",
        "뭐?,똠방각하",
        "金利,금리\n換率,환율\n會計,회계",
        "金利,換率",
        "제목,美증시 급등에 中경제 둔화\n㈜가온,韓銀은 美연준과 다르다",
        "第1條,이 法은 預金者를 保護하고 金融制度의 安定性을 維持함을 目的으로 한다",
    ],
)
def test_korean_of_every_kind_is_read_in_cp949(folder: Folder, said: str) -> None:
    folder.write("a.csv", f"question,answer\n{said}\n".encode("cp949"))
    assert [",".join(row.values()) for row in values(folder)] == said.split("\n")


def test_utf_32(folder: Folder) -> None:
    folder.write("a.csv", "question,answer\n금리란?,값\n".encode("utf-32"))
    assert values(folder) == [{"question": "금리란?", "answer": "값"}]


def test_the_rule_under_a_markdown_header_is_no_row(folder: Folder) -> None:
    folder.write("a.csv", "| 질문 | 답 |\n|---|:--:|\n| 금리란? | 값 |\n| --- | 선 |\n")
    found = [{name.strip(): cell.strip() for name, cell in row.items() if name} for row in values(folder)]
    assert found == [{"질문": "금리란?", "답": "값"}, {"질문": "---", "답": "선"}]

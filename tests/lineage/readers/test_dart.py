import html
import io
import zipfile

import pytest

from lineage.core.errors import LineageError
from lineage.readers import dart
from lineage.readers.io import dart_markup
from lineage.readers.io.members import Member
from lineage.readers.text import chunking, dart_sections
from tests.lineage.readers.conftest import Folder

COVER = (
    '<COVER><COVER-TITLE ATOC="Y">사업보고서</COVER-TITLE><TABLE><TR><TD ROWSPAN="2">사업연도</TD>'
    '<TU AUNIT="PERIODFROM" AUNITVALUE="20230101">2023년 01월 01일</TU><TD>부터</TD></TR>'
    '<TR><TU AUNIT="PERIODTO" AUNITVALUE="20231231">2023년 12월 31일</TU><TD>까지</TD></TR></TABLE></COVER>'
)
OVERVIEW = """<SECTION-2><TITLE ATOC="Y">1. 사업의 개요</TITLE>
<P>매출은 <SPAN USERMARK="B">△1,234억원</SPAN>(-3.5%)이다.</P><P>둘째 문단 R&D <당기말>
<TABLE><TBODY><TR><TD>(단위 : 백만원)</TD></TR></TBODY></TABLE>
<TABLE><THEAD><TR><TH>구분</TH><TH COLSPAN="2">금액</TH></TR></THEAD><TBODY>
<TR><TD ROWSPAN="2"><P>매출</P></TD><TE ALIGN="RIGHT" ACODE="A">(1,200)</TE><TE>-</TE></TR>
<TR><TE>3.0</TE><TU AUNIT="X" AUNITVALUE="1">￦5</TU></TR></TBODY></TABLE></SECTION-2>"""


def report(body: str, company: str = "가온전자(주)") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<DOCUMENT xsi:noNamespaceSchemaLocation="dart4.xsd">'
        f'<DOCUMENT-NAME ACODE="11011">사업보고서</DOCUMENT-NAME><FORMULA-VERSION>5.0</FORMULA-VERSION>'
        f'<COMPANY-NAME AREGCIK="0012">{company}</COMPANY-NAME>'
        f'<SUMMARY><EXTRACTION ACODE="B">77</EXTRACTION></SUMMARY><BODY>{body}</BODY></DOCUMENT>'
    )


def test_sections_with_their_paragraphs_and_tables(folder: Folder) -> None:
    body = f'{COVER}<SECTION-1><TITLE ATOC="Y">II. 사업의 내용</TITLE><LIBRARY>{OVERVIEW}</LIBRARY></SECTION-1>'
    folder.write("a.xml", report(body))
    (cover, overview), rejected = folder.read(dart.read)
    assert not rejected and cover.completion.split("\n")[1] == "사업연도 | 2023년 12월 31일 | 까지"
    assert overview.prompt == (
        "가온전자(주) 사업보고서(2023-01-01~2023-12-31)의 'II. 사업의 내용 > 1. 사업의 개요'에는 어떤 내용이 있습니까?"
    )
    assert overview.completion.split("\n") == [
        "매출은 △1,234억원(-3.5%)이다.",
        "둘째 문단 R&D <당기말>",
        "(단위 : 백만원)",
        "구분 | 금액 | 금액",
        "매출 | (1,200) | -",
        "매출 | 3.0 | ￦5",
    ]
    assert overview.origin == {"file": "a.xml", "section": "II. 사업의 내용 > 1. 사업의 개요"}
    assert overview.measure == "none" and len(overview.documents) == 1


def test_a_section_is_one_group_through_its_parts_and_years(folder: Folder) -> None:
    for year in (2022, 2023):
        text = "".join(f"<P>{year}년 {i}번째 문단이다. {'가' * 300}</P>" for i in range(20))
        folder.write(f"{year}.xml", report(f"<SECTION-1><TITLE>I. 개요</TITLE>{text}</SECTION-1>"))
    records, _ = folder.read(dart.read)
    assert len(records) > 4 and {r.group for r in records} == {"가온전자(주) I. 개요"}
    assert len({r.prompt for r in records if r.origin["file"] == "2022.xml"}) == len(records) / 2
    assert max(len(r.completion) for r in records) <= chunking.LIMIT
    assert records[0].prompt.endswith(f"(1/{len(records) // 2})") and records[1].origin["part"] == 2


def test_titles_inside_and_between_sections(folder: Folder) -> None:
    body = (
        '<SECTION-1><TITLE ATOC="Y">III. 재무</TITLE><P>앞</P>'
        '<TABLE-GROUP ACLASS="BS"><TITLE ATOC="Y">2-1. 재무상태표</TITLE>'
        "<TABLE><TR><TD>자산</TD></TR></TABLE></TABLE-GROUP>"
        '<P>뒤</P><TITLE>표 제목</TITLE><P>셋</P><TITLE ATOC="Y">3. 주석</TITLE><P>넷</P></SECTION-1>'
        '<TITLE ATOC="Y">【 서명 】</TITLE><P>다섯</P>'
    )
    folder.write("a.xml", report(body))
    records, rejected = folder.read(dart.read)
    assert not rejected and [(r.origin["section"], r.completion) for r in records] == [
        ("III. 재무", "앞"),
        ("III. 재무 > 2-1. 재무상태표", "자산"),
        ("III. 재무", "뒤\n표 제목\n셋"),
        ("III. 재무 > 3. 주석", "넷"),
        ("【 서명 】", "다섯"),
    ]
    assert len({r.prompt for r in records}) == 5, "no two answers to one question"


def test_a_group_of_tables_without_a_title_belongs_to_its_section(folder: Folder) -> None:
    group = "<TABLE-GROUP><TABLE><TR><TD>자산</TD><TD>1</TD></TR></TABLE></TABLE-GROUP>"
    folder.write("a.xml", report(f"<SECTION-1><TITLE>가</TITLE><P>앞</P>{group}<P>뒤</P></SECTION-1>"))
    (record,), _ = folder.read(dart.read)
    assert record.completion == "앞\n자산 | 1\n뒤"


def test_a_head_that_is_never_closed_does_not_swallow_the_body(folder: Folder) -> None:
    folder.write("a.xml", "<DOCUMENT><COMPANY-NAME>가온<BODY><SECTION-1><TITLE>가</TITLE><P>글</P>")
    (record,), _ = folder.read(dart.read)
    assert record.completion == "글" and record.prompt.startswith("가온 보고서의 '가'")


def test_tags_that_are_never_closed_lose_nothing(folder: Folder) -> None:
    body = (
        "<SECTION-1><TITLE>가</TITLE><P>하나<P>둘<TABLE><TR><TD>셋<TD>넷"
        "<SECTION-2><TITLE>나</TITLE><P>다섯</SECTION-1><SECTION-1><TITLE>다</TITLE></TABLE><P>여섯"
    )
    folder.write("a.xml", report(body))
    records, rejected = folder.read(dart.read)
    assert not rejected and [(r.origin["section"], r.completion) for r in records] == [
        ("가", "하나\n둘\n셋 | 넷"),
        ("가 > 나", "다섯"),
        ("다", "여섯"),
    ]


def test_a_table_in_a_cell_stays_in_its_cell(folder: Folder) -> None:
    inner = "<TABLE><TR><TD>안</TD><TD>쪽</TD></TR></TABLE>"
    folder.write("a.xml", report(f"<P>앞</P><TABLE><TR><TD>{inner}</TD><TD>밖</TD></TR></TABLE>"))
    assert folder.read(dart.read)[0][0].completion == "앞\n안 쪽 | 밖"


def test_archives_old_encodings_and_what_is_rejected(folder: Folder) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("1.xml", report("<P>글</P>").encode("cp949"))
        archive.writestr("그림.jpg", b"\xff\xd8")
    folder.write("a.zip", stream.getvalue())
    folder.write("b.xml", "<result><status>013</status></result>")
    folder.write("c.xml", "Not Found")
    folder.write("d.xml", report("<SECTION-1><TITLE>가</TITLE><IMAGE><IMG>a.jpg</IMG></IMAGE></SECTION-1>"))
    folder.write("e.xml", report("<P>글</P>", company=" "))
    folder.write("f.xml", report(""))
    records, rejected = folder.read(dart.read)
    assert [r.completion for r in records] == ["글"]
    assert [(r.origin["file"], r.reason) for r in rejected] == [
        ("a.zip/그림.jpg", "not a .xml file"),
        ("b.xml", "no DART report"),
        ("c.xml", "no DART report"),
        ("d.xml", "a section without text"),
        ("e.xml", "a report without a company"),
        ("f.xml", "a report without text"),
    ]


FIGURES = "-3.5%(전년 12.1%) △5.2%p ▲1.0 ￦1,200 (1,234.50) ±0.5 ÷ × 제3조(정의) 「가」 ① <당기> [별표] 1 < 2 R&D −7"


def test_no_figure_is_changed_in_paragraphs_or_cells(folder: Folder) -> None:
    for name, text in (("a.xml", FIGURES), ("b.xml", html.escape(FIGURES))):
        folder.write(name, report(f"<P>{text}</P><TABLE><TR><TD>{text}</TD><TE>{text}</TE></TR></TABLE>"))
    for record in folder.read(dart.read)[0]:
        assert record.completion == f"{FIGURES}\n{FIGURES} | {FIGURES}"


def test_a_section_is_given_out_before_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    section = "<SECTION-2><TITLE>절</TITLE>" + "<P>매출은 △1,234억원이다.</P>" * 50 + "</SECTION-2>"
    stream = io.StringIO(report(section * 400))
    monkeypatch.setattr(dart_sections, "text_of", lambda entry: stream)
    found = dart_sections.sections(Member("a.xml", io.BytesIO))
    next(found)
    assert stream.tell() == dart_markup.CHUNK and len(stream.getvalue()) > 5 * dart_markup.CHUNK
    assert sum(1 for _ in found) == 399


def test_another_schema_stops_with_what_was_found(folder: Folder) -> None:
    folder.write("a.xml", '<XBRL xmlns="a"><P>글</P></XBRL>')
    with pytest.raises(LineageError, match=r"a\.xml: found the element XBRL; accepted is DOCUMENT"):
        folder.read(dart.read)

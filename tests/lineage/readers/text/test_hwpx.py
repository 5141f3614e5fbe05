import html
import io
import zipfile

import pytest

from lineage.readers.io.members import Member
from lineage.readers.io.zip_package import UnsafePackage
from lineage.readers.text import hwpx as reader
from lineage.readers.text.chunking import TextPart

SPACES = {"hs": "http://www.hancom.co.kr/hwpml/2011/section", "hp": "http://www.hancom.co.kr/hwpml/2011/paragraph"}


def p(inner: str) -> str:
    return (
        f'<hp:p id="0"><hp:run charPrIDRef="0">{inner}</hp:run><hp:linesegarray><hp:lineseg/></hp:linesegarray></hp:p>'
    )


def t(text: str) -> str:
    return p(f"<hp:t>{text}</hp:t>")


def cell(text: str, column: int, row: int, columns: int = 1, rows: int = 1) -> str:
    return (
        f'<hp:tc><hp:subList>{text}</hp:subList><hp:cellAddr colAddr="{column}" rowAddr="{row}"/>'
        f'<hp:cellSpan colSpan="{columns}" rowSpan="{rows}"/></hp:tc>'
    )


def hwpx(*sections: str, **others: str) -> bytes:
    stream = io.BytesIO()
    names = " ".join(f'xmlns:{k}="{v}"' for k, v in SPACES.items())
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/hwp+zip")
        for number, body in reversed(list(enumerate(sections))):
            archive.writestr(f"Contents/section{number}.xml", f"<hs:sec {names}>{body}</hs:sec>")
        for name, text in others.items():
            archive.writestr(name, text)
    return stream.getvalue()


def read(content: bytes) -> list[TextPart]:
    return reader.blocks(Member("a.hwpx", lambda: io.BytesIO(content)))


def lines(content: bytes) -> list[str]:
    return [line for block in read(content) for line in block.lines]


def test_paragraphs_in_the_order_of_the_sections() -> None:
    sections = [t(f"{i}번째") for i in range(11)]
    assert lines(hwpx(*sections)) == [f"{i}번째" for i in range(11)]


def test_spaces_breaks_and_marks() -> None:
    said = "△1,000원<hp:lineBreak/>(5.2)<hp:tab/>%<hp:nbSpace/>①<hp:markpenBegin/>「가」<hp:markpenEnd/>끝<hp:hyphen/>"
    assert lines(hwpx(t(said))) == ["△1,000원", "(5.2) % ①「가」끝-"]
    runs = '<hp:t>앞</hp:t></hp:run><hp:run><hp:compose composeText="㊀"/><hp:t>뒤</hp:t>'
    assert lines(hwpx(p(runs))) == ["앞㊀뒤"]


def test_a_table_with_merged_cells_between_paragraphs() -> None:
    rows = (
        f"<hp:tr>{cell(t('구분'), 0, 0)}{cell(t('요율'), 1, 0, columns=2)}</hp:tr>"
        f"<hp:tr>{cell(t('주식') + t('(보통주)'), 0, 1, rows=2)}{cell(t('0.5%'), 1, 1)}{cell(t('△1'), 2, 1)}</hp:tr>"
        f"<hp:tr>{cell(t('0.3%'), 1, 2)}{cell('', 2, 2)}</hp:tr>"
    )
    caption = f"<hp:caption><hp:subList>{t('표 이름')}</hp:subList></hp:caption>"
    content = hwpx(t("위") + p(f"<hp:t>앞</hp:t><hp:tbl>{caption}{rows}</hp:tbl><hp:t>뒤</hp:t>") + t("아래"))
    assert lines(content) == [
        "위",
        "앞",
        "표 이름",
        "구분 | 요율 | 요율",
        "주식 (보통주) | 0.5% | △1",
        "주식 (보통주) | 0.3% | ",
        "뒤",
        "아래",
    ]
    assert [block.head for block in read(content)] == [0, 0, 0, 1, 0, 0]


def test_boxes_notes_and_formulas_are_text_but_not_the_furniture() -> None:
    box = f"<hp:rect><hp:drawText><hp:subList>{t('상자')}</hp:subList></hp:drawText></hp:rect>"
    note = f"<hp:ctrl><hp:footNote><hp:subList>{t('각주')}</hp:subList></hp:footNote></hp:ctrl>"
    head = f"<hp:ctrl><hp:header><hp:subList>{t('머리말')}</hp:subList></hp:header></hp:ctrl>"
    formula = "<hp:equation><hp:script>{a} over {b}</hp:script></hp:equation>"
    assert lines(hwpx(p(f"{head}<hp:t>본</hp:t>{note}<hp:t>문</hp:t>{formula}{box}"))) == [
        "본문{a} over {b}",
        "상자",
        "각주",
    ]


def test_no_figure_is_changed_in_paragraphs_or_cells() -> None:
    figures = "-3.5%(전년 12.1%) △5.2%p ￦1,200 (1,234.50) ±0.5 ÷ × 제3조(정의) 「가」 ① <당기> [별표] −7"
    said = t(html.escape(figures))
    table = p(f"<hp:tbl><hp:tr>{cell(said, 0, 0)}{cell(said, 1, 0)}</hp:tr></hp:tbl>")
    assert lines(hwpx(said + table)) == [figures, f"{figures} | {figures}"]


def test_what_a_tracked_change_deleted_is_left_out_across_paragraphs() -> None:
    body = t("남고<hp:deleteBegin/>지움") + t("또 지움<hp:deleteEnd/> 넣고<hp:insertBegin/>새로<hp:insertEnd/>")
    assert lines(hwpx(body)) == ["남고", "넣고새로"]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"\xd0\xcf\x11\xe0", zipfile.BadZipFile, "not a zip"),
        (hwpx(**{"a.txt": "x"}), zipfile.BadZipFile, "section0"),
        (hwpx(t("가"), **{"META-INF/manifest.xml": "<encryption-data/>"}), UnsafePackage, "encrypted"),
        (hwpx("<hp:p><hp:run>"), zipfile.BadZipFile, "mismatched tag"),
        (hwpx(**{"Contents/section0.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), UnsafePackage, "entities"),
    ],
)
def test_what_is_refused(content: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read(content)

"""Tables without rulings: every figure in the row of its label; and what looks like such a table, but is none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import FONT, put, read, tables, texts, write

LEFT, RIGHT, MIDDLE = 0.0, 1.0, 0.5


def stand(
    page: Any,
    rows: Sequence[Sequence[str]],
    places: Sequence[tuple[float, float]],
    *,
    top: float = 100,
    pitch: float = 18,
) -> float:
    """Cells at their places, (x, the share of the width left of it) a column; an empty text draws nothing."""
    for at, row in enumerate(rows):
        for (x, share), text in zip(places, row, strict=False):
            if text:
                write(page, x, top + pitch * at, text, share=share)
    return top + pitch * len(rows)


NAMES = ["가람전자", "나래바이오", "다온에너지솔루션", "라온", "마루로보틱스", "바른식품"]
AMOUNTS = ["1,250,300", "980,111", "77,420", "1,003", "66,900", "5"]
KINDS: dict[str, tuple[list[list[str]], list[tuple[float, float]]]] = {
    "codes of six digits, names, prices, changes": (
        [
            ["종목코드", "종목명", "현재가", "등락률"],
            *([f"{7 * i + 100:06d}", n, a, f"{i - 2}.5%"] for i, (n, a) in enumerate(zip(NAMES, AMOUNTS, strict=True))),
        ],
        [(60, LEFT), (150, LEFT), (340, RIGHT), (450, RIGHT)],
    ),
    "codes with a letter, one column of figures": (
        [["코드", "품목", "정산가"], *([f"301W{i:02d}", f"콩 선물 F 20{30 + i}06", f"{41 + i}.05"] for i in range(9))],
        [(60, LEFT), (200, LEFT), (400, LEFT)],
    ),
    "ISINs": (
        [
            ["표준코드", "한글명", "발행주식수"],
            *([f"KR70{i}1230005", n, a] for i, (n, a) in enumerate(zip(NAMES, AMOUNTS, strict=True))),
        ],
        [(60, LEFT), (200, LEFT), (450, RIGHT)],
    ),
    "ranks, no header": (
        [[str(i + 1), n, a] for i, (n, a) in enumerate(zip(NAMES, AMOUNTS, strict=True))],
        [(70, RIGHT), (120, LEFT), (400, RIGHT)],
    ),
    "names and one column of figures, no header": (
        [[n, a] for n, a in zip(NAMES, AMOUNTS, strict=True)],
        [(80, LEFT), (420, RIGHT)],
    ),
    "two rows of labels and a figure, one blank cell": (
        [
            ["시장", "업종", "금액(억원)"],
            ["새벽", "섬유", "1,204"],
            ["새벽", "기계", ""],
            ["한낮", "섬유", "77"],
            ["한낮", "기계", "△3,100"],
            ["", "기타", "41"],
        ],
        [(60, LEFT), (180, LEFT), (400, RIGHT)],
    ),
    "dates in the middle, grades at the end": (
        [
            ["채권", "만기", "금리", "등급"],
            *(
                [f"가온 {i}-1", f"20{31 + i}-0{i + 1}-10", f"3.{i}5", g]
                for i, g in enumerate(["AA-", "A+", "BBB+", "A", "AAA"])
            ),
        ],
        [(60, LEFT), (200, LEFT), (330, RIGHT), (430, LEFT)],
    ),
    "names and grades, no figure": (
        [["회사", "신용등급"], *([n, g] for n, g in zip(NAMES, ["AA-", "A+", "BBB+", "A", "AAA", "BB"], strict=True))],
        [(60, LEFT), (260, MIDDLE)],
    ),
    "tickers and Latin names": (
        [
            ["Ticker", "Name", "Price", "Volume"],
            ["GARM", "Garam Electronics Inc.", "$12.40", "1,204"],
            ["NRB", "Narae Bio", "$7.05", "88,120"],
            ["DAON.K", "Daon Energy Solutions", "$110.00", "9"],
            ["RAON", "Raon", "$0.99", "310,000"],
        ],
        [(60, LEFT), (140, LEFT), (380, RIGHT), (480, RIGHT)],
    ),
    "months at the left": (
        [["기간", "거래대금", "거래량"], *([f"2026.{m:02d}", f"{m * 37},{m}00", f"{m}.{m}"] for m in range(1, 9))],
        [(60, LEFT), (250, RIGHT), (400, RIGHT)],
    ),
    "years above columns, unnamed labels": (
        [
            ["", "2023", "2024", "2025"],
            ["매출액", "1,234", "△567", "31"],
            ["영업이익", "89", "1,011", "-4"],
            ["순이익", "7", "-", "12"],
        ],
        [(60, LEFT), (250, RIGHT), (340, RIGHT), (430, RIGHT)],
    ),
    "footnote marks and units": (
        [
            ["구분", "잔액", "증감"],
            ["예금", "1,204억원", "3.1%p"],
            ["대출1)", "990억원*", "-0.2%p"],
            ["기타", "12억원 1)", "N/A"],
            ["합   계", "2,206억원", "+2.9%p"],
        ],
        [(60, LEFT), (300, RIGHT), (430, RIGHT)],
    ),
    "two rows under a header": (
        [["구분", "국내", "해외"], ["매출", "1,200", "88"], ["손실", "△31", "4"]],
        [(60, LEFT), (250, RIGHT), (400, RIGHT)],
    ),
    "one row under a header": (
        [["구분", "국내", "해외"], ["매출액", "1,200", "88"]],
        [(60, LEFT), (250, RIGHT), (400, RIGHT)],
    ),
    "two lists beside each other": (
        [[n, a, m, b] for n, a, m, b in zip(NAMES, AMOUNTS, [f"{n}우" for n in NAMES], reversed(AMOUNTS), strict=True)],
        [(60, LEFT), (240, RIGHT), (300, LEFT), (480, RIGHT)],
    ),
    "words after the figures": (
        [
            ["종목", "수량", "비고"],
            *(
                [n, a, w]
                for n, a, w in zip(NAMES, AMOUNTS, ["신규", "추가", "정지", "해제", "신규", "변경"], strict=True)
            ),
        ],
        [(60, LEFT), (300, RIGHT), (380, LEFT)],
    ),
}


WIDER: dict[str, tuple[list[list[str]], list[tuple[float, float]], float]] = {
    "rows far apart": (
        [[n, a, b] for n, a, b in zip(NAMES, AMOUNTS, reversed(AMOUNTS), strict=True)],
        [(80, LEFT), (300, RIGHT), (420, RIGHT)],
        34,
    ),
    "centred figures": (
        [["구분", "수량", "비중"], *([n, a, f"{i}.5%"] for i, (n, a) in enumerate(zip(NAMES, AMOUNTS, strict=True)))],
        [(110, MIDDLE), (280, MIDDLE), (400, MIDDLE)],
        15,
    ),
    "names that reach over the next column": (
        [
            ["101", "가람전자 제1우선주식회사채권", "7"],
            ["102", "나래", "1,204,300"],
            ["103", "다온에너지", "88,100,204"],
            ["104", "라온", "3"],
            ["105", "마루로보틱스", "940,000"],
        ],
        [(60, LEFT), (100, LEFT), (260, RIGHT)],
        18,
    ),
    "groups between the rows": (
        [
            ["구분", "당기", "전기"],
            ["자산", "", ""],
            ["현금", "1,204", "990"],
            ["대출", "77", "△3"],
            ["부채", "", ""],
            ["예수금", "12", "15"],
            ["차입금", "140", "2,000"],
        ],
        [(60, LEFT), (300, RIGHT), (420, RIGHT)],
        18,
    ),
    "a header of two rows": (
        [
            ["", "매출", "매출", "이익", "이익"],
            ["회사", "당기", "전기", "당기", "전기"],
            *(
                [n, a, b, f"{i}", f"△{i}7"]
                for i, (n, a, b) in enumerate(zip(NAMES, AMOUNTS, AMOUNTS[::-1], strict=True))
            ),
        ],
        [(60, LEFT), (220, RIGHT), (300, RIGHT), (380, RIGHT), (460, RIGHT)],
        18,
    ),
    "a total under a gap of half a row": (
        [["지역", "예산"], ["동부", "1,200"], ["서부", "90"], ["남부", "4,000"], ["합계", "5,290"]],
        [(60, LEFT), (300, RIGHT)],
        22,
    ),
    "futures by contract, bid and ask": (
        [
            ["만기", "매수", "매도", "미결제"],
            *([f"F {i}월물", f"35{i}.10", f"35{i}.15", f"{i}2,100"] for i in range(1, 7)),
        ],
        [(60, LEFT), (220, RIGHT), (320, RIGHT), (430, RIGHT)],
        13,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_stay_rows(tmp_path: Path, kind: str) -> None:
    rows, places = KINDS[kind]
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 60, 60, "다음 표는 지어낸 회사들의 자료를 정리한 것이다.")
        bottom = stand(page, rows, places)
        put(page, 60, bottom + 30, "위의 값은 모두 지어낸 것이다.")
        document = read(doc, tmp_path)
    assert tables(document) == [[[" ".join(text.split()) for text in row] for row in rows]]
    assert [b["kind"] for b in document["blocks"]] == ["paragraph", "table", "paragraph"]


@pytest.mark.parametrize("kind", WIDER)
def test_rows_stay_rows_however_they_are_set(tmp_path: Path, kind: str) -> None:
    rows, places, pitch = WIDER[kind]
    with pymupdf.open() as doc:
        stand(doc.new_page(), rows, places, pitch=pitch)
        assert tables(read(doc, tmp_path)) == [rows]


@pytest.mark.parametrize("figures_at", [0.0, 0.5, 1.0])
def test_a_label_over_two_lines_is_one_cell(tmp_path: Path, figures_at: float) -> None:
    labels = [("해외 자회사의 지분을", "처분한 이익"), ("이자 수익",), ("배당", "수익"), ("기타",)]
    with pymupdf.open() as doc:
        page = doc.new_page()
        stand(page, [["구분", "당기", "전기"]], [(60, LEFT), (300, RIGHT), (420, RIGHT)], top=80)
        for at, lines in enumerate(labels):
            top = 110 + 40 * at
            stand(page, [[line] for line in lines], [(60, LEFT)], top=top, pitch=12)
            level = top + figures_at * 12 * (len(lines) - 1)
            stand(page, [[f"{at}1,000", f"△{at}5"]], [(300, RIGHT), (420, RIGHT)], top=level)
        found = tables(read(doc, tmp_path))
    body = [[" ".join(lines), f"{at}1,000", f"△{at}5"] for at, lines in enumerate(labels)]
    assert found == [[["구분", "당기", "전기"], *body]]


def test_dots_that_lead_to_a_price_are_no_text(tmp_path: Path) -> None:
    prices = ["12,000원", "8,500원", "31,000원", "7,000원"]
    with pymupdf.open() as doc:
        page = doc.new_page()
        for at, (name, price) in enumerate(zip(NAMES, prices, strict=False)):
            dots = "." * int((400 - 80 - FONT.text_length(name + price, 10)) / FONT.text_length(".", 10))
            stand(page, [[name + dots + price]], [(80, LEFT)], top=100 + 18 * at)
        found = tables(read(doc, tmp_path))
    assert found == [[[name, price] for name, price in zip(NAMES, prices, strict=False)]]


def test_rows_drawn_as_one_text_each(tmp_path: Path) -> None:
    rows = [["0012", "가람", "1,200"], ["0013", "나래", "77"], ["0014", "다온", "310"], ["0015", "라온", "9,004"]]
    with pymupdf.open() as doc:
        page = doc.new_page()
        for at, (code, name, amount) in enumerate(rows):
            room = (200 - FONT.text_length(amount, 10)) / FONT.text_length(" ", 10)
            stand(page, [[code + " " * 20 + name + " " * round(room) + amount]], [(60, LEFT)], top=100 + 16 * at)
        found = tables(read(doc, tmp_path))
    assert found == [rows]


def test_two_tables_on_a_page_are_two(tmp_path: Path) -> None:
    first = [[n, a] for n, a in zip(NAMES, AMOUNTS, strict=True)]
    second = [["종목", "가격", "수량"], ["콩", "41.5", "1,000"], ["밀", "7.25", "300"], ["쌀", "180", "12"]]
    with pymupdf.open() as doc:
        page = doc.new_page()
        bottom = stand(page, first, [(80, LEFT), (420, RIGHT)])
        put(page, 60, bottom + 24, "아래는 다른 표이다.")
        stand(page, second, [(60, LEFT), (200, RIGHT), (350, RIGHT)], top=bottom + 60)
        assert tables(read(doc, tmp_path)) == [first, second]


PLAIN: dict[str, tuple[list[list[str]], list[tuple[float, float]]]] = {
    "a table of contents": (
        [["제1장 개요", "1"], ["제2장 시장의 흐름", "7"], ["제3장 위험", "19"], ["제4장 맺음말", "24"], ["붙임", "30"]],
        [(60, LEFT), (480, RIGHT)],
    ),
    "numbered items": (
        [[f"({i})", f"지어낸 항목 {i}이 여기에 글로 적혀 있다"] for i in range(1, 6)],
        [(60, LEFT), (110, LEFT)],
    ),
    "addresses": (
        [
            ["전화", "02-0000-1234"],
            ["팩스", "02-0000-1235"],
            ["주소", "어느 시 어느 구 어느 길 12"],
            ["담당", "가나다"],
        ],
        [(60, LEFT), (160, LEFT)],
    ),
    "facts of different kinds": (
        [["사업 기간", "2020년부터"], ["사업 규모", "1,200억원"], ["사업 방식", "직접 수행"], ["담당 인원", "미정"]],
        [(60, LEFT), (200, LEFT)],
    ),
    "numbers of equations": (
        [["가 = 나 + 다", "(1)"], ["라 = 마 - 바", "(2)"], ["사 = 아 + 자", "(3)"]],
        [(200, LEFT), (480, RIGHT)],
    ),
    "scales of two axes without a drawing": (
        [["800", "50"], ["600", "40"], ["400", "30"], ["200", "20"], ["0", "10"]],
        [(80, RIGHT), (400, LEFT)],
    ),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_rows_that_are_no_table_are_texts_of_their_own(tmp_path: Path, kind: str) -> None:
    rows, places = PLAIN[kind]
    with pymupdf.open() as doc:
        stand(doc.new_page(), rows, places, pitch=13)
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert texts(document) == [" ".join(row) for row in rows]


def test_prose_with_figures_at_the_ends_of_lines_is_a_paragraph(tmp_path: Path) -> None:
    lines = [
        "새벽전자의 지난해 매출액은 전년보다 크게 늘어난 1,234",
        "억원이었고 영업이익은 89억원으로 집계되었으며 부채는 77",
        "억원으로 줄었다. 올해에는 매출액이 더 늘어날 것으로 보인다.",
    ]
    with pymupdf.open() as doc:
        page = doc.new_page()
        wide = FONT.text_length(lines[2], 10)
        for at, line in enumerate(lines):
            words = line.split(" ")
            gap = (wide - sum(FONT.text_length(word, 10) for word in words)) / (len(words) - 1)
            x = 60.0
            for word in words:
                stand(page, [[word]], [(x, LEFT)], top=100 + 15 * at)
                x += FONT.text_length(word, 10) + gap
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert len(document["blocks"]) == 1


def test_a_paragraph_narrower_than_its_column_goes_on_after_a_figure(tmp_path: Path) -> None:
    lines = [
        "지어낸 회사의 매출액은 지난해보다 늘어난 1,234",
        "십억원이었고 새로 세운 공장은 모두 합쳐서 19",
        "곳이 되었다.",
    ]
    with pymupdf.open() as doc:
        page = doc.new_page()
        wide = max(FONT.text_length(line, 10) for line in lines)
        for at, line in enumerate(lines):
            stand(page, [[line]], [(90 if at == 2 else 90 + wide, LEFT if at == 2 else RIGHT)], top=100 + 14 * at)
        write(
            page,
            60,
            300,
            "이 줄은 훨씬 더 길어서 위의 글이 들어 있는 자리의 오른쪽 끝을 한참 넘어 이어진다.",
        )
        document = read(doc, tmp_path)
    assert len(document["blocks"]) == 2


def test_a_dotted_table_of_contents_keeps_its_lines(tmp_path: Path) -> None:
    lines = [
        f"{title} {'.' * 60} {page}" for title, page in (("개요", 1), ("시장의 흐름", 4), ("위험", 9), ("맺음말", 12))
    ]
    with pymupdf.open() as doc:
        stand(doc.new_page(), [[line] for line in lines], [(60, LEFT)], pitch=13)
        document = read(doc, tmp_path)
    assert texts(document) == lines
    assert {block["kind"] for block in document["blocks"]} == {"paragraph"}


def test_a_row_that_ends_in_a_figure_does_not_swallow_the_next(tmp_path: Path) -> None:
    rows = ["가람전자 보통주 1,200", "나래바이오 8", "다온 우선주 77,000", "라온 3"]
    with pymupdf.open() as doc:
        page = doc.new_page()
        stand(page, [[row] for row in rows], [(60, LEFT)], pitch=13)
        put(page, 60, 300, "아래의 글은 한 줄이 훨씬 더 길어서 오른쪽 끝까지 이어진다고 한다.")
        document = read(doc, tmp_path)
    assert texts(document)[:4] == rows


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_table_in_one_of_two_columns_takes_nothing_of_the_other(tmp_path: Path, side: str) -> None:
    rows = [["종목", "가격", "수량"], *([n, f"{i}1.5", a] for i, (n, a) in enumerate(zip(NAMES, AMOUNTS, strict=True)))]
    prose = [f"지어낸 글의 {i}째 줄은 단의 너비를 다 채우고 이어" for i in range(10, 34)]
    x, other = (60, 310) if side == "left" else (310, 60)
    with pymupdf.open() as doc:
        page = doc.new_page()
        stand(page, [[line] for line in prose], [(other, LEFT)], pitch=18)
        stand(page, rows, [(x, LEFT), (x + 140, RIGHT), (x + 210, RIGHT)], pitch=18)
        stand(page, [[line] for line in prose[len(rows) + 1 :]], [(x, LEFT)], top=100 + 18 * (len(rows) + 1))
        document = read(doc, tmp_path)
    assert tables(document) == [rows]


def test_a_dash_beside_a_figure_with_a_sign_is_a_cell_without_value(tmp_path: Path) -> None:
    rows = [["예금", "-", "△31"], ["대출", "12", "-"], ["기타", "-", "(5,100)"], ["합계", "12", "77"]]
    with pymupdf.open() as doc:
        stand(doc.new_page(), rows, [(60, LEFT), (200, RIGHT), (250, RIGHT)])
        assert tables(read(doc, tmp_path)) == [rows]

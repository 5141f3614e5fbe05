"""Statistics ruled only in part: between groups, between blocks of years, under headers."""

from collections.abc import Iterator, Sequence

from benchmarks.drawn.canvas import LEFT, Canvas, Paper, cells_of, series
from benchmarks.fidelity.facts import Facts, TableFact

DOTTED = "[1 1.5] 0"


def papers() -> Iterator[Paper]:
    """Seven layouts of the kind."""
    yield grouped("partly_ruled_groups", 11, ("미국", "유로", "일본", "중국"), 7, size=9, height=14.2)
    yield grouped("partly_ruled_groups_small", 12, ("가계", "기업", "정부"), 9, size=7.2, height=11)
    yield three_lines()
    yield two_headers()
    yield blocks_of_years()
    yield no_lines_inside()
    yield rules_over_one_block()


def grouped(name: str, seed: int, groups: Sequence[str], columns: int, *, size: float, height: float) -> Paper:
    """A group's name stands in the middle of its rows; rules part groups, dotted ones blocks of years.

    Args:
        name: of the paper.
        seed: of its figures.
        groups: in the first column.
        columns: of figures.
        size: of the font.
        height: of a row.
    """
    items = ("생산지수", "판매액", "설비가동률", "재고율", "수주잔고", "물가지수")
    header = ("", "", *(("2031", "2032", "33.1/4", "2/4", "3/4", "4/4", "34.1월", "2월", "3월")[:columns]))
    canvas = Canvas(f"{name} 지표")
    canvas.put(LEFT, 80, "□ 주요 지표는 지역마다 다르게 움직였다.", 12)
    canvas.put(297, 104, "주요 지표", 12, side="middle")
    left, right, top = LEFT, 533.0, 114.0
    edges = [LEFT + 4, LEFT + 44, *(right - 4 - (columns - 1 - i) * 330 / columns for i in range(columns))]
    canvas.page.draw_rect((left, top, right, top + height), fill=(0.8, 0.9, 1), color=None)
    canvas.row(top + 0.75 * height, header, edges, size)
    y, rows = top + height, []
    figures = series(seed, 6 * len(groups), columns)
    canvas.rule(left, top, right, top)
    for g, group in enumerate(groups):
        canvas.rule(left, y, right, y, dashes="" if g == 0 else DOTTED)
        labels = [f"{item}(전기비, %)" if (i + g) % 2 else item for i, item in enumerate(items[: 6 - g % 2])]
        canvas.put(edges[0], y + height * (len(labels) + 0.5) / 2, group, size)
        for i, label in enumerate(labels):
            values = figures[6 * g + i]
            if i == 1:
                values[-1] = "-"
            canvas.row(y + 0.75 * height, (label, *values), edges[1:], size)
            rows.append((label, *values))
            y += height
    canvas.rule(left, y, right, y)
    for x in (LEFT + 38.0, edges[3] + 6, edges[-1] - 330 / columns + 5):
        canvas.rule(x, top + height, x, y, dashes=DOTTED)
    canvas.put(LEFT, y + 14, "자료: 가람통계원", 8)
    table = TableFact(cells_of(header[1:], rows), len(rows) + 1, columns + 2)
    return canvas.paper(Facts(f"{name}.pdf", strings=("자료: 가람통계원",), tables=(table,)))


def three_lines() -> Paper:
    """Rules above and below the header and at the end, as in journals; English."""
    header = ("Sector", "Assets", "Loans", "Deposits", "Capital ratio", "Return")
    names = ("Regional banks", "Online banks", "Savings banks", "Card issuers", "Leasing", "Life insurers", "Brokers")
    rows = [(name, *values) for name, values in zip(names, series(21, 7, 5, 9000, figures=2, least=-40), strict=True)]
    canvas = Canvas("Three lines")
    canvas.put(LEFT, 90, "Table 1. Balance sheets by sector", 10, font="tiro")
    edges = [LEFT + 2, *(220 + 78 * i for i in range(5))]
    for y in (98, 116, 116 + 16 * 7 + 4):
        canvas.rule(LEFT, y, 536, y, 0.9)
    canvas.row(110, header, edges, 9)
    for i, row in enumerate(rows):
        canvas.row(128 + 16 * i, row, edges, 9)
    canvas.paragraph(270, "Loans grew faster than deposits in every sector except leasing, where both fell.", 10)
    table = TableFact(cells_of(header, rows), 8, 6)
    text = "Table 1. Balance sheets by sector"
    return canvas.paper(Facts("partly_ruled_three_lines.pdf", strings=(text,), tables=(table,)))


def two_headers() -> Paper:
    """A header of two lines, the upper one over three columns each with a rule of its own; losses in △."""
    names = ("반도체", "조선", "철강", "석유화학", "자동차", "이차전지", "전체")
    values = series(31, 7, 6, 400, figures=0, least=-90)
    rows = [(name, *(v.replace("-", "△ ") for v in row)) for name, row in zip(names, values, strict=True)]
    leaves = ("매출", "이익", "차입금")
    canvas = Canvas("두 줄 머리")
    canvas.put(LEFT, 90, "<표 2> 업종별 실적", 10)
    canvas.put(530, 90, "(단위: 십억원)", 8, side="right")
    edges = [LEFT + 4, *(200 + 65 * i for i in range(6))]
    for y, width in ((98, 1.2), (134, 0.6), (134 + 15 * 6 + 4, 0.4), (134 + 15 * 7 + 6, 1.2)):
        canvas.rule(LEFT, y, 530, y, width)
    canvas.rule(150, 116, 335, 116, 0.4)
    canvas.rule(345, 116, 530, 116, 0.4)
    canvas.put(LEFT + 30, 120, "업종", 9)
    for x, text in ((243, "2035년"), (438, "2036년")):
        canvas.put(x, 111, text, 9, side="middle")
    canvas.row(129, ("", *leaves, *leaves), edges)
    for i, row in enumerate(rows):
        canvas.row(146 + 15 * i, row, edges)
    cells = tuple((row[0], leaf, v) for row in rows for leaf, v in zip(leaves * 2, row[1:], strict=True))
    fact = TableFact(cells, 9, 7)
    return canvas.paper(Facts("partly_ruled_two_headers.pdf", strings=("<표 2> 업종별 실적",), tables=(fact,)))


def blocks_of_years() -> Paper:
    """Solid vertical rules around the last block, rows parted by nothing, in a page of text."""
    header = ("", "31년", "32년", "33.6월(A)", "33.9월(B)", "변동(B-A)")
    names = ("· 주가지수", "· 국채(3년)", "· 회사채(3년)", "· 환율", "· 예금", "· 수익증권", "· 신탁")
    rows = [(n, *v) for n, v in zip(names, series(41, 7, 5, 4000, figures=1, least=-20), strict=True)]
    canvas = Canvas("시장 지표")
    y = canvas.paragraph(
        90, "금융시장은 안정되었다. 주가는 기업 실적이 나아지면서 올랐고 금리는 물가가 낮아지면서 내렸다.", 11
    )
    canvas.put(297, y + 8, "금융시장 지표", 11, side="middle")
    top, edges = y + 18, [LEFT + 6, *(230 + 75 * i for i in range(5))]
    canvas.rule(LEFT, top, 536, top, 1)
    canvas.rule(LEFT, top + 18, 536, top + 18, 0.5)
    canvas.row(top + 12, header, edges)
    for i, row in enumerate(rows):
        canvas.row(top + 30 + 13 * i, row, edges)
    end = top + 24 + 13 * 7
    canvas.rule(LEFT, end, 536, end, 1)
    canvas.page.draw_rect((466, top, 536, end), width=1.4)
    canvas.paragraph(end + 24, "앞으로도 대외 여건에 따라 변동성이 커질 수 있어 시장을 계속 살펴볼 필요가 있다.", 11)
    lines = ("주가는 기업 실적이 나아지면서 올랐고 금리는 물가가 낮아지면서 내렸다.",)
    order = (("안정되었다.", "금융시장 지표"), ("금융시장 지표", "앞으로도 대외 여건"))
    cells = cells_of(header, [(row[0].removeprefix("· "), *row[1:]) for row in rows])
    facts = Facts("partly_ruled_last_block.pdf", order=order, lines=lines, tables=(TableFact(cells, 8, 6),))
    return canvas.paper(facts)


def no_lines_inside() -> Paper:
    """A frame around the whole and one rule under the header; columns so near that only their edges part them."""
    header = ("기관", "1월", "2월", "3월", "4월", "5월", "6월", "7월", "8월", "9월", "10월", "11월", "12월")
    names = ("누리은행", "가람은행", "한빛증권", "새솔카드", "다온보험", "미리저축은행")
    rows = [(n, *v) for n, v in zip(names, series(51, 6, 12, 999, figures=1, least=-9), strict=True)]
    canvas = Canvas("월별 순이익")
    edges = [LEFT + 4, *(LEFT + 96 + 34 * i for i in range(12))]
    canvas.put(LEFT, 90, "월별 순이익(억원)", 11)
    canvas.page.draw_rect((LEFT, 98, 536, 116 + 14 * 6 + 6), width=0.8)
    canvas.rule(LEFT, 116, 536, 116)
    canvas.row(110, header, edges, 7.5)
    for i, row in enumerate(rows):
        canvas.row(128 + 14 * i, row, edges, 7.5)
    fact = TableFact(cells_of(header, rows), 7, 13)
    return canvas.paper(Facts("partly_ruled_framed.pdf", strings=("월별 순이익(억원)",), tables=(fact,)))


def rules_over_one_block() -> Paper:
    """Rules over the right block only, as spreadsheets print them; rows in blocks that only space parts."""
    header = ("연월말", "통화", "유동성", "현금통화", "요구불예금", "저축성예금")
    days = ("2031", "2032", "2033", "2033.10", "11", "12 p")
    rows = [(day, *v) for day, v in zip(days, series(61, 6, 5, 900000, figures=1, least=2000), strict=True)]
    canvas = Canvas("통화 지표")
    canvas.put(LEFT, 78, "통화 지표(십억원)", 11)
    edges = [LEFT, *(180 + 85 * i for i in range(5))]
    canvas.rule(290, 92, 530, 92)
    canvas.put(410, 103, "통화에 든 상품", 8, side="middle")
    canvas.rule(290, 108, 530, 108)
    canvas.row(103, (*header[:3], "", "", ""), edges, 8)
    canvas.row(119, ("", "협의", "광의", *header[3:]), edges, 8)
    y = 140.0
    for i, row in enumerate(rows):
        y += 10 if i == 3 else 0
        canvas.row(y, row, edges, 8)
        y += 13
    canvas.rule(290, 108, 290, y - 8)
    canvas.put(LEFT, y + 6, "주: p는 잠정치이다.", 7.5)
    table = TableFact(cells_of(header, rows))
    return canvas.paper(Facts("partly_ruled_one_block.pdf", strings=("주: p는 잠정치이다.",), tables=(table,)))

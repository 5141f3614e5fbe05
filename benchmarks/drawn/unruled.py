"""Tables without any rule: codes in the first column, one column of figures; and tables of one row."""

from collections.abc import Iterator, Sequence

from benchmarks.drawn.canvas import LEFT, Canvas, Paper, cells_of, series
from benchmarks.fidelity.facts import Facts, TableFact


def papers() -> Iterator[Paper]:
    """Lists of codes, names, bonds and days; two tables of one row."""
    yield listed("unruled_codes", ("코드", "종목명", "종가", "거래량"), code_rows(), (LEFT, 150, 300, 400), "right")
    yield listed("unruled_codes_left", ("코드", "품목", "정산가"), future_rows(), (LEFT, 190, 380), "left")
    yield listed("unruled_ranks", ("순위", "회사", "시가총액"), rank_rows(), (LEFT, 120, 380), "right")
    yield listed("unruled_bonds", ("종목", "만기", "금리", "등락"), bond_rows(), (LEFT, 220, 330, 420), "right")
    yield listed("code_list", ("ISIN", "Ticker", "Close", "Chg"), isin_rows(), (LEFT, 200, 330, 430), "left")
    yield one_row_ruled()
    yield one_row_open()


def listed(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], edges: Sequence[float], side: str) -> Paper:
    """A heading and a list below it.

    Args:
        name: of the paper.
        header: of the columns.
        rows: of the list.
        edges: where the columns begin; figures may end 60 points further.
        side: of the figures.
    """
    canvas = Canvas(name)
    canvas.put(LEFT, 70, "시세표", 13)
    for i, row in enumerate((header, *rows)):
        for text, x in zip(row, edges, strict=True):
            to_right = side == "right" and x > 250
            canvas.put(x + 60 * to_right, 96 + 14.5 * i, text, 8.5, side="right" if to_right else "left")
    fact = TableFact(cells_of(header, rows), len(rows) + 1, len(header))
    return canvas.paper(Facts(f"{name}.pdf", strings=("시세표",), tables=(fact,)))


def code_rows() -> list[list[str]]:
    """Funds by code."""
    prices, volumes = (
        series(61, 1, 24, 30000, figures=0, least=900)[0],
        series(62, 1, 24, 90000, figures=0, least=10)[0],
    )
    return [[f"{470010 + 7 * i}", f"누리 {i + 1}호 채권", prices[i], volumes[i]] for i in range(24)]


def future_rows() -> list[list[str]]:
    """Contracts by code, with one column of figures."""
    return [
        [f"A{11 + i}V{i % 10:02}", f"가온200 선물 2031{i % 12 + 1:02}", f"{412.35 + 0.85 * i:.2f}"] for i in range(30)
    ]


def rank_rows() -> list[list[str]]:
    """Companies by rank, with one column of figures."""
    names = (
        "새벽전자",
        "한결중공업",
        "다온화학",
        "누리통신",
        "가람제약",
        "미르건설",
        "해솔식품",
        "늘봄유통",
        "마루해운",
    )
    return [[f"{i + 1}", name, f"{8_120_450 - 311_207 * i:,}"] for i, name in enumerate(names)]


def bond_rows() -> list[list[str]]:
    """Bonds with a day, a rate and a change."""
    changes = series(63, 1, 16, 0.2, figures=2, least=-0.2)[0]
    return [
        [f"나라채권 {i + 1}-{i % 4 + 1}", f"20{31 + i}-0{i % 9 + 1}-10", f"{2.71 + 0.03 * i:.2f}", changes[i]]
        for i in range(16)
    ]


def isin_rows() -> list[list[str]]:
    """Codes and figures alone: no word that a language would know."""
    changes = series(64, 1, 28, 3, figures=2, least=-3)[0]
    return [
        [f"KRX{7004 + 31 * i}{i:03}9", f"{i * 137 + 5010:06}", f"{48_250 + 75 * i:,}", f"{changes[i]}%"]
        for i in range(28)
    ]


def one_row_ruled() -> Paper:
    """A header, one row, and a line around every cell."""
    header, row = ("구분", "발행일", "만기일", "금액", "금리"), ("제3회", "2031.4.1", "2034.4.1", "1,500억원", "3.27%")
    canvas = Canvas("한 줄 표")
    y = canvas.paragraph(90, "회사채는 다음과 같이 발행한다.", 10)
    canvas.page.draw_rect((LEFT, y, LEFT + 450, y + 40))
    canvas.rule(LEFT, y + 20, LEFT + 450, y + 20)
    for i, texts in enumerate(zip(header, row, strict=True)):
        canvas.rule(LEFT + 90 * i, y, LEFT + 90 * i, y + 40)
        for j, text in enumerate(texts):
            canvas.put(LEFT + 90 * i + 45, y + 14 + 20 * j, text, 9, side="middle")
    canvas.paragraph(y + 70, "납입은 발행일에 한다.", 10)
    order = (("다음과 같이 발행한다.", "1,500억원"), ("1,500억원", "납입은 발행일에 한다."))
    return canvas.paper(Facts("one_row_ruled.pdf", order=order, tables=(TableFact(cells_of(header, [row]), 2, 5),)))


def one_row_open() -> Paper:
    """One row of labels with their figures between two rules, without a header."""
    texts = ("매출", "1,204", "영업이익", "87", "순이익", "52", "부채비율", "143.5%")
    canvas = Canvas("한 줄")
    canvas.put(LEFT, 90, "요약 재무(억원)", 11)
    canvas.page.draw_rect((LEFT, 100, LEFT + 456, 122))
    for i, text in enumerate(texts):
        canvas.rule(LEFT + 57 * i, 100, LEFT + 57 * i, 122)
        canvas.put(LEFT + 57 * i + 28, 115, text, 9, side="middle")
    canvas.paragraph(150, "전년보다 매출은 늘고 이익은 줄었다.", 10)
    fact = TableFact(tuple((1, i + 1, text) for i, text in enumerate(texts)), 1, 8)
    return canvas.paper(Facts("one_row_open.pdf", strings=("전년보다 매출은 늘고 이익은 줄었다.",), tables=(fact,)))

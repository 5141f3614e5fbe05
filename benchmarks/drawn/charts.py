"""Charts between text: their labels and ticks are no sentences and no table."""

from collections.abc import Iterator, Sequence

from benchmarks.drawn.canvas import LEFT, Canvas, Paper, cells_of, series
from benchmarks.fidelity.facts import Facts, TableFact

BEFORE = "수출은 반도체를 중심으로 크게 늘었고 내수는 완만하게 나아졌다."
AFTER = "하반기에는 증가 폭이 점차 줄어들 것으로 보인다."


def papers() -> Iterator[Paper]:
    """Bars alone, and two charts beside a table."""
    yield bars()
    yield lines_beside_a_table()


def axes(canvas: Canvas, box: Sequence[float], across: Sequence[str], up: Sequence[str]) -> None:
    """A frame with ticks below and to the left.

    Args:
        canvas: to draw on.
        box: left, top, right, bottom in points.
        across: ticks from left to right.
        up: ticks from bottom to top.
    """
    left, top, right, bottom = box
    canvas.page.draw_rect(box, width=0.5)
    for i, text in enumerate(across):
        x = left + (i + 0.5) * (right - left) / len(across)
        canvas.put(x, bottom + 10, text, 7, side="middle")
    for i, text in enumerate(up):
        y = bottom - i * (bottom - top) / (len(up) - 1)
        canvas.put(left - 4, y + 2, text, 7, side="right")


def bars() -> Paper:
    """Bars with their values, a legend and a caption between two paragraphs."""
    canvas = Canvas("막대 그림")
    y = canvas.paragraph(90, BEFORE, 11)
    canvas.put(LEFT, y + 4, "[그림 1] 수출과 내수", 10)
    box = (LEFT + 30, y + 20, LEFT + 330, y + 190)
    axes(canvas, box, ("2031", "2032", "2033", "2034", "2035"), ("0", "200", "400", "600", "800"))
    for i, value in enumerate((411.4, 432.8, 475.1, 548.9, 613.5)):
        x, top = box[0] + 20 + 60 * i, box[3] - value / 800 * 170
        canvas.page.draw_rect((x, top, x + 20, box[3]), fill=(0.2, 0.4, 0.8), color=None)
        canvas.put(x + 10, top - 3, f"{value}", 7, side="middle")
    canvas.page.draw_rect((box[0] + 90, y + 26, box[0] + 96, y + 32), fill=(0.2, 0.4, 0.8), color=None)
    canvas.put(box[0] + 100, y + 32, "수출", 7)
    canvas.paragraph(box[3] + 40, AFTER, 11)
    facts = Facts(
        "chart_bars.pdf",
        strings=("[그림 1] 수출과 내수",),
        absent=("0 200 400 600", "800 600 400 200 0", "2031 2032 2033 2034 2035", "411.4 432.8 475.1"),
        order=((BEFORE, "[그림 1]"), ("[그림 1]", AFTER)),
        lines=(BEFORE, AFTER),
    )
    return canvas.paper(facts)


def lines_beside_a_table() -> Paper:
    """Two line charts and a small ruled table side by side under one row of captions."""
    canvas = Canvas("그림과 표")
    y = canvas.paragraph(90, BEFORE, 11)
    for x, text in ((LEFT, "금리 추이"), (LEFT + 165, "스프레드"), (LEFT + 330, "등급별 금리")):
        canvas.put(x, y + 4, text, 9)
    for x, ticks in ((LEFT + 22, ("0", "2", "4", "6")), (LEFT + 187, ("0", "100", "200", "300"))):
        box = (x, y + 14, x + 120, y + 120)
        axes(canvas, box, ("31.1", "32.1", "33.1"), ticks)
        points = [(x + 12 * i, y + 110 - 7 * (i * 37 % 11)) for i in range(11)]
        canvas.page.draw_polyline(points, color=(0.8, 0.2, 0.1))
    header, names = ("등급", "31년", "32년", "증감"), ("최상", "상", "중", "하")
    rows = [(n, *v) for n, v in zip(names, series(71, 4, 3, 400, figures=0, least=-20), strict=True)]
    edges = [LEFT + 334, LEFT + 395, LEFT + 430, LEFT + 465]
    for i, row in enumerate((header, *rows)):
        canvas.rule(LEFT + 330, y + 14 + 16 * i, LEFT + 468, y + 14 + 16 * i)
        canvas.row(y + 25 + 16 * i, row, edges, 8)
    canvas.rule(LEFT + 330, y + 94, LEFT + 468, y + 94)
    for x in (330, 365, 399, 434, 468):
        canvas.rule(LEFT + x, y + 14, LEFT + x, y + 94)
    canvas.paragraph(y + 160, AFTER, 11)
    facts = Facts(
        "chart_lines_and_table.pdf",
        absent=("0 2 4 6", "6 4 2 0", "31.1 32.1 33.1", "300 200 100 0"),
        order=((BEFORE, AFTER),),
        lines=(BEFORE, AFTER),
        tables=(TableFact(cells_of(header, rows), 5, 4),),
    )
    return canvas.paper(facts)

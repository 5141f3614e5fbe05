"""Where lines end: between words, within words, and at a figure; heads and page numbers beside them."""

from collections.abc import Iterator
from itertools import pairwise

from benchmarks.drawn.canvas import LEFT, WIDTH, Canvas, Paper
from benchmarks.fidelity.facts import Facts

SENTENCES = (
    "국내 경기는 소비가 살아나고 수출이 늘어나면서 완만한 회복 흐름을 "
    "이어 가고 있으나 건설 투자의 부진이 그 폭을 줄이고 있다.",
    "물가는 석유류 가격이 내리고 농산물 공급이 늘어나면서 오름세가 "
    "크게 둔화되었으며 당분간 목표 수준 가까이에서 움직일 것으로 보인다.",
    "가계대출은 주택 거래가 다시 늘어나면서 증가 규모가 "
    "커졌고 기업대출은 운전자금 수요가 줄어들면서 증가 규모가 작아졌다.",
    "금융회사의 자본비율은 규제 수준을 크게 웃돌고 있지만 취약 업종에 "
    "대한 대출의 연체율이 오르고 있어 충당금을 더 쌓아야 한다.",
    "외환시장에서는 대외 여건의 불확실성이 커지면서 환율의 변동 "
    "폭이 넓어졌으나 외화 유동성은 넉넉한 상태를 유지하고 있다.",
    "당국은 시장의 쏠림이 나타나면 필요한 조치를 제때에 취하고 "
    "중소기업에 대한 자금 공급이 끊기지 않도록 살필 계획이다.",
)
FIGURES = (
    (
        "지난해 하반기의 산업활동을 부문별로 살펴보면 수출은 전년 같은 기간보다 2.8",
        "소매판매는 0.4 늘었고 설비투자는 줄었다.",
    ),
    (
        "기준금리는 지난 회의 뒤로 연 3.50에서 점차 내려 이달 말 현재에는 연 3.25",
        "시장금리는 그보다 낮은 수준에서 움직였다.",
    ),
    (
        "이번 조사에서 자료를 내고 담당자가 면담에도 응한 대상 기업은 모두 합하여 1,204",
        "그 가운데 상장 기업은 312곳이다.",
    ),
)
HEAD = "가람연구소 금융안정 상황 점검"


def papers() -> Iterator[Paper]:
    """Both habits in two widths, figures at ends, and several pages of a report."""
    for room in (310.0, 460.0):
        yield report(f"lines_between_words_{room:.0f}", room, within=False)
        yield report(f"lines_within_words_{room:.0f}", room, within=True)
    yield figures_at_ends()
    yield pages()


def report(name: str, room: float, *, within: bool) -> Paper:
    """Paragraphs that show the document's habit.

    Args:
        name: of the paper.
        room: of a line.
        within: whether lines are broken within words.
    """
    canvas, y = Canvas(name), 90.0
    for text in SENTENCES:
        y = canvas.paragraph(y, text, 10.5, room=room, within=within)
    return canvas.paper(Facts(f"{name}.pdf", lines=SENTENCES, order=tuple(pairwise(SENTENCES))[:2]))


def figures_at_ends() -> Paper:
    """A line that ends in a figure, the next one of the same paragraph begins with a word."""
    canvas, y = Canvas("끝 숫자"), 90.0
    for first, second in FIGURES:
        y = canvas.paragraph(y, "국내 경기는 소비가 살아나고 수출이 늘어나면서 나아졌다.", 11)
        canvas.put(LEFT, y, first, 11)
        canvas.put(LEFT, y + 18.7, second, 11)
        y += 50
    lines = tuple(f"{first} {second}" for first, second in FIGURES)
    return canvas.paper(Facts("lines_end_in_figures.pdf", lines=lines, strings=lines))


def pages() -> Paper:
    """Four pages with a running head and a number, sentences that go on over the page."""
    canvas = Canvas("여러 쪽")
    for number in range(1, 5):
        if number > 1:
            canvas.new_page()
        canvas.put(LEFT, 44, HEAD, 8)
        canvas.put(WIDTH / 2, 812, f"- {number} -", 8, side="middle")
        y = 90.0
        for i in range(5):
            y = canvas.paragraph(y, f"{number}.{i + 1} {SENTENCES[(number + i) % 6]}", 10.5)
    strings = ("1.1 물가는", "4.5 가계대출은")
    furniture = (HEAD, *(f"- {number} -" for number in range(1, 5)))
    return canvas.paper(Facts("furniture.pdf", strings=strings, order=(strings,), furniture=furniture))

"""Scans with a text layer that nobody sees, as OCR programs write them; and one without."""

from collections.abc import Iterator

from benchmarks.drawn.canvas import LEFT, Canvas, Paper
from benchmarks.fidelity.facts import Facts

TEXT = (
    "포인트는 전월 이용금액이 40만원 이상일 때 적립된다.",
    "적립 한도는 한 달에 3만 포인트이며 유효기간은 5년이다.",
    "주유소와 할인점에서는 이용금액의 1.5%를 적립한다.",
    "상품권 구매와 세금 납부는 적립 대상이 아니다.",
    "적립된 포인트는 한 포인트를 1원으로 쓸 수 있다.",
)
STAMP = "출력일자 2036.11.26"


def papers() -> Iterator[Paper]:
    """A hidden layer above or below the picture, with or without a stamp; and a scan without text."""
    yield scanned("hidden_text", stamp=False, first=False)
    yield scanned("hidden_text_below", stamp=False, first=True)
    yield scanned("hidden_text_and_stamp", stamp=True, first=False)
    yield picture()


def scan(canvas: Canvas) -> None:
    """The text as a picture over the whole page."""
    print_out = Canvas("scan")
    lines(print_out, 0)
    canvas.page.insert_image(canvas.page.rect, pixmap=print_out.page.get_pixmap(dpi=72, colorspace="gray"))


def lines(canvas: Canvas, mode: int) -> None:
    """The text itself, by a mode of rendering."""
    canvas.put(LEFT, 90, "적립 안내", 14, mode=mode)
    for i, text in enumerate(TEXT * 3):
        canvas.put(LEFT, 130 + 24 * i, text, 11, mode=mode)


def scanned(name: str, *, stamp: bool, first: bool) -> Paper:
    """A picture with its text.

    Args:
        name: of the paper.
        stamp: whether a line is printed on it that everyone sees.
        first: whether the text is drawn before the picture.
    """
    canvas = Canvas(name)
    if first:
        lines(canvas, 3)
        scan(canvas)
    else:
        scan(canvas)
        lines(canvas, 3)
    if stamp:
        canvas.put(420, 810, STAMP, 8)
    strings = ("적립 안내", *([STAMP] if stamp else []))
    return canvas.paper(Facts(f"{name}.pdf", strings=strings, lines=TEXT, order=(("적립 안내", TEXT[0]), TEXT[:2])))


def picture() -> Paper:
    """A scan as it leaves the scanner."""
    canvas = Canvas("스캔")
    scan(canvas)
    return canvas.paper(Facts("scan.pdf", refused="no text layer"))

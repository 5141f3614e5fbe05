"""Runs drawn into the gaps of other runs, long after them; digits that are pictures inside a line."""

from collections.abc import Iterator

import pymupdf

from benchmarks.drawn.canvas import LATIN, LEFT, Canvas, Paper, face
from benchmarks.fidelity.facts import PERHAPS, Facts


def papers() -> Iterator[Paper]:
    """Digits in gaps, names in gaps, digits as pictures."""
    yield digits_in_gaps("gap_digits", 10, LATIN, lower=0)
    yield digits_in_gaps("gap_digits_small_and_low", 8, LATIN, lower=1.2)
    yield names_in_gaps()
    yield digits_as_pictures()


def torn(canvas: Canvas, y: float, parts: tuple[str, str], room: float, size: float = 10) -> float:
    """Two runs with a gap; returns where the gap begins.

    Args:
        canvas: to draw on.
        y: of the baseline.
        parts: before and after the gap.
        room: of the gap.
        size: of the font.
    """
    begin = canvas.put(LEFT, y, parts[0], size)
    canvas.put(begin + room, y, parts[1], size)
    return begin


def digits_in_gaps(name: str, size: float, font: str, lower: float) -> Paper:
    """All lines first, then all their figures.

    Args:
        name: of the paper.
        size: of the figures, where the text has 10.
        font: of the figures.
        lower: by so many points do the figures stand.
    """
    canvas = Canvas(name)
    figures = [str(3 + 17 * i % 90) for i in range(14)]
    rooms = [3 + face(font).text_length(figure, size) for figure in figures]
    begins = [torn(canvas, 90 + 20 * i, ("새벽전자의 순위는", "위에 올랐다."), room) for i, room in enumerate(rooms)]
    for i, (begin, figure) in enumerate(zip(begins, figures, strict=True)):
        canvas.put(begin + 3, 90 + 20 * i + lower, figure, size, font=font)
    strings = tuple(f"새벽전자의 순위는 {figure}위에 올랐다." for figure in figures)
    order = (("새벽전자의 순위는 3위", "새벽전자의 순위는 20위"),)
    return canvas.paper(Facts(f"{name}.pdf", strings=strings, order=order))


def names_in_gaps() -> Paper:
    """Latin names in brackets that were drawn without them."""
    canvas = Canvas("이름")
    names = ("Alphamed", "Betacorp", "Gammasoft", "Deltabank", "Omegaship")
    rooms = [face(LATIN).text_length(name, 9.6) for name in names]
    parts = ("최대 공급사인 ‘", "’의 특허는 2038년에 끝난다.")
    begins = [torn(canvas, 90 + 22 * i, parts, room) for i, room in enumerate(rooms)]
    for i, (begin, name) in enumerate(zip(begins, names, strict=True)):
        canvas.put(begin, 90 + 22 * i, name, 9.6, font=LATIN)
    strings = tuple(f"최대 공급사인 ‘{name}’의 특허는 2038년에 끝난다." for name in names)
    order = (("Alphamed", "Betacorp"), ("Deltabank", "Omegaship"))
    return canvas.paper(Facts("gap_names.pdf", strings=strings, order=order))


def digits_as_pictures() -> Paper:
    """A sentence that lost its figure must not be passed on as one that never had it."""
    canvas = Canvas("그림 숫자")
    for i in range(16):
        y, figure = 90 + 20 * i, f"{12 + i}.{i % 10}%"
        begin = torn(canvas, y, ("수출은 해마다 ", "라는 빠른 성장을 이루었다."), 30)
        source = pymupdf.open()
        small = source.new_page(width=30, height=12)
        small.insert_text((1, 10), figure, fontsize=10)
        pixels = small.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        canvas.page.insert_image(pymupdf.Rect(begin, y - 10, begin + 30, y + 2), pixmap=pixels)
    absent = ("수출은 해마다 라는 빠른 성장", "해마다라는")
    return canvas.paper(Facts("picture_digits.pdf", absent=absent, refused=PERHAPS))

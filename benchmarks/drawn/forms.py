"""Forms and remarks: what was filled in and written beside is on the page too."""

from collections.abc import Iterator

import pymupdf

from benchmarks.drawn.canvas import LEFT, Canvas, Paper
from benchmarks.fidelity.facts import Facts

TEXT_FIELD = 7  # PDF_WIDGET_TYPE_TEXT


def papers() -> Iterator[Paper]:
    """Filled fields, and a remark in a box."""
    yield fields()
    yield remark()


def fields() -> Paper:
    """An application whose answers are fields."""
    canvas = Canvas("신청서")
    canvas.put(LEFT, 80, "계좌 개설 신청서", 15)
    answers = (("신청 금액", "1,250,000 KRW"), ("계좌 번호", "110-4471-9902"), ("성명", "Hong Gil-dong"))
    for i, (label, answer) in enumerate(answers):
        canvas.put(LEFT, 124 + 30 * i, label, 11)
        widget = pymupdf.Widget()
        widget.field_type = TEXT_FIELD
        widget.field_name = f"answer{i}"
        widget.field_value = answer
        widget.rect = pymupdf.Rect(LEFT + 90, 110 + 30 * i, LEFT + 290, 130 + 30 * i)
        canvas.page.add_widget(widget)
    canvas.paragraph(240, "위와 같이 신청하며 적힌 내용이 사실과 다름이 없음을 확인한다.", 11)
    strings = tuple(answer for _, answer in answers)
    return canvas.paper(Facts("form_fields.pdf", strings=strings, order=(("신청 금액", "위와 같이 신청하며"),)))


def remark() -> Paper:
    """A box of text that was laid on the page."""
    canvas = Canvas("검토 의견")
    canvas.paragraph(90, "부채비율은 143.5%로 전년보다 낮아졌고 이자보상배율은 3.2배로 높아졌다.", 11)
    box = pymupdf.Rect(LEFT, 140, LEFT + 300, 180)
    canvas.page.add_freetext_annot(box, "Reviewed: ratio confirmed 143.5%", fontsize=11)
    facts = Facts(
        "annotation.pdf",
        strings=("Reviewed: ratio confirmed 143.5%",),
        lines=("부채비율은 143.5%로 전년보다 낮아졌고 이자보상배율은 3.2배로 높아졌다.",),
    )
    return canvas.paper(facts)

"""Files that are to be refused, each for its own reason."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.drawn.canvas import LEFT, Canvas, Paper, named
from benchmarks.drawn.line_ends import SENTENCES
from benchmarks.fidelity.facts import Facts

RC4_40 = 2  # PDF_ENCRYPT_RC4_40


def papers() -> Iterator[Paper]:
    """A password, letters without names, an end that is missing, a web page."""
    yield text("encrypted", encryption=RC4_40, user_pw="secret", owner_pw="secret")
    yield nameless()
    whole = text("damaged")
    yield Paper(whole.facts, whole.content[: len(whole.content) * 3 // 5])
    page = "<!DOCTYPE html><html><body>로그인이 필요합니다.</body></html>"
    yield Paper(Facts("web_page.pdf", refused="not a PDF"), page.encode())


def text(reason: str, **saving: object) -> Paper:
    """A page of text, saved so that its reason holds."""
    canvas = Canvas(f"refused {reason}")
    for i, sentence in enumerate(SENTENCES):
        canvas.paragraph(90 + 60 * i, sentence, 10)
    return canvas.paper(Facts(f"{reason}.pdf", refused=reason), **saving)


def nameless() -> Paper:
    """Glyphs of a font that says nowhere which letters they are."""
    canvas = Canvas("refused nameless")
    for i, sentence in enumerate(SENTENCES):
        canvas.put(LEFT, 90 + 24 * i, sentence[:40], 11)
    canvas.document.subset_fonts()
    for xref in range(1, canvas.document.xref_length()):
        if canvas.document.xref_get_key(xref, "ToUnicode")[0] != "null":
            canvas.document.xref_set_key(xref, "ToUnicode", "null")
    made = canvas.paper(Facts("x", refused="undecodable fonts"))
    return replace(made, facts=named(made.facts, "nameless.pdf"))

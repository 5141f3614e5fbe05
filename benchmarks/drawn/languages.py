"""Sound papers that prose statistics of Korean would not know: other languages, contents with dot leaders."""

from collections.abc import Iterator

from benchmarks.drawn.canvas import LEFT, Canvas, Paper
from benchmarks.fidelity.facts import Facts
from lineage.sample_world.pdf import width

TEXTS = {
    "english": (
        "The central bank left its policy rate unchanged, as inflation had fallen faster than expected.",
        "Growth of credit slowed to 3.4 percent, while household debt relative to income declined for a third year.",
    ),
    "german": (
        "Die Zentralbank ließ den Leitzins unverändert, weil die Teuerung schneller als erwartet zurückging.",
        "Das Kreditwachstum verlangsamte sich auf 3,4 Prozent, während die Verschuldung der Haushalte abnahm.",
    ),
    "french": (
        "La banque centrale a laissé son taux inchangé, car l’inflation a reculé plus vite que prévu.",
        "La croissance du crédit s’est ralentie à 3,4 pour cent, tandis que la dette des ménages a diminué.",
    ),
    "russian": (
        "Центральный банк оставил ставку без изменений, поскольку инфляция снизилась быстрее ожиданий.",
        "Рост кредита замедлился до 3,4 процента, а долг домохозяйств сократился третий год подряд.",
    ),
    "greek": (
        "Η κεντρική τράπεζα διατήρησε το επιτόκιο αμετάβλητο, καθώς ο πληθωρισμός υποχώρησε ταχύτερα.",
        "Η αύξηση των πιστώσεων επιβραδύνθηκε στο 3,4 τοις εκατό, ενώ το χρέος των νοικοκυριών μειώθηκε.",
    ),
}
CHINESE = ("央行维持政策利率不变，因为通胀回落快于预期。", "信贷增长放缓至3.4%，居民债务占收入的比重连续第三年下降。")
CHAPTERS = (
    "총칙",
    "자산의 운용",
    "수수료와 보수",
    "환매와 상환",
    "수익자총회",
    "공시와 보고",
    "신탁계약의 변경",
    "해지",
)


def papers() -> Iterator[Paper]:
    """Six languages and one table of contents."""
    for name, sentences in TEXTS.items():
        yield prose(name, sentences)
    yield chinese()
    yield contents()


def prose(name: str, sentences: tuple[str, ...]) -> Paper:
    """Two paragraphs, the same twice over the page as a report's pages are alike."""
    canvas, y = Canvas(f"Report {name}"), 90.0
    for _ in range(4):
        for text in sentences:
            y = canvas.paragraph(y, text, 10.5, room=300)
    order = ((sentences[0], sentences[1]),)
    return canvas.paper(Facts(f"language_{name}.pdf", lines=sentences, order=order))


def chinese() -> Paper:
    """Simplified characters, most of which no Korean text uses."""
    canvas = Canvas("货币政策报告")
    for i, text in enumerate(CHINESE * 5):
        canvas.put(LEFT, 90 + 24 * i, text, 11)
    return canvas.paper(Facts("language_chinese.pdf", strings=CHINESE, order=(CHINESE,)))


def contents() -> Paper:
    """Chapters, dot leaders and pages; few syllables, many dots."""
    canvas = Canvas("차례")
    canvas.put(297, 80, "차  례", 16, side="middle")
    for i, chapter in enumerate(CHAPTERS):
        end = canvas.put(LEFT, 120 + 26 * i, f"제{i + 1}장 {chapter} ", 11)
        dot = "·" if i % 2 else "."
        dots = dot * int((505 - end) / width(dot, 11))
        canvas.put(end, 120 + 26 * i, dots, 11)
        canvas.put(530, 120 + 26 * i, str(3 + 9 * i), 11, side="right")
    strings = tuple(f"제{i + 1}장 {chapter}" for i, chapter in enumerate(CHAPTERS))
    order = (("제1장", "제2장"), ("제7장", "제8장"))
    return canvas.paper(Facts("contents.pdf", strings=strings, order=order))

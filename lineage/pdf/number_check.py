"""Figures as Korean financial papers write them, and which of them are below zero.

△ 1,234 and (1,234) are below zero by convention. ▲ is below zero in some papers and a rise in others, so it counts
only where the document's own usage shows it: see `triangles`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
UNIT = r"(?:\s*(?:%p|%P|%|p|배|원|천원|백만원|억원|조원|억|조|천|만|명|건|달러|bp))?"
SIGN = r"[△▵∆▲▼▽(\[−–-]*\s*"
AMOUNT = re.compile(rf"{SIGN}(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?{UNIT}\s*[)\]]?")
VALUE = re.compile(
    r"[△▵∆▲▼▽+±<(\[−–'’‘-]*\s*\d[\d,.:/~∼～–'’-]*" + UNIT + r"\s*[)\]%]*"  # 24.2/4, 2.8~3.2, 2027-06-10
    r"(?:\s?(?:\d{1,2}\)|[*†]{1,3}|[a-z]\)|[pre]))?[)\]]?"  # the mark of a note
)
GROUPED = re.compile(rf"{SIGN}[1-9]\d{{0,2}}(?: \d{{3}})+(?:\.\d+)?{UNIT}\s*[)\]]?")  # 1 234 567
BRACKET = re.compile(r"(?<=[\d%)\]]) (?=[(\[])")
DATE = re.compile(r"['’]?\d{2,4}\. ?\d{1,2}(?:\. ?\d{1,2})?\.?")  # 2024. 1. 15
UNOPENED = re.compile(r"^[^(\[]*\D[)\]]$")  # 35%), the end of a text in brackets
NONE = frozenset({"-", "–", "−", "―", "—", "..", "...", "…", "‥", "․․", "․", "·", "×", "x", "n.a.", "N/A", "NA"})
MINUS = re.compile(rf"\(?\s*[△▵∆▽−–-]\s*[\d.,]*\d{UNIT}\s*\)?|\(\s*(?=[\d.,]*\d[\d.,]*\d|[\d.]*[.,])[\d.,]+\s*%?\s*\)")
RAISED = re.compile(rf"\(?\s*▲\s*[\d.,]*\d{UNIT}\s*\)?")
OTHER_SIGN = re.compile(r"▼\s*\d|[△▽]\s*\d|(?:^|\s)[−-]\s*\d")
SAID = re.compile(r"▲\s*[은는:]?\s*(?:감소|손실|마이너스|음수|음\(-\)|\(-\)|적자|부\(-\)|순유출|유출)")


@lru_cache(maxsize=4096)
def is_figure(text: str) -> bool:
    """Whether a text is one figure, with its sign and unit, or a dash that stands for none."""
    return bool(AMOUNT.fullmatch(text)) or text in {"-", "–", "−", "―"}


@lru_cache(maxsize=4096)
def is_value(text: str) -> bool:
    """Whether a text is what a column of figures holds: a figure, a date or period, perhaps with the mark of a note,
    a figure and one in brackets, or a sign that there is none."""
    return (
        text in NONE
        or bool(DATE.fullmatch(text) or GROUPED.fullmatch(text))
        or all(
            AMOUNT.fullmatch(part) or (VALUE.fullmatch(part) and not UNOPENED.search(part))
            for part in BRACKET.split(text)
        )
    )


def is_minus(text: str) -> bool:
    """Whether a figure is below zero by its own writing; ▲ is not, see `triangles`."""
    return bool(MINUS.fullmatch(text))


def triangles(tables: Sequence[Sequence[Sequence[dict[str, Any]]]], texts: Sequence[str]) -> str:
    """Mark ▲ figures as below zero, in place, where the document shows that it means so.

    It does where it says so (`▲는 감소`), or where ▲ is its only sign and its tables also hold figures without
    one: were ▲ a rise, the falls among them would need a sign too.

    Args: tables: rows of cells of every table; texts: all other text of the document.
    Returns: a warning where ▲ figures stay unmarked, or "".
    """
    cells = [cell for rows in tables for row in rows for cell in row]
    raised = [cell for cell in cells if RAISED.fullmatch(cell["text"])]
    if not raised:
        return ""
    every = [cell["text"] for cell in cells] + list(texts)
    said = any(SAID.search(text) for text in every)
    alone = not any(OTHER_SIGN.search(text) or MINUS.fullmatch(text) for text in every)
    plain = sum(bool(AMOUNT.fullmatch(cell["text"])) for cell in cells) - len(raised)
    if said or (alone and plain > len(raised)):
        for cell in raised:
            cell["minus"] = True
        return ""
    if any("▼" in text for text in every):
        return ""  # ▲ and ▼: a rise and a fall
    return f"▲ before {len(raised)} figures is not taken as a minus: the document does not show that it is one"

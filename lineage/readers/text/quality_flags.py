"""What generated questions say about themselves: aiqwe/FinShibainu's `hallucination` and `value` columns.

    {"question": "…", "answer": "…", "hallucination": "usable", "value": 4}

Both are marks by a model. `hallucination` is "usable" or one of fake_answer, fake_references,
deficient_question, deficient_answer; `value` is 0 to 5, what an expert would learn from the row (seen in the
code that makes the set, which itself keeps nothing below 3). A row without a mark was not judged and is kept.
"""

from typing import Any

from lineage.readers.io.columns import text
from lineage.records.record import Rejected

LOWEST_VALUE = 3
COLUMNS = {"hallucination": ("hallucination",), "reason": ("hallucination_desc",), "value": ("value",)}
FINE = ("", "usable", "false", "no", "none", "n", "0")


def flaw(origin: dict[str, Any], values: dict[str, Any]) -> Rejected | None:
    """The Rejected of a row that its makers marked as bad, or None. `values` holds the columns of COLUMNS."""
    mark = values["hallucination"]
    said = ("true" if mark else "") if isinstance(mark, bool) else text(mark)
    if said is None or said.casefold() not in FINE:
        why = text(values["reason"]) or "no reason given"
        return Rejected(origin, "marked as a hallucination", f"hallucination is {mark!r:.40}: {why:.120}")
    value = text(values["value"])
    if not value:
        return None
    try:
        low = float(value) < LOWEST_VALUE
    except ValueError:
        return Rejected(origin, "a value that is no number", f"value is {value!r:.40}, expected 0 to 5")
    return (
        Rejected(origin, f"a value below {LOWEST_VALUE}", f"value is {value}: little to learn from it") if low else None
    )

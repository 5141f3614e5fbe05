"""Options that stand in columns of their own: KMMLU's A to D, 보기1, option_a, choice1, ending0.

    {"question": "…", "answer": 3, "A": "현금", "B": "매출채권", "C": "건물", "D": "재고자산"}
    → ["현금", "매출채권", "건물", "재고자산"], whose numbers are expected to count from 1

What the columns are called says from where a number among the answers counts, until the rows of the file say otherwise.
"""

from collections.abc import Mapping
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.text.answer_convention import Way

MOST = 10
LETTERED = ("{}", "option_{}", "option {}", "option{}", "op{}", "opt_{}", "choice_{}", "choice {}", "choice{}",
            "보기{}", "보기 {}", "보기_{}", "선택지{}", "선택지 {}", "선택지_{}")  # fmt: skip
NUMBERED = (*LETTERED[1:], "opt{}", "alternative_{}", "alternative{}", "ending_{}", "ending{}", "선지{}", "선지 {}",
            "선지_{}", "mc_answer{}", "sol{}", "{}번")  # fmt: skip


def _names(number: int) -> tuple[str, ...]:
    """What files call the option of this number; 0 stands before the first of those that are counted from 1."""
    counted = tuple(name.format(number) for name in NUMBERED)
    if not number:
        return counted
    return *(name.format("abcdefghij"[number - 1]) for name in LETTERED), *counted, "①②③④⑤⑥⑦⑧⑨⑩"[number - 1]


COLUMNS = {f"option_{number}": _names(number) for number in range(MOST + 1)}


def in_columns(values: Mapping[str, Any]) -> tuple[list[Any] | None, Way | None]:
    """The options of a row's COLUMNS up to the last that is filled, and how their numbers are expected to count."""
    options = [values[name] for name in COLUMNS]
    first = 0 if text(options[0]) != "" else 1
    filled = [i for i in range(first, MOST + 1) if text(options[i]) != ""]
    if len(filled) < 2:
        return None, None
    return options[first : filled[-1] + 1], "from 1" if first else "from 0"

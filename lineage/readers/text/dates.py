"""Days as Korean texts and tables write them, as ISO dates; what is no day of the calendar is no date.

    2024.1.1    2024. 7. 1.    2024년 1월 1일    2024-01-01    2024/1/1    20240101 (a whole cell)
    → "2024-01-01", …

A date with a part missing ("2024년 3월", "'24.1.1") is not completed: an as-of date is stated or absent.
"""

import re
from datetime import date
from typing import Any

COLUMNS = ("as_of", "기준일", "기준일자", "date")  # what files call the column of an as-of date
DAY = re.compile(
    r"(?<![\d.])(?P<year>(?:19|20)\d{2})\s?(?:(?P<mark>[.\-/])\s?|년\s?)(?P<month>\d{1,2})\s?(?:(?(mark)(?P=mark)|월))\s?"
    r"(?P<day>\d{1,2})(?!\d)"
)
PACKED = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")


def days(text: str) -> list[str]:
    """Every day that a text writes out, in its order, as "2024-01-01"."""
    found = (_iso(match["year"], match["month"], match["day"]) for match in DAY.finditer(text))
    return [day for day in found if day]


def day(value: Any) -> str:
    """The day that a cell or field holds ("2024.1.1", 20240101, "2024-01-01 00:00:00"); "" where it holds none."""
    said = "" if value is None or isinstance(value, bool) else str(value).strip()
    if packed := PACKED.fullmatch(said):
        return _iso(*packed.groups())
    return next(iter(days(said)), "") if DAY.match(said) else ""


def _iso(year: str, month: str, day_of_month: str) -> str:
    try:
        return date(int(year), int(month), int(day_of_month)).isoformat()
    except ValueError:
        return ""

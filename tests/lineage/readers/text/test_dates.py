from typing import Any

import pytest

from lineage.readers.text.dates import day, days


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<개정 2020.1.1, 2024. 5. 2.>", ["2020-01-01", "2024-05-02"]),
        ("이 세칙은 2024년 7월 1일부터 시행한다.", ["2024-07-01"]),
        ("[시행일: 2024-07-01] 2024/7/2", ["2024-07-01", "2024-07-02"]),
        ("2024.2.30 2023.13.1 0000.1.1 2024.0.1", []),
        ("2024년 3월 / '24.1.1 / 2024.1-1 / 12024.1.1 / 2024.1.123", []),
    ],
)
def test_days_of_a_text(text: str, found: list[str]) -> None:
    assert days(text) == found


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2024.1.1", "2024-01-01"),
        (20240101, "2024-01-01"),
        ("20240229", "2024-02-29"),
        ("20230229", ""),
        ("2024-01-01 00:00:00", "2024-01-01"),
        ("기준 2024.1.1", ""),
        ("2024", ""),
        (None, ""),
        (True, ""),
    ],
)
def test_the_day_of_a_cell(value: Any, iso: str) -> None:
    assert day(value) == iso

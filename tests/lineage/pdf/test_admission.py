"""What is refused before and after a PDF is opened, with a reason that has a remedy."""

import pytest

from lineage.pdf.admission import REMEDIES, Limits, Refused, check_bytes, check_text, has_text_layer, quality

LIMITS = Limits(max_megabytes=1, max_pages=10, seconds=5)
KOREAN = "거래소는 상장법인의 보고서를 받아 공시하고, 투자자는 그 내용을 본다. " * 4
SHIFTED = "WKH TXLFN EURZQ IRA MXPSV RYHU WKH ODCB GRJ " * 2


@pytest.mark.parametrize(
    ("head", "size", "reason"),
    [
        (b"", 0, "empty"),
        (b"%PDF-1.7", 1_000_001, "too large"),
        (b"<!DOCTYPE html>", 500, "not a PDF"),
        (b"\xef\xbb\xbf junk before %PDF-1.4", 500, None),
    ],
)
def test_first_bytes(head: bytes, size: int, reason: str | None) -> None:
    if reason is None:
        check_bytes(head, size, LIMITS)
        return
    with pytest.raises(Refused, match=reason):
        check_bytes(head, size, LIMITS)
    assert REMEDIES[reason]


@pytest.mark.parametrize(
    ("pages", "pictured", "reason"),
    [
        (["", ""], [True, True], "no text layer"),
        (["- 1 -", "- 2 -"], [True, True], "no text layer"),
        ([SHIFTED], [False], "undecodable fonts"),
        (["\ue001\ue002\ue003 가"], [False], "undecodable fonts"),
        (["뷁쀍" * 60], [False], "undecodable fonts"),
    ],
)
def test_text_that_is_none(pages: list[str], pictured: list[bool], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        check_text(pages, pictured)


def test_text_that_is_some() -> None:
    assert check_text([KOREAN, ""], [False, True]) == 1.0
    assert check_text(["매출액 1,234 △ 5.2%"], [False]) == 1.0
    assert quality("가나다\ufffd") == 0.75


@pytest.mark.parametrize(
    ("text", "pictured", "has"),
    [
        (KOREAN, False, True),
        (KOREAN, True, True),  # text over a background picture
        ("- 3 -", True, False),  # a number stamped on a scan
        ("- 3 -", False, True),
        ("", False, False),
        (SHIFTED, False, False),
    ],
)
def test_which_pages_have_a_text_layer_of_their_own(text: str, pictured: bool, has: bool) -> None:
    assert has_text_layer(text, pictured) is has

"""What is refused before and after a PDF is opened, with a reason that has a remedy."""

from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from lineage.pdf.admission import REMEDIES, Limits, Refused, check_bytes, check_text, has_text_layer, quality
from lineage.pdf.character_codes import misread
from tests.lineage.pdf.drawn import read

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


def shifted(text: str, step: int) -> str:
    return "".join(c if c == " " else chr(ord(c) + step) for c in text)


ENGLISH = "The exchange publishes the reports of listed firms, and the investors read them before they buy. "
GERMAN = "Die Boerse prueft das Recht und die Firmen, die der Kunde mit dem Geld kauft. "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (shifted(ENGLISH, 1), "stand 1 codes above"),
        (shifted(ENGLISH.upper(), 3), "stand 3 codes above"),
        (shifted(ENGLISH, -29), "stand 29 codes below"),
        (shifted(GERMAN, 2), "stand 2 codes above"),
        (KOREAN.encode("cp949").decode("latin-1"), "CP949 reads them"),
        (KOREAN.encode("utf-8").decode("latin-1"), "UTF-8 reads them"),
        ("Биржа публикует отчёты компаний. ".encode("cp1251").decode("cp1252") * 3, "accented Latin"),
        ("".join(chr(0xAC00 + i * 397 % 11172) for i in range(60)), "outside of KS X 1001"),
    ],
)
def test_what_codes_tell_of_a_text_that_is_none(text: str, found: str) -> None:
    assert found in misread(text)
    with pytest.raises(Refused, match="undecodable fonts") as refused:
        check_text([text], [False])
    assert found in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        GERMAN,
        "BXTR KRWQ ZNTX PLMN SDKR QWRT NHGT BVCX LKJH MNBV " * 20,
        "뢰범준 명륜휘 복웅엽 설경택 옥환철 추탁형 표혜림 " * 10,
        "µm °C ½ ¾ ² ³ ± × ÷ " * 20,
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞß",
        "Où l'été a été, naïveté, cœur, façade, créée. " * 10,
        "Sở giao dịch công bố báo cáo của các công ty niêm yết. " * 5,
        "Příliš žluťoučký kůň úpěl ďábelské ódy. " * 5,
        "Pörssi julkaisee pörssiyhtiöiden raportit. Sijoittajat lukevat niitä. " * 5,
    ],
)
def test_no_language_or_list_is_taken_for_wrong_codes(text: str) -> None:
    assert misread(text) == ""
    assert check_text([text], [False]) == 1.0


def test_few_characters_are_a_text_layer_unless_every_page_is_a_picture() -> None:
    assert check_text(["표지", "목차", "끝"], [True, False, False]) == 1.0
    with pytest.raises(Refused, match="no text layer"):
        check_text(["1", "2", "3"], [True, True, True])


PUBLIC_KEYS = "<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s4/V 2/Length 128/Recipients[<3082>]>>"


def protected(encrypt: str) -> bytes:
    """A PDF that says it is encrypted so; nothing in it needs to be."""
    tree = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R>>"]
    made, offsets = b"%PDF-1.6\n", []
    for number, content in enumerate([*tree, encrypt], 1):
        offsets.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    ends = f"trailer\n<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + f"xref\n0 5\n0000000000 65535 f \n{table}{ends}".encode()


@pytest.mark.parametrize(
    ("encrypt", "damage", "detail"),
    [
        (PUBLIC_KEYS, lambda made: made, "by certificates (Adobe.PubSec)"),
        (PUBLIC_KEYS.replace("s4/V 2", "s5/V 4"), lambda made: made, "by certificates (Adobe.PubSec)"),
        (PUBLIC_KEYS, lambda made: made.replace(b"startxref\n", b"startxref\n9"), "by certificates (Adobe.PubSec)"),
        ("<</Filter/FOPN_fLock/V 1>>", lambda made: made, "by FOPN_fLock"),
        (
            "<</Filter/Standard/V 9/R 9/O<00>/U<00>/P -4>>",
            lambda made: made,
            "by a method that PDF readers do not know",
        ),
    ],
)
def test_every_protection_is_encryption(
    tmp_path: Path, encrypt: str, damage: Callable[[bytes], bytes], detail: str
) -> None:
    from lineage.pdf.reading import read_document

    path = tmp_path / "encryption.pdf"
    path.write_bytes(damage(protected(encrypt)))
    with pytest.raises(Refused, match="encrypted") as refused:
        read_document(path, "0" * 64, LIMITS, lambda seconds: None)
    assert refused.value.detail == detail


def test_a_file_that_opens_without_its_owners_password_is_converted(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        doc.new_page().insert_text((72, 100), "보고서를 공시한다.", fontname="korea")
        made = doc.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", permissions=0)
    assert read(pymupdf.open(stream=made), tmp_path)["page_text"] == ["보고서를 공시한다."]


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

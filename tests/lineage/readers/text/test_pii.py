"""Personal data: every planted number is found, no figure is touched. All people and numbers are invented."""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.readers.text.pii import MASKS, found, masked

ROOT = Path(__file__).parents[4]
CORPUS = Path(os.environ.get("KRX_CORPUS", ROOT.parent / "shared/corpus"))

FIGURES = (
    "1,234,567원 △1,234 -3.5%(전년 12.1%) 12.5%p 2.62 (1,234) ￦ 9001011234568 0.4111111111111111 1,234,567,890,123",
    "2023-01-15 2023. 1. 15. 20230115 2023년 1월 15일 2019-2020-2021 09:00-15:30 2022~2023 2023-01-15-001",
    "005930 KR7005930003 A005930 900101 1588-1234 1600-0000 080-123-4567 010-020 3-5일 1-2-3",
    "제7조의2제1항 제2023-12-3456789호 의안번호 2100123 공고 제2024-12-1234567호 업무규정 제7조 <개정 2024.1.1>",
    "사업자등록번호 123-45-67891 법인등록번호 110111-1234567 (130111-0006246) ISBN 978-89-954321-0-5",
    "시가총액 9001011234568원 거래대금 4111111111110000 자산 4480060000000000 매출 9001011234568 374567890123457",
    "4111 1111 1111 1111 1234 5678 9012 3456 016 2345 6789 02 123 4567 5123 4456 1234 5678",
    "은행 계좌 수 1234567890개, 신한은행 2023-01-15 10:00, 우리은행 1,234-5,678, 계좌 1,234,567,890원",
    "국민은행 2021-2022-2023 하나은행 12.34-56.78 KB국민은행 제2023-123-4567호 기업 123-45-67891",
)


def resident(rng: random.Random, foreign: bool = False, proven: bool = True) -> str:
    """An invented resident number; `proven`: with its checksum, otherwise with any other last digit."""
    century = rng.choice("1234") if not foreign else rng.choice("5678")
    year = rng.randrange(30, 100) if century in "1256" else rng.randrange(0, 11)
    digits = f"{year:02d}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}{century}{rng.randrange(10**5):05d}"
    total = sum(int(d) * w for d, w in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    last = ((13 if foreign else 11) - total % 11) % 10
    return f"{digits[:6]}-{digits[6:]}{last if proven else (last + 1) % 10}"


def card(rng: random.Random) -> str:
    digits = rng.choice(["4", "51", "55", "2221", "9", "6011", "62", "3560"])
    digits += "".join(rng.choice("0123456789") for _ in range(15 - len(digits)))
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[::-2])
    return digits + str(-(doubled + sum(int(d) for d in digits[-2::-2])) % 10)


def planted(rng: random.Random) -> list[tuple[str, str]]:
    """(kind, text with one number) of every shape that is said to be found."""
    a, b, number = rng.randrange(100, 1000), rng.randrange(100, 10000), rng.randrange(10000)
    digits = card(rng)
    grouped = [digits[i : i + 4] for i in range(0, 16, 4)]
    plain = resident(rng).replace("-", "")
    return [
        ("resident", f"홍길동({resident(rng)})은 주주이다."),
        ("resident", f"홍길동,{resident(rng)},서울"),
        ("resident", f"외국인 {resident(rng, foreign=True)} 투자자"),
        ("resident", f"주민등록번호: {resident(rng, proven=False)}"),
        ("resident", f"주민번호 {resident(rng, proven=False).replace('-', ' - ')}이다."),
        ("resident", f"성명 홍길동 {plain}"),
        ("card", f"{'-'.join(grouped)}로 결제"),
        ("card", f"카드번호 {' '.join(grouped)}"),
        ("card", f"카드 {digits}을 쓴다"),
        ("phone", f"연락처는 010-{b:04d}-{number:04d}이다"),
        ("phone", f"휴대전화 010{b:04d}{number:04d}"),
        ("phone", f"010.{b:04d}.{number:04d}"),
        ("phone", f"(010) {b:04d}-{number:04d}"),
        ("phone", f"담당 02-{a}-{number:04d}"),
        ("phone", f"Tel.02){b:04d}-{number:04d}"),
        ("phone", f"(031) {a}-{number:04d}/팩스"),
        ("phone", f"전화 02 {a} {number:04d}"),
        ("phone", f"+82-10-{b:04d}-{number:04d}"),
        ("phone", f"+82 2 {b:04d} {number:04d}"),
        ("phone", f"070-{b:04d}-{number:04d}"),
        ("account", f"신한은행 110-{a}-{number:06d} 홍길동"),
        ("account", f"국민 {number:06d}-01-{b:06d}"),
        ("account", f"계좌번호: {a}{b:04d}{number:06d}"),
        ("account", f"계좌번호는 {number:06d}{b:04d}{a}이다"),
        ("account", f"예금주 홍길동 {a}-{number:06d}-01-{a}"),
        ("account", f"3333-01-{1000000 + b} (카카오뱅크, 예금주 홍길동)"),
        ("email", f"문의: gil.dong+{number}@krx.co.kr로"),
        ("email", f"<hong{number}@example.com>"),
    ]


@pytest.mark.parametrize("text", FIGURES)
def test_no_figure_is_altered(text: str) -> None:
    for part in (text, *text.split()):
        assert masked(part) == (part, Counter())


def test_every_planted_number_is_found_with_its_kind() -> None:
    rng = random.Random("planted people")
    for _ in range(200):
        for kind, text in planted(rng):
            assert masked(text)[1] == {kind: 1}, text


def test_planted_numbers_between_figures_leave_the_figures() -> None:
    rng = random.Random("people among figures")
    for _ in range(40):
        for (kind, text), figures in zip(planted(rng), [rng.choice(FIGURES) for _ in range(99)], strict=False):
            out, counts = masked(f"{figures}\n{text}\n{figures}")
            assert counts == {kind: 1}
            assert out.startswith(f"{figures}\n")
            assert out.endswith(f"\n{figures}")
            assert MASKS[kind] in out


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-1e15, 1e15), st.integers(0, 10**15), st.dates(), st.sampled_from(["원", "%", "억원", " ", "주", "건\n"])
)
def test_amounts_and_dates_of_any_size_survive(number: float, whole: int, day: object, unit: str) -> None:
    text = f"{number:,.2f}{unit} {whole:,}{unit} {day} △{whole:,} {number:.1f}% {day}~{day} {number!r}"
    assert masked(text) == (text, Counter())


PARTS = st.sampled_from(
    [*(text for _, text in planted(random.Random("parts"))), *FIGURES, "계좌 ", "은행", "\n", "카드"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS | st.text(max_size=12), max_size=8))
def test_masking_twice_is_masking_once(parts: list[str]) -> None:
    once, _ = masked("".join(parts))
    assert masked(once) == (once, Counter())


def test_findings_say_where() -> None:
    text = "담당 02-3774-0000, name@krx.co.kr"
    assert [(f.kind, text[f.start : f.end]) for f in found(text)] == [
        ("phone", "02-3774-0000"),
        ("email", "name@krx.co.kr"),
    ]


def test_an_unproven_number_needs_a_word_on_its_line() -> None:
    number = resident(random.Random(7), proven=False)
    assert not found(f"제품 {number}")
    assert not found(f"주민등록번호\n{number}")
    assert [f.kind for f in found(f"주민등록번호 {number}")] == ["resident"]


def test_a_long_text_without_personal_data_comes_back_at_once() -> None:
    text = "매출액은 전년보다 12.1% 늘어난 1,234억원이다. " * 20000 + "a" * 200_000 + "1" * 200_000 + "1-" * 100_000
    started = time.process_time()
    out, counts = masked(text)
    assert out is text
    assert not counts
    assert time.process_time() - started < 2


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus of real documents")
def test_real_rows_of_figures_hold_nobody() -> None:
    for name in ("tatqa_dataset_dev.json", "gsm8k_test.jsonl", "ko2zh_derived_schema_300.json"):
        for line in (CORPUS / "data" / name).read_text(encoding="utf-8").split("\n"):
            assert not found(line), line[:200]

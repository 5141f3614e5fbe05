import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256
from lineage.core.paths import DUPLICATES
from lineage.dedup.duplicates import duplicates
from stages.duplicates import main
from tests import tiny

LONG = "거래소는 상장법인이 공시 의무를 지키지 않으면 그 사실을 알리고 매매 거래를 3일 동안 정지할 수 있다"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**sources: list[tuple[str, str]]) -> None:
    for source, rows in sources.items():
        tiny.write_source(source, [tiny.row(source, prompt, answer) for prompt, answer in rows])


def found() -> list[dict[str, Any]]:
    with appearing(DUPLICATES) as (out,):
        duplicates(out)
    return [json.loads(line) for line in (DUPLICATES / "clusters.jsonl").read_text(encoding="utf-8").splitlines()]


def summary() -> dict[str, Any]:
    return json.loads((DUPLICATES / "duplicates.json").read_text(encoding="utf-8"))


def how(one: str, other: str) -> list[str]:
    write(samples=[("가온거래소의 안내", one)], problems=[("가온거래소의 안내", other)])
    return [line["how"] for line in found()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("채권의 뜻을 알려 주세요.", "채권의뜻을 알려주세요"),
        ("매출, 이익, 그리고 '자본'", "매출 이익 그리고 「자본」"),
        ("시장 감시 규정", unicodedata.normalize("NFD", "시장 감시 규정")),
        ("ＫＲＸ 시장 １０％", "KRX 시장 10%"),
        ("ETF는 펀드이다", "etf는 펀드이다"),
        ("매출은 1,500억 원", "매출은 1500억원"),
        ("2024. 7. 1.부터 시행", "2024.7.1부터 시행"),
        ("손익은 −3.5% 변했다", "손익은 -3.5% 변했다"),
    ],
    ids=["spacing", "punctuation", "NFD", "full-width", "case", "thousands", "dates", "dashes"],
)
def test_spacing_punctuation_and_width_make_no_other_text(one: str, other: str) -> None:
    assert how(one, other) == ["exact"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("회사가 제품을 판다.", "회사는 제품을 판다."),
        ("채권의 뜻은 무엇입니까?", "채권 뜻은 무엇인가요?"),
        ("용어를 알려 주세요.", "용어를 알려주십시오."),
        ("매출은 30억 원입니다.", "매출이 30억 원이다."),
    ],
    ids=["particle", "question", "request", "statement"],
)
def test_particles_and_polite_endings_make_a_near_duplicate(one: str, other: str) -> None:
    assert how(one, other) == ["near"]


def test_a_filling_word_makes_a_near_duplicate_whose_similarity_is_given() -> None:
    write(samples=[("규정", LONG)], rules=[("규정", LONG.replace("그 사실을", "그 사실을 반드시"))])
    (line,) = found()
    assert line["how"] == "near" and 0.8 <= line["similarity"] < 1
    assert [id.partition(".")[0] for id in line["members"]] == ["rules", "samples"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("매출은 30억 원이다", "매출은 31억 원이다"),
        ("손익은 △5.2%이다", "손익은 5.2%이다"),
        ("손익은 -5.2%이다", "손익은 5.2%이다"),
        ("영업이익 (1,234)", "영업이익 1,234"),
        ("매출은 30만 원", "매출은 30억 원"),
        ("금리가 5% 올랐다", "금리가 5%p 올랐다"),
        ("면적은 10²이다", "면적은 102이다"),
        ("갑은 3, 을은 5이다", "갑은 5, 을은 3이다"),
        ("| 64 | | 39 |", "| 64 | 39 | |"),
        ("| 64 | - | 39 |", "| 64 | 39 | - |"),
        ("매출 64, 390", "매출 64,390"),
    ],
    ids=["figure", "sign", "minus", "bracket", "size", "unit", "power", "order", "cell", "dash", "list"],
)
def test_other_figures_are_another_text(one: str, other: str) -> None:
    padding = f" {LONG}" * 4  # ever so alike
    assert how(one + padding, other + padding) == []


@pytest.mark.parametrize(
    "other",
    [
        LONG.replace("정지할", "재개할"),
        LONG.replace("상장법인이", "비상장법인이"),
        LONG.replace("거래를", "거래를 정지하지 아니하고"),
        LONG.replace("거래소는", "금융위는"),
        f"{LONG}. 다만 투자자 보호에 필요하면 그러하지 아니하다",
    ],
    ids=["verb", "prefix", "negation", "name", "proviso"],
)
def test_another_meaning_in_nearly_the_same_words_is_another_text(other: str) -> None:
    padding = f" {LONG}" * 3
    assert how(LONG + padding, other + padding) == []
    assert summary()["repetitions"] == {}


def test_what_is_alike_and_kept_is_counted() -> None:
    how(LONG * 3, LONG * 2 + LONG.replace("정지할", "재개할"))
    assert summary()["alike_but_kept"] == 1


def test_the_same_question_with_another_answer_is_no_duplicate() -> None:
    write(samples=[("채권은 무엇인가?", "빚을 적은 증서"), ("채권은 무엇인가?", "주식")])
    assert found() == []


def test_duplicates_are_counted_within_and_across_sources() -> None:
    rows = [("채권은?", "증서"), ("주식은?", "몫"), ("선물은?", "약속")]
    write(samples=[*rows, ("채권은?", "증서."), ("채권 은 ?", "증서")], problems=rows[:2], rules=[("옵션은?", "권리")])
    assert sorted(len(line["members"]) for line in found()) == [2, 4]
    assert summary()["rows"] == {"problems": 2, "rules": 1, "samples": 5}
    assert summary()["repetitions"] == {"problems × samples": {"exact": 2}, "samples": {"exact": 2}}


def test_a_new_source_never_makes_older_rows_duplicates_of_each_other() -> None:
    apart = [LONG.replace("알리고", "알리고 반드시"), LONG.replace("거래를", "거래를 전부 모두")]
    apart += [LONG.replace("거래소는", "거래소는 언제나").replace("의무를", "의무를 제대로")]
    write(samples=[("규정", text) for text in apart], problems=[("규정", f"{LONG} 늘")])
    before = found()
    write(new=[("규정", LONG), ("규정", LONG + "."), ("규정", apart[0])])
    after = found()
    assert [line for line in after if not any(id.startswith("new.") for id in line["members"])] == before
    assert len(after) > len(before)
    joined = [line for line in after if "similarity" not in line]
    assert all(sum(id.startswith("samples.") for id in line["members"]) < 2 for line in joined)


def test_rows_of_one_template_stay_and_a_repetition_among_them_is_found() -> None:
    names = [f"{a}{b}전자" for a in "가나다라마바사아자차카타파하" for b in "온빛솔뫼샘"]
    rows = [("공시", f"{name}는 {LONG}. {LONG}") for name in names]
    write(samples=rows, problems=[("공시", rows[3][1].replace("전자는", "전자가"))])
    (line,) = found()
    assert len(line["members"]) == 2 and line["how"] == "near"


def test_most_filled_in_texts_are_found() -> None:
    texts = [
        f"{LONG.replace('공시', word)}, {word}의 {word}"
        for word in ["감사", "결산", "배당", "상장", "매매", "증자", "감자", "합병"]
    ]
    write(
        samples=[("규정", t) for t in texts],
        problems=[("규정", t.replace("매매 거래", "모든 매매 거래")) for t in texts],
    )
    assert len(found()) == len(texts)


def test_the_same_rows_give_the_same_bytes_with_and_without_the_cache() -> None:
    write(samples=[("규정", LONG), ("채권은?", "증서")], problems=[("규정", f"{LONG} 늘"), ("채권은 ?", "증서")])
    found()
    first = sha256(DUPLICATES)
    found()
    assert sha256(DUPLICATES) == first
    shutil.rmtree(".state")
    found()
    assert sha256(DUPLICATES) == first


def test_rows_that_memory_does_not_hold_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{a}{b}전자" for a in "가나다라마바사아자차카타파하" for b in "온빛솔뫼샘"]
    rows = [("공시", f"{name}는 {LONG}. {LONG}") for name in names]  # a crowd, in several blocks
    texts = [f"{LONG.replace('공시', word)}, {word}의 {word}" for word in ("감사", "결산", "배당", "상장", "매매")]
    again = [t.replace("매매 거래", "모든 매매 거래") for t in texts] + [f"{t}." for t in texts]
    write(samples=[*rows, *(("규정", t) for t in texts)], empty=[], problems=[("규정", t) for t in again] + rows[:9])
    lines, in_memory = found(), sha256(DUPLICATES)
    assert len(lines) > 15 and summary()["templates"]["samples"] > 50
    for name, few in (("parted_rows.HELD", 7), ("sorted_lines.HELD", 300), ("sorted_lines.RUNS", 3)):
        monkeypatch.setattr(f"lineage.core.{name}", few)
    monkeypatch.setattr("lineage.dedup.signatures.BLOCK", 5)
    found()
    assert sha256(DUPLICATES) == in_memory
    assert not list(Path(".state/scratch").iterdir())


def test_a_line_that_is_no_record_is_named() -> None:
    write(samples=[("채권은?", "증서"), ("주식은?", "몫")])
    file = Path("data/records/samples/records.jsonl")
    file.write_text(file.read_text(encoding="utf-8") + '{"turns": [\n', encoding="utf-8")
    with pytest.raises(LineageError, match=r"data/records/samples/records.jsonl:3: not a record \(.*dvc repro"):
        main()


def test_a_source_without_rows_is_no_trouble(capsys: pytest.CaptureFixture) -> None:
    write(samples=[("채권은?", "증서"), ("채권은?", "증서.")], empty=[])
    main()
    assert capsys.readouterr().out.startswith("2 rows: 1 repeat another exactly, 0 but for spelling")


def test_sources_that_are_all_empty_are_no_trouble(capsys: pytest.CaptureFixture) -> None:
    write(samples=[], rules=[])
    main()
    assert capsys.readouterr().out.startswith("0 rows: 0 repeat another exactly")
    assert found() == [] and summary()["templates"] == {"rules": 0, "samples": 0}


def test_without_records_the_remedy_is_named() -> None:
    with pytest.raises(LineageError, match="dvc repro ingest"):
        main()


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (("매출액은?", "30억원", "이익은?", "3억원"), ["exact"]),
        (("매출액은?", "30억원", "이익은?", "3 억원"), ["exact"]),
        (("매출액은?", "40억원", "이익은?", "3억원"), []),
        (("이익은?", "3억원"), []),
        (("이익은?", "3억원", "매출액은?", "30억원"), []),
    ],
    ids=["the same", "spacing", "another figure before", "the last exchange", "another order"],
)
def test_conversations_are_compared_by_all_their_turns(other: tuple[str, ...], expected: list[str]) -> None:
    tiny.write_source("samples", [tiny.talk("samples", "매출액은?", "30억원", "이익은?", "3억원")])
    tiny.write_source("problems", [tiny.talk("problems", *other)])
    assert [line["how"] for line in found()] == expected

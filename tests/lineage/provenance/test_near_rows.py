from pathlib import Path

from lineage.provenance.near_rows import near_rows, nearest_rows, suspect
from lineage.records.record import Record
from tests.tiny import row, write_rows

QUESTION = "가온상사의 업종은 무엇입니까?"


def mix(tmp_path: Path, *rows: Record) -> Path:
    many = [row("others", f"종목 {n}의 업종은 무엇입니까?", "건설") for n in range(30)]
    write_rows(tmp_path / "own.jsonl", [*many, *rows])
    return tmp_path / "own.jsonl"


def test_a_row_about_the_same_company_is_nearer_than_the_template(tmp_path: Path) -> None:
    found = near_rows(mix(tmp_path, row("notes", "질문: 가온상사의 업종은?", "철강")), QUESTION)
    assert next(iter(found)) == "notes" == suspect(found)
    assert found["notes"][0].record.completion == "철강" and found["others"][0].near < 0.5


def test_nobody_is_suspected_where_two_speak_of_it_or_none(tmp_path: Path) -> None:
    both = [row(source, "질문: 가온상사의 업종은?", "철강") for source in ("notes", "letters")]
    assert suspect(near_rows(mix(tmp_path, *both), QUESTION)) is None
    assert suspect(near_rows(mix(tmp_path), QUESTION)) is None
    assert near_rows(mix(tmp_path), "xyz") == {} == near_rows(mix(tmp_path), "?")


def test_a_row_that_is_repeated_counts_once(tmp_path: Path) -> None:
    again = [row("notes", QUESTION, "철강")] * 9
    assert len(near_rows(mix(tmp_path, *again), QUESTION)["notes"]) == 1


def test_of_a_question_and_its_answer_a_row_must_have_both(tmp_path: Path) -> None:
    file = mix(
        tmp_path, row("notes", "가온상사 업종을 말하십시오.", "특수 철강입니다."), row("notes", QUESTION, "은행")
    )
    assert [one.record.completion for one in nearest_rows([file], [QUESTION], 2)] == ["은행", "특수 철강입니다."]
    (found,) = nearest_rows([file], [QUESTION, "특수 철강"], 5)
    assert found.record.completion == "특수 철강입니다." and found.near > 0.4
    assert nearest_rows([file], ["?"], 5) == []

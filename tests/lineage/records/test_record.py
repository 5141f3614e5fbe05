import json
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.records.record import Record, from_json, qa, read_records
from tests import tiny

ORIGIN = {"file": "a.json", "row": 3}


def a_record(**rest: object) -> Record:
    return qa("문제: △1,234는?", "답 ①", group="g", origin=ORIGIN, **rest)


def test_a_record_survives_its_line() -> None:
    record = a_record(
        measure="choice", options=("답 ①", "답 ②"), correct=0, rejected=("답 ②",), documents=("ab",)
    ).placed("s", "MIT")
    line = record.to_json()
    assert "\n" not in line and "△1,234" in line
    assert from_json(line) == record
    assert from_json(line).to_json() == line


def test_an_id_depends_on_content_alone() -> None:
    one = a_record().placed("s", "MIT")
    elsewhere = qa("문제: △1,234는?", "답 ①", group="g", origin={"file": "b.json", "row": 9}).placed("s", "other")
    assert one.id == elsewhere.id
    assert one.id.startswith("s.prompt_answer.")
    assert qa("문제: △1,234는?", "답 ②", group="g", origin=ORIGIN).placed("s", "MIT").id != one.id
    assert qa("문제: △1,234는?", "답 ①", group="h", origin=ORIGIN).placed("s", "MIT").id != one.id
    assert a_record(rejected=("답 ②",)).placed("s", "MIT").id == one.id


def test_the_completion_is_the_last_of_several_turns() -> None:
    turns = [("user", "하나"), ("assistant", "1"), ("user", "둘"), ("assistant", "2")]
    record = Record(group="g", turns=tuple({"role": r, "content": t} for r, t in turns), origin=ORIGIN)
    assert (record.prompt, record.completion) == ("둘", "2")


def test_a_record_of_one_exchange_is_the_line_that_it_always_was() -> None:
    """Another byte, or another id, and every version would be trained again."""
    assert qa("질문?", "답", group="g", origin=ORIGIN).placed("s", "MIT").to_json() == (
        '{"as_of": "", "correct": null, "documents": [], "form": "prompt_answer", "group": "g", '
        '"id": "s.prompt_answer.fb33ada0b07c707c", "licence": "MIT", "measure": "text", "options": [], '
        '"origin": {"file": "a.json", "row": 3}, "rejected": [], "source": "s", '
        '"turns": [{"role": "user", "content": "질문?"}, {"role": "assistant", "content": "답"}]}'
    )


def test_a_conversation_says_which_of_its_answers_carry_the_loss() -> None:
    last = tiny.talk("s", "하나?", "1", "둘?", "2", system="짧게")
    every = tiny.talk("s", "하나?", "1", "둘?", "2", system="짧게", supervise="all")
    assert (last.supervised, every.supervised) == ((4,), (2, 4))
    assert "supervise" not in json.loads(last.to_json()) and from_json(every.to_json()) == every
    assert last.id == every.id
    assert last.asked == "system: 짧게\nuser: 하나?\nassistant: 1\nuser: 둘?"
    assert tiny.talk("s", "하나?", "1").asked == "하나?"


@pytest.mark.parametrize(
    ("roles", "wrong"),
    [
        ("su", "the user's turn at the end"),
        ("a", "the assistant's turn at the beginning"),
        ("sa", "the assistant's turn at the beginning"),
        ("uua", "two turns of the user in a row"),
        ("uaa", "two turns of the assistant in a row"),
        ("uasua", "a system turn after others"),
        ("ssua", "a system turn after others"),
        ("uta", "a turn of tool, who is none of user and assistant"),
        ("s", "no turns"),
        ("", "no turns"),
    ],
)
def test_turns_out_of_order_are_no_record(roles: str, wrong: str) -> None:
    names = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    with pytest.raises(LineageError, match=wrong):
        Record(group="g", turns=tuple({"role": names[r], "content": "말"} for r in roles), origin=ORIGIN)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: qa("q", " \n", group="g", origin=ORIGIN), "the answer is empty"),
        (lambda: Record(group="g", turns=({"role": "user", "content": "q"},), origin=ORIGIN), "a prompt and"),
        (lambda: Record(group="g", turns=({"role": "user", "content": "q"},) * 2, origin=ORIGIN), "assistant's answer"),
        (lambda: a_record(measure="choice", options=("a", "b"), correct=2), "correct=2 names none of the 2 options"),
        (lambda: a_record(measure="choice", options=("a", "b"), correct=-1), "names none"),
        (lambda: a_record(measure="choice"), "correct=None names none of the 0 options"),
    ],
)
def test_what_is_no_record_says_where_it_came_from(make: object, expected: str) -> None:
    with pytest.raises(LineageError, match=expected) as error:
        make()  # type: ignore[operator]
    assert "a.json" in str(error.value)


@pytest.mark.parametrize("bad", ['{"id": 1', "[]", "{}", '{"turns": [], "options": [], "documents": [], "new": 1}'])
def test_a_broken_line_is_named_by_file_and_number(bad: str, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text(a_record().placed("s", "MIT").to_json() + "\n" + bad + "\n", encoding="utf-8")
    with pytest.raises(LineageError, match=r"records\.jsonl:2: not a record .*dvc repro"):
        list(read_records(file))


def test_a_folder_is_read_in_name_order(tmp_path: Path) -> None:
    for name in "ba":
        record = qa(name, "x", group=name, origin=ORIGIN).placed("s", "MIT")
        (tmp_path / f"{name}.jsonl").write_text(record.to_json() + "\n", encoding="utf-8")
    (tmp_path / "notes.json").write_text(json.dumps({}), encoding="utf-8")
    assert [r.prompt for r in read_records(tmp_path)] == ["a", "b"]

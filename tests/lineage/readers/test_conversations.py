import csv
import io
import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import conversations, instructions, mcqa, prompt_response, questions
from lineage.readers.io.raw_folder import RawFolder
from lineage.records.record import Record, Rejected
from tests.lineage.readers.conftest import Folder

SAID = ("금리란?", "돈의 값.", "왜 오르나?", "물가가 올라서.")
MESSAGES = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(SAID)]
SHAREGPT = [{"from": ("human", "gpt")[n % 2], "value": text} for n, text in enumerate(SAID)]
SYSTEM = {"role": "system", "content": "짧게 답하라."}


def roles(record: Record) -> str:
    return "".join(turn["role"][0] for turn in record.turns)


def said(record: Record) -> tuple[str, ...]:
    return tuple(turn["content"] for turn in record.turns)


def shown(part: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [{"type": "text", "text": "이것은?"}, part]}, *MESSAGES[1:]]


def one(folder: Folder, row: dict[str, Any], reader: Any = conversations) -> Record:
    folder.jsonl("a.jsonl", [row])
    (record,), rejected = folder.read(reader.read)
    assert not rejected
    return record


def refused(folder: Folder, row: dict[str, Any], reader: Any = conversations) -> Rejected:
    folder.jsonl("a.jsonl", [row])
    records, (rejected,) = folder.read(reader.read)
    assert not records and rejected.remedy
    return rejected


@pytest.mark.parametrize(
    "row",
    [
        {"messages": MESSAGES},
        {"conversations": SHAREGPT},
        {"Conversation": [{"role": ("Human", "AI")[n % 2], "text": text} for n, text in enumerate(SAID)]},
        {"messages": [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in MESSAGES]},
        {"messages": [{**m, "tool_calls": None, "name": None, "weight": 1} for m in MESSAGES]},
        {"messages": json.dumps(MESSAGES, ensure_ascii=False)},
        {"conversations": str(SHAREGPT)},
        {"messages": {"role": [m["role"] for m in MESSAGES], "content": list(SAID)}},
        {"conversations": [SAID[:2], SAID[2:]]},
        {"conversations": [{"question": SAID[0], "answer": SAID[1]}, {"human": SAID[2], "assistant": SAID[3]}]},
        {"messages": [{"role": "system", "content": ""}, *MESSAGES], "system": " "},
        {"prompt": MESSAGES[:3], "completion": MESSAGES[3:]},
        {"prompt": MESSAGES[:1], "completion": MESSAGES[1:]},
        {"prompt": MESSAGES[:3], "completion": SAID[3]},
    ],
)
def test_turns_are_read_in_every_form_of_the_field(folder: Folder, row: dict[str, Any]) -> None:
    record = one(folder, row)
    assert (roles(record), said(record), record.group) == ("uaua", SAID, "금리란?")
    assert record.completion == "물가가 올라서." and record.measure == "text"


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [SYSTEM, *MESSAGES]},
        {"messages": [{**SYSTEM, "role": "developer"}, *MESSAGES]},
        {"conversations": SHAREGPT, "system": "짧게 답하라."},
        {"conversations": [{"from": "system", "value": "짧게 답하라."}, *SHAREGPT], "system": "짧게 답하라."},
        {"messages": MESSAGES, "system_prompt": "짧게 답하라. "},
    ],
)
def test_a_system_turn_stands_before_all_others_and_in_no_group(folder: Folder, row: dict[str, Any]) -> None:
    record = one(folder, row)
    assert (roles(record), record.turns[0], record.group) == ("suaua", SYSTEM, "금리란?")


def test_tables_hold_turns_as_text_and_parquet_as_lists(folder: Folder) -> None:
    import pyarrow
    import pyarrow.parquet

    lines = io.StringIO()
    rows = [["id", "messages"], ["1", json.dumps(MESSAGES, ensure_ascii=False)], ["2", str(SHAREGPT)], ["3", "금리란?"]]
    csv.writer(lines).writerows(rows)
    folder.write("a.csv", lines.getvalue())
    table = pyarrow.table({"conversations": [SHAREGPT, [], None], "n": [1, 2, 3]})
    pyarrow.parquet.write_table(table, folder.path / "b.parquet")
    records, rejected = folder.read(conversations.read)
    assert [said(r) for r in records] == [SAID] * 3
    assert [(r.origin["file"], r.reason) for r in rejected] == [
        ("a.csv", "turns that are not a list"),
        ("b.parquet", "messages is empty"),
        ("b.parquet", "messages is empty"),
    ]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        (MESSAGES[:3], "the user's turn at the end"),
        (MESSAGES[1:], "the assistant's turn at the beginning"),
        ([*MESSAGES[:1], *MESSAGES], "two turns of the user in a row"),
        ([*MESSAGES, MESSAGES[-1]], "two turns of the assistant in a row"),
        ([*MESSAGES[:2], SYSTEM, *MESSAGES[2:]], "a system turn after others"),
        ([SYSTEM], "no turns"),
        ([*MESSAGES[:3], {"role": "assistant", "content": None}], "a turn without text"),
        ([*MESSAGES[:3], {**MESSAGES[3], "tool_calls": [{"id": "1"}]}], "a conversation with a tool"),
        ([*MESSAGES[:1], {"role": "tool", "content": "3.5%"}, *MESSAGES[1:]], "a conversation with a tool"),
        ([*MESSAGES[:1], {"from": "observation", "value": "3.5%"}, *MESSAGES[1:]], "a conversation with a tool"),
        ([{"role": "narrator", "content": "어느 날"}, *MESSAGES], "a role that is not read"),
        (shown({"type": "image_url", "image_url": {"url": "x"}}), "a turn with more than text"),
        (shown({"type": "image", "text": "그림"}), "a turn with more than text"),
        ([{"role": "user", "content": "가", "value": "나"}, *MESSAGES[1:]], "a turn that says two things"),
        ([MESSAGES[0], {**MESSAGES[1], "weight": 0}, *MESSAGES[2:]], "a turn that is marked to carry no loss"),
        ([MESSAGES[0], {**MESSAGES[1], "train": False}, *MESSAGES[2:]], "a turn that is marked to carry no loss"),
        (list(SAID), "a turn without a role"),
        ([None, *MESSAGES], "a turn without a role"),
        ([{"speaker": "갑", "utterance": "네"}], "a turn without a role"),
        ({"role": ["user"], "content": ["가", "나"]}, "columns of turns that are not of one length"),
        ("질문: 금리란?", "turns that are not a list"),
        ("[" * 3000, "turns that are not a list"),
        ('[{"role": "user", "role": "assistant", "content": "가"}]', "a column name given twice"),
        (3, "turns that are not a list"),
    ],
)
def test_what_is_no_conversation_is_counted_under_its_reason(folder: Folder, turns: Any, reason: str) -> None:
    folder.jsonl("a.jsonl", [{"messages": MESSAGES}, {"messages": turns}])
    (record,), (rejected,) = folder.read(conversations.read)
    assert (rejected.reason, rejected.origin["row"]) == (reason, 2) and rejected.remedy and said(record) == SAID


def test_roles_that_are_read_are_named_where_another_stands(folder: Folder) -> None:
    remedy = refused(folder, {"messages": [{"role": "narrator", "content": "어느 날"}]}).remedy
    assert "'narrator'" in remedy and "human" in remedy and "gpt" in remedy


def test_two_different_system_turns_are_refused(folder: Folder) -> None:
    assert refused(folder, {"messages": [SYSTEM, *MESSAGES], "system": "길게 답하라."}).reason == "two system turns"


def test_what_turns_hold_besides_is_counted_once_a_row(folder: Folder) -> None:
    thought = [{**m, "reasoning_content": "음" if m["role"] == "assistant" else ""} for m in MESSAGES]
    folder.jsonl("a.jsonl", [{"messages": thought, "id": 7}, {"messages": MESSAGES}])
    source = RawFolder(folder.path, conversations.SHAPE)
    assert len(list(conversations.read(source, ("prompt_answer",)))) == 2
    assert source.unread.rows == {"messages[].reasoning_content": 1, "id": 1}


def test_the_last_answer_is_measured_by_what_it_is(folder: Folder) -> None:
    asked = "무엇이 오르나?\nA. 금리\nB. 주가"
    record = one(
        folder,
        {"messages": [*MESSAGES, {"role": "user", "content": asked}, {"role": "assistant", "content": "A. 금리"}]},
    )
    assert (record.measure, record.options, record.correct) == ("choice", ("A. 금리", "B. 주가"), 0)
    assert len(record.turns) == 6 and record.group == "금리란?"


def test_conversations_of_one_opening_are_one_group_however_far_they_go(folder: Folder) -> None:
    choice = [{"role": "user", "content": "고르시오.\n① 가\n② 나"}, {"role": "assistant", "content": "② 나"}]
    folder.jsonl("a.jsonl", [{"messages": choice}, {"messages": [*choice, *MESSAGES]}, {"messages": [SYSTEM, *choice]}])
    records, _ = folder.read(conversations.read)
    assert {record.group for record in records} == {"고르시오."} and len(records) == 3


@pytest.mark.parametrize("reader", [instructions, prompt_response])
@pytest.mark.parametrize(
    "history",
    [
        [["작년 매출액은?", "100억원"]],
        [{"role": "user", "content": "작년 매출액은?"}, {"role": "assistant", "content": "100억원"}],
        [{"prompt": "작년 매출액은?", "response": "100억원"}],
        '[["작년 매출액은?", "100억원"]]',
        "[['작년 매출액은?', '100억원']]",
    ],
)
def test_system_and_history_beside_an_instruction_become_turns(folder: Folder, reader: Any, history: Any) -> None:
    row = {"instruction": "올해는?", "input": "", "output": "120억원", "system": "회계사이다.", "history": history}
    record = one(folder, row, reader)
    assert roles(record) == "suaua"
    assert said(record) == ("회계사이다.", "작년 매출액은?", "100억원", "올해는?", "120억원")
    assert (record.group, record.measure) == ("작년 매출액은?", "number")


@pytest.mark.parametrize("reader", [instructions, prompt_response])
def test_an_empty_history_changes_nothing(folder: Folder, reader: Any) -> None:
    row = {"instruction": "줄이시오.", "input": "긴 글", "output": "글"}
    bare = one(folder, row, reader)
    for empty in ([], "[]", "", None):
        assert one(folder, row | {"history": empty, "system": ""}, reader) == bare
    assert bare.group == ("긴 글" if reader is instructions else "줄이시오.\n\n긴 글")
    assert one(folder, row | {"system": "짧게"}, reader).group == bare.group


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"history": [["가?", ""]]}, "a turn without text"),
        ({"history": [["가?", None]]}, "a turn without text"),
        ({"history": ["가?", "나"]}, "a turn without a role"),
        ({"history": "가? 나"}, "turns that are not a list"),
        ({"history": [{"role": "user", "content": "가?"}]}, "two turns of the user in a row"),
        ({"system": ["가"]}, "system is not text"),
    ],
)
def test_what_was_said_before_is_never_dropped(folder: Folder, columns: dict[str, Any], reason: str) -> None:
    assert refused(folder, {"instruction": "올해는?", "output": "120억원", **columns}, instructions).reason == reason


@pytest.mark.parametrize("reader", [instructions, prompt_response, questions, mcqa])
@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"messages": MESSAGES}, "conversations"),
        ({"id": 1, "Conversations": SHAREGPT}, "conversations"),
        ({"prompt": "가", "chosen": "나", "rejected": "다"}, "preferences"),
    ],
)
def test_a_reader_of_other_columns_names_the_one_that_reads_them(
    folder: Folder, reader: Any, row: dict[str, Any], named: str
) -> None:
    folder.jsonl("a.jsonl", [row])
    with pytest.raises(LineageError, match=f"`reader: {named}`"):
        folder.read(reader.read)


def test_turns_in_a_column_of_texts_are_rejected_with_the_way_forward(folder: Folder) -> None:
    rejected = refused(folder, {"prompt": MESSAGES[:3], "completion": MESSAGES[3:]}, prompt_response)
    assert rejected.reason == "prompt is not text" and "`reader: conversations`" in rejected.remedy


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"instruction": "가", "output": "나"}])
    with pytest.raises(LineageError, match=r"accepted are \(messages\|conversations.*`reader: instructions`"):
        folder.read(conversations.read)

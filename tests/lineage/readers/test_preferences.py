import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import preferences
from lineage.readers.io.raw_folder import RawFolder
from lineage.records.record import Record, Rejected
from lineage.training.preference_data import worse_answer
from tests.lineage.readers.conftest import Folder


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def says(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def hh(*said: str) -> str:
    return "".join(f"\n\n{('Human', 'Assistant')[n % 2]}: {text}" for n, text in enumerate(said))


ASKED, GOOD, BAD = "금리란?", "돈의 값.", "모른다."
OTHER_TURNS = "chosen and rejected answer different turns"
SYSTEM = {"role": "system", "content": "짧게"}


def one(folder: Folder, row: dict[str, Any]) -> Record:
    folder.jsonl("a.jsonl", [row])
    (record,), rejected = folder.read(preferences.read)
    assert not rejected
    return record


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": ASKED, "chosen": GOOD, "rejected": BAD},
        {"question": ASKED, "chosen": GOOD, "rejected": [BAD]},
        {"prompt": [user(ASKED)], "chosen": [says(GOOD)], "rejected": [says(BAD)]},
        {"prompt": ASKED, "chosen": [user(ASKED), says(GOOD)], "rejected": [user(ASKED), says(BAD)]},
        {"prompt": [user(ASKED)], "chosen": [user(f"{ASKED} "), says(GOOD)], "rejected": [says(BAD)]},
        {"chosen": [user(ASKED), says(GOOD)], "rejected": [user(ASKED), says(BAD)]},
        {
            "conversations": [{"from": "human", "value": ASKED}],
            "chosen": {"from": "gpt", "value": GOOD},
            "rejected": {"from": "gpt", "value": BAD},
        },
        {"messages": [user(ASKED), says(GOOD)], "chosen": GOOD, "rejected": BAD},
        {"chosen": json.dumps([user(ASKED), says(GOOD)]), "rejected": str([user(ASKED), says(BAD)])},
        {
            "input": {"messages": [user(ASKED)], "tools": []},
            "preferred_output": [says(GOOD)],
            "non_preferred_output": [says(BAD)],
        },
        {"chosen": hh(ASKED, GOOD), "rejected": hh(ASKED, BAD)},
        {"prompt": hh(ASKED, ""), "chosen": GOOD, "rejected": BAD},
    ],
)
def test_the_chosen_answer_is_the_record_and_the_other_is_kept(folder: Folder, row: dict[str, Any]) -> None:
    record = one(folder, row)
    assert record.turns == (user(ASKED), says(GOOD))
    assert (record.rejected, record.group, worse_answer(record, 7)) == ((BAD,), ASKED, BAD)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [SYSTEM, user("가?"), says("나"), user(ASKED)], "chosen": GOOD, "rejected": BAD},
        {"system": "짧게", "history": [["가?", "나"]], "question": ASKED, "chosen": GOOD, "rejected": BAD},
        {
            "prompt": ASKED,
            "chosen": [SYSTEM, user("가?"), says("나"), user(ASKED), says(GOOD)],
            "rejected": [SYSTEM, user("가?"), says("나"), user(ASKED), says(BAD)],
        },
        {
            "prompt": [SYSTEM, user("가?")],
            "chosen": [user("가?"), says("나"), user(ASKED), says(GOOD)],
            "rejected": [user("가?"), says("나"), user(ASKED), says(BAD)],
        },
        {
            "prompt": [SYSTEM, user("가?"), says("나"), user(ASKED)],
            "chosen": [user(ASKED), says(GOOD)],
            "rejected": [user(ASKED), says(BAD)],
        },
        {"system": "짧게", "chosen": hh("가?", "나", ASKED, GOOD), "rejected": hh("가?", "나", ASKED, BAD)},
    ],
)
def test_both_answers_follow_one_conversation(folder: Folder, row: dict[str, Any]) -> None:
    record = one(folder, row)
    assert record.turns == (SYSTEM, user("가?"), says("나"), user(ASKED), says(GOOD))
    assert (record.rejected, record.group) == ((BAD,), "가?")


def test_an_answer_that_looks_like_a_list_is_a_text(folder: Folder) -> None:
    record = one(folder, {"instruction": "쓰시오.", "input": "긴 글", "chosen": '["가", "나"]', "rejected": "[1] 가"})
    assert (record.completion, record.rejected) == ('["가", "나"]', ("[1] 가",))
    assert (record.prompt, record.group) == ("쓰시오.\n\n긴 글", "긴 글")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": ASKED, "chosen": GOOD, "rejected": f" {GOOD}\n"}, "chosen and rejected are the same"),
        ({"prompt": ASKED, "chosen": GOOD, "rejected": ""}, "rejected is empty"),
        ({"prompt": ASKED, "chosen": None, "rejected": BAD}, "chosen is empty"),
        ({"prompt": "", "chosen": GOOD, "rejected": BAD}, "prompt is empty"),
        ({"chosen": GOOD, "rejected": BAD}, "prompt is empty"),
        ({"prompt": ASKED, "chosen": [user(ASKED)], "rejected": BAD}, "chosen does not end with an answer"),
        ({"chosen": [user("가?"), says(GOOD)], "rejected": [user("나?"), says(BAD)]}, OTHER_TURNS),
        ({"chosen": [user("가?"), says(GOOD)], "rejected": BAD}, OTHER_TURNS),
        ({"prompt": ASKED, "chosen": [user("다른 것?"), says(GOOD)], "rejected": BAD}, "an answer to another prompt"),
        ({"prompt": ASKED, "chosen": 3, "rejected": True}, "rejected is not text"),
        ({"prompt": [user(ASKED)], "input": "글", "chosen": GOOD, "rejected": BAD}, "an input beside several turns"),
        ({"prompt": ASKED, "system": [1], "chosen": GOOD, "rejected": BAD}, "system is not text"),
    ],
)
def test_pairs_that_cannot_be_compared_are_counted_under_their_reason(
    folder: Folder, row: dict[str, Any], reason: str
) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가?", "chosen": "나", "rejected": "다"}, row])
    (_,), (rejected,) = folder.read(preferences.read)
    assert isinstance(rejected, Rejected) and rejected.reason == reason and rejected.remedy


def test_scores_and_repeated_messages_are_counted_as_unread(folder: Folder) -> None:
    talk = [user(ASKED), says(GOOD)]
    folder.jsonl(
        "a.jsonl",
        [
            {
                "prompt": ASKED,
                "messages": talk,
                "chosen": talk,
                "rejected": [user(ASKED), says(BAD)],
                "score_chosen": 8.5,
            }
        ],
    )
    source = RawFolder(folder.path, preferences.SHAPE)
    assert len(list(preferences.read(source, ("prompt_answer",)))) == 1
    assert source.unread.rows == {"messages": 1, "score_chosen": 1}


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가", "completion": "나"}])
    with pytest.raises(LineageError, match=r"accepted are \(chosen"):
        folder.read(preferences.read)

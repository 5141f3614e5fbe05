from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage.chat import duel as duels
from lineage.chat.duel import Duel, Stopped, answer_both, begin, cast, going_on
from lineage.chat.votes import votes_in
from lineage.core.errors import LineageError
from lineage.evaluation.answering import SpokenAnswer

VOICES: Any = SimpleNamespace(weights={"v5_3": "a" * 64, "v6": "b" * 64})
FILE = Path("votes.jsonl")
ANSWERS = {"v5_3": "돈의 값.", "v6": "값."}


@pytest.fixture(autouse=True)
def speaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[dict[str, str]]]]:
    """Versions that say what ANSWERS has, letter by letter; who was asked what."""
    monkeypatch.chdir(tmp_path)
    heard = []

    def speak(voices: Any, version: str, turns: Any, tokens: int, show: Any) -> SpokenAnswer:
        heard.append((version, turns))
        for end in range(1, len(ANSWERS[version]) + 1):
            show(ANSWERS[version][:end])
        return SpokenAnswer(ANSWERS[version], "stopped")

    monkeypatch.setattr(duels, "speak", speak)
    return heard


def put(turns: Any = (), left: str = "") -> Duel:
    """A question that was answered, with a version on the left if that is wanted."""
    while left != (duel := begin(list(turns), "금리란?", ("v5_3", "v6"))).first.version and left:
        pass
    answer_both(duel, VOICES, 9)
    return duel


def test_which_version_stands_on_the_left_is_drawn() -> None:
    left = Counter(begin([], "?", ("v5_3", "v6")).first.version for _ in range(400))
    assert set(left) == {"v5_3", "v6"} and min(left.values()) > 140  # of 400 fair draws below once in 10^9
    duel = begin([], "?", ("v5_3", "v6"))
    assert {duel.first.version, duel.second.version} == {"v5_3", "v6"}


@pytest.mark.parametrize("left", ["v5_3", "v6"])
def test_a_vote_names_the_version_that_stood_there(left: str) -> None:
    right = {"v5_3": "v6", "v6": "v5_3"}[left]
    assert cast(put(left=left), "first", VOICES, "kim", FILE) == 1
    assert cast(put(left=left), "second", VOICES, "", FILE) == 2
    first, second = (one.row() for one in votes_in(FILE))
    assert (first["chosen_by"], first["rejected_by"], first["by"]) == (left, right, "kim")
    assert (second["chosen_by"], second["rejected_by"]) == (right, left)
    for row in (first, second):
        assert row["chosen"] == [{"role": "assistant", "content": ANSWERS[row["chosen_by"]]}]
        assert row["chosen_adapter"] == VOICES.weights[row["chosen_by"]]
    assert (first["shown_first"], second["shown_first"]) == ("chosen", "rejected")


def test_a_conversation_goes_on_for_both_from_the_preferred_answer(speaking: list[Any]) -> None:
    duel = put(left="v6")
    cast(duel, "second", VOICES, "", FILE)
    turns = going_on(duel)
    assert turns[-1] == {"role": "assistant", "content": ANSWERS["v5_3"]}
    put(turns)
    assert speaking[-1][1] == speaking[-2][1] == [*turns, {"role": "user", "content": "금리란?"}]
    tied = put(left="v6")
    cast(tied, "tie", VOICES, "", FILE)
    assert going_on(tied)[-1]["content"] == ANSWERS["v6"]


def test_what_cannot_be_voted_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LineageError, match="both must have answered"):
        cast(begin([], "?", ("v5_3", "v6")), "first", VOICES, "", FILE)
    duel = put()
    cast(duel, "first", VOICES, "", FILE)
    with pytest.raises(LineageError, match="the first vote stands"):
        cast(duel, "second", VOICES, "", FILE)
    monkeypatch.setitem(ANSWERS, "v6", ANSWERS["v5_3"])
    same = put()
    with pytest.raises(LineageError, match="both said the same"):
        cast(same, "first", VOICES, "", FILE)
    assert cast(same, "tie", VOICES, "", FILE) == 2


def test_an_answer_can_be_stopped(speaking: list[Any]) -> None:
    duel = begin([], "?", ("v5_3", "v6"))
    duel.stopped = True
    with pytest.raises(Stopped):
        answer_both(duel, VOICES, 9)
    assert not duel.complete and len(speaking) == 1

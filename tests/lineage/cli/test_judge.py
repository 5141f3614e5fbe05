import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.artifacts.measures import SampleAnswer, read_answers
from lineage.chat.answer_pairs import asked_pairs, stored_pairs, voted_pairs
from lineage.chat.votes import Said, Vote, keep
from lineage.core import paths
from lineage.evaluation import answering, inference
from tests import tiny
from tests.lineage.chat.test_judging import honest
from tests.lineage.cli.words import refused, said
from tests.lineage.synthesis.standin import KEY, StandIn, stand_in

JUDGE = ("judge", "v1", "v2", "--model", "judge-1")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_in(honest) as found:
        monkeypatch.setenv("OPENAI_BASE_URL", found.url)
        yield found


def write_answers(version: str, **answers: str) -> None:
    """The stored answers of a version, by the id of the row."""
    file = paths.metrics(version) / "answers.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        SampleAnswer(set="samples.prompt_answer", answer=text, expected="정답", id=name, prompt=f"{name}?")
        for name, text in answers.items()
    ]
    file.write_text("".join(f"{line.model_dump_json()}\n" for line in lines), encoding="utf-8")


def vote(number: int, first: str, second: str, preferred: str) -> None:
    one, other = Said("v2", "b" * 64, first, "stopped"), Said("v1", "a" * 64, second, "stopped")
    ballot = Vote(f"{number}", ({"role": "user", "content": "금리란?"},), one, other, preferred)  # type: ignore[arg-type]
    keep(ballot, paths.votes("votes"))


def test_stored_answers_are_judged_after_a_yes(workspace: Path, capsys, server: StandIn, monkeypatch) -> None:
    write_answers("v1", a="틀림", b="정답입니다", c="같음", d="모름", e="v1만")
    write_answers("v2", a="정답", b="틀림", c="같음", d="몰라")
    assert "nothing was sent; add --yes" in refused(*JUDGE) and server.requests == []
    before = capsys.readouterr().err
    assert f"To {server.url[:-3]} go 6 requests for judge-1" in before
    assert "3 rows of samples.prompt_answer: own work, redistribution allowed" in before
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    assert "nothing was sent" in refused(*JUDGE) and server.requests == []
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    told = said(capsys, *JUDGE)
    assert "samples.prompt_answer 4 1 1 2 0" in told
    assert "place: the order decided in none of 3 rows" in told
    assert "the same answer twice: 1 of 4 rows" in told and "It decides nothing" in told
    assert len(server.requests) == 6
    assert said(capsys, *JUDGE) == told and len(server.requests) == 6, "the cache answers without a question"


def test_people_and_the_judge_are_compared(workspace: Path, capsys, server: StandIn) -> None:
    """By hand: judge v2 v2 v1 tie, people v2 v1 v1 tie; agreed 3/4, by chance (2·1 + 1·2 + 1·1)/16; 0.4375/0.6875."""
    write_answers("v1", a="틀림")
    write_answers("v2", a="정답")
    vote(1, "정답", "틀림", "first")
    vote(2, "정답", "모름", "second")
    vote(3, "틀림", "정답", "second")
    vote(4, "같음", "같음", "tie")
    told = said(capsys, *JUDGE, "--votes", "votes", "--yes")
    assert "votes of people 4 2 1 1 0" in told and "all 5 3 1 1 0" in told
    assert "with the votes of people: 75% of 4 the same, kappa 0.64; fewer than 30 votes say little" in told
    assert "nobody has voted between base and v2" in refused("judge", "base", "v2", "--model", "m", "--votes", "votes")


def test_what_cannot_be_judged_is_refused(workspace: Path) -> None:
    assert "evaluate@v1" in refused(*JUDGE)
    write_answers("v1", a="하나")
    write_answers("v2", b="둘")
    assert "no answer to the same row" in refused(*JUDGE)
    write_answers("v2", a="둘")
    assert "2 requests wait and no endpoint is named: set OPENAI_BASE_URL" in refused(*JUDGE, "--yes")
    assert "unknown version 'v9'" in refused("judge", "v1", "v9", "--model", "m")
    assert "compared with itself" in refused("judge", "v1", "v1", "--model", "m")
    assert "--ask is -1" in refused(*JUDGE, "--ask", "-1")


def test_answers_are_asked_as_an_evaluation_asks(lineage_here: Path) -> None:
    c = tiny.curriculum()
    pairs = asked_pairs(c, "v1", "base", 2)
    assert {one.group for one in pairs} == {one.set for one in read_answers("v1")} and len(pairs) >= 5
    model, tokenizer = inference.load("v1", c.active)
    turns = [[{"role": "user", "content": one.question}] for one in pairs if one.group == "samples.prompt_answer"]
    alone = answering.answers(model, tokenizer, turns, [c.evaluation.max_new_tokens] * len(turns))
    assert [one.answers[0] for one in pairs if one.group == "samples.prompt_answer"] == [one.text for one in alone]
    assert any(one.answers[0] != one.answers[1] for one in pairs)
    stored = stored_pairs("v1", "v2")
    assert {one.id for one in stored} <= {one.id for one in read_answers("v2")} and all(one.expected for one in stored)
    assert list(voted_pairs([], "v1", "v2")) == []


def test_answers_of_an_adapter_that_is_here_no_more_are_not_judged(lineage_copy: Path) -> None:
    record = Path("models/v2/lineage.json")
    made = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(made | {"adapter": "1" * 64}), encoding="utf-8")
    assert "v2 was trained again since it was measured" in refused(*JUDGE)

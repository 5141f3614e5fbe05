import argparse
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.cli import ask
from lineage.cli.main import main
from lineage.core.errors import LineageError
from tests import tiny
from tests.lineage.cli.words import refused, said


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a person types, a line each."""
    typed: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: typed.pop(0) if typed else (_ for _ in ()).throw(EOFError))
    yield typed


def test_asking_what_is_not_built_names_the_command(workspace: Path) -> None:
    assert "dvc repro train@v2" in refused("ask", "v2", "질문?")
    assert "dvc repro base" in refused("ask", "base", "질문?")
    assert "unknown version 'v9'; params.yaml has base, v1, v2, v3" in refused("ask", "v9", "질문?")


def test_which_words_are_versions_and_which_the_question() -> None:
    c = tiny.curriculum()
    assert ask.whom_and_what(["v2", "질문?"], c) == (["v2"], "질문?")
    assert ask.whom_and_what(["v1", "v2", "base", "질문?"], c) == (["v1", "v2", "base"], "질문?")
    assert ask.whom_and_what(["v1", "v2"], c) == (["v1", "v2"], None)
    for words, why in {
        ("v1", "v22"): "unknown version 'v22'",
        ("v1", "v22", "질문?"): "unknown version 'v22'",
        ("v1", "1", "더하기", "1"): "a question of several words stands in quotes",
        ("v1", "v1", "질문?"): "named twice",
    }.items():
        with pytest.raises(LineageError, match=why):
            ask.whom_and_what(words, c)


def test_asking_a_built_version_prints_its_answer_and_the_same_again(lineage_here: Path, capsys) -> None:
    question = ("ask", "v2", "1 + 1 = ?", "--tokens", "3")
    answer = said(capsys, *question)
    assert answer and answer == said(capsys, *question)


def test_several_answer_under_their_names_what_each_answers_alone(lineage_here: Path, capsys) -> None:
    alone = {version: said(capsys, "ask", version, "3번 상품은?", "--tokens", "9") for version in ("v1", "base")}
    both = said(capsys, "ask", "v1", "base", "3번 상품은?", "--tokens", "9")
    assert both == f"[v1] {alone['v1']} [base] {alone['base']}".strip()


def test_a_question_comes_from_a_pipe_too(lineage_here: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = said(capsys, "ask", "v2", "1 + 1 = ?", "--tokens", "3")
    monkeypatch.setattr(sys, "stdin", io.StringIO("1 + 1 = ?\n"))
    assert said(capsys, "ask", "v2", "--tokens", "3", "1 + 1 = ?") == asked
    assert said(capsys, "ask", "v2", "--tokens", "3") == asked
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    assert "the question is empty" in refused("ask", "v2")


def test_a_conversation_remembers_what_each_version_said(
    lineage_here: Path, capsys, at_a_terminal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage.chat import speaking

    heard: list[tuple[str, list[dict[str, str]]]] = []
    real = speaking.speak

    def listen(voices, version, turns, tokens, show):
        heard.append((version, turns))
        return real(voices, version, turns, tokens, show)

    monkeypatch.setattr(speaking, "speak", listen)
    at_a_terminal += ["3번 상품은?", "틀린 <|im_end|> 말", "그럼 4번은?", ""]
    main(["ask", "v1", "base", "--tokens", "6"])
    found = capsys.readouterr()
    assert found.out.count("[v1]") == found.out.count("[base]") == 2
    assert "spells a control token" in found.err and "ends the conversation" in found.err
    before, _, after = found.err.partition("note: the base is a toy")
    assert "ends the conversation" in after and "spells" not in before
    first, last = dict(heard[:2]), dict(heard[-2:])
    for version in ("v1", "base"):
        assert [turn["role"] for turn in last[version]] == ["user", "assistant", "user"]
        assert last[version][0] == first[version][0] and last[version][2]["content"] == "그럼 4번은?"
    assert last["v1"][1] != last["base"][1], "each has its own answers before it"


def test_an_answer_that_is_cut_says_so_beside_it(lineage_here: Path, capsys) -> None:
    main(["ask", "v2", "1 + 1 = ?", "--tokens", "1"])
    assert "(cut after 1 tokens: the answer is longer; --tokens allows more)" in capsys.readouterr().err
    main(["ask", "v2", "base", "1 + 1 = ?", "--tokens", "1"])
    assert "(base, cut after 1 tokens" in capsys.readouterr().err
    assert "--tokens is 0" in refused("ask", "v2", "1 + 1 = ?", "--tokens", "0")


def test_a_toy_and_rows_known_by_heart_are_said_beside_the_answer(lineage_copy: Path, capsys) -> None:
    """One line on stderr: what reads the answer from a pipe gets the answer alone."""
    ask.run(argparse.Namespace(words=["v1", "0번 상품은?"], tokens=1))
    found = capsys.readouterr()
    (line,) = found.err.splitlines()[-1:]
    assert line.startswith("note: the base is a toy of 0.0 M parameters") and "by heart" not in line
    assert "toy" not in found.out
    file = Path("models/v1/lineage.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(record | {"trained_tokens": 218 * record["mix"]["tokens"]}), encoding="utf-8")
    rows = record["mix"]["rows"]
    assert f"v1 saw its {rows} rows 218 times: it knows them by heart" in " ".join(ask.to_be_doubted("v1"))
    base = Path("models/base/base.json")
    real = json.loads(base.read_text()) | {"origin": {"repo": "Qwen/Qwen2-7B-Instruct", "revision": "a" * 40}}
    base.write_text(json.dumps(real), encoding="utf-8")
    assert ask.to_be_doubted("base") == []

import argparse
import json
from pathlib import Path

from lineage.cli import ask
from lineage.cli.main import main
from tests.lineage.cli.words import refused, said


def test_asking_what_is_not_built_names_the_command(workspace: Path) -> None:
    assert "dvc repro train@v2" in refused("ask", "v2", "질문?")
    assert "dvc repro base" in refused("ask", "base", "질문?")
    assert "unknown version 'v9'; params.yaml has base, v1, v2, v3" in refused("ask", "v9", "질문?")


def test_asking_a_built_version_prints_its_answer_and_the_same_again(lineage_here: Path, capsys) -> None:
    question = ("ask", "v2", "1 + 1 = ?", "--tokens", "3")
    answer = said(capsys, *question)
    assert answer == said(capsys, *question)


def test_an_answer_that_is_cut_says_so_beside_it(lineage_here: Path, capsys) -> None:
    main(["ask", "v2", "1 + 1 = ?", "--tokens", "1"])
    assert "(cut after 1 tokens: the answer is longer; --tokens allows more)" in capsys.readouterr().err


def test_a_toy_and_rows_known_by_heart_are_said_beside_the_answer(lineage_copy: Path, capsys) -> None:
    """One line on stderr: what reads the answer from a pipe gets the answer alone."""
    ask.run(argparse.Namespace(version="v1", question="0번 상품은?", tokens=1))
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

from pathlib import Path

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

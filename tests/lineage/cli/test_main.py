"""One file a command, the file named as the command."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lineage.cli
from lineage.cli.main import main
from tests import tiny
from tests.lineage.cli.words import refused

ROOT = Path(__file__).parents[3]
(FOLDER,) = map(Path, lineage.cli.__path__)
COMMANDS = sorted({file.stem for file in FOLDER.glob("*.py")} - {"main", "__init__", "__main__"})


def python(root: Path, *arguments: str) -> str:
    """What Python prints with the code of `root`."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True, timeout=60).stdout


def test_every_file_is_a_command_that_help_lists(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert sorted(line.split()[0] for line in lines) == COMMANDS
    assert not [line for line in lines if len(line) > 80 or len(line.split()) < 3]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_of_its_own(command: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)  # put back afterwards
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: lineage {command}" in capsys.readouterr().out


def test_an_unknown_command_is_answered_with_the_known_ones(capsys) -> None:
    for words in (["shwo"], ["shwo", "--help"]):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 2
        answer = capsys.readouterr().err
        assert "'shwo'" in answer and not [name for name in COMMANDS if f"'{name}'" not in answer]


def test_an_argument_that_a_command_does_not_take_is_refused(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["show", "--what"])
    assert end.value.code == 2
    assert "lineage show: error: unrecognized arguments: --what" in capsys.readouterr().err


def test_a_new_command_is_one_file_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lineage", tmp_path / "lineage", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "lineage/cli/greet.py").write_text(
        '"""Say a word to somebody."""\n'
        'GROUP = "what a rebuild made"\n'
        'def arguments(parser): parser.add_argument("whom")\n'
        'def run(options): print("hello", options.whom)\n',
        encoding="utf-8",
    )
    assert "  greet       Say a word to somebody\n" in python(tmp_path, "-m", "lineage.cli", "--help")
    assert python(tmp_path, "-m", "lineage.cli", "greet", "you") == "hello you\n"
    assert python(tmp_path, "-m", "lineage.cli.main", "greet", "you") == "hello you\n"


def test_help_loads_nothing_that_the_commands_work_with() -> None:
    loaded = (
        "import sys\nfrom lineage.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    )
    modules = python(ROOT, "-c", loaded).splitlines()[-1].split()
    assert "lineage.cli.main" in modules
    assert not {"lineage.cli.show", "pydantic", "rich", "yaml", "psutil"} & set(modules)


def test_a_mistake_in_the_curriculum_is_shown_without_a_traceback(workspace: Path) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"versions.v3.parent": "v7"})), encoding="utf-8")
    arguments = {
        "add": ["version", "v4", "--parent", "v3"],
        "ask": ["v1", "질문?"],
        "chat": ["v1", "v2"],
        "judge": ["v1", "v2", "--model", "m"],
        "export": ["v1", "--as", "merged"],
        "push": ["v1", "team/v1"],
        "fetch": ["samples"],
        "harness": ["v1"],
        "join": ["v1"],
        "dossier": ["v1"],
        "provenance": ["v1"],
        "trace": ["v1", "답변"],
        "withdraw": ["samples"],
        "convert": ["site_reports", "--shard", "1/4"],
        "adopt": [".", "--as", "v4", "--parent", "v3"],
    }
    elsewhere = {"merge", "publish", "ui", "init", "upgrade", "original"}  # these read it where they need it, or never
    for command in set(COMMANDS) - elsewhere:
        assert "versions.v3.parent: unknown version 'v7'" in refused(command, *arguments.get(command, []))

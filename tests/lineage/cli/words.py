"""A command, run in this process: what it said, or why it refused."""

import pytest

from lineage.cli.main import main


def said(capsys: pytest.CaptureFixture, *words: str) -> str:
    main(list(words))
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def refused(*words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert isinstance(end.value.code, str)  # a message, so the exit code is 1
    return end.value.code

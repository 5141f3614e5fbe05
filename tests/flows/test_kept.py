"""A server that dies is started again; one that cannot live ends all."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from flows import kept
from flows.kept import Kept
from lineage.core.errors import LineageError


def test_what_dies_is_started_again_but_not_what_cannot_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", "open('begun', 'a').write('x')"]
    with ExitStack() as running:
        server = Kept("flows", command)
        server.start(running)
        for times in (1, 2):
            deadline = time.monotonic() + 30
            while not (ends := server.has_ended()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert ends and Path("begun").read_text() == "x" * times
            if times == 1:
                monkeypatch.setattr(kept, "SOUND", 0.0)
                server.keep(running)
                assert "flows has stopped; it is started again" in capsys.readouterr().out
        monkeypatch.setattr(kept, "SOUND", 60.0)
        with pytest.raises(LineageError, match="flows has stopped, and the rest with it"):
            server.keep(running)

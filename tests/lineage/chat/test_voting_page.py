"""The page in a real browser. What needs none is in test_duel.py, test_votes.py and test_loopback.py."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lineage.chat.votes import votes_in
from lineage.chat.voting_page import Booth, application
from lineage.core.errors import LineageError
from lineage.core.plain_text import plain
from tests.browser import PROGRAM, Tab, chromium
from tests.lineage.chat.booth import ANSWERS, HOSTILE

QUESTION = "금리란 무엇입니까? <script>window.harmed = 4</script>"
in_a_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.skipif(not find_spec("nicegui"), reason="NiceGUI is not installed: pip install -e '.[chat]'"),
]


def test_what_draws_the_page_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nicegui", None)
    with pytest.raises(LineageError, match=r"pip install -e '\.\[chat\]'"):
        application(Booth(None, ("v5_3", "v6_clean"), 9, Path("votes.jsonl")))  # type: ignore[arg-type]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that serves the page in a folder of its own."""
    command = [sys.executable, "-m", "tests.lineage.chat.booth", str(tmp_path / "votes.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def ask(tab: Tab, question: str) -> None:
    tab.click(".question textarea")
    tab.type(question)
    tab.until(f"document.querySelector('.question textarea').value === {json.dumps(question)}")
    tab.enter()
    tab.until("document.querySelectorAll('.vote-first').length === 1")


def told(tab: Tab) -> str:
    tab.until("!document.querySelector('.vote-first') && [...document.querySelectorAll('.told')].at(-1).textContent")
    return tab.text(".told")[-1]


def shown(tab: Tab) -> dict[str, str]:
    """What stands on the left and on the right of the last question."""
    return dict(zip("AB", tab.text(".answer")[-2:], strict=True))


class TestInABrowser:
    pytestmark = in_a_browser

    def test_two_answers_grow_are_voted_on_blind_and_harm_nobody(self, server: Any, tmp_path: Path) -> None:
        page, file = f"http://127.0.0.1:{int(server.stdout.readline())}", tmp_path / "votes.jsonl"
        with chromium(tmp_path) as tab:
            tab.window(1440, 900)
            tab.open(page)
            tab.until("!!document.querySelector('.ask')")
            assert tab.text(".note") == ["a <i>note</i>"]

            # They grow: what is seen in between is the beginning of what is seen at the end.
            tab.click(".question textarea")
            tab.type(QUESTION[:7])
            tab.call("Input.imeSetComposition", text=QUESTION[7], selectionStart=1, selectionEnd=1)
            tab.enter()  # ends the syllable, and asks nothing
            tab.type(QUESTION[7:])
            tab.enter()
            some = tab.until("(t => t && t.length > 8 && t)(document.querySelector('.side-a .answer')?.textContent)")
            tab.until("!!document.querySelector('.vote-first')")
            sides = shown(tab)
            assert len(some) < len(sides["A"]) and sides["A"].startswith(some[:-4])
            assert sorted(sides.values()) == sorted(map(plain, ANSWERS.values()))
            assert tab.text(".asked") == [QUESTION]

            # Nobody can know who is who, nor ask on, before the vote.
            assert tab.text(".name") == ["A", "B"]
            received = "".join(tab.frames)
            assert received.count("v5_3") == received.count("v6_clean") == 0
            assert tab.js("document.querySelector('.ask').disabled")

            # The vote names them, and is kept.
            hostile = next(side for side, text in sides.items() if HOSTILE[:9] in text)
            good = {"A": "B", "B": "A"}[hostile]
            tab.click({"A": ".vote-first", "B": ".vote-second"}[good])
            assert (
                told(tab) == "v6_clean is better: kept as vote 1. The conversation goes on from the answer of v6_clean"
            )
            assert tab.text(".name") == [f"{side} · {'v6_clean' if side == good else 'v5_3'}" for side in "AB"]
            (vote,) = votes_in(file)
            row = vote.row()
            assert (row["chosen_by"], row["rejected_by"], row["by"]) == ("v6_clean", "v5_3", "kim")
            assert (
                row["chosen"][0]["content"] == ANSWERS["v6_clean"] and row["rejected"][0]["content"] == ANSWERS["v5_3"]
            )
            assert row["prompt"] == [{"role": "user", "content": QUESTION}]

            # A second question: both go on from the preferred answer; a tie.
            ask(tab, "그럼 환율은?")
            tab.click(".vote-tie")
            assert told(tab).startswith("a tie: kept as vote 2; it trains nothing")
            assert [turn["content"] for turn in votes_in(file)[1].prompt] == [
                QUESTION,
                ANSWERS["v6_clean"],
                "그럼 환율은?",
            ]

            # Skipped and stopped questions leave no vote.
            ask(tab, "건너뛸 질문")
            tab.click(".skip")
            assert told(tab).startswith("no vote")
            tab.click(".question textarea")
            tab.type("멈출 질문")
            tab.click(".ask")
            tab.click(".stop")
            assert told(tab) == "stopped"
            assert len(votes_in(file)) == 2

            # A telephone.
            tab.window(400, 800)
            tab.open(page)
            tab.until("innerWidth === 400 && !!document.querySelector('.ask') && !document.querySelector('.asked')")
            ask(tab, QUESTION)
            assert tab.js("document.documentElement.scrollWidth <= 400"), "the page is wider than the telephone"
            tab.click(".vote-second")
            assert "kept as vote 3" in told(tab) and len(votes_in(file)) == 3

            # Nothing that was said was obeyed, and nothing came from elsewhere.
            assert tab.js("window.harmed === undefined") and not tab.js("document.querySelector('.answer *')")
            assert tab.said == []
            asked = [url for url in tab.requests if not url.startswith("data:")]
            assert len(asked) > 10 and {urlsplit(url).netloc for url in asked} == {urlsplit(page).netloc}

            # A page of elsewhere in the same browser reaches the socket no more than the page.
            socket = f"{page.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
            tab.open("data:text/html,<title>elsewhere</title>")
            tab.until("document.title === 'elsewhere'")
            opened = tab.js(
                f"new Promise(done => {{ const s = new WebSocket({json.dumps(socket)});"
                "s.onopen = () => done('opened'); s.onerror = () => done('refused') })"
            )
            read = tab.js(f"fetch({json.dumps(page)}).then(() => 'read', () => 'refused')")
            assert (opened, read) == ("refused", "refused")

            # Ctrl-C ends the server without a word, also while somebody looks.
            tab.open(page)
            tab.until("!!document.querySelector('.ask')")
            server.send_signal(signal.SIGINT)
            assert server.communicate(timeout=60) == ("", None) and server.returncode == 0

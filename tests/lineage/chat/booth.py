"""A process that serves the page with two versions of a test's own: python -m tests.lineage.chat.booth FILE.

They speak slowly, as models do, and what one of them says is meant to do harm. The port is printed first.
"""

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lineage.chat import duel
from lineage.chat.loopback import listening, serve
from lineage.chat.voting_page import Booth, application
from lineage.evaluation.answering import SpokenAnswer

HOSTILE = (
    "</script></div><script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'>"
    "{{constructor.constructor('window.harmed = 3')()}} \x1b[2J\u202e금리 <b>굵게</b>"
)
ANSWERS = {"v5_3": f"{HOSTILE} 왼쪽이든 오른쪽이든.", "v6_clean": "금리는 돈의 값입니다. 매출액 △5.2%p (전년 12.1%)"}
PAUSE = 0.03


def speak(voices: Any, version: str, turns: Any, tokens: int, show: Any) -> SpokenAnswer:
    """Say it a few letters at a time."""
    text = ANSWERS[version]
    for end in range(4, len(text) + 4, 4):
        show(text[:end])
        time.sleep(PAUSE)
    return SpokenAnswer(text, "stopped")


if __name__ == "__main__":
    duel.speak = speak
    voices: Any = SimpleNamespace(weights={"v5_3": "a" * 64, "v6_clean": "b" * 64})
    with listening(0) as on:
        app = application(Booth(voices, ("v5_3", "v6_clean"), 99, Path(sys.argv[1]), "kim", ("a <i>note</i>",)))
        print(on.getsockname()[1], flush=True)
        serve(app, on)

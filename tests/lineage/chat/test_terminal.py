import io

import pytest

from lineage.chat.terminal import Printed, shown

HOSTILE = "\x1b]0;owned\x07\x1b[2J금리 [red]</b>\u202e끝"


class Screen(io.StringIO):
    """A terminal of so many cells."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    for name, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    return Screen()


def test_an_answer_is_printed_as_it_grows_and_no_byte_twice() -> None:
    out = io.StringIO()
    show = Printed(out)
    for text in ("금", "금리", "금리", "금리는 돈의 값."):
        show(text)
        assert out.getvalue() == text
    show("돈의 값.")  # rewritten: the whole, below
    assert out.getvalue() == "금리는 돈의 값.\n돈의 값."


def test_one_answer_stands_alone_and_several_under_their_versions() -> None:
    out = io.StringIO()
    with shown(["v6"], out) as show:
        show["v6"]("4")
    assert out.getvalue() == "4\n"
    out = io.StringIO()
    with shown(["v5_3", "v6"], out) as show:
        show["v5_3"]("")
        show["v6"]("4")
        show["v6"]("42")
    assert out.getvalue() == "[v5_3]\n\n\n[v6]\n42\n"


def test_on_a_terminal_they_stand_side_by_side(screen: Screen) -> None:
    with shown(["v5_3", "v6"], screen) as show:
        show["v5_3"]("왼쪽 답")
        show["v6"]("오른쪽 답 " * 12)
    whole = screen.getvalue().splitlines()
    line = next(line for line in whole[::-1] if "왼쪽 답" in line)
    assert "오른쪽 답" in line
    assert any("v5_3" in line and "v6" in line for line in whole)


@pytest.mark.parametrize("versions", [["v6"], ["v5_3", "v6"]])
def test_what_a_model_says_steers_no_terminal(versions: list[str], screen: Screen) -> None:
    for out in (screen, io.StringIO()):
        with shown(versions, out) as show:
            for version in versions:
                show[version](HOSTILE)
        text = out.getvalue()
        assert "\x1b]" not in text and "\x1b[2J\u202e" not in text and "\x07" not in text and "\u202e" not in text
        assert "␛]0;owned␇␛[2J금리 [red]</b>\\u202e끝" in text

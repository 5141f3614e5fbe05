"""The page of `lineage chat`: a question, two answers beside each other, a vote, and then the names.

It is drawn by NiceGUI, which serves all that it needs itself. Whatever a model or a person says is a label's text,
which the browser does not read as HTML. Which version stands where is sent to the browser only after the vote.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lineage.chat.duel import Corner, Duel, Stopped, answer_both, begin, cast, going_on
from lineage.chat.speaking import Turns
from lineage.chat.voices import Voices
from lineage.chat.votes import Preferred
from lineage.core.errors import LineageError
from lineage.core.plain_text import plain
from lineage.readers.text.normalize import clean

FONTS = '"Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", system-ui, sans-serif'
TEXT = "whitespace-pre-wrap break-words leading-relaxed [word-break:keep-all] [overflow-wrap:anywhere]"
# Enter asks, but not the Enter that ends a Hangul syllable, nor the one that begins a new line.
ENTER = "(e) => { if (!e.isComposing && !e.shiftKey) { e.preventDefault(); emit(); } }"
BUTTONS: dict[Preferred, str] = {"first": "A is better", "tie": "Tie", "second": "B is better"}
SECONDS = 0.1  # between two looks at how far an answer is


@dataclass(frozen=True, slots=True)
class Booth:
    """What the page asks and where it keeps votes. by: who votes, may be empty. notes: what to bear in mind."""

    voices: Voices
    versions: tuple[str, str]
    tokens: int
    file: Path
    by: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Talk:
    """One conversation of one browser tab."""

    turns: Turns = field(default_factory=list)
    duel: Duel | None = None


def application(booth: Booth) -> Any:
    """The page as an ASGI application. One a process: NiceGUI keeps it in its modules.

    Raises:
        LineageError: NiceGUI is not installed.
    """
    try:
        from nicegui import ui
    except ImportError:
        raise LineageError("lineage chat draws its page with NiceGUI; install it: pip install -e '.[chat]'") from None
    from fastapi import FastAPI

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    title = " · ".join(booth.versions)
    ui.run_with(
        app,
        root=lambda: _page(booth),
        title=title,
        favicon="⚖️",
        dark=None,
        language="ko-KR",  # so that Hangul and Hanja are drawn as Korean writes them
        show_welcome_message=False,
    )
    return app


def _page(booth: Booth) -> None:
    """Draw the page for one tab, and keep what happens in it."""
    from nicegui import ui

    talk = _Talk()
    ui.query("body").style(f"font-family: {FONTS}")
    ui.query(".nicegui-content").classes("w-full max-w-6xl mx-auto")

    with ui.column().classes("w-full gap-1"):
        ui.label(" and ".join(sorted(booth.versions))).classes("text-2xl font-bold versions")
        ui.label(
            "Both answer each question, in an order that is drawn. Say which is better; then their names are shown."
        ).classes("text-sm opacity-70")
        for note in booth.notes:
            ui.label(plain(note)).classes("text-sm text-amber-700 dark:text-amber-400 note")
    said = ui.column().classes("w-full gap-6")
    with ui.row().classes("w-full items-end no-wrap"):
        box = ui.textarea("Question").props("outlined autogrow").classes("grow question")
        send = ui.button("Ask").props("no-caps").classes("ask")
    with ui.row().classes("w-full items-center"):
        again = ui.button("New conversation").props("flat no-caps").classes("again")
        ui.label(f"votes are kept in {booth.file}").classes("text-xs opacity-60 [overflow-wrap:anywhere]")

    def ready(yes: bool) -> None:
        for element in (box, send, again):
            element.set_enabled(yes)

    def after(duel: Duel) -> None:
        """The names are known: the conversation may go on."""
        talk.turns, talk.duel = (going_on(duel) if duel.vote else []), None
        ready(True)
        box.run_method("focus")

    async def ask() -> None:
        from nicegui import run

        question = clean(box.value or "")
        if not question or talk.duel:
            return
        talk.duel = duel = begin(talk.turns, question, booth.versions)
        box.set_value("")
        ready(False)
        with said:
            card = _Card(duel, question, booth, after)
        try:
            await run.io_bound(answer_both, duel, booth.voices, booth.tokens)
        except Exception as error:
            talk.duel = None
            card.failed("stopped" if isinstance(error, Stopped) else str(error))
            ready(True)
            if not isinstance(error, Stopped | LineageError):
                raise
        else:
            card.to_be_voted()

    def leave() -> None:
        if talk.duel:
            talk.duel.stopped = True

    def anew() -> None:
        talk.turns = []
        said.clear()

    send.on_click(ask)
    again.on_click(anew)
    box.on("keydown.enter", ask, js_handler=ENTER)
    ui.context.client.on_delete(leave)


class _Card:
    """A question and its two answers."""

    def __init__(self, duel: Duel, question: str, booth: Booth, after: Callable[[Duel], None]) -> None:
        from nicegui import ui

        self.duel, self.booth, self.after = duel, booth, after
        with ui.column().classes("w-full gap-3 duel"):
            ui.label(plain(question)).classes(f"text-lg font-medium asked {TEXT}")
            with ui.element("div").classes("w-full grid grid-cols-1 md:grid-cols-2 gap-3"):
                self.sides = [self._side(letter, side) for letter, side in (("A", duel.first), ("B", duel.second))]
            self.votes = ui.row().classes("w-full justify-center items-center")
            with self.votes:
                self.stop = ui.button("Stop", on_click=self._stopped).props("flat no-caps").classes("stop")
            self.told = ui.label().classes(f"w-full text-center told {TEXT}")
        self.timer = ui.timer(SECONDS, self.grow)

    def _side(self, letter: str, side: Corner) -> tuple[Corner, Any, Any, Any]:
        from nicegui import ui

        with ui.card().classes(f"w-full side-{letter.lower()}").props("flat bordered"):
            name = ui.label(letter).classes("text-sm font-bold opacity-60 name")
            text = ui.label("…").classes(f"answer {TEXT}")
            ended = ui.label().classes("text-xs opacity-60 ended")
        return side, name, text, ended

    def grow(self) -> None:
        """Show how far the answers are."""
        for side, _, text, ended in self.sides:
            shown = plain(side.text) or ("(nothing)" if side.answer else "…")
            if text.text != shown:
                text.set_text(shown)
            if side.answer and side.answer.ending != "stopped" and not ended.text:
                why = "it repeats itself" if side.answer.ending == "endless" else "it is longer"
                ended.set_text(f"cut after {self.booth.tokens} tokens: {why}. A vote is kept, and trains nothing")

    def to_be_voted(self) -> None:
        """Both have answered."""
        from nicegui import ui

        self.timer.cancel()
        self.grow()
        self.votes.clear()
        with self.votes:
            for preferred, words in BUTTONS.items():
                if preferred == "tie" or not self.duel.same:
                    button = ui.button(words, on_click=partial(self._vote, preferred)).props("no-caps")
                    button.classes(f"vote-{preferred}")
            ui.button("Skip", on_click=self._skip).props("flat no-caps").classes("skip")
        if self.duel.same:
            self.told.set_text("both said the same")

    def failed(self, why: str) -> None:
        """There is nothing to vote on."""
        self.timer.cancel()
        self.grow()
        self.votes.clear()
        self.told.set_text(plain(why))

    async def _vote(self, preferred: Preferred) -> None:
        from nicegui import run

        self.votes.set_visibility(False)  # a second click finds nothing
        try:
            count = await run.io_bound(cast, self.duel, preferred, self.booth.voices, self.booth.by, self.booth.file)
        except (LineageError, OSError) as error:
            self.votes.set_visibility(True)
            self.told.set_text(f"not kept: {plain(error)}")
            return
        winner = {"first": self.duel.first.version, "second": self.duel.second.version}.get(preferred)
        went = f"{winner} is better" if winner else "a tie"
        trains = "" if self.duel.vote and self.duel.vote.trains else "; it trains nothing"
        self._reveal(f"{went}: kept as vote {count:,}{trains}. The conversation goes on from {_from(self.duel)}")

    def _skip(self) -> None:
        self._reveal("no vote; the next question begins a new conversation")

    def _reveal(self, told: str) -> None:
        for letter, (side, name, _, _) in zip("AB", self.sides, strict=True):
            name.set_text(f"{letter} · {side.version}")
        self.votes.clear()
        self.told.set_text(told)
        self.after(self.duel)

    def _stopped(self) -> None:
        self.duel.stopped = True
        self.stop.set_enabled(False)


def _from(duel: Duel) -> str:
    second = duel.vote is not None and duel.vote.preferred == "second"
    return f"the answer of {(duel.second if second else duel.first).version}"

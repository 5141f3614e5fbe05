"""Answers on a terminal as they grow: one as it comes, several side by side. What a model says steers no terminal."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lineage.chat.speaking import Show
from lineage.core.plain_text import plain

NARROWEST = 24  # cells of a column


class Printed:
    """A text that grows on a stream; what is printed is never taken back."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.shown = stream, ""

    def __call__(self, text: str) -> None:
        """Print what is new of it."""
        text = plain(text)
        if not text.startswith(self.shown):  # a tokenizer that rewrites what it said before: the whole, once more
            self.stream.write("\n")
            self.shown = ""
        self.stream.write(text[len(self.shown) :])
        self.stream.flush()
        self.shown = text


@contextmanager
def shown(versions: Sequence[str], stream: TextIO | None = None) -> Iterator[Mapping[str, Show]]:
    """By version, what shows its answer as it grows: in columns on a terminal that is wide enough, else in turn.

    A version's answer must be whole before the next one's begins. The answer of a single version stands alone.
    """
    stream = stream or sys.stdout
    console = Console(file=stream, highlight=False)
    if len(versions) > 1 and console.is_terminal and console.width >= NARROWEST * len(versions):
        with _columns(versions, console) as columns:
            yield columns
        return
    yield {
        version: _under(version, place, stream) if len(versions) > 1 else Printed(stream)
        for place, version in enumerate(versions)
    }
    stream.write("\n")


def _under(version: str, place: int, stream: TextIO) -> Show:
    """Prints under a heading, which comes with the first word."""
    printed = Printed(stream)
    begun = False

    def show(text: str) -> None:
        nonlocal begun
        if not begun:
            begun = True
            stream.write(("\n\n" if place else "") + f"[{version}]\n")
        printed(text)

    return show


@contextmanager
def _columns(versions: Sequence[str], console: Console) -> Iterator[Mapping[str, Show]]:
    """A live table while the answers grow, which may be taller than the screen; then the whole of it, to stay."""
    answers = dict.fromkeys(versions, "")
    with Live(_table(answers), console=console, refresh_per_second=10, transient=True) as live:

        def show(version: str) -> Show:
            def grow(text: str) -> None:
                answers[version] = text
                live.update(_table(answers))

            return grow

        try:
            yield {version: show(version) for version in versions}
        finally:
            live.update("")
    console.print(_table(answers))


def _table(answers: Mapping[str, str]) -> Table:
    table = Table(expand=True)
    for version in answers:
        table.add_column(Text(version), ratio=1, overflow="fold")
    table.add_row(*(Text(plain(text)) for text in answers.values()))
    return table

"""The items of a JSON file one by one, without holding the file: lists of a million rows are usual here.

    [{…}, {…}]                                  each element
    {"data": [{…}, {…}]}                        each element, when `into` names "data"
    {"meta": {…}, "sents": [{…}, {…}]}          the same for "sents", with {"meta": {…}} around each
    {"name": "…", "ticker": "…"}                the object itself
    {…}\\n{…}                                   each value: JSON lines are often named .json

Numbers with a point stay text ("2.50" must not become 2.5), NaN becomes null.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, TextIO

CHUNK = 1 << 16
DECODER = json.JSONDecoder(strict=False, parse_float=str, parse_constant=lambda _: None)


class BrokenJSON(Exception):
    """What is wrong, and in which line; the items before it were given."""

    def __init__(self, line: int, message: str) -> None:
        """Keep both for the message to people."""
        super().__init__(f"line {line}: {message}")
        self.line = line


def decode(text: str) -> Any:
    """One JSON value from one line. Raises BrokenJSON."""
    try:
        value, end = DECODER.raw_decode(text.strip())
    except (ValueError, RecursionError) as error:
        raise BrokenJSON(1, _message(error)) from error
    if end != len(text.strip()):
        raise BrokenJSON(1, "more text after the value")
    return value


def items(stream: TextIO, into: Collection[str] = ()) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(item, what stood before it in the objects around it). Raises BrokenJSON where the file breaks."""
    window = _Window(stream)
    while window.peek():
        yield from _descend(window, into, {})


def _descend(window: "_Window", into: Collection[str], around: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    opening = window.peek()
    if opening == "[":
        for _ in window.members("]"):
            yield window.value(), around
    elif opening == "{":
        own: dict[str, Any] = {}
        descended = False
        for _ in window.members("}"):
            key = window.value()
            window.take(":")
            if key in into and window.peek() in ("[", "{"):
                descended = True
                yield from _descend(window, into, {**around, **own})
            else:
                own[key] = window.value()
        if not descended:
            yield own, around
    else:
        yield window.value(), around


class _Window:
    """The part of a text stream that the parser is looking at."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.text, self.at, self.line = stream, "", 0, 1

    def more(self) -> bool:
        """Read on, forgetting what is done; twice as much each time that one value does not fit."""
        chunk = self.stream.read(max(CHUNK, len(self.text) - self.at))
        self.line += self.text.count("\n", 0, self.at)
        self.text, self.at = self.text[self.at :] + chunk, 0
        return bool(chunk)

    def broken(self, message: str, at: int | None = None) -> BrokenJSON:
        return BrokenJSON(self.line + self.text.count("\n", 0, self.at if at is None else at), message)

    def peek(self) -> str:
        """The next character that is not white space; empty at the end of the file."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in " \t\r\n\ufeff":
                    return self.text[self.at]
                self.at += 1
            if not self.more():
                return ""

    def take(self, wanted: str) -> None:
        found = self.peek()
        if found != wanted:
            raise self.broken(f"expected {wanted!r}, found {found or 'the end of the file'!r}")
        self.at += 1

    def members(self, closing: str) -> Iterator[None]:
        """Step over the brackets and the commas; the caller reads what is between them."""
        self.at += 1
        if self.peek() != closing:
            yield
            while self.peek() != closing:
                self.take(",")
                yield
        self.at += 1

    def value(self) -> Any:
        """The value that starts here, read as far as it goes."""
        self.peek()
        while True:
            try:
                found, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # Cut by the window's edge, or wrong? Only an open string can be cut far from the edge.
                cut = error.pos > len(self.text) - 16 or error.msg.startswith("Unterminated string")
                depth = error.pos - self.at  # reading on moves the window
                if not (cut and self.more()):
                    raise self.broken(error.msg, self.at + depth) from error
                continue
            except (ValueError, RecursionError) as error:
                raise self.broken(_message(error)) from error
            length = end - self.at
            if end == len(self.text) and self.more():  # a number may go on
                continue
            self.at += length
            return found


def _message(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)

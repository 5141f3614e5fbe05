"""The part of a JSON file that is being parsed, read on as far as one value needs: the file is never held whole.

    window = Window(stream)
    for _ in window.members("]"):
        window.item()   # the element's value, or a BrokenJSON that stands for it

Where a broken item ends is told in json_repair.py.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lineage.readers.io.json_repair import OPEN, UNSURE, end_of, without_spare_commas

if TYPE_CHECKING:
    from _typeshed import SupportsRead

CHUNK = 1 << 16
MAX_VALUE = 1 << 26  # characters of one value: a list under an unknown key must not fill the memory
MAX_BROKEN = 1 << 22  # how far the end of a broken item is looked for
SPACE = re.compile("[ \t\r\n\ufeff]*")
NEXT_LINE = re.compile(r"\n(?=[\[{])")


class BrokenJSON(Exception):
    """What is wrong, and in which line; the items before it were given. `reason` names the kind of it."""

    reason = "invalid JSON"

    def __init__(self, line: int, message: str) -> None:
        """Keep both for the message to people."""
        super().__init__(f"line {line}: {message}")
        self.line = line


class GivenTwice(BrokenJSON):
    """An object that says two things under one name: which of them is meant cannot be told."""

    reason = "a column name given twice"


class Decoder(json.JSONDecoder):
    """Values as they are written, and in `twice` what the last one says twice; empty where nothing."""

    def __init__(self) -> None:
        super().__init__(
            strict=False, parse_float=str, parse_constant=_constant, object_pairs_hook=self._object_of_pairs
        )
        self.twice = ""

    def read(self, text: str, at: int = 0) -> tuple[Any, int]:
        """The value that starts at a place, and where it ends. Raises ValueError or RecursionError."""
        self.twice = ""
        return self.raw_decode(text, at)

    def _object_of_pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        made = {}
        for name, value in pairs:
            self.twice = self.twice or two_things(made, name, value)
            if name not in made or value not in ("", None):
                made[name] = value
        return made


def two_things(said: dict[str, Any], name: str, value: Any) -> str:
    """What an object says of `name` already that is another thing than `value`; empty where nothing."""
    before = said.get(name)
    if before in ("", None) or value in ("", None) or (type(before), before) == (type(value), value):
        return ""
    return f"{before!r:.60} and {value!r:.60} are both {name:.60}: give each a name of its own"


def _constant(name: str) -> None:
    if name != "NaN":
        raise ValueError(f"{name} is no value")


DECODER = Decoder()


def decode(text: str) -> Any:
    """One JSON value from one line, which may have spare commas. Raises BrokenJSON, GivenTwice among them."""
    text = text.strip()
    try:
        try:
            value, end = DECODER.read(text)
        except json.JSONDecodeError:
            value, end = DECODER.read(text := without_spare_commas(text))
    except (ValueError, RecursionError) as error:
        raise BrokenJSON(1, _message(error)) from error
    if end != len(text):
        raise BrokenJSON(1, "more text after the value")
    if DECODER.twice:
        raise GivenTwice(1, DECODER.twice)
    return value


class Window:
    """The part of a text stream that the parser is looking at."""

    def __init__(self, stream: "SupportsRead[str]") -> None:
        self.stream, self.text, self.at, self.line = stream, "", 0, 1
        self.indent: str | None = None  # what stands before this place on its line, where that is only space

    def more(self) -> bool:
        """Read on, forgetting what is done; twice as much each time that one value does not fit."""
        if len(self.text) - self.at > MAX_VALUE:
            raise self.broken(f"a value of more than {MAX_VALUE:,} characters: a list under a key that is not known?")
        chunk = self.stream.read(max(CHUNK, len(self.text) - self.at))
        self.line += self.text.count("\n", 0, self.at)
        self.text, self.at = self.text[self.at :] + chunk, 0
        return bool(chunk)

    def broken(self, message: str, at: int | None = None) -> BrokenJSON:
        """The error for this place, or for the one at `at`."""
        return BrokenJSON(self.line_here(at), message)

    def line_here(self, at: int | None = None) -> int:
        """The line of this place, or of the one at `at`; from 1."""
        return self.line + self.text.count("\n", 0, self.at if at is None else at)

    def go(self, to: int) -> None:
        """Step to a place behind this one."""
        self.at, self.indent = to, None

    def peek(self) -> str:
        """The next character that is not white space; empty at the end of the file."""
        if self.at < len(self.text) and (char := self.text[self.at]) > " " and char != "\ufeff":
            return char
        while True:
            end = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if end > self.at:
                _, newline, rest = self.text[self.at : end].rpartition("\n")
                if newline:
                    self.indent = rest
                elif self.indent is not None:
                    self.indent += rest
                self.at = end
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, wanted: str) -> None:
        """Step over one character. Raises BrokenJSON where another one stands."""
        found = self.peek()
        if found != wanted:
            raise self.broken(f"expected {wanted!r}, found {found or 'the end of the file'!r}")
        self.go(self.at + 1)

    def members(self, closing: str) -> Iterator[None]:
        """Step over the brackets and the commas, also one too many or, between two lists or objects, too few."""
        self.go(self.at + 1)
        while (found := self.peek()) != closing:
            if found == ",":
                self.go(self.at + 1)
                continue
            yield
            if (found := self.peek()) == ",":
                self.go(self.at + 1)
            elif found != closing and not (closing == "]" and found in ("[", "{")):
                self.take(",")
        self.go(self.at + 1)

    def value(self) -> Any:
        """The value that starts here, read as far as it goes. Raises GivenTwice behind it, BrokenJSON before it."""
        self.peek()
        while True:
            try:
                found, end = DECODER.read(self.text, self.at)
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
            if DECODER.twice:
                line, said = self.line_here(), DECODER.twice
                self.go(self.at + length)
                raise GivenTwice(line, said)
            self.go(self.at + length)
            return found

    def item(self) -> Any:
        """An element of a list: its value, or the BrokenJSON that stands for it; raised where its end is not sure."""
        try:
            found, end = DECODER.read(self.text, self.at)
            if end < len(self.text) and not DECODER.twice:  # nearly always: the window holds a hundred rows
                self.go(end)
                return found
        except (ValueError, RecursionError):
            pass
        try:
            return self.value()
        except GivenTwice as twice:
            return twice
        except BrokenJSON as error:
            broken = error
        raw = self.rest_of_item()
        if raw is None or self.peek() not in (",", "]", "[", "{"):
            raise broken
        try:
            return decode(raw)
        except BrokenJSON:
            return broken

    def rest_of_item(self) -> str | None:
        """The text of a broken item, stepping behind it; None where it is not sure how far it goes."""
        if self.text[self.at : self.at + 1] not in ("[", "{"):
            return None
        if self.indent is not None:  # a list written line by line: the next item starts where this one did
            here = re.escape(self.indent)
            return self.skip_to(re.compile(rf",?[ \t\r]*\n(?={here}[\[{{]|[ \t]{{0,{len(self.indent)}}}\])"))
        while (end := end_of(self.text, self.at)) == OPEN and self.more_to_mend():
            pass
        if end in (OPEN, UNSURE):
            return None
        raw = self.text[self.at : end]
        self.go(end)
        return raw

    def skip_to(self, pattern: re.Pattern[str]) -> str | None:
        """The text up to the first match, stepping on to the line's end in it; None where there is none."""
        while True:
            found = pattern.search(self.text, self.at)
            if (found and found.end() < len(self.text) - 64) or not self.more_to_mend():
                break
        if (found := pattern.search(self.text, self.at)) is None:
            return None
        raw = self.text[self.at : found.start()]
        self.go(found.start() + found[0].index("\n"))
        return raw

    def more_to_mend(self) -> bool:
        """Read on for the end of a broken item, which is not looked for too far."""
        return len(self.text) - self.at < MAX_BROKEN and self.more()


def _message(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)

"""The items of a JSON file one by one, without holding the file: lists of a million rows are usual here.

    [{…}, {…}]                                  each element
    {"data": [{…}, {…}]}                        each element, when `into` names "data"
    {"meta": {…}, "sents": [{…}, {…}]}          the same for "sents", with {"meta": {…}} around each
    {"name": "…", "ticker": "…"}                the object itself
    {…}\\n{…}                                   each value: JSON lines are often named .json

Numbers with a point stay text ("2.50" must not become 2.5); NaN, which pandas writes where there is no value,
becomes null, an infinity is an error.

Released JSON is sometimes invalid. A comma too many or too few, and raw control characters in a text, change no
value and are passed over. Any other broken item is given as a BrokenJSON in its place, and reading goes on behind
it where the next item surely begins; elsewhere BrokenJSON is raised and the rest of the file stays unread. An item
that says two things under one name, at any depth, is given as GivenTwice: which of them is meant cannot be told. A list
beside the one that is read, whose objects look like its rows, is given as an UnreadList: it must not vanish.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from lineage.readers.io.json_window import NEXT_LINE, BrokenJSON, GivenTwice, Window, two_things

if TYPE_CHECKING:
    from _typeshed import SupportsRead


class UnreadList(BrokenJSON):
    """A list that looks like rows, under a name that is not read; `rows` of them."""

    def __init__(self, name: str, rows: int, accepted: Collection[str]) -> None:
        """Keep the count for the ingest's sums."""
        super().__init__(0, "")
        self.args = (f"{name!r} holds {rows:,} rows; rows are read from {', '.join(sorted(accepted))}",)
        self.rows = rows


def items(stream: "SupportsRead[str]", into: Collection[str] = ()) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(item, what stood before it in the objects around it); a BrokenJSON stands for an item that is broken.

    Raises:
        BrokenJSON: where the file breaks so that the next item cannot be found, or says two things around its rows.
    """
    window = Window(stream)
    if window.peek():
        yield from _descend(window, into, {})
    while window.peek():  # lines of JSON, which cannot hold a line's end themselves
        try:
            yield from _within(window.value(), into, {})
        except GivenTwice as error:
            yield error, {}
        except BrokenJSON as error:
            if window.skip_to(NEXT_LINE) is None:
                raise
            yield error, {}


def _descend(window: Window, into: Collection[str], around: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    opening = window.peek()
    if opening == "[":
        for _ in window.members("]"):
            yield window.item(), around
    elif opening == "{":
        own: dict[str, Any] = {}
        twice: GivenTwice | None = None
        descended = False
        first: Any = None
        for _ in window.members("}"):
            key = window.value()
            if not isinstance(key, str):
                raise window.broken(f"expected a name in quotes, found {key!r:.40}")
            window.take(":")
            if key in into and window.peek() in ("[", "{"):
                if twice:
                    raise twice
                descended = True
                for item, inner in _descend(window, into, {**around, **own}):
                    first = item if first is None else first
                    yield item, inner
            else:
                twice = _into(own, key, window) or twice
        if twice or not descended:
            yield twice or own, around
        yield from ((unread, around) for unread in _unread(own, first, into))
    else:
        yield window.value(), around


def _into(own: dict[str, Any], key: str, window: Window) -> GivenTwice | None:
    """Put the value that comes next under its name; what stands there twice with it, or inside of it."""
    line = window.line_here()
    try:
        value = window.value()
    except GivenTwice as error:
        return error
    if said := two_things(own, key, value):
        return GivenTwice(line, said)
    if key not in own or value not in ("", None):
        own[key] = value
    return None


def _within(value: Any, into: Collection[str], around: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What `_descend` gives, of a value that was read already."""
    if isinstance(value, list):
        yield from ((item, around) for item in value)
    elif isinstance(value, dict) and (lists := [k for k in value if k in into and isinstance(value[k], list | dict)]):
        own = {key: inner for key, inner in value.items() if key not in lists}
        first: Any = None
        for key in lists:
            for item, inner in _within(value[key], into, {**around, **own}):
                first = item if first is None else first
                yield item, inner
        yield from ((unread, around) for unread in _unread(own, first, into))
    else:
        yield value, around


def _unread(own: dict[str, Any], first: Any, into: Collection[str]) -> Iterator[UnreadList]:
    """The lists beside the one that was read whose objects have at least half of its first row's names."""
    if not isinstance(first, dict):
        return
    for name, value in own.items():
        head = value[0] if isinstance(value, list) and value else None
        if isinstance(head, dict) and 2 * len(head.keys() & first.keys()) >= len(first) > 0:
            yield UnreadList(name, len(value), into)

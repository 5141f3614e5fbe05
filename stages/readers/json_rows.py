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
it where the next item surely begins; elsewhere BrokenJSON is raised and the rest of the file stays unread.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from stages.readers.json_window import NEXT_LINE, BrokenJSON, Window

if TYPE_CHECKING:
    from _typeshed import SupportsRead


def items(stream: "SupportsRead[str]", into: Collection[str] = ()) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(item, what stood before it in the objects around it); a BrokenJSON stands for an item that is broken.

    Raises:
        BrokenJSON: where the file breaks so that the next item cannot be found.
    """
    window = Window(stream)
    if window.peek():
        yield from _descend(window, into, {})
    while window.peek():  # lines of JSON, which cannot hold a line's end themselves
        try:
            yield from _within(window.value(), into, {})
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
        descended = False
        for _ in window.members("}"):
            key = window.value()
            if not isinstance(key, str):
                raise window.broken(f"expected a name in quotes, found {key!r:.40}")
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


def _within(value: Any, into: Collection[str], around: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What `_descend` gives, of a value that was read already."""
    if isinstance(value, list):
        yield from ((item, around) for item in value)
    elif isinstance(value, dict) and (lists := [k for k in value if k in into and isinstance(value[k], list | dict)]):
        own = {key: inner for key, inner in value.items() if key not in lists}
        for key in lists:
            yield from _within(value[key], into, {**around, **own})
    else:
        yield value, around

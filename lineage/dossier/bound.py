"""A field of a sentence: what it says, and where in the record that stands.

    {"how": "value", "of": ["models/v3/lineage.json#/mix/rows"], "value": 259}
    {"how": "sum", "of": ["models/v1/lineage.json#/mix/rows", "models/v3/lineage.json#/mix/rows"], "value": 1518}
    {"how": "blank", "of": [], "value": null, "shown": "____ (기록에 없음)", "key": "team.name"}

A place is a file of the workspace and a JSON pointer into it (RFC 6901); `recompute.py` reads them again. `shown` is
what the sentence says in place of a value that is no word for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

How = Literal["value", "there", "default", "sum", "seconds", "count", "strictest", "sha256", "mix", "blank", "blanks"]
MARK = "____ (기록에 없음)"


@dataclass(frozen=True, slots=True)
class Bound:
    """A value of the record.

    how: `value` of a place; `there`, what follows from places where something stands; `default`, since nothing stands
    there; `sum`, `count` (how many there are) and `strictest` (of terms of licences) of places; `seconds`, a sum that
    is shown as a time; `sha256` of a file; `mix`, the hash of a mix; `blank`; `blanks`, how many of them the paper has.
    of: the places. shown: words for it; None where it is shown as it is. key: by which a person fills a blank.
    """

    how: How
    of: tuple[str, ...]
    value: Any
    shown: str | None = None
    key: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether the record cannot know it, and nobody has written it."""
        return self.how == "blank"

    def to_json(self) -> dict[str, Any]:
        """As it stands in `dossier.json`."""
        found: dict[str, Any] = {"how": self.how, "of": list(self.of), "value": self.value}
        found |= {"shown": self.shown} if self.shown is not None else {}
        return found | ({"key": self.key} if self.key else {})


class Words(str):
    """Text that any format takes as it is: a blank stands where `{rows:,}` expects a number."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """Itself."""
        return str(self)


def blank(key: str = "", *of: str) -> Bound:
    """What the record cannot know.

    key: by which a person may fill it in `dossier.yaml`; "" where the record itself is the place to write it.
    of: the places that were looked at, where nothing stands.
    """
    return Bound("blank", of, None, MARK, key)


def there(value: Any, shown: str, *of: str) -> Bound:
    """What follows from places where something stands, such as the names of those places."""
    return Bound("there", of, value, shown)


def summed(parts: Sequence[Bound]) -> Bound:
    """The sum of fields that are values or sums themselves; a blank has no part in it."""
    known = [one for one in parts if not one.is_blank]
    return Bound("sum", tuple(place for one in known for place in one.of), sum(one.value for one in known))


def lasting(parts: Sequence[Bound]) -> Bound:
    """The sum of seconds, shown as about so many hours or minutes."""
    whole = summed(parts)
    return Bound("seconds", whole.of, whole.value, about(whole.value))


def about(seconds: float) -> str:
    """How long something took: `약 2.5시간`, below six minutes in minutes or seconds."""
    if seconds >= 360:
        return f"약 {seconds / 3600:.1f}시간"
    return f"약 {seconds / 60:.0f}분" if seconds >= 90 else f"약 {seconds:.0f}초"

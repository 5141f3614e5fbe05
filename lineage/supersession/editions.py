"""Editions of an article: which text a later one overtook, and which questions about it are older than that.

A version's place in time is the day of its edition, where its reader states one (`origin.edition`), and its own day,
`as_of`; where these are the same, the last day that anything in its file has, for not every change is marked. A text
that comes back later is not overtaken. Of two texts that differ in nothing of this nobody can say which holds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edition:
    """A record with an article's text. Days are numbers, 20240101, and 0 where none is stated.

    file_day: the last day of any article of its file. tail: the last that the text itself names, <개정 2024.1.1>.
    loc: where the record lies.
    """

    as_of: int
    edition: int
    file_day: int
    tail: int
    text: int
    form: int
    loc: int

    @property
    def day(self) -> int:
        """The day that it holds from: its edition's before a tail's, which is that of a decision, not of its force."""
        return self.edition or self.as_of

    @property
    def order(self) -> tuple[int, int, int]:
        """What sorts versions by time."""
        return (self.day, self.as_of, self.file_day)


@dataclass(frozen=True, slots=True)
class Deletion:
    """제7조 삭제, and the day of the edition that says so."""

    day: int
    place: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The record at `loc` holds until the day `until`; `by` is where the newest lies, or the words of a deletion."""

    loc: int
    by: int | str
    until: int


def amended(versions: Sequence[Edition], deletion: Deletion | None) -> Iterator[Overtaken]:
    """The versions of one article that the newest one, or its deletion, overtook; a number is not given twice."""
    dated = [version for version in versions if version.day]
    newest = max((version.order for version in dated), default=(0, 0, 0))
    if deletion and deletion.day > newest[0]:
        yield from (Overtaken(v.loc, deletion.place, _until(v, dated) or deletion.day) for v in versions)
        return
    latest = [version for version in dated if version.order == newest]
    holds = {version.text for version in latest}
    for version in dated:
        if version.order < newest and version.text not in holds:
            by = min(latest, key=lambda other: (other.form != version.form, other.loc))
            yield Overtaken(version.loc, by.loc, _until(version, dated))


def conflicting(versions: Iterable[Edition], overtaken: set[int]) -> list[Edition]:
    """Versions that no later one overtook and that still differ."""
    left = [version for version in versions if version.loc not in overtaken]
    newest = max((version.order for version in left), default=(0, 0, 0))
    undecided = [version for version in left if version.order == newest or not version.day]
    return undecided if len({version.text for version in undecided}) > 1 else []


def overtakes(
    versions: Sequence[Edition], deletion: Deletion | None, day: int, book_has_tails: bool
) -> tuple[int | str, int] | None:
    """What overtook a question of that day about the article, and since when; None if its text still holds.

    What overtook it is the place of the newest version, or the words of a deletion. Where no version of the day is
    known, the newest one tells: by the tail in its text, <개정 2024.1.1>, or, in a rulebook that writes no tails, by
    its date alone.

    Args:
        versions: all that are known of the article, in any order.
        deletion: the edition that deletes it, if one does.
        day: of the question, as a number: 20240101.
        book_has_tails: whether any article of the rulebook has such a tail.
    """
    dated = sorted((v for v in versions if v.as_of), key=lambda v: (v.order, v.loc))
    if deletion and deletion.day > day and deletion.day > max((v.day for v in dated), default=0):
        return deletion.place, deletion.day
    if not dated or dated[-1].as_of <= day:
        return None
    newest = dated[-1]
    later = [version for version in dated if version.as_of > day]
    then = [version for version in dated if version.as_of <= day]
    if then:
        differs = then[-1].text != newest.text
    elif any(version.text != newest.text for version in later):
        differs = True
    elif newest.tail:
        differs = newest.tail > day
    else:
        differs = not book_has_tails
    since = min(version.as_of for version in later if not then or version.text != then[-1].text) if differs else 0
    by = min(v.loc for v in dated if v.order == newest.order)
    return (by, since) if differs else None


def _until(version: Edition, dated: Sequence[Edition]) -> int:
    """The day of the first later version with another text; 0 if there is none."""
    later = [other for other in dated if other.order > version.order and other.text != version.text]
    if not later:
        return 0
    first = min(later, key=lambda other: (other.order, other.loc))
    return first.as_of if first.as_of > version.as_of else first.edition or first.file_day

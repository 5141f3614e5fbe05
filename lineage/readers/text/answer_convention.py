"""What a file's answers to multiple-choice questions are: an option's text, its label, or its number from 0 or from 1.

    options ["2", "4", "1", "3"], answer "1"        the text says the third, a number the second or the first
    → {"text": 2, "label": None, "from 0": 1, "from 1": 0}

One row cannot tell, its file can: a way of reading that names an option in every row is the file's, where another one
names none in some of them. A row that is read in no way by its file's convention is rejected, and so is one that two
conventions read differently and nothing tells apart.

What says more than a number needs no convention: "B", "②", "2번", "(2)", "B. 부채", "정답: 부채".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import permutations
from typing import Literal

from lineage.readers.text.multiple_choice import CIRCLES, LETTERS, Options
from lineage.readers.text.normalize import one_line

Way = Literal["text", "label", "from 0", "from 1"]
WAYS: tuple[Way, ...] = ("text", "label", "from 0", "from 1")
# A way stands against some rows of another one if it has so many times their number: they are flawed. A set that
# answers figures by their text and words by their number is no rare thing, one that counts from 0 and from 1 is.
FLAWED_TEXTS, FLAWED_NUMBERS = 50, 3
NO_OPTION = "the answer matches no option"
TWO_OPTIONS = "the answer's letter and its text name different options"
FROM_0_OR_1 = "an answer's number that may count from 0 or from 1"
TEXT_OR_NUMBER = "an answer that may be an option's text or its number"
TEXT_OR_LABEL = "an answer that may be an option's text or its letter"

SAID = re.compile(r"^(?:(?:정답|답|answer|ans)\s*(?:은|는|[:：])\s*|(?:정답|답)\s+)", re.IGNORECASE)
NUMBER = re.compile(r"(\d{1,6})(?:\.0+)?")  # a table with an empty cell writes 2.0
MARKED = re.compile(
    r"^\(?(?:(?P<letter>[A-J])(?:[.):]|번)?|(?P<small>[a-j])(?:[.):]|$)|(?P<circle>[①-⑩])(?:[.):]|번)?"
    r"|(?P<number>\d{1,2})(?:\)|번|\.(?!\d)))\s*(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True)
class Readings:
    """The option that an answer names in each way, from 0, or None. ways: those in question."""

    by: dict[Way, int | None]
    ways: tuple[Way, ...]


def readings(answer: str, options: Options) -> Readings | str:
    """What an answer can mean, or why it contradicts itself."""
    said = one_line(answer)
    said = said if said in options.texts else SAID.sub("", said)
    by: dict[Way, int | None] = dict.fromkeys(WAYS)
    by["text"] = options.texts.index(said) if said in options.texts else None
    if number := NUMBER.fullmatch(said):
        n, last = int(number[1]), len(options.texts)
        if options.numbered:
            by["label"] = options.labels.index(str(n)) if str(n) in options.labels else None
            return Readings(by, ("text", "label"))
        by["from 0"], by["from 1"] = n if n < last else None, n - 1 if 1 <= n <= last else None
        return Readings(by, ("text", "from 0", "from 1"))
    named = _marked(said, options)
    if isinstance(named, str) and by["text"] is None:
        return named
    by["label"] = named if isinstance(named, int) else None
    return Readings(by, ("text", "label"))


def _marked(said: str, options: Options) -> int | str | None:
    """The option of a letter, a circled number or a number with a mark; None where there is none of these."""
    mark = MARKED.match(said)
    if not mark:
        return None
    if letter := (mark["letter"] or mark["small"] or "").upper():
        lettered = options.labels if options.labels and not options.numbered else tuple(LETTERS)
        named = lettered.index(letter) if letter in lettered else len(LETTERS)
    else:
        n = str(CIRCLES.index(mark["circle"]) + 1) if mark["circle"] else str(int(mark["number"]))
        counted = options.labels if options.numbered else tuple(str(i + 1) for i in range(len(options.texts)))
        named = counted.index(n) if n in counted else len(LETTERS)
    rest = mark["rest"]
    if rest and rest in options.texts and options.texts.index(rest) != named:
        return TWO_OPTIONS
    return NO_OPTION if named >= len(options.texts) or (rest and rest not in options.texts) else named


@dataclass(frozen=True, slots=True)
class Votes:
    """Of a file: how many of its rows are read in one way and not in another, (way, other) → rows."""

    alone: Counter[tuple[Way, Way]] = field(default_factory=Counter)

    def add(self, found: Readings) -> None:
        """Count a row."""
        for way, other in permutations(WAYS, 2):
            self.alone[way, other] += found.by[way] is not None and found.by[other] is None

    def expect(self, way: Way | None) -> None:
        """Count what the names of the columns say of numbers as one more row."""
        if way:
            self.alone[way, "from 1" if way == "from 0" else "from 0"] += 1

    def beaten(self, way: Way, by: Way) -> bool:
        """Whether the rows say that one way is not the file's, since another one is."""
        flawed = FLAWED_TEXTS if "text" in (way, by) else FLAWED_NUMBERS
        return self.alone[by, way] > 0 and self.alone[by, way] >= flawed * self.alone[way, by]


def meant(found: Readings, votes: Callable[[], Votes]) -> int | str:
    """The option that an answer means, counted from 0, or why that cannot be told.

    found: its readings. votes: gives those of its file, and is asked only where they are needed.
    """
    given = {index for index in found.by.values() if index is not None}
    if not given:
        return NO_OPTION
    counts = "from 0" in found.ways
    if len(given) == 1 and not counts:
        return given.pop()
    told = votes()
    left = [way for way in found.ways if not any(told.beaten(way, by) for by in found.ways)]
    # A number that is no option's text can only count.
    left = [way for way in left if found.by[way] is not None or way.startswith("from")] or left
    named = {found.by[way] for way in left}
    if len(named) == 1:
        only = named.pop()
        return only if only is not None else (NO_OPTION if found.by["text"] is None else TEXT_OR_NUMBER)
    if "text" not in left:
        return FROM_0_OR_1
    return TEXT_OR_NUMBER if counts else TEXT_OR_LABEL


def right_one(answer: str, options: Options, votes: Callable[[], Votes]) -> int | str:
    """The option that an answer means, counted from 0, or why there is none.

    Args:
        answer: as the row has it.
        options: of the row.
        votes: gives those of its file, and is asked only where they are needed.
    """
    if len(set(options.texts)) < len(options.texts):
        return "two options are the same"
    found = readings(answer, options)
    return found if isinstance(found, str) else meant(found, votes)


def votes_by_file(answered: Iterable[tuple[str, str, Options, Way | None]]) -> dict[str, Votes]:
    """The votes of every file.

    answered: of each row its file, answer, options, and how the names of its columns say that numbers count.
    """
    votes: dict[str, Votes] = {}
    for file, answer, options, expected in answered:
        if file not in votes:
            votes[file] = Votes()
            votes[file].expect(expected)
        if not isinstance(found := readings(answer, options), str):
            votes[file].add(found)
    return votes

"""Which wide gaps in a line part two pieces of text, as between the columns of a table, and which do not."""

import re

FREE = 0.9  # of the font size: a wider gap parts what stands in two columns
LEADER = re.compile(r"(?:[.·․‥…ㆍ・･∙_] ?){4,}")  # dots that lead from a name to its figure
MARKER = re.compile(
    r"[^\w\s]+|[(\[<]?\w{1,3}[.)\]>:]|제\s*\d+\s*[편장절관조항]|[oOㅇ]|[①-⑮㉠-㉭]|[주註]\s*\d*\s*[):]*|자료\s*:"
)
OPENING, CLOSING = frozenset("([<｢「『《〈"), frozenset(")]>｣」』》〉")


def are_apart(before: str, after: str) -> bool:
    """Whether a wide space parts two pieces of text: not one after a bullet, nor one in brackets, to be filled in."""
    before = before.rstrip()
    if MARKER.fullmatch(before) or before[-1:] in OPENING or after[:1] in CLOSING:
        return False
    return len(after) < 3 or any(map(str.isalnum, after))

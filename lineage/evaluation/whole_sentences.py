"""An answer that was cut, up to the end of its last whole sentence.

A sentence ends with . ! ? … or 。, with closing brackets and quotation marks behind it, before white space or the end
of the text. None ends with a point inside a number (3.5) or behind the digit that a text was cut at (2.), before a
small letter (U.S. dollar), or behind a number that counts the items of a list.
"""

import re

END = re.compile(r"(?:[.!?…]+[\"'”’」』)\]]*(?=\s|$)(?!\s+[a-z])|[。！？][”’」』）]*)")
COUNTS = re.compile(r"(?:^|\n)\s*\(?\d+$")
DIGIT = re.compile(r"\d$")


def whole_sentences(text: str) -> str:
    """The text without what stands behind its last whole sentence; all of it where no sentence ends."""
    for found in reversed(list(END.finditer(text))):
        number = COUNTS if text[found.end() :].strip() else DIGIT
        if not (found[0] == "." and number.search(text[: found.start()])):
            return text[: found.end()]
    return text

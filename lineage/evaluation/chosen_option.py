"""Which of a prompt's options an answer chooses that reasons first.

    prompt "자산이 아닌 것은?\\nA. 현금\\nB. 차입금"     answer "갚아야 할 돈이다.\\n**정답: B. 차입금**"     → 1

What the answer says after its last 정답 is its choice, or its last line where it says that nowhere. Behind the text of
an option more may follow (`B. 차입금이다`). A letter before a text that is not its own names none.
"""

import re

from lineage.readers.text.answer_kind import BEFORE, MARK, ChoiceAnswer, choice, options_in
from lineage.readers.text.normalize import one_line

SAID_BY = "정답"
GOES_ON = re.compile(r"[.,]?\d|[A-Za-z]")  # a figure or a foreign word that is longer than the option's


def chosen_place(prompt: str, answer: str) -> int | None:
    """The place of the option that an answer chooses, from 0; None for none of them."""
    answer = answer.replace("**", "").strip()
    at = answer.rfind(SAID_BY)
    line = (answer[at:].partition("\n")[0] if at >= 0 else answer.rpartition("\n")[2]).strip()
    found = choice(prompt, line)
    if isinstance(found, ChoiceAnswer):
        return found.correct
    return _with_more_behind(prompt, line) if found is None else None


def _with_more_behind(prompt: str, line: str) -> int | None:
    """The option whose letter and whole text a line begins with; of two such texts the longer one is meant."""
    options = options_in(prompt)[1]
    line = BEFORE.sub("", line, count=1)
    mark = MARK.match(line)
    if not (mark and mark["label"] in options):
        return None
    said = one_line(line[mark.end() :])
    texts = [one_line(text) for text in options.values()]
    begun = [text for text in texts if said.startswith(text) and not GOES_ON.match(said, len(text))]
    named = list(options).index(mark["label"])
    return named if begun and texts[named] == max(begun, key=len) and texts.count(texts[named]) == 1 else None

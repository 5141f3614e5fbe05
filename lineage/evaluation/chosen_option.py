"""Which of a prompt's options an answer chooses that reasons first.

    prompt "자산이 아닌 것은?\\nA. 현금\\nB. 차입금"     answer "갚아야 할 돈이다.\\n**정답: B. 차입금**"     → 1

What the answer says after its last 정답 is its choice, or its last line where it says that nowhere. An answer that
names no option there, or a letter and the text of another one, has chosen none.
"""

from lineage.readers.text.answer_kind import ChoiceAnswer, choice

SAID_BY = "정답"


def chosen_place(prompt: str, answer: str) -> int | None:
    """The place of the option that an answer chooses, from 0; None for none of them."""
    answer = answer.replace("**", "").strip()
    at = answer.rfind(SAID_BY)
    line = answer[at:].partition("\n")[0] if at >= 0 else answer.rpartition("\n")[2]
    found = choice(prompt, line.strip())
    return found.correct if isinstance(found, ChoiceAnswer) else None

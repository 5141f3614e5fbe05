"""Questions that their table or passage cannot answer, and answers that say so.

The readers write "답을 찾을 수 없음" as the answer of such a question, and every prompt of a file that holds such
questions allows for it in the same words (lineage/readers/text/no_answer.py). Where a row has neither, the data do not
say whether it can be answered, and nothing is counted.
"""

import re

from lineage.readers.text.no_answer import ALLOWED, NO_ANSWER
from lineage.records.record import Record

# The whole answer, in the wordings of it that need no judgement: one that also names a figure is none of these.
DECLINED = re.compile(
    r"(?:(?:제시된|주어진|위|이|해당)\s*)?(?:(?:표|지문|본문|자료|문서)(?:에서|에는|에|만으로는|으로는|로는)?(?:는|은)?\s*)?"
    r"(?:질문에\s*대한\s*)?(?:(?:정답|답변|답)(?:을|은|이)?\s*)?"
    r"(?:찾을|알|답할|답변할)\s*수(?:가|는)?\s*(?:없음|없다|없습니다|없어요)"
    r"|(?:정답|답변|답)(?:이|은)?\s*(?:없음|없다|없습니다)"
)
AROUND = re.compile(r"^(?:(?:정답|답변|답)\s*[:：]\s*)?[\s'\"‘’“”「」]*|[\s'\"‘’“”「」.。!]*(?:입니다|이다)?[\s.。!]*$")


def is_answerable(record: Record) -> bool | None:
    """Whether a question can be answered; None where the data do not say so."""
    if record.completion.strip() == NO_ANSWER:
        return False
    return True if record.prompt.endswith(ALLOWED) else None


def declines(answer: str) -> bool:
    """Whether an answer says, and says nothing else, that there is none."""
    return DECLINED.fullmatch(AROUND.sub("", answer.strip())) is not None

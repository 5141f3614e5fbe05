"""A record as a reference: the text that can be asked about, and the name by which a question can call it.

    "업무규정 제3조(호가의 접수)의 내용은 무엇입니까?"        name "업무규정 제3조(호가의 접수)", text: the answer
    "가산금리의 뜻을 설명하시오."                            term "가산금리", text: the answer
    "기업보고서의 '3. 실적' 부분을 JSON 문서로 써 주세요."     name "기업보고서의 '3. 실적' 부분", text: 내용 and 표
    "다음 표를 보고 물음에 답하시오.\\n구분 | …\\n\\n질문: …"  no name, text: the table or the passage

The wordings are those of this project's readers; a test reads with them. A record of any other wording has no name:
its question is asked with the text shown.
"""

import json
import re
from typing import Any

from lineage.records.record import Form, Record
from lineage.synthesis.proposal import Reference

SHORT = 15  # characters: less than this is a name or a figure, not a text
PREFERRED: tuple[Form, ...] = ("prompt_answer", "document", "record", "summary")  # the form that a text is taken from
SHOWN = re.compile(r"다음 (?:표|글)[^\n]*\n(?P<text>.+)\n\n질문: ", re.DOTALL)
NAMED = re.compile(
    r"(?P<name>.+?)(?:의 내용은 무엇입니까\?|의 본문을 보여 주세요\.|(?<= 부분)을 JSON 문서로 써 주세요\."
    r"|(?<= 부분)을 JSON으로 요약해 주세요\.)"
)
TERM = re.compile(r"(?P<term>.+?)(?:의 뜻을|에 대해) 설명하시오\.")
ABOUT_TERM = re.compile(r"의 (?:이해|개념|의의|정의|뜻)$|이?란\??$")  # titles of expositions: "현금의 이해"


def reference_of(record: Record) -> Reference | str:
    """The record as a reference, or the reason why there is nothing to ask about it."""
    prompt = record.prompt.strip()
    name = term = ""
    if shown := SHOWN.match(prompt):
        text = shown["text"].strip()
    elif record.measure in ("choice", "number"):
        return "a question itself, without a text"
    else:
        text = _text(record.completion)
        if named := NAMED.fullmatch(prompt):
            name = named["name"]
        elif explained := TERM.fullmatch(prompt):
            name = explained["term"]
            term = ABOUT_TERM.sub("", name)
    if len(text) < SHORT:
        return f"a text of less than {SHORT} characters"
    return Reference(record.id, record.group, record.documents, record.as_of, name, text, term)


def _text(completion: str) -> str:
    """The text of an answer; that of a JSON answer is its 내용 or 요약, and its 표 as lines "구분 | 2023년"."""
    try:
        said = json.loads(completion)
    except ValueError:
        return completion.strip()
    if not isinstance(said, dict):
        return completion.strip()
    lines: list[str] = []
    for key in ("내용", "요약", "답"):
        lines += _lines(said.get(key))
    for row in said.get("표") or []:
        lines.append(" | ".join(str(cell).replace("\n", " ") for cell in row))
    return "\n".join(lines)


def _lines(said: Any) -> list[str]:
    found = said if isinstance(said, list) else [said]
    return [text.strip() for text in found if isinstance(text, str) and text.strip()]

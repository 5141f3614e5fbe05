"""A reader's record made fit to be written: clean text, personal data masked, a group that fits a line.

    {"prompt": "담당자는?", "response": "홍길동 010-1234-5678 "}  → "홍길동 [전화번호]"

What cannot be written becomes a Rejected that says why.
"""

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256

from lineage.readers.text.control_tokens import control_token
from lineage.readers.text.normalize import clean, one_line
from lineage.readers.text.pii import masked
from lineage.records.record import Record, Rejected

LONG_GROUP = 200
LOST = "\ufffd"  # stands for a sign that has no letter: `convert` writes it where a figure is drawn as a picture


def fitted(record: Record, personal: str) -> tuple[Record | Rejected, Counter[str]]:
    """The record as it is written, or why it cannot be; and the personal data found in it, by kind."""
    found = cleaned(record)
    if isinstance(found, Rejected):
        return found, Counter()
    found, kinds = without_personal_data(found, personal)
    if isinstance(found, Record):  # shortened last: a number that is cut in two would not be found
        found = replace(found, group=group_name(found.group))
    return found, kinds


def cleaned(record: Record) -> Record | Rejected:
    """The record with clean text and its group on one line, or the reason why it cannot be written."""
    turns = tuple({**turn, "content": clean(turn["content"])} for turn in record.turns)
    if not all(turn["content"] for turn in turns):
        return Rejected(record.origin, "a text without a visible character", "fill it in, or leave the row out")
    texts = (*(turn["content"] for turn in turns), *record.options, *record.rejected)
    try:
        "".join((record.group, *texts)).encode()
    except UnicodeEncodeError as error:
        return Rejected(record.origin, "half a character", f"{error.reason}: an emoji was cut in two; repair the text")
    if any(LOST in text for text in texts):
        said = f"{LOST} stands for a sign that could not be read: repair the text, or have its page read by OCR"
        return Rejected(record.origin, "a sign that could not be read", said)
    if found := next(filter(None, map(control_token, texts)), ""):
        said = f"a tokenizer reads {found} as the end of a turn, or the like; take it out of the row"
        return Rejected(record.origin, "a control token in the text", said)
    options = tuple(map(clean, record.options))
    if record.correct is not None and options[record.correct] != turns[-1]["content"]:
        return Rejected(record.origin, "the right option is not the answer", f"{options!r:.120}")
    rejected = tuple(text for text in map(clean, record.rejected) if text and text != turns[-1]["content"])
    return replace(record, turns=turns, options=options, rejected=rejected, group=one_line(record.group))


def without_personal_data(record: Record, treatment: str) -> tuple[Record | Rejected, Counter[str]]:
    """The record as `sources.<source>.personal` wants it (mask, refuse, keep), and what was found, by kind.

    The group is masked by its own text alone, whatever the turns hold: a group must not become two.
    """
    texts = [masked(turn["content"]) for turn in record.turns]
    rejected = [masked(answer) for answer in record.rejected]
    kinds = sum((found for _, found in (*texts, *rejected)), Counter[str]())
    if treatment == "keep":
        return record, kinds
    if treatment == "refuse":
        said = f"{', '.join(sorted(kinds))}: take it out of the row"
        return Rejected(record.origin, "personal data", said) if kinds else record, kinds
    group = masked(record.group)[0]
    if not kinds:
        return replace(record, group=group), kinds
    turns = tuple({**turn, "content": text} for turn, (text, _) in zip(record.turns, texts, strict=True))
    options = tuple(masked(option)[0] for option in record.options)
    worse = tuple(text for text, _ in rejected)
    return replace(record, turns=turns, options=options, rejected=worse, group=group), kinds


def group_name(group: str) -> str:
    """A group's text on one line; a long one by its beginning and its hash, which name it just as well."""
    line = one_line(group)
    return line if len(line) <= LONG_GROUP else f"{line[:80]}… {sha256(line.encode()).hexdigest()[:16]}"


def as_record_form(record: Record) -> Record:
    """The same questions, their answers as JSON: {"답": "B. 자산", "분야": "회계"}, the field if it is known."""
    known = record.origin.get("field")

    def wrapped(answer: str) -> str:
        return json.dumps({"답": answer} | ({"분야": known} if known else {}), ensure_ascii=False)

    turns = [
        {**turn, "content": wrapped(turn["content"])} if turn["role"] == "assistant" else turn for turn in record.turns
    ]
    return replace(
        record,
        form="record",
        turns=tuple(turns),
        options=tuple(map(wrapped, record.options)),
        rejected=tuple(map(wrapped, record.rejected)),
    )

"""Conversations of several turns: `messages` (OpenAI, TRL) and ShareGPT's `conversations`.

    {"messages": [{"role": "system", "content": "짧게 답하라."}, {"role": "user", "content": "금리란?"},
                  {"role": "assistant", "content": "돈의 값."}]}
    {"conversations": [{"from": "human", "value": "금리란?"}, {"from": "gpt", "value": "돈의 값."}], "system": "…"}
    {"prompt": [{"role": "user", "content": "금리란?"}], "completion": [{"role": "assistant", "content": "돈의 값."}]}

JSON, JSONL, CSV, Parquet, Arrow or Excel; in tables the list may stand as JSON text. What roles and forms are read is
said in `lineage/readers/text/dialogue.py`. A conversation is one record, whole; which of its answers carry the loss is
said by `supervise:` of its source, the last or all. Those that open with the same question are one group.

    python -m stages.ingest chats
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.dialogue import BEFORE, NotSpoken, Turns, conversation, holds_turns, turns_of, with_system
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"messages": ("messages", "conversations", "conversation", "dialogue", "turns", "대화")}
IN_HALVES = {"prompt": ("prompt",), "completion": ("completion", "response")}  # TRL's, each a list of turns
OPTIONAL = {"system": BEFORE["system"]}
SHAPES = (SHAPE, IN_HALVES, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a conversation; one that is cut, or has a turn that is no text, is Rejected.

    Raises:
        LineageError: a file has no column of turns.
    """
    for row in shaped(without_disliked(rows(folder)), [SHAPE, IN_HALVES], OPTIONAL, whole={**SHAPE, **IN_HALVES}):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            yield _record(row)
        except NotSpoken as error:
            yield Rejected(row.origin, error.reason, error.remedy)


def _record(row: RawRow) -> Record | Rejected:
    if "messages" in row.values:
        turns = turns_of(row.values["messages"], row, "messages")
    else:
        turns = (*_half(row, "prompt", "user"), *_half(row, "completion", "assistant"))
    return conversation(with_system(row.values["system"], turns), row)


def _half(row: RawRow, column: str, role: str) -> Turns:
    """The turns of a half; a plain text is one turn of `role`."""
    said = row.values[column]
    if isinstance(said, str) and not holds_turns(said):
        said = [{"role": role, "content": said}]
    return turns_of(said, row, column)

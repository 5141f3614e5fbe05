"""Conversations of several turns: `messages` (OpenAI, TRL) and ShareGPT's `conversations`.

    {"messages": [{"role": "system", "content": "짧게 답하라."}, {"role": "user", "content": "금리란?"},
                  {"role": "assistant", "content": "돈의 값."}]}
    {"conversations": [{"from": "human", "value": "금리란?"}, {"from": "gpt", "value": "돈의 값."}], "system": "…"}

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
from lineage.readers.text.dialogue import BEFORE, NotSpoken, conversation, turns_of, with_system
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"messages": ("messages", "conversations", "conversation", "dialogue", "turns", "대화")}
OPTIONAL = {"system": BEFORE["system"]}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a conversation; one that is cut, or has a turn that is no text, is Rejected.

    Raises:
        LineageError: a file has no column of turns.
    """
    for row in shaped(rows(folder), [SHAPE], OPTIONAL, whole=("messages",)):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            yield _record(row)
        except NotSpoken as error:
            yield Rejected(row.origin, error.reason, error.remedy)


def _record(row: RawRow) -> Record | Rejected:
    turns = turns_of(row.values["messages"], row, "messages")
    return conversation(with_system(row.values["system"], turns), row)

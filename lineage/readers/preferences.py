"""Preference pairs: a prompt with the answer that people chose, and the one that they liked less.

    {"prompt": "금리란?", "chosen": "돈의 값.", "rejected": "모른다."}
    {"prompt": [{"role": "user", "content": "금리란?"}], "chosen": [{"role": "assistant", "content": "돈의 값."}],
     "rejected": [{"role": "assistant", "content": "모른다."}]}
    {"chosen": [{"role": "user", …}, {"role": "assistant", …}], "rejected": [the same turns, another answer]}
    {"input": {"messages": […]}, "preferred_output": […], "non_preferred_output": […]}                          OpenAI
    {"chosen": "\\n\\nHuman: 금리란?\\n\\nAssistant: 돈의 값.", "rejected": "\\n\\nHuman: 금리란?\\n\\nAssistant: …"}

JSON, JSONL, CSV, Parquet, Arrow or Excel. The chosen answer is the record's, and trained on as any other; the other one
is kept as `rejected`, which is what a version with `train.preference` learns to say less. Both must answer the same
turns. Rows that open with the same question are one group.

    python -m stages.ingest judged
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.dialogue import (
    BEFORE,
    NotSpoken,
    Turns,
    conversation,
    holds_turns,
    turns_of,
    with_system,
)
from lineage.readers.text.normalize import clean, one_line
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "chosen": ("chosen", "chosen_response", "chosen_answer", "preferred_output"),
    "rejected": ("rejected", "rejected_response", "rejected_answer", "non_preferred_output"),
}
OPTIONAL = {
    "prompt": ("prompt", "instruction", "question", "query", "질문", "messages", "conversations"),
    "input": ("input",),
} | BEFORE
SHAPES = (SHAPE, OPTIONAL)
SPEAKER = re.compile(r"(?:^|\n\n)(Human|Assistant):")


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row: the prompt and the chosen answer, with what was rejected.

    Raises:
        LineageError: a file has no chosen and rejected columns.
    """
    for row in shaped(without_disliked(rows(folder)), [SHAPE], OPTIONAL, whole=SHAPE):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            yield _record(row)
        except NotSpoken as error:
            yield Rejected(row.origin, error.reason, error.remedy)


def _record(row: RawRow) -> Record | Rejected:
    prompt, given = _prompt(row)
    before, better = _answer(row.values["chosen"], row, "chosen")
    asked = _joined(prompt, before)
    if not asked:
        raise NotSpoken("prompt is empty", "fill it in, or give chosen and rejected with the turns that they answer")
    worse = []
    for said in _several(row.values["rejected"]):
        before, answer = _answer(said, row, "rejected")
        if _plain(_joined(prompt, before)) != _plain(asked):
            raise NotSpoken("chosen and rejected answer different turns", "they may differ in their last turn alone")
        worse.append(answer)
    if all(clean(answer) == clean(better) for answer in worse):
        raise NotSpoken("chosen and rejected are the same", "nobody can prefer one of them: leave the row out")
    turns = with_system(row.values["system"], (*asked, {"role": "assistant", "content": better}))
    found = conversation(turns, row)
    if isinstance(found, Rejected):
        return found
    return replace(found, rejected=tuple(worse), group=one_line(given) or found.group)


def _prompt(row: RawRow) -> tuple[Turns, str]:
    """The turns that are answered, as far as they stand apart from the answers, and the `input` among them."""
    said, given = row.values["prompt"], row.values["input"]
    if not said and isinstance(given, list | dict):
        said, given = given, ""
    given = text(given)
    history = turns_of(row.values["history"], row, "history")
    if given is None:
        raise NotSpoken("input is not text", f"found {row.values['input']!r:.80}")
    turns = _spoken(said, row, "prompt")
    if turns is None:
        asked = "\n\n".join(filter(None, (text(said), given)))
        return (*history, *(({"role": "user", "content": asked},) if asked else ())), given
    if given:
        raise NotSpoken("an input beside several turns", "write it into the turn that it belongs to")
    if turns and turns[-1]["role"] == "assistant":  # `messages` of some sets hold the chosen answer too
        turns = turns[:-1]
    return (*history, *turns), ""


def _answer(said: Any, row: RawRow, column: str) -> tuple[Turns, str]:
    """What stands before an answer in its own column, and the answer."""
    turns = _spoken(said, row, column)
    if turns is None:
        if not (answer := text(said)):
            raise NotSpoken(f"{column} is {'empty' if answer == '' else 'not text'}", f"found {said!r:.80}")
        return (), answer
    if not turns or turns[-1]["role"] != "assistant":
        raise NotSpoken(f"{column} does not end with an answer", "its last turn must be the assistant's")
    return turns[:-1], turns[-1]["content"]


def _several(said: Any) -> Sequence[Any]:
    """The rejected answers of a row: one, or a list of texts."""
    texts = isinstance(said, list) and said and all(isinstance(one, str) for one in said)
    return said if texts else [said]


def _spoken(said: Any, row: RawRow, column: str) -> Turns | None:
    """The turns of a value; None where it is a plain text or nothing."""
    if isinstance(said, list | dict) or (isinstance(said, str) and holds_turns(said)):
        return turns_of(said, row, column)
    before, *parts = SPEAKER.split(said.strip()) if isinstance(said, str) else [""]
    if before or "Assistant" not in parts[::2]:
        return None
    spoken = [(name, part.strip()) for name, part in zip(parts[::2], parts[1::2], strict=True)]
    if not spoken[-1][1]:  # a prompt that ends where the answer begins
        spoken.pop()
    return turns_of([{"role": name, "content": part} for name, part in spoken], row, column)


def _joined(prompt: Turns, before: Turns) -> Turns:
    """The turns that are answered, of which the column of the answer may repeat all or some.

    Raises:
        NotSpoken: it repeats others.
    """
    ours, theirs = _plain(prompt), _plain(before)
    if not theirs or before[0]["role"] == "assistant":
        return (*prompt, *before)
    system = tuple(turn for turn in prompt[:1] if turn["role"] == "system" != before[0]["role"])
    if theirs[: len(ours)] == ours or theirs[-len(ours) :] == ours:
        return (*system, *before)
    if ours[-len(theirs) :] == theirs:
        return prompt
    raise NotSpoken("an answer to another prompt", f"{theirs[-1][1]!r:.60}, but the prompt ends {ours[-1][1]!r:.60}")


def _plain(turns: Turns) -> list[tuple[str, str]]:
    """Turns as they are compared: without the system's, and whatever their white space."""
    return [(turn["role"], one_line(turn["content"])) for turn in turns if turn["role"] != "system"]

"""A record: one thing to learn or to be asked, whatever source it came from.

One JSON object a line, the same in `data/records`, `data/heldout` and `data/mixes`:

    {"id": "metamath.prompt_answer.5f0c…", "source": "metamath", "form": "prompt_answer",
     "group": "가온상사는 …", "licence": "MIT",
     "origin": {"file": "MetaMathQA-40K.json", "row": 12}, "documents": [],
     "turns": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}],
     "measure": "number", "options": [], "correct": null, "rejected": [], "as_of": ""}

- `turns` are an exchange or a conversation: a system turn if there is one, then user and assistant by turns.
- The last turn is the completion, the only one with a loss; what comes before it is the prompt. A conversation that
  also says `"supervise": "all"` has a loss on every turn of the assistant; no other record holds that field.
- `group` is what must not be split between training and held-out rows: a document, an original question, an article.
- `origin` leads back to paper: file (relative to the source's folder), then page, article or row.
- `documents` are the SHA-256 sums of the files that the text was made from, so that excluding a report
  also excludes what somebody wrote out of it.
- `as_of` is the day (2024-07-01) from which the text holds, 시행일 or 기준일, where its source states one.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from lineage.core.errors import LineageError

Form = Literal["prompt_answer", "record", "document", "summary"]
Measure = Literal["choice", "number", "text", "none"]
Supervise = Literal["last", "all"]  # which turns of the assistant carry the loss
FORMS: tuple[Form, ...] = get_args(Form)
MEASURES: tuple[Measure, ...] = get_args(Measure)
SPEAKERS = ("user", "assistant")  # of a conversation, by turns
PARTS = ("own", "replay")  # the two files of a mix, in the order in which its hash takes them


@dataclass(frozen=True, slots=True)
class Record:
    """One training or held-out row. `group` and `turns` are what a reader must give; ingest adds the rest.

    measure: how an answer is judged besides its NLL: `choice` by the likelihood of `options`, `number` by the
    last number in the answer, `text` by chrF, `none` by NLL alone (long documents).
    options: the candidate completions, whole; `correct` is the index of the right one.
    rejected: completions that people liked less than this record's.
    supervise: which turns of the assistant are trained and measured: the last alone, or all.
    """

    group: str
    turns: tuple[dict[str, str], ...]
    origin: dict[str, Any]
    form: Form = "prompt_answer"
    measure: Measure = "text"
    options: tuple[str, ...] = ()
    correct: int | None = None
    rejected: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    as_of: str = ""
    id: str = ""
    source: str = ""
    licence: str = ""
    supervise: Supervise = "last"

    def __post_init__(self) -> None:
        if wrong := misordered([turn["role"] for turn in self.turns]):
            raise LineageError(
                f"{self.origin}: a record needs a prompt and an assistant's answer, found {wrong}: {self.turns!r:.200}"
            )
        if not self.completion.strip():
            raise LineageError(f"{self.origin}: the answer is empty")
        if self.measure == "choice" and not (self.correct is not None and 0 <= self.correct < len(self.options)):
            raise LineageError(f"{self.origin}: correct={self.correct} names none of the {len(self.options)} options")

    @property
    def completion(self) -> str:
        """What the model is trained to say."""
        return self.turns[-1]["content"]

    @property
    def field(self) -> str:
        """What it is about (세무, 한국사), where its source says so in a column; otherwise empty."""
        return str(self.origin.get("field", ""))

    @property
    def prompt(self) -> str:
        """The last thing that the user said."""
        return self.turns[-2]["content"]

    @property
    def asked(self) -> str:
        """All that stands before the answer, for people to read: the prompt, or every turn under its role."""
        before = self.turns[:-1]
        return self.prompt if len(before) == 1 else "\n".join(f"{turn['role']}: {turn['content']}" for turn in before)

    @property
    def supervised(self) -> tuple[int, ...]:
        """The places of the turns that carry the loss."""
        last = len(self.turns) - 1
        if self.supervise == "last":
            return (last,)
        return tuple(place for place, turn in enumerate(self.turns) if turn["role"] == "assistant")

    def placed(self, source: str, licence: str) -> "Record":
        """The record with its source, licence and an id that depends on its content alone."""
        content = json.dumps([self.group, self.turns], ensure_ascii=False, sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        return replace(self, id=f"{source}.{self.form}.{digest}", source=source, licence=licence)

    def to_json(self) -> str:
        """One line of JSONL, without the newline; the same record gives the same bytes."""
        shown = {name: getattr(self, name) for name in _FIELDS}
        if self.supervise == "last":  # records of one exchange are the bytes that they were without this field
            del shown["supervise"]
        return json.dumps(shown, ensure_ascii=False)


_FIELDS = tuple(sorted(f.name for f in fields(Record)))


def misordered(roles: Sequence[str]) -> str:
    """What is wrong with the order of a conversation's turns; "" where user and assistant speak by turns."""
    spoken = roles[1:] if roles and roles[0] == "system" else roles
    for place, role in enumerate(spoken):
        if role == "system":
            return "a system turn after others"
        if role not in SPEAKERS:
            return f"a turn of {role}, who is none of {' and '.join(SPEAKERS)}"
        if role != SPEAKERS[place % 2]:
            return f"two turns of the {role} in a row" if place else "the assistant's turn at the beginning"
    if not spoken:
        return "no turns"
    return "the user's turn at the end" if spoken[-1] == "user" else ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A raw row that gave no record. Ingest counts it under `reason` and lists it: nothing is dropped unseen."""

    origin: dict[str, Any]
    reason: str
    remedy: str = ""
    rows: int = field(default=1)


def qa(prompt: str, answer: str, *, group: str, origin: dict[str, Any], **rest: Any) -> Record:
    """The usual record: one question, one answer.

    Args:
        prompt: the user's turn.
        answer: the assistant's turn, which carries the loss.
        group: what must stay on one side of the split.
        origin: where it comes from: file, then page, article or row.
        rest: other fields of a Record, such as measure or as_of.
    """
    turns = ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})
    return Record(group=group, turns=turns, origin=origin, **rest)


def from_json(line: str) -> Record:
    """The record that `Record.to_json` wrote."""
    row = json.loads(line)
    return Record(**row | {name: tuple(row[name]) for name in ("turns", "options", "rejected", "documents")})


def read_records(path: Path) -> Iterator[Record]:
    """Stream a JSONL file of records, or all of a folder's in name order."""
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        yield from (record for _, record in placed_records(file))


def placed_records(file: Path) -> Iterator[tuple[int, Record]]:
    """Stream a JSONL file of records, each with its place in bytes, for `record_at` to come back to."""
    at = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield at, from_json(line.decode())
            except (ValueError, KeyError, TypeError) as error:
                raise LineageError(
                    f"{file}:{number}: not a record ({error}); run `dvc repro` to make it again"
                ) from error
            at += len(line)


def record_at(stream: BinaryIO, at: int) -> Record:
    """The record at a place of an open file."""
    stream.seek(at)
    return from_json(stream.readline().decode())

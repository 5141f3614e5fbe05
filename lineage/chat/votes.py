"""What people preferred, in rows that `reader: preferences` reads as they are: `data/raw/own/<source>/votes.jsonl`.

    {"id": "5f0c…", "prompt": [{"role": "user", "content": "금리란?"}],
     "chosen": [{"role": "assistant", "content": "돈의 값."}],
     "rejected": [{"role": "assistant", "content": "모른다."}],
     "chosen_by": "v6", "rejected_by": "v5_3", "chosen_adapter": "91c0…", "rejected_adapter": "1537…",
     "chosen_ending": "stopped", "rejected_ending": "stopped", "shown_first": "rejected", "by": "kim"}
    {"id": "77d1…", "prompt": […], "chosen": null, "rejected": null, "weight": 0, "tied": [{"version": "v6", …}, …], …}

Columns that the reader does not know are counted as unread. A tie is kept, and gives no record: nothing is chosen in
it, and `weight: 0` says why. The same weight stands on a vote between answers of which one was cut: training would put
a stop where there was none.

The file is written anew beside itself and renamed, so that a reader finds it before or after a vote, never amid one.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lineage.artifacts.measures import Ending
from lineage.core.errors import LineageError
from lineage.core.paths import STATE

Preferred = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer. adapter: the SHA-256 of the version's tensors; of the base its identity."""

    version: str
    adapter: str
    text: str
    ending: Ending


@dataclass(frozen=True, slots=True)
class Vote:
    """Which of two answers a person preferred.

    id: of the question as it was put, so that no question is voted on twice.
    prompt: the turns that both answer. first, second: the answers in the order in which they were shown.
    by: who voted, if that was said.
    """

    id: str
    prompt: tuple[dict[str, str], ...]
    first: Said
    second: Said
    preferred: Preferred
    by: str = ""

    @property
    def trains(self) -> bool:
        """Whether the reader makes a record of it."""
        whole = self.first.ending == self.second.ending == "stopped"
        return self.preferred != "tie" and whole and bool(self.first.text and self.second.text)

    def row(self) -> dict[str, Any]:
        """The line of the file, as the module shows it."""
        said: dict[str, Any] = {"id": self.id, "prompt": list(self.prompt)}
        if self.preferred == "tie":
            said |= {"chosen": None, "rejected": None, "tied": [asdict(one) for one in (self.first, self.second)]}
        else:
            ordered = (self.first, self.second) if self.preferred == "first" else (self.second, self.first)
            for name, one in zip(("chosen", "rejected"), ordered, strict=True):
                said[name] = [{"role": "assistant", "content": one.text}]
            for name, one in zip(("chosen_", "rejected_"), ordered, strict=True):
                said |= {f"{name}by": one.version, f"{name}adapter": one.adapter, f"{name}ending": one.ending}
            said["shown_first"] = "chosen" if self.preferred == "first" else "rejected"
        return said | ({} if self.trains else {"weight": 0}) | ({"by": self.by} if self.by else {})


def vote_of(row: dict[str, Any]) -> Vote:
    """A vote from a line of the file; KeyError, TypeError or ValueError where it is none."""
    preferred: Preferred = "tie"
    if "tied" in row:
        first, second = (Said(**one) for one in row["tied"])
    else:
        first, second = (
            Said(row[f"{name}_by"], row[f"{name}_adapter"], row[name][0]["content"], row[f"{name}_ending"])
            for name in ("chosen", "rejected")
        )
        preferred = "first"
        if row["shown_first"] != "chosen":
            first, second, preferred = second, first, "second"
    return Vote(str(row["id"]), tuple(row["prompt"]), first, second, preferred, str(row.get("by", "")))


def votes_in(file: Path) -> list[Vote]:
    """All votes of a file, oldest first; none where there is no file.

    Raises:
        LineageError: a line is no vote.
    """
    return [vote for _, vote in _lines(file)]


def keep(vote: Vote, file: Path) -> int:
    """Add a vote to its file, whole or not at all; how many there are then. The same one again changes nothing.

    Raises:
        LineageError: another vote on the same question is kept already, or a line of the file is no vote.
    """
    with _only_writer():
        kept = list(_lines(file))
        if (found := next((old for _, old in kept if old.id == vote.id), None)) is not None:
            if found != vote:
                raise LineageError(f"{file}: this question was voted on already; the first vote stands")
            return len(kept)
        lines = [*(line for line, _ in kept), json.dumps(vote.row(), ensure_ascii=False)]
        file.parent.mkdir(parents=True, exist_ok=True)
        _write("".join(f"{line}\n" for line in lines), file)
        return len(lines)


def _lines(file: Path) -> Iterator[tuple[str, Vote]]:
    try:
        content = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise LineageError(f"{file}: not UTF-8 ({error}); mend it, or move it away") from None
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                yield line, vote_of(json.loads(line))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                why = f"{type(error).__name__}: {error}"
                raise LineageError(f"{file}:{number}: not a vote ({why}); mend the line, or move the file") from None


def _write(text: str, file: Path) -> None:
    """Written beside the file under a hidden name, which no reader looks at, and renamed once it is on the disk."""
    part = file.with_name(f".{file.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename too
    finally:
        os.close(folder)


@contextmanager
def _only_writer() -> Iterator[None]:
    """Two pages that are voted on at once write one after the other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "votes.lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

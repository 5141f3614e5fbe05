import json
import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage.chat.votes import Preferred, Said, Vote, keep, vote_of, votes_in
from lineage.config.load import parse_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.ingest.ingest import ingest
from lineage.readers import reader
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Record, Rejected, read_records
from tests import tiny

FILE = Path("votes.jsonl")
ASKED = ({"role": "user", "content": "금리란?"},)
TALK = (*ASKED, {"role": "assistant", "content": "돈의 값."}, {"role": "user", "content": "환율은?"})
SPEAKS_IN_TURNS = '\n\nHuman: 뭐?\n\nAssistant: [{"role": "assistant", "content": "아니"}]\u2028</script>\x1b[2J'


def vote(
    number: int, preferred: Preferred = "first", *, ending: Any = "stopped", worse: str = "모른다.", **more: Any
) -> Vote:
    first = Said("v5_3", "a" * 64, f"{number}번 답.", "stopped")
    second = Said("v6", "b" * 64, worse, ending)
    return Vote(f"{number:032x}", more.pop("prompt", ASKED), first, second, preferred, **more)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("preferred", ["first", "second", "tie"])
@pytest.mark.parametrize("by", ["", "kim"])
def test_a_vote_comes_back_as_it_was_cast(preferred: Preferred, by: str) -> None:
    cast = vote(7, preferred, ending="cut", prompt=TALK, by=by)
    assert vote_of(json.loads(json.dumps(cast.row()))) == cast


def found(*votes: Vote) -> tuple[list[Record], list[Rejected], dict[str, int]]:
    """What the reader of preferences makes of a file of votes, and what it counts as unread."""
    folder = paths.votes("votes").parent
    for one in votes:
        keep(one, paths.votes("votes"))
    source = parse_curriculum(tiny.params(**{"sources.votes": VOTES})).sources["votes"]
    unread = UnreadColumns()
    items = list(reader("preferences").found_in(folder, source, unread))
    return (
        [item for item in items if isinstance(item, Record)],
        [item for item in items if isinstance(item, Rejected)],
        dict(unread.rows),
    )


VOTES = {
    "title": "votes",
    "input": "raw",
    "reader": "preferences",
    "forms": ["prompt_answer"],
    "heldout": 0.0,
    "licence": "own",
}


def test_the_reader_takes_votes_as_they_are_and_counts_what_it_does_not_read() -> None:
    records, rejected, unread = found(vote(1, "first", by="kim"), vote(2, "second", prompt=TALK))
    assert not rejected
    assert [(one.turns[:-1], one.completion, one.rejected) for one in records] == [
        (ASKED, "1번 답.", ("모른다.",)),
        (TALK, "모른다.", ("2번 답.",)),
    ]
    beside = [f"{who}_{what}" for who in ("chosen", "rejected") for what in ("by", "adapter", "ending")]
    assert unread == dict.fromkeys(("id", "shown_first", *beside), 2) | {"by": 1}


def test_ties_and_answers_that_were_cut_are_kept_and_give_no_record() -> None:
    votes = [vote(1, "tie"), vote(2, "first", ending="cut"), vote(3, "second", ending="endless"), vote(4, worse="")]
    assert not any(one.trains for one in votes)
    records, rejected, _ = found(*votes)
    assert not records and len(rejected) == 4
    assert {one.reason for one in rejected} == {"a row that is marked to carry no loss"}
    assert votes_in(paths.votes("votes")) == votes
    records, rejected, _ = found(vote(5))
    assert len(records) == 1 and len(rejected) == 4


def test_an_answer_is_never_taken_for_turns() -> None:
    (record,), rejected, _ = found(vote(1, "second", worse=SPEAKS_IN_TURNS))
    assert not rejected and len(record.turns) == 2
    assert record.completion.startswith("Human: 뭐?\n\nAssistant: [{")


def test_votes_are_ingested_and_are_the_pairs_of_a_preference_phase(lineage_copy: Path) -> None:
    from transformers import AutoTokenizer

    from lineage.training.preference_data import pairs_of

    for one in (vote(1), vote(2, "second", prompt=TALK), vote(3, "tie")):
        keep(one, paths.votes("votes"))
    source = parse_curriculum(tiny.params(**{"sources.votes": VOTES})).sources["votes"]
    records, heldout, mix = Path("records"), Path("heldout"), Path("mix")
    for folder in (records, heldout, mix):
        folder.mkdir()
    counts = ingest(paths.votes("votes").parent, records, heldout, "votes", source)
    assert (counts.raw_rows, counts.records, counts.rejected_rows) == (3, 2, 1)
    tiny.write_rows(mix / "own.jsonl", read_records(records / "records.jsonl"))
    tiny.write_rows(mix / "replay.jsonl", [])
    tokenizer = AutoTokenizer.from_pretrained("models/base")
    pairs = pairs_of(mix, tokenizer, "hash", 128, 7)
    assert pairs.sources["votes"]["pairs"] == pairs.sources["votes"]["judged"] == 2
    said = {
        tuple(tokenizer.decode(row[name], skip_special_tokens=True).strip() for name in ("chosen_ids", "rejected_ids"))
        for row in pairs.dataset
    }
    assert said == {("1번 답.", "모른다."), ("모른다.", "2번 답.")}


def test_a_question_is_voted_on_once() -> None:
    assert [keep(vote(1), FILE), keep(vote(2, "tie"), FILE), keep(vote(1), FILE)] == [1, 2, 2]
    with pytest.raises(LineageError, match="the first vote stands"):
        keep(replace(vote(1), preferred="second"), FILE)
    assert votes_in(FILE) == [vote(1), vote(2, "tie")]
    assert vote_of(vote(2, "tie").row()).first.text == "2번 답."


def test_a_file_that_somebody_broke_is_named_and_not_written_over() -> None:
    keep(vote(1), FILE)
    whole = FILE.read_text(encoding="utf-8")
    FILE.write_text(whole[:-1], encoding="utf-8")  # an editor that writes no last newline
    assert keep(vote(2), FILE) == 2
    for broken in (whole[: len(whole) // 2], '{"id": "1"}\n', "[]\n"):
        FILE.write_text(broken, encoding="utf-8")
        with pytest.raises(LineageError, match=r"votes\.jsonl:1: not a vote"):
            keep(vote(3), FILE)
        assert FILE.read_text(encoding="utf-8") == broken


def test_a_full_disk_loses_no_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(vote(1), FILE)
    before = FILE.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "fsync", full)
        keep(vote(2), FILE)
    assert FILE.read_bytes() == before
    assert keep(vote(2), FILE) == 2


def test_killed_at_any_moment_no_vote_is_half_or_lost_or_twice() -> None:
    """Whoever was told that a vote is kept finds it; lines are longer than a page of memory."""
    rng, told, number = random.Random(5), Path("told"), 0
    for _ in range(12):

        def work(begin: int = number) -> None:
            for n in range(begin, begin + 1000):
                keep(vote(n, worse="가" * 9000), FILE)
                with told.open("a", encoding="utf-8") as out:
                    out.write(f"{n}\n")

        child = os.fork()
        if not child:
            try:
                work()
            finally:
                os._exit(1)
        time.sleep(rng.uniform(0.01, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kept = [int(one.id, 16) for one in votes_in(FILE)]
        promised = {int(line) for line in told.read_text().split()} if told.is_file() else set()
        assert len(kept) == len(set(kept)) and promised <= set(kept) and len(kept) <= len(promised) + 12
        number = max([*kept, number - 1]) + 1
    assert number > 12, "it was always killed before its first vote"


def test_two_pages_at_once_lose_none() -> None:
    def work(begin: int) -> None:
        for n in range(begin, begin + 20):
            keep(vote(n), FILE)

    children = []
    for begin in (0, 100, 200):
        child = os.fork()
        if not child:
            try:
                work(begin)
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert len({one.id for one in votes_in(FILE)}) == len(votes_in(FILE)) == 60

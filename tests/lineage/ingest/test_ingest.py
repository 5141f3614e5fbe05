import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.artifacts.conversion import Conversion, Quarantined, write_conversion
from lineage.artifacts.ingest_counts import BothSides, IngestCounts
from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.ingest.ingest import ingest, is_heldout
from lineage.ingest.sanitize import as_record_form, cleaned, group_name
from lineage.ingest.tally import said_of_counts
from lineage.records.record import Rejected, qa, read_records
from tests import tiny
from tests.lineage.readers.test_generated import CLOZE

ROOT = Path(__file__).parents[3]


class Workspace:
    """A source's raw folder and where its records go."""

    def __init__(self, path: Path) -> None:
        self.raw, self.records, self.heldout = path / "raw", path / "records", path / "heldout"
        for folder in (self.raw, self.records, self.heldout):
            folder.mkdir()

    def rows(self, *rows: Any) -> None:
        (self.raw / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def ingest(
        self, reader: str = "prompt_response", forms: Any = ("prompt_answer",), heldout: float = 0.2, **rest: Any
    ) -> IngestCounts:
        source = Source(title="t", input="raw", reader=reader, forms=forms, heldout=heldout, licence="mit", **rest)
        return ingest(self.raw, self.records, self.heldout, "demo", source)

    def sides(self) -> tuple[list[Any], list[Any]]:
        return list(read_records(self.records / "records.jsonl")), list(read_records(self.heldout))

    def bytes(self) -> dict[str, bytes]:
        files = [*self.records.iterdir(), *self.heldout.iterdir()]
        return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in files}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def asked(n: int) -> list[dict[str, str]]:
    return [{"prompt": f"{i}번 질문은?", "response": f"답 {i}"} for i in range(n)]


def test_rows_in_are_rows_out_and_rows_counted_away(workspace: Workspace) -> None:
    workspace.rows(*asked(200), *asked(30), {"prompt": "?", "response": ""}, [1])
    (workspace.raw / "README.md").write_text("about")
    counts = workspace.ingest()
    train, held = workspace.sides()
    assert counts.raw_rows == 233 == counts.made + counts.rejected_rows
    assert (counts.made, counts.duplicates, counts.rejected_rows) == (230, 30, 3)
    assert (counts.records, counts.heldout) == (len(train), len(held)) and len(train) + len(held) == 200
    assert counts.rejected == {
        "a row that is not an object": 1,
        "not a .json, .jsonl, .ndjson, .csv, .tsv, .parquet, .arrow, .xlsx file": 1,
        "response is empty": 1,
    }
    rejected = [json.loads(line) for line in (workspace.records / "rejected.jsonl").read_text().splitlines()]
    assert rejected[1] == {
        "origin": {"file": "rows.jsonl", "row": 231},
        "reason": "response is empty",
        "remedy": "fill it in, or leave the row out",
        "rows": 1,
    }
    assert json.loads((workspace.records / "ingest.json").read_text()) == counts.to_json()
    assert counts.groups == BothSides(records=len(train), heldout=len(held))


def test_what_became_of_the_pdfs_is_counted_beside_their_rows(workspace: Workspace) -> None:
    """The report reads it there: without papers there is no folder of documents to read it from."""
    made = Conversion(
        files=1, converted=0, quarantined=1, ignored=(), pages=0, tables=0, warnings=0, reasons={"damaged": 1}
    )
    write_conversion(
        workspace.raw, made, [Quarantined(file="a.pdf", sha256="", reason="damaged", detail="", remedy="x")]
    )
    counts = workspace.ingest("reports", ("document",))
    assert counts.conversion == made and counts.records == 0
    shutil.rmtree(workspace.raw)
    workspace.raw.mkdir()
    assert "conversion" not in workspace.ingest("reports", ("document",)).to_json()


def test_records_are_placed_in_input_order(workspace: Workspace) -> None:
    workspace.rows(*asked(50))
    workspace.ingest()
    train, held = workspace.sides()
    for side in (train, held):
        assert [r.origin["row"] for r in side] == sorted(r.origin["row"] for r in side)
    assert {r.source for r in train} == {"demo"} and {r.licence for r in train} == {"mit"}
    assert len({r.id for r in train + held}) == 50 and all(r.id.startswith("demo.prompt_answer.") for r in train)


def test_a_group_is_on_one_side_for_ever(workspace: Workspace) -> None:
    rows = [
        {"query": f"{i}+{j}?", "original_question": f"{i}?", "response": f"The answer is: {i + j}"}
        for j in range(4)
        for i in range(60)
    ]
    workspace.rows(*rows[:120])
    workspace.ingest("metamath")
    before = {r.group for r in workspace.sides()[1]}
    workspace.rows(*reversed(rows), *({**row, "original_question": f"new {row['query']}"} for row in rows))
    workspace.ingest("metamath")
    train, held = ({r.group for r in side} for side in workspace.sides())
    assert before and before <= held and not train & held


@given(st.text(min_size=1), st.floats(0, 0.99))
def test_white_space_and_normal_form_do_not_move_a_group(group: str, share: float) -> None:
    assert is_heldout(group_name(f"  {group}\n"), share) == is_heldout(group_name(group), share)
    assert not is_heldout(group, 0) and len(group_name(group * 300)) <= 200


def test_the_share_that_is_held_out() -> None:
    assert 0.13 < sum(is_heldout(f"group {i}", 0.15) for i in range(4000)) / 4000 < 0.17


def test_the_record_form_is_derived_with_its_options(workspace: Workspace) -> None:
    options = ["자산", "부채"]
    rows = [{"question": f"{i}?", "answer": "부채", "field": "회계", "options": options} for i in range(40)]
    workspace.rows(*rows)
    counts = workspace.ingest("questions", ("record", "prompt_answer"))
    assert counts.forms["record"] == counts.forms["prompt_answer"]
    assert counts.raw_rows * 2 == counts.made == 80
    assert sorted(path.name for path in workspace.heldout.iterdir()) == [
        "prompt_answer.jsonl",
        "record.jsonl",
    ]
    train, held = workspace.sides()
    for record in (r for r in train + held if r.form == "record"):
        said = json.loads(record.completion)
        assert said["답"].endswith(". 부채") and said["분야"] == "회계"
        assert record.completion == record.options[record.correct] and len(record.options) == 2
    only = workspace.ingest("questions", ("record",))
    assert only.forms == {"record": counts.forms["record"]}


@pytest.mark.parametrize("supervise", ["last", "all"])
def test_a_source_says_which_answers_of_its_conversations_carry_the_loss(workspace: Workspace, supervise: str) -> None:
    said = [{"role": ("user", "assistant")[n % 2], "content": f"말 {n}"} for n in range(4)]
    workspace.rows({"messages": said[:2]}, {"messages": said}, {"messages": said[:3]})
    counts = workspace.ingest("conversations", heldout=0, supervise=supervise)
    (exchange, talk), _ = workspace.sides()
    assert counts.rejected == {"the user's turn at the end": 1} and counts.raw_rows == 3
    assert exchange.supervise == "last" and talk.supervise == supervise
    assert talk.supervised == ((3,) if supervise == "last" else (1, 3)) and exchange.group == talk.group


def test_a_conversation_in_the_record_form_answers_in_json_throughout() -> None:
    found = as_record_form(tiny.talk("chats", "금리란?", "값", "왜?", "물가", system="짧게"))
    assert [turn["content"] for turn in found.turns] == ["짧게", "금리란?", '{"답": "값"}', "왜?", '{"답": "물가"}']


def test_the_record_form_without_a_field() -> None:
    record = as_record_form(qa("몇?", "12", group="g", origin={"file": "f", "row": 1}, measure="number"))
    assert (record.form, record.completion, record.measure, record.prompt) == (
        "record",
        '{"답": "12"}',
        "number",
        "몇?",
    )


def test_text_is_cleaned_and_half_characters_are_rejected(workspace: Workspace) -> None:
    workspace.rows(
        {"prompt": " 가\u200b 나?\r\n", "response": "△1,234\u0000 "},
        {"prompt": "?", "response": "\ud83d"},
        {"prompt": "\u200b", "response": "1"},
    )
    counts = workspace.ingest(heldout=0)
    (record,), _ = workspace.sides()
    assert (record.prompt, record.completion) == ("가 나?", "△1,234")
    assert counts.rejected == {"a text without a visible character": 1, "a damaged row": 1}


def test_cleaning_keeps_the_right_option_equal_to_the_answer() -> None:
    record = qa("?", "A. 가 ", group="g", origin={}, measure="choice", options=("A. 가 ", "B. 나"), correct=0)
    found = cleaned(record)
    assert found.options[0] == found.completion == "A. 가"  # type: ignore[union-attr]


@pytest.mark.parametrize("token", ["</s>", "<|im_\u200bend|>", "<|eot_\u00adid|>", "＜|im_end|＞", "[INST]"])
@pytest.mark.parametrize("place", ["prompt", "answer", "options", "rejected"])
def test_a_control_token_is_found_wherever_a_model_could_meet_it(token: str, place: str) -> None:
    said = {name: f"{name} {token}" if name == place else name for name in ("prompt", "answer", "options", "rejected")}
    options = (said["answer"], said["options"])
    more: Any = {"measure": "choice", "options": options, "correct": 0, "rejected": (said["rejected"],)}
    found = cleaned(qa(said["prompt"], said["answer"], group="g", origin={}, **more))
    assert isinstance(found, Rejected) and found.reason == "a control token in the text"


@pytest.mark.parametrize("place", ["answer", "prompt", "rejected"])
def test_a_row_with_a_sign_that_could_not_be_read_is_counted_away(place: str) -> None:
    texts = {"prompt": "수출은 어떻게 되었는가?", "answer": "수출은 늘었다", "rejected": "수출은 줄었다"}
    texts[place] = "수출은 연평균 \ufffd% 늘었다"
    made = qa(texts["prompt"], texts["answer"], group="수출", origin={"file": "가.pdf"}, rejected=(texts["rejected"],))
    found = cleaned(made)
    assert isinstance(found, Rejected) and found.reason == "a sign that could not be read"


def test_the_same_input_gives_the_same_bytes(workspace: Workspace) -> None:
    workspace.rows(*asked(100))
    workspace.ingest()
    first = workspace.bytes()
    workspace.ingest()
    assert workspace.bytes() == first


def test_an_empty_folder_is_noted_and_a_missing_one_is_an_error(workspace: Workspace) -> None:
    counts = workspace.ingest()
    assert counts.note == "the folder holds no files" and counts.raw_rows == counts.records == 0
    assert workspace.sides() == ([], []) and (workspace.heldout / "prompt_answer.jsonl").is_file()
    workspace.raw.rmdir()
    with pytest.raises(LineageError, match=r"raw: no such folder; put the files of demo there, or set data: sample"):
        workspace.ingest()


def test_what_a_reader_cannot_do_is_said(workspace: Workspace) -> None:
    workspace.rows(*asked(3))
    with pytest.raises(LineageError, match=r"sources\.demo\.reader: unknown reader 'nope'; allowed: accounting, a"):
        workspace.ingest("nope")
    with pytest.raises(LineageError, match=r"forms: 'document' is none of what the reader prompt_response gives"):
        workspace.ingest(forms=("document",))
    workspace.rows(CLOZE)
    with pytest.raises(LineageError, match=r"rows\.jsonl.*gives the form prompt_answer, but .* asks for summary"):
        workspace.ingest("generated", forms=("summary",))
    with pytest.raises(LineageError, match=r"the reader generated gives no summary"):
        workspace.ingest("generated", forms=("prompt_answer", "summary"))


def run(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stages.ingest", *arguments]
    return subprocess.run(command, cwd=workspace, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)


def test_from_the_command_line(tmp_path: Path) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    raw = tmp_path / "data/raw/sample/krx_samples"
    raw.mkdir(parents=True)
    (raw / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked(1500)))
    done = run(tmp_path, "krx_samples")
    records, heldout = tmp_path / "data/records/krx_samples", tmp_path / "data/heldout/krx_samples"
    held = len((heldout / "prompt_answer.jsonl").read_text().splitlines())
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"krx_samples: 1,500 raw rows, 0 of them rejected → 1,500 records: {1500 - held:,} to train on, "
        f"{held} held out\n"
        f"  groups, which are never split: {1500 - held:,} to train on, {held} held out\n"
    )

    before = (records / "records.jsonl").read_bytes()
    (raw / "b.jsonl").write_text('{"text": "drifted"}\n')
    failed = run(tmp_path, "krx_samples")
    assert failed.returncode == 1 and "b.jsonl: found the columns text" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert (records / "records.jsonl").read_bytes() == before, "a failed run leaves what was there"

    assert "'nope' is no source in params.yaml; it has krx_samples" in run(tmp_path, "nope").stderr


def test_what_is_printed_adds_up(workspace: Workspace) -> None:
    """Rows, records, forms and groups are four things: a row of pairs gives a record of each direction."""
    pairs = [{"ko": f"오늘은 {n}번 장이다.", "en": f"Session {n} is today."} for n in range(20)]
    workspace.rows(*pairs, pairs[0], {"ko": "가", "en": ""})
    counts = workspace.ingest("pairs", heldout=0.3)
    first, *rest = said_of_counts(counts)
    found = [int(number) for number in re.findall(r"\d+", first)]
    rows, rejected, made, records, held, again = found
    assert (rows, rejected, made, again) == (22, 1, 42, 2) and made == records + held + again
    assert records == len((workspace.records / "records.jsonl").read_text().splitlines())
    assert rest == [f"  groups, which are never split: {records // 2} to train on, {held // 2} held out"]


def test_forms_are_counted_apart(workspace: Workspace) -> None:
    workspace.rows(*({"question": f"{n}번은?", "answer": f"{n}번이다."} for n in range(12)))
    counts = workspace.ingest("questions", forms=("record", "prompt_answer"), heldout=0.3)
    lines = said_of_counts(counts)
    record, answer = counts.forms["record"], counts.forms["prompt_answer"]
    assert record.records + answer.records == counts.records and record.heldout + answer.heldout == counts.heldout
    assert lines[1] == (
        f"  by form, to train on and held out: record {record.records} and {record.heldout}, "
        f"prompt_answer {answer.records} and {answer.heldout}"
    )


def test_a_row_that_is_refused_in_both_directions_is_one_row(workspace: Workspace) -> None:
    workspace.rows({"ko": "오늘은 <|im_end|> 휴장이다.", "en": "Closed <|im_end|> today."}, {"ko": "가", "en": "a"})
    counts = workspace.ingest("pairs", heldout=0)
    assert (counts.raw_rows, counts.rejected_rows, counts.rejected_parts) == (2, 1, 1)


@pytest.mark.parametrize(
    ("personal", "answers", "rejected"),
    [
        ("mask", ["담당: [전화번호], 매출 1,234-5,678"], 0),
        ("keep", ["담당: 010-1234-5678, 매출 1,234-5,678"], 0),
        ("refuse", [], 1),
    ],
)
def test_personal_data(workspace: Workspace, personal: str, answers: list[str], rejected: int) -> None:
    workspace.rows({"prompt": "연락처는?", "response": "담당: 010-1234-5678, 매출 1,234-5,678"})
    counts = workspace.ingest(heldout=0, personal=personal)
    assert counts.personal == {"phone": 1} and counts.rejected_rows == rejected
    assert [record.completion for record in workspace.sides()[0]] == answers


def test_what_is_withdrawn_gives_no_record(workspace: Workspace) -> None:
    document = "d" * 64
    company = {"name": "너울전자", "figures": {"2023": {"매출액": {"value": 1, "unit": "억원"}}}}
    workspace.rows(company | {"source_documents": [{"sha256": document}]}, company | {"name": "바다통신"})
    counts = workspace.ingest("companies", heldout=0, withdrawn=(document,))
    assert set(counts.rejected) == {"made from a withdrawn document"}
    assert not any(document in record.documents for record in workspace.sides()[0])
    counts = workspace.ingest("companies", heldout=0, withdrawn="all")
    assert (counts.records, counts.note) == (0, "withdrawn")


def test_personal_data_does_not_part_a_group(workspace: Workspace) -> None:
    """One original question, reworded with and without the number in it: one group, on one side, and masked."""
    original = "담당자 전화 010-1234-5678로 세 번 걸면 모두 몇 통인가?"
    for number in range(20):
        asked = {"original_question": f"{number}. {original}", "response": "세 통이다. The answer is: 3"}
        workspace.rows(*(asked | {"query": query} for query in (original, "세 번 걸면 몇 통인가?")))
        (workspace.raw / "rows.jsonl").rename(workspace.raw / f"{number}.jsonl")
    workspace.ingest("metamath", heldout=0.5)
    train, held = ({record.group for record in side} for side in workspace.sides())
    assert len(train | held) == 20 and not train & held
    assert not any("010-1234" in group for group in train | held)


def test_a_long_group_is_masked_before_it_is_shortened(workspace: Workspace) -> None:
    passage = "가" * 70 + " 010-1234-5678 " + "나" * 200
    workspace.rows({"reference": passage, "question": "몇?", "answer": "둘"})
    workspace.ingest(heldout=0)
    (record,) = workspace.sides()[0]
    assert record.group.startswith("가" * 70 + " [전화번호]"[:10]) and "010" not in record.group


def test_a_rejected_row_is_quoted_without_personal_data(workspace: Workspace) -> None:
    workspace.rows({"prompt": ["담당 010-1234-5678"], "response": "답"}, {"prompt": "가?", "response": "나"})
    assert workspace.ingest(heldout=0).rejected_rows == 1
    written = (workspace.records / "rejected.jsonl").read_text(encoding="utf-8")
    assert "[전화번호]" in written and "1234" not in written


def test_columns_that_no_record_got_are_counted(workspace: Workspace) -> None:
    workspace.rows(*({**row, "id": n, "score": 4.5 if n % 2 else None} for n, row in enumerate(asked(10))))
    counts = workspace.ingest()
    assert counts.unread == {"id": 10, "score": 5} and counts.made == 10
    said = json.loads((workspace.records / "ingest.json").read_text())
    assert said["unread"] == {"id": 10, "score": 5}
    plain = workspace.bytes()["records/records.jsonl"]
    workspace.rows(*asked(10))
    assert workspace.ingest().unread == {} and workspace.bytes()["records/records.jsonl"] == plain


def test_a_source_names_its_columns(workspace: Workspace) -> None:
    workspace.rows(*({"sentence": f"매출이 {n}% 늘었다.", "label": "긍정"} for n in range(10)))
    counts = workspace.ingest(columns={"prompt": "sentence", "response": "label"})
    assert (counts.raw_rows, counts.made, counts.rejected, counts.unread) == (10, 10, {}, {})
    with pytest.raises(LineageError, match=r"sources\.demo\.columns: promt is none of the columns of the reader"):
        workspace.ingest(columns={"promt": "sentence"})
    with pytest.raises(LineageError, match=r"sources\.demo\.columns: the reader rules reads no columns; take it out"):
        workspace.ingest("rules", columns={"prompt": "sentence"})


def test_two_sources_share_a_file_by_a_column(workspace: Workspace) -> None:
    workspace.rows(*({**row, "step": 1 + n % 2} for n, row in enumerate(asked(10))))
    easy, hard = (workspace.ingest(only={"step": [step]}) for step in (1, 2))
    assert easy.made == hard.made == 5 and easy.rejected == hard.rejected == {"a row of another part": 5}
    with pytest.raises(LineageError, match=r"sources\.demo\.only: the reader rules reads no columns; take it out"):
        workspace.ingest("rules", only={"step": [1]})


def test_links_are_counted_and_named(workspace: Workspace, tmp_path: Path) -> None:
    workspace.rows(*asked(3))
    (tmp_path / "secret.jsonl").write_text(json.dumps({"prompt": "남의 것?", "response": "비밀"}))
    (workspace.raw / "other.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (workspace.raw / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    counts = workspace.ingest()
    assert (counts.raw_rows, counts.made) == (5, 3) and counts.rejected == {"a link that was not followed": 2}
    assert "비밀" not in b"".join(workspace.bytes().values()).decode()
    listed = [json.loads(line) for line in (workspace.records / "rejected.jsonl").read_text().splitlines()]
    assert {row["origin"]["file"] for row in listed} == {"other.jsonl", "gone.jsonl"}

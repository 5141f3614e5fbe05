"""Which reader reads which files is found by trying them; every file becomes a source or is named as left alone."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lineage.config.load import load_curriculum
from lineage.sample_world.samples import SOURCES
from lineage.workspaces import reader_trials
from lineage.workspaces.proposals import Names, Survey, propose
from lineage.workspaces.proposals_told import told_of
from tests.workspace import ROOT, raw_rows


def write(file: Path, rows: Iterable[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


def readers(found: Survey) -> dict[str, str]:
    return {one.name: "PDFs" if one.papers else one.trials[0].reader for one in found.proposals}


ASKED = [*raw_rows("krx_samples", 30)]
PAIRS = [{"ko": f"주가가 {n}원 올랐다.", "en": f"The price rose by {n} won."} for n in range(30)]


def test_every_source_of_the_sample_world_is_given_the_reader_that_it_was_made_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_trials, "LOOKED_AT", 60)
    c = load_curriculum(ROOT / "params.yaml")
    expected = {}
    for name, make in SOURCES.items():
        if name in c.sources and c.sources[name].input == "raw":
            for file, content in make().items():
                (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name / file).write_bytes(content)
            expected[name] = c.sources[name].reader
    found = propose(tmp_path)
    assert readers(found) == expected and not found.left


def test_files_are_sources_by_their_folder_and_in_the_root_by_their_name(tmp_path: Path) -> None:
    write(tmp_path / "업무 질문/2023.jsonl", ASKED[:15])
    write(tmp_path / "업무 질문/더/2024.jsonl", ASKED[15:])
    write(tmp_path / "memo_1.jsonl", ASKED)
    write(tmp_path / "memo_2.jsonl", ASKED)
    write(tmp_path / "2025.jsonl", ASKED)
    (tmp_path / "papers").mkdir()
    for name in ("a.pdf", "b.PDF", "c.docx"):
        (tmp_path / "papers" / name).write_bytes(b"%PDF-1.7")
    (tmp_path / "linked.jsonl").symlink_to(tmp_path / "memo_1.jsonl")
    (tmp_path / ".hidden").mkdir()
    write(tmp_path / ".hidden/x.jsonl", ASKED)
    found = propose(tmp_path)
    assert readers(found) == {
        "files_2025": "prompt_response",
        "papers_pdf": "PDFs",
        "eobmu_jilmun": "prompt_response",
        "memo": "prompt_response",
    }
    assert {one.name: len(one.files) for one in found.proposals}["memo"] == 2
    assert {file.name: why for file, why in found.left.items()} == {
        "linked.jsonl": "a link; put the file itself there",
        "c.docx": "no reader reads it",
    }
    assert "left alone: c.docx (no reader reads it)" in told_of(found)


def test_a_file_beside_a_folder_of_its_name_is_a_source_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "qa/a.jsonl", ASKED)
    write(tmp_path / "qa_1.jsonl", PAIRS)
    (tmp_path / "papers").mkdir()
    for name in ("papers/a.pdf", "papers.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    found = propose(tmp_path)
    assert readers(found) == {"papers": "PDFs", "papers_2": "PDFs", "qa": "prompt_response", "qa_2": "pairs"}
    assert not found.left and all(file.is_relative_to(one.root) for one in found.proposals for file in one.files)


def test_a_folder_of_several_kinds_is_taken_apart(tmp_path: Path) -> None:
    write(tmp_path / "all/asked.jsonl", ASKED * 12)  # more rows than are looked at: the next file must be seen too
    write(tmp_path / "all/pairs.jsonl", PAIRS)
    write(tmp_path / "all/strange.jsonl", [{"colour": "red"}] * 9)
    found = propose(tmp_path)
    assert readers(found) == {"all_asked": "prompt_response", "all_pairs": "pairs"}
    assert [file.name for file in found.left] == ["strange.jsonl"]


def test_names_are_free_and_mean_nothing_else() -> None:
    names = Names({"memos"})
    assert [names.of(title) for title in ("memos", "Memos", "con", "2024 년", "???")] == [
        "memos_2",
        "memos_3",
        "con_2",
        "files_2024_nyeon",
        "files",
    ]


@pytest.mark.parametrize("rows", [[{"prompt": "", "response": ""}] * 5, []])
def test_files_that_give_no_record_are_left_alone_with_the_reason(tmp_path: Path, rows: list[Any]) -> None:
    write(tmp_path / "a.jsonl", rows)
    found = propose(tmp_path)
    assert not found.proposals and len(found.left) == 1

"""The sample world: the same bytes everywhere, in true formats, in agreement with itself."""

import csv
import io
import json
import operator
import os
import re
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.config.buildable import SAMPLE_WORLD
from lineage.config.load import load_curriculum
from lineage.ingest.ingest import ingest, is_heldout
from lineage.sample_world import samples
from lineage.sample_world.damage import PASSWORD
from lineage.sample_world.invented_names import companies
from lineage.sample_world.korean import bracketed, triangle, with_particle
from lineage.sample_world.samples import SOURCES
from lineage.supersession import superseded

ROOT = Path(__file__).parents[3]
PAPERS = ("financial_reports", "site_reports", "company_reports")
OF_OTHER_SYSTEMS = set(SOURCES) - set(load_curriculum(ROOT / "params.yaml").sources)


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digest(folder: Path) -> str:
    whole = sha256()
    for path in files_under(folder):
        whole.update(f"{path.relative_to(folder)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The world, written twice by two processes that hash differently."""
    runs = []
    for seed in ("1", "2"):
        workspace = tmp_path_factory.mktemp("world")
        shutil.copy(ROOT / "params.yaml", workspace)
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "stages.samples"]
        runs.append((workspace, subprocess.Popen(command, cwd=workspace, env=environment, stdout=subprocess.PIPE)))
    for _, run in runs:
        said = run.communicate(timeout=120)[0].decode()
        assert run.returncode == 0
        assert [line.split()[0] for line in said.splitlines()] == [
            name for name in SOURCES if name not in OF_OTHER_SYSTEMS
        ]
    return runs[0][0] / "data/raw/sample", runs[1][0] / "data/raw/sample"


@pytest.fixture(scope="module")
def world(worlds: tuple[Path, Path]) -> Path:
    return worlds[0]


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


def member(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(archive.namelist()[0]).decode("utf-8-sig"))


def text_of(path: Path) -> str:
    with pymupdf.open(path) as document:
        return "".join(page.get_text() for page in document)


def test_two_processes_write_the_same_bytes(worlds: tuple[Path, Path]) -> None:
    assert digest(worlds[0]) == digest(worlds[1])


def test_every_source_of_the_curriculum_has_files_and_all_are_small(world: Path) -> None:
    c = load_curriculum(ROOT / "params.yaml")
    assert {path.name for path in world.iterdir()} == set(c.sources) - set(c.generated)
    assert all(map(files_under, world.iterdir()))
    assert sum(path.stat().st_size for path in files_under(world)) < 10 << 20


def test_a_second_run_leaves_nothing_of_an_older_world(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "SOURCES", {"rules": SOURCES["rules"]})
    stale = tmp_path / "rules" / "old.txt"
    stale.parent.mkdir()
    stale.write_text("제1조")
    samples.write(tmp_path)
    assert not stale.exists()
    assert digest(tmp_path / "rules") == digest(world / "rules")


@pytest.mark.parametrize("source", [source for source in SOURCES if source not in (*PAPERS, *OF_OTHER_SYSTEMS)])
def test_thirty_rows_and_more_are_held_out(world: Path, tmp_path: Path, source: str) -> None:
    records, heldout = tmp_path / "records", tmp_path / "heldout"
    records.mkdir()
    heldout.mkdir()
    counts = ingest(world / source, records, heldout, source, load_curriculum(ROOT / "params.yaml").sources[source])
    assert all(form.heldout >= 30 for form in counts.forms.values()), counts
    assert counts.rejected_rows <= 6, counts.rejected


def test_one_rulebook_has_an_edition_before_of_which_a_dozen_articles_are_overtaken(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("data/records/rules", "data/heldout/rules", "out"):
        Path(folder).mkdir(parents=True)
    rules = load_curriculum(ROOT / "params.yaml").sources["rules"]
    counts = ingest(world / "rules", Path("data/records/rules"), Path("data/heldout/rules"), "rules", rules)
    summary = superseded.find(Path("out"))
    rows = [json.loads(line) for line in Path("out/superseded.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 2 * 11  # ten amended and one deleted, each in two forms
    assert sum("삭제" in row["by"] for row in rows) == 2
    assert {(row["as_of"], row["until"]) for row in rows} == {("2023-07-01", "2024-01-01")}
    assert summary["conflicts"] == {"articles": 0, "questions": 0}
    assert counts.duplicates > 60  # the rest of that edition says the same


@pytest.mark.parametrize("source", PAPERS)
def test_held_out_reports_have_thirty_pages_or_sections(world: Path, source: str) -> None:
    rows = 0
    for path in files_under(world / source):
        content = path.read_bytes()
        if is_heldout(sha256(content).hexdigest(), 0.2) and content.startswith(b"%PDF"):
            with pymupdf.open(stream=content) as document:
                if not document.needs_pass:
                    headings = re.findall(r"^\d\. ", "".join(page.get_text() for page in document), re.M)
                    rows += document.page_count if source == "financial_reports" else len(headings)
    assert rows >= 30


def test_reports_and_profiles_tell_the_same_figures(world: Path) -> None:
    written_out = 0
    for path in files_under(world / "large_companies"):
        row = load(path)
        now = row["figures"]["2023"]
        report = world / "company_reports" / f"기업보고서_{row['name']}.pdf"
        other = world / "financial_reports" / f"재무보고서_{row['name']}_2023.pdf"
        assert report.exists() != other.exists()
        with pymupdf.open(report if report.exists() else other) as document:
            glued = "".join(page.get_text() for page in document).replace(" ", "").replace("\n", "")
        assert f"2023년매출액은{now['매출액']['value']:,}십억원" in glued
        assert f"자산은{now['자산']['value']:,}십억원" in glued
        for source in row["source_documents"]:
            written_out += 1
            content = (world / "company_reports" / source["file"]).read_bytes()
            assert sha256(content).hexdigest() == source["sha256"]
    assert 10 <= written_out <= 20


def test_korean_text_signs_and_merged_cells_come_out_of_a_report(world: Path) -> None:
    path = next(p for p in files_under(world / "financial_reports") if "△ " in text_of(p) and "2023" in p.name)
    with pymupdf.open(path) as document:
        assert document[0].get_text().startswith("가온거래소 재무보고서\n- 1 -\n")
        raw = document[0].get_text("rawdict")
        letters = [
            char["c"]
            for block in raw["blocks"]
            for line in block.get("lines", ())
            for span in line["spans"]
            for char in span["chars"]
        ]
        assert "2023년 재무보고서" in "".join(letters)
        (table,) = document[0].find_tables(strategy="lines_strict", use_layout=False).tables
        assert (table.row_count, table.col_count) == (5, 3)
        assert sum(cell is None for row in table.rows for cell in row.cells) == 2  # one colspan, one rowspan
        first, second = (
            document[page].find_tables(strategy="lines_strict", use_layout=False).tables for page in (1, 2)
        )
        assert first[-1].extract()[0] == second[0].extract()[0] == ["연도", "분기", "매출액"]  # goes on over the page
    assert re.search(r"\(\d[\d,]*\)", text_of(path))


def test_each_folder_has_a_file_that_cannot_be_read(world: Path) -> None:
    (path,) = (world / "financial_reports").glob("*_2022.pdf")
    with pymupdf.open(path) as scanned:
        assert not any(page.get_text().strip() for page in scanned)
        assert all(page.get_images() for page in scanned)
    assert b"%%EOF" not in (world / "site_reports/시장동향_2024_01.pdf").read_bytes()
    assert (world / "site_reports/시장동향_2024_02.pdf").read_bytes().startswith(b"<!DOCTYPE html>")
    with pymupdf.open(world / "company_reports/기업보고서_회원용.pdf") as locked:
        assert locked.needs_pass
        assert not locked.authenticate("wrong")
        assert locked.authenticate(PASSWORD)
        assert "members of the exchange" in locked[0].get_text()


def test_a_report_that_lies_in_two_folders_is_the_same_file(world: Path) -> None:
    shared = [p for p in files_under(world / "site_reports") if (world / "company_reports" / p.name).exists()]
    assert len(shared) == 2
    assert all(p.read_bytes() == (world / "company_reports" / p.name).read_bytes() for p in shared)


def test_zip_members_have_bare_euc_kr_names(world: Path) -> None:
    path = next(p for p in files_under(world / "aihub_kozh") if p.name.startswith("028."))
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    assert not any(info.flag_bits & 0x800 for info in infos)
    names = [info.orig_filename.encode("cp437").decode("euc-kr") for info in infos]
    assert names == [
        "01.데이터/1.Training/라벨링데이터/ko2zh_social_science_1_training.json",
        "01.데이터/2.Validation/라벨링데이터/ko2zh_social_science_2_validation.json",
    ]


def test_the_parts_of_an_archive_join_to_a_zip(world: Path) -> None:
    parts = sorted((world / "arithmetic").rglob("*.part*"), key=lambda path: int(path.suffix[5:]))
    assert len(parts) == 2
    with zipfile.ZipFile(io.BytesIO(b"".join(part.read_bytes() for part in parts))) as archive:
        assert archive.testzip() is None


OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}


def test_sums_are_right_and_small(world: Path) -> None:
    rows = load(world / "metamath/MetaMathQA-40K.json")
    assert len(rows) >= 2000
    assert len({row["original_question"] for row in rows}) >= 500
    for row in rows:
        work, end, last = row["response"].split("\n")
        a, sign, b, c = re.search(r"(\d+) ([-+*/]) (\d+) = (\d+)\.", work).groups()  # type: ignore[union-attr]
        value = OPERATIONS[sign](int(a), int(b))
        assert value == int(c) < 100
        assert (end, last) == (f"#### {c}", f"The answer is: {c}")


def test_passages_are_answered_by_their_own_figures(world: Path) -> None:
    (path,) = (world / "arithmetic").rglob("VL_*.zip")
    for passage in member(path)["data"]:
        a, b = map(int, re.findall(r"(\d+)개", passage["passage"]))
        total, more, _ = passage["qa_pairs"]
        assert total["answer"]["number"] == str(a + b)
        assert more["answer"]["number"] == str(abs(a - b))


def test_table_answers_stand_in_their_tables(world: Path) -> None:
    path = next(iter((world / "table_qa").glob("VL_*.zip")))
    for context in member(path)["dataset"]["context_info"]:
        for asked in context["qas"]:
            assert not asked["answer"] or f"<td>{asked['answer']}</td>" in context["context"]
            assert asked["answer"] not in asked["wrong_answer"]


@pytest.mark.parametrize("source", ["questions", "problems"])
def test_every_choice_has_one_right_option_in_no_favoured_place(world: Path, source: str) -> None:
    places = []
    asked = []
    for path in files_under(world / source):
        for row in load(path):
            asked.append(row["question"])
            if options := row.get("options"):
                assert len(set(options)) == 4
                places.append(options.index(row["answer"]))
    assert len(set(asked)) == len(asked)
    assert all(0.15 < places.count(place) / len(places) < 0.35 for place in range(4))


def test_no_source_asks_what_another_one_holds(world: Path) -> None:
    asked: list[str] = []
    for source in ("questions", "problems"):
        asked += [row["question"] for path in files_under(world / source) for row in load(path)]
    asked += [row["question"] for row in load(world / "accounting/questions.json")]
    with (world / "accounting/entries.csv").open(encoding="utf-8-sig", newline="") as file:
        asked += [row["question"] for row in csv.DictReader(file)]
    with (world / "krx_samples/krx-sample-instructions.jsonl").open(encoding="utf-8") as lines:
        asked += list({json.loads(line)["prompt"].split("\n")[0] for line in lines})
    assert len(set(asked)) == len(asked)


def test_a_hundred_companies_with_names_of_their_own() -> None:
    all_of_them = companies()
    assert len(all_of_them) == 100
    for said in ("name", "english", "chinese", "ticker"):
        assert len({getattr(company, said) for company in all_of_them}) == 100
    assert any(figures.operating_income < 0 for company in all_of_them for figures in company.figures.values())


@pytest.mark.parametrize(
    ("word", "particle", "together"),
    [
        ("전자", "는", "전자는"),
        ("제약", "는", "제약은"),
        ("서울", "로", "서울로"),
        ("부산", "로", "부산으로"),
        ("7", "를", "7을"),
    ],
)
def test_particles_follow_the_last_sound(word: str, particle: str, together: str) -> None:
    assert with_particle(word, particle) == together


def test_figures_as_reports_print_them() -> None:
    assert [triangle(-1234), triangle(1234), bracketed(-1234)] == ["△ 1,234", "1,234", "(1,234)"]


def test_the_sources_that_a_curriculum_may_count_on_are_those_of_this_world() -> None:
    assert set(SAMPLE_WORLD) == set(SOURCES)


def test_a_source_that_is_not_of_this_world_gets_a_folder_that_dvc_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "SOURCES", {})
    samples.write(tmp_path, without_files=["disclosures"])
    (file,) = files_under(tmp_path)
    assert file.relative_to(tmp_path).as_posix() == "disclosures/.keep" and file.read_bytes()

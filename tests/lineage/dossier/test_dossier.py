"""The papers on a version: what they say is what the record gives, and whatever is changed afterwards is noticed."""

import io
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.mix_summary import mix_identity
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.dossier import recompute
from lineage.dossier.case import case_of
from lineage.dossier.croissant import COLUMNS, croissant
from lineage.dossier.dossier import papers, whole, write_dossier
from lineage.dossier.dossier_check import unlike
from lineage.dossier.on_paper import text_of
from lineage.records.record import Record, qa
from lineage.reporting.report import report
from tests.lineage.cli.words import refused, said
from tests.lineage.reporting.reported_world import put, small_curriculum, write_contamination, write_world

C, DOSSIER = small_curriculum(), Path("dossiers/v4")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five versions with made-up figures, a report of them, and the dossier on v4. Do not write into it."""
    root = tmp_path_factory.mktemp("dossier")
    write_world(root, C)
    write_contamination(root, "v1", rules={"0001": "exact"})
    project = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
    tree = project | {"versions": C.model_dump(mode="json", exclude_none=True)["versions"], "profile": "cpu"}
    (root / "params.yaml").write_text(yaml.safe_dump(tree | {"data": "sample"}, sort_keys=False), encoding="utf-8")
    with chdir(root):
        Path("reports").mkdir()
        report(load_curriculum(), Path("reports"))
        write_dossier(load_curriculum(), "v4", DOSSIER)
    return root


@pytest.fixture
def copied(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working folder, to be changed."""
    shutil.copytree(world, tmp_path / "world")
    monkeypatch.chdir(tmp_path / "world")
    return tmp_path / "world"


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value of a tree of JSON."""
    if isinstance(tree, dict | list):
        for name, one in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(one, (*path, name))
    else:
        yield path


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool) or value is None:
        return "x"
    return value + 1 if isinstance(value, int | float) else f"{value[:-1]}{'가' if value[-1:] != '가' else '나'}"


def test_of_a_hundred_fields_that_are_changed_a_hundred_are_noticed(world: Path, tmp_path: Path) -> None:
    """Of dossier.json: texts, templates, places, values, hashes. Nearly all by the script that knows nothing of us."""
    folder, by_script, missed = tmp_path / "v4", 0, []
    shutil.copytree(world / DOSSIER, folder)
    written = (folder / recompute.RECORD).read_text(encoding="utf-8")
    every = list(leaves(json.loads(written)))
    with chdir(world):
        assert not list(recompute.differences(folder, Path()))
        case = case_of(load_curriculum(), "v4")
        now = json.loads(json.dumps(whole(case, papers(case))))  # what --check compares with, once for all
        for path in random.Random(7).sample(every, 100):
            tree = json.loads(written)
            place = tree
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = other(place[path[-1]])
            put(folder / recompute.RECORD, tree)
            try:
                found = list(recompute.differences(folder, Path()))
            except (LookupError, TypeError, ValueError) as error:  # no longer JSON that it can read, which it says
                found = [repr(error)]
            by_script += bool(found)
            if not found and not list(unlike(tree, now)):
                missed.append(path)
    assert not missed
    assert by_script >= 90


def test_the_papers_add_up_and_say_what_they_cannot_know(world: Path) -> None:
    page = (world / DOSSIER / "training_data.html").read_text(encoding="utf-8")
    lines = [json.loads((world / f"models/{v}/lineage.json").read_text())["mix"] for v in ("v1", "v3", "v4")]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page.partition("합계")[2].partition("</tr>")[0])
    assert cells[2:] == [f"{sum(s[f] for m in lines for s in m['sources'].values()):,}" for f in FIGURES]
    assert "지어낸 표본" in page and "법적 의무를 모두 충족한다는 뜻이 아닙니다" in page
    blanks = page.count('class="blank"')
    assert blanks and f"빈칸은 {blanks}개" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")


FIGURES = ("rows", "replayed_rows", "tokens")


def test_a_changed_record_and_a_changed_page_are_named(copied: Path, capsys: pytest.CaptureFixture) -> None:
    assert "every sentence" in said(capsys, "dossier", "v4", "--check", str(DOSSIER))
    script = [sys.executable, "-I", str(DOSSIER / "recompute.py"), str(copied)]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0
    page = DOSSIER / "register.html"
    page.write_text(page.read_text(encoding="utf-8").replace("보관 기한", "보관 기간"), encoding="utf-8")
    assert "보관대장" in text_of(DOSSIER / "register.pdf") and "기록에없음" in text_of(DOSSIER / "register.pdf")
    shutil.copyfile(DOSSIER / "changes.pdf", DOSSIER / "plan_form.pdf")
    record = Path("models/v3/lineage.json")
    manifest = json.loads(record.read_text(encoding="utf-8"))
    manifest["mix"]["sources"]["site_reports"]["rows"] += 1
    put(record, manifest)
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = refused("dossier", "v4", "--check", str(DOSSIER))
    for line in ("register.html: it does not say", "models/v3/lineage.json: it is not the file", "the record gives"):
        assert line in done.stdout and line in told
    assert "plan_form.pdf: it does not say" in told


def test_people_fill_the_blanks_and_a_promotion_is_told(copied: Path, capsys: pytest.CaptureFixture) -> None:
    manifest = json.loads(Path("models/v4/lineage.json").read_text(encoding="utf-8"))
    entry = {
        "version": "v4",
        "fingerprint": manifest["fingerprint"],
        "adapter": manifest["adapter"],
        "when": "2026-11-27",
    }
    entry |= {"kind": "overridden", "because": "<b>필요</b>해서", "by": "평가 회의"}
    Path("promotions.yaml").write_text(yaml.safe_dump([entry], allow_unicode=True), encoding="utf-8")
    answers = {"keeping.place": "금고 3", "caution": "대출 심사에 쓰지 않습니다", "keping.until": "2030"}
    Path("dossier.yaml").write_text(yaml.safe_dump(answers, allow_unicode=True), encoding="utf-8")
    proof = {"subject": "d" * 64, "when": "2026-11-28", "raw": 1, "documents": 1, "records": {"site_reports": 3}}
    proof |= {"mixes": {}, "adapters": {"v3": "trained on 3"}, "hits": {"models": 0, "git": 2}}
    Path("withdrawals.jsonl").write_text(json.dumps(proof) + "\n", encoding="utf-8")
    shown = said(capsys, "dossier", "v4")
    assert "no sentence asks for keping.until" in shown and "keeping.place" not in shown
    page = (DOSSIER / "register.html").read_text(encoding="utf-8")
    for line in (
        "보관하는 곳: 금고 3",
        "주의: 대출 심사에 쓰지 않습니다",
        "관문의 거부를 사람이 무릅쓴 승격",
        "&lt;b&gt;필요&lt;/b&gt;해서",
    ):
        assert line in page
    page = (DOSSIER / "withdrawn.html").read_text(encoding="utf-8")
    assert "기록 3개에 닿았고, 어댑터 1개를" in page and '<td>합계</td><td class="number">2</td>' in page
    assert "2026-11-27, v4: 평가 회의" in (DOSSIER / "assessment.html").read_text(encoding="utf-8")
    assert "every sentence" in said(capsys, "dossier", "v4", "--check", str(DOSSIER))


def test_how_it_fails_is_what_the_report_says(world: Path) -> None:
    page = (world / DOSSIER / "assessment.html").read_text(encoding="utf-8")
    report = json.loads((world / "reports/comparison.json").read_text(encoding="utf-8"))["versions"]["v4"]
    assert f"나빠진 것 {len(report['forgot'])}개: {', '.join(report['forgot'])}" in page and report["forgot"]
    met = report["contamination"]["sets"]["rules.record"]
    row = page.partition("오염")[2].partition("<td>rules.record</td>")[2].partition("</tr>")[0]
    searched = report["contamination"]["searched"]["rules.record"]
    assert re.findall(r">([^<>\s]+)<", row) == [str(searched), *(str(met[f]) for f in ("rows", "exact", "near")), "v1"]
    for name, one in report["sets"].items():
        assert f"{one['difference']:+.2f} ({one['interval'][0]:+.2f} ~ {one['interval'][1]:+.2f})" in page, name


def test_programs_read_it_by_the_publishers_own_validators(rows: list[Record], capsys: pytest.CaptureFixture) -> None:
    import mlcroissant
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from spdx_python_model import v3_0_1 as model

    assert not (DOSSIER / "ai.spdx3.json").exists(), "nobody knows when it was trained"
    adapter = json.loads(Path("models/v4/lineage.json").read_text(encoding="utf-8"))["adapter"]
    line = {"stage": "train@v4", "seconds": 9000.0, "ended": 1795788000, "machine": "a GPU", "adapter": adapter}
    Path(".state").mkdir(exist_ok=True)
    Path(".state/journal.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert "publication.organisation, publication.date, publication.url" in said(capsys, "dossier", "v4")
    assert not mlcroissant.Dataset(DOSSIER / "croissant.json").metadata.ctx.issues.errors
    bill = (DOSSIER / "mlbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    version = json.loads(bill)["metadata"]["component"]
    assert [one["name"].rpartition("/")[2] for one in version["pedigree"]["ancestors"][1:]] == ["v1", "v3"]
    assert version["hashes"] == [{"alg": "SHA-256", "content": adapter}]
    found = model.SHACLObjectSet()
    with (DOSSIER / "ai.spdx3.json").open(encoding="utf-8") as file:
        model.JSONLDDeserializer().read(file, found)
    assert found.link() == set(), "what is named is there"
    model.JSONLDSerializer().write(found, io.BytesIO())  # refuses what lacks a field
    assert "약 2.5시간" in (DOSSIER / "plan_form.html").read_text(encoding="utf-8")
    (DOSSIER / "mlbom.cdx.json").write_text(bill.replace("SHA-256", "SHA-512"), encoding="utf-8")
    data = (DOSSIER / "croissant.json").read_text(encoding="utf-8")
    (DOSSIER / "croissant.json").write_text(data.replace("2 rows (questions 2)", "2 rows"), encoding="utf-8")
    told = refused("dossier", "v4", "--check", str(DOSSIER))
    assert "mlbom.cdx.json: /metadata" in told and "croissant.json: /distribution/2/description is 2 rows," in told


def write_mix(version: str, *rows: Record) -> None:
    """A mix, and its hash in the version's manifest."""
    folder = Path("data/mixes") / version
    (folder / "own.jsonl").write_text("".join(f"{row.to_json()}\n" for row in rows), encoding="utf-8")
    (folder / "replay.jsonl").touch()
    record = Path("models") / version / "lineage.json"
    manifest = json.loads(record.read_text(encoding="utf-8"))
    manifest["mix"]["sha256"] = mix_identity(folder)
    put(record, manifest)


@pytest.fixture
def rows(copied: Path) -> list[Record]:
    """What v4 was trained on, which may be passed on; v1's row may not be, and v3's rows do not lie here."""
    origin = {"file": "나.json", "row": 3, "관리번호": "A-1", "made": {"kind": "cloze"}}
    turns = tuple({"role": role, "content": f"{role}의 말"} for role in ("user", "assistant") * 2)
    found = [
        qa("둘 중 무엇인가?", "나", group="1", origin=origin, measure="choice", options=("가", "나"), correct=1),
        Record("2", turns, {"file": "다.json"}, supervise="all"),
    ]
    found = [row.placed("questions", "team") for row in found]
    write_mix("v1", qa("며칠 이내인가?", "5일", group="규정", origin={"file": "가.txt"}).placed("krx_samples", "krx"))
    write_mix("v4", *found)
    return found


def test_a_loader_of_data_sets_reads_the_rows_by_the_croissant_file(rows: list[Record]) -> None:
    import mlcroissant

    tree = croissant(case_of(load_curriculum(), "v4"))
    put(Path("croissant.json"), tree)  # its links are paths of the workspace
    found = mlcroissant.Dataset("croissant.json", mapping={"v1/own.jsonl": "data/mixes/v1/own.jsonl"})
    assert not found.metadata.ctx.issues.errors
    read = list(found.records("v4/own"))
    assert [row["v4/own/id"].decode() for row in read] == [row.id for row in rows]
    assert [turn["v4/own/turns/content"].decode() for turn in read[1]["v4/own/turns"]] == [
        "user의 말",
        "assistant의 말",
    ] * 2
    assert (read[0]["v4/own/correct"], read[0]["v4/own/options"][1].decode()) == (1, "나")
    origin = read[0]["v4/own/origin"]
    assert (origin["v4/own/origin/row"], origin["v4/own/origin/관리번호"]) == (3, b"A-1")
    fields = next(one["field"] for one in tree["recordSet"] if one["@id"] == "v4/own")
    assert {one["name"] for one in fields} == {*COLUMNS} == {name for row in rows for name in json.loads(row.to_json())}
    assert [row["v1/own/group"].decode() for row in found.records("v1/own")] == ["규정"], "who holds it may name it"


def test_what_may_not_be_passed_on_is_described_and_not_linked(rows: list[Record]) -> None:
    tree = croissant(case_of(load_curriculum(), "v4"))
    files = {one["@id"]: one for one in tree["distribution"]}
    assert list(files) == [f"{version}/{part}.jsonl" for version in ("v1", "v4") for part in ("own", "replay")]
    for name, one in files.items():
        path = Path("data/mixes") / name
        assert (one["sha256"], one["contentSize"]) == (sha256(path), f"{path.stat().st_size} B")
        assert (one["contentUrl"] == path.as_posix()) is (name != "v1/own.jsonl")
    assert files["v1/own.jsonl"]["contentUrl"].startswith("ni:///sha-256;")
    assert files["v1/own.jsonl"]["description"].endswith("not linked: redistribution of krx_samples is forbidden")
    assert not any(text in json.dumps(tree, ensure_ascii=False) for text in ("며칠", "둘 중"))
    for line in (
        "1 of 3 mixes are not described (v3)",
        "1 of 4 files are named",
        "3 properties that Croissant requires",
    ):
        assert line in tree["description"]
    terms = {row["portions/source"]: row["portions/redistribution"] for row in tree["recordSet"][0]["data"]}
    assert terms == dict.fromkeys(("krx_samples", "site_reports", "rules"), "forbidden") | {"questions": "allowed"}
    Path("data/mixes/v1/replay.jsonl").write_text('{"cut')
    now = croissant(case_of(load_curriculum(), "v4"))
    assert "2 of 3 mixes are not described (v1, v3)" in now["description"] and len(now["distribution"]) == 2
    params = Path("params.yaml")
    taken = yaml.safe_load(params.read_text(encoding="utf-8"))
    taken["sources"]["questions"]["withdrawn"] = "all"
    params.write_text(yaml.safe_dump(taken), encoding="utf-8")
    own, _ = croissant(case_of(load_curriculum(), "v4"))["distribution"]
    assert own["contentUrl"].startswith("ni:") and "questions was withdrawn" in own["description"]


def test_people_say_who_published_the_data_and_where(rows: list[Record]) -> None:
    answers = {
        "publication.organisation": "팀",
        "publication.date": "2026-11-28",
        "publication.url": "https://a.example",
    }
    Path("dossier.yaml").write_text(yaml.safe_dump(answers, allow_unicode=True), encoding="utf-8")
    tree = croissant(case_of(load_curriculum(), "v4"))
    assert (tree["creator"]["name"], tree["datePublished"], tree["url"]) == tuple(answers.values())
    assert "requires" not in tree["description"]
    for key, wrong in (("publication.date", "가을"), ("publication.url", "우리 누리집")):
        Path("dossier.yaml").write_text(yaml.safe_dump(answers | {key: wrong}, allow_unicode=True), encoding="utf-8")
        with pytest.raises(LineageError, match=f"{key}: expected .*{wrong}"):
            croissant(case_of(load_curriculum(), "v4"))


def test_what_an_adopted_ancestor_holds_is_unknown(copied: Path, capsys: pytest.CaptureFixture) -> None:
    record = Path("models/v1/lineage.json")
    manifest = json.loads(record.read_text(encoding="utf-8"))
    original = {"sha256": "a" * 64, "bytes": 9}
    manifest["adopted"] = {"tool": "unsloth", "stated_base": "x", "original": original, "notes": ["no template"]}
    manifest["mix"] = {**dict.fromkeys(("rows", "tokens", "supervised_tokens"), 0), "sources": {}}
    manifest["mix"] |= {"sha256": None, "supervised_share": None}
    put(record, manifest | {"requested": {}, "effective": {}})
    said(capsys, "dossier", "v4")
    page = (DOSSIER / "training_data.html").read_text(encoding="utf-8")
    assert (
        "알 수 없음(unsloth(으)로 외부에서 학습)" in page
        and "최소 " in page
        and "‘확인 필요’" not in page.partition("3. ")[0]
    )
    assert "every sentence" in said(capsys, "dossier", "v4", "--check", str(DOSSIER))


def test_nothing_else_is_written_over(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("mine")
    assert "is no dossier" in refused("dossier", "v4", "--out", str(tmp_path / "mine"))
    assert (tmp_path / "mine/letter.txt").read_text() == "mine"

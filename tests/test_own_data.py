"""Your own data on Monday: twenty PDFs and one JSONL in a fresh clone, `data: own`, and two versions come out.

The commands are those that the README shows, line by line.

pytest -m slow tests/test_own_data.py
"""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shown import blocks, commands_of
from tests.workspace import Workspace, copy_of, git, ran, raw_rows, shipped_curriculum, short_profile, workspace

PDFS = 20
SENTENCES = (
    "거래소는 상장법인의 공시의무 이행 여부를 점검하고 그 결과를 공표한다.",
    "당해 사업연도의 매출액은 전년보다 12.5% 늘어난 1,234억원이다.",
    "투자자는 투자설명서를 읽고 위험을 확인한 뒤에 결정하여야 한다.",
    "영업이익은 △37억원으로 적자를 이어 갔으며 부채비율은 210%이다.",
)


def write_pdf(path: Path, number: int) -> None:
    """One page of Korean with a heading, which no other of these PDFs has."""
    import pymupdf

    from lineage.sample_world.pdf import sealed

    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 80), f"제{number}호 시장 점검 보고서", fontname="korea", fontsize=18)
        for line in range(8):
            text = f"{line + 1}. {SENTENCES[(number + line) % len(SENTENCES)]}"
            page.insert_text((72, 130 + 24 * line), text, fontname="korea", fontsize=11)
        path.write_bytes(sealed(document, f"{number}"))  # always the same bytes: what is held out follows from them


def steps() -> Iterator[list[str]]:
    """The walk through one's own data, as the README shows it: the words of each command."""
    (walk,) = (block for block in blocks("README.md", language="sh") if "data/raw/own" in block.text)
    yield from (shlex.split(command.text) for command in commands_of(walk))


def copied(w: Workspace, words: list[str], home: Path) -> None:
    """What a shell makes of `cp ~/reports/*.pdf FOLDER`."""
    found = sorted(home.glob(words[1].removeprefix("~/")))
    assert found, words
    for file in found:
        shutil.copy(file, w.root / words[2])


def do(w: Workspace, words: list[str], home: Path) -> None:
    """One command of the walk."""
    if words[0] == "cp":
        copied(w, words, home)
    elif words == ["lineage", "check"]:
        w.run("lineage.cli.main", "check", fails=not any((w.root / "data/raw/own").rglob("*.pdf")))
    elif words[0] == "lineage":
        w.run("lineage.cli.main", *words[1:])
    elif words[:2] == ["dvc", "repro"]:
        w.ran = ran(w.run(*words, seconds=1200))  # type: ignore[attr-defined]
    elif words[0] == "dvc":
        w.run(*words)
    else:
        assert words == ["source", ".venv/bin/activate"], words


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user has: a folder of PDFs, and rows of instructions."""
    home = tmp_path_factory.mktemp("home")
    (home / "reports").mkdir()
    for number in range(PDFS):
        write_pdf(home / f"reports/{number + 1:02} 시장 점검.pdf", number + 1)
    rows = [json.dumps(row, ensure_ascii=False) for row in raw_rows("krx_samples", 40)]
    (home / "instructions.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Workspace:
    """The project as it is cloned, two lines edited (and a small profile), files copied in and versioned by DVC."""
    tree = shipped_curriculum() | {"data": "own"}
    short_profile(tree)
    tree["profiles"]["cpu"]["max_length"] = 1024  # bytes become tokens under a vocabulary of 600
    w = workspace(tmp_path_factory.mktemp("clone") / "w", tree)
    for words in steps():
        if words[:2] == ["dvc", "repro"]:
            break
        do(w, words, home)
    return w


@pytest.fixture(scope="module")
def trained(clone: Workspace, home: Path) -> Workspace:
    *_, repro, results, ask = steps()
    assert repro == ["dvc", "repro"], "all that can be built, without a thought of what cannot"
    do(clone, repro, home)
    clone.printed = clone.said  # type: ignore[attr-defined]
    do(clone, results, home)
    clone.results = " ".join(clone.said.split())  # type: ignore[attr-defined]
    do(clone, ask, home)
    return clone


@pytest.mark.slow
def test_check_says_what_can_be_built_and_what_is_missing(clone: Workspace) -> None:
    said = " ".join(clone.run("lineage.cli.main", "check").split())
    for version in ("v1", "v3"):
        assert f"{version} can be built: dvc repro train@{version}" in said
    assert "v2 cannot be built: no files for financial_reports, accounting" in said
    assert "v4 cannot be built: no files for questions, rules" in said
    assert "v6_clean cannot be built" in said
    assert "no files yet in data/raw/own: financial_reports, accounting, " in said
    tracked = git(clone.root, "ls-files", "--others", "--exclude-standard", "data")
    assert ".pdf" not in tracked and ".jsonl" not in tracked, "raw inputs are never offered to git"
    assert "data/raw/own/site_reports.dvc" in tracked


@pytest.mark.slow
def test_two_versions_come_out(trained: Workspace) -> None:
    w = trained
    assert {"check", "base", "train@v1", "train@v3", "convert@site_reports"} <= w.ran  # type: ignore[attr-defined]
    assert w.json("data/documents/own/site_reports/convert.json")["converted"] == PDFS
    v1, v3 = w.json("models/v1/lineage.json"), w.json("models/v3/lineage.json")
    assert list(v1["mix"]["sources"]) == ["krx_samples"]
    assert v3["parent_adapter"] == v1["adapter"] != v3["adapter"]
    assert v3["mix"]["sources"]["site_reports"]["rows"] >= 10
    assert v3["mix"]["sources"]["krx_samples"]["replayed_rows"] >= 1
    text = (w.root / "data/records/site_reports/records.jsonl").read_text(encoding="utf-8")
    assert "투자설명서를 읽고" in text, "spaces between words are kept"
    assert w.repro() == set(), "a second time there is nothing to do"


@pytest.mark.slow
def test_what_can_be_built_is_compared_and_published_and_the_rest_is_named_once(trained: Workspace) -> None:
    w = trained
    assert {"evaluate@v3", "report", "publish", "contamination", "cards"} <= w.ran  # type: ignore[attr-defined]
    printed, results = w.printed, w.results  # type: ignore[attr-defined]
    assert "v2: NOT BUILT, no rows of accounting, financial_reports: put files into data/raw/own/accounting/" in printed
    warned = [line for line in printed.splitlines() if "is empty" in line and "replay.jsonl" not in line]
    assert warned == [], "of a version without replay alone DVC says that a file is empty"
    comparison = w.json("reports/comparison.json")
    assert list(comparison["versions"]) == ["v1", "v3"] and comparison["versions"]["v3"]["pooled"]
    unbuilt = [name for name in shipped_curriculum()["versions"] if name not in ("v1", "v3")]
    assert list(comparison["missing"]) == sorted(unbuilt)
    for name in unbuilt:
        assert w.json(f"models/{name}/not_built.json")["version"] == name
        assert results.count(f"{name} not built: ") == 1
    assert "v2 not built: no rows of accounting, financial_reports" in results
    assert sorted(file.stem for file in (w.root / "reports/cards").iterdir()) == ["v1", "v3"]
    assert sorted(file.stem for file in (w.root / "data/contamination").iterdir()) == ["v1", "v3"]
    assert list(w.json(".state/mlflow/published.json")["runs"]) == ["base", "report", "v1", "v3"]
    shown = w.run("lineage.cli.main", "show")
    assert "v2 cannot be built" in shown and "v1 built" in shown and "v3 built" in shown
    w.run("lineage.cli.main", "ask", "v2", "?", fails=True)
    assert "v2 is not built: no rows of accounting, financial_reports" in w.said and "Traceback" not in w.said


@pytest.mark.slow
def test_files_that_are_put_in_later_build_the_version(trained: Workspace, home: Path, tmp_path: Path) -> None:
    """For DVC the stages of v2 were up to date; its mix has other bytes now. Without the files it goes again."""
    w = copy_of(trained, tmp_path / "w")
    assert w.repro("train@v2") == set() and "v2 cannot be built" in w.run("lineage.cli.main", "show")
    others = [w.root / f"data/raw/own/{source}/added" for source in ("accounting", "financial_reports")]
    for folder in others:
        folder.mkdir()
    rows = [json.dumps(row, ensure_ascii=False) for row in raw_rows("accounting", 24)]
    (others[0] / "rows.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for file in sorted((home / "reports").iterdir())[:8]:
        shutil.copy(file, others[1])
    assert {"mix@v2", "train@v2"} <= w.repro("train@v2")
    assert w.json("models/v2/lineage.json")["parent_adapter"] == w.adapter("v1")
    assert not (w.root / "models/v2/not_built.json").exists()
    assert w.adapter("v1") == trained.adapter("v1") and w.adapter("v3") == trained.adapter("v3")
    made = w.adapter("v2")
    for folder in others:
        folder.rename(tmp_path / folder.parent.name)
    w.repro("train@v2")
    assert w.json("models/v2/not_built.json") == {"version": "v2"}
    assert not (w.root / "models/v2/lineage.json").exists()
    for folder in others:
        (tmp_path / folder.parent.name).rename(folder)
    assert "train@v2" not in w.repro("train@v2"), "its adapter comes back from DVC's cache"
    assert w.adapter("v2") == made


@pytest.mark.slow
def test_damage_is_counted_and_named(trained: Workspace, tmp_path: Path) -> None:
    w = copy_of(trained, tmp_path / "w")
    rows = w.root / "data/raw/own/krx_samples/instructions.jsonl"
    text = rows.read_text(encoding="utf-8")
    rows.unlink()  # DVC may have linked it to its cache
    rows.write_text(text + '{"prompt": "끝나지 않는 줄", "response": "\n', encoding="utf-8")
    damaged = w.root / "data/raw/own/site_reports/99 손상.pdf"
    damaged.write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Cata")
    w.repro("ingest@krx_samples", "ingest@site_reports")
    counts = w.json("data/records/krx_samples/ingest.json")
    assert counts["rejected_rows"] == 1
    (rejected,) = (w.root / "data/records/krx_samples/rejected.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(rejected)
    assert row["origin"] == {"file": "instructions.jsonl", "row": 41}
    assert row["reason"] == "invalid JSON" and row["remedy"]
    quarantine = (w.root / "data/documents/own/site_reports/quarantine.jsonl").read_text(encoding="utf-8")
    refused = json.loads(quarantine)
    assert refused["file"] == "99 손상.pdf" and refused["reason"] and refused["remedy"]
    assert w.json("data/documents/own/site_reports/convert.json")["converted"] == PDFS


@pytest.mark.slow
def test_a_colleague_clones_it(trained: Workspace, tmp_path: Path) -> None:
    """Git has no empty folders, and the cache is shared: sources without files must not stop a plain `dvc repro`."""
    git(trained.root, "add", "--all")
    git(trained.root, "commit", "--quiet", "--message", "our data")
    root = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(trained.root), str(root))
    assert not (root / "data/raw/own/site_reports").exists()
    shutil.copytree(trained.root / ".dvc/cache", root / ".dvc/cache")
    w = Workspace(root)
    w.run("dvc", "checkout", "--allow-missing", "data/raw/own/site_reports.dvc", "data/raw/own/krx_samples.dvc")
    again = w.repro()
    assert not {stage for stage in again if stage.startswith(("train@", "base", "convert@site"))}, "all is in the cache"
    assert w.adapter("v3") == trained.adapter("v3")

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.schema import Generated, Source
from lineage.core.errors import LineageError
from lineage.ingest.ingest import ingest, is_heldout
from lineage.records.record import Record, read_records
from lineage.synthesis.endpoint import Endpoint
from lineage.synthesis.generate import generate, writer_of
from stages.generate import main
from tests.lineage.synthesis.standin import KEY, Reply, article, chat, failing, stand_in, write_records

ROOT = Path(__file__).parents[3]
SEED = 20240901


def workspace(root: Path, count: int = 40, **entry: Any) -> Path:
    """A folder with the shipped curriculum, one generated source `exam`, and the records of its reference."""
    tree = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    tree["generated"] = {"exam": {"reference": "rules", "kind": "cloze", "per_record": 2, **entry}}
    forms = ["summary"] if entry.get("kind") == "summary" else ["prompt_answer"]
    tree["sources"] = {name: s for name, s in tree["sources"].items() if s["input"] != "generated"}
    tree["sources"]["rules"]["forms"] = ["prompt_answer"]
    tree["sources"]["exam"] = tree["sources"]["rules"] | {"input": "generated", "reader": "generated", "forms": forms}
    tree["versions"] = {"v1": tree["versions"]["v1"]}
    root.mkdir(exist_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    records = [article(n, 3 + n % 4) for n in range(1, count + 1)]
    held = [is_heldout(record.group, 0.15) for record in records]
    write_records(
        root,
        [r for r, out in zip(records, held, strict=True) if not out],
        [r for r, out in zip(records, held, strict=True) if out],
    )
    return root


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return kept | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", **more}


def run(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The stage as DVC runs it."""
    command = [sys.executable, "-m", "stages.generate", *arguments]
    return subprocess.run(command, cwd=root, env=environment(**more), capture_output=True, text=True)


def stage(root: Path, name: str = "exam", **more: str) -> None:
    """The stage's `main` in this process: quicker."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in [v for v in os.environ if v.startswith("OPENAI_")]:
            patch.delenv(variable)
        for variable, value in {"NO_PROXY": "127.0.0.1", **more}.items():
            patch.setenv(variable, value)
        patch.chdir(root)
        patch.setattr(sys, "argv", ["generate", name])
        main()


def rows(root: Path, name: str = "rows") -> list[dict[str, Any]]:
    file = root / "data/generated/sample/exam" / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def by_rule(records: list[Record], out: Path, count: int = 2, seed: int = SEED) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    writer = writer_of(Generated(reference="rules", kind="cloze", per_record=count), seed)
    return generate(((record, True) for record in records), out, "exam", writer, seed)


def test_questions_by_rule_need_no_model_and_no_network(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w")
    done = run(root, "exam")
    assert done.returncode == 0, done.stderr
    counts = json.loads((root / "data/generated/sample/exam/generate.json").read_text())
    assert done.stdout == "exam: 40 texts of rules → 40 rows, 0 rejected\n"
    assert (counts["records"], counts["used"], counts["made"], counts["kept"]) == (40, 40, 40, 40)
    assert counts["endpoint"]["answers"] == counts["endpoint"]["tokens_in"] == 0
    first = rows(root)[0]
    record = next(iter(read_records(root / "data/records/rules/records.jsonl")))
    assert (first["from"], first["group"], first["documents"], first["as_of"]) == (
        record.id,
        record.group,
        ["d" * 64],
        "2024-01-01",
    )
    assert first["options"][first["correct"]] == first["answer"] and first["by"] == {"kind": "cloze"}

    before = {p.name: p.read_bytes() for p in (root / "data/generated/sample/exam").iterdir()}
    shutil.rmtree(root / ".state")
    stage(root)
    assert {p.name: p.read_bytes() for p in (root / "data/generated/sample/exam").iterdir()} == before


def test_a_question_is_held_out_exactly_when_its_reference_is(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 120)
    stage(root)
    source = Source(
        title="t",
        input="generated",
        reader="generated",
        forms=("prompt_answer",),
        heldout=0.15,
        licence="krx",
        near_duplicates="keep",
        personal="keep",
    )
    out = [tmp_path / "records", tmp_path / "heldout"]
    for folder in out:
        folder.mkdir()
    ingest(root / "data/generated/sample/exam", *out, "exam", source)
    for side, path in (("records/rules/records.jsonl", out[0] / "records.jsonl"), ("heldout/rules", out[1])):
        of_reference = {record.id for record in read_records(root / "data" / side)}
        assert {record.origin["from"] for record in read_records(path)} == of_reference and len(of_reference) > 5


def test_more_data_and_other_records_change_no_row(tmp_path: Path) -> None:
    few = [article(n) for n in range(1, 6)]
    by_rule(few, tmp_path / "few")
    by_rule([article(n) for n in range(6, 40)] + few, tmp_path / "many")
    lines = (tmp_path / "many/rows.jsonl").read_text().splitlines()
    assert set((tmp_path / "few/rows.jsonl").read_text().splitlines()) <= set(lines)


def test_letters_are_right_about_equally_often_and_the_seed_moves_them(tmp_path: Path) -> None:
    records = [article(n) for n in range(1, 401)]
    counts = by_rule(records, tmp_path / "a")
    letters = counts["multiple_choice"]["right_letters"]
    assert set(letters) == set("ABCD") and all(70 < n < 130 for n in letters.values())
    by_rule(records, tmp_path / "b", seed=SEED + 1)
    assert (tmp_path / "a/rows.jsonl").read_bytes() != (tmp_path / "b/rows.jsonl").read_bytes()


def test_what_gives_no_question_is_counted_by_reason(tmp_path: Path) -> None:
    number = Record(
        group="g",
        turns=({"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}),
        origin={},
        measure="number",
    )
    records = [article(1), article(1), number]
    writer = writer_of(Generated(reference="rules", kind="cloze"), 1)
    counts = generate(iter([*((r, True) for r in records), (article(2), False)]), tmp_path, "exam", writer, 1)
    assert counts["records"] == 4 == counts["used"] + sum(counts["skipped"].values())
    assert counts["skipped"] == {
        "a question itself, without a text": 1,
        "the same text in another form": 1,
        "the text of an earlier record": 1,
    }


def mcqa(asked: str, days: int | None = None, letter: str = "B") -> Reply:
    """A good multiple choice about the article that was asked about."""
    number = asked.partition("업무규정 제")[2].partition("조")[0]
    days = days or int(asked.partition("날부터 ")[2].partition("일")[0])
    question = {
        "question": f"가온시장 업무규정 제{number}조에 따른 결과의 기한은?",
        "options": ["접수한 날부터 1일", f"접수한 날부터 {days}일", "접수한 날부터 45일", "접수한 날부터 60일"],
        "reasoning": f"제{number}조는 접수한 날부터 {days}일 이내에 알리도록 한다.",
        "answer": letter,
        "answer_text": f"접수한 날부터 {days}일",
    }
    return chat(json.dumps({"questions": [question]}, ensure_ascii=False))


def test_a_model_writes_through_the_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = workspace(tmp_path / "w", 12, kind="mcqa", model="tiny", per_record=1)

    def say(asked: str, count: int) -> Reply:
        number = int(asked.partition("업무규정 제")[2].partition("조")[0])
        special = {1: chat("모르겠습니다"), 2: mcqa(asked, letter="A"), 3: mcqa(asked, 8), 4: failing(400, "too long")}
        return special.get(number) or mcqa(asked)

    with stand_in(say) as server:
        stage(root, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, OPENAI_PRICE_IN="1", OPENAI_PRICE_OUT="10")
        assert len(server.requests) == 12
        first = {p.name: p.read_bytes() for p in (root / "data/generated/sample/exam").iterdir()}
        shutil.rmtree(root / "data/generated")  # as DVC does before it runs a stage
        stage(root, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
        assert len(server.requests) == 13, "only what was refused is asked again"
        assert {p.name: p.read_bytes() for p in (root / "data/generated/sample/exam").iterdir()} == first
        shutil.rmtree(root / ".state")
        stage(root, OPENAI_BASE_URL=server.url)
        assert len(server.requests) == 14, "an output that is still there holds its answers too"
    counts = json.loads(first["generate.json"])
    assert (counts["records"], counts["used"], counts["made"], counts["kept"]) == (12, 12, 12, 8)
    assert counts["rejected"] == {
        "a figure of the answer is not in the reference": 1,
        "an answer that is not JSON": 1,
        "the answer's letter and its text name different options": 1,
        "the endpoint refused the request": 1,
    }
    assert counts["endpoint"] == {
        "answers": 11,
        "tokens_in": 1100,
        "tokens_out": 220,
        "costs": {"USD": 0.0033},
        "answers_without_a_price": 0,
    }
    said = capsys.readouterr().out
    assert "11 answers, 1,100 tokens in, 220 out, 0.0033 USD" in said
    assert "(KRX material, redistribution forbidden) go to tiny at http://127.0.0.1" in said
    assert {row["by"]["model"] for row in rows(root)} == {"tiny"} and len(rows(root, "answers")) == 11
    assert Counter(row["correct"] for row in rows(root)).keys() > {0}, "the model's B is shuffled"
    assert all(row["options"][row["correct"]] == row["answer"] for row in rows(root))
    assert KEY not in said and not any(KEY.encode() in p.read_bytes() for p in root.rglob("*") if p.is_file())


def test_a_killed_run_loses_no_answer_that_it_has(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 12, kind="mcqa", model="tiny", per_record=1)
    killed = threading.Event()

    def say(asked: str, count: int) -> Reply:
        if count >= 5:
            killed.wait(20)
        return mcqa(asked)

    with stand_in(say) as server:
        more = environment(OPENAI_BASE_URL=server.url)
        first = subprocess.Popen([sys.executable, "-m", "stages.generate", "exam"], cwd=root, env=more)
        deadline = time.monotonic() + 30
        while len(list((root / ".state/answers").rglob("*.json"))) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
        killed.set()
        kept = {json.loads(p.read_text())["key"] for p in (root / ".state/answers").rglob("*.json")}
        before = server.asked()
        assert len(kept) == 5 and not (root / "data/generated").exists()
        stage(root, OPENAI_BASE_URL=server.url)
        assert not set(before[:5]) & set(server.asked()[len(before) :]), "what was paid for is not asked again"
    assert len(rows(root)) == 12 and kept < {answer["key"] for answer in rows(root, "answers")}


def test_an_endpoint_that_fails_keeps_what_it_gave_and_what_was_there(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 8, kind="mcqa", model="tiny", per_record=1)
    with stand_in(lambda asked, count: mcqa(asked) if count < 3 else failing(403, "no more credit")) as server:
        done = run(root, "exam", OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, OPENAI_LOG="debug")
    assert done.returncode == 1 and "no more credit" in done.stderr and "run again once it is mended" in done.stderr
    assert "Traceback" not in done.stderr and KEY not in done.stderr + done.stdout
    assert len(list((root / ".state/answers").rglob("*.json"))) == 3 and not (root / "data/generated").exists()


def test_without_an_endpoint_the_variables_are_named(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 3, kind="qa", model="tiny", per_record=1)
    with pytest.raises(LineageError, match=r"set OPENAI_BASE_URL .* OPENAI_API_KEY"):
        stage(root)


def test_an_unknown_name_and_a_missing_reference_are_said(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 3)
    with pytest.raises(LineageError, match=r"'nope' is not under generated: in params\.yaml; it has exam"):
        stage(root, "nope")
    shutil.rmtree(root / "data/heldout")
    with pytest.raises(LineageError, match="no such records; run `dvc repro ingest@rules` first"):
        stage(root)


def test_summaries_are_not_summarised_again(tmp_path: Path) -> None:
    root = workspace(tmp_path / "w", 3, kind="summary", model="tiny", per_record=1)
    tree = yaml.safe_load((root / "params.yaml").read_text())
    tree["sources"]["rules"]["forms"] = ["summary"]
    (root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True))
    with pytest.raises(LineageError, match=r"sources\.rules\.forms: only summaries.*add document"):
        stage(root)


def test_the_same_question_twice_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = {"questions": [{"question": "업무규정 제1조의 기한은?", "answer": "접수한 날부터 5일 이내이다."}] * 2}
    with stand_in(lambda asked, count: chat(json.dumps(pair, ensure_ascii=False))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        writer = writer_of(Generated(reference="rules", kind="qa", per_record=2, model="tiny"), 1)
        object.__setattr__(writer, "endpoint", Endpoint("tiny", 1, folder=tmp_path / "answers"))
        counts = generate(iter([(article(1), True)]), tmp_path, "exam", writer, 1)
    assert (counts["kept"], counts["rejected"]) == (1, {"the question was asked before": 1})


def test_a_failure_inside_ends_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    writer = writer_of(Generated(reference="rules", kind="qa", model="tiny"), 1)
    object.__setattr__(writer, "endpoint", Endpoint("tiny", 1, folder=tmp_path / "answers"))
    with pytest.raises(LineageError, match="no endpoint to ask"):
        generate(iter([(article(n), True) for n in range(30)]), tmp_path, "exam", writer, 1)

"""A document is withdrawn from a lineage that was built, pushed and published: nothing of it is left anywhere.

pytest -m slow tests/lineage/withdrawal/test_withdraw.py
"""

import hashlib
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
import yaml

from lineage.artifacts.manifest import parsed_manifest
from lineage.artifacts.withdrawals import read_withdrawals
from lineage.chat.votes import Said, Vote
from lineage.chat.votes import keep as keep_vote
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import votes
from lineage.core.stage import only_writer
from lineage.synthesis.response_cache import keep, kept
from lineage.tracking.publish import publish
from lineage.tracking.removal import adapters_of_runs, runs_of
from lineage.tracking.server import tracking_uri
from lineage.withdrawal.dvc_objects import Objects, caches, together
from lineage.withdrawal.git_history import committed
from lineage.withdrawal.markers import Noted, Subject, found_in, ids_in, lines_with, pattern
from lineage.withdrawal.noted import note
from lineage.withdrawal.purge import purge
from lineage.withdrawal.rebuild import targets
from lineage.withdrawal.withdraw import plan, take_out, withdraw
from lineage.withdrawal.withdrawn_exports import doubtful_exports, exports_of
from tests import tiny
from tests.lineage.artifacts import samples
from tests.lineage.tracking.published_world import finished_workspace
from tests.test_own_data import write_pdf
from tests.workspace import Workspace, ran, raw_rows, shipped_curriculum, short_profile, workspace

DOCUMENT, OTHER = "d" * 64, "e" * 64


def record(source: str, number: int, documents: list[str]) -> dict[str, object]:
    return {
        "id": f"{source}.prompt_answer.{number:016x}",
        "source": source,
        "documents": documents,
        "turns": [{"role": "user", "content": f"물음 {number}"}, {"role": "assistant", "content": "답"}],
    }


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    made = [record("samples", 1, [DOCUMENT]), record("samples", 2, []), record("problems", 3, [OTHER, DOCUMENT])]
    return write_jsonl(tmp_path / "rows.jsonl", made)


def test_rows_are_found_by_document_and_by_source(rows: Path, tmp_path: Path) -> None:
    assert list(ids_in(rows, pattern(Subject(DOCUMENT)))) == [
        "samples.prompt_answer.0000000000000001",
        "problems.prompt_answer.0000000000000003",
    ]
    assert len(list(lines_with(rows, pattern(Subject("samples", ("samples",)))))) == 2
    assert not found_in(rows, pattern(Subject("f" * 64)))
    (tmp_path / "empty").touch()
    assert not found_in(tmp_path / "empty", pattern(Subject(DOCUMENT)))
    said = write_jsonl(tmp_path / "said.jsonl", [record("rules", 1, []) | {"group": 'he wrote "source": "samples"'}])
    assert not found_in(said, pattern(Subject("samples", ("samples",)))), "a text that quotes the mark is no row"


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny curriculum (v1 ← v2, v1 ← v3) with rows in records and mixes; nothing is trained."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(), sort_keys=False), encoding="utf-8")
    reached = [record("companies", n, [DOCUMENT]) for n in range(3)]
    write_jsonl(Path("data/records/companies/records.jsonl"), [*reached[:2], record("companies", 9, [])])
    write_jsonl(Path("data/heldout/companies/prompt_answer.jsonl"), reached[2:])
    write_jsonl(Path("data/mixes/v1/own.jsonl"), [*reached[:2], record("samples", 1, [])])
    write_jsonl(Path("data/mixes/v2/own.jsonl"), [record("problems", 1, [])])
    write_jsonl(Path("data/mixes/v3/replay.jsonl"), reached[:1])
    return tmp_path


def test_the_plan_names_records_mixes_and_every_adapter_below(planned: Path) -> None:
    reach = plan(load_curriculum(), DOCUMENT)
    assert {source: len(ids) for source, ids in reach.records.items()} == {"companies": 3}
    assert reach.mixes == {"v1": 2, "v3": 1}
    assert reach.adapters["v1"].startswith("trained on 2") and reach.adapters["v2"] == "continues v1"
    assert plan(load_curriculum(), OTHER).adapters == {}


def test_what_cannot_be_withdrawn_is_said_before_anything_changes(planned: Path) -> None:
    with pytest.raises(LineageError, match=r"neither a source \(samples, .* nor a document's SHA-256"):
        plan(load_curriculum(), "sampels")
    with pytest.raises(LineageError, match=r"versions\.v2\.mix is problems alone: nothing would be left"):
        plan(load_curriculum(), "problems")


def put(root: Path, content: bytes) -> str:
    """An object as DVC keeps it."""
    oid = hashlib.md5(content).hexdigest()
    path = root / "files/md5" / oid[:2] / oid[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return oid


def put_folder(root: Path, members: dict[str, bytes]) -> str:
    listed = [{"md5": put(root, content), "relpath": name} for name, content in members.items()]
    content = json.dumps(listed).encode()
    oid = f"{hashlib.md5(content).hexdigest()}.dir"
    path = root / "files/md5" / oid[:2] / oid[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return oid


COUNTS = dict.fromkeys(("rows", "tokens", "supervised_tokens", "replayed_rows"), 3) | {"dropped": {}}


def lineage_json(adapter: str, parent: str | None, mix: str, *sources: str) -> bytes:
    unnamed = samples.MANIFEST["mix"] | {"sha256": mix, "sources": dict.fromkeys(sources, COUNTS)}
    return json.dumps(samples.manifest(adapter=adapter, parent_adapter=parent, mix=unnamed)).encode()


def test_weights_are_found_through_their_mix_and_their_parents(tmp_path: Path) -> None:
    from lineage.core.files import sha256_of

    own, replay = json.dumps(record("samples", 1, [DOCUMENT])).encode(), b""
    hashes = [hashlib.sha256(part).hexdigest() for part in (own, replay)]
    put_folder(tmp_path, {"own.jsonl": own, "replay.jsonl": replay})
    shared = b"a tokenizer that every model folder holds"

    def model(adapter: str, parent: str | None, mix: str) -> tuple[str, str]:
        weights = f"weights {adapter}".encode()
        members = {"lineage.json": lineage_json(adapter, parent, mix), "adapter_model.safetensors": weights}
        return put_folder(tmp_path, members | {"tokenizer.json": shared}), hashlib.md5(weights).hexdigest()

    first, first_weights = model("1" * 64, None, sha256_of(hashes))
    child, child_weights = model("2" * 64, "1" * 64, "another")
    other, other_weights = model("3" * 64, None, "another")
    run = tmp_path / "runs/aa/bb/cc"
    run.parent.mkdir(parents=True)
    run.write_text(f"outs:\n- md5: {child}\n")

    cache = Objects(tmp_path)
    found = cache.found(Subject(DOCUMENT), Noted())
    assert found.adapters == {"1" * 64, "2" * 64}
    assert found.known == {"1" * 64}, "nobody can read the mix of the others"
    grandchild = parsed_manifest(lineage_json("4" * 64, "2" * 64, "another"), Path("elsewhere"), "")
    assert cache.found(Subject(DOCUMENT), Noted(), elsewhere=[grandchild]).adapters == found.adapters | {"4" * 64}
    assert {first, child, first_weights, child_weights} <= found.oids
    assert not {other, other_weights, hashlib.md5(shared).hexdigest()} & found.oids
    cache.remove(found.oids)
    assert not run.exists(), "DVC must not believe that it can restore what is gone"
    assert Objects(tmp_path).found(Subject(DOCUMENT), Noted()).oids == frozenset()
    assert other_weights in Objects(tmp_path).paths


def test_answers_written_about_a_withdrawn_text_go_with_its_rows(tmp_path: Path) -> None:
    row, kept = ({"from": "rules.record.1", "documents": [d], "question": "?"} for d in (DOCUMENT, OTHER))

    def generated(answers: bytes, row: dict[str, object]) -> None:
        put_folder(tmp_path, {"rows.jsonl": json.dumps(row).encode(), "answers.jsonl": answers})

    generated(b'{"key": "1", "text": "about the withdrawn"}\n', row)
    generated(b'{"key": "2", "text": "about another"}\n', kept)
    generated(b"", row)
    generated(b"", kept)
    cache = Objects(tmp_path)
    cache.remove(cache.found(Subject(DOCUMENT), Noted()).oids)
    left = {path.read_bytes() for path in cache.paths.values()}
    assert b'{"key": "1", "text": "about the withdrawn"}\n' not in left
    assert {b"", b'{"key": "2", "text": "about another"}\n'} <= left


def test_unmarked_objects_are_known_again_after_a_kill(own: Path) -> None:
    converted = own / "data/documents/own/companies/a.json"
    converted.parent.mkdir(parents=True)
    converted.write_text('{"file": "a.pdf"}', encoding="utf-8")
    reach = plan(load_curriculum(), "companies")
    files = [own / "data/raw/own/companies/rows.csv", converted]
    noted = note(reach)
    assert noted.objects == {hashlib.md5(file.read_bytes()).hexdigest() for file in files}
    assert len(noted.ids) == 4
    take_out(reach)
    for room in ("records", "heldout"):  # as a rebuild leaves them
        shutil.rmtree(own / "data" / room / "companies")
    again = plan(load_curriculum(), "companies")
    assert again.raw == () and again.records == {} and note(again) == noted


def test_a_document_of_a_source_that_is_withdrawn_already_changes_nothing_of_it(own: Path) -> None:
    take_out(plan(load_curriculum(), "companies"))
    take_out(plan(load_curriculum(), DOCUMENT))  # the records of companies are still there: the rebuild was killed
    assert load_curriculum().sources["companies"].withdrawn == "all"


def test_what_is_converted_elsewhere_goes_and_nothing_else(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.withdrawal.purge.caches", lambda: ({"DVC's cache": Objects(Path("cache"))}, {}))
    monkeypatch.setenv("KRX_DOCUMENT_CACHE", "shared")
    gone = [Path(f"shared/{code}/{DOCUMENT[:2]}/{DOCUMENT}.json") for code in ("c0de", "01dc0de")]
    half = Path("shared/c0de/partial/half.json")
    left = [Path(f"shared/c0de/ff/{'f' * 64}.json"), Path("shared/notes/a.json")]
    for path in (*gone, half, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{{"sha256": "{DOCUMENT if path == half else path.stem}"', encoding="utf-8")
    assert purge(Subject(DOCUMENT), Noted(), rebuilt=True).hits["shared"] == 0
    assert sorted(path for path in Path("shared").rglob("*.json")) == left


def test_exports_and_bundles_are_known_by_the_weights_and_rows_in_them(planned: Path) -> None:
    def exported(name: str, adapter: str, parent: str | None, mix: str, sources: dict[str, object]) -> Path:
        made = samples.MANIFEST["mix"] | {"sha256": mix, "sources": sources}
        folder = Path("exports", name)
        folder.mkdir(parents=True)
        manifest = samples.manifest(adapter=adapter, parent_adapter=parent, mix=made)
        (folder / "lineage.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder / "model.gguf").write_bytes(b"weights")
        return folder

    first = exported("v1-merged", "1" * 64, None, "a mix", {"companies": COUNTS})
    child = exported("v2-gguf", "2" * 64, "1" * 64, "another", {})
    apart = exported("v9-adapter", "9" * 64, None, "another", {"samples": COUNTS})
    row = json.dumps(record("companies", 4, [DOCUMENT]), ensure_ascii=False).encode()
    bundle, raw, other = (Path("exports", f"krx-lineage-{n}.tar") for n in "123")
    for file, content in ((bundle, row), (raw, b'"cache/files/md5/ab/cdef"'), (other, b"nothing of it")):
        file.write_bytes(b"\0" * 512 + content + b"\0" * 512)

    companies = Subject("companies", ("companies",))
    assert set(exports_of(companies, Noted(frozenset({"abcdef"})), ())) == {first, child, bundle, raw}
    assert set(exports_of(Subject(DOCUMENT), Noted(), {"1" * 64})) == {first, child, bundle}
    assert exports_of(Subject(OTHER), Noted(), ()) == ()
    assert doubtful_exports({"1" * 64, "2" * 64}) == (apart,)
    assert plan(load_curriculum(), DOCUMENT).exports == (bundle,), (
        "no manifest here says that v1-merged was trained on it"
    )
    (child / "lineage.json").write_text("{", encoding="utf-8")
    with pytest.raises(LineageError, match=r"v2-gguf/lineage\.json.*delete the export"):
        exports_of(companies, Noted(), ())


def test_runs_of_adapters_that_no_cache_has_go_or_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow keeps what `dvc gc` took out of the cache, and what another clone has built."""
    monkeypatch.chdir(tmp_path)
    finished_workspace(tmp_path)
    publish(tracking_uri())
    monkeypatch.setattr("lineage.withdrawal.purge.caches", lambda: ({"DVC's cache": Objects(Path("cache"))}, {}))
    named = purge(Subject(DOCUMENT), Noted(), rebuilt=True)
    assert sorted(one.split()[2] for one in named.runs) == ["v1", "v2", "v3"], "who can say that it is in none of them?"
    adapters = [adapter for _, adapter, _ in adapters_of_runs()]
    proof = purge(Subject("metamath", ("metamath",)), Noted(), rebuilt=True)
    assert len(adapters) == 3 and runs_of(adapters) == [] and (proof.runs, proof.hits["MLflow runs"]) == ((), 0)


def test_votes_on_answers_of_adapters_that_are_gone_are_counted_until_somebody_takes_them_out(
    planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are people's own: no copy of them goes while the file lies here, and none stays once it was changed."""
    monkeypatch.setattr("lineage.withdrawal.purge.caches", lambda: ({"DVC's cache": Objects(Path("cache"))}, {}))
    monkeypatch.setattr("lineage.tracking.removal.remove_runs", lambda adapters: 0)
    monkeypatch.setattr("lineage.tracking.removal.runs_of", lambda adapters: [])
    monkeypatch.setattr("lineage.tracking.removal.artifacts_with", lambda marks: [])
    monkeypatch.setattr("lineage.tracking.removal.adapters_of_runs", list)
    gone, other = Said("v1", "1" * 64, "그것", "stopped"), Said("v2", "2" * 64, "저것", "stopped")
    file = votes("liked")
    keep_vote(Vote("a", ({"role": "user", "content": "무엇?"},), gone, other, "first"), file)
    keep_vote(Vote("b", ({"role": "user", "content": "어디?"},), other, other, "tie"), file)
    mine = {put_folder(Path("cache"), {file.name: file.read_bytes()}), hashlib.md5(file.read_bytes()).hexdigest()}
    companies = plan(load_curriculum(), "companies").subject
    put_folder(Path("cache"), {"lineage.json": lineage_json("1" * 64, None, "a mix", "companies")})
    proof = purge(companies, Noted(), rebuilt=True)
    assert proof.hits[file.as_posix()] == 1 and not proof.clean
    assert set(Objects(Path("cache")).paths) == mine, "only the adapter went"
    again = note(plan(load_curriculum(), "companies"))
    assert again.adapters == {"1" * 64}, "no cache tells any more"
    file.write_text(file.read_text(encoding="utf-8").splitlines(keepends=True)[1], encoding="utf-8")
    proof = purge(companies, again, rebuilt=True)
    assert proof.hits[file.as_posix()] == 0 and not set(Objects(Path("cache")).paths) & mine


def test_answers_that_are_left_are_not_paid_for_again(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.withdrawal.purge.caches", lambda: ({"DVC's cache": Objects(Path("cache"))}, {}))
    monkeypatch.setattr("lineage.tracking.removal.remove_runs", lambda adapters: 0)
    monkeypatch.setattr("lineage.tracking.removal.runs_of", lambda adapters: [])
    monkeypatch.setattr("lineage.tracking.removal.adapters_of_runs", list)
    monkeypatch.setattr("lineage.tracking.removal.artifacts_with", lambda marks: [])
    left, gone = ({"key": digit * 64, "text": "{}"} for digit in "12")
    for answer in (left, gone):
        keep(answer, Path(".state/answers"))
    write_jsonl(Path("data/generated/own/cases/answers.jsonl"), [left])
    purge(Subject(DOCUMENT), Noted(), rebuilt=True)
    assert kept("1" * 64) == left and kept("2" * 64) is None


def test_nothing_is_purged_while_a_stage_runs(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.withdrawal.withdraw.rebuild", lambda: "")
    monkeypatch.setattr(
        "lineage.withdrawal.withdraw.purge", lambda *_, **__: pytest.fail("purged under a running stage")
    )
    reach = plan(load_curriculum(), DOCUMENT)
    with only_writer("train v3"), pytest.raises(LineageError, match="another stage is writing here: train v3"):
        withdraw(reach)


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def add(*places: str) -> None:
    """`dvc add`, and a commit of what git has of it."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        repo.add([*places])
    git("add", ".")
    git("commit", "-q", "-m", "raw files")


@pytest.fixture
def own(planned: Path) -> Path:
    """The same with `data: own` and a raw file of companies, in a repository of git and DVC."""
    from dvc.repo import Repo

    git("init", "-q")
    Repo.init(".").close()
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params() | {"data": "own"}, sort_keys=False), encoding="utf-8")
    raw = Path("data/raw/own/companies/rows.csv")
    raw.parent.mkdir(parents=True)
    raw.write_text("이름,자산\n가온,1\n", encoding="utf-8")
    return planned


def test_raw_files_of_earlier_commits_are_known(own: Path) -> None:
    """A file that was replaced lies in DVC's cache still; one that another source has as well stays."""
    companies, samples = Path("data/raw/own/companies"), Path("data/raw/own/samples")
    (companies / "old.csv").write_text("이름,자산\n나래,2\n", encoding="utf-8")
    (companies / "shared.csv").write_text("이름,자산\n다온,3\n", encoding="utf-8")
    samples.mkdir()
    shutil.copy(companies / "shared.csv", samples / "copy.csv")
    old, shared = (hashlib.md5((companies / name).read_bytes()).hexdigest() for name in ("old.csv", "shared.csv"))
    add(str(companies), str(samples))
    (companies / "old.csv").unlink()
    (companies / "shared.csv").unlink()
    add(str(companies))
    noted = note(plan(load_curriculum(), "companies")).objects
    assert old in noted and shared not in noted
    cache = Objects(Path(".dvc/cache"))
    found = cache.found(Subject("companies", ("companies",)), Noted(noted))
    assert old in found.oids and any(oid.endswith(".dir") for oid in found.oids), "and the folders that list it"


def test_a_folder_that_was_added_as_a_whole_gives_up_the_files_of_the_source(own: Path) -> None:
    Path("data/raw/own/samples").mkdir()
    Path("data/raw/own/samples/rows.csv").write_text("물음,답\nㄱ,ㄴ\n", encoding="utf-8")
    add("data/raw/own")
    shutil.rmtree("data/raw/own/companies")
    add("data/raw/own")
    content = "이름,자산\n가온,1\n".encode()
    assert note(plan(load_curriculum(), "companies")).objects == {hashlib.md5(content).hexdigest()}


def test_objects_as_dvc_2_laid_them_out_are_searched_too(own: Path) -> None:
    row = json.dumps(record("companies", 1, [DOCUMENT])).encode()
    oid = hashlib.md5(row).hexdigest()
    old = Path(".dvc/cache") / oid[:2] / oid[2:]
    old.parent.mkdir(parents=True)
    old.write_bytes(row)
    places, _ = caches()
    (found,) = [place for place, cache in places.items() if cache.found(Subject(DOCUMENT), Noted()).oids]
    assert found == "DVC's cache, as DVC 2 laid it out"
    places[found].remove({oid})
    assert not old.exists()


def test_committed_rows_are_found_in_every_commit_and_pages_that_quote_one_are_not(own: Path) -> None:
    row = record("companies", 1, [DOCUMENT])
    write_jsonl(own / "notes/rows.jsonl", [row])
    (own / "notes/page.md").write_text(f"A row looks so: `{json.dumps(row)}`\n", encoding="utf-8")
    git("add", "notes")
    git("commit", "-q", "-m", "by mistake")
    git("rm", "-q", "notes/rows.jsonl")
    git("commit", "-q", "-m", "taken out again")
    assert committed(pattern(Subject("companies", ("companies",))), set()) == ["notes/rows.jsonl"]
    page = hashlib.sha256((own / "notes/page.md").read_bytes()).hexdigest()
    assert committed(pattern(Subject("f" * 64)), {page}) == ["notes/page.md"], "a raw file that was committed itself"


def test_counts_of_a_source_are_no_hit(tmp_path: Path) -> None:
    counts = tmp_path / "ingest.json"
    counts.write_text('{"source": "companies", "records": 0, "note": "withdrawn"}', encoding="utf-8")
    assert not found_in(counts, pattern(Subject("companies", ("companies",))))


def test_reports_go_with_the_answers_that_they_show(tmp_path: Path) -> None:
    """Those of the base too: it answers held-out rows of a document that no version was trained on."""
    known = "companies.prompt_answer.0000000000000001"
    answer = json.dumps({"set": "companies.prompt_answer", "id": known, "expected": "가려질 문장"}).encode()
    base = {"measures.json": b'{"adapter": null}', "answers.jsonl": answer, "rows.jsonl": b"{}"}
    put_folder(tmp_path, base)
    before = put_folder(tmp_path, {"lineage.html": "<p>가려질 문장</p>".encode(), "comparison.json": b"{}"})
    after = put_folder(tmp_path, {"lineage.html": b"<p>-</p>", "comparison.json": b"{}"})
    cache = Objects(tmp_path)
    gone = cache.found(Subject(DOCUMENT), Noted(ids=frozenset({known})), report=after).oids
    assert before in gone and after not in gone
    cache.remove(gone)
    left = b"".join(path.read_bytes() for path in cache.paths.values())
    assert "가려질 문장".encode() not in left and b"<p>-</p>" in left


def test_a_file_that_the_new_report_has_too_stays_though_a_remote_knows_only_the_old_one(tmp_path: Path) -> None:
    known = "companies.prompt_answer.0000000000000001"
    answer = json.dumps({"set": "companies.prompt_answer", "id": known, "expected": "가려질 문장"}).encode()
    base = {"measures.json": b'{"adapter": null}', "answers.jsonl": answer, "rows.jsonl": b"{}"}
    old = {"lineage.html": "<p>가려질 문장</p>".encode(), "curve.csv": b"step,loss", "old.csv": b"was"}
    new = {"lineage.html": b"<p>-</p>", "curve.csv": b"step,loss"}
    cache, remote = tmp_path / "cache", tmp_path / "remote"
    for place in (cache, remote):
        put_folder(place, base)
        before = put_folder(place, old)
    after = put_folder(cache, new)
    places = [Objects(cache), Objects(remote)]
    gone = together(places).found(Subject(DOCUMENT), Noted(ids=frozenset({known})), report=after).oids
    shared, only_old = (hashlib.md5(content).hexdigest() for content in (b"step,loss", b"was"))
    assert {before, only_old} <= gone and not {after, shared} & gone
    for place in places:
        place.remove(gone)
    assert {shared, after} <= Objects(cache).paths.keys()
    assert "가려질 문장".encode() not in b"".join(p.read_bytes() for one in places for p in one.paths.values())


def test_only_what_was_built_is_built_again(planned: Path) -> None:
    for file in ("data/mixes/v1/mix.json", "models/v1/lineage.json", "metrics/base/measures.json"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("{}", encoding="utf-8")
    assert targets(load_curriculum()) == (["mix@v1", "train@v1", "baseline"], [])


def test_a_rebuild_that_stops_leaves_nothing_of_it(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.withdrawal.withdraw.rebuild", lambda: "`dvc repro train@v3`")
    monkeypatch.setattr("lineage.withdrawal.withdraw.note", lambda reach: Noted())
    monkeypatch.setattr("lineage.withdrawal.purge.caches", lambda: ({"DVC's cache": Objects(Path("cache"))}, {}))
    for version in ("v1", "v2"):
        Path(f"models/{version}").mkdir(parents=True)
        Path(f"models/{version}/adapter_model.safetensors").write_bytes(b"weights")
    proof = withdraw(plan(load_curriculum(), DOCUMENT))
    assert proof.stopped == "`dvc repro train@v3`" and not any(proof.hits.values())
    assert not list(Path("models").iterdir()) and not list(Path("data/mixes").glob("v1/*"))
    assert list(Path("data/records").rglob("*.jsonl")) == [], "it held rows of the document"
    [written] = read_withdrawals()
    assert (written.subject, written.hits, written.stopped) == (DOCUMENT, proof.hits, proof.stopped)
    assert written.records == {"companies": 3} and set(written.adapters) == {"v1", "v2", "v3"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """v1 on rows of its own, v2 on PDFs and v3 on questions, both on v1; pushed to a remote, published."""
    w = begun(tmp_path_factory.mktemp("withdraw") / "w", without=0)
    w.run("dvc", "remote", "add", "-d", "store", str(w.root.parent / "store"))
    w.repro()
    w.run("dvc", "push", "--run-cache")
    return w


def begun(root: Path, without: int) -> Workspace:
    """That lineage before it is built; without one of its eight PDFs, by number from 1, or with all."""
    tree = shipped_curriculum() | {"data": "own"}
    short_profile(tree)
    tree["profiles"]["cpu"]["max_length"] = 1024
    sources = {"v1": ("base", "krx_samples"), "v2": ("v1", "site_reports"), "v3": ("v1", "questions")}
    tree["papers"] = {"site_reports": tree["papers"]["site_reports"]}
    tree["generated"] = {}
    tree["sources"] = {name: tree["sources"][name] for _, name in sources.values()}
    tree["versions"] = {
        version: tree["versions"][version]
        | {"parent": parent, "mix": {source: {"form": tree["sources"][source]["forms"][0], "weight": 1}}}
        | {"replay": 0.0, "exclude": []}
        for version, (parent, source) in sources.items()
    }
    w = workspace(root, tree)
    raw = w.root / "data/raw/own"
    for source in tree["sources"]:
        (raw / source).mkdir(parents=True)
    for number in range(1, 9):
        if number != without:
            write_pdf(raw / "site_reports" / f"{number:02} 점검.pdf", number)
    for source in ("krx_samples", "questions"):
        write_jsonl(raw / source / "rows.jsonl", list(raw_rows(source, 40)))  # type: ignore[arg-type]
    w.run("dvc", "add", *(f"data/raw/own/{source}" for source in tree["sources"]))
    return w


@pytest.mark.slow
def test_nothing_of_a_document_is_left(built: Workspace) -> None:
    w = built
    pdfs = sorted((w.root / "data/raw/own/site_reports").iterdir())
    trained = (w.root / "data/records/site_reports/records.jsonl").read_text(encoding="utf-8")
    pdf, document = next((p, s) for p in pdfs if (s := hashlib.sha256(p.read_bytes()).hexdigest()) in trained)
    before = {version: w.adapter(version) for version in ("v1", "v2", "v3")}
    store = w.root.parent / "store"
    marks = pattern(Subject(document), hashes=[before["v2"]])

    def holding(*folders: Path) -> list[Path]:
        # What keeps the document out names it: the list of what was not converted, and DVC's notes of parameters.
        files = [p for folder in folders for p in folder.rglob("*") if p.is_file() and p.name != "quarantine.jsonl"]
        files = [p for p in files if "runs" not in p.relative_to(w.root.parent).parts]
        return [p for p in files if found_in(p, marks)]

    for version in ("v1", "v2"):
        shutil.copytree(w.root / "models" / version, w.root / "exports" / f"{version}-adapter")
    rooms = ("data", "models", "metrics", "reports", "exports", ".dvc/cache", ".state")
    rooms = [*(w.root / room for room in rooms), store]
    assert {room.name for room in rooms if holding(room)} >= {"data", "models", "cache", "store", ".state"}

    said = w.run("lineage.cli.main", "withdraw", document, "--dry-run")
    assert "site_reports" in said and "exports/v2-adapter" in said and "v1-adapter" not in said and pdf.is_file()
    refused = w.run("lineage.cli.main", "withdraw", document, fails=True)
    assert "--yes" in refused and pdf.is_file()

    said = w.run("lineage.cli.main", "withdraw", document, "--yes")
    assert "is withdrawn" in said
    assert {s for s in ran(said) if s.startswith(("convert", "ingest", "train", "base@"))} == {
        "convert@site_reports",
        "ingest@site_reports",
        "train@v2",
    }
    assert not pdf.exists()
    assert holding(*rooms) == [] and [one.name for one in (w.root / "exports").iterdir()] == ["v1-adapter"]
    assert not any(hashlib.sha256(p.read_bytes()).hexdigest() == document for p in store.rglob("*") if p.is_file())
    after = {version: w.adapter(version) for version in ("v1", "v2", "v3")}
    assert after["v2"] != before["v2"] and {**after, "v2": ""} == {**before, "v2": ""}

    with sqlite3.connect(w.root / ".state/mlflow/mlflow.db") as database:
        tags = {value for (value,) in database.execute("select value from tags where key = 'adapter'")}
    assert before["v2"] not in tags and after["v2"] in tags
    never = begun(w.root.parent / "never", without=int(pdf.name[:2]))
    never.repro("train@v2", "train@v3")
    assert after == {version: never.adapter(version) for version in after}, "as if the document had never been there"

    assert w.repro() == set(), "all is fresh afterwards"
    assert "is withdrawn" in w.run("lineage.cli.main", "withdraw", document, "--yes"), "once more changes nothing"

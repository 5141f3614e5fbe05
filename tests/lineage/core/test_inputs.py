import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage.core import inputs
from lineage.core.errors import LineageError
from lineage.core.inputs import NOTHING, inputs_of, publishing

GRAPH = """
stages:
  ingest:
    foreach: ${sources}
    do:
      cmd: python -m stages.ingest ${key}
      deps: ["data/raw/${data}/${key}", data/checked.json, stages/ingest.py, lineage/ingest]
      params: [data, "sources.${key}", "profiles.${profile}"]
      outs: ["data/records/${key}"]
"""
PARAMS = """
profile: cpu    # a comment
data: own
profiles: {cpu: {threads: 1}, gpu: {threads: 0}}
sources:
  rules: {heldout: 0.2, forms: [record]}
  questions: {heldout: 0.2, forms: [record]}
"""
RAW, OUT = Path("data/raw/own/rules"), Path("data/records/rules")
COMMAND = "python -m stages.ingest rules"


def write(file: str, text: str) -> None:
    """A file of a workspace, code written long before this process began."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text, encoding="utf-8")
    if file.endswith(".py"):
        os.utime(file, (1, 1))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("dvc.yaml", GRAPH)
    write("params.yaml", PARAMS)
    write(".dvcignore", "# compiled\n__pycache__\n*.pyc\n.gitignore\n/data/raw/own/rules/apart\n")
    write("data/raw/own/rules/a.txt", "one")
    write("data/raw/own/rules/deep/b.txt", "two")
    write("data/checked.json", "{}")
    write("stages/ingest.py", "work()\n")
    write("lineage/ingest/ingest.py", "def work(): ...\n")


def publish(meanwhile: Callable[[], object]) -> None:
    """A stage's work, with something that happens in the middle of it."""
    with publishing(inputs_of(COMMAND), OUT) as (out,):
        meanwhile()
        (out / "rows").write_text("rows")


def refused(meanwhile: Callable[[], object]) -> str:
    with pytest.raises(LineageError) as error:
        publish(meanwhile)
    assert not OUT.exists()
    said = str(error.value)
    assert said.startswith("ingest@rules: what it depends on changed while it ran, so nothing is published:\n")
    assert said.endswith("run it again: dvc repro ingest@rules")
    return said


def edit(old: str, new: str) -> None:
    write("params.yaml", PARAMS.replace(old, new))


def test_a_parameter_is_named_with_both_values() -> None:
    changed = 'rules: {heldout: 0.3, forms: [record, "문서"]}'
    said = refused(lambda: edit("rules: {heldout: 0.2, forms: [record]}", changed))
    assert "  params.yaml: sources.rules.heldout: 0.2 → 0.3\n" in said
    assert '  params.yaml: sources.rules.forms: ["record"] → ["record", "문서"]\n' in said
    assert "questions" not in said


def test_a_parameter_that_goes_and_one_that_comes() -> None:
    said = refused(lambda: edit("rules: {heldout: 0.2, ", "rules: {personal: mask, "))
    assert "sources.rules.heldout: 0.2 → (none)" in said and "sources.rules.personal: (none) → mask" in said


def test_a_curriculum_that_is_broken_meanwhile() -> None:
    assert "params.yaml: data: own → (none)" in refused(lambda: write("params.yaml", "data: ["))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("questions: {heldout: 0.2", "questions: {heldout: 0.4"),
        ("gpu: {threads: 0}", "gpu: {threads: 8}"),
        ("# a comment", "# another comment"),
        ("{heldout: 0.2, forms: [record]}", "{forms: [record], heldout: 0.20}"),
    ],
)
def test_what_the_stage_does_not_depend_on_may_change(old: str, new: str) -> None:
    publish(lambda: edit(old, new))
    assert (OUT / "rows").read_text() == "rows"


def test_a_file_that_comes_goes_or_changes_is_named() -> None:
    assert f"  {RAW}/c.txt: new\n" in refused(lambda: write(f"{RAW}/c.txt", "three"))
    assert f"  {RAW}/deep/b.txt: changed\n" in refused(lambda: write(f"{RAW}/deep/b.txt", "TWO"))
    assert f"  {RAW}/a.txt: gone\n" in refused((RAW / "a.txt").unlink)
    assert "  data/checked.json: changed\n" in refused(lambda: write("data/checked.json", "[]"))


def test_a_file_that_was_not_there_at_the_start() -> None:
    Path("data/checked.json").unlink()
    assert "  data/checked.json: new\n" in refused(lambda: write("data/checked.json", "{}"))


def test_code_that_is_edited() -> None:
    assert "  lineage/ingest/ingest.py: changed\n" in refused(
        lambda: write("lineage/ingest/ingest.py", "def work(): 1\n")
    )


def test_code_that_is_edited_while_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that began a minute ago, and code from half a minute ago: it may have read either text."""
    monkeypatch.setattr(inputs, "_process_start", lambda: (time.time() - 60) * 1e9)
    os.utime("stages/ingest.py", (time.time() - 30,) * 2)
    with pytest.raises(LineageError, match=r"stages/ingest\.py was edited while ingest@rules started.*dvc repro"):
        inputs_of(COMMAND)
    os.utime("stages/ingest.py", (time.time() - 90,) * 2)
    os.utime(RAW / "a.txt")  # nobody has read it yet
    assert inputs_of(COMMAND).stage == "ingest@rules"


def test_the_start_of_this_process_is_known() -> None:
    assert time.time() - 3600 < inputs._process_start() / 1e9 < time.time()


def test_a_touched_file_and_one_that_is_put_back_stop_nothing() -> None:
    def checkout_of_another_branch_and_back() -> None:
        os.utime(RAW / "a.txt")
        text = Path("stages/ingest.py").read_text()
        Path("stages/ingest.py").unlink()
        Path("stages/ingest.py").write_text(text)

    publish(checkout_of_another_branch_and_back)
    assert (OUT / "rows").exists()


def test_a_large_file_is_known_by_its_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "SMALL", 2)
    assert f"  {RAW}/a.txt: changed\n" in refused(lambda: os.utime(RAW / "a.txt"))


def test_code_is_hashed_before_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "HASHED_FILES", 2)
    assert set(inputs_of(COMMAND).hashes) == {"stages/ingest.py", "lineage/ingest/ingest.py"}


def test_what_dvc_ignores_is_not_compared() -> None:
    def compiled() -> None:
        write("lineage/ingest/__pycache__/ingest.cpython-311.pyc", "")
        write(f"{RAW}/.gitignore", "")
        write(f"{RAW}/apart/c.txt", "")
        (RAW / "link").symlink_to("deep")

    publish(compiled)
    assert (OUT / "rows").exists()


def test_a_pattern_can_be_taken_back() -> None:
    write(".dvcignore", "*.txt\n!c.txt\n")
    publish(lambda: write(f"{RAW}/d.txt", ""))
    (OUT / "rows").unlink()
    OUT.rmdir()
    assert f"  {RAW}/c.txt: new\n" in refused(lambda: write(f"{RAW}/c.txt", ""))


def test_many_changes_are_counted() -> None:
    said = refused(lambda: [write(f"{RAW}/{n}.txt", "") for n in range(20)])
    assert said.count(": new\n") == inputs.SHOWN and f"… and {20 - inputs.SHOWN} more" in said


def test_without_a_stage_nothing_is_compared() -> None:
    assert inputs_of("python -m stages.ingest unknown") == NOTHING
    with publishing(NOTHING, OUT) as (out,):
        write(f"{RAW}/c.txt", "three")
        (out / "rows").write_text("rows")
    assert (OUT / "rows").exists()


def test_an_error_of_the_work_itself_comes_first() -> None:
    with pytest.raises(RuntimeError), publishing(inputs_of(COMMAND), OUT):
        (RAW / "a.txt").unlink()
        raise RuntimeError

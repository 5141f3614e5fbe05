import json
from pathlib import Path

import pytest
import yaml

from lineage.bisect.probe import Reading
from lineage.cli import trace as command
from lineage.trace.without_rows import Caused
from tests.lineage.cli.words import refused, said


def test_rows_are_shown_with_their_origin_as_retrieval(lineage_here: Path, capsys: pytest.CaptureFixture) -> None:
    shown = said(capsys, "trace", "v3", "7번은 채권입니다.", "--question", "7번 상품은?", "--top", "2")
    assert all(part in shown for part in ("samples.jsonl", "row 1", "7번 상품은?", "→ 7번은 채권입니다."))
    assert "retrieval, of the rows of v1" in shown and "not what caused it" in shown
    found = json.loads(said(capsys, "trace", "v3", "7번은 채권입니다.", "--top", "2", "--json"))
    assert (found["method"], found["causal"], len(found["rows"])) == ("retrieval", None, 2)
    assert "no row of" in said(capsys, "trace", "v3", "xyz")


def test_what_is_said_without_the_rows_is_shown_with_what_it_took(
    lineage_here: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def without(c, out, rows, probe, say):
        asked.append((out.again, list(rows), probe.question, probe.right))
        return Caused(Reading("v3", 0.2, True, said="채권입니다"), Reading("v3", 3.4, False, said="주식"), trained=True)

    monkeypatch.setattr(command, "asked_without", without)
    words = ("trace", "v3", "7번은 채권입니다.", "--question", "7번 상품은?", "--top", "1", "--causal")
    shown = said(capsys, *words, "--yes")
    assert "gone: without these rows the answer is not said any more" in shown
    assert "as it is 0.20 채권입니다" in shown and "without the rows 3.40 주식" in shown
    ((again, rows, *probe),) = asked
    assert again[-1] == "v3" and len(rows) == 1 and probe == ["7번 상품은?", "7번은 채권입니다."]
    assert json.loads(said(capsys, *words, "--yes", "--json"))["causal"]["verdict"] == "gone"
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert "add --yes to train" in refused(*words)


def test_what_cannot_be_traced_says_what_is_missing(lineage_here: Path) -> None:
    assert "what was said?" in refused("trace", "v1")
    assert "add --question" in refused("trace", "v1", "채권", "--causal")
    assert "unknown version 'v9'" in refused("trace", "v9", "채권")
    assert "from 0 to 1" in refused("trace", "v1", "채권", "--near", "2")
    away = ("trace", "v1", "7번은 주식", "--question", "7번 상품은?", "--near", "1", "--causal", "--yes")
    assert "nothing to take out" in refused(*away)


def test_a_control_is_announced_and_shown_in_place_of_the_version(
    lineage_copy: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["versions"]["v3"]["train"]["lr_scale"] = 0.1
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    caused = Caused(Reading("v3", 3.2, False, said="주식"), Reading("v3", 3.4, False, said="주식"), trained=True)
    monkeypatch.setattr(command, "asked_without", lambda *_: caused)
    words = ("trace", "v3", "7번은 채권입니다.", "--question", "7번 상품은?", "--top", "1", "--causal", "--yes")
    shown = said(capsys, *words)
    assert "and once more with them" in shown and "the control is needed: v3: its settings in params.yaml" in shown
    assert "trained again with all its rows, the version does not say" in shown and "as it is" not in shown
    assert "v3: its settings" in json.loads(said(capsys, *words, "--json"))["causal"]["control"]

"""What people read of a comparison: verdicts, forgetting, unfinished answers, on page, card and terminal alike."""

import json
import math
import re
import shutil
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from lineage.artifacts.comparison import Comparison, read_comparison
from lineage.cli import results
from lineage.config.schema import Curriculum
from lineage.reporting.report import report
from lineage.reporting.set_words import forgetting
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import read_workspace
from lineage.tracking.metrics_told import against_others
from lineage.tracking.run_contents import _against_parent
from tests.lineage.reporting.reported_world import edit_rows, edit_set, small_curriculum, write_world

C = small_curriculum()
HOSTILE = "[bold]x[/] \x1b[31mred\x1b[0m <b>bold</b> **strong** [link](http://host) | cell"


class Told:
    """A workspace, and what is said of it once it is reported."""

    def __init__(self, root: Path) -> None:
        self.root, self.c = root, C

    def report(self) -> None:
        tree = self.c.model_dump(mode="json", exclude_none=True)
        project = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
        shown = project | {"versions": tree["versions"], "profile": "cpu", "data": "sample"}
        (self.root / "params.yaml").write_text(yaml.safe_dump(shown, sort_keys=False), encoding="utf-8")
        shutil.rmtree(self.root / "reports", ignore_errors=True)
        (self.root / "reports").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            self.findings = report(self.c, Path("reports"))

    @property
    def comparison(self) -> Comparison:
        return read_comparison(self.root)

    @property
    def page(self) -> str:
        return (self.root / "reports/lineage.html").read_text(encoding="utf-8")

    def card(self, version: str) -> str:
        return (self.root / f"reports/cards/{version}.md").read_text(encoding="utf-8")

    def terminal(self, capsys: pytest.CaptureFixture[str]) -> str:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            results.run(None)
        return capsys.readouterr().out


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to copy."""
    root = tmp_path_factory.mktemp("written")
    write_world(root, C)
    return root


@pytest.fixture
def told(written: Path, tmp_path: Path) -> Told:
    return Told(shutil.copytree(written, tmp_path, dirs_exist_ok=True))


def worse(by: float):
    return lambda at, row: {"nll": row["nll"] + by * row["tokens"] * (1 + 0.1 * (at % 3))}


def block(terminal: str, version: str) -> str:
    """A version's lines of the table."""
    at = re.search(rf"^│ {version} .*?(?=^│ \w|^└)", terminal, re.M | re.S)
    assert at, terminal
    return at[0]


def test_forgetting_has_one_count_and_one_denominator(told, capsys) -> None:
    told.report()
    v4 = told.comparison.versions["v4"]
    assert v4.may_forget == ("krx_samples.prompt_answer", "site_reports.document")
    assert set(v4.forgot) == set(v4.may_forget)
    assert "2 of 2 held-out sets whose sources its ancestors were trained on" in told.card("v4")
    assert "forgot 2 of 2 sets" in told.page and "2 of 2 │" in block(told.terminal(capsys), "v4")
    in_mlflow = against_others(v4)
    assert (in_mlflow["ancestors/forgotten"], in_mlflow["ancestors/sets"]) == (2.0, 2.0)
    for_dvc = json.loads((told.root / "reports/metrics/v4.json").read_text(encoding="utf-8"))
    assert for_dvc["forgot"] == 2 and v4.pooled and for_dvc["nll"] == v4.pooled.nll == in_mlflow["own/nll"]
    pair = two_versions(read_workspace(told.c, told.root), "v3", "v4")
    assert forgetting(pair) == "forgot 2 of 2 sets that v3 or its ancestors were trained on"
    assert forgetting(pair) in told.page, "of the pair, which is chosen by a click"
    assert any("2 of 2 versions forgot something" in line and "3 of 3 sets." in line for line in told.findings)


def test_a_version_from_the_base_forgets_nothing(told, capsys) -> None:
    edit_rows(told.root, "v4_clean", "krx_samples.prompt_answer", worse(0.5))
    told.report()
    clean = told.comparison.versions["v4_clean"]
    assert clean.sets["krx_samples.prompt_answer"].verdict == "worse"
    assert (clean.may_forget, clean.forgot) == ((), ()) and clean.worse_elsewhere == ("krx_samples.prompt_answer",)
    assert "Nothing to forget: it starts from the base." in told.card("v4_clean")
    assert "neither it nor an ancestor was trained for: krx_samples.prompt_answer." in told.card("v4_clean")
    assert "– " in block(told.terminal(capsys), "v4_clean")
    assert not any("v4_clean forgot" in line for line in told.findings)


def test_a_version_that_trains_a_source_again_and_gets_worse_forgot_nothing(told) -> None:
    edit_rows(told.root, "v2", "krx_samples.prompt_answer", worse(1.0))
    told.report()
    v2 = told.comparison.versions["v2"]
    assert v2.sets["krx_samples.prompt_answer"].seen_by == ("v1",) and v2.own_with("worse")
    assert v2.forgot == () and "Worse on its own, beyond noise: krx_samples.prompt_answer." in told.card("v2")


def test_a_gain_that_ends_at_chance_is_green_nowhere(told, capsys) -> None:
    for version, right in (("v3", 0), ("v4", 8)):
        edit_rows(told.root, version, "questions.record", lambda at, row, right=right: {"score": float(at < right)})
        edit_set(told.root, version, "questions.record", score_interval=[0.09, 0.36], chance=0.25)
    told.report()
    one = told.comparison.versions["v4"].sets["questions.record"]
    assert (one.score_verdict, one.above_chance, one.score_shown) == ("improved", False, "unclear")
    learnt = told.page[told.page.index('id="learnt"') :]
    assert '<span class="unclear">0% → 20%</span> <small>choice, chance 25%' in learnt
    assert '"improved">0% → 20%' not in learnt and re.search(r'<td class="own unclear"[^>]*>20%', told.page)
    assert "| better, not above chance |" in told.card("v4")
    assert "Risen, but no better than chance: v4 on questions.record." in told.findings
    told_of_v4 = block(told.terminal(capsys), "v4")
    assert "0% → 20% of 40, chance 25%" in told_of_v4 and "1 better" in told_of_v4 and "1 unclear" in told_of_v4
    assert "answers at chance" in told_of_v4, "the likelihood of its own sets is no praise either"
    tree = told.page.partition('id="tree"')[2]
    assert re.search(r"<b>v4</b>.*?<b class=\"unclear\">−1.00</b>", tree, re.S)
    card = told.card("v4")
    assert re.search(r"\| questions.record \|.*\| better, answers at chance \| 0%", card)
    assert re.search(r"\| \*\*all own sets\*\* \|.*\| better, answers at chance \| 0%", card)
    assert "became likelier beyond noise, but its right answers are no more than chance" in card
    likelier = "Likelier, but right answers are no more than chance: v4 (−1.00)"
    assert any(line.startswith(likelier) for line in told.findings)
    (shown,) = _against_parent(told.comparison.versions["v4"]).values()
    assert shown.startswith("better; answers at chance, -1.00 nats a token on its own sets")


def test_a_gain_above_chance_is_green(told) -> None:
    for version, right in (("v3", 0), ("v4", 30)):
        edit_rows(told.root, version, "questions.record", lambda at, row, right=right: {"score": float(at < right)})
        edit_set(told.root, version, "questions.record", score_interval=[0.6, 0.87], chance=0.25)
    told.report()
    assert '<span class="improved">0% → 75%</span>' in told.page
    assert any("most: v4 on questions.record, 0% → 75% right (chance 25%)" in line for line in told.findings)


def test_a_set_with_too_few_rows_has_no_verdict_and_says_so(told, capsys) -> None:
    few = {at: {"id": ""} for at in range(5, 40)}
    for model in ("base", *C.versions):
        edit_rows(told.root, model, "rules.record", lambda at, row: few.get(at, {}))
    told.report()
    one = told.comparison.versions["v4"].sets["rules.record"]
    assert (one.verdict, one.rows, one.groups, one.p) == ("too_few", 5, 5, None)
    assert "too few: 5 rows, 5 groups" in told.page and "| 5 | 5 |" in told.card("v4")
    assert "| too few rows |" in told.card("v4")
    shown = told.terminal(capsys)
    assert "1 too few rows" in block(shown, "v4") and "too few rows: fewer than 8, or of fewer than 6 groups" in shown


def test_rows_of_few_documents_are_few(told) -> None:
    for model in ("base", *C.versions):
        edit_rows(told.root, model, "rules.record", lambda at, row: {"group": f"article {at % 3}"})
    told.report()
    one = told.comparison.versions["v4"].sets["rules.record"]
    assert (one.rows, one.groups, one.verdict) == (40, 3, "too_few") and one.interval is not None
    assert "too few: 40 rows, 3 groups" in told.page


def test_what_was_not_asked_or_did_not_end_is_said_by_set(told, capsys) -> None:
    edit_set(told.root, "v4", "rules.record", answered=40, cut=12, endless=3)
    edit_set(told.root, "v4", "questions.record", too_long=9, normalized=0.35)
    edit_set(told.root, "v3", "questions.record", normalized=0.25)
    told.report()
    part = told.page[told.page.index("Not asked, not ended") : told.page.index('id="clean"')]
    assert re.search(r"rules .*<td>40</td><td>–</td><td>40</td><td>12</td><td>3</td>", part)
    assert re.search(r"questions .*<td>40</td><td>9</td><td>–</td><td>–</td><td>–</td>", part)
    assert "| rules.record | 40 | 0 | 40 | 12 | 3 |" in told.card("v4")
    assert "Not asked, not ended" not in told.card("v3")
    shown = told.terminal(capsys)
    assert "v4, answers without an end: rules.record 12 cut and 3 never ending of 40" in shown
    assert "not asked, longer than max_length: 9 of 49 rows of questions.record" in shown
    assert "by length 25% → 35%" in told.page and "questions.record 25% → 35%." in told.card("v4")
    assert any("12 were cut by the budget and 3 never ended" in line for line in told.findings)


def test_the_terminal_shows_the_worst_task_too(told, capsys) -> None:
    for version, questions, rules in (("v3", 10, 30), ("v4", 38, 10)):
        edit_rows(told.root, version, "questions.record", lambda at, row, n=questions: {"score": float(at < n)})
        edit_rows(
            told.root, version, "rules.record", lambda at, row, n=rules: {"score": float(at < n), "measure": "number"}
        )
        edit_set(told.root, version, "rules.record", measure="number", chance=0.1)
    told.report()
    shown = block(told.terminal(capsys), "v4")
    assert "50% → 60% of 80, chance 18%" in shown
    assert "best: questions 25% → 95%" in shown and "worst: rules 75% → 25%" in shown
    assert any("1 lost" in line and "worst: v4 on rules.record, 75% → 25% right" in line for line in told.findings)


def test_what_people_wrote_is_shown_as_text(told) -> None:
    told.c = _because(C, HOSTILE)
    answers = told.root / "metrics/v4/answers.jsonl"
    lines = [json.loads(line) | {"answer": HOSTILE} for line in answers.read_text(encoding="utf-8").splitlines()]
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    told.report()
    for text in (told.page, told.card("v4")):
        assert "\x1b" not in text and "␛" in text and "<b>bold" not in text
    assert told.page.count("[bold]x[/] ␛[31mred␛[0m &lt;b&gt;bold&lt;/b&gt; **strong** [link](http://host) | cell") > 1
    rendered = [t for t in MarkdownIt("commonmark").parse(told.card("v4").split("---\n", 2)[2]) if t.type == "inline"]
    (because,) = [t for t in rendered if t.content.startswith("It continues")]
    kinds = {child.type for child in because.children or []}
    assert kinds <= {"text", "text_special"}, kinds


def _because(c: Curriculum, why: str) -> Curriculum:
    v4 = c.versions["v4"].model_copy(update={"because": why})
    return c.model_copy(update={"versions": c.versions | {"v4": v4}})


def test_a_version_whose_likelihoods_are_no_numbers_keeps_no_report_from_being_made(told) -> None:
    edit_rows(told.root, "v1", "krx_samples.prompt_answer", lambda at, row: {"nll": float("nan")} if at == 3 else {})
    told.report()
    v1, v2 = (told.comparison.versions[name].sets["krx_samples.prompt_answer"] for name in ("v1", "v2"))
    assert v1.verdict == "worse" and math.isnan(v1.nll)
    assert v2.best_ancestor == "base" and v2.against_best_verdict == "improved", "v1 is not what is best"
    assert "--t:nan" not in told.page

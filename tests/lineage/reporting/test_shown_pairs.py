"""The first screen of the page: any pair of versions, in the words and the figures of `lineage compare`."""

import hashlib
import json
import re
import shutil
import subprocess
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from lineage.artifacts.comparison import read_comparison
from lineage.cli import compare
from lineage.core.plain_text import plain
from lineage.reporting import set_words
from lineage.reporting import shown_pairs as pairs_of_page
from lineage.reporting.report import report
from lineage.reporting.set_order import set_order
from lineage.reporting.shown_pairs import shown_pairs
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import read_workspace
from tests.lineage.cli.words import said
from tests.lineage.reporting.reported_world import SETS, adapter, edit_rows, edit_set, small_curriculum, write_world

C = small_curriculum()
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \u2028 \u202e ${7*7} {{7*7}}"
SETS_IN_ORDER = (
    "krx_samples.prompt_answer",
    "accounting.prompt_answer",
    "site_reports.document",
    "questions.record",
    "rules.record",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


class Scripts(HTMLParser):
    """The scripts of a page, and the tags and handlers that stand in it, read as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            attrs, before = self.scripts[-1]
            self.scripts[-1] = attrs, before + data


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace to damage; v4's right answers to questions are known, the other figures made up."""
    write_world(tmp_path, C)
    project = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
    tree = project | {"versions": C.model_dump(mode="json", exclude_none=True)["versions"], "profile": "cpu"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(tree | {"data": "sample"}, sort_keys=False), encoding="utf-8")
    for version, right in (("v3", 4), ("v4", 30)):
        edit_rows(tmp_path, version, "questions.record", lambda at, row, right=right: {"score": float(at < right)})
        edit_set(tmp_path, version, "questions.record", score_interval=[0.6, 0.87])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def page_of(root: Path) -> str:
    shutil.rmtree(root / "reports", ignore_errors=True)
    (root / "reports").mkdir()
    report(C, Path("reports"))
    return (root / "reports/lineage.html").read_text(encoding="utf-8")


def embedded(page: str) -> dict[str, Any]:
    (found,) = (text for attrs, text in Scripts(page).scripts if attrs.get("id") == "pairs")
    value: dict[str, Any] = json.loads(found)
    return value


def test_every_pair_is_there_in_the_words_of_the_terminal(
    world: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "WIDTH", 240)  # no cell is wrapped
    tree = embedded(page_of(world))
    models = ["base", *C.versions]
    assert len(tree["pairs"]) == len(models) * (len(models) - 1) // 2
    for pair in ("v3 v4", "base v1", "v1 v4", "v4 v4_clean"):
        first, second = pair.split()
        shown, terminal = tree["pairs"][pair], said(capsys, "compare", first, second)
        assert shown["summary"] in " ".join(terminal.split()) and shown["forgetting"] in " ".join(terminal.split())
        for row in shown["sets"]:
            for name in ("levels", "change", "said", "scores", "by", "turned", "score_said"):
                assert row[name].replace("−", "-") in terminal, (pair, row["name"], name)


def test_the_figures_are_those_of_two_versions_and_counted_once(world: Path) -> None:
    tree, w = embedded(page_of(world)), read_workspace(C)
    for pair, shown in tree["pairs"].items():
        found = two_versions(w, *pair.split())
        assert [f"{row['name']}.{row['form']}" for row in shown["sets"]] == list(SETS_IN_ORDER)
        counts = {name: int(of["count"]) for name, of in shown["lists"].items()}
        assert sum(counts.values()) == len(found.sets)
        marks = [row["mark"] for row in shown["sets"]]
        assert (marks.count("better"), marks.count("worse")) == (counts["better"], counts["worse"])
        assert shown["summary"] == set_words.summary(found)
        assert (
            f"better on {counts['better']} of {len(found.sets)} held-out sets, worse on {counts['worse']}"
            in shown["summary"]
        )
        for of in shown["lists"].values():
            assert {one["name"] for one in of["items"] if one["tag"]} <= {
                name.partition(".")[0] for name in found.forgot
            }


def test_against_the_parent_a_pair_is_the_comparison(world: Path) -> None:
    page_of(world)
    comparison, w = read_comparison(world), read_workspace(C)
    for version, compared in comparison.versions.items():
        found = two_versions(w, compared.parent, version)
        assert (found.may_forget, found.forgot) == (compared.may_forget, compared.forgot), version
        for name, one in found.sets.items():
            assert (one.nll.difference, one.nll.verdict) == (
                compared.sets[name].difference,
                compared.sets[name].verdict,
            )
            assert set_words.nll_shown(one) == compared.sets[name].shown
            if one.score:
                assert set_words.score_shown(one) == compared.sets[name].score_shown


def test_forgetting_is_told_only_where_a_version_continues_the_other(world: Path) -> None:
    w = read_workspace(C)
    assert two_versions(w, "v1", "v4").may_forget == ("krx_samples.prompt_answer",), "v1 knew no site reports"
    assert two_versions(w, "v4", "v4_clean").may_forget == () == two_versions(w, "base", "v4").may_forget
    assert set_words.forgetting(two_versions(w, "v4", "v4_clean")) == ""


def test_sets_stand_in_the_order_in_which_they_are_first_trained_on(world: Path) -> None:
    assert set(SETS) == set(SETS_IN_ORDER) and set_order(read_workspace(C)) == SETS_IN_ORDER
    part = page_of(world).partition('id="retention"')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="row" title="([\w.]+)"', part) == list(SETS_IN_ORDER)


def test_what_is_no_better_than_chance_is_better_nowhere(world: Path, capsys: pytest.CaptureFixture) -> None:
    edit_set(world, "v4", "questions.record", score_interval=[0.1, 0.4])
    page = page_of(world)
    shown = embedded(page)["pairs"]["v3 v4"]
    (one,) = [row for row in shown["sets"] if row["name"] == "questions"]
    assert (one["mark"], one["tone"], one["score_tone"]) == ("unclear", "unclear", "unclear")
    assert one["said"] == "better; answers at chance" and one["score_said"] == set_words.AT_CHANCE
    assert set_words.AT_CHANCE in [item["more"] for item in shown["lists"]["unknown"]["items"]]
    assert "better on 1 of 5 held-out sets" in shown["summary"] and shown["summary"] in said(
        capsys, "compare", "v3", "v4"
    )
    assert re.search(r'<td class="unclear own"[^>]*no more than chance">−1.00≈', page)


def test_a_likelihood_that_leaves_answers_at_chance_is_no_gain(
    world: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "WIDTH", 240)
    for version in ("v3", "v4"):
        edit_rows(world, version, "questions.record", lambda at, row: {"score": float(at < 9)})
        edit_set(world, version, "questions.record", score_interval=[0.1, 0.4])
    shown = embedded(page_of(world))["pairs"]["v3 v4"]
    (item,) = [item for item in shown["lists"]["unknown"]["items"] if item["name"] == "questions"]
    assert item["amount"] == "unclear" and item["more"].startswith("answers at chance")
    assert "answers at chance" in said(capsys, "compare", "v3", "v4")


def test_gains_and_losses_are_shown_with_both_answers(world: Path) -> None:
    edit_rows(world, "v3", "questions.record", lambda at, row: {"score": 0.0})
    edit_rows(world, "v4", "questions.record", lambda at, row: {"score": 1.0})
    for model, answer in (("v3", "모름"), ("v4", "회계 자산")):
        file = world / f"metrics/{model}/answers.jsonl"
        lines = [json.loads(line) | {"answer": answer} for line in file.read_text(encoding="utf-8").splitlines()]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    tree = embedded(page_of(world))
    shown = tree["pairs"]["v3 v4"]
    first = tree["answers"][shown["gains"][0]["at"]]
    assert first["set"] == "questions.record" and shown["gains"][0]["said"].startswith("wrong → right by choice")
    assert (first["said"]["v3"], first["said"]["v4"], first["expected"]) == ("모름", "회계 자산", "회계 자산")
    assert tree["answers"][shown["losses"][0]["at"]]["set"] in ("krx_samples.prompt_answer", "site_reports.document")


def test_an_answer_that_goes_wrong_behind_what_is_shown_of_it_is_not_marked_as_right(world: Path) -> None:
    right = "가" * 800 + " 자산"
    for model, answer in (("base", "모름"), ("v1", "모름"), ("v3", f"{right} 아님"), ("v4", right)):
        file = world / f"metrics/{model}/answers.jsonl"
        whole = {"answer": answer, "expected": right}
        lines = [json.loads(line) | whole for line in file.read_text(encoding="utf-8").splitlines()]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    edit_rows(world, "v3", "questions.record", lambda at, row: {"score": 0.0})
    edit_rows(world, "v4", "questions.record", lambda at, row: {"score": 1.0})
    promote(world, "v3")
    for version in ("v2", "v4_clean"):
        shutil.rmtree(world / "metrics" / version)
    found = shown_pairs(read_workspace(C))
    assert found and found.default == ("v3", "v4")
    (first, *_) = found.illustrated()["gains"]
    assert first["before"] == first["after"] and (first["first_right"], first["second_right"]) == ("", "✓")
    assert all(one["right"] == ["v4"] for one in embedded(page_of(world))["answers"])


def test_other_figures_of_a_set_stand_beside_its_score(world: Path) -> None:
    for model, value in (("v3", 0.25), ("v4", 0.5)):
        edit_set(world, model, "rules.record", figures={"rouge_l": {"value": value, "interval": None, "rows": 40}})
    edit_set(world, "v4", "rules.record", confusion={"labels": ["상", "하"], "counts": [[3, 1, 0], [0, 2, 1]]})
    edit_set(world, "v2", "rules.record", figures={"bleu.zh": {"value": 0.1, "interval": None, "rows": 40}})
    page = page_of(world)
    shown = embedded(page)["pairs"]
    figures = {
        pair: {row["name"]: row["figures"] for row in shown[pair]["sets"]}["rules"] for pair in ("v3 v4", "v2 v4")
    }
    assert figures == {"v3 v4": "ROUGE-L 25.0 → 50.0", "v2 v4": "BLEU into Chinese 10.0 → – · ROUGE-L – → 50.0"}
    table = page.partition("Labels: expected and said")[2].partition("</table>")[0]
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table) == [
        "expected",
        "상",
        "하",
        "none",
        "상",
        "3",
        "1",
        "0",
        "하",
        "0",
        "2",
        "1",
    ]


def test_what_a_version_cost_stands_beside_what_it_gained(world: Path) -> None:
    pairs_shown = embedded(page_of(world))["pairs"]
    cost = {pair: {one["what"]: one["value"] for one in shown["cost"]} for pair, shown in pairs_shown.items()}
    assert cost["v1 v4"] == {"training v4": "150 steps, 600 k tokens", "all since v1": "300 steps, 1.2 M tokens"}
    assert cost["v4 v4_clean"]["v4, whole line"] == "450 steps, 1.8 M tokens"


def test_nothing_that_a_model_said_is_markup(world: Path) -> None:
    for model in ("base", *C.versions):
        file = world / f"metrics/{model}/answers.jsonl"
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line |= {"answer": f"{HOSTILE} of {model}", "prompt": HOSTILE, "expected": HOSTILE}
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    page = page_of(world)
    found = Scripts(page)
    assert len(found.scripts) == 2 and "img" not in found.tags and found.handlers == []
    (data_attrs, data), (code_attrs, code) = found.scripts
    assert data_attrs == {"type": "application/json", "id": "pairs"} and code_attrs == {}
    assert not re.search("[<>&\u2028\u2029\u202e]", data)
    one = json.loads(data)["answers"][0]
    assert one["prompt"] == plain(HOSTILE) and one["said"]["v4"] == plain(f"{HOSTILE} of v4")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    allowed = b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}';" in policy
    assert "innerHTML" not in code and "insertAdjacent" not in code and "eval" not in code


def test_the_page_is_whole_without_its_script(world: Path) -> None:
    page = page_of(world)
    still = page.partition('id="pair"')[2].partition("<template")[0]
    shown = embedded(page)["pairs"]["v4 v4_clean"]
    assert shown["title"] in still and shown["summary"] in still
    for row in shown["sets"]:
        assert all(row[name] in still for name in ("levels", "change", "said")), row["name"]
    assert '<form class="chooser" id="chooser" hidden>' in page and "<noscript>" in page


def test_of_very_many_pairs_those_of_the_newest_are_shown(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_of_page, "MOST", 6)
    promote(world, "v3")
    found = shown_pairs(read_workspace(C))
    assert found and found.possible == 15 and found.default == ("v3", "v4_clean")
    asked_for = {
        ("v3", "v4_clean"),
        ("base", "v4_clean"),
        ("v4", "v4_clean"),
        ("v3", "v4"),
        ("base", "v4"),
        ("v1", "v3"),
    }
    assert set(found.views) == asked_for
    assert found.models == ("base", "v1", "v3", "v4", "v4_clean"), "nothing is said of v2"
    assert all(set(one.said) <= set(found.models) for one in found.answers)
    page = page_of(world)
    assert "Of 15 pairs 6 are here" in page and 'value="v2"' not in page


def test_the_champion_is_compared_with_the_newest(world: Path, capsys: pytest.CaptureFixture) -> None:
    assert "No version has been promoted." in page_of(world)
    promote(world, "v3", because=f"better, {HOSTILE}")
    page, card = page_of(world), (world / "reports/cards/v3.md").read_text(encoding="utf-8")
    assert '<h1 id="question" data-f="title">Is v4_clean better than v3?</h1>' in page
    champion = "Champion: v3, without the gate; because: better, "
    assert f"{champion}&lt;/script&gt;" in page and page.count("★ champion<") == 2
    assert f"> {champion}&lt;/script&gt;" in card and "Champion" not in embedded(page)
    terminal = said(capsys, "compare")
    assert "v4_clean against v3: better on" in terminal and f"{champion}</script>" in terminal
    assert "Champion" not in (world / "reports/cards/v4.md").read_text(encoding="utf-8")


def test_an_override_is_shown_wherever_the_champion_is(world: Path, capsys: pytest.CaptureFixture) -> None:
    promote(world, "v3", kind="overridden", by="the board")
    page = page_of(world)
    assert page.count("★ champion, by override<") == 2 and "⚠ Champion: v3, by override of the gate" in page
    assert "Champion: v3, by override of the gate; because: better (the board)." in said(capsys, "compare")
    assert "by override of the gate" in (world / "reports/cards/v3.md").read_text(encoding="utf-8")


def test_a_champion_that_is_not_built_here_is_named_as_such(world: Path) -> None:
    promote(world, "v3", adapter="0" * 12)
    page = page_of(world)
    assert f"Champion: v3 at {'e' * 12} (adapter {'0' * 12}), which is not built here" in page
    assert "Is v4_clean better than v4?" in page, "the two newest"
    (world / "promotions.yaml").write_text("- {version: v3, because: better}\n", encoding="utf-8")
    assert "promotions.yaml promotes v3 without naming its adapter" in page_of(world)


def promote(root: Path, version: str, **fields: str) -> None:
    """Make a version the champion."""
    entry = {"version": version, "fingerprint": "e" * 64, "adapter": adapter(version), "because": "better"} | fields
    (root / "promotions.yaml").write_text(yaml.safe_dump([entry], allow_unicode=True), encoding="utf-8")


def test_one_version_is_compared_with_the_base_and_none_with_nothing(world: Path) -> None:
    for version in ("v2", "v3", "v4", "v4_clean"):
        shutil.rmtree(world / "metrics" / version)
    assert list(embedded(page_of(world))["pairs"]) == ["base v1"]
    shutil.rmtree(world / "metrics/v1")
    page = page_of(world)
    assert "Nothing to compare yet" in page and Scripts(page).scripts == []


PROBE = """<script>
const words = () => document.getElementById("pair").innerText.replace(/\\s+/g, " ");
window.alert = (said) => document.documentElement.setAttribute("data-alert", said);
const before = words();
addEventListener("load", () => {
  const told = { still: before, same: words(), shown: {} };
  for (const [second, first] of [["v4", "v1"], ["v3", "v1"], ["v2", "base"]]) {
    for (const [name, value] of [["second", second], ["first", first]])
      document.querySelector(`input[name="${name}"][value="${value}"]`).click();
    told.shown[`${first} ${second}`] = words();
  }
  document.body.replaceChildren(document.createTextNode("TOLD" + encodeURIComponent(JSON.stringify(told)) + "TOLD"));
});
</script>"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_a_browser_shows_another_pair_at_a_click(world: Path) -> None:
    for model in ("base", *C.versions):
        file = world / f"metrics/{model}/answers.jsonl"
        file.write_text(
            file.read_text(encoding="utf-8").replace("<script>alert(1)</script>", HOSTILE), encoding="utf-8"
        )
    page, probed = page_of(world), world / "probed.html"
    assert HOSTILE.split(" ")[0] not in page
    body, _, rest = page.partition('<script type="application/json"')
    probe = PROBE.removeprefix("<script>").removesuffix("</script>")
    allowed = b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    body = re.sub(r"script-src ", f"script-src 'sha256-{allowed}' ", body, count=1)
    body = body.replace('<form class="chooser" id="chooser" hidden>', '<form class="chooser" id="chooser">')
    probed.write_text(f'{body}{PROBE}<script type="application/json"{rest}', encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"]
    command += ["--virtual-time-budget=2000", f"--user-data-dir={world / 'chromium'}", probed.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    told = json.loads(unquote(done.stdout.split("TOLD")[1]))
    assert told["still"] == told["same"], "what the script draws is what the page came with"
    assert "data-alert" not in done.stdout
    tree = embedded(page)["pairs"]
    for pair, words in told["shown"].items():
        assert tree[pair]["title"] in words and tree[pair]["summary"] in words
        for of in tree[pair]["lists"].values():
            assert all(f"{one['name']} {one['form']}" in words and one["amount"] in words for one in of["items"])

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml

from lineage.artifacts.comparison import read_comparison
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.reporting.report import report
from lineage.reporting.summary import figure, findings
from lineage.reporting.svg import lanes, tree_row
from lineage.reporting.workspace import read_workspace
from tests.lineage.reporting.reported_world import (
    ROWS,
    correct,
    nats,
    put,
    small_curriculum,
    write_contamination,
    write_metrics,
    write_world,
)

C = small_curriculum()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished workspace and its report."""
    root = tmp_path_factory.mktemp("finished")
    write_world(root, C)
    return build(root)


@pytest.fixture
def world(tmp_path):
    """A workspace of one's own to damage."""
    write_world(tmp_path, C)
    return tmp_path


def build(root, c=C):
    out = root / "reports"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        report(c, Path("reports"))
    return out


def figures(out):
    return json.loads((out / "comparison.json").read_text(encoding="utf-8"))


def versions(out):
    return figures(out)["versions"]


def card(out, version):
    return (out / f"cards/{version}.md").read_text(encoding="utf-8")


# What the figures are


def test_own_sets_are_compared_with_the_parent(finished):
    v4 = versions(finished)["v4"]
    assert v4["parent"] == "v3" and v4["line"] == ["base", "v1", "v3", "v4"]
    assert v4["pooled"]["sets"] == ["questions.record", "rules.record"]
    assert v4["pooled"]["difference"] == pytest.approx(-1.0, abs=0.05)
    assert v4["pooled"]["improved"] is True and v4["pooled"]["rows"] == 2 * ROWS
    assert v4["sets"]["questions.record"]["own"] is True and v4["sets"]["site_reports.document"]["own"] is False


def test_figures_are_those_of_the_rows(finished):
    one = versions(finished)["v3"]["sets"]["site_reports.document"]
    mine, before = nats(C, "v3", "site_reports.document"), nats(C, "v1", "site_reports.document")
    assert one["nll"] == pytest.approx(mine.mean(), abs=1e-5)
    assert one["difference"] == pytest.approx((mine - before).mean(), abs=1e-5)
    # The textbook interval of a paired mean; ours is near it, an unpaired one far wider.
    reach = 1.96 * (mine - before).std(ddof=1) / np.sqrt(ROWS)
    assert one["interval"][1] - one["interval"][0] == pytest.approx(2 * reach, rel=0.25)
    assert one["interval"][0] < one["difference"] < one["interval"][1]


def test_forgetting_is_a_loss_beyond_noise_and_says_who_had_learnt_it(finished):
    v4 = versions(finished)["v4"]
    assert {"krx_samples.prompt_answer", "site_reports.document"} <= set(v4["forgot"])
    assert v4["forgot"] == sorted(v4["forgot"], key=lambda s: -v4["sets"][s]["difference"])
    assert v4["sets"]["krx_samples.prompt_answer"]["seen_by"] == ["v1", "v3"]
    assert v4["sets"]["krx_samples.prompt_answer"]["verdict"] == "worse"


def test_the_best_ancestor_may_be_far_back(finished):
    one = versions(finished)["v4"]["sets"]["krx_samples.prompt_answer"]
    assert one["best_ancestor"] == "v1", "v1 learnt it, v3 forgot half a nat, v4 another half"
    assert one["against_best"] == pytest.approx(1.0, abs=0.05)


def test_scores_stand_beside_chance_and_only_where_there_are_any(finished):
    v4 = versions(finished)["v4"]["sets"]
    assert v4["questions.record"]["chance"] == 0.25
    low, high = v4["questions.record"]["score_difference_interval"]
    assert low <= v4["questions.record"]["score"] - v4["questions.record"]["parent_score"] <= high
    assert v4["site_reports.document"]["score"] is None


def test_a_score_of_a_mixed_set_is_that_of_its_most_frequent_measure(world):
    for model in ("v3", "v4"):
        path = world / f"metrics/{model}/rows.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for i, row in enumerate(r for r in rows if r["set"] == "questions.record"):
            row |= {"score": float(model == "v4")} if i % 2 else {"measure": "text"}
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        measures = json.loads((world / f"metrics/{model}/measures.json").read_text())
        measures["sets"]["questions.record"]["score"] = float(model == "v4")
        put(world / f"metrics/{model}/measures.json", measures)
    one = versions(build(world))["v4"]["sets"]["questions.record"]
    assert (one["parent_score"], one["score"], one["score_verdict"]) == (0.0, 1.0, "improved")
    low, high = one["score_difference_interval"]
    assert 0.5 < low < 1.0 == high, "twenty answers, all turned right"


def test_scores_that_the_rows_do_not_give_have_no_interval(world):
    measures = json.loads((world / "metrics/v4/measures.json").read_text())
    measures["sets"]["questions.record"]["score"] = 0.99
    put(world / "metrics/v4/measures.json", measures)
    one = versions(build(world))["v4"]["sets"]["questions.record"]
    assert one["score"] == 0.99 and one["score_difference_interval"] is None


def test_the_same_mix_by_two_roads_is_compared(finished):
    (pair,) = figures(finished)["same_mix"]
    assert (pair["first"], pair["second"]) == ("v4", "v4_clean")
    assert pair["nll"] - pair["other_nll"] == pytest.approx(pair["difference"], abs=1e-5)


def test_an_interval_does_not_depend_on_which_other_sets_there_are(finished, tmp_path):
    write_world(tmp_path, C, ("questions.record", "rules.record"))
    alone = versions(build(tmp_path))["v4"]["sets"]["rules.record"]
    assert alone["interval"] == versions(finished)["v4"]["sets"]["rules.record"]["interval"]


def test_different_rows_are_never_compared(world):
    path = world / "metrics/v3/rows.jsonl"
    path.write_text(path.read_text().replace("rules.record.0000", "rules.record.ffff"))
    with pytest.raises(LineageError, match=r"different rows of rules\.record.*dvc repro"):
        build(world)


def test_the_same_inputs_give_the_same_bytes(finished, world):
    again = build(world)
    assert [p.name for p in sorted(again.rglob("*"))] == [p.name for p in sorted(finished.rglob("*"))]
    for file in (p for p in again.rglob("*") if p.is_file()):
        assert file.read_bytes() == (finished / file.relative_to(again)).read_bytes(), file.name


# Held-out rows that training met


def test_measures_are_given_on_the_clean_part_of_the_whole_line_too(world):
    write_contamination(world, "v1", questions={"0000": "near", "0001": "exact"})
    write_contamination(
        world, "v4", questions={"0000": "exact", "0002": "near", "ffff": "near"}, rules={"0003": "near"}
    )
    out = build(world)
    found = versions(out)["v4"]["contamination"]
    assert found["missing"] == [] and list(found["sets"]) == ["questions.record", "rules.record"]
    one = found["sets"]["questions.record"]
    assert (one["rows"], one["exact"], one["near"], one["through"]) == (4, 2, 2, ["v1", "v4"]), "v1's are inside v4"
    assert one["measured"] == 3 and found["searched"]["questions.record"] == 60
    clean = slice(3, None)
    mine, before = nats(C, "v4", "questions.record")[clean], nats(C, "v3", "questions.record")[clean]
    assert one["clean"]["rows"] == ROWS - 3 and one["clean"]["nll"] == pytest.approx(mine.mean(), abs=1e-5)
    assert one["clean"]["difference"] == pytest.approx((mine - before).mean(), abs=1e-5)
    assert one["clean"]["interval"][0] < one["clean"]["difference"] < one["clean"]["interval"][1]
    assert one["clean"]["score"] == pytest.approx(correct(C, "v4", "questions.record")[clean].mean(), abs=1e-5)
    assert versions(out)["v4_clean"]["contamination"]["sets"] == {}, "another line"
    page = (out / "lineage.html").read_text(encoding="utf-8")
    part = page[page.index('id="clean"') : page.index('id="curves"')]
    assert "4 of 60" in part and f"{ROWS} → {ROWS - 3}" in part and "Nothing was met" not in part
    assert f"| questions.record | 4 of 60 | v1, v4 | {ROWS} | {ROWS - 3} |" in card(out, "v4")
    assert "met no held-out row in training" in card(out, "v4_clean")
    assert any(
        "4 of 5 versions, or their ancestors, met held-out rows" in line
        for line in findings(read_workspace(C, world), read_comparison(world))
    )


def test_a_clean_lineage_says_so_in_a_sentence(finished):
    page = (finished / "lineage.html").read_text(encoding="utf-8")
    assert "Nothing was met: no version of any line" in page and "every measure is clean" in page
    assert "the figures above are clean" in card(finished, "v4")


def test_a_line_that_was_not_searched_is_not_called_clean(world):
    (world / "data/contamination/v1.json").unlink()
    out = build(world)
    assert versions(out)["v4"]["contamination"]["missing"] == ["v1"]
    assert versions(out)["v4_clean"]["contamination"]["missing"] == []
    page = (out / "lineage.html").read_text(encoding="utf-8")
    assert (
        "Not searched yet, or not for the whole line: v1, v2, v3, v4." in page and "every measure is clean" not in page
    )
    assert "Not searched for held-out rows met in training: v1." in card(out, "v4")


def test_a_search_of_another_mix_or_of_other_held_out_rows_is_none(world):
    """A version may be trained and measured again by itself, which leaves the search as it was."""
    file = world / "data/contamination/v1.json"
    searched = json.loads(file.read_text(encoding="utf-8"))
    put(file, searched | {"mix": "e" * 64})
    assert versions(build(world))["v4"]["contamination"]["missing"] == ["v1"]
    put(file, searched)
    heldout = world / "data/heldout/rules/record.jsonl"
    heldout.parent.mkdir(parents=True)
    heldout.write_text("{}\n", encoding="utf-8")
    assert versions(build(world))["v1"]["contamination"]["missing"] == ["v1"]
    searched["sets"]["rules.record"]["sha256"] = sha256(heldout)
    put(file, searched)
    assert versions(build(world))["v1"]["contamination"]["missing"] == []
    heldout.with_name("prompt_answer.jsonl").write_text("{}\n", encoding="utf-8")
    assert versions(build(world))["v1"]["contamination"]["missing"] == ["v1"], "a set that nobody searched"
    del searched["mix"]  # as an earlier release wrote it
    put(file, searched)
    assert versions(build(world))["v1"]["contamination"]["missing"] == []


def test_a_set_without_a_clean_row_has_no_clean_figures(world):
    write_contamination(world, "v1", krx_samples={f"{i:04x}": "exact" for i in range(ROWS)})
    out = build(world)
    one = versions(out)["v1"]["contamination"]["sets"]["krx_samples.prompt_answer"]
    assert one["measured"] == ROWS and one["clean"] is None
    assert "no clean row is left to measure" in (out / "lineage.html").read_text(encoding="utf-8")
    assert "no clean row is measured" in card(out, "v1")


def test_a_damaged_search_is_named(world):
    put(world / "data/contamination/v1.json", {"version": "v1", "sets": {"rules.record": {"rows": 3}}})
    with pytest.raises(LineageError, match=r"contamination/v1\.json: not a search"):
        build(world)


def test_a_benchmark_is_shown_as_one(world):
    c = C.model_copy(update={"sources": C.sources | {"rules": C.sources["rules"].model_copy(update={"heldout": 1.0})}})
    page = (build(world, c) / "lineage.html").read_text(encoding="utf-8")
    assert 'rules <span class="form">record · benchmark</span>' in page and "measured on, never trained on" in page
    assert versions(world / "reports")["v4"]["sets"]["rules.record"]["benchmark"] is True


# What is missing or stale


def test_a_first_version_alone_gives_a_report_that_names_the_rest(world):
    for version in ("v2", "v3", "v4", "v4_clean"):
        shutil.rmtree(world / "models" / version)
        shutil.rmtree(world / "metrics" / version)
    out = build(world)
    assert list(versions(out)) == ["v1"] and versions(out)["v1"]["pooled"]["improved"] is True
    page = (out / "lineage.html").read_text(encoding="utf-8")
    assert "dvc repro train@v3" in page and "not built" in page
    assert [p.name for p in (out / "cards").iterdir()] == ["v1.md"]


def test_an_empty_workspace_says_what_to_run(tmp_path):
    page = (build(tmp_path) / "lineage.html").read_text(encoding="utf-8")
    assert "run <code>dvc repro</code>" in page and "dvc repro baseline" in page


def test_a_version_without_measures_is_shown_and_not_compared(world):
    shutil.rmtree(world / "metrics/v4")
    out = build(world)
    assert versions(out)["v4"]["pooled"] is None
    assert "dvc repro evaluate@v4" in str(figures(out)["missing"]["v4"])
    assert "Not compared with its parent yet" in card(out, "v4")


def test_measures_of_another_adapter_are_not_used(world):
    write_metrics(world, C, "v4", "0" * 64)
    out = build(world)
    assert versions(out)["v4"]["pooled"] is None and "another adapter" in str(figures(out)["missing"]["v4"])


def test_a_changed_parent_or_base_leaves_a_version_out(world):
    changed = C.versions | {"v3": C.versions["v3"].model_copy(update={"parent": "v2"})}
    w = read_workspace(C.model_copy(update={"versions": changed}), world)
    assert "v3" not in w.trained and "params.yaml now says v2" in w.missing["v3"][0]
    base = json.loads((world / "models/base/base.json").read_text())
    put(world / "models/base/base.json", base | {"identity": "0" * 64})
    assert "another base" in read_workspace(C, world).missing["v1"][0]


def test_a_damaged_file_is_named_with_its_line(world):
    with (world / "metrics/v1/rows.jsonl").open("a") as file:
        file.write("{\n")
    with pytest.raises(LineageError, match=rf"metrics/v1/rows\.jsonl:{5 * ROWS + 1}: .*dvc repro -f evaluate@v1"):
        build(world)


# What the page says


class Page(HTMLParser):
    """Every tag, and the addresses that a browser would fetch."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        self.fetched += [v for k, v in values.items() if k in ("src", "srcset", "data", "action")]
        self.fetched += [values["href"]] if tag == "link" else []
        if tag not in ("meta", "br", "input", "line", "circle", "path", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("line", "circle", "path", "polyline"):
            return
        assert self.open.pop() == tag, tag


def test_the_page_is_one_file_that_fetches_nothing(finished):
    text = (finished / "lineage.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [], "every tag is closed"
    assert page.fetched == [] and "@import" not in text and "url(" not in text
    assert "&lt;script&gt;alert(1)" in text, "what a model said is shown, not run"
    assert page.tags.count("polyline") == len(C.versions), "a loss curve a version"


def test_the_page_shows_reasons_gains_losses_and_answers(finished):
    text = (finished / "lineage.html").read_text(encoding="utf-8")
    for version, spec in C.versions.items():
        assert f"because: {spec.because}" in text
        assert figure(versions(finished)[version]["pooled"]["difference"]) in text
    for needle in (
        "no text layer",
        "half a character",
        "longer than max_length",
        "회계 자산",
        "excluded source",
    ):
        assert needle in text
    refused = text[text.index('id="settings"') :]
    assert re.search(r"<th>v3</th><td[^>]*>packing</td><td[^>]*>True</td><td[^>]*>False", refused)


def test_the_page_shows_what_binds_each_version(finished):
    text = (finished / "lineage.html").read_text(encoding="utf-8")
    assert "base → v1 → v3 → v4 · redistribution forbidden, commercial use unknown" in text
    assert "Excluded, scope mix: krx_samples; v1 and v3 of its line saw it, so it is inside." in text


def test_a_card_tells_of_a_second_phase(world):
    file = world / "models/v3/lineage.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    sources = {"krx_samples": {"pairs": 1100, "tokens": 9000}, "gone": {"pairs": 3, "tokens": 40}}
    second = {
        "beta": 0.1,
        "steps": 20,
        "pairs": 1103,
        "learning_rate": 5e-5,
        "trained_tokens": 34430,
        "sources": sources,
    }
    file.write_text(json.dumps(record | {"preference": second}), encoding="utf-8")
    out = build(world)
    text = card(out, "v3")
    assert "preference optimisation with β 0.1: 20 steps, 34,430 tokens" in text
    assert "| **total** | **1,103** | **9,040** |" in text
    assert "preference optimisation" not in card(out, "v4")


def test_findings_are_computed(finished):
    said = findings(read_workspace(C, finished.parent), read_comparison(finished.parent))
    assert said[0].startswith("3 of 5 versions improved on held-out rows of their own sources beyond noise")
    assert any(re.match(r"v\d forgot \S+ most: \+0\.5\d nats", sentence) for sentence in said)
    assert any("The same mix, from v3 and from base" in sentence for sentence in said)


@pytest.mark.parametrize(("value", "text"), [(0.5, "+0.50"), (-1.234, "−1.23"), (-0.0001, "0.00"), (0.0, "0.00")])
def test_figures_are_signed(value, text):
    assert figure(value) == text


def test_side_branches_get_lanes_of_their_own():
    tree = {"v1": "base", "v2": "v1", "v3": "v1", "v4": "v3", "clean": "base"}
    drawn = {lane.rows: lane for lane in lanes(tree, "base")}
    assert drawn[0, 1, 3, 4].column == 0, "the longest line goes straight on"
    assert drawn[(2,)].column == 1 and drawn[(2,)].start == 1
    assert drawn[(5,)].column == 2 and drawn[(5,)].start == 0, "it would cross v2's lane in column 1"
    assert tree_row(list(drawn.values()), 2, "built").count("<circle") == 1


def test_branches_that_do_not_meet_share_a_lane():
    tree = {"v1": "base", "a": "v1", "v2": "v1", "v3": "v2", "b": "v3", "v4": "v3", "v5": "v4"}
    assert max(lane.column for lane in lanes(tree, "base")) == 1


# What the cards say


def tables(text):
    """Every table of a card: its rows of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [[[c.strip() for c in line.split("|")[1:-1]] for line in b.splitlines()] for b in blocks]


@pytest.mark.parametrize("version", list(C.versions))
def test_every_total_of_a_card_is_the_sum_of_its_rows(finished, version):
    checked = 0
    for header, _, *rows in tables(card(finished, version)):
        if not rows or rows[-1][0] != "**total**":
            continue
        checked += 1
        for at, name in enumerate(header):
            if name not in ("rows", "of them replayed", "tokens"):
                continue
            column = [int(row[at].replace(",", "").replace("*", "")) for row in rows]
            assert column[-1] == sum(column[:-1]), (header[at], column)
    inherits, leaves_out = C.versions[version].parent != "base", "rules" in C.versions[version].mix
    drops = "longer than max_length" in card(finished, version)
    assert checked == 1 + inherits + leaves_out + drops


def test_a_card_says_what_an_exclusion_did_not_take_out(finished):
    text = card(finished, "v4")
    assert "excluded from this mix; **its ancestors v1, v3 saw it, so it is inside**" in text
    assert "| rules | made from a document of an excluded source | 2 |" in text
    assert "| rules | repeats another row | 5 |" in text and "| **total** | | **7** |" in text
    assert "excluded from this mix, and no ancestor saw it" in card(finished, "v4_clean")


def test_a_card_opens_with_front_matter_for_the_hub(finished):
    front = yaml.safe_load(card(finished, "v4").split("---\n")[1])
    assert front["library_name"] == "peft" and front["language"] == ["ko"] and front["license"] == "other"
    assert "datasets" not in front, "the sample world is not those data sets"


def test_a_card_of_a_hub_base_and_own_data_names_both(world):
    origin = {"repo": "Qwen/Qwen2-7B-Instruct", "revision": "f" * 40}
    path = world / "models/v1/lineage.json"
    record = json.loads(path.read_text())
    put(path, record | {"base": {"identity": "b" * 64, "origin": origin, "load": "4bit"}})
    (world / "reports").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        report(C.model_copy(update={"data": "own"}), Path("reports"))
    text = card(world / "reports", "v1")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["base_model"] == origin["repo"] and front["datasets"] == ["amphora/krx-sample-instructions"]
    assert f'from_pretrained("{origin["repo"]}", revision="{"f" * 40}", quantization_config=four_bit)' in text
    assert "Invented data" not in text


def test_a_card_says_which_template_a_server_must_use(finished):
    text = card(finished, "v4")
    assert "--chat-template models/v4/chat_template.jinja" in text
    assert 'from_pretrained("./models/base-bbbbbbbbbbbb", dtype="float32")' in text
    assert "Never merge it" not in text


def test_a_card_warns_of_a_head_that_is_the_embedding(world):
    from lineage.config.load import parse_curriculum as parsed

    tree = C.model_dump(mode="json", exclude_unset=True)
    tree["chain"]["lora"]["targets"].append("lm_head")
    base = json.loads((world / "models/base/base.json").read_text())
    for tied in (True, False):
        shutil.rmtree(world / "reports", ignore_errors=True)
        (world / "reports").mkdir()
        put(world / "models/base/base.json", base | {"tied": tied})
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(world)
            report(parsed(tree), Path("reports"))
        assert ("**Never merge it.** `lm_head` is among its targets" in card(world / "reports", "v1")) is tied


def test_a_cards_python_compiles(finished):
    for version in C.versions:
        (code,) = re.findall(r"```python\n(.*?)```", card(finished, version), re.S)
        compile(code, version, "exec")


def test_a_card_lists_the_licences_of_the_whole_line(finished):
    part = card(finished, "v4").split("## Licence")[1].split("##")[0]
    assert "KRX material: krx_samples, site_reports, rules" in part
    assert "own work of the team: questions" in part
    assert "Redistribution: forbidden, because of krx_samples, site_reports and rules." in part


def test_the_stage_runs_from_a_workspace(world):
    tree = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
    tree["versions"] = C.model_dump(mode="json", exclude_none=True)["versions"]
    tree["profile"], tree["data"] = "cpu", "sample"
    (world / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "stages.report"],
        cwd=world,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "3 of 5 versions improved" in done.stdout and (world / "reports/lineage.html").is_file()

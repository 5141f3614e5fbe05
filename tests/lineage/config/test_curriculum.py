import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.load import load_curriculum, parse_curriculum, read_tree
from lineage.core.errors import LineageError
from tests import tiny

ROOT = Path(__file__).parents[3]
TREE = {
    "v1": ("base", {"krx_samples": "prompt_answer"}),
    "v2": ("v1", dict.fromkeys(["krx_samples", "financial_reports", "accounting"], "prompt_answer")),
    "v3": ("v1", {"site_reports": "document"}),
    "v4": ("v3", {"questions": "record", "rules": "record"}),
    "v5_1": ("v4", {"metamath": "prompt_answer"}),
    "v5_2": ("v5_1", {"questions": "record", "rules": "record"}),
    "v5_3": ("v5_2", {"company_reports": "summary"}),
}
V6 = [
    "rules",
    "problems",
    "drills",
    "metamath",
    "reddit_enko",
    "aihub_kozh",
    "table_qa",
    "large_companies",
    "arithmetic",
]


def mistakes(**changes: Any) -> str:
    with pytest.raises(LineageError) as error:
        tiny.curriculum(**changes)
    return str(error.value)


def test_the_shipped_tree_is_the_team_s_plan() -> None:
    c = load_curriculum(ROOT / "params.yaml")
    tree = TREE | {"v6": ("v5_3", dict.fromkeys(V6, "prompt_answer"))}
    tree["v6_clean"] = ("base", tree["v6"][1])
    assert {n: (v.parent, {s: e.form for s, e in v.mix.items()}) for n, v in c.versions.items()} == tree
    assert all(v.because for v in c.versions.values())
    for name, scope in (("v6", "mix"), ("v6_clean", "ancestry")):
        assert set(c.versions[name].exclude) == {"krx_samples", "company_reports"}
        assert c.versions[name].exclude_scope == scope
    assert c.versions["v6"].mix == c.versions["v6_clean"].mix
    assert c.profile == "cpu" and c.data == "sample"


def test_the_shipped_gpu_profile_is_the_production_plan() -> None:
    gpu = load_curriculum(ROOT / "params.yaml").profiles["gpu"]
    assert gpu.base.repo == "Qwen/Qwen2-7B-Instruct" and re.fullmatch("[0-9a-f]{40}", str(gpu.base.revision))
    assert (gpu.trainer, gpu.load_in_4bit, gpu.optimizer) == ("unsloth", True, "adamw_8bit")
    assert (gpu.batch_size, gpu.max_length, gpu.learning_rate) == (2, 2048, 1e-4)


def test_ancestors_are_nearest_first_and_parents_come_before_children() -> None:
    c = load_curriculum(ROOT / "params.yaml")
    assert c.ancestors("v5_1") == ["v4", "v3", "v1"]
    assert c.ancestors("v6_clean") == []
    order = c.in_order()
    assert all(v.parent == "base" or order.index(v.parent) < order.index(n) for n, v in c.versions.items())


def test_a_child_may_be_written_before_its_parent() -> None:
    tree = tiny.params()
    tree["versions"] = dict(reversed(tree["versions"].items()))
    assert parse_curriculum(tree).in_order() == ["v1", "v3", "v2"]


def test_another_parent_is_one_edit_and_changes_only_that(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    edited = text.replace("  v3:\n    parent: v1\n", "  v3:\n    parent: v2\n")
    assert sum(a != b for a, b in zip(text.splitlines(), edited.splitlines(), strict=True)) == 1
    (tmp_path / "params.yaml").write_text(edited, encoding="utf-8")
    before, after = load_curriculum(ROOT / "params.yaml"), load_curriculum(tmp_path / "params.yaml")
    assert after.versions["v3"] == before.versions["v3"].model_copy(update={"parent": "v2"})
    assert {k: v for k, v in after.versions.items() if k != "v3"} == {
        k: v for k, v in before.versions.items() if k != "v3"
    }
    assert after.ancestors("v4") == ["v3", "v2", "v1"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"versions.v3.parent": "v9"}, ["versions.v3.parent", "'v9'", "allowed: base, v1, v2, v3"]),
        ({"versions.v3.parent": "V9!"}, ["versions.v3.parent", "V9!", "pattern"]),
        (
            {"versions.v2.mix.news": {"form": "prompt_answer", "weight": 1}},
            ["versions.v2.mix.news", "unknown source", "samples"],
        ),
        ({"versions.v2.exclude": ["news"]}, ["versions.v2.exclude", "'news'", "samples"]),
        ({"versions.v2.exclude": ["problems"]}, ["versions.v2.exclude", "'problems'", "mix"]),
        (
            {"versions.v2.mix.problems.form": "document"},
            ["versions.v2.mix.problems.form", "'document'", "(prompt_answer)"],
        ),
        (
            {"versions.v2.mix.problems.form": "poem"},
            ["versions.v2.mix.problems.form", "'poem'", "'summary'"],
        ),
        (
            {"versions.v3.exclude": ["samples"], "versions.v3.exclude_scope": "ancestry"},
            ["versions.v3.exclude", "'samples'", "v1", "exclude_scope: mix"],
        ),
        ({"versions.v3.exclude_scope": "all"}, ["versions.v3.exclude_scope", "'all'", "'mix' or 'ancestry'"]),
        ({"versions.v1.because": ""}, ["versions.v1.because", "''"]),
        ({"versions.v1.mix": {}}, ["versions.v1.mix", "empty; name a source"]),
        ({"versions.v1.mix.samples.count": 3}, ["versions.v1.mix.samples", "exactly one of weight, count"]),
        ({"versions.v1.mix.samples.weight": 0}, ["versions.v1.mix.samples.weight", "greater than 0", "found 0"]),
        ({"versions.v1.mix.samples.weight": float("inf")}, ["versions.v1.mix.samples.weight", "finite"]),
        ({"versions.v1.replay": 1.0}, ["versions.v1.replay", "less than 1", "found 1.0"]),
        ({"versions.base": tiny.PARAMS["versions"]["v1"]}, ["versions.base", "name of the base model"]),
        ({"profile": "tpu"}, ["profile", "'tpu'", "cpu"]),
        ({"data": "mine"}, ["data", "'mine'", "'sample' or 'own'"]),
        ({"seed": "abc"}, ["seed", "integer", "'abc'"]),
        ({"chain.lora.rank": 8}, ["chain.lora.rank", "unknown field", "8"]),
        ({"chain.lora.r": 8.5}, ["chain.lora.r", "integer", "8.5"]),
        ({"sources.samples.licence": "gpl"}, ["sources.samples.licence", "'gpl'", "own"]),
        ({"sources.samples.heldout": 1}, ["versions.v1.mix.samples", "benchmark", "never trained on"]),
        ({"sources.samples.supervise": "first"}, ["sources.samples.supervise", "'last' or 'all'", "first"]),
        ({"sources.samples.personal": "blur"}, ["sources.samples.personal", "'mask', 'refuse' or 'keep'"]),
        ({"sources.samples.hub": {"repo": "a/b", "revision": "main"}}, ["sources.samples.hub.revision", "'main'"]),
        ({"sources.problems.withdrawn": ["abc"]}, ["sources.problems.withdrawn", "SHA-256", "abc"]),
        ({"generated": {"samples": {"reference": "problems", "kind": "cloze"}}}, ["generated.samples", "input: gen"]),
        ({"papers": {}}, ["papers.company_reports", "needs an entry in papers"]),
        ({"papers.samples": {"max_megabytes": 1, "max_pages": 1, "seconds": 1}}, ["papers.samples"]),
        (
            {"profiles.cpu.base": {"repo": "Qwen/Qwen2-7B-Instruct", "revision": "main"}},
            ["profiles.cpu.base.revision", "'main'", "[0-9a-f]{40}"],
        ),
        ({"profiles.cpu.base": {"repo": "Qwen/Qwen2-7B-Instruct"}}, ["profiles.cpu.base", "revision", "commit"]),
        ({"profiles.cpu.base": {"path": "a", "repo": "b", "revision": "0" * 40}}, ["exactly one of build, path, repo"]),
        ({"profiles.cpu.budget": {"epochs": 1, "tokens": 5}}, ["profiles.cpu.budget", "exactly one of tokens, epochs"]),
        ({"profiles.cpu.optimizer": "sgd"}, ["profiles.cpu.optimizer", "'sgd'", "'adamw_8bit'"]),
    ],
)
def test_a_mistake_is_answered_with_path_value_and_what_is_allowed(changes: dict, expected: list[str]) -> None:
    message = mistakes(**changes)
    assert "params.yaml has 1 mistake(s)" in message, message
    for words in expected:
        assert words in message, message


def generated(**changes: Any) -> dict[str, Any]:
    """A curriculum with `drills`, made from `problems`; `changes` go into its entry under `generated`."""
    tree = tiny.params()
    tree["sources"]["drills"] = tree["sources"]["problems"] | {"input": "generated"}
    tree["generated"] = {"drills": {"reference": "problems", "kind": "cloze"} | changes}
    return tree


def test_a_generated_source_is_held_out_with_its_reference() -> None:
    assert parse_curriculum(generated()).input_folder("drills") == Path("data/generated/sample/drills")
    tree = generated()
    tree["sources"]["drills"]["heldout"] = 0.1
    with pytest.raises(LineageError, match=r"sources.drills.heldout: 0.1, but 0.2 of its reference problems"):
        parse_curriculum(tree)


def test_a_generated_source_keeps_the_terms_of_its_reference() -> None:
    tree = generated()
    tree["licences"]["free"] = {"title": "free", "redistribution": "allowed", "commercial": "allowed"}
    tree["sources"]["drills"]["licence"] = "free"
    with pytest.raises(LineageError, match=r"sources.drills.licence: 'free', but what it is made from, problems, is"):
        parse_curriculum(tree)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reference": "nowhere"}, "generated.drills.reference: 'nowhere'"),
        ({"reference": "drills"}, "generated.drills.reference: 'drills'"),
        ({"kind": "mcqa"}, "the other kinds need one"),
        ({"model": "any"}, "takes no model"),
    ],
)
def test_a_mistake_in_a_generated_source(changes: dict, expected: str) -> None:
    with pytest.raises(LineageError, match=re.escape(expected)):
        parse_curriculum(generated(**changes))


def test_a_missing_field_is_named() -> None:
    tree = tiny.params()
    del tree["versions"]["v2"]["replay"], tree["sources"]["samples"]["licence"]
    with pytest.raises(LineageError, match="2 mistake") as error:
        parse_curriculum(tree)
    assert "versions.v2.replay: missing" in str(error.value)
    assert "sources.samples.licence: missing" in str(error.value)


def test_a_cycle_is_shown_as_a_path() -> None:
    message = mistakes(**{"versions.v1.parent": "v3"})
    assert re.search(r"versions\.v1\.parent: a cycle, v1 → v3 → v1", message)
    assert "base" in message


def test_a_version_that_is_its_own_parent() -> None:
    assert "versions.v1.parent: a cycle, v1 → v1" in mistakes(**{"versions.v1.parent": "v1"})


def test_an_unknown_parent_is_told_also_for_what_descends_from_it() -> None:
    message = mistakes(**{"versions.v1.parent": "v0"})
    assert "versions.v1.parent: unknown version 'v0'" in message
    assert message.count("versions.v1") == 1
    assert "versions.v2: its ancestor 'v1'" in message


def test_an_unknown_parent_and_an_ancestry_exclusion_together() -> None:
    message = mistakes(**{"versions.v3.parent": "v0", "versions.v3.exclude_scope": "ancestry"})
    assert "versions.v3.parent: unknown version 'v0'" in message


def test_an_exclusion_of_scope_mix_may_name_what_an_ancestor_saw() -> None:
    c = tiny.curriculum(**{"versions.v3.exclude": ["samples"]})
    assert c.versions["v3"].exclude == ("samples",)


def test_a_grandparent_breaks_an_ancestry_exclusion_too() -> None:
    changes = {"versions.v3.parent": "v2", "versions.v3.exclude": ["samples"], "versions.v3.exclude_scope": "ancestry"}
    assert "ancestor v1" in mistakes(**changes)


def test_production_does_not_train_on_the_sample_world(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    file = tmp_path / "params.yaml"
    file.write_text(text.replace("\nprofile: cpu ", "\nprofile: gpu "), encoding="utf-8")
    with pytest.raises(LineageError, match="data: the gpu profile trains on real data only; set data: own"):
        load_curriculum(file)
    both = text.replace("\nprofile: cpu ", "\nprofile: gpu ").replace("\ndata: sample ", "\ndata: own ")
    file.write_text(both, encoding="utf-8")
    assert load_curriculum(file).active.trainer == "unsloth"


def test_several_mistakes_are_reported_at_once() -> None:
    changes = {"versions.v2.parent": "v8", "versions.v3.exclude": ["news", "problems"], "profile": "tpu"}
    message = mistakes(**changes)
    assert "4 mistake(s)" in message
    for words in ("profile", "versions.v2.parent", "'news'", "'problems'"):
        assert words in message


def test_a_key_given_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    file = tmp_path / "params.yaml"
    file.write_text(text.replace("\nseed: ", "\nseed: 1\nseed: "), encoding="utf-8")
    with pytest.raises(LineageError, match=r"params.yaml: not valid YAML: 'seed' is given twice[^:]*line \d+"):
        load_curriculum(file)


def test_yaml_merge_keys_may_be_overridden(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    merged = text.replace("  v1:\n    parent: base\n", "  v1: &first\n    parent: base\n").replace(
        "\nevaluation:", "  v7:\n    <<: *first\n    because: another try\n\nevaluation:"
    )
    file = tmp_path / "params.yaml"
    file.write_text(merged, encoding="utf-8")
    c = load_curriculum(file)
    assert c.versions["v7"].because == "another try"
    assert c.versions["v7"].mix == c.versions["v1"].mix


def test_scientific_notation_without_a_point_is_a_number(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    file = tmp_path / "params.yaml"
    file.write_text(text.replace("learning_rate: 5.0e-3", "learning_rate: 5e-3"), encoding="utf-8")
    assert load_curriculum(file).active.learning_rate == 5e-3


@pytest.mark.parametrize(("text", "expected"), [("a: [1", "not valid YAML"), ("", "dictionary"), ("- 1", "dictionary")])
def test_a_file_that_is_no_curriculum(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LineageError, match=expected):
        load_curriculum(file)


def test_outside_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LineageError, match=r"params.yaml: not found in .*run from the folder"):
        load_curriculum()


def test_nothing_can_be_changed_after_parsing() -> None:
    c = tiny.curriculum()
    with pytest.raises(ValueError, match="frozen"):
        c.versions["v1"].parent = "v2"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("base", "the base model"),
        ("yes", "YAML"),
        ("con", "Windows"),
        ("lpt1", "Windows"),
        ("report", "MLflow"),
        ("champion", "MLflow"),
        ("mix", "a stage of dvc.yaml"),
        ("local", "a base of your own"),
        ("nan", "as nothing"),
        ("v" * 65, "65 letters"),
    ],
)
def test_a_name_that_somebody_else_uses_is_refused_for_a_version(name: str, who: str) -> None:
    tree = tiny.params()
    tree["versions"][name] = tree["versions"].pop("v2")
    with pytest.raises(LineageError, match=rf"versions\.{name}: .*{who}.*choose another name") as told:
        parse_curriculum(tree)
    assert "1 mistake" in str(told.value)


def test_a_source_may_be_called_as_a_stage_but_not_as_a_device() -> None:
    tree = tiny.params()
    tree["sources"]["samples"] |= {"title": "one"}
    tree["sources"]["train"] = tree["sources"]["samples"]
    parse_curriculum(tree)
    tree["sources"]["aux"] = tree["sources"]["samples"]
    with pytest.raises(LineageError, match=r"sources\.aux: Windows keeps 'aux'"):
        parse_curriculum(tree)


def test_a_base_in_the_folder_of_a_version_is_refused() -> None:
    tree = tiny.params()
    tree["profiles"]["cpu"]["base"] = {"path": "models/v2"}
    with pytest.raises(LineageError, match=r"versions\.v2: profiles\.cpu\.base\.path is models/v2"):
        parse_curriculum(tree)


@pytest.mark.parametrize("key", ["null", "~", "1", "true", "off"])
def test_a_name_that_yaml_does_not_read_as_one(tmp_path: Path, key: str) -> None:
    text = yaml.safe_dump(tiny.params(), sort_keys=False).replace("\n  v2:", f"\n  {key}:")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(LineageError, match=r"versions: YAML reads the name of an entry as .*choose a name such as v7"):
        load_curriculum(tmp_path / "params.yaml")


def test_a_file_that_windows_wrote_is_answered_with_how_to_save_it(tmp_path: Path) -> None:
    text = yaml.safe_dump(tiny.params(**{"versions.v1.because": "처음 버전"}), allow_unicode=True)
    file = tmp_path / "params.yaml"
    file.write_bytes(text.encode("cp949"))
    with pytest.raises(LineageError, match=r"line \d+ is not UTF-8; it is written in CP949.*iconv -f cp949"):
        load_curriculum(file)
    file.write_bytes(b"profile: \xff\xfe\x81\n")
    with pytest.raises(LineageError, match="line 1 is not UTF-8; nobody can tell its encoding"):
        load_curriculum(file)
    file.write_text("\ufeff" + text, encoding="utf-8")
    assert load_curriculum(file).versions["v1"].because == "처음 버전"


def test_what_an_anchor_brings_in_may_be_overridden_and_a_key_in_it_is_still_given_once(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("a: &one {x: 1, y: 2}\nb: {<<: *one, y: 3}\nc: {<<: *one, x: 4}\n", encoding="utf-8")
    assert read_tree(file)["b"] == {"x": 1, "y": 3}
    file.write_text("a:\n  - {x: 1}\n  - {z: {y: 2, y: 3}}\n", encoding="utf-8")
    with pytest.raises(LineageError, match="'y' is given twice"):
        read_tree(file)

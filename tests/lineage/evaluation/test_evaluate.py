import json
import math
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.measures import Ending
from lineage.base_model import chat_template
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.evaluation import answering, greedy_decoding, heldout, inference, shared_prompts
from lineage.evaluation import evaluate as evaluation
from lineage.evaluation.answering import SpokenAnswer
from stages import evaluate
from tests import tiny


def read(version: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("metrics", version, name).read_text(encoding="utf-8").splitlines()]


def measures(version: str) -> dict[str, Any]:
    return json.loads(Path("metrics", version, "measures.json").read_text(encoding="utf-8"))


def likelihood(model: Any, row: chat_template.Tokens) -> float:
    """The NLL of a row's answer, alone and token by token: a reference that shares no code with the stage."""
    import torch

    with torch.no_grad():
        logits = model(torch.tensor([row.ids])).logits[0].double()
    total = 0.0
    for place, label in enumerate(row.labels):
        if label != -100:
            scores = logits[place - 1]
            total -= (
                float(scores[label]) - math.log(float(torch.exp(scores - scores.max()).sum())) - float(scores.max())
            )
    return total


def test_every_version_answers_the_same_rows(lineage_here: Path) -> None:
    asked = {v: [(r["set"], r["id"], r["tokens"]) for r in read(v, "rows.jsonl")] for v in ("base", *tiny.VERSIONS)}
    assert asked["base"] == asked["v1"] == asked["v2"] == asked["v3"]
    assert len(asked["base"]) == 6 + 1 + 5 + 1
    shown = {v: [(a["set"], a["id"], a["prompt"], a["expected"]) for a in read(v, "answers.jsonl")] for v in asked}
    assert shown["base"] == shown["v1"] == shown["v2"] == shown["v3"]
    assert len(shown["base"]) == 4  # one a set


def test_measures_name_the_version_its_parent_and_its_adapter(lineage_here: Path) -> None:
    assert [measures("base")[k] for k in ("version", "parent", "adapter")] == ["base", None, None]
    adapter = sha256(Path("models/v3/adapter_model.safetensors"))
    assert [measures("v3")[k] for k in ("version", "parent", "adapter")] == ["v3", "v1", adapter]
    assert list(measures("v3")["sets"]) == [
        "companies.prompt_answer",
        "company_reports.summary",
        "problems.prompt_answer",
        "samples.prompt_answer",
    ]


@pytest.mark.parametrize("version", ["base", "v2"])
def test_nll_is_what_a_plain_reference_computes(lineage_here: Path, version: str) -> None:
    model, tokenizer = inference.load(version, tiny.curriculum().active)
    found = {r["id"]: r for r in read(version, "rows.jsonl")}
    by_set: dict[str, list[tuple[float, int]]] = {}
    for held in heldout.heldout_sets(6):
        for record in held.records:
            row = chat_template.tokenize(tokenizer, list(record.turns[:-1]), record.completion)
            nll = likelihood(model, row)
            assert found[record.id]["nll"] == pytest.approx(nll, abs=1e-4)
            assert found[record.id]["tokens"] == row.supervised
            by_set.setdefault(held.name, []).append((nll, row.supervised))
    for name, rows in by_set.items():
        said = measures(version)["sets"][name]
        assert said["nll"] == pytest.approx(sum(n for n, _ in rows) / sum(t for _, t in rows), abs=1e-4)
        assert said["tokens"] == sum(t for _, t in rows) and said["rows"] == len(rows)
        if said["nll_interval"] is not None:  # rows of a single group give none
            assert said["nll_interval"][0] <= said["nll"] <= said["nll_interval"][1]


def test_batching_and_padding_do_not_change_nll(lineage_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = inference.load("v2", tiny.curriculum().active)
    prompts = [[{"role": "user", "content": f"질문 {n} " * (n + 1)}] for n in range(9)]
    rows = [chat_template.tokenize(tokenizer, prompt, "답 " * (9 - n)) for n, prompt in enumerate(prompts)]
    together = inference.negative_log_likelihoods(model, rows)
    monkeypatch.setattr(inference, "TOKENS_AT_ONCE", 1)
    alone = inference.negative_log_likelihoods(model, rows)
    assert together == pytest.approx(alone, abs=1e-4)
    assert together == pytest.approx([likelihood(model, row) for row in rows], abs=1e-4)
    assert inference.negative_log_likelihoods(model, rows[::-1])[::-1] == pytest.approx(together, abs=1e-4)


class Scripted:
    """Stands for a model: what each text costs, what it says, and how that ends; `budgets` are what it was given."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, cost: dict[str, float], says: str = "", ending: Ending = "stopped"
    ) -> None:
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained("models/base")
        monkeypatch.setattr(inference, "load", lambda version, profile: (None, self.tokenizer))
        monkeypatch.setattr(
            shared_prompts, "of_candidates", lambda model, rows: [[self._of(r, cost) for r in row] for row in rows]
        )
        self.budgets: list[int] = []
        monkeypatch.setattr(
            answering,
            "answers",
            lambda model, tokenizer, prompts, budgets, **_: (
                self.budgets.extend(budgets),
                [SpokenAnswer(says, ending) for _ in prompts],
            )[1],
        )

    def _of(self, row: chat_template.Tokens, cost: dict[str, float]) -> float:
        text = self.tokenizer.decode([t for t in row.labels if t != -100])
        return cost.get(text.removesuffix("<|im_end|>"), 99.0)


def test_a_choice_is_right_where_the_right_option_is_likeliest(lineage_copy: Path, monkeypatch) -> None:
    Scripted(monkeypatch, {"채권": 3.0, "주식": 2.0, "선물": 4.0})
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    rows = [r for r in read("base", "rows.jsonl") if r["measure"] == "choice"]
    names = {r.id: r.completion for s in heldout.heldout_sets(6) for r in s.records}
    assert {names[r["id"]]: (r["nll"], r["score"]) for r in rows} == {
        "채권": (3.0, 0.0),
        "주식": (2.0, 1.0),
        "선물": (4.0, 0.0),
    }
    problems = measures("base")["sets"]["problems.prompt_answer"]
    assert (problems["measure"], problems["score"], problems["chance"]) == ("choice", 0.3333, 0.3333)


def test_numbers_are_judged_by_what_is_said_and_texts_by_chrf(lineage_copy: Path, monkeypatch) -> None:
    Scripted(monkeypatch, {}, says="답은 32")
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    names = {r.id: r.completion for s in heldout.heldout_sets(6) for r in s.records}
    rows = read("base", "rows.jsonl")
    assert {names[r["id"]]: r["score"] for r in rows if r["measure"] == "number"} == {"답은 32": 1.0, "답은 34": 0.0}
    texts = [r["score"] for r in rows if r["measure"] == "text"]
    assert texts and all(0 <= s < 1 for s in texts)
    assert [r["score"] for r in rows if r["measure"] == "none"] == [None]
    summary = measures("base")["sets"]["company_reports.summary"]
    assert (summary["measure"], summary["score"], summary["score_interval"]) == ("none", None, None)


def test_the_second_time_no_model_is_loaded_and_the_bytes_are_the_same(lineage_copy: Path, monkeypatch) -> None:
    before = sha256(Path("metrics/v2"))
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("a model was loaded"))
    assert sha256(tiny.evaluate(tiny.curriculum(), "v2")) == before


def test_by_force_all_is_asked_again_and_the_bytes_are_the_same(lineage_copy: Path, monkeypatch) -> None:
    before, asked = sha256(Path("metrics/v2")), []
    ask = evaluation.ask
    monkeypatch.setattr(evaluation, "ask", lambda c, m, t, sets: (asked.extend(sets), ask(c, m, t, sets))[1])
    monkeypatch.setenv("KRX_FORCE", "1")
    assert sha256(tiny.evaluate(tiny.curriculum(), "v2")) == before
    assert {s.name for s in asked} == set(measures("v2")["sets"])


def test_without_the_cache_the_bytes_are_the_same(lineage_copy: Path) -> None:
    import shutil

    before = sha256(Path("metrics/v2"))
    shutil.rmtree(".state/evaluations")
    assert sha256(tiny.evaluate(tiny.curriculum(), "v2")) == before


def test_half_a_result_that_a_killed_run_left_is_measured_again(lineage_copy: Path) -> None:
    before = sha256(Path("metrics/v2"))
    for file in Path(".state/evaluations").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert sha256(tiny.evaluate(tiny.curriculum(), "v2")) == before


def test_a_new_set_is_measured_alone(lineage_copy: Path, monkeypatch) -> None:
    tiny.write_rows(Path("data/heldout/extra/prompt_answer.jsonl"), [tiny.row("extra", "새 질문?", "새 답")])
    asked: list[str] = []
    ask = evaluation.ask
    monkeypatch.setattr(
        evaluation, "ask", lambda c, m, t, sets: (asked.extend(s.name for s in sets), ask(c, m, t, sets))[1]
    )
    old = measures("v2")["sets"]
    tiny.evaluate(tiny.curriculum(), "v2")
    assert asked == ["extra.prompt_answer"]
    assert {k: v for k, v in measures("v2")["sets"].items() if k != "extra.prompt_answer"} == old


def test_a_sets_result_does_not_depend_on_the_sets_beside_it(lineage_here: Path) -> None:
    c = tiny.curriculum(**{"evaluation.max_new_tokens": 12})
    model, tokenizer = inference.load("v2", c.active)
    sets = heldout.heldout_sets(6)
    together = evaluation.ask(c, model, tokenizer, sets)
    for s in sets[::-1]:
        questions = evaluation.questions_of(tokenizer, s, 128)
        alone = [nll for some in shared_prompts.of_candidates(model, [t for _, t in questions]) for nll in some]
        again = [nll for some in shared_prompts.of_candidates(model, [t for _, t in questions]) for nll in some]
        assert alone == again, "not to the last digit the same"
        assert evaluation.ask(c, model, tokenizer, [s]) == {s.name: together[s.name]}


def test_versions_that_are_asked_on_one_base_answer_bit_for_bit_as_on_their_own(
    lineage_here: Path, tmp_path: Path, monkeypatch
) -> None:
    """In any order, the base among them, and adapters of another rank, scaling and other layers: nothing is left."""
    from tests.lineage.evaluation.test_inference import adapted

    c = tiny.curriculum(**{"evaluation.max_new_tokens": 12})
    sets = heldout.heldout_sets(6)
    built, opened = inference.built, inference.opened_adapter
    adapted(inference.load("base", c.active)[0], "q_proj", "lm_head").save_pretrained(tmp_path)
    monkeypatch.setattr(inference, "built", lambda v: tmp_path if v == "other" else built(v))
    monkeypatch.setattr(inference, "opened_adapter", lambda v, base: None if v == "other" else opened(v, base))

    def bits(model: Any, tokenizer: Any) -> Any:
        rows = [[t for _, t in evaluation.questions_of(tokenizer, s, 128)] for s in sets]
        return [shared_prompts.of_candidates(model, some) for some in rows], evaluation.ask(c, model, tokenizer, sets)

    own = {version: bits(*inference.load(version, c.active)) for version in ("base", "other", *tiny.VERSIONS)}
    assert len({str(found[0]) for found in own.values()}) == 5, "the versions do not differ"
    one_base = inference.OneBase(c.active)
    for version in ("v3", "base", "v1", "other", "v2", "v2", "other", "base", "v3"):
        assert bits(*one_base.turned_into(version)) == own[version], version
        if one_base.adapters:
            assert len(one_base.model.peft_config) == 1


def test_many_versions_in_one_process_leave_the_bytes_that_each_would(lineage_copy: Path, monkeypatch) -> None:
    import shutil

    before = {version: sha256(Path("metrics", version)) for version in ("base", *tiny.VERSIONS)}
    shutil.rmtree(".state/evaluations")
    loads: list[str] = []
    load = inference.load_base
    monkeypatch.setattr(inference, "load_base", lambda *given: (loads.append("base"), load(*given))[1])
    evaluation.measured_all(tiny.curriculum(), ("base", *tiny.VERSIONS), heldout.heldout_sets(6))
    assert loads == ["base"]
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("it was measured already"))
    for version, was in before.items():
        assert sha256(tiny.evaluate(tiny.curriculum(), version)) == was


def _change_template(patch: pytest.MonkeyPatch) -> None:
    base = evaluation.read_base()
    changed = base.model_copy(update={"template": base.template.model_copy(update={"sha256": "another"})})
    patch.setattr(evaluation, "read_base", lambda: changed)


def _change_adapter(patch: pytest.MonkeyPatch) -> None:
    file = Path("models/v2/adapter_model.safetensors")
    file.write_bytes(file.read_bytes()[:-1] + b"x")


@pytest.mark.parametrize("change", [_change_template, _change_adapter])
def test_another_template_or_adapter_is_measured_again(lineage_copy: Path, monkeypatch, change) -> None:
    class LoadedError(Exception):
        pass

    def load(*_: object) -> None:
        raise LoadedError

    change(monkeypatch)
    monkeypatch.setattr(inference, "load", load)
    with pytest.raises(LoadedError):
        tiny.evaluate(tiny.curriculum(), "v2")


def test_a_large_set_is_sampled_by_id_and_grows_without_moving(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.write_rows(Path("data/superseded/superseded.jsonl"), [])
    rows = [tiny.row("many", f"질문 {n}", "답") for n in range(300)]
    tiny.write_rows(Path("data/heldout/many/prompt_answer.jsonl"), rows)
    (held,) = heldout.heldout_sets(10)
    assert (held.name, len(held.records), held.heldout_rows) == ("many.prompt_answer", 10, 300)
    tiny.write_rows(Path("data/heldout/many/prompt_answer.jsonl"), rows[::-1])
    assert heldout.heldout_sets(10)[0].records == held.records
    tiny.write_rows(Path("data/heldout/many/prompt_answer.jsonl"), [*rows, tiny.row("many", "하나 더", "답")])
    ids = {r.id for r in heldout.heldout_sets(10)[0].records}
    assert len(ids & {r.id for r in held.records}) >= 9


def test_an_empty_set_is_left_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.write_rows(Path("data/superseded/superseded.jsonl"), [])
    tiny.write_rows(Path("data/heldout/none/prompt_answer.jsonl"), [])
    assert heldout.heldout_sets(10) == []


def test_a_row_that_was_overtaken_is_asked_of_nobody(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [tiny.row("rules", f"제{n}조는?", "답") for n in range(3)]
    tiny.write_rows(Path("data/heldout/rules/prompt_answer.jsonl"), rows)
    with pytest.raises(LineageError, match="dvc repro superseded"):
        heldout.heldout_sets(10)
    overtaken = Path("data/superseded/superseded.jsonl")
    overtaken.parent.mkdir(parents=True)
    overtaken.write_text(json.dumps({"id": rows[1].id, "by": rows[2].id}) + "\n", encoding="utf-8")
    (held,) = heldout.heldout_sets(10)
    assert {r.id for r in held.records} == {rows[0].id, rows[2].id} and held.heldout_rows == 2


def test_rows_longer_than_max_length_are_left_out_for_all(lineage_copy: Path, capsys) -> None:
    long = [tiny.row("long", "질문", "가" * 300), tiny.row("long", "질문", "짧은 답")]
    tiny.write_rows(Path("data/heldout/long/prompt_answer.jsonl"), long)
    few = [tiny.row("few", "질문", "가" * 300), *(tiny.row("few", f"질문 {n}", "답") for n in range(5))]
    tiny.write_rows(Path("data/heldout/few/prompt_answer.jsonl"), few)
    for _ in ("asked", "from the cache"):
        tiny.evaluate(tiny.curriculum(), "v2")
        found = measures("v2")["sets"]["long.prompt_answer"]
        assert (found["rows"], found["heldout_rows"], found["too_long"]) == (1, 2, 1)
        said = capsys.readouterr().out
        assert "long.prompt_answer: 1 of 2 rows are longer than max_length and were not asked; its figures are" in said
        assert "few.prompt_answer: 1 of 6 rows" in said
        assert "samples.prompt_answer: " not in said.replace("answers did not end", "")[: said.index("few.prompt")]


def test_a_set_in_which_every_row_is_too_long_has_no_nll(lineage_copy: Path) -> None:
    long = [tiny.row("long", "질문", "가" * 300, measure="choice", options=("가" * 300, "나"), correct=0)]
    tiny.write_rows(Path("data/heldout/long/prompt_answer.jsonl"), long)
    tiny.evaluate(tiny.curriculum(), "v2")
    found = measures("v2")["sets"]["long.prompt_answer"]
    assert (found["rows"], found["nll"], found["score"]) == (0, None, None)


def test_a_version_that_is_not_built_names_the_command(lineage_copy: Path) -> None:
    import shutil

    shutil.rmtree("models/v2")
    with pytest.raises(LineageError, match="dvc repro train@v2"):
        tiny.evaluate(tiny.curriculum(), "v2")


def test_the_stage_refuses_an_unknown_version(workspace: Path, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["stages/evaluate.py", "v9"])
    with pytest.raises(LineageError, match=r"unknown version 'v9'; params.yaml has v1, v2, v3"):
        evaluate.main()


def test_a_conversation_is_measured_where_it_is_supervised_and_answers_its_last_turn(
    lineage_copy: Path, monkeypatch
) -> None:
    talks = [
        tiny.talk("chats", "금리란?", "값", f"{n}?", "물가", supervise=how) for n, how in enumerate(("last", "all"))
    ]
    tiny.write_rows(Path("data/heldout/chats/prompt_answer.jsonl"), talks)
    model, tokenizer = inference.load("v2", tiny.curriculum().active)
    asked: list[Any] = []
    monkeypatch.setattr(inference, "load", lambda version, profile: (model, tokenizer))
    monkeypatch.setattr(
        answering,
        "answers",
        lambda m, t, prompts, n, **_: (asked.extend(prompts), [SpokenAnswer("물가", "stopped")] * len(prompts))[1],
    )
    tiny.evaluate(tiny.curriculum(), "v2")
    rows = {r["id"]: r for r in read("v2", "rows.jsonl")}
    for talk in talks:
        row = chat_template.tokenize(tokenizer, list(talk.turns[:-1]), "물가", every=talk.supervise == "all")
        assert rows[talk.id]["nll"] == pytest.approx(likelihood(model, row), abs=1e-4)
        assert rows[talk.id]["tokens"] == row.supervised
        assert rows[talk.id]["score"] == 1.0 and list(talk.turns[:-1]) in asked
    assert rows[talks[1].id]["tokens"] > rows[talks[0].id]["tokens"]
    shown = {a["id"]: a["prompt"] for a in read("v2", "answers.jsonl")}
    assert [p for p in shown.values() if "assistant: 값" in p]


def test_a_number_in_an_answer_that_was_cut_is_no_answer(lineage_copy: Path, monkeypatch, capsys) -> None:
    Scripted(monkeypatch, {}, says="답은 32", ending="cut")
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    rows = [r for r in read("base", "rows.jsonl") if r["measure"] == "number"]
    assert [(r["score"], r["ending"]) for r in rows] == [(0.0, "cut")] * 2
    problems = measures("base")["sets"]["problems.prompt_answer"]
    assert [problems[k] for k in ("answered", "cut", "endless")] == [5, 5, 0]
    assert "problems.prompt_answer: 5 of 5 answers did not end within 5 tokens" in capsys.readouterr().out


def test_answers_that_repeat_themselves_are_told_apart(lineage_copy: Path, monkeypatch, capsys) -> None:
    Scripted(monkeypatch, {}, says="답은 32 32 32", ending="endless")
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    problems = measures("base")["sets"]["problems.prompt_answer"]
    assert [problems[k] for k in ("answered", "cut", "endless")] == [5, 0, 5]
    assert "5 of 5 answers did not end within 5 tokens, 5 of them repeat themselves" in capsys.readouterr().out


def test_each_set_has_the_budget_of_its_own_expected_answers(lineage_copy: Path, monkeypatch) -> None:
    worked = [tiny.row("worked", f"{n}?", "풀이 " * 40 + f"답은 {n}", measure="number") for n in range(2)]
    tiny.write_rows(Path("data/heldout/worked/prompt_answer.jsonl"), worked)
    c = tiny.curriculum(**{"evaluation.max_new_tokens": 512, "profiles.cpu.max_length": 512})
    model = Scripted(monkeypatch, {}, says="답은 1")
    tiny.evaluate(c, "base")
    longest = max(len(model.tokenizer(" " + r.completion)["input_ids"]) + 1 for r in worked)
    assert longest > 60
    sets = measures("base")["sets"]
    assert sets["worked.prompt_answer"]["budget"] == math.ceil(1.5 * longest)
    assert sets["samples.prompt_answer"]["budget"] == 40
    assert model.budgets.count(math.ceil(1.5 * longest)) == 2


def with_sets(**sets: dict[str, Any]) -> Any:
    """The tiny curriculum, with what is other for a source's sets."""
    return tiny.curriculum(**{"evaluation.sets": sets})


def test_a_set_may_have_rows_and_a_budget_of_its_own(lineage_copy: Path, monkeypatch) -> None:
    model = Scripted(monkeypatch, {}, says="답은 32")
    tiny.evaluate(with_sets(samples={"rows": 2, "max_new_tokens": 7}), "base")
    samples, problems = (measures("base")["sets"][f"{name}.prompt_answer"] for name in ("samples", "problems"))
    assert (samples["rows"], samples["heldout_rows"], samples["budget"]) == (2, 6, 7)
    assert (problems["rows"], problems["budget"]) == (5, 4)
    assert model.budgets.count(7) == 2


def test_what_is_other_for_one_set_asks_that_set_alone_again(lineage_copy: Path, monkeypatch) -> None:
    asked: list[str] = []
    ask = evaluation.ask
    monkeypatch.setattr(
        evaluation, "ask", lambda c, m, t, sets: (asked.extend(s.name for s in sets), ask(c, m, t, sets))[1]
    )
    tiny.evaluate(with_sets(samples={"measures": ["chrf"]}), "v2")
    assert asked == ["samples.prompt_answer"]
    assert set(measures("v2")["sets"]["samples.prompt_answer"]["figures"]) == {"chrf"}


def test_another_version_of_a_library_measures_again(lineage_copy: Path, monkeypatch) -> None:
    known = evaluation.version_of
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("asked again"))
    tiny.evaluate(tiny.curriculum(), "v2")
    monkeypatch.setattr(evaluation, "version_of", lambda name: "9" if name == "kiwipiepy_model" else known(name))
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        tiny.evaluate(tiny.curriculum(), "v2")


def test_choices_among_the_same_labels_are_also_answered_in_words(lineage_copy: Path, monkeypatch) -> None:
    Scripted(monkeypatch, {"채권": 1.0}, says="주식.")
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    problems = measures("base")["sets"]["problems.prompt_answer"]
    figures = problems["figures"]
    assert (figures["accuracy"]["value"], figures["invalid"]["value"], problems["score"]) == (0.3333, 0.0, 0.3333)
    assert problems["confusion"] == {"labels": ["채권", "주식", "선물"], "counts": [[0, 1, 0, 0]] * 3}


def test_what_must_be_known_of_a_set_is_said(lineage_copy: Path, monkeypatch, capsys) -> None:
    options = ("A. 현금", "B. 차입금")
    listed = [
        tiny.row(
            "q", f"{n}: 자산은?\nA. 현금\nB. 차입금", options[n % 2], measure="choice", options=options, correct=n % 2
        )
        for n in range(40)
    ]
    tiny.write_rows(Path("data/heldout/q/prompt_answer.jsonl"), listed)
    Scripted(monkeypatch, {options[0]: 1.0}, says="净利润是指扣除费用后的余额")
    tiny.evaluate(tiny.curriculum(**{"evaluation.rows": 40, "evaluation.max_new_tokens": 5}), "base")
    said = capsys.readouterr().out
    assert (
        "q.prompt_answer: letters biased: A is picked 40 times and right 20, B is picked 0 times and right 20" in said
    )
    assert "samples.prompt_answer: 6 of 6 answers are in another language than expected" in said


def test_a_figure_that_the_rows_cannot_give_stops_before_anything_is_asked(lineage_copy: Path, monkeypatch) -> None:
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("a model was loaded"))
    with pytest.raises(
        LineageError, match=r"evaluation\.sets asks for bleu of samples\.prompt_answer, but no row says"
    ):
        tiny.evaluate(with_sets(samples={"measures": ["bleu"]}), "v2")


def test_a_choice_by_bytes_does_not_favour_the_short_option(lineage_copy: Path, monkeypatch) -> None:
    options = ("예", "아니오, 그렇지 않습니다")
    rows = [tiny.row("choices", f"{n}?", options[n], measure="choice", options=options, correct=n) for n in range(2)]
    tiny.write_rows(Path("data/heldout/choices/prompt_answer.jsonl"), rows)
    Scripted(monkeypatch, {options[0]: 4.0, options[1]: 6.0})
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    found = {r["id"]: (r["score"], r["normalized"]) for r in read("base", "rows.jsonl") if r["set"].startswith("choic")}
    assert [found[r.id] for r in rows] == [(1.0, 0.0), (0.0, 1.0)]  # 4/3 and 6/34 nats a byte
    choices = measures("base")["sets"]["choices.prompt_answer"]
    assert (choices["score"], choices["normalized"]) == (0.5, 0.5)
    assert measures("base")["sets"]["samples.prompt_answer"]["normalized"] is None


def test_rows_of_one_group_are_known_as_such(lineage_copy: Path) -> None:
    import dataclasses

    rows = [tiny.row("many", f"{n}?", "답") for n in range(4)]
    rows = [dataclasses.replace(r, group=f"조문 {n // 2}") for n, r in enumerate(rows)]
    tiny.write_rows(Path("data/heldout/many/prompt_answer.jsonl"), rows)
    tiny.evaluate(tiny.curriculum(), "v2")
    group = {r["id"]: r["group"] for r in read("v2", "rows.jsonl")}
    one, same, other, _ = (group[r.id] for r in rows)
    assert one == same != other and "조문" not in one
    assert measures("v2")["sets"]["many.prompt_answer"]["groups"] == 2


def test_the_settings_of_an_answer_are_recorded_and_a_change_is_measured_again(lineage_copy: Path, monkeypatch) -> None:
    recorded = measures("v2")["generation"]
    assert (
        recorded | {"do_sample": False, "repetition_penalty": 1.0, "stop": "<|im_end|>", "max_new_tokens": 4}
        == recorded
    )
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("asked again"))
    tiny.evaluate(tiny.curriculum(), "v2")
    monkeypatch.setitem(greedy_decoding.GREEDY, "repetition_penalty", 1.1)
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        tiny.evaluate(tiny.curriculum(), "v2")


def test_chance_of_numbers_counts_values(lineage_copy: Path, monkeypatch) -> None:
    answers = ("10억원", "1,000,000,000원", "10조원", "모름 1/2", "0.5")
    rows = [tiny.row("figures", f"{n}?", answer, measure="number") for n, answer in enumerate(answers)]
    tiny.write_rows(Path("data/heldout/figures/prompt_answer.jsonl"), rows)
    Scripted(monkeypatch, {}, says="10조원")
    tiny.evaluate(tiny.curriculum(**{"evaluation.max_new_tokens": 5}), "base")
    figures = measures("base")["sets"]["figures.prompt_answer"]
    assert (figures["chance"], figures["score"]) == (0.4, 0.2)

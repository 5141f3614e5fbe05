"""The harness loads base and adapter by itself, and its likelihoods are ours, row by row, at batch 1 in float32."""

from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template, shipped_templates
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from lineage.evaluation.heldout import HeldOutSet
from lineage.harness.agreement import OFFLINE, agreements, harness_model, requests_of, run_harness
from lineage.harness.task_files import HarnessTask, chosen_sets, tasks_of, write_tasks
from tests import tiny
from tests.lineage.base_model import tiny_models
from tests.lineage.evaluation.test_evaluate import likelihood

pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed (extra: harness)")


@pytest.fixture(autouse=True)
def _offline_here_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the harness is told of the network is not left to the tests after it."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)


NEAR = 1e-4  # nats
TASKS = Path("tasks")


def tasks(sets: list[HeldOutSet], tokenizer: Any = None, **changes: Any) -> list[HarnessTask]:
    made = [
        t for s in sets for t in tasks_of(tiny.curriculum(**changes), tokenizer or inference.tokenizer_of_base(), s)
    ]
    write_tasks(made, TASKS)
    return made


def test_every_likelihood_is_that_of_the_harness(lineage_copy: Path) -> None:
    c = tiny.curriculum(**{"profiles.cpu.max_length": 200})
    sets = chosen_sets(c, [])
    made = [t for t in tasks(sets, **{"profiles.cpu.max_length": 200}) if t.kind in ("choice", "nll")]
    found = {one.task: one for one in agreements(c, "v2", sets, made, TASKS)}
    assert {one.kind for one in found.values()} == {"choice", "nll"} and len(found) == len(made) >= 6
    for task in made:
        one = found[task.name]
        candidates = [text for row in task.rows for text in row.get("options", [0])]
        assert (one.rows, one.compared, one.otherwise) == (len(task.rows), len(candidates), 0), task.name
        assert one.apart < NEAR, task.name
        assert one.newline > 1e-3, "ChatML ends a prompt with a newline, which the harness counts to the answer"
        if task.kind == "choice":
            assert one.theirs == pytest.approx(one.ours)
        else:
            newlines = one.newline * one.rows / sum(row["tokens"] for row in task.rows)
            assert one.theirs == pytest.approx(one.ours + newlines, abs=1e-4)


def test_it_notices_another_likelihood(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another version, by a fifth of a nat: the comparison is no tautology."""
    c = tiny.curriculum()
    sets = chosen_sets(c, ["problems.prompt_answer"])
    made = [t for t in tasks(sets) if t.kind == "choice"]
    load = inference.load
    monkeypatch.setattr(inference, "load", lambda version, profile: load("v1", profile))
    assert agreements(c, "v2", sets, made, TASKS)[0].apart > 0.2


def test_a_template_without_a_newline_and_a_family_with_a_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Llama's beginning stands once before a prompt; the space behind `### 답변:` belongs to the answer, in both."""
    from lm_eval.models.huggingface import HFLM

    monkeypatch.chdir(tmp_path)
    folder = tiny_models.publish(tmp_path / "model", "Llama")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    shipped_templates.equip(tokenizer, "question_answer", "a test")
    tokenizer.save_pretrained(folder)
    options = ("12억원", "△3", "A. 채권")
    rows = [tiny.row("s", f"질문 {n}?", options[n], measure="choice", options=options, correct=n) for n in range(3)]
    rows.append(tiny.row("s", "얼마?", "답은 12"))
    (choice, nll, _) = tasks([HeldOutSet("s.prompt_answer", tuple(rows), 4, "")], tokenizer)
    lm = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1)
    samples, _ = run_harness(lm, [choice.name, nll.name], TASKS)
    for task in (choice, nll):  # the benchmark asks for these by itself
        made = [tuple(one) for sample in samples[task.name] for one in sample["arguments"]]
        assert made == [request.args for request in requests_of(task)]
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    said = [s for row in samples[choice.name] for s in row["filtered_resps"]] + [
        samples[nll.name][0]["filtered_resps"][0]
    ]
    asked = [(row.turns, text) for row in rows for text in row.options or (row.completion,)]
    for (turns, text), (theirs, _) in zip(asked, said, strict=True):
        ours = chat_template.tokenize(tokenizer, list(turns[:-1]), text)
        assert -theirs == pytest.approx(likelihood(model, ours), abs=NEAR)
    first = chat_template.tokenize(tokenizer, list(rows[0].turns[:-1]), "채권").ids
    assert first.count(tokenizer.bos_token_id) == 1 == lm.tok_encode(choice.rows[0]["prompt"]).count(first[0])


def test_rows_of_which_the_harness_makes_other_tokens_are_counted_and_not_compared(lineage_copy: Path) -> None:
    """An answer that begins with a line break melts into the newline before it."""
    rows = [tiny.row("odd", "질문?", "\n\n답"), tiny.row("odd", "질문 둘?", "답")]
    heldout = HeldOutSet("odd.prompt_answer", tuple(rows), 2, "")
    made = [t for t in tasks([heldout]) if t.kind == "nll"]
    (one,) = agreements(tiny.curriculum(), "v2", [heldout], made, TASKS)
    assert (one.rows, one.otherwise, one.compared) == (2, 1, 1) and one.apart < NEAR


def test_answers_are_asked_for_and_judged_as_ours_are(lineage_copy: Path) -> None:
    """The first likely tokens are the same in both, so the scores are: of `evaluate` and of the harness's own loop."""
    import json

    c = tiny.curriculum()
    sets = chosen_sets(c, ["samples.prompt_answer"])
    made = [t for t in tasks(sets) if t.kind == "text"]
    samples, figures = run_harness(harness_model(c, "v2"), [made[0].name], TASKS)
    ours = json.loads(Path("metrics/v2/measures.json").read_text(encoding="utf-8"))["sets"]["samples.prompt_answer"]
    assert figures[made[0].name]["chrf,none"] == pytest.approx(ours["score"], abs=1e-3)
    assert len(samples[made[0].name]) == ours["rows"]


def test_a_base_in_four_bit_is_not_compared(lineage_copy: Path) -> None:
    with pytest.raises(LineageError, match="load_in_4bit: false"):
        harness_model(tiny.curriculum(**{"profiles.cpu.load_in_4bit": True}), "v2")

"""The harness on a version, row by row beside us: it loads base and adapter itself, and asks one row at a time.

Its likelihood of an answer is not quite ours, for a reason that is no mistake of either. It takes white space at the
end of a prompt for the beginning of the answer, as ChatML's newline behind `assistant`, so its figure holds that
newline too. The harness is asked for the newline alone as well, and what is left is compared. It also makes tokens of
prompt and answer together, where we make them apart, as they meet when a model is asked: rows for which that makes
other tokens are counted, and not compared.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.chat_template import Tokens
from lineage.base_model.loading import BASE_FOLDER, text_config, weights_of
from lineage.config.schema import BASE, Curriculum
from lineage.core import machine
from lineage.core.errors import LineageError
from lineage.evaluation import inference, shared_prompts
from lineage.evaluation.evaluate import questions_of
from lineage.evaluation.heldout import HeldOutSet
from lineage.harness.task_files import FIGURES, SPOKEN, HarnessTask

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """One task: the harness's figure and ours, and how far their likelihoods lie apart.

    rows: that were asked. theirs, ours: the task's figure; ours is None for what a model says in its own words.
    apart: the largest difference of a likelihood, in nats. compared: candidate answers that it is the largest of.
    otherwise: candidate answers that the harness makes other tokens of. newline: nats a row, on average, that it counts
    for white space at the end of the prompt.
    """

    task: str
    kind: str
    rows: int
    theirs: float
    ours: float | None
    apart: float
    compared: int
    otherwise: int
    newline: float


def harness_model(c: Curriculum, version: str, batch: int = 1) -> Any:
    """A version as the harness loads it, `pretrained=…,peft=…`, in the profile's precision.

    Raises:
        LineageError: it is not built, its weights are loaded in 4 bit, or the harness is not installed.
    """
    if c.active.load_in_4bit:
        raise LineageError(
            f"profile {c.profile}: it loads its base in 4 bit, of which the harness makes other sums; compare under a "
            f"profile with load_in_4bit: false"
        )
    folder, base = inference.built(version), read_base()
    weights = weights_of(base, c.active.base)
    capped = text_config(weights).get("attn_logit_softcapping")  # as load_base: fused kernels leave the cap out
    return _imported().HFLM(
        pretrained=weights,
        tokenizer=BASE_FOLDER.as_posix(),
        **({"peft": folder.as_posix()} if version != BASE else {}),
        dtype=c.active.compute_dtype,
        softmax_dtype="float64",  # it sums in this: in float32 a long answer's thousand nats are rounded by 1e-4
        attn_implementation="eager" if capped else "sdpa",
        device="cuda" if machine.gpus() else "cpu",
        batch_size=batch,
        trust_remote_code=False,
    )


def agreements(
    c: Curriculum, version: str, sets: Sequence[HeldOutSet], tasks: Sequence[HarnessTask], folder: Path
) -> list[Agreement]:
    """The harness's figures of every task beside ours.

    Args:
        c: the curriculum.
        version: a version, or the base.
        sets: those that the tasks were made of.
        tasks: from `tasks_of`, written to `folder`.
        folder: where the harness finds them.
    """
    lm = harness_model(c, version)
    samples, figures = run_harness(lm, [task.name for task in tasks], folder)
    model, tokenizer = inference.load(version, c.active)
    ours: dict[str, dict[str, list[tuple[Tokens, float]]]] = {}
    for heldout in sets:
        questions = questions_of(tokenizer, heldout, c.active.max_length)
        nlls = shared_prompts.of_candidates(model, [tokens for _, tokens in questions])
        ours[heldout.name] = {
            record.id: list(zip(tokens, some, strict=True))
            for (record, tokens), some in zip(questions, nlls, strict=True)
        }
    return [_agreement(lm, task, samples[task.name], figures[task.name], ours[task.heldout]) for task in tasks]


def run_harness(
    lm: Any, tasks: Sequence[str], folder: Path
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, dict[str, Any]]]:
    """What the harness answers of each task: its samples in the order of the rows, and its figures."""
    harness = _imported()
    manager = harness.TaskManager(include_path=str(folder), include_defaults=False)
    found = harness.simple_evaluate(lm, tasks=list(tasks), task_manager=manager, bootstrap_iters=0, log_samples=True)
    samples = {name: sorted(some, key=lambda sample: sample["doc_id"]) for name, some in found["samples"].items()}
    return samples, found["results"]


def requests_of(task: HarnessTask) -> list[Any]:
    """What the harness asks its model of a task, as it asks it."""
    from lm_eval.api.instance import Instance

    made = task.settings.get("generation_kwargs")
    kind = "generate_until" if made else "loglikelihood"
    asked = [
        (row["prompt"], said)
        for row in task.rows
        for said in (row["options"] if task.kind == "choice" else [made if made else row["target"]])
    ]
    return [Instance(kind, {}, one, place) for place, one in enumerate(asked)]


def _agreement(
    lm: Any,
    task: HarnessTask,
    samples: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Any],
    ours: Mapping[str, Sequence[tuple[Tokens, float]]],
) -> Agreement:
    theirs = float(figures[f"{FIGURES[task.kind]},none"])
    if task.kind in SPOKEN:
        return Agreement(task.name, task.kind, len(samples), theirs, None, 0.0, 0, 0, 0.0)
    newlines = _white_space(lm, [row["prompt"] for row in task.rows])
    apart, compared, otherwise, score = 0.0, 0, 0, 0.0
    for row, sample, newline in zip(task.rows, samples, newlines, strict=True):
        candidates = ours[row["id"]]
        texts = row["options"] if task.kind == "choice" else [row["target"]]
        for text, (tokens, nll), said in zip(texts, candidates, sample["filtered_resps"], strict=True):
            if _tokens(lm, row["prompt"], text) != tokens.ids:
                otherwise += 1
                continue
            compared += 1
            apart = max(apart, abs(-nll - (said[0] - newline)))
        nlls = [nll for _, nll in candidates]
        score += float(nlls[row["correct"]] == min(nlls)) if task.kind == "choice" else nlls[0]
    count = len(samples) if task.kind == "choice" else sum(row["tokens"] for row in task.rows)
    mean = -sum(newlines) / len(newlines)
    return Agreement(task.name, task.kind, len(samples), theirs, score / count, apart, compared, otherwise, mean)


def _white_space(lm: Any, prompts: Sequence[str]) -> list[float]:
    """The harness's log-likelihood of the white space at the end of each prompt, which it counts to the answer."""
    from lm_eval.api.instance import Instance

    asked = [i for i, prompt in enumerate(prompts) if prompt != prompt.rstrip()]
    requests = [Instance("loglikelihood", {}, (prompts[i], ""), i) for i in asked]
    found = [0.0] * len(prompts)
    for i, (likelihood, _) in zip(asked, lm.loglikelihood(requests, disable_tqdm=True) if asked else [], strict=True):
        found[i] = likelihood
    return found


def _tokens(lm: Any, prompt: str, answer: str) -> list[int]:
    """What the harness makes of prompt and answer."""
    before, after = lm._encode_pair(prompt, answer)
    return [*before, *after]


def _imported() -> Any:
    """The parts of the harness that are used here. Nothing is fetched: no task of ours needs it."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    try:
        import lm_eval
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise LineageError(
            f"lm-evaluation-harness is not installed ({error}); install it with: pip install 'krx-lineage[harness]'"
        ) from error
    return type("Harness", (), {"HFLM": HFLM, "TaskManager": TaskManager, "simple_evaluate": lm_eval.simple_evaluate})

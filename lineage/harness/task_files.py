"""Held-out sets as task files in the harness's own conventions: a YAML a task, and its rows as JSONL beside it.

    task: krx_problems_prompt_answer_choice
    tag: krx_heldout
    dataset_path: json
    dataset_kwargs: {data_files: {test: .state/harness/tasks/krx_problems_prompt_answer_choice.jsonl}}
    output_type: multiple_choice
    doc_to_text: prompt            # a field of the row: the whole prompt as the chain's template writes it
    doc_to_choice: options         # with the space before them, if the template wants one, and the stop behind them
    doc_to_target: correct

A set has a task for each kind of its rows: `_choice` (multiple_choice), `_nll` (loglikelihood of the expected answer),
and `_number` and `_text` (generate_until, judged as we judge). Prompts are written out, so the tasks are run without
`--apply_chat_template`: a row of several turns, or with a system turn, has no other place in a task file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lineage.base_model import chat_template
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.evaluation import answering
from lineage.evaluation.evaluate import questions_of
from lineage.evaluation.heldout import HeldOutSet, heldout_sets
from lineage.evaluation.marking import right_place
from lineage.harness.krx_style import krx_style
from lineage.records.record import Record

JUDGES = "judges.py"  # which a YAML's `!function judges.…` finds beside it
FIGURES = {"choice": "acc", "nll": "nll", "number": "number", "text": "chrf"}  # of a kind: what the harness calls it
SPOKEN = ("number", "text")  # kinds that the model answers in its own words


@dataclass(frozen=True, slots=True)
class HarnessTask:
    """One task file: its name, of which set and kind it is, its YAML and its rows."""

    name: str
    heldout: str
    kind: str
    settings: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...] = field(repr=False)


def chosen_sets(c: Curriculum, names: Sequence[str], rows: int | None = None) -> list[HeldOutSet]:
    """Held-out sets by name, and those of the KRX-style bench; all of them where none is named.

    Args:
        c: the curriculum.
        names: of sets.
        rows: of a set at most; None: as `evaluate` asks.

    Raises:
        LineageError: no set has that name.
    """
    most = rows or c.evaluation.rows
    bench = [replace(s, records=s.records[:most]) for s in krx_style()]
    sets = {s.name: s for s in (*heldout_sets(most, None if rows else c.evaluation.rows_of), *bench)}
    if unknown := [name for name in names if name not in sets]:
        raise LineageError(f"no held-out set {unknown[0]!r}; there are {', '.join(sets)}")
    return [sets[name] for name in names or sets]


def tasks_of(c: Curriculum, tokenizer: Any, heldout: HeldOutSet) -> list[HarnessTask]:
    """The tasks of one set; rows that are too long for `evaluate` are not asked here either.

    Args:
        c: the curriculum, for how long a row and an answer may be.
        tokenizer: with the chain's template and stop token.
        heldout: the set.
    """
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for record, tokens in questions_of(tokenizer, heldout, c.active.max_length):
        supervised = tokens[right_place(record)].supervised
        for kind in _kinds(record):
            by_kind.setdefault(kind, []).append(_row(tokenizer, record, kind, supervised))
    expected = [row["tokens"] for kind in SPOKEN for row in by_kind.get(kind, ())]
    budget = answering.budget(expected, c.evaluation.of(heldout.name).max_new_tokens or c.evaluation.max_new_tokens)
    named = f"krx_{heldout.name}".replace(".", "_").replace("krx_krx", "krx")
    return [
        HarnessTask(f"{named}_{kind}", heldout.name, kind, _settings(tokenizer, kind, budget), tuple(rows))
        for kind, rows in by_kind.items()
    ]


def write_tasks(tasks: Sequence[HarnessTask], folder: Path) -> None:
    """Write the YAML and the rows of each task, and what judges them.

    Args:
        tasks: from `tasks_of`.
        folder: for the harness's `--include_path`; relative to where the harness is started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JUDGES).write_text("from lineage.harness.judges import *  # noqa: F403\n", encoding="utf-8")
    for task in tasks:
        rows = folder / f"{task.name}.jsonl"
        rows.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in task.rows), encoding="utf-8")
        settings = {
            "task": task.name,
            "tag": f"krx_{'style' if task.heldout.startswith('krx_style') else 'heldout'}",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": rows.as_posix()}},
            "test_split": "test",
            **task.settings,
        }
        (folder / f"{task.name}.yaml").write_text(_yaml(settings), encoding="utf-8")


def _kinds(record: Record) -> list[str]:
    """What the harness can ask of a row. With a loss on all turns its NLL is of several pieces: of no continuation."""
    if record.measure == "choice":
        return ["choice"]
    return [*(["nll"] if record.supervise == "last" else []), *([record.measure] if record.measure in SPOKEN else [])]


def _row(tokenizer: Any, record: Record, kind: str, tokens: int) -> dict[str, Any]:
    """One line of a task's rows.

    Args:
        tokenizer: with the chain's template and stop token.
        record: the held-out row.
        kind: of the task.
        tokens: of the expected answer, its stop among them.
    """
    prompt = chat_template.render(tokenizer.chat_template, list(record.turns[:-1]), ask=True)
    lead, stop = chat_template.lead(prompt), tokenizer.eos_token
    row: dict[str, Any] = {"id": record.id, "prompt": prompt, "tokens": tokens}
    if kind == "choice":
        return row | {"options": [lead + option + stop for option in record.options], "correct": record.correct}
    if kind == "nll":
        return row | {"target": lead + record.completion + stop}
    return row | {"expected": record.completion, "record": record.to_json()}


def _settings(tokenizer: Any, kind: str, budget: int) -> dict[str, Any]:
    """The part of a YAML that says what is asked and how it is judged."""
    asked = {"doc_to_text": "prompt", "target_delimiter": "", "num_fewshot": 0, "metadata": {"version": 1.0}}
    judged = {"metric": FIGURES[kind], "aggregation": "mean", "higher_is_better": True}
    if kind == "choice":
        by_byte = judged | {"metric": "acc_bytes"}
        options = {"doc_to_choice": "options", "doc_to_target": "correct"}
        return {"output_type": "multiple_choice"} | asked | options | {"metric_list": [judged, by_byte]}
    asked["process_results"] = f"!function judges.{kind}"
    if kind == "nll":
        judged |= {"aggregation": "!function judges.a_token", "higher_is_better": False}
        return {"output_type": "loglikelihood"} | asked | {"doc_to_target": "target", "metric_list": [judged]}
    greedy = {"do_sample": False, "repetition_penalty": 1.0}
    made = {"until": [tokenizer.eos_token], "max_gen_toks": budget} | greedy
    answers = {"doc_to_target": "expected", "metric_list": [judged], "generation_kwargs": made}
    return {"output_type": "generate_until"} | asked | answers


def _yaml(settings: Mapping[str, Any]) -> str:
    """A task's settings as YAML, `!function` as the tag that the harness reads."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes `!function judges.nll` as a tag, not as a text."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        tag, _, rest = value.partition(" ")
        if tag == "!function":
            return dumper.represent_scalar(tag, rest)
        return dumper.represent_scalar("tag:yaml.org,2002:str", value)

    Dumper.add_representer(str, text)
    return yaml.dump(dict(settings), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=120)

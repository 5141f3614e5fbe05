"""How the harness judges a row of ours: the functions that the task files name.

A row is what lineage/harness/task_files.py wrote: {"id": …, "prompt": …, "tokens": …, "expected": …, "record": …}.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lineage.evaluation.marking import text_score
from lineage.evaluation.number_answers import same_number
from lineage.records.record import from_json


def number(row: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """Whether the answer's number is the expected one. Whether the answer was cut, the harness does not say."""
    return {"number": float(same_number(answers[0].strip(), row["expected"]))}


def text(row: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """chrF of the answer, 0 to 1; all or nothing where a question cannot be answered."""
    return {"chrf": text_score(from_json(row["record"]), answers[0].strip())}


def nll(row: Mapping[str, Any], likelihoods: Sequence[tuple[float, bool]]) -> dict[str, tuple[float, int]]:
    """The NLL of the expected answer, in nats, and its tokens."""
    return {"nll": (-likelihoods[0][0], row["tokens"])}


def a_token(rows: Sequence[tuple[float, int]]) -> float:
    """The mean NLL of a token."""
    return sum(nats for nats, _ in rows) / sum(tokens for _, tokens in rows)

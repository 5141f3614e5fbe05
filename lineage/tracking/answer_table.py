"""Sample answers as a table that MLflow lays side by side: the same columns, and the same rows, for every run.

Rows keep their ids, by which a withdrawal finds what shows withdrawn text.
"""

import json
from typing import Any

from lineage.artifacts.measures import SampleAnswer, read_answers
from lineage.core.plain_text import plain

TABLE = "answers.json"
LISTED = "mlflow.loggedArtifacts"  # the tag by which MLflow's pages know which files are tables
COLUMNS = ("id", "answer", "expected", "question", "set")  # the pages group by the first and compare the second


def answer_table(model: str) -> bytes:
    """The answers of a measured version or the base, as MLflow's own `log_table` writes a table."""
    table = {"columns": COLUMNS, "data": [_row(one) for one in read_answers(model)]}
    return json.dumps(table, ensure_ascii=False, indent=1).encode()


def listed(before: str) -> str:
    """What the tag says: our table, beside those that people logged to the run (`before`)."""
    ours = {"path": TABLE, "type": "table"}
    try:
        theirs = json.loads(before or "[]")
    except ValueError:
        theirs = []
    if not isinstance(theirs, list):
        theirs = []
    return json.dumps(theirs if ours in theirs else [*theirs, ours])


def _row(one: SampleAnswer) -> list[Any]:
    return [one.id, plain(one.answer), plain(one.expected), plain(one.prompt), one.set]

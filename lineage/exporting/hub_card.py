"""The card of an export as a hub reads it: its own card, with how it is fetched and its measures in the hub's form.

Each held-out set has its NLL and its score as results of a task (`model-index`): measured here, on this lineage's own
rows, and verified by nobody else. So the name of each set says whose it is.
"""

from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCardData

from lineage.artifacts.measures import Measures, SetMeasures
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError

HEADING = "## How to load it\n\n"
TASK = "text-generation"
SCORES = {
    "choice": ("accuracy", "accuracy by likelihood, 0 to 1", 1),
    "number": ("accuracy", "accuracy of numbers, 0 to 1", 1),
    "text": ("chrf", "chrF of the answer, 0 to 100", 100),
}


def card_for_hub(card: str, c: Curriculum, measures: Measures | None, repo: str, version: str) -> str:
    """The card's text for a repository.

    Args:
        card: that of the export.
        c: the curriculum.
        measures: of the adapter that is pushed; None where it was not measured.
        repo: `team/name`.
        version: the version's name.

    Raises:
        LineageError: the metadata are not what the hub's library takes.
    """
    _, front, body = card.split("---\n", 2)
    fields = yaml.safe_load(front)
    if measures:
        fields |= {"model_name": f"{c.name} {version}", "eval_results": results(c, measures)}
    try:
        metadata = ModelCardData(**fields).to_yaml(line_break="\n")
    except (TypeError, ValueError) as error:
        raise LineageError(f"{version}: its card's metadata are refused by huggingface_hub: {error}") from error
    name = repo.rpartition("/")[2]
    fetched = (
        f"```sh\nhf download {repo} --local-dir {name}    # --revision COMMIT has one commit again\ncd {name}\n```\n\n"
    )
    return f"---\n{metadata}\n---\n{body.replace(HEADING, HEADING + fetched, 1)}"


def results(c: Curriculum, measures: Measures) -> list[EvalResult]:
    """Two results a set, of the sets that were asked."""
    found = []
    for name, one in measures.sets.items():
        for kind, told, value in _figures(one):
            found.append(
                EvalResult(
                    task_type=TASK,
                    dataset_type=f"{c.name}-heldout",
                    dataset_name=f"{name}, held out by {c.name}",
                    dataset_config=name,
                    dataset_split="heldout",
                    dataset_args={"rows": one.rows, "groups": one.groups},
                    metric_type=kind,
                    metric_name=told,
                    metric_value=value,
                )
            )
    return found


def _figures(one: SetMeasures) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    if one.nll is not None:
        found.append(("nll", "NLL, nats per supervised token", one.nll))
    if one.score is not None:
        kind, told, scale = SCORES[one.measure]
        found.append((kind, told, round(one.score * scale, 4)))
    return found

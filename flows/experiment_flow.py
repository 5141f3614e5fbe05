"""The experiment flow: other settings, tried as a DVC experiment; `params.yaml` of this workspace stays as it is.

`dvc exp run` works in a clone of the present commit with what is not committed here, and with this workspace's cache,
so that only what the settings touch is computed. The experiment is then brought here under its name: `dvc exp show`
lists it, `dvc exp apply` takes it over.
"""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact
from pydantic import BaseModel, Field

from flows.alone import after_a_kill, alone
from flows.choices import AS_IT_IS, Profile, Setting, Version
from flows.guarded import compute
from flows.rebuild_lock import CLONES
from flows.repro import for_versions
from flows.scratch_clone import Clone, apply_uncommitted, clone_head, git, share_cache, uncommitted
from lineage.config.edit import edit_curriculum
from lineage.config.leaves import leaves_of
from lineage.config.load import load_curriculum, read_tree
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PARAMS, REPORTED_METRICS, STATE
from lineage.core.plain_text import for_markdown
from lineage.planning.dvc_graph import complaint, read_graph

FOLDER = STATE / "experiments"
Name = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{1,40}$")]
Rate = Annotated[float, Field(gt=0, le=1)]


class NewValue(BaseModel):
    """A field of params.yaml, and what it is in the experiment."""

    field: Setting = Field(description="The field, by its place in params.yaml.")
    value: str = Field(min_length=1, description="Its value there, as it would be written in params.yaml.")


def _run_name() -> str:
    return f"experiment {runtime.flow_run.get_parameters().get('name')}"


@flow(name="experiment", flow_run_name=_run_name, on_crashed=[after_a_kill])
def experiment(
    name: Name,
    versions: list[Version] = [],  # noqa: B006 (Prefect shows the default; nothing changes it)
    profile: Profile = AS_IT_IS,
    learning_rate: Rate | None = None,
    changes: list[NewValue] = [],  # noqa: B006
) -> None:
    """Try other settings as a DVC experiment. params.yaml and what is built here stay as they are.

    Args:
        name: What the experiment is to be called: lower-case letters, digits, - and _.
        versions: The versions to build with the settings, with everything that they need. None: all of them.
        profile: Another profile.
        learning_rate: Another learning rate of that profile.
        changes: Other values of any fields of params.yaml.
    """
    c, log = load_curriculum(), get_run_logger()
    if unknown := [one for one in versions if one not in c.versions]:
        raise LineageError(f"versions: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.versions)}")
    asked = wanted(c.profile, profile, learning_rate, changes)
    with alone(CLONES):
        _try(c, name, versions, asked)
    log.info("experiment %s is here; see it with: dvc exp show", name)


def _try(c: Curriculum, name: str, versions: list[str], asked: dict[str, Any]) -> None:
    """Make the experiment in a clone, bring it here, and write down what came of it. asked: field → value."""
    log = get_run_logger()
    refuse_taken(name)
    clone = clone_head(FOLDER / name)
    apply_uncommitted(clone)
    set_there(clone.workspace / PARAMS, asked)
    for field, value in asked.items():
        log.info("%s: %s", field, json.dumps(value, ensure_ascii=False))
    share_cache(clone)
    graph = read_graph(clone.dvc)
    stages = [stage for stage in for_versions(graph, versions, c.in_order()) if stage != "publish"]
    command = [sys.executable, "-m", "dvc", "exp", "run", "--name", name, "--single-item", *stages]
    code, lines = compute(f"experiment {name}", command, clone.workspace)
    if code:
        raise LineageError(f"the experiment failed: {complaint(lines)}. Under this name it goes on from {clone.folder}")
    bring_here(clone, name)
    text = told(name, asked, clone.workspace)
    create_markdown_artifact(text, key="lineage-experiment", description=f"experiment {name}")
    clone.remove()


def wanted(active: str, profile: str, learning_rate: float | None, changes: list[NewValue]) -> dict[str, Any]:
    """Field → value of all that is to differ.

    Args:
        active: the profile that params.yaml names.
        profile: another one, or `AS_IT_IS`.
        learning_rate: of the profile that is then active.
        changes: of any fields.

    Raises:
        LineageError: nothing differs, or a field is named twice.
    """
    asked: list[tuple[str, Any]] = []
    if profile not in (AS_IT_IS, active):
        asked.append(("profile", profile))
    if learning_rate is not None:
        asked.append((f"profiles.{active if profile == AS_IT_IS else profile}.learning_rate", learning_rate))
    asked += [(one.field, value_of(one.value)) for one in changes]
    if not asked:
        raise LineageError("nothing to try: choose another profile, a learning rate, or a field under `changes`")
    found = dict(asked)
    if len(found) < len(asked):
        raise LineageError(f"a field is given twice: {', '.join(field for field, _ in asked)}")
    return found


def value_of(text: str) -> Any:
    """What a text means in params.yaml: a number, true, false, null, a list; anything else is a text."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    if re.fullmatch(r"\[[^\[\]{}\"]*\]", text.strip()):  # [a, b], as YAML has it
        return [value_of(part.strip()) for part in text.strip()[1:-1].split(",") if part.strip()]
    return text


def set_there(params: Path, asked: dict[str, Any]) -> None:
    """Write the values into the clone's params.yaml.

    Raises:
        LineageError: it would be no curriculum, a field is not there, nothing changes, or something else would change.
    """
    before = leaves_of(read_tree(params))
    if unknown := [field for field in asked if field not in before]:
        raise LineageError(f"params.yaml has no field {', '.join(unknown)}")
    if same := [field for field, value in asked.items() if before[field] == value]:
        raise LineageError(f"{', '.join(same)}: params.yaml has that value already")

    def change(tree: Any) -> None:
        for field, value in asked.items():
            *path, last = field.split(".")
            place = tree
            for part in path:
                place = place[part]
            place[last] = value

    edit_curriculum(change, params)
    after = leaves_of(read_tree(params))
    if others := [field for field in after if after[field] != before.get(field) and field not in asked]:
        raise LineageError(
            f"{', '.join(others)} would change too, since params.yaml shares these lines by an anchor (&, *): write "
            f"them out there first"
        )


def refuse_taken(name: str) -> None:
    """Refuse the name of an experiment that is here.

    Raises:
        LineageError: with the command that removes it.
    """
    refs = git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    if name in {ref.rpartition("/")[2] for ref in refs}:
        raise LineageError(f"an experiment {name} is here already; choose another name, or: dvc exp remove {name}")


def bring_here(clone: Clone, name: str) -> None:
    """Take the experiment over from the clone: a commit beside the branches, and what it was made with."""
    ref = f"refs/exps/{clone.commit[:2]}/{clone.commit[2:]}/{name}"
    git("fetch", "--quiet", "--no-tags", str(clone.folder), f"{ref}:{ref}")


def told(name: str, asked: dict[str, Any], there: Path) -> str:
    """The settings, each version's figures here and there, and what can be done with it."""
    before = leaves_of(read_tree())
    lines = [f"# Experiment {name}", "", "| field | here | in the experiment |", "|---|---|---|"]
    lines += [f"| {field} | {_shown(before.get(field))} | {_shown(value)} |" for field, value in asked.items()]
    rows = [f"| {version} | {' | '.join(cells)} |" for version, cells in _figures(there).items()]
    if rows:
        heads = "| version | NLL here | there | better, worse, forgot here | there |\n|---|---:|---:|---|---|"
        lines += ["", "On its own held-out sets, and against its parent:", "", heads, *rows]
    if changed := uncommitted():
        lines += ["", f"With what is not committed here: {', '.join(map(for_markdown, changed))}."]
    lines += ["", "```sh", "dvc exp show --only-changed", f"dvc metrics diff HEAD {name}"]
    lines += [f"dvc exp apply {name}      # takes settings and outputs over; then: lineage compare v3 v6", "```"]
    return "\n".join(lines) + "\n"


def _figures(there: Path) -> dict[str, list[str]]:
    """Version → its figures here and there, for those that differ."""
    found = {}
    for file in sorted((there / REPORTED_METRICS).glob("*.json")):
        both = [_read(REPORTED_METRICS / file.name), _read(file)]
        if both[0] != both[1]:
            nll = [f"{one['nll']:.4f}" if one.get("nll") is not None else "" for one in both]
            counts = [", ".join(f"{one[key]}" for key in ("better", "worse", "forgot") if key in one) for one in both]
            found[file.stem] = [*nll, *counts]
    return found


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_bytes())) if file.is_file() else {}


def _shown(value: Any) -> str:
    return for_markdown(json.dumps(value, ensure_ascii=False))

"""The tree of versions: state, parents and why."""

import argparse
import json

from rich.console import Console
from rich.tree import Tree

from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths

GROUP = "before a rebuild"


def run(options: argparse.Namespace) -> None:
    """Print the tree: each version's state, what it is trained on and why it continues its parent."""
    c = load_curriculum()
    tree = Tree(f"[bold]base[/] [dim]{_base_state()}[/]")
    branches = {BASE: tree}
    for name in c.in_order():
        version = c.versions[name]
        mix = " + ".join(version.mix) or "trained elsewhere"
        line = f"[bold]{name}[/] {state_of(c, name)}\n[dim]{mix}\nbecause: {version.because}[/]"
        branches[name] = branches[version.parent].add(line)
    Console().print(tree)


def state_of(c: Curriculum, name: str) -> str:
    """Whether a version's adapter is here, and the command that brings it back where it is not."""
    record = paths.training_record(name)
    if not record.is_file():
        locked = paths.DVC_LOCK.is_file() and f"train@{name}:" in paths.DVC_LOCK.read_text(encoding="utf-8")
        back = f"dvc checkout {paths.adapter(name)} || " if locked else ""
        return f"[yellow]not here[/] · {back}dvc repro train@{name}"
    made = json.loads(record.read_text(encoding="utf-8"))
    if made["parent"] != c.versions[name].parent:
        return f"[yellow]stale[/] · trained on {made['parent']}, params.yaml says {c.versions[name].parent}"
    if made.get("adopted"):
        return f"[green]adopted[/] · adapter {made['adapter'][:12]} · from {made['adopted']['tool']} · data unknown"
    second = f" + {made['preference']['steps']:,} on pairs" if "preference" in made else ""
    rows, steps = made["mix"]["rows"], made["steps"]
    return f"[green]built[/] · adapter {made['adapter'][:12]} · {rows:,} rows · {steps:,} steps{second}"


def _base_state() -> str:
    file = paths.BASE_RECORD
    if not file.is_file():
        return "not here · dvc repro base"
    base = json.loads(file.read_text(encoding="utf-8"))
    return f"{base['parameters'] / 1e6:,.1f} M parameters · {base['identity'][:12]}"

"""The tree of versions: state, parents and why."""

import argparse

from rich.console import Console
from rich.tree import Tree

from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import find_manifest
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
    made = find_manifest(name)
    if made is None:
        locked = paths.DVC_LOCK.is_file() and f"train@{name}:" in paths.DVC_LOCK.read_text(encoding="utf-8")
        back = f"dvc checkout {paths.adapter(name)} || " if locked else ""
        return f"[yellow]not here[/] · {back}dvc repro train@{name}"
    if made.parent != c.versions[name].parent:
        return f"[yellow]stale[/] · trained on {made.parent}, params.yaml says {c.versions[name].parent}"
    if made.adopted:
        return f"[green]adopted[/] · adapter {made.adapter[:12]} · from {made.adopted.tool} · data unknown"
    second = f" + {made.preference.steps:,} on pairs" if made.preference else ""
    return f"[green]built[/] · adapter {made.adapter[:12]} · {made.mix.rows:,} rows · {made.steps:,} steps{second}"


def _base_state() -> str:
    base = find_base()
    if base is None:
        return "not here · dvc repro base"
    return f"{base.parameters / 1e6:,.1f} M parameters · {base.identity[:12]}"

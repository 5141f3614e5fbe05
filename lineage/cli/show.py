"""The tree of versions: state, parents and why."""

import argparse

from rich.console import Console
from rich.tree import Tree

from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import AdapterManifest, find_manifest, manifests
from lineage.artifacts.promotions import read_promotions
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core.plain_text import for_markup
from lineage.planning.state import DVC_FOLDER, State, states
from lineage.reporting.champion import built_as, champion_said, last_promotion, not_asked

GROUP = "before a rebuild"
COLOURS = {"built": "green", "being trained now": "cyan", "cannot be built": "red"}


def run(options: argparse.Namespace) -> None:
    """Print the tree: each version's state, what it is trained on and why it continues its parent."""
    c = load_curriculum()
    found = states(c)
    tree = Tree(f"[bold]base[/] {_line(found[BASE], _base())}")
    branches = {BASE: tree}
    for name in c.in_order():
        version = c.versions[name]
        mix = " + ".join(version.mix) or "trained elsewhere"
        line = _line(found[name], _adapter(find_manifest(name)))
        text = f"[bold]{name}[/] {line}\n[dim]{mix}\nbecause: {for_markup(version.because)}[/]"
        branches[name] = branches[version.parent].add(text)
    console = Console()
    console.print(tree)
    if promotion := last_promotion(entries := read_promotions()):
        line = champion_said(promotion, built_as(promotion, dict(manifests())), not_asked(entries))
        console.print(for_markup(line), style="yellow" if promotion.kind == "overridden" else "", highlight=False)
    if not DVC_FOLDER.is_dir():
        console.print("[yellow]this folder has no DVC (dvc init): which of it is stale, nobody can say[/]")


def _line(state: State, facts: list[str]) -> str:
    """The state in its colour, why, what is here, and the command that mends it."""
    word = "adopted" if state.word == "built" and facts[1:2] and facts[1].startswith("from ") else state.word
    parts = [state.reason] if state.reason else []
    parts += facts if state.word in ("built", "stale") else []
    parts += [state.measured] if facts and state.word in ("built", "stale") else []
    parts += [f"perhaps stale: {state.perhaps}"] if state.perhaps else []
    parts += [state.back] if state.back else []
    return " · ".join([f"[{COLOURS.get(state.word, 'yellow')}]{word}[/]", *map(for_markup, parts)])


def _adapter(made: AdapterManifest | None) -> list[str]:
    """What its manifest says of an adapter."""
    if made is None:
        return []
    if made.adopted:
        return [f"adapter {made.adapter[:12]}", f"from {made.adopted.tool}", "data unknown"]
    second = f" + {made.preference.steps:,} on pairs" if made.preference else ""
    return [f"adapter {made.adapter[:12]}", f"{made.mix.rows:,} rows", f"{made.steps:,} steps{second}"]


def _base() -> list[str]:
    base = find_base()
    return [f"{base.parameters / 1e6:,.1f} M parameters", base.identity[:12]] if base else []

"""What each version learnt and forgot, a line a version.

The numbers are those that the `report` stage compared.
"""

import argparse
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from lineage.artifacts.comparison import ComparedSet, read_comparison
from lineage.config.load import load_curriculum

GROUP = "what a rebuild made"


def run(options: argparse.Namespace) -> None:
    """Print a line a version: held-out NLL of its own sources against its parent, what it forgot, and where to look."""
    load_curriculum()  # a mistake in it is said here too
    table = Table("version", "from", "NLL on its own", "change (95 %)", "better", "forgot", "right answers")
    for name, row in read_comparison().versions.items():
        pooled, own = row.pooled, {n: s for n, s in row.sets.items() if s.own}
        if not pooled:  # nothing measured yet, or trained elsewhere: no set is its own
            table.add_row(name, row.parent, "", "", "", f"{len(row.forgot)} of {len(row.sets)}", "")
            continue
        low, high = pooled.interval
        table.add_row(
            name,
            row.parent,
            f"{pooled.parent_nll:.2f} → {pooled.nll:.2f}",
            f"{pooled.difference:+.2f} ({low:+.2f}, {high:+.2f})",
            f"{sum(s.improved for s in own.values())} of {len(own)}",
            f"{len(row.forgot)} of {len(row.sets) - len(own)}",
            _most_gained(own),
        )
    console = Console()
    console.width = max(console.width, 116)
    console.print(table)


def _most_gained(own: Mapping[str, ComparedSet]) -> str:
    """The own set whose share of right answers (choices, numbers) rose most against the parent."""
    exact = [(gain, n, s) for n, s in own.items() if s.has_right_answers and (gain := s.score_gain) is not None]
    if not exact:
        return ""
    _, name, best = max(exact, key=lambda one: one[0])
    chance = f", chance {best.chance:.0%}" if best.chance is not None else ""
    return f"{name.partition('.')[0]} {best.parent_score:.0%} → {best.score:.0%}{chance}"

"""The command line: `lineage show`, `check`, `publish`, `ask VERSION "질문"`.

What is shown comes from `params.yaml` and from the folders that the graph fills; no server is asked. Heavy libraries
are imported by the commands that need them, so that the others answer at once.
"""

import argparse
import json
import os
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from lineage.curriculum import BASE, Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.stage import prepare_environment, run_stage


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a `LineageError` is printed without a traceback and exits with 1."""
    parser = argparse.ArgumentParser(prog="lineage", description="The lineage of a Korean financial LLM, v1 → v6.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="the tree of versions: state, parents and why")
    commands.add_parser("check", help="curriculum and data, before anything is spent")
    commands.add_parser("results", help="a table of the versions: what each learnt and forgot")
    commands.add_parser("ui", help="Prefect and MLflow on this machine: python -m flows.serve", add_help=False)
    commands.add_parser("publish", help="fill MLflow from what the graph made; again changes nothing")
    get = commands.add_parser("fetch", help="a hub source's rows into data/raw/own/<source>, at its pinned commit")
    get.add_argument("source")
    get.add_argument("--pin", action="store_true", help="ask the hub for the present commit and write it first")
    ask = commands.add_parser("ask", help="ask a version a question")
    ask.add_argument("version", help="base or a version of params.yaml")
    ask.add_argument("question")
    ask.add_argument("--tokens", type=int, default=128, help="the answer's length at most (default: 128 tokens)")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "ui":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    prepare_environment()
    if options.command == "publish":
        from stages.publish import main as publish

        run_stage(publish)
        return
    if options.command == "ui":
        from flows.serve import main as serve

        sys.argv = ["lineage ui", *rest]
        serve()
        return
    try:
        c = load_curriculum()
        if options.command == "show":
            show(c)
        elif options.command == "results":
            results(c)
        elif options.command == "check":
            check(c)
        elif options.command == "fetch":
            _fetch(c, options.source, options.pin)
        else:
            _ask(c, options.version, options.question, options.tokens)
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")


def show(c: Curriculum) -> None:
    """Print the tree: each version's state, what it is trained on and why it continues its parent."""
    tree = Tree(f"[bold]base[/] [dim]{_base_state()}[/]")
    branches = {BASE: tree}
    for name in c.in_order():
        version = c.versions[name]
        mix = " + ".join(version.mix)
        line = f"[bold]{name}[/] {state_of(c, name)}\n[dim]{mix}\nbecause: {version.because}[/]"
        branches[name] = branches[version.parent].add(line)
    Console().print(tree)


def state_of(c: Curriculum, name: str) -> str:
    """Whether a version's adapter is here, and the command that brings it back where it is not."""
    record = Path("models", name, "lineage.json")
    if not record.is_file():
        locked = Path("dvc.lock").is_file() and f"train@{name}:" in Path("dvc.lock").read_text(encoding="utf-8")
        back = f"dvc checkout models/{name} || " if locked else ""
        return f"[yellow]not here[/] · {back}dvc repro train@{name}"
    made = json.loads(record.read_text(encoding="utf-8"))
    if made["parent"] != c.versions[name].parent:
        return f"[yellow]stale[/] · trained on {made['parent']}, params.yaml says {c.versions[name].parent}"
    return f"[green]built[/] · adapter {made['adapter'][:12]} · {made['mix']['rows']:,} rows · {made['steps']:,} steps"


def results(c: Curriculum) -> None:
    """Print a line a version: held-out NLL of its own sources against its parent, what it forgot, and where to look."""
    file = Path("reports/comparison.json")
    if not file.is_file():
        raise LineageError(f"{file} is not there; build it with: dvc repro report")
    table = Table("version", "from", "NLL on its own", "change (95 %)", "better", "forgot", "right answers")
    for name, row in json.loads(file.read_text(encoding="utf-8"))["versions"].items():
        pooled, own = row["pooled"], {n: s for n, s in row["sets"].items() if s["own"]}
        low, high = pooled["interval"]
        table.add_row(
            name,
            row["parent"],
            f"{pooled['parent_nll']:.2f} → {pooled['nll']:.2f}",
            f"{pooled['difference']:+.2f} ({low:+.2f}, {high:+.2f})",
            f"{sum(s['improved'] is True for s in own.values())} of {len(own)}",
            f"{len(row['forgot'])} of {len(row['sets']) - len(own)}",
            _most_gained(own),
        )
    console = Console()
    console.width = max(console.width, 116)
    console.print(table)


def _most_gained(own: dict[str, Any]) -> str:
    """The own set whose share of right answers (choices, numbers) rose most against the parent."""
    exact = [(s["score"] - s["parent_score"], n, s) for n, s in own.items() if s["measure"] in ("choice", "number")]
    if not exact:
        return ""
    _, name, best = max(exact, key=lambda one: one[0])
    chance = f", chance {best['chance']:.0%}" if best["chance"] is not None else ""
    return f"{name.partition('.')[0]} {best['parent_score']:.0%} → {best['score']:.0%}{chance}"


def check(c: Curriculum) -> None:
    """Print what can be built from the data that is here, and where the installed packages differ from a record's."""
    from stages.check import buildable, files_of, prepare

    prepare(c)
    console = Console()
    console.print(f"params.yaml is sound: profile {c.profile}, data {c.data}, {len(c.versions)} versions")
    if c.data == "own":
        table = Table("source", "files", "folder", "reader")
        for name, source in c.sources.items():
            table.add_row(name, str(files_of(c, name)), c.raw_folder(name).as_posix(), source.reader)
        console.print(table)
    ready = []
    for version in buildable(c):
        if version.missing:
            console.print(f"[yellow]{version.version}[/] cannot be built: no files for {', '.join(version.missing)}")
        else:
            ready.append(version.version)
            console.print(f"[green]{version.version}[/] can be built: dvc repro train@{version.version}")
    for line in drifted_packages():
        console.print(f"[yellow]{line}[/]")
    if not ready:
        raise LineageError(f"nothing can be built yet; put files into data/raw/{c.data}/<source>/ (see the README)")


def drifted_packages() -> list[str]:
    """Adapters whose record names other package versions than those installed: rebuilding may give other bytes."""
    lines = []
    for file in sorted(Path("models").glob("*/lineage.json")):
        for package, recorded in json.loads(file.read_text(encoding="utf-8"))["packages"].items():
            try:
                here = installed(package).partition("+")[0]
            except PackageNotFoundError:
                here = "missing"
            if here != recorded:
                lines.append(f"{file.parent.name} was trained with {package} {recorded}, here is {here}")
    return lines


def _base_state() -> str:
    file = Path("models/base/base.json")
    if not file.is_file():
        return "not here · dvc repro base"
    base = json.loads(file.read_text(encoding="utf-8"))
    return f"{base['parameters'] / 1e6:,.1f} M parameters · {base['identity'][:12]}"


def _fetch(c: Curriculum, source: str, pin: bool) -> None:
    from lineage.fetch import fetch

    got = fetch(c, source, pin)
    print(f"data/raw/own/{source}/{got['file']}: {got['rows']:,} rows of {got['repo']} at {got['revision'][:12]}")
    print(f"Next: dvc add data/raw/own/{source}, so that DVC keeps them")


def _ask(c: Curriculum, version: str, question: str, tokens: int) -> None:
    if version not in (BASE, *c.versions):
        raise LineageError(f"unknown version {version!r}; params.yaml has base, {', '.join(c.versions)}")
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    from stages import asking

    model, tokenizer = asking.load(version, c.active)
    print(asking.answers(model, tokenizer, [[{"role": "user", "content": question}]], tokens)[0])


if __name__ == "__main__":
    main()

"""The command line: `lineage show`, `check`, `publish`, `ask VERSION "질문"`.

What is shown comes from `params.yaml` and from the folders that the graph fills; no server is asked. Heavy libraries
are imported by the commands that need them, so that the others answer at once.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lineage.cli.check import check
from lineage.cli.results import results
from lineage.cli.show import show
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.stage import prepare_environment, run_stage


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a `LineageError` is printed without a traceback and exits with 1."""
    parser = argparse.ArgumentParser(prog="lineage", description="The lineage of a Korean financial LLM, v1 → v6.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="the tree of versions: state, parents and why")
    commands.add_parser("check", help="curriculum and data, before anything is spent")
    changed = commands.add_parser("diff", help="what dvc repro would rebuild, why, and at what cost")
    changed.add_argument("--json", action="store_true", help="the same plan for a program")
    commands.add_parser("results", help="a table of the versions: what each learnt and forgot")
    commands.add_parser("ui", help="Prefect and MLflow on this machine: python -m flows.serve", add_help=False)
    commands.add_parser("publish", help="fill MLflow from what the graph made; again changes nothing")
    inside = commands.add_parser("provenance", help="every source inside a version, through whom, under which terms")
    inside.add_argument("version")
    inside.add_argument("--json", action="store_true", help="the same facts for a program")
    cards = commands.add_parser("cards", help="the data cards: where they are")
    cards.add_argument("--check", action="store_true", help="add up every table again, and count the rows anew")
    get = commands.add_parser("fetch", help="a hub source's rows into its folder of raw files, at its pinned commit")
    get.add_argument("source")
    get.add_argument("--pin", action="store_true", help="ask the hub for the present commit and write it first")
    out = commands.add_parser(
        "withdraw", help="take a source or a document out of everything made from it, and prove it"
    )
    out.add_argument("subject", help="a source, or the SHA-256 of a document")
    out.add_argument("--dry-run", action="store_true", help="only name what it reached")
    out.add_argument("--yes", action="store_true", help="do not ask")
    take = commands.add_parser("adopt", help="make an adapter that was trained elsewhere a version of this lineage")
    take.add_argument("folder", type=Path, help="as Unsloth, LLaMA-Factory, axolotl or TRL saved it")
    take.add_argument("--as", dest="version", required=True, help="the version's name, such as v4")
    take.add_argument("--parent", required=True, help="base, or the version whose weights it continued")
    take.add_argument("--because", help="the reason that params.yaml gives")
    take.add_argument("--base-is-mine", action="store_true", help="its base has another name, but is ours")
    take.add_argument("--template-may-differ", action="store_true", help="accept another chat template, and note it")
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
            results()
        elif options.command == "check":
            check(c)
        elif options.command == "diff":
            _diff(c, options.json)
        elif options.command == "provenance":
            _provenance(c, options.version, options.json)
        elif options.command == "cards":
            _cards(options.check)
        elif options.command == "fetch":
            _fetch(c, options.source, options.pin)
        elif options.command == "withdraw":
            _withdraw(c, options.subject, options.dry_run, options.yes)
        elif options.command == "adopt":
            _adopt(c, options)
        else:
            _ask(c, options.version, options.question, options.tokens)
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")


def _diff(c: Curriculum, as_json: bool) -> None:
    from lineage.planning import rebuild_plan

    planned = rebuild_plan.plan(c)
    if as_json:
        print(json.dumps(rebuild_plan.as_json(planned), ensure_ascii=False, indent=2))
    else:
        rebuild_plan.show(planned)


def _provenance(c: Curriculum, version: str, as_json: bool) -> None:
    from lineage.provenance.obligations import provenance, rendered

    facts = provenance(c, c.version(version).name)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    console = Console()
    for part in rendered(facts):
        console.print(part)


def _cards(check_them: bool) -> None:
    if not paths.CARDS_INDEX.is_file():
        raise LineageError(f"{paths.CARDS_INDEX} is not there; build it with: dvc repro cards")
    print(f"{paths.CARDS_INDEX}: a card for each source and each mix")
    if check_them:
        from lineage.datacards.checking import mistakes

        if found := mistakes():
            raise LineageError("the data cards are wrong; run `dvc repro -f cards`:\n  " + "\n  ".join(found))
        print("every total is the sum of its rows, and every count was counted anew")


def _fetch(c: Curriculum, source: str, pin: bool) -> None:
    from lineage.cli.fetch import fetch

    got = fetch(c, source, pin)
    print(f"{paths.RAW}/own/{source}/{got['file']}: {got['rows']:,} rows of {got['repo']} at {got['revision'][:12]}")
    print(f"Next: dvc add {paths.RAW}/own/{source}, so that DVC keeps them")


def _withdraw(c: Curriculum, name: str, dry_run: bool, sure: bool) -> None:
    from lineage.withdrawal.withdraw import plan, withdraw

    reach = plan(c, name)
    console = Console()
    table = Table("what", "where", "how much", title=f"{name} reached")
    table.add_row("raw files, deleted", c.raw_folder("").as_posix(), f"{len(reach.raw):,}")
    table.add_row("documents", (paths.DOCUMENTS / c.data).as_posix(), f"{len(reach.documents):,}")
    for source, ids in reach.records.items():
        table.add_row("records", source, f"{len(ids):,}")
    for version, rows in reach.mixes.items():
        table.add_row("mix", version, f"{rows:,} rows")
    for version, why in reach.adapters.items():
        table.add_row("adapter, trained again", version, why)
    console.print(table)
    if dry_run:
        return
    if not sure and (not sys.stdin.isatty() or input(f"Type {name} to withdraw it: ").strip() != name):
        raise LineageError("nothing was changed; add --yes to withdraw without being asked")
    proof = withdraw(reach)
    table = Table("searched", "hits", title=f"{name} afterwards")
    for place, hits in proof.hits.items():
        table.add_row(place, f"{hits:,}")
    console.print(table)
    for place, objects in proof.unseen.items():
        console.print(f"[yellow]{place}: {objects:,} objects are not in the local cache and were not read[/]")
    if not proof.clean:
        raise LineageError("something is left, see the table; run the same command again, or remove it by hand")
    print(f"{name} is withdrawn. Commit params.yaml and dvc.lock, and push them with dvc push.")


def _adopt(c: Curriculum, options: argparse.Namespace) -> None:
    from lineage.adoption.adopt import Attestation, adopt

    word = Attestation(options.base_is_mine, options.template_may_differ)
    got = adopt(c, options.folder, options.version, options.parent, options.because, word)
    print(f"{got.folder}: an adapter from {got.tool}, r {got.lora.r}, SHA-256 {got.sha256[:12]}")
    for note in got.notes:
        print(f"  noted: {note}")
    print(f"What it was trained on is unknown, to {options.version} and to every version that continues it.")
    print(f"Next: dvc add {got.folder} && dvc repro train@{options.version}")


def _ask(c: Curriculum, version: str, question: str, tokens: int) -> None:
    if version not in (BASE, *c.versions):
        raise LineageError(f"unknown version {version!r}; params.yaml has base, {', '.join(c.versions)}")
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    from lineage.base_model.fast_import import ASKING, import_lean
    from lineage.evaluation import inference

    import_lean(c.active, ASKING)
    model, tokenizer = inference.load(version, c.active)
    print(inference.answers(model, tokenizer, [[{"role": "user", "content": question}]], tokens)[0])


if __name__ == "__main__":
    main()

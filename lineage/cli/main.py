"""The command line: `lineage show`, `lineage check`, `lineage ask VERSION "질문"`.

A command is one file of this folder, named as the command:

    \"""The one line that `lineage --help` prints of it.\"""

    GROUP = "what a rebuild made"        # the heading above that line, one of GROUPS

    def arguments(parser): ...           # only where it takes any
    def run(options): ...                # or pass_on(words), where another program reads the arguments

It is imported when it is the one that runs, so what it imports slows no other command.
"""

import argparse
import ast
import sys
from importlib import import_module
from pathlib import Path

from lineage.core.errors import LineageError, of_the_disk

GROUPS = ("before a rebuild", "what a rebuild made", "in and out of the lineage", "MLflow and Prefect")


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a `LineageError`, or what the disk refuses, is printed without a traceback and exits with 1."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in commands():
        _overview().parse_args(words[:1])  # prints the help, or what is wrong, and exits
    name, *words = words
    from lineage.core.stage import prepare_environment  # loads libraries that `--help` does without

    prepare_environment()  # before the command is imported: libraries read their settings once
    command = import_module(f"lineage.cli.{name}")
    if hasattr(command, "pass_on"):
        command.pass_on(words)
        return
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=f"lineage {name}", description=command.__doc__, formatter_class=form)
    if hasattr(command, "arguments"):
        command.arguments(parser)
    try:
        options = parser.parse_intermixed_args(words)  # options may stand between words: ask v6 --tokens 64 "질문"
    except TypeError:  # argparse has no such thing where a word has words and options of its own, as in `add`
        options = parser.parse_args(words)
    try:
        command.run(options)
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")
    except OSError as error:
        if (told := of_the_disk(error)) is None:
            raise
        sys.exit(f"\n✗ {told}\n")


def commands() -> dict[str, Path]:
    """The file of every command, by its name."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return {file.stem: file for file in files if file.stem not in ("main", "__init__", "__main__")}


def _overview() -> argparse.ArgumentParser:
    """The parser of the first word alone; its help lists the commands, by group."""
    groups = {group: [f"{group}:"] for group in GROUPS}
    for name, file in commands().items():
        group, line = _described(file)
        groups[group].append(f"  {name:12}{line}")
    parser = argparse.ArgumentParser(
        prog="lineage",
        usage="lineage COMMAND …",
        description="The lineage of a Korean financial LLM, v1 → v6.",
        epilog="\n\n".join(["\n".join(lines) for lines in groups.values()] + ["more of one: lineage COMMAND --help"]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    parser.add_argument("command", metavar="COMMAND", choices=commands(), help=argparse.SUPPRESS)
    return parser


def _described(file: Path) -> tuple[str, str]:
    """The group and the line of a command, read from its file: an import would load all that it works with."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = {ast.unparse(n.targets[0]): n.value for n in tree.body if isinstance(n, ast.Assign)}
    return ast.literal_eval(named["GROUP"]), (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")


if __name__ == "__main__":
    main()

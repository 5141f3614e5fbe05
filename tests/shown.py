"""What the pages show a reader: blocks, commands and links, each with the page and line where it stands.

    for command in commands():      # `lineage diff --json` in a sentence, or a line of a block
        print(command.page, command.line, command.text)

A command is filled in before it is used: `<source>` and DIR become names that are there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", *sorted(
    page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")
))  # fmt: skip
PROGRAMS = ("lineage", "dvc", "make", "pytest", "python", "pip", "ruff", "mypy", "lint-imports", "git", "apt-get")
# Not of this project: nothing to resolve.
ELSEWHERE = ("git", "cp", "cd", "tar", "sha256sum", "source", "apt-get", "pre-commit", "lm_eval", "python3.11")
FILLED = {
    "69722cef3faa…": "69722cef" * 8,
    "stages.…": "stages.train",
    "<source>": "metamath",
    "<version>": "v6",
    "DIR": "adapter",
    "FILE": "tests/test_graph.py",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
HEREDOC = re.compile(r" <<'END'\n(.*?)^END$", re.M | re.S)


@dataclass(frozen=True)
class Shown:
    """A text of a page, and its first line there. language: of a block; empty within a sentence."""

    page: str
    line: int
    text: str
    language: str = ""

    @property
    def filled(self) -> str:
        """With names in place of what a reader has to fill in."""
        text = self.text
        for placeholder, name in FILLED.items():
            text = text.replace(placeholder, name)
        return text

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(*pages: str, language: str | None = None) -> Iterator[Shown]:
    """The fenced blocks of some pages, or of all."""
    for page in pages or PAGES:
        text = read(page)
        for found in FENCE.finditer(text):
            if language in (None, found[1]):
                yield Shown(page, _line(text, found.start()) + 1, found[2], found[1])


def spans(*pages: str) -> Iterator[Shown]:
    """What stands between backticks in the sentences of some pages, or of all, on one line."""
    for page in pages or PAGES:
        text = FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), read(page))
        for found in SPAN.finditer(text):
            yield Shown(page, _line(text, found.start()), " ".join(found[1].split()))


def commands() -> Iterator[Shown]:
    """Every command of every page: the lines of sh blocks, and what begins like a command in a sentence."""
    for block in blocks(language="sh"):
        yield from commands_of(block)
    for span in spans():
        if " " in span.text and span.text.split()[0] in PROGRAMS:
            yield span


def commands_of(block: Shown) -> Iterator[Shown]:
    """The commands of a block, one each, without comments, variables before them and what they are given as input."""
    text = HEREDOC.sub(lambda found: "\n" * found[0].count("\n"), block.text)
    for number, line in enumerate(text.splitlines()):
        for command in re.sub(r"\s+#.*", "", line).split(" && "):
            if command.strip():
                bare = re.sub(r"^(?:[A-Z_]+=\S* )+", "", command.strip())
                yield Shown(block.page, block.line + number, bare, "sh")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1

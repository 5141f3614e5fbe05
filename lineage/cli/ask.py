"""Ask one or several versions a question, or talk to them.

lineage ask v6 "질문"              an answer, word by word
lineage ask v5_3 v6 "질문"         both, side by side; `base` is a version here too
lineage ask v5_3 v6                a conversation; what was said before is part of each question

Answers go to stdout; what speaks against trusting them, such as a toy base, to stderr.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import find_manifest
from lineage.base_model.fast_import import ASKING, import_lean
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum, Profile
from lineage.core.errors import LineageError
from lineage.readers.text.normalize import clean

GROUP = "what a rebuild made"
BY_HEART = 20  # passes over a mix beyond which a model repeats its rows
LIKE_A_VERSION = re.compile(r"v\d+(_\w+)?")  # a slip of the pen, not a question
MORE = "› "


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whom, what, and how long the answer may be."""
    parser.add_argument("words", nargs="+", metavar="VERSION … QUESTION", help="versions, then the question in quotes")
    parser.add_argument("--tokens", type=int, default=128, help="an answer's length at most (default: 128 tokens)")


def run(options: argparse.Namespace) -> None:
    """Print the answers, made as an evaluation makes them: greedy, so asking again gives them again."""
    c = load_curriculum()
    versions, question = whom_and_what(options.words, c)
    if options.tokens < 1:
        raise LineageError(f"--tokens is {options.tokens}; an answer needs one at least")
    talk = question is None and sys.stdin.isatty()
    if question is None and not talk:
        question = sys.stdin.read()
    if question is not None and not (question := clean(question)):
        raise LineageError('the question is empty: lineage ask v6 "…"')
    ask = _Asking(versions, c.active, options.tokens)
    if question is not None:
        ask(question)
        _say_doubts(versions)
        return
    _say_doubts(versions)
    print("An empty line or Ctrl-D ends the conversation, Ctrl-C an answer.", file=sys.stderr)
    for said in _lines():
        try:
            ask(said)
        except KeyboardInterrupt:
            print("\n(stopped: the question and what was said to it are forgotten)", file=sys.stderr)
        except LineageError as error:
            print(f"✗ {error}", file=sys.stderr)


def whom_and_what(words: Sequence[str], c: Curriculum) -> tuple[list[str], str | None]:
    """The versions, and the question; None where only versions are named.

    Raises:
        LineageError: a version that is not in params.yaml, one that is named twice, or a question without quotes.
    """
    known = (BASE, *c.versions)
    count = next((place for place, word in enumerate(words) if word not in known), len(words))
    versions, rest = list(words[:count]), words[count:]
    if not versions or len(rest) > 1 or (rest and LIKE_A_VERSION.fullmatch(rest[0])):
        quotes = "; a question of several words stands in quotes" if versions and len(rest) > 1 else ""
        raise LineageError(f"unknown version {rest[0]!r}; params.yaml has {', '.join(known)}{quotes}")
    if len(set(versions)) < len(versions):
        raise LineageError(f"a version is named twice: {', '.join(versions)}")
    return versions, rest[0] if rest else None


class _Asking:
    """Versions that are asked the same questions, each with its own answers before them."""

    def __init__(self, versions: Sequence[str], profile: Profile, tokens: int) -> None:
        os.environ["OMP_NUM_THREADS"] = str(profile.threads or os.cpu_count() or 1)  # before torch, which reads it once
        from lineage.chat.voices import load_voices

        import_lean(profile, ASKING)
        self.voices, self.tokens = load_voices(versions, profile), tokens
        self.said: Mapping[str, list[dict[str, str]]] = {version: [] for version in versions}

    def __call__(self, question: str) -> None:
        """Show each version's answer, and remember it."""
        from lineage.chat.speaking import answered, asked, speak
        from lineage.chat.terminal import shown

        now, answers = {version: asked(turns, question) for version, turns in self.said.items()}, {}
        with shown(list(self.said)) as show:
            for version, turns in now.items():
                answers[version] = speak(self.voices, version, turns, self.tokens, show[version])
        self.said = {version: answered(turns, answers[version].text) for version, turns in now.items()}
        for version, answer in answers.items():
            if answer.ending != "stopped":
                whose = f"{version}, " if len(answers) > 1 else ""
                said = "repeats itself" if answer.ending == "endless" else "is longer"
                cut = f"({whose}cut after {self.tokens} tokens: the answer {said}; --tokens allows more)"
                print(cut, file=sys.stderr)


def _lines() -> Iterator[str]:
    """What a person types, to an empty line, Ctrl-D or Ctrl-C."""
    with suppress(ImportError):
        import readline  # noqa: F401 (lines that can be edited)
    while True:
        try:
            said = clean(input(MORE))
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return
        if not said:
            return
        yield said


def _say_doubts(versions: Sequence[str]) -> None:
    if doubts := list(dict.fromkeys(doubt for version in versions for doubt in to_be_doubted(version))):
        print(f"note: {'; '.join(doubts)}", file=sys.stderr)


def to_be_doubted(version: str) -> list[str]:
    """Why the answers of the base or a built version say little, whatever they look like."""
    base, found = read_base(), None if version == BASE else find_manifest(version)
    doubts = []
    if base.origin.build is not None:
        doubts.append(
            f"the base is a toy of {base.parameters / 1e6:.1f} M parameters, made here to try the chain out: it knows "
            f"nothing about the world; for answers choose another profile (docs/training.md)"
        )
    if found and found.passes >= BY_HEART:
        doubts.append(
            f"{version} saw its {found.mix.rows:,} rows {found.passes:,.0f} times: it knows them by heart, and little "
            f"beside them; bring more rows, or a smaller budget"
        )
    return doubts

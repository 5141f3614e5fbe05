"""A page on which two versions answer side by side, and people vote.

lineage chat v5_3 v6        two versions; `base` is one here too
lineage chat v6             v6 and its parent

The page is on 127.0.0.1 alone. Votes are kept as preference records in data/raw/own/<source>: see docs/try.md.
"""

import argparse
import os
from collections.abc import Iterator

from lineage.base_model.fast_import import ASKING, import_lean
from lineage.cli.ask import to_be_doubted
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError

GROUP = "what a rebuild made"
READER = "preferences"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Who answers, where the page is, and where votes are kept."""
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="two versions, or one that has a parent")
    parser.add_argument("--port", type=int, default=8765, help="of 127.0.0.1; 0 takes any (default: 8765)")
    parser.add_argument("--votes", default="votes", metavar="SOURCE", help="the source that votes go to: votes")
    parser.add_argument("--by", default="", metavar="NAME", help="who votes, kept beside each vote (default: nobody)")
    parser.add_argument("--tokens", type=int, default=512, help="an answer's length at most (default: 512 tokens)")


def run(options: argparse.Namespace) -> None:
    """Serve the page until it is stopped by Ctrl-C."""
    c = load_curriculum()
    versions = two_versions_of(options.versions, c)
    if options.tokens < 1:
        raise LineageError(f"--tokens is {options.tokens}; an answer needs one at least")
    notes = list(what_to_bear_in_mind(c, options.votes))
    from lineage.chat.loopback import listening, serve
    from lineage.chat.votes import votes_in

    file = paths.votes(options.votes)
    kept = len(votes_in(file))
    with listening(options.port) as on:
        os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch is imported
        from lineage.chat.voices import load_voices
        from lineage.chat.voting_page import Booth, application

        import_lean(c.active, ASKING)
        voices = load_voices(versions, c.active)
        notes += dict.fromkeys(doubt for version in versions for doubt in to_be_doubted(version))
        app = application(Booth(voices, versions, options.tokens, file, options.by.strip(), tuple(notes)))
        print(f"http://127.0.0.1:{on.getsockname()[1]}  {' and '.join(versions)}, until Ctrl-C", flush=True)
        print(f"votes: {file} ({kept:,} so far)", flush=True)
        for note in notes:
            print(f"note: {note}", flush=True)
        serve(app, on)


def two_versions_of(named: list[str], c: Curriculum) -> tuple[str, str]:
    """The two that answer; of one version it and its parent.

    Raises:
        LineageError: one is not in params.yaml, or they are not two.
    """
    for version in named:
        if version not in (BASE, *c.versions):
            raise LineageError(f"unknown version {version!r}; params.yaml has base, {', '.join(c.versions)}")
    if len(named) == 1 and named[0] != BASE:
        named = [c.versions[named[0]].parent, named[0]]
    if len(named) != 2 or named[0] == named[1]:
        raise LineageError(f"two versions answer side by side, found {', '.join(named)}: lineage chat v5_3 v6")
    return named[0], named[1]


def what_to_bear_in_mind(c: Curriculum, source: str) -> Iterator[str]:
    """What keeps votes from being trained on.

    Raises:
        LineageError: another reader reads this source, it was withdrawn, or its name is none.
    """
    if not source.isidentifier():
        raise LineageError(f"--votes {source!r} is no name of a source: letters, digits and _")
    found = c.sources.get(source)
    if found is None:
        yield f"params.yaml has no source {source}, so nobody reads the votes yet; docs/try.md shows what to add"
        return
    if found.reader != READER:
        raise LineageError(
            f"sources.{source}.reader is {found.reader}, votes need reader: {READER}; name another source"
        )
    if found.withdrawn == "all":
        raise LineageError(f"sources.{source} was withdrawn; name another source")
    if c.data != "own":
        yield f"params.yaml says data: {c.data}, so the votes in {paths.votes(source).parent} are not read"

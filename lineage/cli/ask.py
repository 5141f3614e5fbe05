"""Ask a version a question.

The answer goes to stdout; what speaks against trusting it, such as a toy base, to stderr.
"""

import argparse
import os
import sys

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import find_manifest
from lineage.base_model.fast_import import ASKING, import_lean
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core.errors import LineageError

GROUP = "what a rebuild made"
BY_HEART = 20  # passes over a mix beyond which a model repeats its rows


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whom, what, and how long the answer may be."""
    parser.add_argument("version", help="base or a version of params.yaml")
    parser.add_argument("question")
    parser.add_argument("--tokens", type=int, default=128, help="the answer's length at most (default: 128 tokens)")


def run(options: argparse.Namespace) -> None:
    """Print the version's answer, made as an evaluation makes it: greedy, so asking again gives it again."""
    c = load_curriculum()
    if options.version not in (BASE, *c.versions):
        raise LineageError(f"unknown version {options.version!r}; params.yaml has base, {', '.join(c.versions)}")
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch, which reads it once
    from lineage.evaluation import answering, inference

    import_lean(c.active, ASKING)
    model, tokenizer = inference.load(options.version, c.active)
    conversation = [{"role": "user", "content": options.question}]
    (answer,) = answering.answers(model, tokenizer, [conversation], [options.tokens])
    print(answer.text)
    if answer.ending != "stopped":
        said = "repeats itself" if answer.ending == "endless" else "is longer"
        print(f"(cut after {options.tokens} tokens: the answer {said}; --tokens allows more)", file=sys.stderr)
    if doubts := to_be_doubted(options.version):
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

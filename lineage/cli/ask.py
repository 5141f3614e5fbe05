"""Ask a version a question."""

import argparse
import os
import sys

from lineage.base_model.fast_import import ASKING, import_lean
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core.errors import LineageError

GROUP = "what a rebuild made"


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

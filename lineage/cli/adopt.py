"""Make an adapter trained elsewhere a version of this lineage."""

import argparse
from pathlib import Path

from lineage.adoption.adopt import Attestation, adopt
from lineage.config.load import load_curriculum

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where it lies, its place in the tree, and what its owner attests."""
    parser.add_argument("folder", type=Path, help="as Unsloth, LLaMA-Factory, axolotl or TRL saved it")
    parser.add_argument("--as", dest="version", required=True, help="the version's name, such as v4")
    parser.add_argument("--parent", required=True, help="base, or the version whose weights it continued")
    parser.add_argument("--because", help="the reason that params.yaml gives")
    parser.add_argument("--base-is-mine", action="store_true", help="its base has another name, but is ours")
    parser.add_argument("--template-may-differ", action="store_true", help="accept another chat template, and note it")


def run(options: argparse.Namespace) -> None:
    """Adopt it, say what was found out about it, and name the next command."""
    attested = Attestation(options.base_is_mine, options.template_may_differ)
    got = adopt(load_curriculum(), options.folder, options.version, options.parent, options.because, attested)
    print(f"{got.folder}: an adapter from {got.tool}, r {got.lora.r}, SHA-256 {got.sha256[:12]}")
    for note in got.notes:
        print(f"  noted: {note}")
    print(f"What it was trained on is unknown, to {options.version} and to every version that continues it.")
    print(f"Next: dvc add {got.folder} && dvc repro train@{options.version}")

"""Whether a version is the same where it is used: loaded by others, merged, served."""

import json
from typing import Any

from benchmarks.verify_gpu.checks import NOT_ON_A_CPU, Status, trained_room
from benchmarks.verify_gpu.room_inputs import Setup
from lineage.core import paths
from lineage.serving import vllm_program


def accepted(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Stock transformers and PEFT load the adapter on the 16-bit base and answer.

    Expected: finite logits, which the adapter moves, and an answer.
    """
    figures = trained_room(setup, "second").ask("accepted", "v2")
    right = figures["finite"] and figures["largest_change_of_a_logit"] > 0 and figures["new_tokens"] > 0
    found = f"{figures['new_tokens']} tokens, logits moved by up to {figures['largest_change_of_a_logit']}"
    return ("passed" if right else "failed"), found, figures


def merges(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """`lineage export --as merged` writes a model that says what the adapter says on its base, in logits.

    Expected: the largest difference within the bound of the base's precision, after held-out rows.
    """
    of = trained_room(setup, "second")
    of.run("lineage.cli", "export", "v2", "--as", "merged")
    record = json.loads((of.root / paths.export("v2", "merged") / "export.json").read_text(encoding="utf-8"))
    (one,) = record["equality"]
    found = f"{one['largest']:.2g} at most, {one['relative']:.2g} of the largest logit, at {one['places']} places"
    if ways := record["ways"]:
        nlls = ", ".join(f"{way['name']} {way['inside']:.4f}" for way in ways)
        found += f"; NLL of the ways out of 4 bits: {nlls}; shipped: {record['shipped']}"
    equal = one["relative"] <= one["bound"]
    figures = {"equality": one, "ways": record["ways"], "shipped": record["shipped"]}
    return ("passed" if equal else "failed"), f"{found}; bound {one['bound']:g}", figures


def serves(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """`lineage serve` (transformers) says over HTTP what PEFT says on the same base.

    Expected: log-probabilities of the 20 likeliest tokens of each token answered, within the bound of the precision
    that the profile computes in.
    """
    figures = trained_room(setup, "second").ask("heard", "v2")
    return ("passed" if figures["equal"] else "failed"), _heard(figures), figures


def served(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """`lineage serve --engine vllm` says over HTTP what PEFT says on the same base.

    Expected: the same as of transformers, within the same bound.
    """
    if setup.rehearsal:
        return "not checked", f"{NOT_ON_A_CPU}: a rehearsal starts no vLLM", {}
    if vllm_program.installed() is None:
        return (
            "not checked",
            f"there is no program vllm; {vllm_program.PROGRAM} names one in an environment of its own",
            {},
        )
    figures = trained_room(setup, "second").ask("served", "v2")
    return ("passed" if figures["equal"] else "failed"), f"{figures['vllm']}: {_heard(figures)}", figures


def _heard(one: dict[str, Any]) -> str:
    return (
        f"{one['largest']:.2g} nats at most, {one['relative']:.2g} of the largest, at {one['places']} tokens of "
        f"{one['rows']} answers; {one['same_first']:.0%} of the tokens are PEFT's likeliest; bound {one['bound']:g}"
    )

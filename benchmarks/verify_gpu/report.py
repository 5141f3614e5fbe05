"""The written report: `gpu-report.md` for people, one file to send, and `gpu-report.json` with every figure.

Of a rehearsal they are `cpu-rehearsal.md` and `.json`. Neither names a path, a user, a machine or a token.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.verify_gpu.checks import SAME_LOSS, Result
from benchmarks.verify_gpu.nameless import nameless
from benchmarks.verify_gpu.room_inputs import Setup
from lineage.core.files import write_json

MARKS = {"passed": "✓", "rehearsed": "○", "failed": "✗", "not checked": "–"}
REHEARSAL = "CPU rehearsal: proves the script, not the GPU"
SAID_OF_IT = (
    "> **No GPU has seen any of this.** A tiny model was trained on a processor. *Rehearsed* means that a check runs, "
    "and passes there; of a GPU's kernels, speed and memory it says nothing."
)
SPEED = {
    "tokens_per_second": "tokens/s, without padding",
    "tokens_per_step": "tokens a step",
    "seconds_per_step": "seconds a step",
    "seconds_until_first_step": "seconds until the first step",
    "peak_gpu_gb": "GPU memory at its peak, GB",
    "peak_gpu_reserved_gb": "GPU memory reserved, GB",
    "peak_process_gb": "process memory at its peak, GB",
}


def write(out: Path, setup: Setup, machine: dict[str, Any], results: list[Result]) -> Path:
    """Write both files into `out`, under a name that says which of both it is; the page is given back."""
    out.mkdir(parents=True, exist_ok=True)
    name = "cpu-rehearsal" if setup.rehearsal else "gpu-report"
    machine = nameless(machine | ({"gpu": []} if setup.rehearsal else {}))
    results = [Result(**nameless(asdict(result))) for result in results]
    facts = {
        "verdict": verdict(setup, results),
        "rehearsal": setup.rehearsal is not None,
        "base": nameless(setup.base_said),
        "trainer": setup.trainer,
        "steps": setup.steps,
        "machine": machine,
        "tolerance_of_losses": SAME_LOSS,
        "checks": [asdict(result) for result in results],
    }
    write_json(out / f"{name}.json", facts)
    page = out / f"{name}.md"
    page.write_text("\n".join(_lines(setup, machine, results)) + "\n", encoding="utf-8")
    return page


def verdict(setup: Setup, results: list[Result]) -> str:
    """The report in one sentence."""
    counted = {status: sum(r.status == status for r in results) for status in MARKS}
    well = "rehearsed" if setup.rehearsal else "passed"
    figures = f"{counted[well]} {well}, {counted['failed']} failed, {counted['not checked']} not checked"
    return f"{REHEARSAL}. {figures}" if setup.rehearsal else figures


def _lines(setup: Setup, machine: dict[str, Any], results: list[Result]) -> list[str]:
    found = {result.name: result for result in results}
    lines = ["# Training, verified on a GPU" if not setup.rehearsal else f"# {REHEARSAL}", ""]
    lines += [f"**{verdict(setup, results)}.**", ""]
    if setup.rehearsal:
        lines += [SAID_OF_IT, ""]
    lines += [
        f"- Base: {nameless(setup.base_said)}.",
        f"- Trainer: {setup.trainer}, the chain and the gpu profile of `params.yaml`, {setup.steps} steps a run.",
        "- Rows: random Korean words. Losses show whether two ways of training agree, not how good a model is.",
        f"- Two losses agree if they differ by less than {SAME_LOSS:.0%}.",
        "",
        "| | what is covered | expected | found | seconds |",
        "|---|---|---|---|--:|",
    ]
    lines += [
        f"| {MARKS[r.status]} {r.status} | {r.title} | {_cell(r.expected)} | {_cell(r.found)} | {r.seconds:g} |"
        for r in results
    ]
    lines += ["", "## Machine", ""]
    lines += [f"- GPU: {gpu}" for gpu in machine["gpu"]] or ["- GPU: none used" if setup.rehearsal else "- GPU: none"]
    lines += [f"- CUDA of torch: {machine['cuda of torch']}", f"- Processor: {machine['processor']}"]
    lines += [f"- System: {machine['system']}", f"- Commit of the project: {machine['commit']}"]
    lines += ["- " + ", ".join(f"{name} {version}" for name, version in machine["packages"].items())]
    lines += _speed({name: found[name].figures for name in ("trains", "packs", "sixteen_bit") if name in found}, found)
    if (check := found.get("in_force")) and check.figures:
        lines += ["", "## Asked for, and in force", "", "| setting | asked for | in force |", "|---|---|---|"]
        asked, effective = check.figures["requested"], check.figures["effective"]
        lines += [f"| {name} | {asked[name]} | {effective[name]} |" for name in asked]
        lines += [
            "",
            f"{check.figures['trainable_parameters']:,} trainable parameters; "
            f"{check.figures['eight_bit_share']:.0%} of the optimizer's state is held in 8 bits.",
        ]
    return lines


def _speed(columns: dict[str, dict[str, Any]], found: dict[str, Result]) -> list[str]:
    names = {"trains": "as configured", "packs": "packed, batches of one", "sixteen_bit": "16-bit base"}
    measured = {names[name]: figures for name, figures in columns.items() if figures}
    if (check := found.get("agrees")) and check.figures:
        measured["trainer hf"] = check.figures["hf"]
    for by in ("unsloth", "trl"):
        if (check := found.get("beside_bare")) and by in check.figures:
            measured[f"bare {by}"] = check.figures[by]
    if not measured:
        return []
    lines = ["", "## Speed and memory", "", "| | " + " | ".join(measured) + " |", "|---" * (len(measured) + 1) + "|"]
    for key, label in SPEED.items():
        cells = [figures.get(key) for figures in measured.values()]
        if any(cell is not None for cell in cells):
            lines.append(f"| {label} | " + " | ".join("–" if cell is None else f"{cell:,}" for cell in cells) + " |")
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

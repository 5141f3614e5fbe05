"""What measuring a version costs, as ratios in one run.

    dvc repro                                              # adapters and held-out sets, in the working folder
    python -m benchmarks.evaluation                        # both
    python -m benchmarks.evaluation --only harness         # beside lm-evaluation-harness
    python -m benchmarks.evaluation --only versions        # eight versions in one process, and in eight

- harness: likelihoods of all options and expected answers, and answers in the model's own words, of the same rows by
  the same adapter: tokens and rows a CPU second of this project's way, and of the harness's with the batch size that
  suits it best of those tried. Both models are loaded before; what the harness does around its model is left out.
- versions: `measured_all` in one process for all versions, and in a process for each, from nothing.

Nothing is asserted; that the likelihoods of both are the same is kept by tests/lineage/harness.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.convert import apart
from lineage.base_model.fast_import import ASKING, import_lean
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.stage import prepare_environment

BATCHES = (1, 16, 64)  # of the harness, whose default is 1
SPOKEN_BATCHES = (16, 64)  # one answer at a time takes an hour
LINKED = ("params.yaml", "data", "models", "promotions.yaml")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What measuring a version costs, as ratios in one run.")
    parser.add_argument("--only", choices=("harness", "versions"))
    parser.add_argument("--version", default="v6", help="whose adapter is asked beside the harness (default: v6)")
    parser.add_argument("--rows", type=int, default=12, help="of a set, beside the harness (default: 12)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs="+", metavar="VERSION", help=argparse.SUPPRESS)  # the process that is timed
    chosen = parser.parse_args()
    prepare_environment()
    os.environ["OMP_NUM_THREADS"] = str(load_curriculum().active.threads or os.cpu_count() or 1)
    if chosen.measure:
        measure(chosen.measure)
        return
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if chosen.only != "versions":
        apart(harness, chosen.version, chosen.rows, chosen.repeats)
    if chosen.only != "harness":
        versions(chosen.repeats)


# ---------------------------------------------------------------------------------------------------------- harness


def harness(version: str, rows: int, repeats: int) -> None:
    """Ours and the harness by turns, on the same rows."""
    import torch

    from lineage.evaluation import answering, inference, shared_prompts
    from lineage.evaluation.evaluate import questions_of
    from lineage.harness.agreement import harness_model, requests_of
    from lineage.harness.task_files import SPOKEN, chosen_sets, tasks_of

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    c = load_curriculum()
    model, tokenizer = inference.load(version, c.active)
    lm = harness_model(c, version)
    sets = [s for s in chosen_sets(c, [], rows) if not s.name.startswith("krx_style")]
    tasks = [task for s in sets for task in tasks_of(c, tokenizer, s)]
    scored = [task for task in tasks if task.kind not in SPOKEN]
    kept = {row["id"] for task in scored for row in task.rows}
    questions = [
        [tokens for record, tokens in questions_of(tokenizer, s, c.active.max_length) if record.id in kept]
        for s in sets
    ]
    asked = [one for some in questions for candidates in some for one in candidates]
    print(f"\nbeside lm-evaluation-harness: {version}, {len(sets)} sets, {len(kept):,} rows")

    def ours() -> list[float]:
        return [nll for some in questions for one in shared_prompts.of_candidates(model, some) for nll in one]

    def theirs(batch: int) -> Callable[[], Any]:
        def run() -> Any:
            lm.batch_size_per_gpu = batch
            return [lm.loglikelihood(requests_of(task), disable_tqdm=True) for task in scored]

        return run

    tokens = sum(len(one.ids) for one in asked)
    _compared("likelihoods", tokens, len(asked), ours, {batch: theirs(batch) for batch in BATCHES}, repeats)

    spoken = [task for task in tasks if task.kind in SPOKEN]
    budgets = {task.name: task.settings["generation_kwargs"]["max_gen_toks"] for task in spoken}
    turns = {s.name: {r.id: list(r.turns[:-1]) for r in s.records} for s in sets}
    said: dict[str, int] = {}

    def ours_spoken() -> None:
        for task in spoken:
            prompts = [turns[task.heldout][row["id"]] for row in task.rows]
            answers = answering.answers(model, tokenizer, prompts, [budgets[task.name]] * len(prompts))
            said[task.name] = sum(1 + len(tokenizer(a.text, add_special_tokens=False)["input_ids"]) for a in answers)

    def theirs_spoken(batch: int) -> Callable[[], Any]:
        def run() -> Any:
            lm.batch_size_per_gpu = batch
            return [lm.generate_until(requests_of(task), disable_tqdm=True) for task in spoken]

        return run

    ours_spoken()
    answered = sum(len(task.rows) for task in spoken)
    ways = {batch: theirs_spoken(batch) for batch in SPOKEN_BATCHES}
    _compared("answers", sum(said.values()), answered, ours_spoken, ways, repeats)


def _compared(
    what: str, tokens: int, rows: int, ours: Callable[[], Any], theirs: dict[int, Callable[[], Any]], repeats: int
) -> None:
    """Ours and each of theirs by turns; the ratio to the fastest of theirs, run by run."""
    ours()  # so that what is done once is done
    spent: dict[int, list[float]] = {batch: [] for batch in theirs}
    own = []
    for _ in range(repeats):
        own.append(_seconds(ours))
        for batch, run in theirs.items():
            spent[batch].append(_seconds(run))
    print(f"  {what}: {rows:,} answers of {tokens:,} tokens")
    print(f"    ours            {tokens / median(own):9,.0f} tokens a CPU second, {rows / median(own):7.1f} answers")
    for batch, seconds in spent.items():
        rate = median(seconds)
        print(f"    harness, {batch:>3}    {tokens / rate:9,.0f} tokens a CPU second, {rows / rate:7.1f} answers")
    best = min(spent, key=lambda batch: median(spent[batch]))
    ratios = sorted(other / mine for other, mine in zip(spent[best], own, strict=True))
    print(f"    {median(ratios):.2f} × the harness at batch {best} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


# --------------------------------------------------------------------------------------------------------- versions


def measure(names: list[str]) -> None:
    """What a process does that is timed: versions on one base, nothing kept from before."""
    from lineage.evaluation.evaluate import measured_all
    from lineage.evaluation.heldout import heldout_sets

    c = load_curriculum()
    import_lean(c.active, ASKING)
    measured_all(c, names, heldout_sets(c.evaluation.rows, c.evaluation.rows_of))


def versions(repeats: int) -> None:
    """All versions in one process, and each in its own, by turns."""
    names = [name for name in load_curriculum().versions if Path("models", name).is_dir()][:8]
    if len(names) < 2:
        raise LineageError("fewer than two versions are built; run: dvc repro")
    print(f"\n{len(names)} versions on all held-out sets")
    runs = []
    for _ in range(repeats):
        runs.append((_children([names]), _children([[name] for name in names])))
        (one, _), (many, _) = runs[-1]
        print(f"  a run: {one:.1f} and {many:.1f} CPU seconds, {many / one:.2f} ×", flush=True)
    for place, unit in ((0, "CPU seconds"), (1, "seconds by the clock")):
        one, many = (median(run[way][place] for run in runs) for way in (0, 1))
        ratios = sorted(run[1][place] / run[0][place] for run in runs)
        print(f"  {unit}: {one:.1f} in one process, {many:.1f} in {len(names)}: {median(ratios):.2f} ×", end="")
        print(f" ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _children(shares: list[list[str]]) -> tuple[float, float]:
    """CPU seconds and seconds by the clock of a process for each share, one after another, with nothing in a cache."""
    with tempfile.TemporaryDirectory(prefix="evaluation-") as room:
        for name in LINKED:
            if Path(name).exists():
                Path(room, name).symlink_to(Path(name).absolute())
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        for share in shares:
            command = [sys.executable, "-m", "benchmarks.evaluation", "--measure", *share]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1])])}
            done = subprocess.run(command, cwd=room, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise LineageError(f"{' '.join(command)}: {done.stderr[-800:] or done.stdout[-800:]}")
        clock, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        shutil.rmtree(Path(room, ".state"), ignore_errors=True)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

"""What training costs, as ratios in one run on the same data and model.

    dvc repro base mix@v1 mix@v4 mix@v6                   # what is measured on, in the working folder
    python -m benchmarks.training                         # trainer, padding, startup
    python -m benchmarks.training --only lineage          # eight versions, from nothing, in a copy of the workspace

- trainer: real tokens a second beside a bare TRL script with the same settings, rows and order (`benchmarks/bare.py`);
- padding: real tokens a second of rows in random order, of similar lengths together (ours), and packed;
- startup: a version from the start of its process to its first step and to its end, part by part, and what DVC adds;
- lineage: v1 → v6 by `dvc repro`, beside the bare training loops of the same eight versions.

Everything is measured in a process of its own, in CPU seconds; only `lineage` is in seconds by the clock as well, for
which the machine should be quiet. Nothing is asserted. The profile must be one that trains on this machine's CPU.
"""

import argparse
import contextlib
import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bare_settings import write_bare
from benchmarks.convert import apart
from lineage.base_model.fast_import import import_lean
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.stage import prepare_environment

MIXES = ("v1", "v4", "v6")
WIDE: dict[str, Any] = {
    "hidden_size": 384,
    "intermediate_size": 1024,
    "layer_types": ["full_attention"] * 4,
    "num_hidden_layers": 4,
}
LEFT_BEHIND = (".git", ".venv", ".state", "models", "metrics", "reports", "mlruns", "__pycache__")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What training costs, as ratios in one run.")
    parser.add_argument("--only", choices=("trainer", "padding", "startup", "lineage"))
    parser.add_argument("--tokens", type=int, help="real tokens of a run; of a version's budget in `lineage`")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    prepare_environment()
    os.environ["OMP_NUM_THREADS"] = str(load_curriculum().active.threads or os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as scratch:
        for name, measure in (("trainer", trainer), ("padding", padding), ("startup", startup), ("lineage", lineage)):
            if chosen.only == name or (chosen.only is None and name != "lineage"):
                print(f"\n{name}")
                measure(Path(scratch, name), chosen.tokens, chosen.repeats)


# ---------------------------------------------------------------------------------------------------------- trainer


def trainer(room: Path, tokens: int | None, repeats: int) -> None:
    """Ours and the bare script by turns; the ratio of each pair, so that what else runs weighs on both alike."""
    runs: list[tuple[dict[str, float], dict[str, float]]] = []
    for number in range(repeats):
        ours = apart(run_ours, "v1", tokens or 60_000, "ours", room / f"ours{number}")
        bare = apart(run_bare, "v1", tokens or 60_000, room / f"bare{number}")
        runs.append((ours, bare))
        rates = " ".join(f"{name} {r['tokens'] / r['loop']:,.0f}" for name, r in (("ours", ours), ("bare", bare)))
        print(f"  {ours['tokens']:,.0f} tokens, loss {ours['loss']:.4f} and {bare['loss']:.4f}: {rates} a CPU second")
    for part, what in (("loop", "the training loop"), ("process", "the whole process")):
        ratios = sorted(bare[part] / ours[part] for ours, bare in runs)
        print(f"  {what}: {median(ratios):.3f} × the bare script's speed ({ratios[0]:.3f} to {ratios[-1]:.3f})")


def write_wide(folder: Path) -> str:
    """A model like the base, but wider and with weights of chance: how fast it is does not depend on what it knows."""
    from transformers import AutoConfig, AutoModelForCausalLM

    from lineage.base_model.loading import BASE_FOLDER

    config = AutoConfig.from_pretrained(BASE_FOLDER, **WIDE)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder.as_posix()


def run_ours(version: str, tokens: int, way: str, room: Path, weights: str | None = None) -> dict[str, float]:
    """`sft.fit` on about so many tokens: CPU seconds of its loop and of this process, which starts here."""
    prepare_environment()
    c = load_curriculum()
    import_lean(c.active)
    from lineage.training.backends import hf
    from lineage.training.sft import fit

    alone = c.versions[version].model_copy(update={"parent": "base"})  # its parent need not be there
    c = c.model_copy(update={"versions": dict(c.versions) | {version: alone}})
    job = short_job(c, version, tokens, way, room)
    job = replace(job, weights=weights or job.weights)
    with loop_timed() as spent, contextlib.redirect_stdout(io.StringIO()):
        _, outcome = fit(job, hf)
    per_step = job.profile.global_batch_size
    used = job.lengths[: job.steps * per_step]
    padded = sum(per_step * max(used[i : i + per_step]) for i in range(0, len(used), per_step))
    real = sum(used)
    return {
        "tokens": real,
        "real": real / padded,
        "loss": outcome.history[-1]["loss"],
        "rows": per_step,
        "process": time.process_time(),
    } | spent


def run_bare(version: str, tokens: int, room: Path) -> dict[str, float]:
    """The bare script on the same rows, which another process prepared for it."""
    import torch

    from benchmarks import bare

    prepare_environment()
    real = apart(prepare_bare, version, tokens, room)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    with loop_timed() as spent, contextlib.redirect_stdout(io.StringIO()):
        loss = bare.train(room)[-1]
    return {"tokens": real, "loss": loss, "process": time.process_time()} | spent


def prepare_bare(version: str, tokens: int, room: Path) -> int:
    """Write the rows and settings of a version where the bare script finds them; the number of its tokens."""
    from datasets import disable_progress_bars

    disable_progress_bars()
    job = short_job(load_curriculum(), version, tokens, "ours", room)
    used = job.steps * job.profile.global_batch_size
    write_bare(job, used, room)
    return sum(job.lengths[:used])


# ---------------------------------------------------------------------------------------------------------- padding


def padding(room: Path, tokens: int | None, repeats: int) -> None:
    """The same mix in three ways, by turns: on the base of the workspace, and on one wide enough to be bound by it."""
    print("  the workspace's base")
    _three_ways(room, tokens or 40_000, repeats, None)
    print(f"  a random base of width {WIDE['hidden_size']}, where computing outweighs what every step costs")
    _three_ways(room, (tokens or 40_000) // 5, repeats, apart(write_wide, room / "wide"))


def _three_ways(room: Path, tokens: int, repeats: int, weights: str | None) -> None:
    for version in MIXES:
        if not Path("data/mixes", version).is_dir():
            print(f"  {version}: no mix; run: dvc repro mix@{version}")
            continue
        runs: dict[str, list[dict[str, float]]] = {"random": [], "ours": [], "packed": []}
        for number in range(repeats):
            for way, done in runs.items():
                done.append(apart(run_ours, version, tokens, way, room / f"{version}{way}{number}", weights))
        plain = [r["tokens"] / r["loop"] for r in runs["random"]]
        for way, what in (("random", "random order, padded"), ("ours", "similar lengths"), ("packed", "packed")):
            rates = [r["tokens"] / r["loop"] for r in runs[way]]
            ratio = median(rate / other for rate, other in zip(rates, plain, strict=True))
            first = runs[way][0]
            shape = f"{first['rows']:.0f} sequences a step, {first['real']:.0%} of what is computed is real"
            print(f"  {version} {what:20} {median(rates):7,.0f} real tokens a CPU second, {ratio:.2f} ×; {shape}")


def short_job(c: Curriculum, version: str, tokens: int, way: str, room: Path) -> Any:
    """The version's job, cut to about so many real tokens, its rows ordered in one of three ways."""
    import torch

    from lineage.training.plan import planned

    room.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    profile = c.active
    if way == "packed":
        # As many tokens in a batch as rows of the mean length make: a batch is no larger, only fuller.
        lengths = planned(c, c.version(version)).tokens.lengths
        rows = max(1, round(profile.batch_size * sum(lengths) / len(lengths) / profile.max_length))
        profile = profile.model_copy(update={"packing": True, "batch_size": rows, "global_batch_size": rows})
    c = c.model_copy(update={"profiles": dict(c.profiles) | {c.profile: profile}})
    plan = planned(c, c.version(version))
    job = replace(plan.job, checkpoints=room / "checkpoints")
    if way == "random":
        rng, rows_of_mix = random.Random(c.seed), list(range(len(plan.tokens.lengths)))
        order: list[int] = []
        while len(order) < len(job.lengths):
            rng.shuffle(rows_of_mix)
            order += rows_of_mix
        order = order[: len(job.lengths)]
        lengths = [plan.tokens.lengths[i] for i in order]
        job = replace(job, dataset=plan.tokens.in_order([(i,) for i in order]), lengths=lengths)
    steps = round(tokens * job.steps / sum(job.lengths))
    return replace(job, steps=min(job.steps, max(2, steps)))


# ---------------------------------------------------------------------------------------------------------- startup


def startup(room: Path, tokens: int | None, repeats: int) -> None:
    """As the stage starts and without `lineage/base_model/fast_import.py`, by turns; then DVC with nothing to do."""
    first = apart(one_start, room, True)
    runs = [(apart(one_start, room, True), apart(one_start, room, False)) for _ in range(repeats)]
    print(f"  {'CPU seconds':40}  as it is  without lean.py")
    for part in first:
        ours, plain = (median(run[way][part] for run in runs) for way in (0, 1))
        cold = f"   ({first[part]:.2f} with a mix to tokenise)" if part.startswith("plan") else ""
        print(f"  {part:40} {ours:9.2f} {plain:16.2f}{cold}")
    for what, some in (("to the first step", slice(7)), ("from start to end", slice(None))):
        ours, plain = (median(sum(list(run[way].values())[some]) for run in runs) for way in (0, 1))
        print(f"  {what:40} {ours:9.2f} {plain:16.2f}")
    for stage in ("check", "base", "train@v1"):
        unchanged = subprocess.run(["dvc", "status", "--quiet", stage], check=False).returncode == 0
        if not unchanged:
            print(f"  dvc repro -s {stage}: not up to date here, so not measured")
            continue
        spent = min(children_seconds(["dvc", "repro", "-s", stage], Path())[0] for _ in range(repeats))
        print(f"  dvc repro -s {stage + ', nothing to do':27} {spent:9.2f}")


def one_start(room: Path, lean: bool) -> dict[str, float]:
    """`stages.train v1` for two steps in this fresh process: CPU seconds of each part, in order."""
    prepare_environment()
    parts: dict[str, float] = {"interpreter, curriculum": time.process_time()}

    def done(part: str) -> None:
        parts[part] = time.process_time() - sum(parts.values())

    c = load_curriculum()
    if lean:
        import_lean(c.active)
    import torch
    from transformers import Trainer
    from trl import SFTTrainer

    from lineage.training import guards, sft, tokenized_mix
    from lineage.training.adapter_saving import save_adapter
    from lineage.training.backends import hf
    from lineage.training.finished_adapter import sound
    from lineage.training.plan import planned

    done("imports: torch, transformers, peft, trl")
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tokenized_mix.STATE = room / "state"
    job = replace(planned(c, c.version("v1")).job, steps=2, checkpoints=room / "checkpoints")
    done("plan: parent, tokens, order")

    def after(name: str, part: str, owner: Any) -> None:
        inner = getattr(owner, name)

        def wrapped(*given: Any, **more: Any) -> Any:
            result = inner(*given, **more)
            done(part)
            return result

        setattr(owner, name, wrapped)

    after("load", "base and adapter", hf)
    after("__init__", "SFTTrainer", SFTTrainer)
    after("settings", "guards", guards)
    steps: list[float] = []
    step = Trainer.training_step

    def stepped(*given: Any, **more: Any) -> Any:
        if not steps:
            done("the loop's set-up")
        result = step(*given, **more)
        if not steps:
            done("first step, forward and backward")
        steps.append(time.process_time())
        return result

    Trainer.training_step = stepped  # type: ignore[method-assign]
    with contextlib.redirect_stdout(io.StringIO()):
        model, _ = sft.fit(job, hf)
    done("the rest of two steps")
    (room / "out").mkdir(parents=True, exist_ok=True)
    save_adapter(model, job.base_name, room / "out")
    sound(room / "out", job)
    job.tokenizer.save_pretrained(room / "out")
    done("adapter saved and checked")
    return parts


# ---------------------------------------------------------------------------------------------------------- lineage


def lineage(room: Path, tokens: int | None, _: int) -> None:
    """From nothing in a copy: `dvc repro` of eight versions; then the bare loop of each, on the parents it made."""
    c = load_curriculum()
    versions = list(c.versions)[:8]
    missing = [v for v in versions if not Path("data/mixes", v).is_dir()]
    if missing or not Path("models/base/base.json").is_file():
        raise LineageError("lineage needs a base and eight mixes; run: dvc repro base mix")
    copy_workspace(room, tokens)
    stages = [f"train@{v}" for v in versions]
    cpu, clock = children_seconds(["dvc", "repro", "--single-item", *stages], room)
    bare: list[dict[str, float]] = []
    here = Path.cwd()
    os.chdir(room)
    try:
        for version in versions:
            bare.append(apart(run_bare, version, 10**12, room / ".state/bare" / version))
    finally:
        os.chdir(here)
    budget = f", a budget of {tokens:,} tokens each" if tokens else ""
    print(f"  {len(versions)} versions{budget}")
    for unit, spent, key in (("CPU s", cpu, "loop"), ("s by the clock", clock, "clock")):
        loops = sum(run[key] for run in bare)
        print(f"  dvc repro {spent:.1f} {unit}, bare loops {loops:.1f}: {spent / loops:.2f} ×")


def copy_workspace(room: Path, tokens: int | None) -> None:
    """Code, mixes and base, without git and without what was trained; DVC takes the base and the mixes as they are."""
    import yaml

    shutil.copytree(Path.cwd(), room, ignore=shutil.ignore_patterns(*LEFT_BEHIND, "cache", "tmp"))
    shutil.copytree("models/base", room / "models/base")
    (room / ".dvc/config.local").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    if tokens:
        file = room / "params.yaml"
        params = yaml.safe_load(file.read_text(encoding="utf-8"))
        params["profiles"][params["profile"]]["budget"] = {"tokens": tokens}
        file.write_text(yaml.safe_dump(params, allow_unicode=True, sort_keys=False), encoding="utf-8")


def children_seconds(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU seconds of a command and all its children, and seconds by the clock."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"KRX_TRAIN_AGAIN": "1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    clock, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise LineageError(f"{' '.join(command)}: {done.stderr[-500:] or done.stdout[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


# ------------------------------------------------------------------------------------------------------- in a process


@contextlib.contextmanager
def loop_timed() -> Iterator[dict[str, float]]:
    """Seconds of the training loop alone, from before its set-up to its last step."""
    from transformers import Trainer

    spent: dict[str, float] = {}
    inner = Trainer._inner_training_loop

    def timed(*given: Any, **more: Any) -> Any:
        cpu, clock = time.process_time(), time.monotonic()
        result = inner(*given, **more)
        spent.update(loop=time.process_time() - cpu, clock=time.monotonic() - clock)
        return result

    Trainer._inner_training_loop = timed  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Trainer._inner_training_loop = inner  # type: ignore[method-assign]


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

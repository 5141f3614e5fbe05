"""How often the gate of `lineage promote` errs, and what it finds: `python -m benchmarks.calibrate`, `make calibrate`.

    of trainings that differ by their seed alone this gate promotes 2.7% (0.0% to 7.8%): 2,208 first looks at 276 …
    of planted gains it finds, by their size on the goal: +0.10: 6.5% (…); +0.25: 26.0% (…); +0.52: 96.5% (…)

Trains a short chain of the sample world again and again in a clone of this checkout, each time with another seed, and
longer ones as planted effects; every pair is put to the gate by the goal of params.yaml. Writes calibration.json, which
`lineage promote` shows. `--keep FOLDER` keeps the clone and goes on in it. A tiny base: what it says of the gate, it
says of that base, these sets and this goal.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.calibrate.gate_errors import levels, promoted, rates, seed_noise, sides
from benchmarks.calibrate.replicates import made, prepare, replicates
from lineage.artifacts.calibration import Calibration, goal_without_seed, write_calibration
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import CALIBRATION
from lineage.promotion.known_errors import known_errors

LONGER = (1.15, 1.4, 2.0)  # budgets of the planted effects, in shares of the trial's


def main() -> None:
    """Train what is missing, decide on every pair, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--keep", type=Path, help="a folder for the clone, which then stays")
    parser.add_argument("--seeds", type=int, default=24, help="trainings that differ by their seed alone")
    parser.add_argument("--planted", type=int, default=12, help="trainings of each planted effect")
    parser.add_argument("--tokens", type=int, default=60_000, help="the budget of a training")
    parser.add_argument("--halves", type=int, default=4, help="halves of the held-out documents a pair is decided on")
    asked = parser.parse_args()
    c, here = load_curriculum(), Path.cwd()
    wanted = replicates(asked.seeds, dict.fromkeys(LONGER, asked.planted))
    with tempfile.TemporaryDirectory() as scratch:
        prepare((asked.keep or Path(scratch, "clone")).absolute(), wanted, asked.tokens)
        for number, one in enumerate(made(wanted), 1):
            print(f"{number} of {len(wanted)}: {one.name}, seed {one.seed}, budget × {one.scale:g}", flush=True)
        side = sides(wanted)
        profile = load_curriculum().profile
        os.chdir(here)
    of_scale = {scale: [side[one.name] for one in wanted if one.scale == scale] for scale in (1.0, *LONGER)}
    unchanged = of_scale[1.0]
    guarded = tuple(unchanged[0].rows)
    found = [
        rates(scale, *promoted(unchanged, candidates, c.goal, guarded, asked.halves), asked.halves)
        for scale, candidates in of_scale.items()
    ]
    calibration = Calibration(
        profile=profile,
        tokens=asked.tokens,
        goal=goal_without_seed(c.goal),
        trainings=asked.seeds,
        seed_noise=round(seed_noise(levels(unchanged, c.goal)), 4),
        unchanged=found[0],
        planted=tuple(found[1:]),
    )
    write_calibration(CALIBRATION, calibration)
    print("\n".join(known_errors(c, calibration)))
    print(
        f"written to {CALIBRATION}; in params.yaml, for these trainings: goal: {{seed_noise: {calibration.seed_noise}}}"
    )


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

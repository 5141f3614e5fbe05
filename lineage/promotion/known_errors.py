"""How often the gate errs, in sentences for the card of a decision: what `make calibrate` measured, and where not."""

from collections.abc import Iterator

from lineage.artifacts.calibration import Calibration, PairRates, goal_without_seed
from lineage.config.schema import Curriculum
from lineage.core.paths import CALIBRATION

POWER = 0.8


def known_errors(c: Curriculum, found: Calibration | None) -> Iterator[str]:
    """What is known of the gate's errors, a sentence a line.

    Args:
        c: the curriculum, with the profile and the goal that the gate decides by.
        found: what was measured; None where nothing was.
    """
    if found is None:
        yield f"how often this gate errs was not measured ({CALIBRATION} is absent): make calibrate"
    else:
        yield from _measured(found)
        if found.profile != c.profile:
            yield f"that was measured with profile {found.profile}; of profile {c.profile} nothing is known"
        if c.data != "sample":
            yield f"that was measured on the sample world; of data {c.data} nothing is known"
        if found.goal != goal_without_seed(c.goal):
            yield "that was measured for another goal than that of params.yaml: make calibrate"
    if found and c.goal.seed_noise < found.seed_noise:
        yield (
            f"goal.seed_noise is {c.goal.seed_noise:g}, measured were {found.seed_noise:.3g}: the gate lets in more "
            "trainings that were only luckier than the figures above say"
        )
    elif not c.goal.seed_noise:
        yield "goal.seed_noise is 0: that a version is better may be the luck of its seed"


def _measured(found: Calibration) -> Iterator[str]:
    same = found.unchanged
    yield (
        f"of trainings that differ by their seed alone this gate promotes {_share(same)}: {same.decisions:,} first "
        f"looks at {same.pairs:,} pairs of {found.trainings} trainings of {found.tokens:,} tokens, profile "
        f"{found.profile}"
    )
    gains = "; ".join(f"{one.gain:+.2f}: {_share(one)}" for one in found.planted)
    yield f"of planted gains it finds, by their size on the goal: {gains}"
    sure = [one for one in found.planted if one.promoted >= POWER]
    if sure:
        yield f"a gain of {min(sure, key=lambda one: one.gain).gain:.2f} is found in at least {POWER:.0%} of cases"
    else:
        yield f"none of them is found in {POWER:.0%} of cases: hold more rows out, or train longer"


def _share(one: PairRates) -> str:
    return f"{one.promoted:.1%} ({one.interval[0]:.1%} to {one.interval[1]:.1%})"

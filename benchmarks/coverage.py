"""How often a 95 % interval holds the truth, and how often unchanged versions are called changed: by simulation.

    python -m benchmarks.coverage               # about ten minutes
    python -m benchmarks.coverage --times 300   # coarser

Rows as a lineage has them: tokens by row and nats a token are lognormal (log-sd 0.5 each), rows of a group (document,
article) resemble each other and are up to a dozen, a gain grows with the NLL that it takes away and is skewed as it
is. Right answers of a group agree more often than chance; two models disagree on few rows. "bootstrap" is the
percentile bootstrap over rows without groups, floor or correction. Nothing is asserted.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from lineage.statistics.judgement import LEVEL, Observed, judge
from lineage.statistics.ratio import Interval, Sample, ratio
from lineage.statistics.shares import share, share_difference

GROUPS = (3, 10, 48, 500)
ROWS = (1, 3, 5, 8, 20, 48)
RESAMPLES = 400
SETS = 16  # that two versions are compared on
DOCUMENT = 4  # rows of a group, in the mean

Random = np.random.Generator
Rows = tuple[np.ndarray, tuple[str, ...]]  # a row's number, and its group's name


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is estimated.

    draw: (random, groups, rows of a group) → the rows. truth: what they are drawn from; None: the mean of very many.
    """

    name: str
    draw: Callable[[Random, int, int], Sample]
    estimate: Callable[[Sample], Interval | None]
    truth: float | None = None


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--times", type=int, default=2000, help="simulated sets behind each figure")
    times = options.parse_args().times
    print(f"Coverage of the 95 % interval, {times:,} sets each: bootstrap over rows → here\n")
    print(f"{'':<34}" + "".join(f"{groups:>18} groups" for groups in GROUPS))
    for figure in FIGURES:
        for document in (1, DOCUMENT):
            cells = [covered(figure, groups, document, times if groups < 500 else times // 4) for groups in GROUPS]
            name = f"{figure.name}, {document} row{'s' * (document > 1)} a group"
            print(f"{name:<34}" + "".join(f"{before:>14.1%} → {now:>6.1%}" for before, now in cells))
    print(f"\nUnchanged versions called changed, {times:,} sets each: bootstrap over rows → here\n")
    print(f"{'rows':<34}" + "".join(f"{rows:>25}" for rows in ROWS))
    for name, kind in UNCHANGED.items():
        for document in (1, DOCUMENT):
            cells = [called_changed(kind, rows, document, times) for rows in ROWS]
            label = f"{name}, {document} row{'s' * (document > 1)} a group"
            print(f"{label:<34}" + "".join(f"{before:>16.1%} → {now:>6.1%}" for before, now in cells))
    before, now = any_called_changed(times)
    print(
        f"\n{SETS} unchanged sets of 8 to 60 rows, NLL and right answers: a comparison says changed of at least one in"
    )
    print(f"{before:.1%} → {now:.1%} of {times:,} comparisons")
    print("\nA difference of the size that a set is said to show is found in")
    for name, found in found_at_the_smallest(times).items():
        print(f"  {found:.1%}: {name}")


# The rows


def in_groups(random: Random, groups: int, document: int) -> Rows:
    """Rows of so many groups; of each `document` in the mean."""
    sizes = np.ones(groups, int) if document == 1 else np.minimum(random.geometric(1 / document, groups), 12)
    group = np.repeat(np.arange(groups), sizes)
    return group, tuple(map(str, group))


def spread(random: Random, group: np.ndarray, between: float, within: float) -> np.ndarray:
    """Normal noise by row, of which a part is that of its group."""
    return random.normal(0, between, group.max() + 1)[group] + random.normal(0, within, len(group))


def tokens(random: Random, rows: int) -> np.ndarray:
    """Supervised tokens by row."""
    return np.maximum(3, np.exp(random.normal(3.5, 0.5, rows)).round())


def level_nll(random: Random, groups: int, document: int) -> Sample:
    """The NLL of one model."""
    group, names = in_groups(random, groups, document)
    length = tokens(random, len(group))
    return Sample(np.exp(0.7 + spread(random, group, 0.3, 0.4)) * length, length, names)


def gained_nll(random: Random, groups: int, document: int) -> Sample:
    """What a version gained on each row: a share of the NLL, itself lognormal."""
    nll = level_nll(random, groups, document)
    group = np.array(nll.groups, int)
    return Sample(-0.2 * nll.value * np.exp(spread(random, group, 0.3, 0.3)), nll.weight, nll.groups)


def same_nll(random: Random, groups: int, document: int) -> Sample:
    """The difference of two models that are equally good, in documents that suit now the one, now the other."""
    nll = level_nll(random, groups, document)
    return Sample(nll.value * spread(random, np.array(nll.groups, int), 0.1, 0.15), nll.weight, nll.groups)


def right_answers(often: float) -> Callable[[Random, int, int], Sample]:
    """Right answers of one model; half of a group's rows go as its first."""

    def draw(random: Random, groups: int, document: int) -> Sample:
        group, names = in_groups(random, groups, document)
        first, own = random.random(groups)[group], random.random(len(group))
        right = np.where(random.random(len(group)) < 0.5, first, own) < often
        return Sample(right.astype(float), np.ones(len(group)), names)

    return draw


def changed_answers(often: float, better: float) -> Callable[[Random, int, int], Sample]:
    """Right answers of one model less another's: they differ on few rows, of which a share is won."""

    def draw(random: Random, groups: int, document: int) -> Sample:
        group, names = in_groups(random, groups, document)
        pick = random.random(len(group)) < 0.5
        at = np.where(pick, random.random(groups)[group], random.random(len(group)))
        change = np.where(at < often * better, 1.0, np.where(at < often, -1.0, 0.0))
        return Sample(change, np.ones(len(group)), names)

    return draw


def _difference(sample: Sample) -> Interval:
    return share_difference(sample.value, np.zeros(len(sample.value)), sample.groups).interval


FIGURES = [
    Figure("NLL of a model", level_nll, lambda s: ratio([s]).interval),
    Figure("gain in NLL", gained_nll, lambda s: ratio([s]).interval),
    Figure("no gain in NLL", same_nll, lambda s: ratio([s]).interval, 0.0),
    *(
        Figure(f"{p:.0%} right", right_answers(p), lambda s: share(s.value, s.groups).interval, p)
        for p in (0.05, 0.5, 0.9)
    ),
    Figure("no gain in answers", changed_answers(0.15, 0.5), _difference, 0.0),
    Figure("22 % more answers", changed_answers(0.3, 0.87), _difference, 0.3 * (2 * 0.87 - 1)),
]
UNCHANGED = {"NLL": same_nll, "answers": changed_answers(0.15, 0.5)}


# The figures


def bootstrap(random: Random, sample: Sample) -> Interval:
    """The percentile interval over rows."""
    rows = len(sample.value)
    drawn = random.multinomial(rows, np.full(rows, 1 / rows), RESAMPLES)
    low, high = np.quantile((drawn @ sample.value) / (drawn @ sample.weight), [0.025, 0.975])
    return float(low), float(high)


@cache
def true_value(figure: Figure, document: int) -> float:
    """What the intervals should hold: what the rows were drawn from, or the mean of very many."""
    if figure.truth is not None:
        return figure.truth
    many = figure.draw(np.random.default_rng(document), 100_000, document)
    return float(many.value.sum() / many.weight.sum())


def covered(figure: Figure, groups: int, document: int, times: int) -> tuple[float, float]:
    """How often the bootstrap's interval, and ours, holds the truth.

    Args:
        figure: what is estimated.
        groups: of each set.
        document: rows of a group.
        times: sets.
    """
    random = np.random.default_rng([groups, document, len(figure.name)])
    truth = true_value(figure, document)
    before = now = 0
    for _ in range(times):
        sample = figure.draw(random, groups, document)
        low, high = bootstrap(random, sample)
        before += low <= truth <= high
        low, high = figure.estimate(sample) or (-np.inf, np.inf)
        now += low - 1e-9 <= truth <= high + 1e-9
    return before / times, now / times


def tested(sample: Sample, answers: bool) -> Observed:
    """A difference as the report tests it."""
    if answers:
        found = share_difference(sample.value, np.zeros(len(sample.value)), sample.groups)
        return Observed(found.value, found.p, found.rows, found.groups, 1)
    nll = ratio([sample])
    return Observed(nll.value, nll.p, nll.rows, nll.groups, -1)


def of_rows(draw: Callable[[Random, int, int], Sample], random: Random, rows: int, document: int) -> Sample:
    """A set of so many rows, the last group cut.

    Args:
        draw: what the rows are.
        random: where chance comes from.
        rows: of the set.
        document: rows of a group.
    """
    whole = draw(random, rows, document)
    return Sample(whole.value[:rows], whole.weight[:rows], whole.groups[:rows])


def called_changed(
    draw: Callable[[Random, int, int], Sample], rows: int, document: int, times: int
) -> tuple[float, float]:
    """How often the bootstrap, and we, say changed of versions that are not.

    Args:
        draw: the rows' differences.
        rows: of a set.
        document: rows of a group.
        times: sets.
    """
    random = np.random.default_rng([rows, document])
    before = now = 0
    for _ in range(times):
        sample = of_rows(draw, random, rows, document)
        low, high = bootstrap(random, sample)
        before += low > 0 or high < 0
        now += judge({"": tested(sample, draw is not same_nll)})[""].verdict in ("improved", "worse")
    return before / times, now / times


def any_called_changed(times: int) -> tuple[float, float]:
    """How often unchanged versions, compared on all sets, are called changed on at least one."""
    random = np.random.default_rng(SETS)
    before = now = 0
    for _ in range(times):
        seen, differences = False, dict[str, Observed]()
        for at in range(SETS):
            rows, document = int(random.integers(8, 60)), (1, DOCUMENT)[at % 2]
            for name, draw in list(UNCHANGED.items())[: 1 + (at % 4 < 2)]:  # half of the sets have right answers
                sample = of_rows(draw, random, rows, document)
                low, high = bootstrap(random, sample)
                seen |= low > 0 or high < 0
                differences[f"{name} {at}"] = tested(sample, draw is not same_nll)
        before += seen
        now += any(one.verdict in ("improved", "worse") for one in judge(differences).values())
    return before / times, now / times


def found_at_the_smallest(times: int) -> dict[str, float]:
    """How often a gain is found that is as large as the set is said to show, by set; tested at the level of one set."""
    found = {}
    for rows in (20, 48, 200):
        random = np.random.default_rng(rows)
        hits = 0
        sizes = [ratio([of_rows(same_nll, random, rows, 1)]).smallest(LEVEL) or 0.0 for _ in range(200)]
        for _ in range(times):
            sample = of_rows(same_nll, random, rows, 1)
            gain = Sample(sample.value - float(np.median(sizes)) * sample.weight, sample.weight, sample.groups)
            hits += judge({"": tested(gain, False)})[""].verdict == "improved"
        found[f"NLL, {rows} rows, {np.median(sizes):.3f} nats a token"] = hits / times
    return found


if __name__ == "__main__":
    main()

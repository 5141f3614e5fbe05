"""How often the 95 % interval of a figure of a whole set, BLEU or macro-F1, holds the truth: by simulation.

    python -m benchmarks.whole_set_figures               # some minutes
    python -m benchmarks.whole_set_figures --times 200   # coarser

BLEU: answers of 8 to 30 words that miss some, those of a group alike; counts of n-grams as sacrebleu takes them.
macro-F1: seven grades of which A and G are rare, as loans have them; six of ten answers right, one of twenty no grade.
The interval is that of lineage/statistics/jackknife.py. Nothing is asserted.
"""

import argparse
from collections.abc import Callable
from functools import cache, partial

import numpy as np

from lineage.evaluation.translation_scores import bleu_of
from lineage.statistics.jackknife import of_sums
from lineage.statistics.label_counts import as_counts, macro_f1

GROUPS = (3, 10, 48, 500)
DOCUMENT = 4  # rows of a group, in the mean
MANY = 40_000  # groups, whose figure is taken for the truth
GRADES = "ABCDEFG"
COMMON = np.array([0.05, 0.25, 0.28, 0.2, 0.12, 0.07, 0.03])

Draw = Callable[[np.random.Generator, np.ndarray], np.ndarray]  # the group of each row → its counts
Score = Callable[[np.ndarray], float]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--times", type=int, default=1000, help="simulated sets behind each figure")
    times = options.parse_args().times
    print(
        f"Coverage of the 95 % interval, {times:,} sets each (a fifth of them at 500 groups); no interval: left out\n"
    )
    print(f"{'':<28}" + "".join(f"{groups:>16} groups" for groups in GROUPS))
    for name in FIGURES:
        for document in (1, DOCUMENT):
            shown = []
            for groups in GROUPS:
                held, given = covered(name, groups, document, times if groups < 500 else times // 5)
                shown.append(f"{held:>14.1%} of {given:>4.0%}")
            print(f"{name}, {document} row{'s' * (document > 1)} a group".ljust(28) + "  ".join(shown))


def in_groups(random: np.random.Generator, groups: int, document: int) -> np.ndarray:
    """The group of each row; of each group `document` rows in the mean."""
    sizes = np.ones(groups, int) if document == 1 else np.minimum(random.geometric(1 / document, groups), 12)
    return np.repeat(np.arange(groups), sizes)


def translations(random: np.random.Generator, group: np.ndarray) -> np.ndarray:
    """Counts as sacrebleu's BLEU takes them: both lengths, shared n-grams of four orders, and all of the answer's."""
    hit = random.beta(8, 3, group.max() + 1)[group]
    counts = []
    for chance in hit:
        expected, length = int(random.integers(8, 31)), 0
        length = max(4, expected + int(random.integers(-3, 4)))
        right = random.random(length) < chance
        runs = [sum(bool(right[at : at + n].all()) for at in range(length - n + 1)) for n in (1, 2, 3, 4)]
        counts.append([length, expected, *runs, *(length - n + 1 for n in (1, 2, 3, 4))])
    return np.array(counts, float)


def grades(random: np.random.Generator, group: np.ndarray) -> np.ndarray:
    """The cells of the confusion that each loan counts in; half of a group's rows are as hard as its first."""
    expected = random.choice(7, size=len(group), p=COMMON)
    shared = random.random(group.max() + 1)[group]
    luck = np.where(random.random(len(group)) < 0.5, shared, random.random(len(group)))
    other = np.where(random.random(len(group)) < 0.125, 7, random.choice(7, size=len(group), p=COMMON))
    said = np.where(luck < 0.6, expected, other)
    return as_counts([GRADES[at] for at in expected], [GRADES[at] if at < 7 else "" for at in said], GRADES)


FIGURES: dict[str, tuple[Draw, Score]] = {
    "BLEU": (translations, partial(bleu_of, into="en")),
    "macro-F1": (grades, partial(macro_f1, labels=7)),
}


@cache
def true_value(name: str, document: int) -> float:
    """The figure of very many groups."""
    draw, figure = FIGURES[name]
    random = np.random.default_rng(document)
    return figure(draw(random, in_groups(random, MANY, document)).sum(0))


def covered(name: str, groups: int, document: int, times: int) -> tuple[float, float]:
    """How often the interval holds the truth where there is one, and how often there is one.

    Args:
        name: of the figure.
        groups: of a set.
        document: rows of a group.
        times: sets.
    """
    draw, figure = FIGURES[name]
    random = np.random.default_rng([groups, document])
    held = given = 0
    for _ in range(times):
        group = in_groups(random, groups, document)
        _, interval = of_sums(figure, draw(random, group), tuple(map(str, group)))
        if interval:
            given += 1
            held += interval[0] <= true_value(name, document) <= interval[1]
    return held / max(given, 1), given / times


if __name__ == "__main__":
    main()

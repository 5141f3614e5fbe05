"""The figures of a set beside NLL and score, as a model card tells them: of the parent and of the version, with words.

`cut` and `endless` are told with the rows that were not asked, `chrf` of free answers is the score; the shares of empty
answers and of such in another language are told where there are any.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lineage.artifacts.comparison import ComparedSet, TableModel
from lineage.artifacts.set_figures import SetFigure

LANGUAGES = {"ko": "Korean", "en": "English", "zh": "Chinese", "ja": "Japanese"}
NAMES = {
    "letter_bias": "letter bias",
    "accuracy": "right labels, as said",
    "macro_f1": "macro-F1 of labels",
    "invalid": "answers that are no label",
    "chosen_right": "right option, after reasoning",
    "chosen_none": "answers that choose no option",
    "chrf": "chrF",
    "bleu": "BLEU",
    "rouge_l": "ROUGE-L",
    "unanswerable_right": "cannot be answered, and says so",
    "answerable_declined": "can be answered, and says not",
    "empty": "empty answers",
    "other_language": "answers in another language",
}
MARKS = ("chrf", "bleu", "rouge_l")  # of which the field writes 0 to 100; the others are shares
TOLD_ELSEWHERE = ("cut", "endless", "chrf")
ONLY_WHERE_THERE_ARE_ANY = ("empty", "other_language")


class ToldFigure(NamedTuple):
    """One line: what it is, of the parent ("–" where it has none) and of the version, the interval, and a remark."""

    name: str
    before: str
    now: str
    interval: str
    remark: str


def task_figures(one: ComparedSet) -> Iterator[ToldFigure]:
    """The lines of a set."""
    for name, figure in one.figures.items():
        before = one.parent_figures.get(name)
        any_there = figure.value or (before and before.value)
        if name in TOLD_ELSEWHERE or (name in ONLY_WHERE_THERE_ARE_ANY and not any_there):
            continue
        ends = figure.interval
        yield ToldFigure(
            name=named(name),
            before=scaled(name, before.value) if before else "–",
            now=scaled(name, figure.value),
            interval=f"{scaled(name, ends[0])} to {scaled(name, ends[1])}" if ends else "none",
            remark=one.places.said if name == "letter_bias" and one.places else _remark(figure, one),
        )


def beside_a_table(version: str, parent: str, one: ComparedSet, table: TableModel) -> Iterator[tuple[str, ...]]:
    """Lines of parent, version and the model of tables: right labels and macro-F1, each with its interval.

    Args:
        version: its name.
        parent: the name of what it continues.
        one: a set with labels, as the two answered it.
        table: the model of tables on the same rows.
    """
    boosted = {"accuracy": table.accuracy, "macro_f1": table.macro_f1}
    for name, figures in ((parent, one.parent_figures), (version, one.figures), ("gradient boosting", boosted)):
        cells = [name]
        for figure in ("accuracy", "macro_f1"):
            found = figures.get(figure)
            ends = found.interval if found else None
            cells += [scaled(figure, found.value) if found else "–"]
            cells += [f"{scaled(figure, ends[0])} to {scaled(figure, ends[1])}" if ends else "none"]
        yield tuple(cells)


def generation_said(made: Mapping[str, Any]) -> str:
    """How answers in the model's own words were made; "" where that is not recorded."""
    if not made:
        return ""
    told = [f"{name} {made[name]}" for name in ("temperature", "top_p", "top_k") if name in made]
    if made.get("repetition_penalty", 1.0) != 1.0:
        told.append(f"repetition penalty {made['repetition_penalty']}")
    said = "drawn, from a seed of each row" if made.get("do_sample") else "the likeliest text"
    most = made.get("new_tokens") or made.get("max_new_tokens")
    said += f" ({', '.join(told)})" if told else ""
    said += f", {'' if 'new_tokens' in made else 'at most '}{most} tokens until it is cut"
    return said + (", then trimmed to whole sentences" if made.get("trim") else "")


def named(name: str) -> str:
    """What a figure is called."""
    measure, _, into = name.partition(".")
    if measure == "valid":
        return f"answers that name one label within {into} tokens"
    return f"{NAMES.get(measure, measure)}{f' into {LANGUAGES.get(into, into)}' if into else ''}"


def scaled(name: str, value: float) -> str:
    """A figure as the field writes it."""
    return _mark(value) if name.partition(".")[0] in MARKS else _share(value)


def _remark(figure: SetFigure, one: ComparedSet) -> str:
    said = [f"of {figure.rows:,} rows"] if figure.rows != one.rows else []
    said += [f"by chance {scaled('', figure.chance)}"] if figure.chance is not None else []
    return ", ".join(said)


def _share(value: float) -> str:
    return f"{value:.0%}"


def _mark(value: float) -> str:
    return f"{100 * value:.1f}"

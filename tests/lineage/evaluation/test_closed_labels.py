import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from lineage.evaluation.closed_labels import confusion_of, label_of, named_label
from lineage.statistics.label_counts import as_counts, macro_f1

GRADES = tuple("ABCDEFG")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("B", "B"),
        (" B. ", "B"),
        ("'B'입니다.", "B"),
        ("B이다", "B"),
        ("H", ""),
        ("b", ""),
        ("B 또는 C", ""),
        ("등급은 B", ""),
        ("BB", ""),
        ("", ""),
    ],
)
def test_an_answer_is_a_label_and_nothing_else(answer: str, label: str) -> None:
    assert label_of(answer, GRADES) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("등급은 B등급입니다. 이유는", "B등급"),
        ("\n\nB등급\n###설명", "B등급"),
        ("B등급이다", "B등급"),
        ("B등급 또는 C등급", ""),
        ("AB등급", ""),
        ("B등급표", ""),
        ("B", ""),
        ("", ""),
    ],
)
def test_a_label_is_named_as_a_word_and_alone(text: str, label: str) -> None:
    assert named_label(text, [f"{letter}등급" for letter in GRADES]) == label


def test_labels_of_several_words() -> None:
    assert label_of("정답: 예.", ("정답: 예", "정답: 아니오")) == "정답: 예"
    assert label_of("아니오", ("예", "아니오")) == "아니오"


def test_macro_f1_and_confusion_are_scikit_learn_s() -> None:
    random = np.random.default_rng(0)
    for rows, labels in ((60, GRADES), (9, GRADES), (40, ("예", "아니오"))):
        expected = [labels[i] for i in random.integers(len(labels), size=rows)]
        said = [e if random.random() < 0.4 else [*labels, ""][random.integers(len(labels) + 1)] for e in expected]
        cells = as_counts(expected, said, labels)
        there = sorted(set(expected))
        theirs = f1_score(expected, said, labels=there, average="macro", zero_division=0)
        assert macro_f1(cells.sum(0), len(labels)) == pytest.approx(theirs)
        confusion = confusion_of(expected, said, labels)
        table = confusion_matrix(expected, [s or "none" for s in said], labels=[*labels, "none"])
        assert np.array_equal(np.array(confusion.counts), table[:-1])
        hits = np.trace(np.array(confusion.counts)[:, :-1]) / rows
        assert hits == pytest.approx(accuracy_score(expected, said))


def test_who_always_says_the_commonest_grade_has_little_macro_f1() -> None:
    expected, said = ["B"] * 9 + list("ACDEFG"), ["B"] * 15
    assert macro_f1(as_counts(expected, said, GRADES).sum(0), 7) == pytest.approx(2 * 9 / (9 + 15) / 7)

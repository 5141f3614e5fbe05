import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

from lineage.evaluation.translation_scores import (
    bleu_counts,
    bleu_of,
    bleu_signature,
    chrf_counts,
    chrf_of,
    chrf_signature,
)

TEXTS = {
    "zh": [
        ("净利润是从收入中扣除费用后的余额。", "净利润是指收入减去费用后的余额。"),
        ("今天股市休市。", "今日股市休市。"),
        ("市场上涨了1.2%。", "指数上涨了1.2%。"),
    ],
    "ko": [
        ("순이익은 수익에서 비용을 뺀 것입니다.", "순이익은 수익에서 비용을 뺀 금액이다."),
        ("오늘은 휴장이다.", "오늘 시장은 휴장입니다."),
        ("지수가 1.2% 올랐다.", "지수는 1.2% 상승하였다."),
    ],
    "en": [
        ("The market is closed today.", "The market is closed today."),
        ("Net income rose by 3.5%.", "Net profit rose 3.5% in the quarter."),
        ("", "It fell."),
    ],
}


@pytest.mark.parametrize(("into", "tokenize"), [("zh", "zh"), ("ko", "ko-mecab"), ("en", "13a")])
def test_the_counts_of_rows_add_up_to_sacrebleu_s_corpus_bleu(into: str, tokenize: str) -> None:
    answers, expected = zip(*TEXTS[into], strict=True)
    theirs = BLEU(tokenize=tokenize)
    score = theirs.corpus_score(list(answers), [list(expected)]).score
    sums = np.array([bleu_counts(a, e, into) for a, e in TEXTS[into]], float).sum(0)
    assert score > 0 and bleu_of(sums, into) == pytest.approx(score / 100)
    assert bleu_signature(into) == str(theirs.get_signature())


def test_the_counts_of_rows_add_up_to_sacrebleu_s_corpus_chrf() -> None:
    pairs = TEXTS["ko"] + TEXTS["zh"]
    theirs = CHRF()
    score = theirs.corpus_score([a for a, _ in pairs], [[e for _, e in pairs]]).score
    assert chrf_of(np.array([chrf_counts(*pair) for pair in pairs], float).sum(0)) == pytest.approx(score / 100)
    assert chrf_signature() == str(theirs.get_signature())


def test_korean_is_taken_apart_into_morphemes_and_chinese_into_characters() -> None:
    assert "tok:ko-mecab-" in bleu_signature("ko") and "tok:zh" in bleu_signature("zh")
    other_particle = ("지수가 어제보다 크게 올랐다", "지수는 어제보다 크게 올랐다")
    assert bleu_counts(*other_particle, "ko")[2] > bleu_counts(*other_particle, "en")[2]
    assert bleu_counts("今天股市休市", "今天股市休市", "zh")[:2] == (6, 6)


def test_an_answer_of_nothing_scores_nothing() -> None:
    assert bleu_of(np.array(bleu_counts("", "오늘은 휴장이다", "ko"), float), "ko") == 0.0
    assert chrf_of(np.array(chrf_counts("", "오늘은 휴장이다"), float)) == 0.0

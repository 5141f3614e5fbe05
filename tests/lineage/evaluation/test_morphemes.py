import random

import pytest
from rouge_score.rouge_scorer import RougeScorer

from lineage.evaluation.morphemes import Morphemes, morphemes, rouge_l, rouge_signature


def test_a_text_is_taken_apart_into_morphemes_and_figures_stay_whole() -> None:
    assert morphemes("매출은 12.5% 늘었다") == ["매출", "은", "12.5", "%", "늘", "었", "다"]
    assert morphemes("KOSPI 200") == ["KOSPI", "200"]


def test_another_particle_costs_one_morpheme_not_a_word() -> None:
    assert rouge_l("매출이 늘었다", "매출은 늘었다") == pytest.approx(4 / 5)
    assert rouge_l("매출은 늘었다", "매출은 늘었다") == 1.0
    assert rouge_l("", "매출은 늘었다") == 0.0 == rouge_l("现金", "매출은 늘었다")


def test_it_is_what_rouge_score_computes() -> None:
    words = [
        "매출",
        "은",
        "이",
        "전년",
        "대비",
        "늘",
        "었",
        "다",
        "12.5",
        "%",
        "영업",
        "이익",
        "을",
        "KOSPI",
        "줄",
        "고",
    ]
    theirs, chance = RougeScorer(["rougeL"], tokenizer=Morphemes()), random.Random(0)
    for _ in range(60):
        answer, expected = (" ".join(chance.choices(words, k=chance.randint(1, 12))) for _ in range(2))
        assert rouge_l(answer, expected) == theirs.score(expected, answer)["rougeL"].fmeasure


def test_the_signature_names_what_decides_on_morphemes() -> None:
    assert "kiwipiepy:" in rouge_signature() and "kiwipiepy_model:" in rouge_signature()

import pytest
from sacrebleu.metrics import BLEU, CHRF

from lineage.artifacts.measures import Ending, MeasuredRow
from lineage.base_model.chat_template import Tokens
from lineage.config.measuring import SetEvaluation
from lineage.core.errors import LineageError
from lineage.evaluation.answering import SpokenAnswer
from lineage.evaluation.figures_of_set import confusion_in, figures_of, places_in, signatures_of
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.marking import marked
from lineage.evaluation.set_kind import SetKind, kind_of
from lineage.readers.text.no_answer import ALLOWED, NO_ANSWER
from lineage.readers.text.translation import both_ways
from lineage.records.record import Record
from tests import tiny

TOKENS = [Tokens([1, 2], [-100, 2])] * 8
GRADES = tuple("ABC")


def answered(
    records: list[Record], said: list[str], *, endings: list[Ending] | None = None, **spec: object
) -> tuple[list[MeasuredRow], SetKind]:
    """The rows of a set whose questions were answered so; the right option is the likeliest of each."""
    kind = kind_of(HeldOutSet("a.record", tuple(records), len(records), "0"), SetEvaluation.model_validate(spec))
    ends = endings or ["stopped"] * len(records)
    rows = [
        marked("a.record", r, kind, TOKENS, likelihoods(r, r.correct or 0), SpokenAnswer(text, end))
        for r, text, end in zip(records, said, ends, strict=True)
    ]
    return rows, kind


def likelihoods(record: Record, picked: int) -> list[float]:
    return [1.0 if at == picked else 2.0 for at in range(len(record.options) or 1)]


def pairs(*sentences: tuple[str, str], language: str) -> list[Record]:
    made = [r for ko, other in sentences for r in both_ways(ko, other, language, {"file": "p", "row": 1})]
    return [r.placed("p", "own") for r in made if isinstance(r, Record)]


def test_a_translation_set_has_bleu_and_chrf_for_each_language_that_it_translates_into() -> None:
    records = pairs(("오늘은 휴장이다.", "今天股市休市。"), ("지수가 올랐다.", "指数上涨了。"), language="중국어")
    said = ["今日股市休市。", "오늘은 휴장입니다.", "指数上涨了。", "지수는 올랐다."]
    rows, kind = answered(records, said)
    found = figures_of(rows, kind)
    expected = {"zh": [records[0], records[2]], "ko": [records[1], records[3]]}
    for into, tokenize, answers in (("zh", "zh", said[::2]), ("ko", "ko-mecab", said[1::2])):
        references = [[r.completion for r in expected[into]]]
        assert found[f"bleu.{into}"].value == pytest.approx(
            BLEU(tokenize=tokenize).corpus_score(answers, references).score / 100, abs=1e-4
        )
        assert found[f"chrf.{into}"].value == pytest.approx(
            CHRF().corpus_score(answers, references).score / 100, abs=1e-4
        )
        assert found[f"bleu.{into}"].rows == 2
    assert "rouge_l" not in found and "bleu" not in found
    assert signatures_of(found)["bleu.ko"].startswith("nrefs:1|case:mixed|eff:no|tok:ko-mecab")


def test_free_answers_have_chrf_and_rouge_l() -> None:
    records = [tiny.row("s", f"{n}?", "매출은 늘었다") for n in range(3)]
    rows, kind = answered(records, ["매출은 늘었다", "매출이 늘었다", ""])
    found = figures_of(rows, kind)
    assert found["rouge_l"].value == pytest.approx((1 + 0.8 + 0) / 3, abs=1e-4)
    assert {"chrf", "rouge_l", "empty", "cut", "endless", "other_language"} == set(found)
    assert found["empty"].value == pytest.approx(1 / 3, abs=1e-4)


def test_of_answers_that_reason_first_it_is_counted_which_option_they_choose() -> None:
    """chrF hardly tells them apart: nine of ten letters are the same."""
    listed = "무엇입니까?\nA. 현금\nB. 차입금\nC. 재고\nD. 예금"
    expected = "빌린 돈은 갚아야 하므로 부채이다. 따라서 정답은 B 입니다.\n정답: B. 차입금"
    records = [tiny.row("m", f"{n}: {listed}", expected) for n in range(4)] + [tiny.row("m", "부채는?", "갚을 돈이다.")]
    other = expected.replace("B 입", "C 입").replace("B. 차입금", "C. 재고")
    rows, kind = answered(
        records,
        [expected, other, expected, "모른다.", "갚을 돈이다."],
        endings=[*["stopped"] * 2, "cut", *["stopped"] * 2],
    )
    assert rows[1].score is not None and rows[1].score > 0.7
    found = figures_of(rows, kind)
    assert (found["chosen_right"].value, found["chosen_right"].rows, found["chosen_right"].chance) == (0.25, 4, 0.25)
    assert found["chosen_none"].value == 0.5
    rows, kind = answered(records, [expected] * 5, measures=["chrf"])
    assert set(figures_of(rows, kind)) == {"chrf"}
    assert "chance" not in found["chosen_none"].model_dump()


def test_marks_that_are_all_alike_show_no_noise_and_have_no_interval() -> None:
    rows, kind = answered([tiny.row("s", f"{n}?", "매출은 늘었다") for n in range(9)], ["现金"] * 9)
    found = figures_of(rows, kind)
    assert (found["rouge_l"].value, found["rouge_l"].interval, found["chrf"].interval) == (0.0, None, None)


def test_a_question_without_an_answer_is_right_if_that_is_said_and_wrong_if_one_is_invented() -> None:
    asked = f"표\n\n질문: 매출액은?\n{ALLOWED}"
    can = [tiny.row("t", f"{n} {asked}", "매출이 늘었기 때문이다") for n in range(2)]
    cannot = [tiny.row("t", f"{n} {asked}", NO_ANSWER) for n in range(2, 5)]
    said = ["매출이 늘었기 때문이다", "답을 찾을 수 없습니다.", NO_ANSWER, "12억원", f"{NO_ANSWER}. 12억원"]
    rows, kind = answered([*can, *cannot], said)
    assert [row.score for row in rows] == [1.0, 0.0, 1.0, 0.0, 0.0]
    found = figures_of(rows, kind)
    right, declined = found["unanswerable_right"], found["answerable_declined"]
    assert (right.value, right.rows) == (0.3333, 3) and (declined.value, declined.rows) == (0.5, 2)
    assert found["chrf"].rows == 2, "no words are expected where there is no answer"


def test_where_the_data_do_not_say_so_nothing_is_counted_as_unanswerable() -> None:
    rows, kind = answered([tiny.row("t", "매출액은?", "12억원이다")], [NO_ANSWER])
    assert not {"unanswerable_right", "answerable_declined"} & set(figures_of(rows, kind))
    assert 0 < (rows[0].score or 0) < 1 or rows[0].score == 0.0


def test_labels_are_judged_by_what_is_said() -> None:
    records = [
        tiny.row("g", f"등급을 고르시오 {n}", grade, measure="choice", options=GRADES, correct=GRADES.index(grade))
        for n, grade in enumerate("AABBC")
    ]
    rows, kind = answered(records, ["A", "B", "B.", "B 또는 C", "C"])
    found = figures_of(rows, kind)
    assert (found["accuracy"].value, found["invalid"].value) == (0.6, 0.2)
    assert found["macro_f1"].value == pytest.approx((2 / 3 + 2 / 4 + 1) / 3, abs=1e-4)
    confusion = confusion_in(rows, kind)
    assert confusion and confusion.counts == ((1, 1, 0, 0), (0, 1, 0, 1), (0, 0, 1, 0))
    assert [row.score for row in rows] == [1.0] * 5, "by likelihood, beside what is said"


def test_what_an_answer_had_named_after_so_many_tokens_is_counted() -> None:
    records = [
        tiny.row("g", f"등급을 고르시오 {n}", "A", measure="choice", options=GRADES, correct=0) for n in range(3)
    ]
    kind = kind_of(HeldOutSet("g.record", tuple(records), 3, "0"), SetEvaluation(valid_within=(2, 9)))
    within = [{2: "A", 9: "A"}, {2: "글쎄", 9: "글쎄요. 등급: B입니다"}, {2: "A", 9: "A 또는 B"}]
    rows = [
        marked("g.record", r, kind, TOKENS, likelihoods(r, 0), SpokenAnswer(said[9], "cut", said))
        for r, said in zip(records, within, strict=True)
    ]
    found = figures_of(rows, kind)
    assert (found["valid.2"].value, found["valid.9"].value) == (0.6667, 0.6667)
    assert found["valid.9"].interval and found["valid.9"].rows == 3
    again = [MeasuredRow.model_validate_json(row.model_dump_json()) for row in rows]
    assert again == rows and again[2].marks.named == {2: "A", 9: ""}
    with pytest.raises(LineageError, match=r"asks for valid_within of p\.record, but its rows are not choices among"):
        kind_of(HeldOutSet("p.record", (tiny.row("p", "?", "."),), 1, "0"), SetEvaluation(valid_within=(2,)))


def test_places_are_counted_where_the_prompt_lists_the_options() -> None:
    options = ("A. 현금", "B. 차입금")
    records = [
        tiny.row(
            "q", f"{n}: 자산은?\nA. 현금\nB. 차입금", options[n % 2], measure="choice", options=options, correct=n % 2
        )
        for n in range(40)
    ]
    kind = kind_of(HeldOutSet("q.record", tuple(records), 40, "0"), SetEvaluation())
    rows = [marked("q.record", r, kind, TOKENS, likelihoods(r, 0), None) for r in records]
    places = places_in(rows)
    assert places and (places.right, places.picked, places.favoured) == ((20, 20), (40, 0), (0,))
    assert figures_of(rows, kind)["letter_bias"].value == 0.5
    assert confusion_in(rows, kind) is None


def test_degenerate_answers_are_counted() -> None:
    records = [tiny.row("s", f"{n}?", "순이익은 수익에서 비용을 뺀 것이다") for n in range(5)]
    said = ["净利润是指扣除费用后的余额", "순이익은 EPS의 바탕이다", "12.5%", "", "순이익 순이익 순이익"]
    rows, kind = answered(records, said, endings=["stopped", "cut", "stopped", "stopped", "endless"])
    found = figures_of(rows, kind)
    shares = {name: found[name].value for name in ("other_language", "empty", "cut", "endless")}
    assert shares == {"other_language": 0.2, "empty": 0.2, "cut": 0.2, "endless": 0.2}
    assert all(found[name].interval for name in shares)


def test_a_translation_is_in_another_language_if_it_is_not_in_the_one_asked_for() -> None:
    records = pairs(("오늘은 휴장이다.", "今天股市休市。"), language="중국어")
    rows, _ = answered(records, ["오늘은 휴장이다.", "오늘은 휴장이다."])
    assert [row.marks.other_language for row in rows] == [True, False]


def test_only_the_figures_that_are_named_are_computed() -> None:
    rows, kind = answered([tiny.row("s", "1?", "매출은 늘었다")], ["매출은 늘었다"], measures=["chrf"])
    assert set(figures_of(rows, kind)) == {"chrf"}
    assert rows[0].marks.rouge_l is None and rows[0].marks.empty is None

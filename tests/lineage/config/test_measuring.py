import pytest

from lineage.config.measuring import Evaluation
from lineage.core.errors import LineageError
from tests import tiny

WHOLE = {"rows": 48, "max_new_tokens": 512, "answers": 3}


def test_a_set_goes_before_its_source_and_that_before_all() -> None:
    sets = {"samples": {"rows": 9, "into": "en"}, "samples.record": {"rows": 3, "measures": ["chrf"]}}
    evaluation = Evaluation.model_validate(WHOLE | {"sets": sets})
    one, other, all_others = (evaluation.of(name) for name in ("samples.record", "samples.summary", "rules.record"))
    assert (one.rows, one.into, one.measures, one.max_new_tokens) == (3, "en", ("chrf",), 512)
    assert (other.rows, other.measures) == (9, None)
    assert (all_others.rows, all_others.into) == (48, None)
    assert [evaluation.rows_of(name) for name in ("samples.record", "rules.record")] == [3, 48]


@pytest.mark.parametrize(
    ("name", "said", "answer"),
    [
        ("nothing", {"rows": 3}, r"evaluation\.sets\.nothing: unknown source 'nothing'; allowed: samples, companies"),
        (
            "samples.record",
            {"rows": 3},
            r"evaluation\.sets\.samples\.record: 'record' is none of sources\.samples\.forms \(prompt_answer\)",
        ),
        ("samples", {}, r"evaluation\.sets\.samples: it says nothing; give rows, max_new_tokens, measures or into"),
        ("samples", {"rows": 0}, r"evaluation\.sets\.samples\.rows: Input should be greater than 0, found 0"),
        ("samples", {"measures": ["blue"]}, r"evaluation\.sets\.samples\.measures\.0: .*'bleu'.*, found 'blue'"),
        ("samples", {"measures": []}, r"evaluation\.sets\.samples\.measures: name at least one of letter_bias, labels"),
        ("samples", {"into": "fr"}, r"evaluation\.sets\.samples\.into: .*'ko', 'en', 'zh' or 'ja', found 'fr'"),
        ("samples", {"row": 3}, r"evaluation\.sets\.samples\.row: unknown field, found 3"),
        ("samples.other", {"rows": 3}, r"evaluation\.sets\.samples\.other.*should match pattern"),
    ],
)
def test_a_mistake_is_answered_with_its_path_and_what_is_allowed(name: str, said: object, answer: str) -> None:
    with pytest.raises(LineageError, match=answer):
        tiny.curriculum(**{"evaluation": WHOLE | {"sets": {name: said}}})


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"generation": {"new_tokens": 600}}, r"evaluation\.generation\.new_tokens: 600, but .*max_new_tokens is 512"),
        ({"generation": {"top_k": 50}}, r"evaluation\.generation: .*give a temperature too"),
        ({"sets": {"samples": {"valid_within": [100, 20]}}}, r"valid_within: name numbers of tokens, each larger"),
        (
            {"generation": {"new_tokens": 50}, "sets": {"samples": {"valid_within": [20, 100]}}},
            r"evaluation\.sets\.samples\.valid_within: 100, but no answer is longer than 50 tokens",
        ),
    ],
)
def test_answers_that_cannot_be_made_so_are_refused(fields: dict[str, object], answer: str) -> None:
    with pytest.raises(LineageError, match=answer):
        tiny.curriculum(**{"evaluation": WHOLE | fields})


def test_what_is_left_out_is_not_written_out() -> None:
    assert Evaluation.model_validate(WHOLE | {"sets": {"samples": {"rows": 9}}}).model_dump(mode="json") == WHOLE | {
        "sets": {"samples": {"rows": 9, "max_new_tokens": None, "measures": None, "into": None}}
    }
    made = {"temperature": 0.8, "top_k": 50}
    assert Evaluation.model_validate(WHOLE | {"generation": made}).model_dump()["generation"]["top_k"] == 50

from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template
from lineage.base_model.special_tokens import HELD
from lineage.core.errors import LineageError
from lineage.records.record import Record
from lineage.training import preference_data
from tests import tiny

OPTIONS = ("채권", "주식", "선물", "옵션")


def choice(n: int, source: str = "problems") -> Record:
    return tiny.row(source, f"보기 {n}?", OPTIONS[n % 4], measure="choice", options=OPTIONS, correct=n % 4)


@pytest.fixture
def mixed(lineage_here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the pairs of a mix of given rows, with the built base's tokenizer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("models/base")
    monkeypatch.chdir(tmp_path)

    def make(
        own: list[Record], replay: tuple[Record, ...] = (), max_length: int = 128, seed: int = 7
    ) -> preference_data.Pairs:
        tiny.write_rows(Path("data/mixes/v2/own.jsonl"), own)
        tiny.write_rows(Path("data/mixes/v2/replay.jsonl"), replay)
        return preference_data.pairs_of(Path("data/mixes/v2"), tokenizer, "hash", max_length, seed)

    make.tokenizer = tokenizer  # type: ignore[attr-defined]
    return make


def test_a_pair_is_the_prompt_as_it_is_asked_with_two_answers_that_stop(mixed: Any) -> None:
    row = choice(1)
    (pair,) = mixed([row, tiny.row("samples", "질문?", "답")]).dataset
    tokenizer = mixed.tokenizer
    worse = str(preference_data.worse_answer(row, 7))
    right, wrong = (chat_template.tokenize(tokenizer, list(row.turns[:-1]), text) for text in (row.completion, worse))
    assert pair["id"] == row.id
    assert pair["prompt_ids"] + pair["chosen_ids"] == right.ids
    assert pair["prompt_ids"] + pair["rejected_ids"] == wrong.ids
    assert pair["chosen_ids"][-1] == pair["rejected_ids"][-1] == tokenizer.eos_token_id
    assert tokenizer.decode(pair["chosen_ids"][:-1]) == "주식"
    assert tokenizer.decode(pair["rejected_ids"][:-1]) == worse != "주식"
    assert pair["tokens"] == len(right.ids) + len(wrong.ids)


def test_a_pair_whose_worse_answer_spells_a_stop_is_dropped_and_counted(mixed: Any) -> None:
    stopping = tiny.row("fin_qa", "질문?", "답", rejected=("틀린 <|im_end|> 답",))
    pairs = mixed([stopping, choice(1)])
    assert len(pairs.dataset) == 1 and pairs.sources["fin_qa"]["dropped"] == {HELD: 1}


def test_what_people_liked_less_comes_before_a_wrong_option() -> None:
    judged = tiny.row("fin_qa", "질문?", "좋은 답", rejected=("나쁜 답",), options=("좋은 답", "틀린 답"), correct=0)
    assert preference_data.worse_answer(judged, 1) == "나쁜 답"
    assert preference_data.worse_answer(tiny.row("fin_qa", "질문?", "답", rejected=("답", " ")), 1) is None
    assert preference_data.worse_answer(tiny.row("samples", "질문?", "답"), 1) is None


def test_the_wrong_option_is_drawn_by_seed_and_row() -> None:
    rows = [choice(4 * n) for n in range(60)]
    drawn = [preference_data.worse_answer(row, 7) for row in rows]
    assert set(drawn) == {"주식", "선물", "옵션"}
    assert drawn == [preference_data.worse_answer(row, 7) for row in rows]
    assert drawn != [preference_data.worse_answer(row, 8) for row in rows]


def test_pairs_are_counted_by_source_and_long_ones_dropped_whole(mixed: Any) -> None:
    long = tiny.row("fin_qa", "질문?", "답", rejected=("가" * 300,))
    judged = tiny.row("fin_qa", "다른 질문?", "답", rejected=("아니다",))
    found = mixed([choice(0), choice(1), judged, long], (choice(2, "samples"),))
    counts = {name: (s["pairs"], s["judged"], dict(s["dropped"])) for name, s in found.sources.items()}
    assert counts == {
        "problems": (2, 0, {}),
        "fin_qa": (1, 1, {"longer than max_length": 1}),
        "samples": (1, 0, {}),
    }
    summary = found.summary()
    assert (summary["pairs"], summary["dropped"]) == (4, 1) == (len(found.dataset), 1)
    assert summary["tokens"] == sum(s["tokens"] for s in found.sources.values()) == sum(found.dataset["tokens"])
    assert found.in_order([(3,), (0,)])["id"] == [choice(2, "samples").id, choice(0).id]


def test_the_second_time_they_come_from_the_cache_and_a_seed_makes_others(mixed: Any, monkeypatch: Any) -> None:
    rows = [choice(n) for n in range(12)]
    first = mixed(rows).dataset["rejected_ids"]
    assert mixed(rows, seed=8).dataset["rejected_ids"] != first
    monkeypatch.setattr(chat_template, "tokenize", lambda *_: pytest.fail("tokenised again"))
    assert mixed(rows).dataset["rejected_ids"] == first


def test_a_mix_without_a_worse_answer_is_refused_by_its_field(mixed: Any) -> None:
    with pytest.raises(LineageError, match=r"versions\.v2\.train\.preference: no row of the mix knows a worse answer"):
        mixed([tiny.row("samples", "질문?", "답")])


def test_a_mix_whose_pairs_are_all_too_long_is_refused(mixed: Any) -> None:
    with pytest.raises(LineageError, match=r"every pair of the mix has a row longer than 3 tokens"):
        mixed([choice(0)], max_length=3)


def test_a_pair_of_a_conversation_judges_its_last_answer_alone(mixed: Any) -> None:
    row = tiny.talk("fin_qa", "금리란?", "값", "왜?", "물가", system="짧게", rejected=("모름",), supervise="all")
    (pair,) = mixed([row]).dataset
    tokenizer = mixed.tokenizer
    prompt = chat_template.render(tokenizer.chat_template, list(row.turns[:-1]), ask=True)
    assert tokenizer.decode(pair["prompt_ids"]) == prompt
    assert tokenizer.decode(pair["chosen_ids"]) == "물가<|im_end|>"
    assert tokenizer.decode(pair["rejected_ids"]) == "모름<|im_end|>"

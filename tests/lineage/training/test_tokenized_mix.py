import json
from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template
from lineage.base_model.special_tokens import HELD
from lineage.core.errors import LineageError
from lineage.training import tokenized_mix
from lineage.training.tokenized_mix import tokenize_mix
from tests import tiny


@pytest.fixture
def tokenizer(lineage_copy: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained("models/base")


def a_mix(*answers: str, replayed: tuple[str, ...] = ()) -> Path:
    folder = Path("data/mixes/v9")
    folder.mkdir(parents=True, exist_ok=True)
    tiny.write_rows(folder / "own.jsonl", [tiny.row("samples", f"{n}?", a) for n, a in enumerate(answers)])
    tiny.write_rows(folder / "replay.jsonl", [tiny.row("companies", f"{n}?", a) for n, a in enumerate(replayed)])
    return folder


def cached() -> set[str]:
    return {p.name for p in Path(".state/tokens").iterdir()}


def test_a_row_is_its_tokens_and_the_labels_of_its_answer(tokenizer: Any) -> None:
    mix = tokenize_mix(a_mix("하나", "둘둘"), tokenizer, "t", 128)
    wanted = [
        chat_template.tokenize(tokenizer, [{"role": "user", "content": f"{n}?"}], a)
        for n, a in enumerate(("하나", "둘둘"))
    ]
    assert mix.dataset["input_ids"][:] == [w.ids for w in wanted]
    assert mix.dataset["labels"][:] == [w.labels for w in wanted]
    assert mix.lengths == [len(w.ids) for w in wanted]


def a_talk(supervise: str) -> tuple[Path, Any]:
    folder = a_mix("하나")
    talk = tiny.talk("chats", "금리란?", "값", "왜?", "물가", system="짧게", supervise=supervise)
    tiny.write_rows(folder / "own.jsonl", [talk, tiny.row("samples", "하나?", "둘")])
    return folder, talk


def test_all_answers_of_a_conversation_are_supervised_where_its_record_says_so(tokenizer: Any) -> None:
    read = {}
    for supervise in ("last", "all"):
        folder, _ = a_talk(supervise)
        mix = tokenize_mix(folder, tokenizer, "t", 256)
        read[supervise] = [t for t in mix.dataset["labels"][0] if t != -100]
        assert mix.sources["chats"]["supervised_tokens"] == len(read[supervise])
    assert tokenizer.decode(read["last"]) == "물가<|im_end|>"
    assert tokenizer.decode(read["all"]) == "값<|im_end|>물가<|im_end|>"


def test_a_packed_conversation_keeps_all_its_answers_and_one_run_of_positions(tokenizer: Any) -> None:
    folder, _ = a_talk("all")
    mix = tokenize_mix(folder, tokenizer, "t", 256)
    (sequence,) = mix.in_order([(0, 1)], packed=True)
    first, second = mix.lengths
    assert sequence["position_ids"] == [*range(first), *range(second)]
    said = tokenizer.decode([label for label in sequence["labels"] if label != -100])
    assert said == "값<|im_end|>물가<|im_end|>둘<|im_end|>"


def test_a_conversation_that_is_too_long_is_dropped_whole_and_counted(tokenizer: Any) -> None:
    folder, _ = a_talk("all")
    tiny.write_rows(folder / "replay.jsonl", [tiny.talk("chats", "?", "가" * 300, "왜?", "응", supervise="all")])
    mix = tokenize_mix(folder, tokenizer, "t", 128)
    assert mix.sources["chats"]["rows"] == 1 and mix.sources["chats"]["dropped"] == {tokenized_mix.TOO_LONG: 1}


def test_a_row_that_is_too_long_is_dropped_whole_and_counted_by_source(tokenizer: Any) -> None:
    long = "가" * 300
    mix = tokenize_mix(a_mix("하나", long, "둘", replayed=("셋", long)), tokenizer, "t", 128)
    assert mix.sources["samples"]["rows"] == 2 and mix.sources["samples"]["dropped"] == {tokenized_mix.TOO_LONG: 1}
    assert mix.sources["companies"]["rows"] == 1 and mix.sources["companies"]["dropped"] == {tokenized_mix.TOO_LONG: 1}
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert all(labels[-1] == stop for labels in mix.dataset["labels"])  # no answer was cut
    assert max(mix.lengths) <= 128


def test_a_row_that_spells_a_token_of_the_tokenizer_is_dropped_and_counted(tokenizer: Any) -> None:
    tokenizer.add_special_tokens({"additional_special_tokens": ["<끝>"]})
    mix = tokenize_mix(
        a_mix("하나", "둘 <끝> 셋", "넷 <|im_end|>", "<s> 다섯", replayed=("여섯",)), tokenizer, "t", 128
    )
    assert mix.sources["samples"]["rows"] == 2 and mix.sources["samples"]["dropped"] == {HELD: 2}
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert all(labels.count(stop) == 1 for labels in mix.dataset["labels"])
    with pytest.raises(LineageError, match=r"all 1 rows of 'samples' are .* or hold a control token \(1 rows\)"):
        tokenize_mix(a_mix("<끝>"), tokenizer, "t", 128)


def test_a_row_of_exactly_max_length_stays(tokenizer: Any) -> None:
    length = tokenize_mix(a_mix("하나 둘 셋"), tokenizer, "t", 512).lengths[0]
    assert tokenize_mix(a_mix("하나 둘 셋"), tokenizer, "t", length).lengths == [length]
    with pytest.raises(LineageError, match=f"all 1 rows of 'samples' are longer than {length - 1} tokens"):
        tokenize_mix(a_mix("하나 둘 셋"), tokenizer, "t", length - 1)


def test_a_source_that_loses_every_row_is_refused_with_what_to_do(tokenizer: Any) -> None:
    with pytest.raises(LineageError, match=r"v9: all 1 rows of 'companies'.*max_length or take the source out"):
        tokenize_mix(a_mix("하나", replayed=("가" * 300,)), tokenizer, "t", 128)


def test_counts_and_shares_add_up(tokenizer: Any) -> None:
    mix = tokenize_mix(a_mix("하나", "둘둘", replayed=("셋",)), tokenizer, "t", 128)
    total = mix.summary()
    assert total["rows"] == 3 == len(mix.dataset)
    assert total["tokens"] == sum(mix.lengths) == sum(s["tokens"] for s in mix.sources.values())
    supervised = sum(label != -100 for labels in mix.dataset["labels"] for label in labels)
    assert total["supervised_tokens"] == supervised
    assert total["supervised_share"] == round(supervised / sum(mix.lengths), 4)
    assert [mix.sources[s]["replayed_rows"] for s in ("samples", "companies")] == [0, 1]


def test_the_cache_answers_the_same_and_is_a_speed_up_only(tokenizer: Any, monkeypatch) -> None:
    import shutil

    folder = a_mix("하나", "둘둘")
    first = tokenize_mix(folder, tokenizer, "t", 128)
    with monkeypatch.context() as patch:
        patch.setattr(chat_template, "tokenize", None)  # the second time, nothing is tokenised
        again = tokenize_mix(folder, tokenizer, "t", 128)
    shutil.rmtree(".state/tokens")
    fresh = tokenize_mix(folder, tokenizer, "t", 128)
    for other in (again, fresh):
        assert other.summary() == first.summary() and other.dataset["labels"][:] == first.dataset["labels"][:]


def test_a_half_written_cache_is_not_trusted(tokenizer: Any) -> None:
    folder = a_mix("하나", "둘둘")
    before = cached()
    first = tokenize_mix(folder, tokenizer, "t", 128)
    (key,) = cached() - before
    Path(".state/tokens", key, "sources.json").unlink()
    Path(".state/tokens", key, "rows.arrow").write_bytes(b"half")
    assert tokenize_mix(folder, tokenizer, "t", 128).summary() == first.summary()


def test_the_cache_knows_mix_template_tokenizer_length_and_code(tokenizer: Any, monkeypatch) -> None:
    def new_key(answer: str = "하나", hashed: str = "t", length: int = 128) -> int:
        before = cached()
        tokenize_mix(a_mix(answer), tokenizer, hashed, length)
        return len(cached() - before)

    assert new_key() == 1
    assert new_key() == 0
    assert new_key(answer="둘") == new_key(hashed="u") == new_key(length=127) == 1
    tokenizer.chat_template += " "
    assert new_key() == 1
    monkeypatch.setattr(tokenized_mix, "code_identity", lambda module: "other code")
    assert new_key() == 1


def test_the_full_loss_is_on_the_prompt_too(tokenizer: Any) -> None:
    folder = a_mix("하나", "둘둘")
    mix = tokenize_mix(folder, tokenizer, "t", 128, full=True)
    assert mix.dataset["labels"][:] == mix.dataset["input_ids"][:]
    assert mix.summary()["supervised_share"] == 1.0
    assert tokenize_mix(folder, tokenizer, "t", 128).summary()["supervised_share"] < 1.0


def test_packed_rows_keep_their_tokens_and_begin_at_position_zero(tokenizer: Any) -> None:
    mix = tokenize_mix(a_mix("하나", "둘둘", "셋셋셋"), tokenizer, "t", 128)
    packed = mix.in_order([(2, 0), (1,)])
    rows = mix.dataset
    assert packed[0]["input_ids"] == rows[2]["input_ids"] + rows[0]["input_ids"]
    assert packed[0]["position_ids"] == [*range(mix.lengths[2]), *range(mix.lengths[0])]
    assert packed[0]["id"] == f"{rows[2]['id']}, {rows[0]['id']}"
    assert packed[1]["labels"] == [-100, *rows[1]["labels"][1:]]
    full = tokenize_mix(a_mix("하나", "둘둘"), tokenizer, "t", 128, full=True).in_order([(0, 1)])
    starts = [i for i, at in enumerate(full[0]["position_ids"]) if at == 0]
    assert [i for i, label in enumerate(full[0]["labels"]) if label == -100] == starts  # no row predicts the next one


def test_a_mix_without_room_for_two_rows_in_a_sequence_is_packed_all_the_same(tokenizer: Any) -> None:
    mix = tokenize_mix(a_mix("하나", "둘둘"), tokenizer, "t", 128)
    alone = mix.in_order([(1,), (0,)], packed=True)
    assert alone["position_ids"][:] == [[*range(mix.lengths[row])] for row in (1, 0)]
    assert "position_ids" not in mix.in_order([(1,), (0,)]).column_names


def test_another_stop_token_is_tokenised_anew(tokenizer: Any) -> None:
    folder = a_mix("하나")
    tokenize_mix(folder, tokenizer, "t", 128)
    tokenizer.eos_token = "<|im_start|>"
    ids = tokenize_mix(folder, tokenizer, "t", 128).dataset[0]["input_ids"]
    assert ids[-1] == tokenizer.convert_tokens_to_ids("<|im_start|>")


def test_the_record_of_a_version_counts_what_it_was_trained_on(lineage_here: Path) -> None:
    record = json.loads(Path("models/v3/lineage.json").read_text())
    mix = json.loads(Path("data/mixes/v3/mix.json").read_text())
    assert record["mix"]["rows"] == mix["rows"]
    assert sum(s["replayed_rows"] for s in record["mix"]["sources"].values()) == mix["replay"]["rows"]
    assert record["trained_tokens"] == int(Path("models/v3/history.csv").read_text().split(",")[-1])

import hashlib
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import LineageError
from stages import chat

TURNS = [
    {"role": "system", "content": "금융 비서"},
    {"role": "user", "content": "3월 매출은?"},
    {"role": "assistant", "content": "△1,234억 원"},
    {"role": "user", "content": "4월은? <표>"},
]
ANSWERS = ["(1,234)억 원", " 한 칸 뒤", "It's 12%\n둘째 줄", "-3.5%", "가" * 300]


@pytest.fixture
def tokenizer(lineage_here: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained("models/base")


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_last_supervised_token_is_the_stop_token(tokenizer: Any, answer: str) -> None:
    row = chat.tokenize(tokenizer, TURNS, answer)
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert row.labels[-1] == row.ids[-1] == stop
    assert row.labels.count(stop) == 1  # the stops of the prompt's turns carry no loss


@pytest.mark.parametrize("answer", ANSWERS)
def test_only_the_answer_carries_the_loss(tokenizer: Any, answer: str) -> None:
    row = chat.tokenize(tokenizer, TURNS, answer)
    head = len(row.ids) - row.supervised
    assert set(row.labels[:head]) == {-100}
    assert row.labels[head:] == row.ids[head:]
    assert tokenizer.decode(row.ids[:head]) == chat.render(TURNS, ask=True)
    assert tokenizer.decode(row.ids[head:]) == answer + "<|im_end|>"


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_row_is_the_rendered_conversation_up_to_the_stop(tokenizer: Any, answer: str) -> None:
    text = chat.render([*TURNS, {"role": "assistant", "content": answer}])
    assert text.endswith("<|im_end|>\n")
    whole = tokenizer(text.removesuffix("\n"), add_special_tokens=False)["input_ids"]
    assert chat.tokenize(tokenizer, TURNS, answer).ids == whole


def test_the_prompt_is_what_the_tokenizer_s_own_template_renders(tokenizer: Any) -> None:
    for ask in (False, True):
        own = tokenizer.apply_chat_template(TURNS, tokenize=False, add_generation_prompt=ask)
        assert own == chat.render(TURNS, ask=ask)


def test_the_prompt_ends_exactly_where_the_answer_begins() -> None:
    assert chat.render(TURNS, ask=True).endswith("<|im_start|>assistant\n")
    assert "<표>" in chat.render(TURNS)  # no escaping: it is not a page


def test_the_template_s_hash_is_that_of_its_file() -> None:
    file = Path(chat.__file__).parent / "templates/chatml.jinja"
    assert chat.template_hash() == hashlib.sha256(file.read_bytes()).hexdigest()


def test_pad_is_not_the_stop(tokenizer: Any) -> None:
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|endoftext|>", "<|im_end|>")
    chat.check_tokenizer(tokenizer, "models/base")


@pytest.mark.parametrize("pad", ["<|im_end|>", None])
def test_a_tokenizer_that_pads_with_its_stop_is_refused(tokenizer: Any, pad: str | None) -> None:
    tokenizer.pad_token = pad
    with pytest.raises(LineageError, match=r"models/other: its tokenizer pads with .*pad_token.*<\|endoftext\|>"):
        chat.check_tokenizer(tokenizer, "models/other")


def test_a_tokenizer_without_chatml_is_refused() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate("<|im_start>end")}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    with pytest.raises(LineageError, match=r"models/other: its tokenizer has no single token <\|im_start\|>"):
        chat.check_tokenizer(PreTrainedTokenizerFast(tokenizer_object=inner), "models/other")


@pytest.mark.parametrize("folder", ["models/base", "models/v1", "models/v3"])
def test_every_engine_reads_the_same_tokens_from_tokenizer_json(tokenizer: Any, folder: str) -> None:
    from tokenizers import Tokenizer

    inner = Tokenizer.from_file(f"{folder}/tokenizer.json")
    for text in ("It's the company's 12,345원", "가나다 " * 400, chat.render(TURNS), "３월 ①  두 칸\n\n끝"):
        assert (
            inner.encode(text, add_special_tokens=False).ids == tokenizer(text, add_special_tokens=False)["input_ids"]
        )

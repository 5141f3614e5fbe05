import hashlib
from pathlib import Path
from typing import Any, get_args

import pytest

from lineage.base_model import chat_template
from lineage.config.schema import Chain
from lineage.core.errors import LineageError

TURNS = [
    {"role": "system", "content": "금융 비서"},
    {"role": "user", "content": "3월 매출은?"},
    {"role": "assistant", "content": "△1,234억 원"},
    {"role": "user", "content": "4월은? <표>"},
]
ANSWERS = ["(1,234)억 원", " 한 칸 뒤", "It's 12%\n둘째 줄", "-3.5%", "가" * 300]


TEMPLATES = get_args(Chain.model_fields["template"].annotation)
CHATML = chat_template.template("chatml")


@pytest.fixture
def tokenizer(lineage_here: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained("models/base")


@pytest.fixture(params=TEMPLATES)
def spoken(tokenizer: Any, request: pytest.FixtureRequest) -> Any:
    """The tokenizer with each template in turn."""
    chat_template.equip(tokenizer, request.param, "models/base")
    return tokenizer


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_last_supervised_token_is_the_stop_token(spoken: Any, answer: str) -> None:
    row = chat_template.tokenize(spoken, TURNS, answer)
    assert spoken.eos_token == "<|im_end|>" != spoken.pad_token
    assert row.labels[-1] == row.ids[-1] == spoken.eos_token_id
    assert row.labels.count(spoken.eos_token_id) == 1  # the stops of the prompt's turns carry no loss


@pytest.mark.parametrize("answer", ANSWERS)
def test_only_the_answer_carries_the_loss(spoken: Any, answer: str) -> None:
    row = chat_template.tokenize(spoken, TURNS, answer)
    head = len(row.ids) - row.supervised
    text = chat_template.render(spoken.chat_template, TURNS, ask=True)
    assert set(row.labels[:head]) == {-100}
    assert row.labels[head:] == row.ids[head:]
    assert spoken.decode(row.ids[:head]) == text
    assert spoken.decode(row.ids[head:]) == chat_template.lead(text) + answer + "<|im_end|>"


def test_the_full_loss_is_on_every_token(spoken: Any) -> None:
    row = chat_template.tokenize(spoken, TURNS, "하나", full=True)
    assert row.labels == row.ids == chat_template.tokenize(spoken, TURNS, "하나").ids


@pytest.mark.parametrize("answer", ["채권", "(1,234)억 원", "It's 12%"])
def test_a_row_is_the_rendered_conversation_up_to_the_stop(spoken: Any, answer: str) -> None:
    """What is trained is what the template writes of the same turns: prompt and answer meet where it says."""
    turns = [*TURNS, {"role": "assistant", "content": answer}]
    whole = chat_template.render(spoken.chat_template, turns)
    row = spoken.decode(chat_template.tokenize(spoken, TURNS, answer).ids)
    assert whole.rstrip("\n").removesuffix("<|im_end|>") == row.removesuffix("<|im_end|>")


def test_the_prompt_is_what_the_tokenizer_s_own_template_renders(spoken: Any) -> None:
    for ask in (False, True):
        own = spoken.apply_chat_template(TURNS, tokenize=False, add_generation_prompt=ask)
        assert own == chat_template.render(spoken.chat_template, TURNS, ask=ask)


def test_the_prompt_ends_exactly_where_the_answer_begins() -> None:
    assert chat_template.render(CHATML, TURNS, ask=True).endswith("<|im_start|>assistant\n")
    assert chat_template.render(chat_template.template("question_answer"), TURNS, ask=True).endswith(
        "### 질문: 4월은? <표>\n\n### 답변:"
    )
    assert chat_template.render(chat_template.template("loan_grade"), TURNS, ask=True).endswith("\n[대출등급]")
    assert "<표>" in chat_template.render(CHATML, TURNS)  # no escaping: it is not a page


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_template_s_hash_is_that_of_its_file(name: str) -> None:
    file = Path(chat_template.__file__).parent / "templates" / f"{name}.jinja"
    assert chat_template.template_hash(chat_template.template(name)) == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("pad", ["<|im_end|>", None])
def test_a_tokenizer_that_pads_with_its_stop_is_refused(tokenizer: Any, pad: str | None) -> None:
    tokenizer.pad_token = pad
    with pytest.raises(LineageError, match=r"models/other: its tokenizer pads with .*pad_token.*<\|endoftext\|>"):
        chat_template.equip(tokenizer, "chatml", "models/other")


def without_chatml() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate("<|im_start>end")}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>")


def test_a_tokenizer_without_chatml_is_refused_and_another_template_named() -> None:
    with pytest.raises(LineageError, match=r"models/other: .*no single token <\|im_start\|>.*question_answer"):
        chat_template.equip(without_chatml(), "chatml", "models/other")


def test_another_template_needs_an_end_of_sequence_only() -> None:
    other = without_chatml()
    with pytest.raises(LineageError, match=r'models/other: its tokenizer has no "eos_token"'):
        chat_template.equip(other, "question_answer", "models/other")
    other.eos_token = "</s>"
    chat_template.equip(other, "question_answer", "models/other")
    assert other.eos_token == "</s>" and "### 질문" in other.chat_template


@pytest.mark.parametrize("folder", ["models/base", "models/v1", "models/v3"])
def test_every_engine_reads_the_same_tokens_from_tokenizer_json(tokenizer: Any, folder: str) -> None:
    from tokenizers import Tokenizer

    inner = Tokenizer.from_file(f"{folder}/tokenizer.json")
    for text in (
        "It's the company's 12,345원",
        "가나다 " * 400,
        chat_template.render(CHATML, TURNS),
        "３월 ①  두 칸\n\n끝",
    ):
        assert (
            inner.encode(text, add_special_tokens=False).ids == tokenizer(text, add_special_tokens=False)["input_ids"]
        )

import hashlib
from pathlib import Path
from typing import Any, get_args

import pytest

from lineage.base_model import chat_template, shipped_templates
from lineage.config.schema import Chain
from lineage.core.errors import LineageError
from tests.lineage.base_model.tiny_models import byte_level, llama_tokenizer

TURNS = [
    {"role": "system", "content": "금융 비서"},
    {"role": "user", "content": "3월 매출은?"},
    {"role": "assistant", "content": "△1,234억 원"},
    {"role": "user", "content": "4월은? <표>"},
]
ANSWERS = ["(1,234)억 원", " 한 칸 뒤", "It's 12%\n둘째 줄", "-3.5%", "가" * 300]


TEMPLATES = get_args(Chain.model_fields["template"].annotation)
CHATML = shipped_templates.template("chatml")


@pytest.fixture
def tokenizer(lineage_here: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained("models/base")


@pytest.fixture(params=TEMPLATES)
def spoken(tokenizer: Any, request: pytest.FixtureRequest) -> Any:
    """The tokenizer with each template in turn, and the tokens that it needs."""
    needed = [token for token in shipped_templates.TOKENS.get(request.param, ()) if token not in tokenizer.get_vocab()]
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", *needed]})
    shipped_templates.equip(tokenizer, request.param, "models/base")
    return tokenizer


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_last_supervised_token_is_the_stop_token(spoken: Any, answer: str) -> None:
    row = chat_template.tokenize(spoken, TURNS, answer)
    assert spoken.eos_token in ("<|im_end|>", "<|end_of_turn|>") and spoken.eos_token != spoken.pad_token
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
    assert spoken.decode(row.ids[head:]) == chat_template.lead(text) + answer + spoken.eos_token


def reference(tokenizer: Any, answer: str) -> chat_template.Tokens:
    """What a row of one supervised answer was before conversations had several: two halves, the loss on the second."""
    text = chat_template.render(tokenizer.chat_template, TURNS, ask=True)
    head = tokenizer(text, add_special_tokens=False)["input_ids"]
    said = tokenizer(chat_template.lead(text) + answer, add_special_tokens=False)["input_ids"]
    tail = [*said, tokenizer.eos_token_id]
    return chat_template.Tokens(head + tail, [-100] * len(head) + tail)


@pytest.mark.parametrize("answer", ANSWERS)
def test_one_supervised_answer_is_the_tokens_and_labels_that_it_always_was(spoken: Any, answer: str) -> None:
    assert chat_template.tokenize(spoken, TURNS, answer) == reference(spoken, answer)
    question = [{"role": "user", "content": "4월은?"}]
    one = chat_template.tokenize(spoken, question, answer)
    assert one == chat_template.tokenize(spoken, question, answer, every=True)  # no earlier answer


LONG = [
    *TURNS,
    {"role": "assistant", "content": "오릅니다."},
    {"role": "user", "content": "왜?"},
]


def test_every_answer_of_a_conversation_carries_the_loss_and_its_stop(spoken: Any) -> None:
    """The labels, read as a text, are the three answers, each as it is said where it is asked for."""
    row = chat_template.tokenize(spoken, LONG, "금리 때문입니다.", every=True)
    lead = chat_template.lead(chat_template.render(spoken.chat_template, TURNS, ask=True))
    said = spoken.decode([label for label in row.labels if label != -100])
    assert said == "".join(
        f"{lead}{text}{spoken.eos_token}" for text in ("△1,234억 원", "오릅니다.", "금리 때문입니다.")
    )
    turns = [*LONG, {"role": "assistant", "content": "금리 때문입니다."}]
    whole = chat_template.render(spoken.chat_template, turns).rstrip("\n").removesuffix(spoken.eos_token)
    assert spoken.decode(row.ids) == whole + spoken.eos_token
    assert len(row.ids) == len(row.labels)


def test_each_answer_is_trained_behind_what_it_is_asked_with(spoken: Any) -> None:
    """Where an answer begins, the tokens before it are the conversation so far, as the model is asked it."""
    row = chat_template.tokenize(spoken, LONG, "금리 때문입니다.", every=True)
    starts = [
        i for i, label in enumerate(row.labels) if label != -100 and row.labels[i - 1] in (-100, spoken.eos_token_id)
    ]
    starts = [i for i in starts if row.labels[i] != spoken.eos_token_id]
    for start, asked in zip(starts, (LONG[:2], LONG[:4], LONG), strict=True):
        assert spoken.decode(row.ids[:start]) == chat_template.render(spoken.chat_template, asked, ask=True)


def test_chatml_writes_a_conversation_in_the_same_tokens_whatever_is_supervised(tokenizer: Any) -> None:
    shipped_templates.equip(tokenizer, "chatml", "models/base")
    every = chat_template.tokenize(tokenizer, LONG, "금리 때문입니다.", every=True)
    last = chat_template.tokenize(tokenizer, LONG, "금리 때문입니다.")
    assert every.ids == last.ids
    assert all(label in (-100, token) for label, token in zip(every.labels, every.ids, strict=True))
    assert every.supervised > last.supervised


def test_a_full_loss_leaves_no_token_out(spoken: Any) -> None:
    row = chat_template.tokenize(spoken, LONG, "하나", full=True, every=True)
    assert -100 not in row.labels and row.labels.count(spoken.eos_token_id) >= 3


def test_a_template_that_rewrites_earlier_answers_is_refused() -> None:
    """As those of reasoning models do, which take the thoughts out of all answers but the last."""
    text = (
        "{% for m in messages %}{{ m.role }}: {{ m.content[:3] if m.role == 'assistant' else m.content }}\n{% endfor %}"
    )
    text += "{% if add_generation_prompt %}assistant: {% endif %}"
    assert chat_template.pieces(text, LONG, "답")
    with pytest.raises(LineageError, match=r"writes the answer '△1,234억 원' otherwise.*supervise: last"):
        chat_template.pieces(text, LONG, "답", every=True)


def test_the_full_loss_is_on_every_token(spoken: Any) -> None:
    row = chat_template.tokenize(spoken, TURNS, "하나", full=True)
    assert row.labels == row.ids == chat_template.tokenize(spoken, TURNS, "하나").ids


@pytest.mark.parametrize("answer", ["채권", "(1,234)억 원", "It's 12%"])
def test_a_row_is_the_rendered_conversation_up_to_the_stop(spoken: Any, answer: str) -> None:
    """What is trained is what the template writes of the same turns: prompt and answer meet where it says."""
    turns = [*TURNS, {"role": "assistant", "content": answer}]
    whole = chat_template.render(spoken.chat_template, turns)
    row = spoken.decode(chat_template.tokenize(spoken, TURNS, answer).ids)
    assert whole.rstrip("\n").removesuffix(spoken.eos_token) == row.removesuffix(spoken.eos_token)


def test_the_prompt_is_what_the_tokenizer_s_own_template_renders(spoken: Any) -> None:
    for ask in (False, True):
        own = spoken.apply_chat_template(TURNS, tokenize=False, add_generation_prompt=ask)
        assert own == chat_template.render(spoken.chat_template, TURNS, ask=ask)


def test_the_prompt_ends_exactly_where_the_answer_begins() -> None:
    assert chat_template.render(CHATML, TURNS, ask=True).endswith("<|im_start|>assistant\n")
    assert chat_template.render(shipped_templates.template("question_answer"), TURNS, ask=True).endswith(
        "### 질문: 4월은? <표>\n\n### 답변:"
    )
    assert chat_template.render(shipped_templates.template("loan_grade"), TURNS, ask=True).endswith("\n[대출등급]")
    asked = [{"role": "user", "content": "지문\nA. 지\n물음?\nA. 가\nB. 나"}]
    assert chat_template.render(shipped_templates.template("question_options"), asked, ask=True) == (
        "### 질문: 지문\nA. 지\n물음?\n### 선택지:\nA. 가\nB. 나\n### 정답:"
    )
    assert "<표>" in chat_template.render(CHATML, TURNS)  # no escaping: it is not a page


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_template_s_hash_is_that_of_its_file(name: str) -> None:
    file = Path(chat_template.__file__).parent / "templates" / f"{name}.jinja"
    assert (
        chat_template.template_hash(shipped_templates.template(name)) == hashlib.sha256(file.read_bytes()).hexdigest()
    )


def test_a_tokenizer_that_pads_with_its_stop_is_refused(tokenizer: Any) -> None:
    tokenizer.pad_token = "<|im_end|>"
    with pytest.raises(LineageError, match=r"models/other: its tokenizer pads with .*pad_token.*<\|endoftext\|>"):
        shipped_templates.equip(tokenizer, "chatml", "models/other")


def test_a_tokenizer_that_pads_with_nothing_gets_a_token_that_is_never_said(tokenizer: Any) -> None:
    tokenizer.pad_token = None
    shipped_templates.equip(tokenizer, "chatml", "models/other")
    assert tokenizer.pad_token == "<|endoftext|>"
    llama = llama_tokenizer()
    shipped_templates.equip(llama, "question_answer", "models/other")
    assert llama.pad_token == "<|reserved_special_token_0|>" and len(llama) == 420
    other = without_chatml(pad=None)
    other.eos_token = "</s>"
    with pytest.raises(LineageError, match=r"models/other: its tokenizer pads with None"):
        shipped_templates.equip(other, "question_answer", "models/other")


def test_a_base_that_begins_every_text_begins_every_conversation() -> None:
    """Once, in the template: what is tokenised never gets a token of the tokenizer's own."""
    llama = llama_tokenizer()
    shipped_templates.equip(llama, "question_answer", "models/other")
    row = chat_template.tokenize(llama, TURNS, "답", every=True)
    served = llama.apply_chat_template(TURNS, add_generation_prompt=True, return_dict=False)
    assert row.ids[: len(served)] == served
    assert [at for at, number in enumerate(row.ids) if number == llama.bos_token_id] == [0]
    assert row.labels[0] == -100
    assert llama.chat_template == shipped_templates.template("question_answer", "<|begin_of_text|>")


# What the tokenizer of openchat_3.5 carries (its tokenizer_config.json since November 2023), as it renders the turns.
PUBLISHED = (
    "<s>GPT4 Correct System: 금융 비서<|end_of_turn|>GPT4 Correct User: 3월 매출은?<|end_of_turn|>"
    "GPT4 Correct Assistant: △1,234억 원<|end_of_turn|>GPT4 Correct User: 4월은? <표><|end_of_turn|>"
)


def openchat(*tokens: str) -> Any:
    """A tokenizer that begins texts with `<s>`, as Mistral's does, with tokens added behind its others."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    inner = byte_level(["<unk>", "<s>", "</s>"])
    begins = [("<s>", inner.token_to_id("<s>"))]
    inner.post_processor = TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=begins)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    tokenizer.add_special_tokens({"additional_special_tokens": list(tokens)})
    return tokenizer


def test_openchat_3_5_is_asked_as_it_was_published_and_stops_with_its_own_token() -> None:
    tokenizer = openchat("<|end_of_turn|>", "<|pad_0|>")
    shipped_templates.equip(tokenizer, "openchat_3_5", "models/other")
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|end_of_turn|>", "<|pad_0|>")
    for ask, tail in ((False, ""), (True, "GPT4 Correct Assistant:")):
        rendered = tokenizer.apply_chat_template(TURNS, tokenize=False, add_generation_prompt=ask)
        assert rendered == PUBLISHED + tail
    row = chat_template.tokenize(tokenizer, TURNS, "5월", every=True)
    assert row.ids[-1] == row.labels[-1] == tokenizer.convert_tokens_to_ids("<|end_of_turn|>")
    assert tokenizer.decode([one for one in row.labels if one != -100]) == (
        " △1,234억 원<|end_of_turn|> 5월<|end_of_turn|>"
    )


def test_openchat_3_6_has_other_turns_and_is_refused() -> None:
    told = openchat("<|end_of_turn|>")
    told.chat_template = "{{ '<|start_header_id|>GPT4 Correct User<|end_header_id|>' }}"
    for tokenizer in (llama_tokenizer(), told):
        with pytest.raises(
            LineageError, match=r"models/other: it begins turns with <\|start_header_id\|>, as openchat 3.6"
        ):
            shipped_templates.equip(tokenizer, "openchat_3_5", "models/other")
    with pytest.raises(LineageError, match=r"no single token <\|end_of_turn\|>; chain.template: openchat_3_5 needs"):
        shipped_templates.equip(openchat(), "openchat_3_5", "models/other")


def without_chatml(pad: str | None = "<pad>") -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate("<|im_start>end")}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token=pad)


def test_a_tokenizer_without_chatml_is_refused_and_another_template_named() -> None:
    with pytest.raises(LineageError, match=r"models/other: .*no single token <\|im_start\|>.*question_answer"):
        shipped_templates.equip(without_chatml(), "chatml", "models/other")


def test_another_template_needs_an_end_of_sequence_only() -> None:
    other = without_chatml()
    with pytest.raises(LineageError, match=r'models/other: its tokenizer has no "eos_token"'):
        shipped_templates.equip(other, "question_answer", "models/other")
    other.eos_token = "</s>"
    shipped_templates.equip(other, "question_answer", "models/other")
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

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.manifest import read_manifest
from lineage.base_model import chat_template
from lineage.chat.speaking import Listener, answered, asked, speak
from lineage.chat.voices import Voices, load_voices
from lineage.core.errors import LineageError
from lineage.evaluation import answering, inference
from tests import tiny

QUESTIONS = ("3번 상품은?", "7 + 7 = ?", "회사5의 매출은?")


@pytest.fixture
def voices(lineage_here: Path) -> Voices:
    return load_voices(["v3", "base", "v1", "v2"], tiny.curriculum().active)


def test_versions_on_one_base_answer_as_each_does_alone(voices: Voices) -> None:
    """In whatever order they speak: an adapter leaves nothing behind."""
    turns = [asked([], question) for question in QUESTIONS]
    alone = {}
    for version in ("base", "v1", "v2", "v3"):
        model, tokenizer = inference.load(version, tiny.curriculum().active)
        alone[version] = answering.answers(model, tokenizer, turns, [12] * len(turns))
    assert len({tuple(one.text for one in said) for said in alone.values()}) == 4, "the versions say the same"
    for version in ("v2", "base", "v3", "base", "v1", "v2"):
        heard = [speak(voices, version, one, 12, lambda text: None) for one in turns]
        assert heard == alone[version], version


def test_what_is_streamed_is_the_answer_that_is_not(voices: Voices) -> None:
    for version in ("v1", "base"):
        for tokens in (1, 2, 3, 30):
            seen: list[str] = []
            answer = speak(voices, version, asked([], QUESTIONS[0]), tokens, seen.append)
            with voices.speaking(version) as model:
                (whole,) = answering.answers(model, voices.tokenizer, [asked([], QUESTIONS[0])], [tokens])
            assert answer == whole and seen[-1] == whole.text
            assert all(later.startswith(earlier) for earlier, later in pairwise(seen))
            assert "\ufffd" not in "".join(seen[:-1])
    assert len(seen) > 3, "it came in one piece"


def test_half_a_syllable_and_a_space_are_held_back_until_they_are_settled(lineage_here: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("models/base")
    tokens = tokenizer(" 뷁은 채권 이다. ", add_special_tokens=False)["input_ids"]
    seen: list[str] = []
    listener = Listener(tokenizer, seen.append)
    for token in tokens:
        listener.hear(token)
    assert seen[-1] == "뷁은 채권 이다." and len(seen) > 3
    assert all(later.startswith(earlier) and later != earlier for earlier, later in pairwise(seen))
    assert not any("\ufffd" in text or text != text.strip() for text in seen)


def test_the_turns_of_a_conversation_are_tokenised_as_in_training(voices: Voices, monkeypatch: Any) -> None:
    turns = asked(answered(asked([], "금리란?"), "돈의 값."), "환율은?")
    trained = chat_template.tokenize(voices.tokenizer, turns, "답")
    prompts = []
    monkeypatch.setattr(
        answering, "answers_of", lambda model, some: prompts.extend(some.asked) or [[0]] * len(some.asked)
    )
    speak(voices, "v1", turns, 4, lambda text: None)
    assert prompts == [trained.ids[: len(trained.ids) - trained.supervised]]


def test_what_show_raises_ends_the_answer(voices: Voices) -> None:
    class Gone(Exception):
        pass

    heard: list[str] = []

    def leave(text: str) -> None:
        heard.append(text)
        raise Gone

    with pytest.raises(Gone):
        speak(voices, "base", asked([], QUESTIONS[0]), 30, leave)
    assert len(heard) == 1
    assert speak(voices, "v1", asked([], QUESTIONS[0]), 3, lambda text: None), "the next one may speak"


def test_a_control_token_and_a_conversation_without_end_are_refused(voices: Voices) -> None:
    with pytest.raises(LineageError, match="spells a control token"):
        speak(voices, "v1", asked([], "금리란?<|im_end|>"), 3, lambda text: None)
    room = voices.model.config.get_text_config().max_position_embeddings
    with pytest.raises(LineageError, match=rf"the base has room for {room:,}"):
        speak(voices, "v1", asked([], "금리란?"), room, lambda text: None)


def test_what_is_not_built_is_refused_before_the_base_is_loaded(lineage_copy: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("the base was loaded"))
    weights = Path("models/v2/adapter_model.safetensors")
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(LineageError, match=r"models/v2/.* it was changed"):
        load_voices(["v1", "v2"], tiny.curriculum().active)
    assert read_manifest("v1")

"""A server of the tiny lineage, asked by the real `openai` client."""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml
from tokenizers import Tokenizer, decoders
from tokenizers import models as models_of_tokens
from transformers import PreTrainedTokenizerFast

from lineage.artifacts.manifest import read_manifest
from lineage.chat.speaking import asked, speak
from lineage.chat.voices import Voices
from lineage.cli import serve
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS
from lineage.evaluation import inference
from lineage.serving.endpoints import application
from lineage.serving.gatekeeper import KEY
from lineage.serving.listening import listening_at, served_meanwhile
from lineage.serving.served_models import ServedModels, serving
from lineage.serving.token_bytes import TokenBytes
from tests import tiny

QUESTIONS = ("3번 상품은?", "7 + 7 = ?", "회사5의 매출은?", "12번 상품은?")
TOKENS = 24
SECRET = "k" * 24


@contextmanager
def served(models: ServedModels, key: str = "", seconds: float = 0.05) -> Iterator[str]:
    """A server in a thread of this process, which looks for another champion so often; its address."""
    with listening_at("127.0.0.1", 0) as on, served_meanwhile(application(models, key, seconds), on) as address:
        yield address


def client_of(address: str, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


def promoted(version: str, **changes: Any) -> None:
    record = read_manifest(version)
    entry = {
        "version": version,
        "fingerprint": record.fingerprint,
        "adapter": record.adapter,
        "because": "so",
    } | changes
    PROMOTIONS.write_text(yaml.safe_dump([entry]), encoding="utf-8")


@pytest.fixture
def models(lineage_copy: Path) -> ServedModels:
    return serving(tiny.curriculum(), ["v1", "v3"])


def said(voices: Voices, voice: str, question: str) -> str:
    """What `lineage ask` answers."""
    return speak(voices, voice, asked([], question), TOKENS, lambda text: None).text


def test_a_client_hears_what_lineage_ask_says_whole_word_by_word_and_many_at_once(models: ServedModels) -> None:
    promoted("v3")
    assert models.crown() is True
    expected = {(m, q): said(models.voices, {"champion": "v3"}.get(m, m), q) for m in models.table for q in QUESTIONS}
    assert len(set(expected.values())) > 4, "the versions say the same"
    with served(models) as address, client_of(address) as client:
        listed = {one.id: one for one in client.models.list()}
        assert list(listed) == ["v1", "v3", "base", "champion"]
        v3: Any = listed["v3"]
        assert (v3.parent, v3.fingerprint) == ("v1", read_manifest("v3").fingerprint)
        champion: Any = client.models.retrieve("champion")
        assert (champion.root, champion.adapter) == ("v3", read_manifest("v3").adapter)

        def one(model: str, question: str) -> str:
            turns: Any = asked([], question)
            found = client.chat.completions.create(model=model, messages=turns, max_tokens=TOKENS)
            assert found.usage and found.usage.total_tokens > found.usage.completion_tokens > 0
            assert found.choices[0].finish_reason == ("length" if found.usage.completion_tokens == TOKENS else "stop")
            return found.choices[0].message.content or ""

        with ThreadPoolExecutor(16) as pool:  # nobody hears the answer of another
            wanted = [*expected, *expected]
            assert list(pool.map(lambda key: one(*key), wanted)) == [expected[key] for key in wanted]
        for (model, question), answer in list(expected.items())[::5]:
            turns: Any = asked([], question)
            stream = client.chat.completions.create(
                model=model, messages=turns, max_tokens=TOKENS, stream=True, stream_options={"include_usage": True}
            )
            events = list(stream)
            assert "".join(e.choices[0].delta.content or "" for e in events if e.choices) == answer
            assert events[-1].usage and events[-2].choices[0].finish_reason in ("stop", "length")
        drawn = [
            client.chat.completions.create(
                model="v1", messages=asked([], QUESTIONS[0]), max_tokens=TOKENS, temperature=1.5, seed=seed  # type: ignore[arg-type]
            ).choices[0].message.content
            for seed in (1, 1, 2, 3, 4)
        ]  # fmt: skip
        assert drawn[0] == drawn[1] and len(set(drawn)) > 1


def test_the_chances_of_an_answers_tokens_are_those_that_peft_gives_them(models: ServedModels) -> None:
    expected = {q: said(models.voices, "v3", q) for q in QUESTIONS}
    with served(models) as address, client_of(address) as client:
        ask: Any = partial(client.chat.completions.create, model="v3", max_tokens=TOKENS, logprobs=True)
        for question, answer in expected.items():
            turns = asked([], question)
            whole = ask(messages=turns, top_logprobs=20, extra_body={"return_tokens_as_token_ids": True}).choices[0]
            assert whole.message.content == answer
            found = [(one.token, one.logprob) for one in whole.logprobs.content]
            ids = [int(token.removeprefix("token_id:")) for token, _ in found]
            peft = chances_by_peft("v3", turns, ids)
            assert [float(row[token]) for row, token in zip(peft, ids, strict=True)] == pytest.approx(
                [chance for _, chance in found], abs=1e-4
            )
            for row, one in zip(peft, whole.logprobs.content, strict=True):
                likeliest = {other.token: other.logprob for other in one.top_logprobs}
                assert next(iter(likeliest.items())) == (one.token, one.logprob), "it is not greedy"
                wanted = row.topk(20).values.tolist()
                assert list(likeliest.values()) == pytest.approx(wanted, abs=1e-4)
            spelled = b"".join(bytes(one.bytes) for one in whole.logprobs.content)
            assert spelled.decode(errors="replace").removesuffix("<|im_end|>").strip() == answer
            events = list(ask(messages=turns, top_logprobs=2, stream=True))
            assert "".join(event.choices[0].delta.content or "" for event in events) == answer
            streamed = [one for event in events if (told := event.choices[0].logprobs) for one in told.content]
            assert [one.logprob for one in streamed] == [chance for _, chance in found]
            assert b"".join(bytes(one.bytes) for one in streamed) == spelled
            by_id = {"return_tokens_as_token_ids": True}
            drawn = ask(messages=turns, temperature=1.5, seed=1, extra_body=by_id).choices[0].logprobs.content[0]
            in_its_place = float(peft[0][int(drawn.token.removeprefix("token_id:"))])
            assert drawn.logprob == pytest.approx(in_its_place, abs=1e-4), "a temperature changes what is drawn alone"
            assert drawn.top_logprobs == []


def chances_by_peft(version: str, turns: Any, answer: list[int]) -> Any:
    """The chances of every token in the place of each of an answer's, by a load of its own: places × vocabulary."""
    import torch

    model, tokenizer = inference.load(version, tiny.curriculum().active)
    question = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
    with torch.inference_mode():
        logits = model(torch.tensor([question + answer])).logits[0].float()
    return logits[len(question) - 1 : -1].log_softmax(-1)


@pytest.mark.parametrize(
    ("decoder", "spelled"),
    [
        (decoders.ByteLevel(), {"ê": [0xEA], "°Ĵ": [0xB0, 0x92], "Ġa": [0x20, 0x61], "<end>": [*b"<end>"]}),
        (decoders.Sequence([decoders.ByteFallback()]), {"▁값": [0x20, 0xEA, 0xB0, 0x92], "<0x0A>": [0x0A]}),
    ],
    ids=["GPT-2's alphabet", "SentencePiece"],
)
def test_a_token_is_told_by_its_bytes(decoder: Any, spelled: dict[str, list[int]]) -> None:
    model = Tokenizer(models_of_tokens.WordLevel({token: n for n, token in enumerate(spelled)}, unk_token=None))
    model.decoder = decoder
    model.add_special_tokens(["<end>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=model)
    found = TokenBytes(tokenizer)
    assert [list(found.of(n) or b"") for n in range(len(spelled))] == list(spelled.values())
    assert found.of(len(tokenizer)) is None, "the base may have more rows than its tokenizer has tokens"


@pytest.mark.parametrize(
    ("wrong", "status", "field", "words"),
    [
        ({"model": "v9"}, 404, "model", "there is no 'v9' here, but v1, v3, base"),
        ({"messages": []}, 400, "messages", "at least 1 item"),
        ({"messages": [{"role": "robot", "content": "?"}]}, 400, "messages.0.role", "found 'robot'"),
        ({"messages": [{"role": "user", "content": 3}]}, 400, "messages.0.content", "found 3"),
        ({"messages": [{"role": "assistant", "content": "."}]}, 400, "messages.0", "a user's"),
        ({"messages": [{"role": "user", "content": "<|im_end|>"}]}, 400, "messages", "control token"),
        ({"max_tokens": 0}, 400, "max_tokens", "greater than or equal to 1"),
        ({"max_tokens": 10**6}, 400, "messages", "has room for"),
        ({"temperature": 3}, 400, "temperature", "less than or equal to 2"),
        ({"top_p": 0.5}, 400, "top_p", "without a temperature"),
        ({"top_logprobs": 3}, 400, "top_logprobs", "beside logprobs: true"),
        ({"logprobs": True, "top_logprobs": 21}, 400, "top_logprobs", "less than or equal to 20"),
        ({"n": 2}, 400, "n", "does not have it"),
        ({"tools": []}, 400, "tools", "does not have it"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(
    address: str, wrong: dict[str, Any], status: int, field: str, words: str
) -> None:
    body = {"model": "v1", "messages": [{"role": "user", "content": "왜?"}]} | wrong
    for stream in (False, True):
        answer = httpx.post(f"{address}/v1/chat/completions", json=body | {"stream": stream})
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, field)
        assert words in answer.json()["error"]["message"] and field in answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    """A server that nobody changes, with nobody promoted; it would see the champions of other tests' folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(built)
        models = serving(tiny.curriculum(), ["v1", "v3"])
    with served(models, seconds=3600) as there:
        yield there


def test_what_is_sent_is_held_back_by_no_socket() -> None:
    async def held_back() -> int:
        there: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        with listening_at("127.0.0.1", 0) as on:
            server = await asyncio.start_server(lambda _, writer: there.set_result(writer), sock=on)
            _, client = await asyncio.open_connection(*on.getsockname())
            writer = await there
            found: int = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for one in (writer, client, server):
                one.close()
        return 1 - found

    assert not asyncio.run(held_back()), "small pieces wait for the client to acknowledge the one before, 40 ms long"


def test_other_mistakes_have_the_same_form(address: str) -> None:
    for answer, status in (
        (httpx.post(f"{address}/v1/chat/completions", content=b"{"), 400),
        (httpx.post(f"{address}/v1/chat/completions", content=b"[]"), 400),
        (httpx.post(f"{address}/v1/chat/completions", content=b" " * ((4 << 20) + 1)), 413),
        (httpx.get(f"{address}/v1/chat/completions"), 405),
        (httpx.get(f"{address}/v1/embeddings"), 404),
        (httpx.get(f"{address}/v1/models", headers={"host": "elsewhere.example"}), 403),
        (httpx.get(f"{address}/v1/models", headers={"origin": "http://elsewhere.example"}), 403),
    ):
        assert answer.status_code == status and answer.json()["error"]["message"]
    with client_of(address) as client, pytest.raises(openai.NotFoundError, match="no 'v2' here"):
        client.chat.completions.create(model="v2", messages=[{"role": "user", "content": "?"}])


def test_another_champion_takes_the_place_whole_and_one_that_fails_does_not(
    models: ServedModels, capsys: pytest.CaptureFixture[str]
) -> None:
    promoted("v1")
    models.crown()
    weights = Path("models/v2/adapter_model.safetensors")
    whole = weights.read_bytes()
    answers = {name: said(models.voices, name, QUESTIONS[0]) for name in ("v1", "v3")}
    with served(models) as address, client_of(address) as client:

        def now() -> Any:
            return client.models.retrieve("champion")

        def heard() -> str | None:
            found = client.chat.completions.create(
                model="champion", messages=[{"role": "user", "content": QUESTIONS[0]}], max_tokens=TOKENS
            )
            return found.choices[0].message.content

        def wait_for(words: str) -> str:
            told = ""
            for _ in range(3000):  # a minute: the machine may do other things
                time.sleep(0.02)
                told += "".join(capsys.readouterr())
                if words in told:
                    return told
            raise AssertionError(f"{words!r} was not said, but {told!r}")

        weights.write_bytes(whole[:-8])  # not what its record says
        promoted("v2")
        wait_for("v1 stays the champion: models/v2")
        assert now().root == "v1" and heard() == answers["v1"]
        promoted("v2", adapter="f" * 64)
        wait_for("v1 stays the champion: promotions.yaml promotes v2 at")
        PROMOTIONS.write_text("", encoding="utf-8")  # as a writer leaves it for a moment
        wait_for("v1 stays the champion: promotions.yaml promotes nobody")
        promoted("v3")
        wait_for("champion: v1 (")
        assert now().root == "v3" and heard() == answers["v3"]
        weights.write_bytes(whole)
        promoted("v2")  # it was not loaded before
        wait_for("champion: v3 (")
        assert now().adapter == read_manifest("v2").adapter
        alone = serving(tiny.curriculum(), ["v2"]).voices
        assert heard() == said(alone, "v2", QUESTIONS[0])
        for name in ("v1", "v3"):
            assert said(models.voices, name, QUESTIONS[0]) == answers[name]


def test_beyond_this_machine_a_key_is_asked_for(models: ServedModels, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(models, SECRET) as address:
        with client_of(address, "wrong") as client, pytest.raises(openai.AuthenticationError, match="asks for its key"):
            client.models.list()
        with client_of(address, SECRET) as client:
            assert client.models.list().data
        assert httpx.get(f"{address}/health").json() == {"status": "ok"}
        told = httpx.get(f"{address}/v1/models", headers={"authorization": f"Bearer {SECRET}", "host": "gpu7.local"})
        assert told.status_code == 200
    monkeypatch.setattr(serve, "load_curriculum", tiny.curriculum)
    for key, words in (("", "others reach it, so it wants a key: set KRX_SERVE_KEY"), ("short", "has 5 characters")):
        monkeypatch.setenv(KEY, key)
        with pytest.raises(LineageError, match=words) as refused:
            serve.run(type("Options", (), {"versions": [], "host": "0.0.0.0", "port": 0})())
        assert "short" not in str(refused.value).replace(KEY, "")

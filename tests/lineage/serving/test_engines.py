"""vLLM's place taken by a program that has its options; who is chosen, what is refused before it starts."""

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest

from lineage.artifacts.manifest import read_manifest
from lineage.chat.speaking import asked, fitting
from lineage.config.schema import BASE, Curriculum
from lineage.core import machine
from lineage.core.errors import LineageError
from lineage.evaluation import answering
from lineage.serving import vllm_program
from lineage.serving.engines import chosen
from lineage.serving.served_models import serving
from tests import tiny
from tests.lineage.serving import stand_in_vllm
from tests.lineage.serving.test_kept_answering import QUESTIONS, SERVING, gone, heard_until, started
from tests.lineage.serving.test_openai_client import promoted

TOKENS = 24


@pytest.fixture
def vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in, as the program that KRX_VLLM names."""
    program = tmp_path / "environment" / "bin" / "vllm"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {stand_in_vllm.__file__} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("KRX_VLLM", str(program))
    return program


def bfloat16(**more: Any) -> Curriculum:
    """The tiny curriculum as vLLM can serve it."""
    return tiny.curriculum(**{"profiles.cpu.compute_dtype": "bfloat16"} | more)


def known_by_heart(versions: list[str]) -> tuple[dict[str, list[int]], dict[tuple[str, str], str]]:
    """What `lineage ask` says, as the stand-in knows it, and as text."""
    voices = serving(tiny.curriculum(), versions).voices
    tokens, texts = {}, {}
    for version in (BASE, *versions):
        adapter = "" if version == BASE else voices.weights[version]
        for question in QUESTIONS:
            turns, heard = asked([], question), list[int]()
            with voices.speaking(version) as model:
                (answer,) = answering.answers(model, voices.tokenizer, [turns], [TOKENS], heard.append)
            tokens[f"{adapter} {fitting(voices.tokenizer, None, turns, TOKENS)}"] = heard
            texts[version, question] = answer.text
    return tokens, texts


@pytest.mark.slow
def test_vllm_makes_the_answers_behind_the_same_doors(
    lineage_copy: Path, vllm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_heart, expected = known_by_heart(["v1", "v2", "v3"])
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(by_heart), encoding="utf-8")
    monkeypatch.setenv("STAND_IN_ANSWERS", str(file))
    promoted("v1")
    params = Path("params.yaml")
    params.write_text(params.read_text(encoding="utf-8").replace("float32", "bfloat16"), encoding="utf-8")
    with started(SERVING, "v1", "v3", "--port", "0", "--engine", "vllm") as server:
        address = heard_until(server, r"(http://\S+)  v1, v3, base, champion")
        assert httpx.get(f"{address}/models").status_code == 200, "an address that is told can be asked at once"
        with openai.OpenAI(base_url=address, api_key="none") as client, ThreadPoolExecutor(16) as pool:
            listed: dict[str, Any] = {one.id: one for one in client.models.list()}
            record = read_manifest("v3")
            v3 = listed["v3"]
            assert (v3.parent, v3.fingerprint, v3.adapter) == ("v1", record.fingerprint, record.adapter)
            assert listed["champion"].root == "v1"

            def one(model: str, question: str, **more: Any) -> Any:
                turns: Any = asked([], question)
                return client.chat.completions.create(model=model, messages=turns, max_tokens=TOKENS, **more)

            def text(key: tuple[str, str]) -> str:
                found = one(*key)
                ended = "length" if found.usage.completion_tokens == TOKENS else "stop"
                assert found.choices[0].finish_reason == ended
                return str(found.choices[0].message.content)

            served = [key for key in expected if key[0] != "v2"] * 4
            assert list(pool.map(text, served)) == [expected[key] for key in served]
            for key in served[:3]:
                events = one(*key, stream=True)
                assert "".join(e.choices[0].delta.content or "" for e in events if e.choices) == expected[key]
            likely: dict[str, Any] = {"logprobs": True, "extra_body": {"return_tokens_as_token_ids": True}}
            by_heart_too = [f"token_id:{token}" for token in next(iter(by_heart.values()))]
            for more in ({"top_logprobs": 2}, {"top_logprobs": 2, "stream": True}, {}):
                told = one("base", QUESTIONS[0], **likely, **more)
                parts = [e.choices[0].logprobs for e in told] if more.get("stream") else [told.choices[0].logprobs]
                content = [token for part in parts if part for token in part.content]
                assert [token.token for token in content] == by_heart_too
                assert {token.logprob for token in content} == {-1.5}
                beside = [other.logprob for other in content[0].top_logprobs]
                assert beside == ([-1.0, -1.5] if more else []), "the likeliest first, and no more than were asked for"
            with pytest.raises(openai.BadRequestError, match="does not have it"):
                one("v1", QUESTIONS[0], n=2)
            with pytest.raises(openai.BadRequestError, match="vLLM said: v1 does not know"):
                one("v1", "그 밖의 질문")

            promoted("v2")  # vLLM has not loaded it yet
            heard_until(server, r"champion: (v1)")
            assert text(("champion", QUESTIONS[0])) == expected["v2", QUESTIONS[0]]

            (worker,) = psutil.Process(server.pid).children()
            (program,) = worker.children()
            waiting = [pool.submit(text, key) for key in served]
            program.kill()
            assert [answer.result() for answer in waiting] == [expected[key] for key in served]
            (worker,) = psutil.Process(server.pid).children()
            (another,) = worker.children()
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0 and gone([worker.pid, another.pid, program.pid])


@pytest.mark.parametrize("options", ["--no-such-option", "--max-model-len much"])
def test_vllm_that_does_not_start_is_told_with_its_last_words(
    lineage_here: Path, vllm: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: str
) -> None:
    monkeypatch.setattr(vllm_program, "LOG", tmp_path / "vllm.log")
    socket = tmp_path / "socket"
    words = vllm_program.command(str(vllm), "models/base", tiny.curriculum().active, [], socket, options)
    told = r"(?s)vLLM ended with code 2 before it answered.*vllm.*error: "
    with pytest.raises(LineageError, match=told), vllm_program.running(words, socket):
        pass


def test_who_is_chosen_is_told_with_the_reason(lineage_here: Path, vllm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: ())
    c = bfloat16()
    assert chosen("vllm", c, ["v1", "base"]) == (str(vllm), "as asked")
    assert chosen("auto", c, ["v1"]) == (None, "there is no GPU for vLLM")
    assert chosen("transformers", c, ["v1"]) == (None, "as asked")
    monkeypatch.setattr(machine, "gpus", lambda: ("one",))
    assert chosen("auto", c, ["v1"])[0] == str(vllm)
    told = "vLLM cannot serve all of it: profiles.cpu: compute_dtype is float32"
    assert chosen("auto", tiny.curriculum(), ["v1"])[1].startswith(told)
    monkeypatch.setattr(vllm_program, "refused", lambda version, shape: iter([f"{version}: it is a DoRA adapter"]))
    assert chosen("auto", c, ["v1"]) == (None, "vLLM cannot serve all of it: v1: it is a DoRA adapter")
    with pytest.raises(LineageError, match=r"v1: it is a DoRA adapter\. Use --engine transformers"):
        chosen("vllm", c, ["v1"])
    monkeypatch.setenv("KRX_VLLM", "/nowhere/vllm")
    with pytest.raises(LineageError, match="KRX_VLLM: /nowhere/vllm is no program"):
        chosen("auto", c, ["v1"])
    monkeypatch.delenv("KRX_VLLM")
    monkeypatch.setenv("PATH", os.devnull)
    assert "there is no program vllm" in chosen("auto", c, ["v1"])[1]
    with pytest.raises(LineageError, match="KRX_VLLM=/path/to/it/bin/vllm"):
        chosen("vllm", c, ["v1"])


def test_four_bits_want_what_reads_them(vllm: Path) -> None:
    def refused(**more: Any) -> list[str]:
        return list(vllm_program.refused_of_base(bfloat16(**more).active, str(vllm)))

    four = {"profiles.cpu.load_in_4bit": True}
    assert refused() == []
    (told,) = refused(**four)
    assert "pip install vllm-bnb-plugin" in told
    (vllm.parents[1] / "lib/python3.12/site-packages/vllm_bnb_plugin").mkdir(parents=True)
    assert refused(**four) == []
    assert "quantised twice" in refused(**four, **{"profiles.cpu.double_quant": False})[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, None),
        ({"use_rslora": True, "r": 512}, None),
        ({"r": 600}, "r 600 is above 512"),
        ({"rank_pattern": {"q_proj": 600}}, "r 600 is above 512"),
        ({"use_dora": True}, "it is a DoRA adapter"),
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head, which was not tried"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is ['lm_head']"),
        ({"bias": "all"}, "bias is 'all'"),
        ({"lora_bias": True}, "lora_bias is True"),
        ({"trainable_token_indices": [1, 2]}, "trainable_token_indices is [1, 2]"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights is 'pissa'"),
    ],
)
def test_what_vllm_cannot_serve_is_refused_by_name(
    lineage_here: Path, changed: dict[str, Any], words: str | None
) -> None:
    shape = json.loads(Path("models/v1/adapter_config.json").read_text(encoding="utf-8")) | changed
    found = list(vllm_program.refused("v1", shape))
    assert found == [] if words is None else len(found) == 1 and found[0].startswith("v1: ") and words in found[0]

import threading
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.synthesis import response_cache
from lineage.synthesis.endpoint import Endpoint, Refusal, host
from tests.lineage.synthesis.standin import KEY, Reply, chat, failing, stand_in

ASKED = [{"role": "user", "content": "물음 JSON"}]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_PRICE_IN", "OPENAI_PRICE_OUT", "OPENAI_CURRENCY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def endpoint(folder: Path, **more: Any) -> Endpoint:
    return Endpoint("tiny", 7, folder=folder, **more)


def test_an_answer_is_paid_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in(lambda asked, count: chat('{"a": 1}')) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        first = endpoint(tmp_path).ask(ASKED)
        assert endpoint(tmp_path).ask(ASKED) == first
    ((headers, body),) = server.requests
    assert (body["model"], body["temperature"], body["seed"], body["messages"]) == ("tiny", 0, 7, ASKED)
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (first["text"], first["served"], first["tokens_in"], first["tokens_out"]) == (
        '{"a": 1}',
        "standin-1",
        100,
        20,
    )
    assert "cost" not in first, "prices are not guessed"
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert endpoint(tmp_path).ask(ASKED) == first, "without an endpoint the cache still answers"
    assert not any(KEY in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_another_model_seed_or_message_is_another_answer() -> None:
    settings = Endpoint("a", 1).settings
    keys = {
        response_cache.key_of("a", ASKED, settings),
        response_cache.key_of("b", ASKED, settings),
        response_cache.key_of("a", [*ASKED, *ASKED], settings),
        response_cache.key_of("a", ASKED, Endpoint("a", 2).settings),
    }
    assert len(keys) == 4


def test_costs_are_counted_where_prices_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_PRICE_IN", "1.5")
    monkeypatch.setenv("OPENAI_PRICE_OUT", "6")
    with stand_in(lambda asked, count: chat("{}")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        answer = endpoint(tmp_path).ask(ASKED)
        assert (answer["cost"], answer["currency"]) == (0.00027, "USD")
        monkeypatch.setenv("OPENAI_PRICE_OUT", "six")
        with pytest.raises(LineageError, match="OPENAI_PRICE_IN and OPENAI_PRICE_OUT are prices per million tokens"):
            endpoint(tmp_path / "other").ask(ASKED)
        assert len(server.requests) == 1, "a wrong price is said before anything is paid for"


def test_a_busy_or_broken_endpoint_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [failing(429, "slow down"), failing(500, "oh"), chat('{"a": 1}')]
    with stand_in(lambda asked, count: said[count]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert endpoint(tmp_path).ask(ASKED)["text"] == '{"a": 1}'
    assert len(server.requests) == 3


def test_one_that_stays_silent_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def silent(asked: str, count: int) -> Reply:
        done.wait(5)
        return chat("{}")

    with stand_in(silent) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(
            LineageError, match=r"did not answer for the model tiny: .*[Tt]imed? ?out.*run again"
        ) as found:
            endpoint(tmp_path, timeout=0.1, retries=0).ask(ASKED)
        done.set()
    assert KEY not in str(found.value)


def test_a_closed_port_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(LineageError, match=r"http://127.0.0.1:9 did not answer.*OPENAI_BASE_URL and OPENAI_API_KEY"):
        endpoint(tmp_path, retries=0).ask(ASKED)


@pytest.mark.parametrize("quoted", [KEY, "sk-very-******6789", f"Bearer {KEY}"])
def test_a_key_that_the_endpoint_quotes_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoted: str
) -> None:
    with stand_in(lambda asked, count: failing(401, f"Incorrect API key provided: {quoted}")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(LineageError, match=r"401 .*Incorrect API key provided: (Bearer )?…") as found:
            endpoint(tmp_path).ask(ASKED)
    assert "very" not in str(found.value) and found.value.__cause__ is None
    assert len(server.requests) == 1, "a wrong key is not tried again"


def test_a_refused_request_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in(lambda asked, count: failing(400, "too long")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(Refusal, match=r"400 .*too long"):
            endpoint(tmp_path).ask(ASKED)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"choices": []}', '{"choices": [{}]}', "[]"])
def test_a_reply_that_is_no_completion_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    with stand_in(lambda asked, count: Reply(body)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(LineageError, match="did not answer for the model tiny"):
            endpoint(tmp_path, retries=0).ask(ASKED)
    assert not list(tmp_path.rglob("*.json")), "nothing is cached"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no endpoint to ask, and the answer is not in the cache: set OPENAI_BASE_URL .* OPENAI_API_KEY"),
        ("vllm:8000", "OPENAI_BASE_URL is no http address"),
        ("http://[::1/v1", "OPENAI_BASE_URL is no http address"),
        ("http://127.0.0.1:port/v1", "OPENAI_BASE_URL is no http address"),
        ("https://user:word@models.example/v1", "holds a password or a query"),
        ("http://models.example/v1", r"OPENAI_API_KEY would travel readable by all between\. Use https"),
        ("http://10.0.0.5:8000/v1", "OPENAI_API_KEY would travel readable"),
    ],
)
def test_an_address_that_is_missing_or_unsafe_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(LineageError, match=said) as found:
        endpoint(tmp_path).ask(ASKED)
    assert KEY not in str(found.value) and "word@" not in str(found.value)
    if "no http address" in said:
        with pytest.raises(LineageError, match=said):
            host()


def test_a_broken_file_in_the_cache_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in(lambda asked, count: chat('{"a": 1}')) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        first = endpoint(tmp_path).ask(ASKED)
        (file,) = tmp_path.rglob("*.json")
        file.write_text(file.read_text()[:20])
        assert endpoint(tmp_path).ask(ASKED) == first
    assert len(server.requests) == 2
    copy = tmp_path / "answers.jsonl"
    copy.write_text(file.read_text())
    assert (
        response_cache.restore(copy, tmp_path / "elsewhere") == 1
        and response_cache.restore(copy, tmp_path / "elsewhere") == 0
    )
    assert response_cache.kept(first["key"], tmp_path / "elsewhere") == first
    copy.write_text("{}\n")
    with pytest.raises(LineageError, match=r"answers\.jsonl:1: not an answer"):
        response_cache.restore(copy, tmp_path / "elsewhere")

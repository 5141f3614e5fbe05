from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.chat import loopback
from lineage.chat.duel import answer_both, begin, cast
from lineage.chat.votes import votes_in
from lineage.cli import chat
from lineage.core.errors import LineageError
from tests import tiny
from tests.lineage.cli.words import refused, said


def test_which_two_answer() -> None:
    c = tiny.curriculum()
    assert chat.two_versions_of(["v2", "v3"], c) == ("v2", "v3")
    assert chat.two_versions_of(["v2"], c) == ("v1", "v2")
    assert chat.two_versions_of(["v1"], c) == ("base", "v1")
    for named, why in {
        ("v9",): "unknown version 'v9'",
        ("v1", "v1"): "two versions",
        ("base",): "two versions",
    }.items():
        with pytest.raises(LineageError, match=why):
            chat.two_versions_of(list(named), c)
    with pytest.raises(LineageError, match="two versions"):
        chat.two_versions_of(["v1", "v2", "v3"], c)


def test_what_keeps_votes_from_being_trained_on_is_said() -> None:
    source = tiny.PARAMS["sources"]["samples"] | {"reader": "preferences"}
    with_votes = {"sources.votes": source}
    (line,) = chat.what_to_bear_in_mind(tiny.curriculum(), "votes")
    assert "params.yaml has no source votes" in line
    (line,) = chat.what_to_bear_in_mind(tiny.curriculum(**with_votes), "votes")
    assert "data: sample, so the votes in data/raw/own/votes are not read" in line
    assert not list(chat.what_to_bear_in_mind(tiny.curriculum(**with_votes, data="own"), "votes"))
    for name, tree, why in (
        ("samples", {}, "sources.samples.reader is prompt_response"),
        ("../votes", {}, "no name of a source"),
        ("votes", {"sources.votes": source | {"withdrawn": "all"}}, "was withdrawn"),
    ):
        with pytest.raises(LineageError, match=why):
            list(chat.what_to_bear_in_mind(tiny.curriculum(**tree), name))


def test_what_is_not_built_or_may_not_be_listened_on_is_refused_before_anything_is_loaded(workspace: Path) -> None:
    assert "dvc repro train@v1" in refused("chat", "v1", "v2", "--port", "0")
    assert "choose another with --port" in refused("chat", "v1", "v2", "--port", "99999")
    assert "--tokens is 0" in refused("chat", "v1", "v2", "--tokens", "0")


@pytest.mark.skipif(not find_spec("nicegui"), reason="NiceGUI is not installed: pip install -e '.[chat]'")
def test_the_page_is_served_with_two_versions_that_answer(lineage_copy: Path, capsys: Any, monkeypatch: Any) -> None:
    """Everything but the browser and the socket, which tests/lineage/chat/test_voting_page.py has."""
    from starlette.testclient import TestClient

    from lineage.chat import voting_page as page

    served: list[Any] = []
    booths: list[Any] = []
    real = page.application
    monkeypatch.setattr(page, "application", lambda booth: booths.append(booth) or real(booth))
    monkeypatch.setattr(loopback, "serve", lambda app, on: served.append((app, on.getsockname())))
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree |= {"data": "own"}
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    told = said(capsys, "chat", "v1", "v2", "--port", "0", "--tokens", "4", "--by", " kim ")
    ((app, (address, port)),), (booth,) = served, booths
    assert address == "127.0.0.1" and f"http://127.0.0.1:{port} v1 and v2, until Ctrl-C" in told
    assert "votes: data/raw/own/votes/votes.jsonl (0 so far)" in told and "note: the base is a toy" in told

    with TestClient(loopback.OnlyFromHere(app, port), base_url=f"http://127.0.0.1:{port}") as client:
        assert "v1 and v2" in client.get("/").text
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403

    duel = begin([], "3번 상품은?", booth.versions)
    answer_both(duel, booth.voices, booth.tokens)
    for side in (duel.first, duel.second):
        assert side.answer
        assert said(capsys, "ask", side.version, "3번 상품은?", "--tokens", "4") == " ".join(side.answer.text.split())
    assert cast(duel, "tie" if duel.same else "first", booth.voices, booth.by, booth.file) == 1
    (vote,) = votes_in(booth.file)
    assert vote.by == "kim" and len(vote.first.adapter) == 64

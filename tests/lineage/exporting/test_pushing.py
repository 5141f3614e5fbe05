"""`lineage push` to a stand-in for a hub, by the real client, and fetched from there again."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, snapshot_download

from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.core.files import sha256
from lineage.provenance.obligations import provenance
from lineage.reporting.report import report
from tests import tiny
from tests.lineage.cli.words import refused, said
from tests.lineage.exporting.hub_standin import TOKEN, StandInHub, stand_in_hub

REPO = "team/krx-v3"
FREE = {"title": "apache-2.0", "redistribution": "allowed", "commercial": "allowed"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    """A hub, and the client of this process told of it; Xet, which needs more than HTTP on loopback, is off."""
    with stand_in_hub() as running:
        settings = {"ENDPOINT": running.url, "HF_HUB_DISABLE_XET": True, "HF_HUB_OFFLINE": False}
        settings |= {"HUGGINGFACE_CO_URL_TEMPLATE": running.url + "/{repo_id}/resolve/{revision}/{filename}"}
        settings |= {"HF_HUB_CACHE": str(tmp_path / "hub")}
        for name, value in settings.items():
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


@pytest.fixture(scope="module")
def whole(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lineage with cards and an adapter's export of v3, whose sources may all be passed on."""
    root = tmp_path_factory.mktemp("pushed") / "lineage"
    shutil.copytree(built, root)
    with chdir(root):
        terms(own=FREE)
        Path("reports").mkdir()
        report(load_curriculum(), Path("reports"))
        main(["export", "v3", "--as", "adapter"])
    return root


@pytest.fixture
def exported(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working folder, to be changed; the folder of the export."""
    shutil.copytree(whole, tmp_path / "lineage")
    monkeypatch.chdir(tmp_path / "lineage")
    return Path("exports/v3-adapter")


def terms(**licences: dict[str, str]) -> None:
    tree = tiny.params(**{f"licences.{name}": found for name, found in licences.items()})
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")


def test_what_is_pushed_is_there_byte_for_byte_with_a_card_that_the_hub_takes(
    exported: Path, hub: StandInHub, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    out = said(capsys, "push", "v3", REPO)
    kept = hub.repositories[REPO]
    assert kept.private and len(kept.commits) == 2
    assert f"{hub.url}/{REPO} at {kept.commits[-1][0]}, private" in out

    fetched = Path(snapshot_download(REPO, local_dir=tmp_path / "fetched"))
    record = json.loads((fetched / "export.json").read_text(encoding="utf-8"))
    names = {f.relative_to(exported).as_posix() for f in exported.rglob("*") if f.is_file()}
    assert set(kept.commits[-1][1]) == names | {".gitattributes"}
    assert {name: sha256(fetched / name) for name in record["files"]} == record["files"]
    for name in names - {"README.md", "export.json"}:
        assert (fetched / name).read_bytes() == (exported / name).read_bytes()

    card = ModelCard.load(fetched / "README.md")
    assert (card.data.library_name, card.data.license) == ("peft", "apache-2.0")
    told = {(one.dataset_config, one.metric_type): one.metric_value for one in card.data.eval_results}
    measures = json.loads(Path("metrics/v3/measures.json").read_text(encoding="utf-8"))["sets"]
    assert {name for name, _ in told} == set(measures)
    assert all(told[name, "nll"] == one["nll"] for name, one in measures.items())
    assert f"hf download {REPO} --local-dir krx-v3" in card.text

    again = said(capsys, "push", "v3", REPO)
    assert "byte for byte: no new commit" in again and len(kept.commits) == 2


def test_a_push_takes_away_what_an_earlier_one_brought_and_nothing_else(
    exported: Path, hub: StandInHub, capsys: pytest.CaptureFixture
) -> None:
    said(capsys, "push", "v3", REPO)
    kept = hub.repositories[REPO]
    old = {**kept.commits[-1][1], "LICENSE": b"terms", "old.json": b"{}"}
    record = json.loads(old["export.json"])
    record["files"] |= {"old.json": "0", "../outside.json": "0"}
    kept.commit({**old, "export.json": json.dumps(record).encode()}, "an earlier push")
    out = said(capsys, "push", "v3", REPO)
    assert "not brought by a push, and left there: LICENSE" in out
    assert "old.json" not in kept.commits[-1][1] and kept.commits[-1][1]["LICENSE"] == b"terms"


@pytest.mark.parametrize(
    ("term", "arguments", "why"),
    [
        ("forbidden", [], r"redistribution is forbidden by what is inside it: .*\(AI Hub\)"),
        ("unknown", ["--public"], r"whether it may be passed on is unknown, because of .*\(AI Hub\)"),
    ],
)
def test_what_may_not_be_passed_on_is_refused_before_anything_is_asked(
    exported: Path, hub: StandInHub, term: str, arguments: list[str], why: str
) -> None:
    terms(own={"title": "AI Hub", "redistribution": term, "commercial": "unknown"})
    for dry in ([], ["--dry-run"]):
        assert re.search(why, refused("push", "v3", REPO, *arguments, *dry))
    assert not hub.repositories


def test_a_version_that_holds_withdrawn_rows_is_refused(exported: Path, hub: StandInHub) -> None:
    tree = tiny.params(**{"licences.own": FREE, "sources.samples.withdrawn": "all"})
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    assert provenance(load_curriculum(), "v3")["withdrawn"]
    assert "samples was withdrawn, and v1" in refused("push", "v3", REPO)
    assert not hub.repositories


def test_a_card_that_says_terms_of_then_is_not_pushed_and_not_exported(
    exported: Path, hub: StandInHub, capsys: pytest.CaptureFixture
) -> None:
    """Who reads it would take the terms for those that hold."""
    for licence in (FREE | {"commercial": "forbidden"}, FREE | {"title": "mit"}):
        terms(own=licence)
        assert "its card says other terms than params.yaml says now; export it again" in refused("push", "v3", REPO)
    assert not hub.repositories
    main(["export", "v3", "--as", "adapter"])
    card = (exported / "README.md").read_text(encoding="utf-8")
    assert "model card of the version is left out" in card and "apache-2.0" not in card and "## Training" not in card
    shutil.rmtree("reports")
    Path("reports").mkdir()
    report(load_curriculum(), Path("reports"))
    main(["export", "v3", "--as", "adapter"])
    card = (exported / "README.md").read_text(encoding="utf-8")
    assert "model card of the version is left out" not in card and "license: mit" in card and "## Training" in card


def changed(folder: Path) -> dict[str, Any]:
    return {
        "README.md: it was changed": lambda: (folder / "README.md").write_text("x", encoding="utf-8"),
        "notes.txt: not of the export": lambda: (folder / "notes.txt").write_text("x", encoding="utf-8"),
        "adapter_model.safetensors: missing": lambda: (folder / "adapter_model.safetensors").unlink(),
        "chat_template.jinja: .jinja is not sent": lambda: linked(folder / "chat_template.jinja"),
        "export.json: cannot be read": lambda: (folder / "export.json").write_text("[]", encoding="utf-8"),
    }


def linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def test_an_export_that_is_not_as_it_was_made_is_refused(exported: Path, hub: StandInHub, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(exported, whole)
    for why, change in changed(exported).items():
        change()
        assert why in refused("push", "v3", REPO)
        shutil.rmtree(exported)
        shutil.copytree(whole, exported)
    assert not hub.repositories


def test_what_the_hub_refuses_is_told_without_the_token(
    exported: Path, hub: StandInHub, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "whose repository? Name it as team/krx-v3" in refused("push", "v3", "krx-v3")
    assert "no name of a repository" in refused("push", "v3", "team/../x")
    assert "other/krx-v3: the token in HF_TOKEN may not write there (403" in refused("push", "v3", "other/krx-v3")
    said(capsys, "push", "v3", REPO)
    kept = hub.repositories[REPO]
    kept.commit({}, "emptied")
    for status, why in ((500, "push again later (500"), (401, "does not know the token in HF_TOKEN (401")):
        hub.status = status
        told = refused("push", "v3", REPO)
        assert why in told and TOKEN not in told
    hub.status, hub.race = 0, True
    assert "another push was faster; push again (412" in refused("push", "v3", REPO)
    hub.race, hub.lossy = False, True
    assert "adapter_model.safetensors is not there as it was sent" in refused("push", "v3", REPO)
    kept.private = False
    assert f"{REPO} is there, and everybody sees it" in refused("push", "v3", REPO)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert "the hub does not answer" in refused("push", "v3", REPO)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused("push", "v3", REPO)
    monkeypatch.delenv("HF_TOKEN")
    assert "HF_TOKEN is not set" in refused("push", "v3", REPO)

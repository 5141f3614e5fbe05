"""Several workspaces behind one Prefect: their deployments are told apart by the lineage's name."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from flows import serve
from flows.deployment_names import deployment_name, folder_tag
from flows.raw_watch import flows_of
from flows.serve import must_answer, must_be_free
from lineage.core.errors import LineageError


def test_a_lineage_with_a_name_of_its_own_has_deployments_of_its_own(workspace: Path) -> None:
    assert deployment_name("rebuild") == "rebuild" and flows_of("ingest") == ["ingest/ingest"]
    params = workspace / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8") + "\nname: our-loans\n", encoding="utf-8")
    assert deployment_name("rebuild") == "rebuild of our-loans"
    assert flows_of("rebuild") == ["ingest/ingest of our-loans", "lineage/rebuild of our-loans"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:4200"])
def test_an_address_where_no_prefect_answers_is_named(address: str) -> None:
    with pytest.raises(LineageError, match=f"--prefect {address}: no Prefect answers there"):
        must_answer(address)


@pytest.mark.parametrize(
    ("status", "tags", "refused"),
    [
        ("READY", ["lineage", "from another:/home/loans"], True),
        ("NOT_READY", ["lineage", "from another:/home/loans"], False),  # it was moved
        ("READY", ["lineage", "here"], False),  # started again
        ("", [], False),  # nobody has the name
    ],
)
def test_a_name_that_another_folder_is_served_under_is_refused(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, status: str, tags: list[str], refused: bool
) -> None:
    def get(address: str, **_: Any) -> httpx.Response:
        told = {"status": status, "tags": [folder_tag() if tag == "here" else tag for tag in tags]}
        return httpx.Response(200 if status else 404, json=told, request=httpx.Request("GET", address))

    monkeypatch.setattr(serve.httpx, "get", get)
    if not refused:
        must_be_free("http://127.0.0.1:4200")
        return
    with pytest.raises(LineageError, match="“rebuild” is served there from another:/home/loans"):
        must_be_free("http://127.0.0.1:4200")

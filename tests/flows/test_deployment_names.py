"""Several workspaces behind one Prefect: their deployments are told apart by the lineage's name."""

from pathlib import Path

import pytest

from flows.deployment_names import deployment_name
from flows.raw_watch import flows_of
from flows.serve import must_answer
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

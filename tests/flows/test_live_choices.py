"""What the forms offer follows params.yaml, and stays while that is wrong."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import live_choices
from flows.deployment_names import folder_tag
from flows.lineage_flow import rebuild
from flows.live_choices import Following
from lineage.config.edit import edit_curriculum


def test_a_new_version_is_offered_and_a_wrong_file_changes_no_choice(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []

    @contextmanager
    def client(**_: object) -> Any:
        yield SimpleNamespace(
            read_deployment_by_name=lambda name: SimpleNamespace(id=name),
            update_deployment=lambda name, told_: told.append({"name": name} | told_.model_dump(exclude_unset=True)),
        )

    monkeypatch.setattr(live_choices, "get_client", client)
    following = Following({"lineage/rebuild": rebuild})
    assert not following.look()
    edit_curriculum(lambda tree: tree["versions"].update(v7=dict(tree["versions"]["v6"])))
    assert following.look() and not following.look()
    offered = told[0]["parameter_openapi_schema"]["properties"]["versions"]["items"]["enum"]
    assert {"v6", "v7"} <= set(offered)
    assert told[0]["tags"] == ["lineage", "profile cpu", folder_tag()]

    params = workspace / "params.yaml"
    right = params.read_text(encoding="utf-8")
    params.write_text(right.replace("profile: cpu", "profile: tpu"), encoding="utf-8")
    assert following.look() and not following.look()
    assert set(told[1]) == {"name", "description"}
    assert "params.yaml is wrong, so the choices stay as they were" in told[1]["description"]
    params.write_text(right, encoding="utf-8")
    assert following.look()
    assert told[2]["description"] == (
        "Rebuild the lineage: every stage of dvc.yaml that is stale, then the report, then MLflow."
    )
    assert told[2]["parameter_openapi_schema"]

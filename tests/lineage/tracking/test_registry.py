"""Whom the aliases lead to: a version's to the adapter that stands now, the champion's to the one that was promoted."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.publish import RECEIPT, publish
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import (
    TREE,
    client,
    digest,
    promote,
    runs,
    write,
    write_report,
    write_version,
)


def alias(name: str) -> Any | None:
    """The model version that an alias leads to."""
    number = client().get_registered_model(DEFAULT_NAME).aliases.get(name)
    return client().get_model_version(DEFAULT_NAME, number) if number else None


def loaded(name: str) -> str:
    """What stands in the adapter that an alias leads to."""
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(artifact_uri=f"models:/{DEFAULT_NAME}@{name}", tracking_uri=local_uri()))
    return (folder / "adapter_model.safetensors").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _registry_here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", local_uri())


def test_the_champion_is_the_adapter_that_the_file_names(workspace: Path) -> None:
    promote(workspace, "v1", because="first")
    promote(workspace, "v3", because="<b>better</b> \x1b[1m", by="us")
    publish(local_uri())
    found = alias("champion")
    assert found is not None
    assert (found.tags["lineage_version"], found.tags["promoted_because"]) == ("v3", "<b>better</b> ␛[1m")
    assert '"v3"' in RECEIPT.read_text(encoding="utf-8")
    write(workspace / "promotions.yaml", "# nobody\n")
    publish(local_uri())
    assert alias("champion") is None


def test_a_rebuilt_version_inherits_no_promotion(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promote(workspace, "v2")
    publish(local_uri())
    promoted = alias("champion")
    capsys.readouterr()

    write_version(workspace, "v2", "v1", 1, attempt="again")
    publish(local_uri())
    said = capsys.readouterr().out
    assert f"v2 was rebuilt ({digest('v2againfingerprint')[:12]}" in said
    assert f"the champion is still v2 at {digest('v2fingerprint')[:12]}" in said
    assert f"    adapter: {digest('weights of v2again')}" in said
    assert alias("champion").version == promoted.version
    assert (loaded("champion"), loaded("lineage-v2")) == ("weights of v2", "weights of v2again")
    states = {key: run.data.tags["lineage_state"] for key, run in runs().items() if key.startswith("v2")}
    assert states == {
        "v2:" + digest("v2fingerprint"): f"superseded by fingerprint {digest('v2againfingerprint')[:12]}",
        "v2:" + digest("v2againfingerprint"): "current",
    }
    assert alias("champion").tags["lineage_state"].startswith("superseded")

    promote(workspace, "v2", attempt="again")
    publish(local_uri())
    assert loaded("champion") == "weights of v2again"


def test_the_same_fingerprint_with_other_tensors_is_another_adapter(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code changed, or the processor: the decision was about the tensors that were measured."""
    promote(workspace, "v2")
    publish(local_uri())
    for tensors in ("other tensors", "others again"):
        write_version(workspace, "v2", "v1", 1, tensors=tensors)
        publish(local_uri())
        assert "v2 was rebuilt" in capsys.readouterr().out
        assert (loaded("champion"), loaded("lineage-v2")) == ("weights of v2", tensors)
    assert len(runs()) == 6  # of what was neither promoted nor is there, nothing stays
    write_version(workspace, "v2", "v1", 1)
    publish(local_uri())
    assert (loaded("champion"), loaded("lineage-v2")) == ("weights of v2", "weights of v2")
    assert len(runs()) == 5


def test_a_promoted_adapter_that_is_nowhere_is_said_and_no_other_is_loaded(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    promote(workspace, "v1")
    publish(local_uri())
    promote(workspace, "v2", attempt="lost")
    publish(local_uri())
    said = capsys.readouterr().out
    assert f"v2 at {digest('v2lostfingerprint')[:12]}" in said and "is neither built here nor in MLflow" in said
    assert "the champion before it, is taken away" in said
    assert "that is not what was promoted" in said
    assert alias("champion") is None


def test_a_promoted_adapter_whose_file_is_lost_is_nowhere(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promote(workspace, "v2")
    publish(local_uri())
    run = alias("champion").run_id
    write_version(workspace, "v2", "v1", 1, attempt="again")
    shutil.rmtree(workspace / f".state/mlflow/artifacts/{run}/artifacts/adapter")
    publish(local_uri())
    assert "is neither built here nor in MLflow" in capsys.readouterr().out
    assert alias("champion") is None


def test_a_champion_set_by_hand_is_reported_and_left(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promote(workspace, "v2")
    publish(local_uri())
    by_hand = alias("lineage-v1").version
    client().set_registered_model_alias(DEFAULT_NAME, "champion", by_hand)
    for text in ((workspace / "promotions.yaml").read_text(encoding="utf-8"), "# nobody\n"):
        write(workspace / "promotions.yaml", text)
        capsys.readouterr()
        publish(local_uri())
        said = capsys.readouterr().out
        assert f"set by hand, to model version {by_hand} (v1 at {digest('v1fingerprint')[:12]})" in said
        assert f"    fingerprint: {digest('v1fingerprint')}" in said
        assert alias("champion").version == by_hand
    # Other tensors under the same fingerprint: what the person chose stays loadable.
    write_version(workspace, "v1", "base", 0, tensors="others")
    publish(local_uri())
    assert loaded("champion") == "weights of v1"
    promote(workspace, "v2")
    client().delete_registered_model_alias(DEFAULT_NAME, "champion")
    publish(local_uri())
    assert loaded("champion") == "weights of v2"


def test_the_champion_of_an_older_publish_is_taken_for_ours(workspace: Path) -> None:
    promote(workspace, "v2")
    publish(local_uri())
    client().delete_registered_model_tag(DEFAULT_NAME, "champion_set_by_publish")
    promote(workspace, "v3")
    publish(local_uri())
    assert loaded("champion") == "weights of v3"


def test_a_renamed_version_keeps_its_run_and_its_promotion(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promote(workspace, "v2")
    publish(local_uri())
    before = runs()["v2:" + digest("v2fingerprint")].info.run_id
    client().set_tag(before, "reviewed", "by Kim")
    shutil.rmtree(workspace / "models/v2")
    write_version(workspace, "papers", "v1", 1, made_as="v2")
    write_report(workspace, {"v1": "base", "papers": "v1", "v3": "papers"})
    write_version(workspace, "v3", "papers", 2)
    capsys.readouterr()
    publish(local_uri())
    said = capsys.readouterr().out
    assert "papers: updated, was v2" in said
    assert "is now called papers" in said
    found = runs()
    assert not [key for key in found if key.startswith("v2")]
    run = found["papers:" + digest("v2fingerprint")]
    tags = run.data.tags
    assert (run.info.run_id, run.info.run_name, tags["version"], tags["reviewed"]) == (
        before,
        "papers",
        "papers",
        "by Kim",
    )
    assert alias("lineage-papers").run_id == alias("champion").run_id == before
    assert (alias("lineage-v2"), alias("champion").tags["lineage_version"]) == (None, "papers")
    assert found["v3:" + digest("v3fingerprint")].data.tags["parent"] == "papers"
    publish(local_uri())
    assert runs()["papers:" + digest("v2fingerprint")].info.run_id == before


def test_a_version_that_left_params_is_no_equal_of_the_others(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(local_uri())
    write_report(workspace, {"v1": "base"}, {"v3": ["not trained; run `dvc repro train@v3`"]})
    for _ in range(2):
        capsys.readouterr()
        publish(local_uri())
    said = capsys.readouterr().out
    assert said.count("v3: not published, not trained") == 1
    assert "alias lineage-v2" not in said  # it was said once
    states = {key.partition(":")[0]: run.data.tags["lineage_state"] for key, run in runs().items()}
    assert states == {
        "base": "current",
        "report": "current",
        "v1": "current",
        "v2": "no longer in params.yaml",
        "v3": "not built at present",
    }
    assert (alias("lineage-v2"), alias("lineage-v3") is None) == (None, False)
    write_report(workspace, TREE)
    publish(local_uri())
    assert {run.data.tags["lineage_state"] for run in runs().values()} == {"current"}
    assert loaded("lineage-v2") == "weights of v2"


def test_a_stale_version_says_so_until_it_is_built_or_the_change_taken_back(workspace: Path) -> None:
    publish(local_uri())
    told = publish(local_uri(), stale={"v2": "mix: weight 1 → 2"})
    assert {one.told.outcome for one in told} == {"unchanged"}
    states = {key.partition(":")[0]: run.data.tags["lineage_state"] for key, run in runs().items()}
    assert states == {
        "base": "current",
        "report": "current",
        "v1": "current",
        "v2": "stale: mix: weight 1 → 2",
        "v3": "current",
    }
    assert alias("lineage-v2").tags["lineage_state"] == "stale: mix: weight 1 → 2"
    publish(local_uri())
    assert {run.data.tags["lineage_state"] for run in runs().values()} == {"current"}
    assert alias("lineage-v2").tags["lineage_state"] == "current"


def registered(name: str) -> Any:
    """The model version of a version, as the registry's page shows it."""
    one = alias(f"lineage-{name}")
    assert one is not None
    return one


def test_a_model_version_carries_card_parent_and_verdicts(workspace: Path) -> None:
    publish(local_uri())
    one = registered("v2")
    assert one.description.startswith("# v2\n\ncontinues v1")
    said = "better, -0.50 nats a token on its own sets; forgot 1 of 2 sets of its ancestors"
    assert (one.tags["parent"], one.tags["against_parent"]) == ("v1", said)
    assert "gate" not in one.tags

    look = "{number: 1, level: 0.03, rows: ab, sample: cd, sets: [rules.record], goal: ef}"
    entry = {"fingerprint": digest("v2fingerprint"), "adapter": digest("weights of v2")}
    refused = "".join(f"  {name}: '{value}'\n" for name, value in entry.items())
    refused = f"- version: v2\n{refused}  kind: refused\n  when: 2026-11-27\n  because: it reads tables\n"
    refused += f"  against: {{version: v1}}\n  look: {look}\n  reasons: [not better beyond noise]\n"
    (workspace / "promotions.yaml").write_text(refused, encoding="utf-8")
    client().update_model_version("krx-lineage", one.version, f"{one.description}\nof the meeting in May")
    for _ in range(2):
        publish(local_uri())
    one = registered("v2")
    assert one.tags["gate"] == "refused on 2026-11-27 against v1: not better beyond noise"
    assert one.description.startswith("# v2") and one.description.endswith("\nof the meeting in May")
    assert alias("champion") is None


def test_the_line_that_an_earlier_release_described_a_model_version_by_gives_way(workspace: Path) -> None:
    publish(local_uri())
    client().update_model_version("krx-lineage", registered("v2").version, "v2, continues v1")
    client().update_model_version("krx-lineage", registered("v3").version, "our first with reports")
    publish(local_uri())
    assert registered("v2").description.startswith("# v2") and "continues v1\n\n---" in registered("v2").description
    assert registered("v3").description.endswith("our first with reports")

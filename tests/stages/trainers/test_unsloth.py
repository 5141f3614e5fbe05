import ast
import importlib.util
import inspect
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage.errors import LineageError
from stages.trainers import unsloth
from tests import tiny

SOURCE = Path(unsloth.__file__)


class FakeUnsloth:
    """Records how unsloth is called, and what the folder that it was given named as its base."""

    def __init__(self) -> None:
        self.loaded: list[dict[str, Any]] = []
        self.wrapped: list[dict[str, Any]] = []
        self.adapters: list[dict[str, Any]] = []
        self.FastLanguageModel = SimpleNamespace(from_pretrained=self._load, get_peft_model=self._wrap)

    def _load(self, **arguments: Any) -> tuple[str, None]:
        self.loaded.append(arguments)
        folder = Path(arguments["model_name"])
        if (folder / "adapter_config.json").is_file():
            config = json.loads((folder / "adapter_config.json").read_text())
            weights = (folder / "adapter_model.safetensors").read_bytes()
            self.adapters.append(
                {"config": config, "weights": weights, "files": sorted(p.name for p in folder.iterdir())}
            )
        return "model", None

    def _wrap(self, model: str, **arguments: Any) -> str:
        self.wrapped.append(arguments)
        return "model with an adapter"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeUnsloth:
    fake = FakeUnsloth()
    monkeypatch.setitem(sys.modules, "unsloth", fake)
    return fake


def test_without_unsloth_the_error_says_what_to_install(lineage_here: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", None)  # as if it were not installed
    with pytest.raises(LineageError, match=r"'unsloth' is not installed; run: pip install -e '\.\[gpu\]'.*trainer: hf"):
        unsloth.load(tiny.job("v1"))


def test_training_without_unsloth_stops_before_anything_is_written(lineage_copy: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", None)
    with pytest.raises(LineageError, match="is not installed"):
        tiny.train(tiny.curriculum(**{"profiles.cpu.trainer": "unsloth"}), "v2")


def test_a_first_version_gets_one_adapter_of_the_chain_s_shape(lineage_here: Path, fake: FakeUnsloth) -> None:
    job = tiny.job("v1")
    assert unsloth.load(job) == "model with an adapter"
    (loaded,), (wrapped,) = fake.loaded, fake.wrapped
    assert loaded["model_name"] == job.weights
    assert loaded["use_exact_model_name"] is True  # otherwise load_in_4bit takes another repository
    assert loaded["trust_remote_code"] is False and loaded["max_seq_length"] == 128
    assert (wrapped["r"], wrapped["lora_alpha"], wrapped["lora_dropout"]) == (8, 8, 0.0)
    assert wrapped["target_modules"] == list(job.lora.targets) and wrapped["random_state"] == 7


def test_a_continued_version_gets_no_second_adapter(lineage_here: Path, fake: FakeUnsloth) -> None:
    assert unsloth.load(tiny.job("v2")) == "model"
    assert fake.wrapped == []


def test_a_continued_version_loads_its_parent_on_the_pinned_base(lineage_here: Path, fake: FakeUnsloth) -> None:
    """Unsloth loads the base that the adapter names, from the newest commit of that name: here, the pinned folder."""
    before = Path("models/v1/adapter_config.json").read_bytes()
    job = tiny.job("v2", weights="/cache/snapshots/f2826a00")
    unsloth.load(job)
    (adapter,) = fake.adapters
    assert adapter["config"]["base_model_name_or_path"] == "/cache/snapshots/f2826a00"
    assert adapter["weights"] == Path("models/v1/adapter_model.safetensors").read_bytes()
    assert adapter["files"] == sorted(p.name for p in Path("models/v1").iterdir())
    assert Path("models/v1/adapter_config.json").read_bytes() == before  # a view: the parent is not touched
    assert not Path(fake.loaded[0]["model_name"]).exists()


def passed(function: str) -> list[str]:
    """The keyword arguments that our source passes to a function of unsloth."""
    calls = [n for n in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    return [
        k.arg
        for c in calls
        if isinstance(c.func, ast.Attribute) and c.func.attr == function
        for k in c.keywords
        if k.arg
    ]


@pytest.mark.parametrize("function", ["from_pretrained", "get_peft_model"])
def test_the_installed_unsloth_knows_every_argument(function: str) -> None:
    assert passed(function)
    if importlib.util.find_spec("unsloth") is None:
        pytest.skip("unsloth is not installed (pip install -e '.[gpu]'): its signatures cannot be read here")
    from unsloth import FastLanguageModel

    known = inspect.signature(getattr(FastLanguageModel, function)).parameters
    named = {n for n, p in known.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    assert set(passed(function)) <= named  # **kwargs would swallow the others silently

"""The trainer unsloth. What each part covers:

- calls, with a fake in unsloth's place: what is asked of it, and what is refused before it is asked;
- signatures, read from the source of the installed unsloth: every argument is one that its GPU functions name;
- training, on the CPU backend of the installed unsloth (2026.10.9 or newer): first version, second, resumed after a
  kill. That backend is stock transformers and PEFT: this module is tested, the GPU's kernels are not (`tests/gpu`).

    pytest -m slow tests/lineage/training/backends/test_unsloth.py    # the training, where such an unsloth is installed
"""

import ast
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from lineage.core.errors import LineageError
from lineage.training.backends import unsloth
from lineage.training.trl_config import arguments
from tests import tiny
from tests.workspace import ROOT, Workspace, copy_of, kill_group, until

SOURCE = Path(unsloth.__file__)
SPEC = importlib.util.find_spec("unsloth")
INSTALLED = Path(str(SPEC.origin)).parent if SPEC else None

# ------------------------------------------------------------------------------------------------------------- calls


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


def job(version: str = "v1", **changes: Any) -> Any:
    return tiny.job(version, tiny.curriculum(**changes))


def test_without_unsloth_the_error_says_what_to_install(lineage_here: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", None)  # as if it were not installed
    with pytest.raises(LineageError, match=r"'unsloth' is not installed; run: pip install -e '\.\[gpu\]'.*trainer: hf"):
        unsloth.load(tiny.job("v1"))


def test_training_without_unsloth_stops_before_anything_is_written(lineage_copy: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", None)
    with pytest.raises(LineageError, match="is not installed"):
        tiny.train(tiny.curriculum(**{"profiles.cpu.trainer": "unsloth"}), "v2")


def test_imported_after_what_it_patches_is_refused(lineage_here: Path, monkeypatch) -> None:
    import transformers  # noqa: F401

    monkeypatch.delitem(sys.modules, "unsloth", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    with pytest.raises(LineageError, match=r"must be imported before transformers.*python -m stages\.train"):
        unsloth.import_first()


def test_an_unsloth_that_refuses_the_machine_is_named(monkeypatch) -> None:
    class Broken:
        def find_spec(self, name: str, *_: Any) -> Any:
            if name == "unsloth":
                raise NotImplementedError("no accelerator found")

    monkeypatch.delitem(sys.modules, "unsloth", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(unsloth, "PATCHED", ())
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(LineageError, match=r"does not run here \(NotImplementedError: no accelerator found\)"):
        unsloth.import_first()


def test_a_first_version_gets_one_adapter_of_the_chain_s_shape(lineage_here: Path, fake: FakeUnsloth) -> None:
    asked = job(**{"chain.lora.rslora": True})
    assert unsloth.load(asked) == "model with an adapter"
    (loaded,), (wrapped,) = fake.loaded, fake.wrapped
    assert loaded["model_name"] == asked.weights
    assert loaded["use_exact_model_name"] is True  # otherwise load_in_4bit takes another repository
    assert loaded["trust_remote_code"] is False and loaded["max_seq_length"] == 128
    assert (wrapped["r"], wrapped["lora_alpha"], wrapped["lora_dropout"]) == (8, 8, 0.0)
    assert wrapped["target_modules"] == list(asked.lora.targets) and wrapped["random_state"] == 7
    assert wrapped["use_rslora"] is True and "use_dora" not in wrapped


def test_dora_is_asked_for_where_the_chain_asks(lineage_here: Path, fake: FakeUnsloth) -> None:
    unsloth.load(job(**{"chain.lora.dora": True}))
    assert fake.wrapped[0]["use_dora"] is True


@pytest.mark.parametrize(("asked", "passed"), [(True, "unsloth"), (False, False)])
def test_recomputing_activations_is_the_profile_s_to_say(asked: bool, passed: Any, lineage_here, fake) -> None:
    asking = job(**{"profiles.cpu.gradient_checkpointing": asked})
    unsloth.load(asking)
    assert fake.loaded[0]["use_gradient_checkpointing"] == fake.wrapped[0]["use_gradient_checkpointing"] == passed
    assert arguments(asking, unsloth)["gradient_checkpointing"] is asked


def test_its_fused_loss_is_used(lineage_here: Path) -> None:
    """TRL's chunked loss would call the model's body and never unsloth's own loss."""
    assert unsloth.settings(tiny.job("v1"))["loss_type"] == "nll"
    assert "loss_type" not in unsloth.settings(tiny.job("v1", beta=0.1))  # there it names the kind of preference


def test_a_continued_version_gets_no_second_adapter(lineage_here: Path, fake: FakeUnsloth) -> None:
    assert unsloth.load(tiny.job("v2")) == "model"
    assert fake.wrapped == []


def test_a_continued_version_loads_its_parent_on_the_pinned_base(lineage_here: Path, fake: FakeUnsloth) -> None:
    """Unsloth loads the base that the adapter names, from the newest commit of that name: here, the pinned folder."""
    before = Path("models/v1/adapter_config.json").read_bytes()
    asked = tiny.job("v2", weights="/cache/snapshots/f2826a00")
    unsloth.load(asked)
    (adapter,) = fake.adapters
    assert adapter["config"]["base_model_name_or_path"] == "/cache/snapshots/f2826a00"
    assert adapter["weights"] == Path("models/v1/adapter_model.safetensors").read_bytes()
    assert adapter["files"] == sorted(p.name for p in Path("models/v1").iterdir())
    assert Path("models/v1/adapter_config.json").read_bytes() == before  # a view: the parent is not touched
    assert not Path(fake.loaded[0]["model_name"]).exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain.lora.targets": ["q_proj", "lm_head"]}, r"lm_head and embed_tokens as whole matrices"),
        ({"profiles.cpu.load_in_4bit": True, "profiles.cpu.double_quant": False}, "set double_quant: true"),
        ({"profiles.cpu.packing": True}, "packing with batch_size: 4: .* set batch_size: 1"),
        (
            {"profiles.cpu.launch": {"processes": 2}, "profiles.cpu.batch_size": 2},
            "trains on one GPU; set processes: 1",
        ),
    ],
)
def test_what_it_would_change_in_silence_is_refused(changes: dict[str, Any], words: str, lineage_here, fake) -> None:
    with pytest.raises(LineageError, match=rf"^v1: .*{words}.*; or set trainer: hf$"):
        unsloth.load(job(**changes))
    assert fake.loaded == []


def test_packing_in_batches_of_one_is_allowed(lineage_here: Path, fake: FakeUnsloth) -> None:
    unsloth.load(job(**{"profiles.cpu.packing": True, "profiles.cpu.batch_size": 1}))
    assert len(fake.loaded) == 1


# -------------------------------------------------------------------------------------------------------- signatures


def passed(function: str) -> set[str]:
    """The keyword arguments that our source passes by name to a function of unsloth."""
    calls = [n for n in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    found = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == function]
    return {k.arg for c in found for k in c.keywords if k.arg}


def named(file: Path, owner: str, function: str) -> set[str]:
    """The parameters that a method names, by its source: importing it would patch the libraries of this process."""
    (cls,) = [n for n in ast.parse(file.read_text()).body if isinstance(n, ast.ClassDef) and n.name == owner]
    (method,) = [n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == function]
    return {a.arg for a in (*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs)}


@pytest.mark.parametrize(
    ("function", "file", "owner"),
    [
        ("from_pretrained", "models/loader.py", "FastLanguageModel"),
        ("get_peft_model", "models/llama.py", "FastLlamaModel"),  # Qwen2's too: it inherits
    ],
)
def test_the_installed_unsloth_names_every_argument(function: str, file: str, owner: str) -> None:
    assert len(passed(function)) > 5
    if INSTALLED is None:
        pytest.skip("unsloth is not installed (pip install -e '.[gpu]'): its signatures cannot be read here")
    assert passed(function) <= named(INSTALLED / file, owner, function)  # **kwargs would swallow the others


def test_what_goes_on_to_peft_is_named_there() -> None:
    import inspect

    from peft import LoraConfig

    assert "use_dora" in inspect.signature(LoraConfig).parameters


# ---------------------------------------------------------------------------------------------------------- training


def cpu_backend() -> str:
    """Why it cannot train here, or nothing."""
    if INSTALLED is None:
        return "unsloth is not installed (pip install -e '.[gpu]')"
    if not (INSTALLED / "_cpu_init.py").is_file():
        return "the installed unsloth has no CPU backend: 2026.10.9 is the first"
    return ""


trains = [pytest.mark.slow, pytest.mark.skipif(bool(cpu_backend()), reason=cpu_backend() or "it can")]
CONTINUED = """
import json, sys
from lineage.training.backends import unsloth as trainer
trainer.import_first()
import torch
from peft import get_peft_model_state_dict
from safetensors.torch import load_file
from lineage.config.load import load_curriculum
from lineage.training.plan import planned
loaded = get_peft_model_state_dict(trainer.load(planned(load_curriculum(), "v2").job))
saved = load_file("models/v1/adapter_model.safetensors")
print("tensors", len(saved), loaded.keys() == saved.keys() and all(torch.equal(loaded[k], saved[k]) for k in saved))
"""


def asking(**changes: Any) -> dict[str, Any]:
    """The tiny curriculum for unsloth. The CPU backend has no 8-bit optimizer, which the profile must allow."""
    asked = {"profiles.cpu.trainer": "unsloth", "profiles.cpu.may_differ": ["optimizer"], "profiles.cpu.batch_size": 2}
    return tiny.params(**asked | changes)


def set_params(w: Workspace, tree: dict[str, Any]) -> None:
    (w.root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def trained(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny base and mixes; v1 and v2 trained by unsloth, each in a process of its own."""
    w = copy_of(Workspace(built), tmp_path_factory.mktemp("unsloth") / "w")
    w.environment |= {"PYTHONPATH": str(ROOT), "UNSLOTH_FORCE_CPU": "1", "PYTHONHASHSEED": "1"}
    set_params(w, asking())
    for version in ("v1", "v2"):
        w.run("stages.train", version)
    return w


class TestTraining:
    pytestmark = trains

    def test_requested_and_effective_are_both_recorded(self, trained: Workspace) -> None:
        record = trained.json("models/v1/lineage.json")
        asked, found = record["requested"], record["effective"]
        assert {name for name in asked if asked[name] != found[name]} == {"optimizer"}
        assert (asked["optimizer"], found["optimizer"]) == ("adamw_8bit", "adamw_torch")

    def test_what_the_backend_changes_stops_a_profile_that_does_not_allow_it(self, trained, tmp_path) -> None:
        w = copy_of(trained, tmp_path / "w")
        set_params(w, asking(**{"profiles.cpu.may_differ": []}))
        w.run("stages.train", "v1", fails=True)
        assert "optimizer: asked for adamw_8bit, in force adamw_torch); nothing was trained" in w.said

    def test_the_second_version_starts_as_its_parent(self, trained: Workspace, tmp_path: Path) -> None:
        w = copy_of(trained, tmp_path / "w")
        (w.root / "continued.py").write_text(CONTINUED, encoding="utf-8")
        assert w.run("continued", PYTHONPATH=f"{ROOT}{os.pathsep}{w.root}").splitlines()[-1] == "tensors 28 True"
        assert trained.json("models/v2/lineage.json")["parent_adapter"] == trained.adapter("v1")
        assert trained.adapter("v2") != trained.adapter("v1")

    def test_the_same_inputs_give_the_same_bytes(self, trained: Workspace, tmp_path: Path) -> None:
        w = copy_of(trained, tmp_path / "다른 곳")
        w.run("stages.train", "v1", PYTHONHASHSEED="2")
        assert w.adapter("v1") == trained.adapter("v1")

    def test_killed_and_run_again_it_resumes_to_the_same_bytes(self, trained: Workspace, tmp_path: Path) -> None:
        alone = copy_of(trained, tmp_path / "alone")
        set_params(alone, asking(**{"profiles.cpu.budget": {"epochs": 40}, "profiles.cpu.checkpoint_steps": 20}))
        killed = copy_of(alone, tmp_path / "killed")
        alone.run("stages.train", "v1")
        process = killed.start("stages.train", "v1")
        until(lambda: list((killed.root / ".state/checkpoints").glob("*/checkpoint-*/complete")), of=process)
        kill_group(process)
        process.communicate()
        killed.run("stages.train", "v1")
        assert "v1: resumed at step" in killed.said
        assert killed.adapter("v1") == alone.adapter("v1") != trained.adapter("v1")

    @pytest.mark.parametrize(
        "changes",
        [
            {"chain.lora.dora": True, "chain.lora.rslora": True},
            {"profiles.cpu.packing": True, "profiles.cpu.batch_size": 1, "profiles.cpu.loss": "full"},
            {"profiles.cpu.gradient_checkpointing": True},
        ],
        ids=["dora", "packed", "recomputed"],
    )
    def test_the_recipes_train(self, changes: dict[str, Any], trained: Workspace, tmp_path: Path) -> None:
        w = copy_of(trained, tmp_path / "w")
        set_params(w, asking(**changes))
        w.run("stages.train", "v1")
        w.run("stages.train", "v2")
        record = w.json("models/v2/lineage.json")
        assert {n for n in record["requested"] if record["requested"][n] != record["effective"][n]} == {"optimizer"}
        assert w.json("models/v2/adapter_config.json")["use_dora"] is bool(changes.get("chain.lora.dora"))
        assert w.adapter("v2") != w.adapter("v1")

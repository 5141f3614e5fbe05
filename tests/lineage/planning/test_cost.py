import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.config.schema import BaseModelSpec, Curriculum, Lora
from lineage.config.version import ResolvedVersion
from lineage.core import machine
from lineage.core.errors import LineageError
from lineage.core.machine import Room
from lineage.planning import cost
from lineage.planning.cautions import on_several_nodes
from lineage.planning.duration import Seconds, training_seconds
from lineage.planning.memory import activation_bytes, memory_of, optimizer_bytes
from lineage.planning.model import model_of
from tests import tiny

GB = 10**9
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
BIG = {  # Qwen2.5-0.5B's shape
    "vocab_size": 151_936,
    "hidden_size": 896,
    "layers": 24,
    "heads": 14,
    "kv_heads": 2,
    "intermediate_size": 4864,
    "steps": 5,
    "batch_size": 4,
    "learning_rate": 3.0e-3,
}


def big(**profile: Any) -> Curriculum:
    """The tiny curriculum on a base of 0.5 B parameters."""
    fields = {name if name == "chain" else f"profiles.cpu.{name}": value for name, value in profile.items()}
    return tiny.curriculum(**{"profiles.cpu.base": {"build": BIG}, **fields})


def here(version: str) -> tuple[Curriculum, ResolvedVersion]:
    """The curriculum of the working folder, and a version of it."""
    c = load_curriculum()
    return c, c.version(version)


def need(c: Curriculum) -> dict[str, int]:
    model = model_of(c.active.base)
    assert model
    return memory_of(model, c.active, c.version("v1"), c.active.max_length, on_gpu=False).parts


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    def is_(total: float, free: float | None = None) -> None:
        room = Room("memory", round(total * GB), round((total if free is None else free) * GB))
        monkeypatch.setattr(machine, "memory", lambda: room)
        monkeypatch.setattr(machine, "gpus", tuple)

    return is_


def write(**fields: Any) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**fields)), encoding="utf-8")


def checked(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "300")
    main(["check"])
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_shapes_are_those_of_the_model_that_is_built(lineage_here: Path) -> None:
    c = load_curriculum()
    built, stored = model_of(c.active.base), model_of(BaseModelSpec(path="models/base"))
    assert built and stored
    assert built.parameters == stored.parameters == json.loads(Path("models/base/base.json").read_text())["parameters"]
    assert (built.hidden, built.layers, built.query, built.key) == (
        stored.hidden,
        stored.layers,
        stored.query,
        stored.key,
    )
    assert built.linear == stored.linear
    record = json.loads(Path("models/v1/lineage.json").read_text())
    assert built.adapter(c.version("v1").lora) == stored.adapter(c.version("v1").lora) == record["trainable_parameters"]


def test_a_base_that_is_not_here_has_no_known_cost_yet(workspace: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(workspace / "hub"))
    write(**{"profiles.cpu.base": {"repo": "a/b", "revision": "0" * 40}})
    assert "unknown: memory and disk until `dvc repro base`" in checked(capsys, monkeypatch)
    cost.refuse_what_cannot_fit(*here("v1"))


def test_a_damaged_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(LineageError, match="safetensors header cannot be read"):
        model_of(BaseModelSpec(path=str(tmp_path)))


@pytest.mark.parametrize("fewer", [TARGETS, ("q_proj", "v_proj"), ("down_proj",)])
def test_activations_are_what_pytorch_keeps_for_the_backward_pass(fewer: tuple[str, ...]) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    def kept(layers: int) -> int:
        config = Qwen2Config(
            vocab_size=500,
            hidden_size=128,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=512,
            use_cache=False,
        )
        model = get_peft_model(Qwen2ForCausalLM(config), LoraConfig(r=8, target_modules=list(fewer)))
        weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
        seen: dict[int, torch.Tensor] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            seen[tensor.untyped_storage().data_ptr()] = tensor  # held, so that its address is not used again
            return tensor

        ids = torch.randint(0, 500, (2, 64))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            model.model.model(input_ids=ids, attention_mask=torch.ones_like(ids))
        return sum(t.untyped_storage().nbytes() for address, t in seen.items() if address not in weights)

    spec = BIG | {"vocab_size": 500, "hidden_size": 128, "layers": 4, "heads": 4, "intermediate_size": 512}
    c = tiny.curriculum(**{"profiles.cpu.base": {"build": spec}})
    model = model_of(c.active.base)
    assert model
    lora = Lora(r=8, alpha=8, dropout=0.0, targets=fewer)
    assert activation_bytes(model, c.active, lora, tokens=128) / (4 / 2) == pytest.approx(kept(4) - kept(2), rel=0.03)


def test_each_setting_lowers_what_it_is_said_to_lower() -> None:
    plain = need(big(max_length=2048))
    assert need(big(max_length=2048, gradient_checkpointing=True))["activations"] < plain["activations"] / 8
    assert need(big(max_length=1024))["activations"] == pytest.approx(plain["activations"] / 2, rel=0.01)
    four = need(big(max_length=2048, load_in_4bit=True))
    assert four["weights"] < plain["weights"] / 2  # the embedding, a quarter of this model, stays whole
    assert need(big(max_length=2048, load_in_4bit=True, double_quant=False))["weights"] > four["weights"]
    assert plain["optimizer"] < 0.3 * need(big(max_length=2048, optimizer="adamw_torch"))["optimizer"]
    # Logits are computed for 256 tokens at once, unless the head itself is adapted.
    assert plain["logits"] == 256 * 151_936 * 4 * 5
    head = big(max_length=2048, chain={"lora": tiny.PARAMS["chain"]["lora"] | {"targets": ["lm_head"]}})
    assert need(head)["logits"] > 10 * plain["logits"]


def test_shards_split_and_copies_do_not() -> None:
    plain = {"optimizer": "adamw_torch", "global_batch_size": 16}
    one = need(big(**plain))
    copies = need(big(launch={"processes": 4, "strategy": "ddp"}, **plain))
    shards = need(big(launch={"processes": 4, "strategy": "fsdp2"}, **plain))
    assert copies["weights"] == one["weights"] and copies["optimizer"] == one["optimizer"]
    assert shards["weights"] < one["weights"] / 2.9 and shards["optimizer"] == one["optimizer"] // 4


def test_a_node_holds_its_own_processes_and_says_what_it_sends() -> None:
    fields = {"batch_size": 1, "optimizer": "adamw_torch"}
    one, two = (big(launch={"processes": 4, "nodes": n, "rendezvous": "10.0.0.1:29400"}, **fields) for n in (1, 2))
    model = model_of(two.active.base)
    assert model and on_several_nodes(one, model) == ""
    whole, half = (memory_of(model, c.active, c.version("v1"), 64, on_gpu=False).all for c in (one, two))
    assert whole == 2 * half
    sent = machine.size(4 * model.adapter(two.chain.lora))  # of two nodes each sends every gradient once
    said = on_several_nodes(two, model)
    assert "2 nodes with 2 process(es) each, which meet at 10.0.0.1:29400. A training waits there 600 s" in said
    assert "lineage join <version>" in said and f"A step sends about {sent} from each node" in said
    run = {"stage": "train@v1", "machine": machine.kind(), "profile": "cpu", "tokens": 10, "training_seconds": 5.0}
    runs = [run | {"seconds": 6.0}, run | {"seconds": 3.0, "training_seconds": 2.0, "nodes": 2}]
    assert [training_seconds(runs, c, None, model, 10) for c in (one, two)] == [Seconds(6, True), Seconds(3, True)]


def test_the_share_of_small_optimizer_states_is_that_of_a_real_run(lineage_here: Path) -> None:
    c = load_curriculum()
    model, lora = model_of(c.active.base), c.version("v1").lora
    assert model
    share = json.loads(Path("models/v1/lineage.json").read_text())["eight_bit_share"]
    mixed = 2 * share + 8 * (1 - share)
    assert optimizer_bytes(model, lora, "adamw_8bit") == pytest.approx(mixed * model.adapter(lora), rel=0.02)


def test_what_cannot_fit_is_refused_with_what_to_lower(workspace: Path, memory, capsys, monkeypatch) -> None:
    write(**{"profiles.cpu.base": {"build": BIG}, "profiles.cpu.max_length": 2048})
    memory(total=8)
    with pytest.raises(SystemExit) as end:
        main(["check"])
    said = str(end.value.code)
    assert "v1 cannot be trained here: it needs about" in said and "8.0 GB" in said
    for remedy in ("profiles.cpu", "gradient_checkpointing: true (", "batch_size: 2 (", "max_length: 1024 ("):
        assert remedy in said
    assert said.count("cannot be trained here") == 3
    with pytest.raises(LineageError, match="v2 cannot be trained here"):
        cost.refuse_what_cannot_fit(*here("v2"))
    memory(total=256)
    assert "cannot be trained" not in checked(capsys, monkeypatch)
    # A machine that is large enough but full: the check warns, the stage refuses.
    memory(total=256, free=2)
    assert "v1 needs about" in checked(capsys, monkeypatch)
    with pytest.raises(LineageError, match=r"2\.0 GB of it free"):
        cost.refuse_what_cannot_fit(*here("v1"))


def test_a_full_disk_is_refused(workspace: Path, monkeypatch) -> None:
    monkeypatch.setattr(machine, "disk", lambda: Room("disk", GB, 1000))
    with pytest.raises(LineageError, match="make room"):
        cost.refuse_what_cannot_fit(*here("v1"))


def test_a_target_that_the_base_does_not_have_is_refused_before_training(workspace: Path, capsys) -> None:
    shape = tiny.PARAMS["chain"]["lora"]
    for targets, missing in (
        (["q_proj", "quark"], "quark"),
        (["c_attn"], "c_attn"),
        (["embed_tokens"], "embed_tokens"),
    ):
        write(chain={"lora": shape | {"targets": targets}})
        with pytest.raises(SystemExit) as end:
            main(["check"])
        said = str(end.value.code)
        assert said.count(f"chain.lora.targets: the base of the profile cpu has no linear layer {missing};") == 1
        assert "it has down_proj, gate_proj, k_proj, lm_head" in said
        with pytest.raises(LineageError, match="has no linear layer"):
            cost.refuse_what_cannot_fit(*here("v1"))
    write(chain={"lora": shape | {"targets": ["q_proj", "lm_head"]}})
    cost.refuse_what_cannot_fit(*here("v1"))


def test_what_is_not_the_same_mix_any_more_is_not_called_exact(lineage_copy: Path) -> None:
    assert cost.costs(load_curriculum())["v3"].work.exact
    write(**{"profiles.cpu.packing": True})
    assert not cost.costs(load_curriculum())["v3"].work.exact
    write()
    c = load_curriculum()
    shorter = c.active.model_copy(update={"max_length": 20})  # rows that were trained on would be left out now
    assert not cost.costs(c.model_copy(update={"profiles": {"cpu": shorter}}))["v3"].work.exact


def test_an_adopted_version_costs_no_training(workspace: Path, capsys, monkeypatch) -> None:
    write(**{"versions.v2.mix": {}, "versions.v2.train": {"adopted": "a" * 64}})
    assert set(cost.costs(load_curriculum())) == {"v1", "v3"}
    cost.refuse_what_cannot_fit(*here("v2"))


def test_tokens_and_steps_of_a_trained_version_are_exact_and_otherwise_close(lineage_copy: Path) -> None:
    record = json.loads(Path("models/v3/lineage.json").read_text())
    known = cost.costs(load_curriculum())["v3"].work
    assert known.exact and known.steps == record["steps"]
    assert known.tokens == pytest.approx(record["trained_tokens"], rel=0.05)
    shutil.rmtree("models/v3")
    guessed = cost.costs(load_curriculum())["v3"].work
    assert not guessed.exact and guessed.steps == pytest.approx(record["steps"], abs=2)
    assert guessed.tokens == pytest.approx(record["trained_tokens"], rel=0.2)
    shutil.rmtree("data/mixes/v3")
    assert cost.costs(load_curriculum())["v3"].work.tokens is None  # a budget in epochs says nothing without rows
    write(**{"profiles.cpu.budget": {"tokens": 7000}})
    assert cost.costs(load_curriculum())["v3"].work.tokens == 14000  # its budget_scale is 2


def test_time_comes_from_runs_of_this_machine_and_is_rough_without(lineage_copy: Path) -> None:
    shutil.rmtree(".state", ignore_errors=True)
    c = load_curriculum()
    before = cost.costs(c)["v1"]
    assert before.seconds and not before.seconds.measured
    base = json.loads(Path("models/base/base.json").read_text())["identity"][:12]
    run = {"stage": "train@v2", "profile": "cpu", "base": base, "machine": machine.kind(), "seconds": 30.0}
    run |= {"training_seconds": 20.0, "tokens": 1000}
    other = run | {"machine": "another", "training_seconds": 29.0}
    Path(".state").mkdir()
    Path(".state/journal.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (run, other)), encoding="utf-8")
    after = cost.costs(c)["v1"]
    assert after.seconds and after.seconds.measured and after.work.tokens
    assert after.seconds.value == pytest.approx(10 + after.work.tokens * 0.02)


@pytest.mark.slow
def test_the_estimate_of_memory_is_near_what_a_run_takes(lineage_copy: Path) -> None:
    estimated = cost.costs(load_curriculum())["v1"].memory
    assert estimated
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "stages.train", "v1"], check=True, env=environment, capture_output=True)
    line = json.loads(Path(".state/journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert line["stage"] == "train@v1"
    assert estimated.all == pytest.approx(line["peak_bytes"], rel=0.3)

"""The traps of continuing one adapter through many versions, and the test that fails without each guard.

Beside this file: T is test_train, C test_chat, R test_rows, E test_evaluate, U test_unsloth.

| # | trap | test |
|---|---|---|
| 1 | resuming instead of continuing | T a_child_has_its_own_steps…, other_settings_…, another_parent_or_mix_… |
| 2 | the parent is loaded frozen | a_frozen_adapter_is_refused, an_adapter_loaded_as_peft_does_by_default_is_refused |
| 3 | the trainer freezes it | an_adapter_that_the_trainer_freezes_is_refused |
| 4 | a second adapter | two_adapters_are_refused, an_adapter_of_another_name_is_refused |
| 5 | unsloth: `get_peft_model` on an adapter | U a_continued_version_gets_no_second_adapter |
| 6 | a changed shape in mid-chain is ignored | another_shape_in_the_middle_of_a_chain_is_refused |
| 7 | missing or other tensors only warn | a_parent_is_loaded_tensor_by_tensor, a_missing_tensor_…, a_tensor_that_… |
| 8 | an adapter that is empty or idle | an_unsound_adapter_…, a_broken_adapter_file_…, T a_truncated_parent_… |
| 9 | the base drifts | T a_parent_trained_on_another_base_…, U a_continued_version_loads_its_parent_… |
| 11 | nothing is supervised, or answers are cut | R a_row_that_is_too_long_…, counts_and_shares_add_up |
| 12 | the stop token is never learnt | C the_last_supervised_token_…, a_tokenizer_that_pads_with_its_stop_is_refused |
| 13 | the template drifts | C the_template_s_hash_…, T a_parent_trained_with_another_template_is_refused |
| 14 | packed samples see each other | what_is_in_force_must_be_what_was_asked_for: packing |
| 15 | evaluations are not comparable | E every_version_answers_the_same_rows, nll_is_what_a_plain_reference_computes |
| 16 | a stale token cache | R the_cache_knows_mix_template_tokenizer_length_and_code |
"""

from pathlib import Path
from typing import Any

import pytest
import trl
from safetensors.torch import load_file, save_file

from lineage.core.errors import LineageError
from lineage.training import guards
from lineage.training.backends import hf
from lineage.training.finished_adapter import sound
from lineage.training.sft import fit
from tests import tiny
from tests.lineage.training.watched import Loading


@pytest.fixture(autouse=True)
def never_trained(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard must speak before the first step."""
    monkeypatch.setattr(trl.SFTTrainer, "train", lambda *_, **__: pytest.fail("training began"))


def freeze(model: Any) -> None:
    for parameter in model.parameters():
        parameter.requires_grad = False


def add_second(model: Any) -> None:
    model.add_adapter("second", model.peft_config["default"])


# ------------------------------------------------------------------------------------------ before the first step


def test_a_frozen_adapter_is_refused() -> None:
    with pytest.raises(LineageError, match="nothing would be trained: 0 trainable tensors"):
        fit(tiny.job("v2"), Loading(freeze))  # type: ignore[arg-type]


def test_an_adapter_loaded_as_peft_does_by_default_is_refused() -> None:
    from peft import PeftModel

    def reload(model: Any) -> Any:
        return PeftModel.from_pretrained(model.unload(), "models/v1")

    with pytest.raises(LineageError, match="nothing would be trained: 0 trainable tensors"):
        fit(tiny.job("v2"), Loading(reload))  # type: ignore[arg-type]


def test_an_adapter_that_the_trainer_freezes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    build = trl.SFTTrainer.__init__

    def freezing(self: Any, *rest: Any, **named: Any) -> None:
        build(self, *rest, **named)
        freeze(self.model)

    monkeypatch.setattr(trl.SFTTrainer, "__init__", freezing)
    with pytest.raises(LineageError, match="nothing would be trained: 0 trainable tensors"):
        fit(tiny.job("v2"), hf)


def test_training_more_than_the_adapter_is_refused() -> None:
    def thaw(model: Any) -> None:
        model.get_input_embeddings().weight.requires_grad = True

    with pytest.raises(LineageError, match=r"more than the adapter would be trained: .*embed_tokens"):
        fit(tiny.job("v2"), Loading(thaw))  # type: ignore[arg-type]


def test_two_adapters_are_refused() -> None:
    with pytest.raises(LineageError, match=r"v2: the model has the adapters \['default', 'second'\], expected exactly"):
        fit(tiny.job("v2"), Loading(add_second))  # type: ignore[arg-type]


def test_an_adapter_of_another_name_is_refused() -> None:
    def rename(model: Any) -> None:
        add_second(model)
        model.delete_adapter("default")

    with pytest.raises(LineageError, match=r"the adapters \['second'\]"):
        fit(tiny.job("v2"), Loading(rename))  # type: ignore[arg-type]


def test_a_model_without_an_adapter_is_refused() -> None:
    with pytest.raises(LineageError, match=r"the adapters \[\]"):
        fit(tiny.job("v2"), Loading(lambda model: model.unload()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [("r", 16), ("r", 4), ("alpha", 16), ("dropout", 0.1), ("targets", ["q_proj", "v_proj"])],
)
def test_another_shape_in_the_middle_of_a_chain_is_refused(field: str, value: Any) -> None:
    job = tiny.job("v2", tiny.curriculum(**{f"chain.lora.{field}": value}))
    with pytest.raises(
        LineageError, match=rf"v2: chain\.lora\.{field} is .*set it back, or rebuild the parent with it"
    ):
        fit(job, hf)


def test_the_order_of_targets_is_no_shape() -> None:
    targets = tiny.PARAMS["chain"]["lora"]["targets"][::-1]
    guards.one_adapter(hf.load(tiny.job("v2")), tiny.job("v2", tiny.curriculum(**{"chain.lora.targets": targets})))


def change_parent(change: Any) -> None:
    file = Path("models/v1/adapter_model.safetensors")
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file, metadata={"format": "pt"})


def test_a_parent_is_loaded_tensor_by_tensor() -> None:
    job = tiny.job("v2")
    model = hf.load(job)
    guards.continues(model, Path("models/v1"))
    change_parent(lambda tensors: next(iter(tensors.values())).view(-1)[0].add_(1e-6))
    with pytest.raises(LineageError, match=r"models/v1: base_model.* was not loaded as it is in the file"):
        guards.continues(model, Path("models/v1"))


def test_a_missing_tensor_of_the_parent_is_refused_although_peft_only_warns() -> None:
    change_parent(lambda tensors: tensors.pop(sorted(tensors)[0]))
    with pytest.raises(LineageError, match=r"models/v1: 1 tensors do not match the base model"):
        fit(tiny.job("v2"), hf)


def test_a_tensor_that_the_base_has_no_place_for_is_refused() -> None:
    def rename(tensors: dict[str, Any]) -> None:
        key = sorted(tensors)[0]
        tensors[key.replace("layers.0", "layers.7")] = tensors[key].clone()

    change_parent(rename)
    with pytest.raises(LineageError, match=r"1 tensors do not match the base model, the first is .*layers\.7"):
        fit(tiny.job("v2"), hf)


# ------------------------------------------------------------------------------------------ asked for and in force


def quietly(**changed: Any) -> Any:
    """A trainer that changes its arguments on the way, as some back ends do."""
    build = trl.SFTTrainer.__init__

    def changing(self: Any, *rest: Any, **named: Any) -> None:
        build(self, *rest, **named)
        for name, value in changed.items():
            setattr(self.args, name, value)

    return changing


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"optim": "adamw_torch"}, "optimizer: asked for adamw_8bit, in force adamw_torch"),
        ({"packing": True}, "packing: asked for False, in force True"),
        ({"max_steps": 3}, "steps: asked for 12, in force 3"),
        ({"learning_rate": 1e-5}, r"learning_rate: asked for 0\.02, in force 1e-05"),
        ({"weight_decay": 0.1}, r"weight_decay: asked for 0\.0, in force 0\.1"),
        ({"gradient_accumulation_steps": 4}, "rows_per_step: asked for 4, in force 16"),
        ({"max_grad_norm": 0.0}, r"max_grad_norm: asked for 1\.0, in force 0\.0"),
        ({"max_length": 64}, "max_length: asked for 128, in force 64"),
        ({"gradient_checkpointing": True}, "gradient_checkpointing: asked for False, in force True"),
    ],
)
def test_what_is_in_force_must_be_what_was_asked_for(changed: dict[str, Any], words: str, monkeypatch) -> None:
    monkeypatch.setattr(trl.SFTTrainer, "__init__", quietly(**changed))
    with pytest.raises(LineageError, match=rf"v2: settings changed on the way.*{words}.*nothing was trained"):
        fit(tiny.job("v2"), hf)


def test_another_precision_than_asked_for_is_refused() -> None:
    with pytest.raises(LineageError, match="compute_dtype: asked for float32, in force bfloat16"):
        fit(tiny.job("v1"), Loading(lambda model: model.bfloat16()))  # type: ignore[arg-type]


def test_a_base_that_is_not_quantised_is_no_4bit_base() -> None:
    plain = tiny.job("v1")
    asked = tiny.job("v1", tiny.curriculum(**{"profiles.cpu.load_in_4bit": True}))

    class Unquantised(Loading):
        def load(self, job: Any) -> Any:
            return hf.load(plain)

    with pytest.raises(LineageError, match="load_in_4bit: asked for True, in force False"):
        fit(asked, Unquantised(None))  # type: ignore[arg-type]


def test_checkpointing_that_no_layer_does_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.training.guards import at_the_start

    class Trainer:
        model = model_wrapped = hf.load(tiny.job("v1"))

    job = tiny.job("v1", tiny.curriculum(**{"profiles.cpu.gradient_checkpointing": True}))
    with pytest.raises(
        LineageError, match=r"v1: gradient_checkpointing is asked for, but no layer.*nothing was trained"
    ):
        at_the_start(Trainer, job).on_train_begin(None, None, None)
    Trainer.model.gradient_checkpointing_enable()
    at_the_start(Trainer, job).on_train_begin(None, None, None)


def test_a_layer_that_gets_no_adapter_is_refused_before_the_first_step() -> None:
    """A hybrid's attention stands in some layers only; `sound` would say so after the last step."""
    import json

    config = Path("models/base/config.json")
    found = json.loads(config.read_text())
    job = tiny.job("v1")

    class Hybrid:
        settings = staticmethod(hf.settings)

        @staticmethod
        def load(job: Any) -> Any:
            model = hf.load(job)
            config.write_text(json.dumps(found | {"num_hidden_layers": 3}))
            return model

    with pytest.raises(LineageError, match=r"v1: the adapter would have 28 tensors, not 42: .*chain\.lora\.targets"):
        fit(job, Hybrid)


# --------------------------------------------------------------------------------------------- after the last step


def unsound(change: Any, expected: str, version: str = "v2") -> None:
    file = Path("models", version, "adapter_model.safetensors")
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(LineageError, match=expected):
        sound(Path("models", version), tiny.job(version))


def _zero_b(tensors: dict[str, Any]) -> None:
    for key, tensor in tensors.items():
        if "lora_B" in key:
            tensor.zero_()


def _drop(tensors: dict[str, Any]) -> None:
    tensors.pop(sorted(tensors)[0])


def _nan(tensors: dict[str, Any]) -> None:
    tensors[sorted(tensors)[0]].view(-1)[0] = float("nan")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_zero_b, "v2: every lora_B is zero, so the adapter does nothing"),
        (_drop, "v2: the adapter has 27 tensors, expected 28"),
        (_nan, r"v2: .* holds NaN or infinity; lower profiles"),
    ],
)
def test_an_unsound_adapter_is_refused(change: Any, expected: str) -> None:
    unsound(change, expected)


def test_an_adapter_that_is_its_parent_s_is_refused() -> None:
    parent = Path("models/v1/adapter_model.safetensors")
    Path("models/v2/adapter_model.safetensors").write_bytes(parent.read_bytes())
    with pytest.raises(LineageError, match="v2: the adapter is its parent's, byte for byte"):
        sound(Path("models/v2"), tiny.job("v2"))


@pytest.mark.parametrize("size", [0, 443, 20_000])
def test_a_broken_adapter_file_is_refused(size: int) -> None:
    file = Path("models/v2/adapter_model.safetensors")
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(LineageError, match=r"models/v2/adapter_model\.safetensors: not a whole safetensors file"):
        sound(Path("models/v2"), tiny.job("v2"))


def test_a_sound_adapter_gives_its_hash() -> None:
    import json

    for version in tiny.VERSIONS:
        said = json.loads(Path("models", version, "lineage.json").read_text())["adapter"]
        assert sound(Path("models", version), tiny.job(version)) == said

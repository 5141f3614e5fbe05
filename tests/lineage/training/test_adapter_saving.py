import json
from pathlib import Path

from lineage.training.adapter_saving import save_adapter
from lineage.training.backends import hf
from tests import tiny


def test_the_config_is_sorted_and_names_no_path(lineage_here: Path) -> None:
    for version in tiny.VERSIONS:
        text = Path("models", version, "adapter_config.json").read_text(encoding="utf-8")
        config = json.loads(text)
        assert list(config) == sorted(config)
        assert config["target_modules"] == sorted(config["target_modules"])
        base = json.loads(Path("models/base/base.json").read_text())
        assert config["base_model_name_or_path"] == f"base:{base['identity'][:12]}"
        assert str(lineage_here) not in text and "models/base" not in text


def test_a_hub_base_is_named_by_its_repository(lineage_copy: Path, tmp_path: Path) -> None:
    model = hf.load(tiny.job("v2"))
    save_adapter(model, "Qwen/Qwen2-7B-Instruct", tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "Qwen/Qwen2-7B-Instruct"


def test_loading_and_saving_changes_no_byte_and_leaves_nothing_else(lineage_copy: Path, tmp_path: Path) -> None:
    job = tiny.job("v2")
    out = tmp_path / "again"
    out.mkdir()
    save_adapter(hf.load(job), job.base_name, out)
    assert {p.name for p in out.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    for file in out.iterdir():
        assert file.read_bytes() == Path("models/v1", file.name).read_bytes()


def test_the_bytes_do_not_depend_on_the_order_of_targets(lineage_here: Path, tmp_path: Path) -> None:
    """PEFT keeps them in a set, whose order differs from process to process."""
    job = tiny.job("v2")
    for folder, reverse in (("one", False), ("two", True)):
        model = hf.load(job)
        config = model.peft_config["default"]
        config.target_modules = sorted(config.target_modules, reverse=reverse)
        (tmp_path / folder).mkdir()
        save_adapter(model, job.base_name, tmp_path / folder)
    one, two = (tmp_path / folder / "adapter_config.json" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes() == Path("models/v1/adapter_config.json").read_bytes()


def test_what_is_saved_is_what_stock_peft_loads(lineage_here: Path) -> None:
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("models/base"), "models/v3")
    loaded = {k.replace(".default", ""): t for k, t in model.state_dict().items() if "lora_" in k}
    saved = load_file("models/v3/adapter_model.safetensors")
    assert loaded.keys() == saved.keys()
    assert all(torch.equal(loaded[k], saved[k]) for k in saved)

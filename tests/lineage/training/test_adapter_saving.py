import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage.adapters.config import name_base
from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter
from lineage.core import paths
from lineage.evaluation import inference
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
        assert config["base_model_name_or_path"] == f"./models/base-{base['identity'][:12]}"
        assert str(lineage_here) not in text


def test_a_hub_base_is_named_by_its_repository_and_commit(
    lineage_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PEFT alone then asks for this commit; without it, it would take the newest."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    asked: dict[str, Any] = {}

    def downloaded(name: str, revision: str | None = None, **_: Any) -> Any:
        asked.update(name=name, revision=revision)
        return load("models/base")

    load = AutoModelForCausalLM.from_pretrained
    model = hf.load(tiny.job("v2"))
    save_adapter(model, "Qwen/Qwen2-7B-Instruct", tmp_path, "a" * 40)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", downloaded)
    AutoPeftModelForCausalLM.from_pretrained(tmp_path)
    assert asked == {"name": "Qwen/Qwen2-7B-Instruct", "revision": "a" * 40}


def test_peft_alone_loads_and_merges_a_version_from_the_workspace(lineage_here: Path) -> None:
    import torch
    from peft import AutoPeftModelForCausalLM

    ours, tokenizer = inference.load("v3", tiny.curriculum().active)
    theirs = AutoPeftModelForCausalLM.from_pretrained("models/v3").eval()
    ids = tokenizer("1 + 1 = ?", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        said = ours(input_ids=ids).logits
        assert torch.equal(theirs(input_ids=ids).logits, said)
        merged = theirs.merge_and_unload()
        assert not hasattr(merged, "peft_config") and torch.allclose(merged(input_ids=ids).logits, said, atol=1e-4)


def test_an_adapter_that_was_named_before_is_named_anew_and_stays_itself(lineage_copy: Path) -> None:
    """As CHANGELOG.md shows it: its bytes become those that training writes now."""
    file = Path("models/v1/adapter_config.json")
    now = file.read_bytes()
    name_base(file, "base:000000000000", None)
    base = read_base()
    name_base(file, base.name, base.revision)
    assert file.read_bytes() == now
    assert opened_adapter("v1", base).version == "v1"


def test_where_the_base_is_not_peft_says_which_one_is_missing(lineage_copy: Path) -> None:
    """Neither the folder of another base, nor a repository of that name on the hub, is taken in its place."""
    from peft import AutoPeftModelForCausalLM

    record = json.loads(Path("models/base/base.json").read_text())
    link = paths.base_link(record["identity"])
    for file in Path("models").glob("base-*"):
        file.unlink() if file.is_symlink() else shutil.rmtree(file)
    with pytest.raises((OSError, ValueError), match=f"'./{link}'"):
        AutoPeftModelForCausalLM.from_pretrained("models/v3")
    inference.load("v3", tiny.curriculum().active)  # as `lineage ask` does
    assert link.resolve() == Path("models/base").resolve()
    AutoPeftModelForCausalLM.from_pretrained("models/v3")


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

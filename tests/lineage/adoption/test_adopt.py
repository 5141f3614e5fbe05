"""`lineage adopt`: four tools' folders are taken in, and nothing that does not fit slips through."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.adoption.adopt import Attestation, adopt
from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from tests import tiny
from tests.lineage.adoption import foreign

ROOT = Path(__file__).parents[3]
BASE = "Qwen/Tiny-Chat"


@pytest.fixture
def here(lineage_copy: Path) -> Path:
    """The built lineage, its base under the name of a hub repository at a commit."""
    file = Path("models/base/base.json")
    record = json.loads(file.read_text())
    origin = {"repo": BASE, "revision": "a" * 40}
    file.write_text(json.dumps(record | {"origin": origin}))
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"profiles.cpu.base": origin}), sort_keys=False))
    return lineage_copy


@pytest.fixture
def good(here: Path) -> Path:
    """An adapter that fits, with everything beside it."""
    folder = foreign.adapter(Path("theirs"))
    foreign.config(folder, base_model_name_or_path=BASE)
    foreign.tokenizer(folder)
    return folder


def take(folder: Path | str = "theirs", version: str = "v4", parent: str = "v3", **word: bool) -> Any:
    return adopt(load_curriculum(), Path(folder), version, parent, None, Attestation(**word))


def refused(folder: Path | str = "theirs", **how: Any) -> str:
    before = Path("params.yaml").read_bytes()
    with pytest.raises(LineageError) as error:
        take(folder, **how)
    assert Path("params.yaml").read_bytes() == before
    assert not Path("data/adopted/v4").exists()
    return str(error.value)


@pytest.mark.parametrize("tool", foreign.TOOLS)
def test_an_adapter_of_each_tool_becomes_a_version(tool: str, here: Path) -> None:
    folder = foreign.TOOLS[tool](Path("theirs"), BASE)
    got = take()
    c = load_curriculum()
    spec = c.versions["v4"]
    assert (got.tool, spec.parent, spec.train.adopted) == (tool, "v3", got.sha256)
    assert got.sha256 == sha256(got.folder / "adapter_model.safetensors")
    assert {p.name for p in got.folder.iterdir()} == {
        "adapter_model.safetensors",
        "adapter_config.json",
        "adopted.json",
    }
    assert not Path("sprung").exists(), "a pickle was opened"
    origin = json.loads((got.folder / "adopted.json").read_text())
    assert origin["original"]["sha256"] == sha256(folder / "adapter_model.safetensors")
    assert "someone" not in (got.folder / "adopted.json").read_text(), "a path of another machine"
    assert tool.lower() in spec.because.lower()


def test_the_same_weights_give_the_same_bytes_whoever_saved_them(here: Path) -> None:
    hashes = {
        tool: take(foreign.TOOLS[tool](Path(tool), BASE), version="a", parent="base").sha256 for tool in foreign.TOOLS
    }
    assert len({hashes[tool] for tool in ("TRL", "LLaMA-Factory", "axolotl")}) == 1
    assert hashes["Unsloth"] != hashes["TRL"], "bf16 stays bf16"


@pytest.mark.parametrize(
    ("tool", "note"),
    [
        ("LLaMA-Factory", r"a folder called Tiny-Chat.*\n.*dropout 0.1"),
        ("axolotl", r"adapter_model\.bin was not opened.*\n.*no chat template lies beside it"),
        ("Unsloth", r"unsloth/tiny-chat-bnb-4bit, Unsloth's copy of Qwen/Tiny-Chat"),
    ],
)
def test_what_is_not_certain_is_noted(tool: str, note: str, here: Path) -> None:
    foreign.TOOLS[tool](Path("theirs"), BASE)
    got = take()
    assert re.search(note, "\n".join(got.notes))
    assert json.loads((got.folder / "adopted.json").read_text())["notes"] == list(got.notes)


def test_peft_loads_the_copy_as_it_loads_the_original(good: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    def logits(folder: Path) -> Any:
        base = AutoModelForCausalLM.from_pretrained("models/base")
        with torch.no_grad():
            return PeftModel.from_pretrained(base, folder)(torch.arange(40).reshape(2, 20)).logits

    foreign.tensors(good, lambda t: {k.replace(".weight", ".default.weight"): v for k, v in t.items()})
    copy = take().folder
    original = Path("original")
    shutil.copytree(good, original)
    foreign.tensors(original, lambda t: {k.replace(".default.weight", ".weight"): v for k, v in t.items()})
    assert torch.equal(logits(copy), logits(original))
    base = AutoModelForCausalLM.from_pretrained("models/base")
    assert not torch.allclose(logits(copy), base(torch.arange(40).reshape(2, 20)).logits, atol=1e-3)


@pytest.mark.parametrize(
    "rename",
    [
        lambda k: k.removeprefix("base_model.model."),
        lambda k: k.removeprefix("base_model.model.model."),
        lambda k: f"base_model.model.{k}",
        lambda k: f"module.{k}",
        lambda k: k.replace(".mlp.", ".mlp._fsdp_wrapped_module.").replace("layers", "_orig_mod.layers"),
        lambda k: k.replace(".weight", ".my-adapter.weight"),
    ],
    ids=["no prefix", "no model", "twice", "ddp", "fsdp, compiled", "another adapter's name"],
)
def test_other_names_of_the_same_tensors(rename: Any, good: Path) -> None:
    plain = take().sha256
    foreign.tensors(good, lambda found: {rename(k): t for k, t in found.items()})
    assert take().sha256 == plain


def test_adopting_twice_changes_nothing_and_a_better_one_takes_its_place(good: Path) -> None:
    def all_of_it() -> dict[str, str]:
        files = [Path("params.yaml"), *Path("data/adopted").rglob("*.*")]
        return {str(f): sha256(f) for f in files}

    take()
    first = all_of_it()
    take()
    assert all_of_it() == first
    shutil.rmtree(good)
    foreign.adapter(good, seed=2)
    foreign.config(good, base_model_name_or_path=BASE)
    again = take()
    assert load_curriculum().versions["v4"].train.adopted == again.sha256
    assert all_of_it() != first


def test_killed_before_the_curriculum_was_written(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import lineage.adoption.adopt

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lineage.adoption.adopt, "edit_curriculum", killed)
        with pytest.raises(KeyboardInterrupt):
            take()
    half = sha256(Path("data/adopted/v4"))
    assert "v4" not in load_curriculum().versions
    take()
    assert "v4" in load_curriculum().versions
    assert sha256(Path("data/adopted/v4")) == half


def test_comments_of_the_curriculum_stay(good: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    Path("params.yaml").write_text(text, encoding="utf-8")
    record = json.loads(Path("models/base/base.json").read_text())
    record["origin"] = {"build": tree["profiles"]["cpu"]["base"]["build"]}
    Path("models/base/base.json").write_text(json.dumps(record))
    foreign.config(good, lora_alpha=16, base_model_name_or_path=f"base:{record['identity'][:12]}")
    digest = take(version="theirs").sha256
    added = (
        "  theirs:\n    parent: v3\n    because: an adapter trained elsewhere, with PEFT\n    mix: {}\n"
        "    replay: 0.0\n    exclude: []\n    exclude_scope: mix\n"
        f"    train: {{adopted: {digest}, r: 8}}\n\nevaluation:"
    )
    assert Path("params.yaml").read_text(encoding="utf-8") == text.replace("\nevaluation:", added)


def test_a_larger_r_is_written_down(here: Path) -> None:
    foreign.adapter(Path("theirs"), r=16, lora_alpha=16)
    foreign.config(Path("theirs"), base_model_name_or_path=BASE)
    got = take()
    c = load_curriculum()
    assert (c.versions["v4"].train.r, c.version("v4").lora.r, c.version("v4").lora.alpha, got.lora.r) == (
        16,
        16,
        16,
        16,
    )
    assert c.version("v3").lora.r == 8
    assert "r is 16, the chain's is 8" in " ".join(got.notes)


SHAPE = {
    "alpha": (dict(lora_alpha=32), "alpha: 32", {"alpha": 32}),
    "fewer targets": (dict(target_modules=["q_proj", "v_proj"]), r"targets: \[q_proj, v_proj\]", None),
    "rslora": (dict(use_rslora=True), r"rslora: true\n    alpha: 8", {"rslora": True, "alpha": 8}),
    "dora": (dict(use_dora=True), "dora: true", {"dora": True}),
}


@pytest.mark.parametrize("kind", SHAPE)
def test_another_shape_is_refused_with_the_lines_that_would_fit(kind: str, here: Path) -> None:
    settings, lines, fit = SHAPE[kind]
    foreign.adapter(Path("theirs"), **settings)
    foreign.config(Path("theirs"), base_model_name_or_path=BASE)
    assert re.search(rf"set in params\.yaml.*\nchain:\n  lora:\n    {lines}$", refused())
    tree = yaml.safe_load(Path("params.yaml").read_text())
    tree["chain"]["lora"] |= fit or {"targets": ["q_proj", "v_proj"]}
    Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    take()  # the remedy is true


def without(part: str) -> Any:
    return lambda found: {k: t for k, t in found.items() if part not in k}


def filled(part: str, value: float) -> Any:
    return lambda found: {k: t.fill_(value) if part in k else t for k, t in found.items()}


def with_tensor(name: str, *shape: int) -> Any:
    import torch

    return lambda found: found | {name: torch.ones(shape)}


WRONG = {
    "another method": (dict(peft_type="IA3"), None, "peft_type is 'IA3'; only LORA"),
    "another task": (dict(task_type="SEQ_CLS"), None, "task_type is 'SEQ_CLS'"),
    "biases": (dict(bias="lora_only"), None, "bias is 'lora_only'"),
    "whole layers": (dict(modules_to_save=["lm_head"]), None, r"modules_to_save is \['lm_head'\]"),
    "a changed base": (dict(init_lora_weights="pissa_niter_4"), None, "changes the base's own weights"),
    "loftq": (dict(init_lora_weights="loftq"), None, "changes the base's own weights"),
    "a bias in lora_B": (dict(lora_bias=True), None, "lora_bias is True"),
    "doubled layers": (dict(layer_replication=[[0, 2], [1, 2]]), None, "layer_replication"),
    "experts": (dict(target_parameters=["experts.down_proj"]), None, "target_parameters"),
    "a setting of tomorrow": (dict(use_qblora=True), None, "use_qblora is True, which a chain cannot carry on"),
    "another base": (dict(base_model_name_or_path="Qwen/Tiny"), None, "Qwen/Tiny, models/base is Qwen/Tiny-Chat"),
    "no base": (dict(base_model_name_or_path=None), None, "names no base"),
    "another commit": (dict(revision="b" * 40), None, "names commit bbbbbbbbbbbb, models/base is aaaaaaaaaaaa"),
    "another r": (dict(r=4), None, "says r 4 of .* whose tensors have r 8"),
    "uneven ranks": (dict(alpha_pattern={"q_proj": 32}), None, "its modules differ in r or scaling"),
    "alpha is no number": (dict(lora_alpha="many"), None, "cannot be read"),
    "alpha is zero": (dict(lora_alpha=0), None, "expected a number above zero"),
    "an embedding": (
        {},
        lambda: with_tensor("base_model.model.model.embed_tokens.weight", 500, 32),
        "the vocabulary was resized",
    ),
    "a LoRA of the embedding": (
        {},
        lambda: with_tensor("base_model.model.model.embed_tokens.lora_embedding_A", 8, 500),
        "a LoRA of the embedding",
    ),
    "a bias tensor": (
        {},
        lambda: with_tensor("base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias", 32),
        "is no LoRA tensor",
    ),
    "a layer too many": (
        {},
        lambda: with_tensor("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", 8, 32),
        "at least 10 layers, models/base has 2",
    ),
    "another architecture": (
        {},
        lambda: lambda t: {k.replace("q_proj", "query"): v for k, v in t.items()},
        r"no linear layer model\.layers\.0\.self_attn\.query",
    ),
    "another width": (
        {},
        lambda: lambda t: {k: v[:, :16].contiguous() if "q_proj.lora_A" in k else v for k, v in t.items()},
        r"q_proj\.lora_A\.weight is \(8, 16\).*\(8, 32\) is expected",
    ),
    "half a module": ({}, lambda: without("layers.1.mlp.up_proj.lora_B"), "has lora_A, expected lora_A, lora_B"),
    "a layer less": ({}, lambda: without("layers.1."), r"7 of 14 modules are missing, the first is model\.layers\.1"),
    "dora in the config only": (dict(use_dora=True), None, "lora_magnitude_vector"),
    "dora in the file only": (
        {},
        lambda: with_tensor("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", 32),
        "expected lora_A, lora_B",
    ),
    "two adapters in one": (
        {},
        lambda: lambda t: t | {k.replace(".weight", ".other.weight"): v + 1 for k, v in t.items()},
        "are the same tensor, given twice",
    ),
    "not a number": ({}, lambda: filled("k_proj.lora_A", float("nan")), "holds NaN or infinity"),
    "never trained": ({}, lambda: filled("lora_B", 0.0), "every lora_B is zero"),
    "whole numbers": ({}, lambda: lambda t: {k: v.to(int) for k, v in t.items()}, "is I64, expected one of F32"),
    "empty": ({}, lambda: lambda t: {}, "it holds no tensors"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_refused(what: str, good: Path) -> None:
    settings, change, why = WRONG[what]
    foreign.config(good, **settings)
    if change:
        foreign.tensors(good, change())
    said = refused()
    assert re.search(why, said), said
    assert said.startswith("theirs"), "the file is named"


def resized(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("models/base")
    tokenizer.add_tokens(["<|think|>", "<|ticker|>"])
    tokenizer.save_pretrained(folder)


def swapped(folder: Path) -> None:
    file = folder / "tokenizer.json"
    tree = json.loads(file.read_text())
    vocab = tree["model"]["vocab"]
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]
    file.write_text(json.dumps(tree))


def unmerged(folder: Path) -> None:
    file = folder / "tokenizer.json"
    tree = json.loads(file.read_text())
    tree["model"]["merges"] = tree["model"]["merges"][:3]
    file.write_text(json.dumps(tree))


def template(text: str) -> Any:
    return lambda folder: (folder / "chat_template.jinja").write_text(text)


SYSTEM = (
    "{% if messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
)
CHATML = (ROOT / "lineage/base_model/templates/chatml.jinja").read_text(encoding="utf-8")
WORDS = {
    "new tokens": (resized, r"the first that is new is '<\|think\|>'"),
    "two ids swapped": (swapped, r'2 tokens are not those.*"a" has the id'),
    "other merges": (unmerged, "it cuts text otherwise"),
    "another stop": (
        lambda f: foreign.tokenizer(f, eos_token="<|endoftext|>"),
        r"its answers end with <\|endoftext\|>",
    ),
    "a system message put first": (
        template(SYSTEM + CHATML),
        r"of a question it makes '<\|im_start\|>system.*may-differ",
    ),
    "a shipped template": (
        template((ROOT / "lineage/base_model/templates/question_answer.jinja").read_text(encoding="utf-8")),
        "Set chain.template: question_answer, which writes as it does",
    ),
    "a template that fails": (template("{{ raise_exception('no') }}"), r"it makes '\(nothing: no\)'"),
    "a template that reaches out": (template("{{ ''.__class__.__mro__[1].__subclasses__() }}"), r"\(nothing: "),
    "not a tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "not a tokenizer"),
}


@pytest.mark.parametrize("what", WORDS)
def test_other_words_are_refused(what: str, good: Path) -> None:
    change, why = WORDS[what]
    change(good)
    said = refused()
    assert re.search(why, said), said


def test_another_template_is_accepted_on_the_users_word_and_noted(good: Path) -> None:
    template(SYSTEM + CHATML)(good)
    assert "its chat template is another than the chain's" in " ".join(take(template_may_differ=True).notes)


def test_a_template_that_says_the_same_in_other_words_fits(good: Path) -> None:
    same = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}"
        "{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{{ '' }}{% endif %}"
    )
    template(same)(good)
    assert not take().notes


def test_a_pad_of_its_own_is_noted(good: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("models/base")
    tokenizer.add_special_tokens({"pad_token": "<|PAD_TOKEN|>"})
    tokenizer.save_pretrained(good)
    assert any("<|PAD_TOKEN|>" in note for note in take().notes)


def test_without_a_tokenizer_it_is_said(good: Path) -> None:
    for file in [*good.glob("tok*"), good / "chat_template.jinja"]:
        file.unlink()
    notes = take().notes
    assert "no tokenizer.json lies beside it" in " ".join(notes)
    assert "no chat template lies beside it" in " ".join(notes)


def test_another_name_of_the_base_needs_the_users_word(good: Path) -> None:
    foreign.config(good, base_model_name_or_path="our-team/our-copy")
    assert "--base-is-mine" in refused()
    notes = " ".join(take(base_is_mine=True).notes)
    assert "on the user's word" in notes
    assert "WARNING: its weights are not here to be compared, and a base into which another adapter was merged" in notes


def test_a_name_that_speaks_of_a_merge_is_warned_of(good: Path) -> None:
    foreign.config(good, base_model_name_or_path="our-team/tiny-chat-krx-merged")
    assert "its name, tiny-chat-krx-merged, says that something was merged into it" in " ".join(
        take(base_is_mine=True).notes
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_base_that_was_merged_into_is_another_base_whoever_vouches_for_it(built_base: Path, dtype: str) -> None:
    """The same name, shapes and tokenizer; only the weights tell, in whatever precision they were saved."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    plain, merged = Path("elsewhere/Tiny-Chat"), Path("merged/Tiny-Chat")
    base = AutoModelForCausalLM.from_pretrained("models/base")
    base.to(getattr(torch, dtype)).save_pretrained(plain)
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("models/base"), "models/v1").merge_and_unload().to(
        getattr(torch, dtype)
    ).save_pretrained(merged)
    foreign.config(built_base, base_model_name_or_path=str(merged))
    found = refused(base_is_mine=True)
    assert "14 of its weights are not those of models/base" in found
    assert "a base into which another adapter was merged is another base" in found.lower()
    foreign.config(built_base, base_model_name_or_path=str(plain))
    assert "WARNING" not in " ".join(take(base_is_mine=True).notes)


@pytest.fixture
def built_base(lineage_copy: Path) -> Path:
    """An adapter that fits the base that the lineage built."""
    folder = foreign.adapter(Path("theirs"))
    foreign.tokenizer(folder)
    return folder


@pytest.mark.parametrize("spelt", ["./models/base-{}", "models/base-{}", "base:{}"])
def test_a_base_without_a_repository_is_known_by_its_identity(built_base: Path, spelt: str) -> None:
    identity = json.loads(Path("models/base/base.json").read_text())["identity"]
    foreign.config(built_base, base_model_name_or_path=spelt.format("0" * 12))
    assert f"its base is base:{'0' * 12}, models/base is ./models/base-{identity[:12]}" in refused()
    foreign.config(built_base, base_model_name_or_path=spelt.format(identity[:12]))
    assert not [note for note in take().notes if "base" in note and "rank" not in note]


@pytest.mark.parametrize(
    "name",
    [
        BASE,
        "qwen/tiny-chat",
        f"/home/someone/.cache/huggingface/hub/models--Qwen--Tiny-Chat/snapshots/{'a' * 40}",
        "C:\\models\\Tiny-Chat",
        "unsloth/Tiny-Chat",
        "unsloth/tiny-chat-unsloth-bnb-4bit",
    ],
)
def test_names_that_are_known_to_be_the_base(name: str, good: Path) -> None:
    foreign.config(good, base_model_name_or_path=name)
    origin = json.loads((take().folder / "adopted.json").read_text())
    assert "someone" not in json.dumps(origin)


def pickle_only(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()
    foreign.pickled(folder / "adapter_model.bin")


def linked(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename("elsewhere")
    (folder / "adapter_model.safetensors").symlink_to(Path("elsewhere").resolve())


def cut(folder: Path) -> None:
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def huge_header(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes((1 << 60).to_bytes(8, "little") + b"{}")


def only_a_checkpoint(folder: Path) -> None:
    shutil.copytree(folder, folder / "checkpoint-7")
    (folder / "adapter_model.safetensors").unlink()


def merged(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename(folder / "model.safetensors")


FOLDERS = {
    "a pickle": (pickle_only, "adapter_model.bin is a pickle.*weights_only=True"),
    "a link": (linked, "a link.*cp -rL"),
    "cut off": (cut, "not a whole safetensors file"),
    "a header of an exabyte": (huge_header, "not a whole safetensors file"),
    "only a checkpoint": (only_a_checkpoint, "name that folder: theirs/checkpoint-7"),
    "merged": (merged, "a whole model, not an adapter"),
    "no config": (lambda f: (f / "adapter_config.json").unlink(), "without adapter_config.json"),
    "a config that is none": (lambda f: (f / "adapter_config.json").write_text("[1"), "not JSON"),
    "a list as config": (lambda f: (f / "adapter_config.json").write_text("[1]"), "expected a JSON object"),
    "a deep config": (lambda f: (f / "adapter_config.json").write_text("[" * 100_000), "not JSON"),
    "not there": (shutil.rmtree, "no such folder"),
}


@pytest.mark.parametrize("what", FOLDERS)
def test_folders_that_are_refused(what: str, good: Path) -> None:
    change, why = FOLDERS[what]
    change(good)
    assert re.search(why, refused())
    assert not Path("sprung").exists(), "a pickle was opened"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"version": "v3"}, "params.yaml trains v3 here already"),
        ({"version": "V 4"}, "expected a name such as v4"),
        ({"version": "base"}, "expected a name such as v4"),
        ({"parent": "v9"}, "expected base or a version"),
    ],
)
def test_names_that_cannot_be_taken(how: dict[str, str], why: str, good: Path) -> None:
    assert why in refused(**how)


def test_a_parents_own_adapter_is_not_a_new_version(here: Path) -> None:
    folder = Path("theirs")
    shutil.copytree("models/v3", folder)
    foreign.config(folder, base_model_name_or_path=BASE)
    assert "it is v3's adapter, byte for byte; nothing was trained since" in refused()


def test_a_version_that_was_trained_here_is_not_called_unknown(here: Path) -> None:
    folder = Path("theirs")
    shutil.copytree("models/v2", folder)
    foreign.config(folder, base_model_name_or_path=BASE)
    assert "it is v2's adapter, byte for byte; continue it instead: parent: v2" in refused()


def test_the_base_of_another_profile(good: Path) -> None:
    tree = yaml.safe_load(Path("params.yaml").read_text())
    tree["profiles"]["cpu"]["base"]["revision"] = "c" * 40
    Path("params.yaml").write_text(yaml.safe_dump(tree))
    assert "not the base of the profile cpu; run: dvc repro base" in refused()
    Path("models/base/base.json").unlink()
    assert "dvc repro base" in refused()


def test_the_command_says_what_comes_next(good: Path, capsys: pytest.CaptureFixture) -> None:
    main(["adopt", "theirs", "--as", "v4", "--parent", "v3", "--because", "bought"])
    out = capsys.readouterr().out
    assert "dvc add data/adopted/v4 && dvc repro train@v4" in out
    assert "unknown" in out
    assert load_curriculum().versions["v4"].because == "bought"

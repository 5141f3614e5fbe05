"""A base in a folder: what is checked of it, what names it, and what it hands on."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.base_manifest import BaseOrigin, read_base
from lineage.base_model import base
from lineage.base_model.loading import weights_of
from lineage.config.excerpts import excerpts
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from stages import base as stage
from tests import tiny
from tests.lineage.base_model.tiny_models import GREETING, edit, publish, qwen_tokenizer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("hub") / "Tiny-Instruct", "Qwen2")


@pytest.fixture
def copy(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model that may be changed, beside an empty workspace."""
    root = tmp_path / "w"
    root.mkdir()
    monkeypatch.chdir(root)
    return Path(shutil.copytree(model, tmp_path / "Tiny-Instruct"))


def point_at(folder: Path, name: str = "base", origin: BaseOrigin | None = None) -> Any:
    out = Path("out", name)
    out.mkdir(parents=True)
    return base.point_at(folder, origin, "chatml", out)


def settle(path: Path) -> None:
    profile = tiny.PARAMS["profiles"]["cpu"] | {"base": {"path": str(path)}}
    tree = tiny.params(profile="small", profiles={"small": profile})
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")


def test_the_same_base_elsewhere_makes_nothing_stale(copy: Path) -> None:
    """What stands on the base depends on models/base and on what `check` writes of the curriculum."""

    def made(path: Path) -> tuple[str, dict[Path, str]]:
        settle(path)
        stage.main()
        return sha256(paths.BASE_MODEL), excerpts(load_curriculum())

    before = made(copy)
    moved = copy.rename(copy.parent / "another name")
    assert made(moved) == before
    Path("models/local").symlink_to(moved)
    assert made(Path("models/local")) == before
    assert not [file for file in paths.BASE_MODEL.iterdir() if str(copy.parent) in file.read_text(encoding="utf-8")]
    found = read_base()
    assert found.origin.model == f"Qwen2ForCausalLM of {found.parameters:,} parameters"
    link = Path(found.name)
    assert link.resolve() == moved.resolve() and (link / "model.safetensors").is_file()


def test_a_link_to_a_base_that_is_gone_is_taken_away(copy: Path, model: Path) -> None:
    settle(model)
    stage.main()
    first = Path(read_base().name)
    settle(publish(copy.parent / "other", "Qwen2", seed=4))
    stage.main()
    assert first != Path(read_base().name) and Path(read_base().name).is_dir() and not first.is_symlink()


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("generation_config.json", {"repetition_penalty": 1.3}),
        ("tokenizer_config.json", {"add_prefix_space": True}),
        ("config.json", {"rope_theta": 20000.0}),
    ],
)
def test_what_shapes_an_answer_is_part_of_the_identity(copy: Path, file: str, fields: dict[str, Any]) -> None:
    before = point_at(copy)
    edit(copy / file, **fields)
    after = point_at(copy, "changed")
    assert before.identity != after.identity
    with pytest.raises(LineageError, match=rf"{file}: not the file that models/base names; run: dvc repro -f base"):
        weights_of(before, spec(copy))


def test_what_shapes_no_answer_is_none(copy: Path) -> None:
    """The chain's template takes the place of the base's own; versions of libraries are notes."""
    before = point_at(copy)
    (copy / "chat_template.jinja").write_text("{{ 'another' }}", encoding="utf-8")
    edit(copy / "tokenizer_config.json", chat_template="{{ 'another' }}", name_or_path=str(copy))
    edit(copy / "generation_config.json", transformers_version="9.9")
    after = point_at(copy, "changed")
    assert after == before and weights_of(before, spec(copy)) == str(copy)


def test_versions_that_were_trained_before_keep_their_base(copy: Path) -> None:
    """Their manifests name it by weights, config and tokenizer.json alone."""
    import hashlib

    found = point_at(copy)
    lines = [f"{name} {sha256(copy / name)}" for name in ("config.json", "model.safetensors", "tokenizer.json")]
    before = hashlib.sha256("\n".join([*lines, "stop <|im_end|>"]).encode()).hexdigest()
    assert found.identity != before and found.is_called(before) and found.is_called(found.identity)
    assert not found.is_called("0" * 64)
    record = {
        "identity": before,
        "origin": {"path": "Tiny-Instruct"},
        "weights": "/home/someone/Tiny-Instruct",
        "files": {"model.safetensors": sha256(copy / "model.safetensors")},
        "template": {"name": "chatml", "sha256": "7" * 64},
        "parameters": 1,
        "vocab_size": 420,
    }
    paths.BASE_MODEL.mkdir(parents=True)
    paths.BASE_RECORD.write_text(json.dumps(record), encoding="utf-8")
    assert weights_of(read_base(), spec(copy)) == str(copy)


def test_a_tokenizer_with_more_ids_than_the_embedding_is_refused(copy: Path) -> None:
    """Such as one that tokens were added to; PEFT would enlarge the embedding by rows that nobody trained."""
    tokenizer = qwen_tokenizer(added=("<tool>", "</tool>"))
    tokenizer.save_pretrained(copy)
    with pytest.raises(LineageError) as error:
        point_at(copy)
    assert (
        f"{copy}: its tokenizer has the ids 0 to 421, its embedding 420 rows: nothing is known of 2 tokens, "
        f"such as '</tool>'" in str(error.value)
    )


def test_an_embedding_with_rows_to_spare_is_taken(copy: Path) -> None:
    """As Qwen's own: 151,936 rows for 151,665 tokens."""
    publish(copy, "Qwen2", vocab_size=512)
    assert point_at(copy).vocab_size == 512


def test_a_folder_that_is_not_there_is_named(copy: Path) -> None:
    settle(Path("/nowhere/at all"))
    with pytest.raises(LineageError, match=r"base model /nowhere/at all: no config.json; point profiles"):
        stage.main()


def test_the_tokenizer_of_a_gguf_stops_as_the_chain_does(copy: Path) -> None:
    """transformers' reader of GGUF files names `<|endoftext|>` as the stop, which is also what pads."""
    qwen_tokenizer(stop="<|endoftext|>").save_pretrained(copy)
    point_at(copy)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("out/base")
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|endoftext|>")
    served = tokenizer.apply_chat_template([{"role": "user", "content": "왜?"}], tokenize=False)
    assert served == "<|im_start|>user\n왜?<|im_end|>\n" and GREETING not in served


def test_a_head_that_is_the_embedding_is_noted(copy: Path) -> None:
    assert point_at(copy).tied is True
    publish(copy, "Llama")
    assert base.point_at(copy, None, "question_answer", Path("out")).tied is False


def spec(folder: Path) -> Any:
    return tiny.curriculum(**{"profiles.cpu.base": {"path": str(folder)}}).active.base

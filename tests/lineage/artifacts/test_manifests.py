"""Every artifact goes through its type and comes out byte for byte; what is wrong with a file is said with a remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.base_manifest import BaseManifest, find_base, read_base, write_base
from lineage.artifacts.manifest import (
    find_manifest,
    manifests,
    opened_adapter,
    read_manifest,
    verified_manifest,
    write_manifest,
)
from lineage.artifacts.mix_summary import find_mix, mix_identity, read_mix, write_mix
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of, write_json
from tests.lineage.artifacts import samples

FILE = Path("models/v2/lineage.json")
WEIGHTS = Path("models/v2/adapter_model.safetensors")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "again"),
    [
        (FILE, samples.MANIFEST, lambda out: write_manifest(out, read_manifest("v2"))),
        (FILE, samples.OLD_MANIFEST, lambda out: write_manifest(out, read_manifest("v2"))),
        (FILE, samples.TWO_PHASES, lambda out: write_manifest(out, read_manifest("v2"))),
        (FILE, samples.ADOPTED, lambda out: write_manifest(out, read_manifest("v2"))),
        (Path("models/base/base.json"), samples.BASE, lambda out: write_base(out, read_base())),
        (Path("data/mixes/v2/mix.json"), samples.MIX, lambda out: write_mix(out, read_mix("v2"))),
    ],
    ids=["trained", "old", "two phases", "adopted", "base", "mix"],
)
def test_what_is_read_and_written_again_has_the_same_bytes(
    file: Path, content: dict[str, Any], again: Callable[[Path], None]
) -> None:
    write_json(file, content)
    again(Path("out"))
    assert Path("out", file.name).read_bytes() == file.read_bytes()


def test_a_base_elsewhere_keeps_its_files_and_its_commit() -> None:
    origin = {"repo": "Qwen/Tiny", "revision": "a" * 40}
    write_json(
        Path("models/base/base.json"), samples.BASE | {"origin": origin, "files": {"model.safetensors": "1" * 64}}
    )
    write_base(Path("out"), read_base())
    assert Path("out/base.json").read_bytes() == Path("models/base/base.json").read_bytes()
    assert read_base().name == "Qwen/Tiny"


def test_an_old_manifest_says_that_nobody_noted_its_code() -> None:
    write_json(FILE, samples.OLD_MANIFEST)
    old = read_manifest("v2")
    assert old.code is None and "code" not in old.to_json() and old.fingerprint == "f" * 64
    write_json(FILE, samples.ADOPTED)
    assert "code" in read_manifest("v2").to_json()


def test_a_mix_that_was_written_before_rows_were_searched_is_read() -> None:
    old = {
        name: value for name, value in samples.MIX.items() if name not in ("superseded", "contaminated", "withdrawn")
    }
    write_json(Path("data/mixes/v2/mix.json"), old)
    assert read_mix("v2").superseded == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"[]", "should be an object"),
        (b"\xff\xfe", "Invalid JSON"),
        (b'{"version": "v2"}', "parent: Field required"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong_and_the_remedy(content: bytes, says: str) -> None:
    cases: dict[Path, tuple[Callable[[], object], str]] = {
        FILE: (lambda: read_manifest("v2"), "dvc repro -f train@v2"),
        Path("models/base/base.json"): (read_base, "dvc repro -f base"),
        Path("data/mixes/v2/mix.json"): (lambda: read_mix("v2"), "dvc repro -f mix@v2"),
    }
    for file, (read, command) in cases.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        with pytest.raises(LineageError) as error:
            read()
        message = str(error.value)
        assert message.startswith(f"{file}: ") and command in message
        assert says in message or "Field required" in message


def test_a_field_of_the_wrong_kind_is_named_by_its_path() -> None:
    mix = samples.MANIFEST["mix"] | {
        "sources": {"rules": samples.MANIFEST["mix"]["sources"]["rules"] | {"rows": "ten"}}
    }
    write_json(FILE, samples.manifest(mix=mix))
    with pytest.raises(LineageError, match=r"models/v2/lineage\.json.*mix\.sources\.rules\.rows: .*train@v2"):
        read_manifest("v2")


def test_what_is_not_there_names_the_command() -> None:
    with pytest.raises(LineageError, match=r"models/v2/lineage\.json: not found.*dvc repro train@v2.*dvc checkout"):
        read_manifest("v2")
    with pytest.raises(LineageError, match=r"models/base/base\.json is not there; build it with: dvc repro base"):
        read_base()
    with pytest.raises(LineageError, match=r"data/mixes/v2/mix\.json: not found.*dvc repro mix@v2"):
        read_mix("v2")
    assert (find_manifest("v2"), find_base(), find_mix("v2"), list(manifests())) == (None, None, None, [])


def base(**changes: Any) -> BaseManifest:
    return BaseManifest.model_validate(samples.BASE | changes)


def test_an_adapter_is_opened_only_if_it_is_the_one_that_its_manifest_names() -> None:
    WEIGHTS.parent.mkdir(parents=True)
    WEIGHTS.write_bytes(b"tensors")
    write_json(FILE, samples.manifest(adapter=sha256(WEIGHTS)))
    assert opened_adapter("v2", base()) == verified_manifest("v2") == read_manifest("v2")
    with pytest.raises(LineageError, match=r"models/v2: it was trained on another base \(b{12}, now 0{12}\).*train@v2"):
        opened_adapter("v2", base(identity="0" * 64))
    with pytest.raises(LineageError, match=r"models/v2: it was trained with another chat template; .*train@v2"):
        opened_adapter("v2", base(template={"name": "chatml", "sha256": "0" * 64}))
    WEIGHTS.write_bytes(b"others")
    with pytest.raises(LineageError, match=r"adapter_model\.safetensors: its SHA-256 is .* it was changed; bring"):
        opened_adapter("v2", base())
    WEIGHTS.unlink()
    with pytest.raises(LineageError, match="its SHA-256 is no file"):
        verified_manifest("v2")


def test_the_identity_of_a_mix_is_that_of_both_its_files(here: Path) -> None:
    assert mix_identity(here) is None
    (here / "own.jsonl").write_text("a\n")
    assert mix_identity(here) is None
    (here / "replay.jsonl").write_text("")
    assert mix_identity(here) == sha256_of([sha256(here / "own.jsonl"), sha256(here / "replay.jsonl")])

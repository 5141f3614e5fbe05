from pathlib import Path

import pytest

from lineage.core.files import appearing, sha256, sha256_of, write_json


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_two_folders_appear_together() -> None:
    with appearing(Path("models/v1"), Path("metrics/v1")) as (model, metric):
        (model / "a").write_text("1")
        (metric / "b").write_text("2")
        assert not Path("models/v1").exists() and not Path("metrics/v1").exists()
    assert Path("models/v1/a").read_text() == "1" and Path("metrics/v1/b").read_text() == "2"
    assert not list(Path(".state/scratch").iterdir())


def test_an_error_leaves_what_was_there() -> None:
    Path("out").mkdir()
    Path("out/old").write_text("old")
    with pytest.raises(RuntimeError), appearing(Path("out")) as (scratch,):
        (scratch / "new").write_text("half")
        raise RuntimeError
    assert [p.name for p in Path("out").iterdir()] == ["old"]


def test_a_new_folder_replaces_the_old_one_whole_and_what_a_killed_run_left_is_swept() -> None:
    Path("out").mkdir()
    Path("out/old").write_text("old")
    Path(".state/scratch/out").mkdir(parents=True)
    Path(".state/scratch/out/left").write_text("by a killed run")
    with appearing(Path("out")) as (scratch,):
        (scratch / "new").write_text("new")
    assert [p.name for p in Path("out").iterdir()] == ["new"]


def test_a_folder_s_hash_sees_names_and_contents_and_nothing_else() -> None:
    for name in ("one", "two"):
        Path(name, "sub").mkdir(parents=True)
        Path(name, "sub/b").write_text("2")
        Path(name, "a").write_text("1")
    before = sha256(Path("one"))
    assert before == sha256(Path("two"))
    Path("two/a").rename("two/c")
    assert sha256(Path("two")) != before
    Path("two/c").rename("two/a")
    Path("two/sub/b").write_text("3")
    assert sha256(Path("two")) != before


def test_a_known_hash() -> None:
    Path("f").write_bytes(b"abc")
    assert sha256(Path("f")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_of_a_value_does_not_know_the_order_of_keys() -> None:
    assert sha256_of({"a": 1, "b": [1, 2]}) == sha256_of({"b": [1, 2], "a": 1})
    assert sha256_of({"a": [1, 2]}) != sha256_of({"a": [2, 1]})


def test_json_has_sorted_keys_readable_korean_and_a_newline() -> None:
    write_json(Path("deep/er/x.json"), {"나": 1, "가": "△"})
    assert Path("deep/er/x.json").read_bytes() == '{\n  "가": "△",\n  "나": 1\n}\n'.encode()

"""promotions.yaml: what an entry may say, who is the champion by it, and how one is added."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from lineage.artifacts.promotions import (
    Against,
    BuiltVersion,
    GoalOutcome,
    Look,
    Promotion,
    add_promotion,
    champion,
    read_promotions,
)
from lineage.core.errors import LineageError

BUILT = BuiltVersion("v2", "1" * 64, "ab" * 32)
WHOLE = Promotion(
    version="v2",
    fingerprint="1" * 12,  # digits alone would be a number to YAML
    adapter="12e456789012",  # and this a float to some
    kind="overridden",
    when=date(2026, 11, 27),
    because="지금 필요하다: \x1b[31mred # no comment",
    by="회의",
    against=Against(version="v1", fingerprint="2" * 12, adapter="cd" * 6),
    look=Look(number=3, level=0.0034, rows="5f0c", sample="0012 0e45", sets=("questions.record", "rules.record")),
    outcome=GoalOutcome(gain=-0.25, interval=(-0.5, 0.0), p=0.9, unit="nats a token"),
    reasons=("not better than v1: p 0.9", "worse on rules.record"),
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("promotions.yaml")


def test_an_entry_that_names_a_version_alone_is_answered_with_the_one_to_write(file: Path) -> None:
    """Digits alone would be a number to YAML: what is printed must read back as it was meant."""
    file.write_text("- {version: v2, because: 'won: 6 of 8', by: 회의}\n", encoding="utf-8")
    with pytest.raises(LineageError, match=r"entry 1: fingerprint and adapter missing: which v2\?") as error:
        champion(read_promotions(file), [BUILT], "v2 at 2222")
    said = str(error.value)
    assert "MLflow's champion is at present v2 at 2222." in said
    file.write_text(said[said.index("  - version") :], encoding="utf-8")
    found = champion(read_promotions(file), [BUILT])
    assert found is not None
    assert (found.version, found.because, found.by) == ("v2", "won: 6 of 8", "회의")
    assert found.is_of(BUILT.fingerprint, BUILT.adapter)
    assert not found.is_of(BUILT.fingerprint, "cd" * 32)


def test_only_the_last_entry_has_to_say_which_adapter(file: Path) -> None:
    last = {"version": "v2", "fingerprint": "1" * 12, "adapter": "abababababab", "because": "better"}
    file.write_text(yaml.safe_dump([{"version": "v1", "because": "first"}, last]), encoding="utf-8")
    found = champion(read_promotions(file), [])
    assert found is not None and found.entry() == last


def test_an_entry_without_hashes_is_of_no_adapter() -> None:
    assert not Promotion(version="v2", because="old").is_of(BUILT.fingerprint, BUILT.adapter)


def test_a_look_that_promoted_nobody_leaves_the_champion(file: Path) -> None:
    add_promotion(WHOLE, file)
    add_promotion(WHOLE.model_copy(update={"kind": "refused", "version": "v3"}), file)
    entries = read_promotions(file)
    assert [one.kind for one in entries] == ["overridden", "refused"]
    found = champion(entries)
    assert found is not None and found.version == "v2"
    assert champion(entries[1:]) is None


@pytest.mark.parametrize(
    "before", ["", "# who and why\n#\n# - version: v9\n", "# a\n- version: v1   # first\n  because: x"]
)
def test_what_is_added_reads_back_and_leaves_every_byte(file: Path, before: str) -> None:
    file.write_text(before, encoding="utf-8")
    add_promotion(WHOLE, file)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(before)
    assert read_promotions(file)[-1] == WHOLE
    assert "look:\n    number: 3\n" in text and "sets: [questions.record, rules.record]" in text
    assert list(Path(".state").iterdir()) == []  # nothing is left beside it


def test_an_indented_list_is_gone_on_with(file: Path) -> None:
    file.write_text("  - version: v1\n    because: x\n", encoding="utf-8")
    add_promotion(WHOLE, file)
    assert [one.version for one in read_promotions(file)] == ["v1", "v2"]


def test_a_list_of_another_style_is_left_alone(file: Path) -> None:
    file.write_text("[{version: v1, because: x}]\n", encoding="utf-8")
    with pytest.raises(LineageError, match="write the list as lines that begin with"):
        add_promotion(WHOLE, file)
    assert file.read_text(encoding="utf-8") == "[{version: v1, because: x}]\n"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("kind: good", "entry 1: kind: Input should be 'promoted'"),
        ("when: soon", "entry 1: when: "),
        ("look: {number: 1}", r"entry 1: look\.level: Field required"),
        ("look: {seen: 1}", r"entry 1: look\."),
        ("fingerprint: 123456789012", r"entry 1: fingerprint: expected 12 to 64 digits of 0-9a-f as a text"),
        ("by: 7", "entry 1: by: Input should be a valid string, found 7"),
        ("who: me", "entry 1: unknown field who"),
    ],
)
def test_what_an_entry_may_not_say(file: Path, entry: str, said: str) -> None:
    file.write_text(f"- version: v1\n  because: x\n  {entry}\n", encoding="utf-8")
    with pytest.raises(LineageError, match=said):
        read_promotions(file)

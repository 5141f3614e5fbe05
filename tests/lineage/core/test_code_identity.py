"""The identity of code: what it computes, not how it is worded or where it stands."""

from pathlib import Path

import pytest

from lineage.core import code_identity as identity
from lineage.core.code_identity import closure, code_identity, same_code

MEASURE = '''"""Scores an answer."""

from lineage.text import trim


def score(answer: str) -> float:
    """From 0 to 1."""
    return float(len(trim(answer)))  # a stand-in
'''
TRIM = """def trim(text: str) -> str:
    return text.strip()
"""
ASK = """from lineage import measure


def ask(text: str) -> float:
    return measure.score(text)
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three modules: `ask` calls `measure`, which calls `text`."""
    monkeypatch.setattr(identity, "ROOT", tmp_path)
    monkeypatch.setattr(identity, "EXEMPT", {"lineage/words.py": "says things to people"})
    write(tmp_path, "ask", ASK)
    write(tmp_path, "measure", MEASURE)
    write(tmp_path, "text", TRIM)
    return tmp_path


def write(root: Path, module: str, text: str) -> None:
    file = root / "lineage" / f"{module}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def now(module: str = "lineage.ask") -> str:
    for known in (identity.closure, identity.needed_by, identity._parts, identity._by_name):
        known.cache_clear()
    return code_identity(module)


def test_words_layout_and_order_are_no_part_of_it(house: Path) -> None:
    before = now()
    write(house, "measure", MEASURE.replace("# a stand-in", "# chrF later").replace("Scores", "Judges"))
    assert now() == before
    write(house, "measure", MEASURE.replace("float(len(trim(answer)))", "float(\n        len(trim(answer))\n    )"))
    assert now() == before
    write(house, "text", f"LATER = 1\n\n\n{TRIM}")
    other = now()
    write(house, "text", f"{TRIM}\n\nLATER = 1\n")
    assert now() == other != before


@pytest.mark.parametrize("module", ["ask", "measure", "text"])
def test_a_change_of_what_is_computed_is_seen_however_far_away(house: Path, module: str) -> None:
    before = now()
    write(house, module, (house / f"lineage/{module}.py").read_text().replace("return ", "return 2 * "))
    assert now() != before


def test_an_import_inside_a_function_counts_and_an_exempt_module_does_not(house: Path) -> None:
    write(house, "late", "LIMIT = 3\n")
    write(house, "text", TRIM.replace("    return", "    from lineage.late import LIMIT\n\n    return LIMIT *"))
    before = now()
    write(house, "late", "LIMIT = 4\n")
    assert now() != before
    write(house, "words", "HELLO = 'hello'\n")
    write(house, "text", TRIM.replace("def", "from lineage.words import HELLO\n\n\ndef", 1))
    before = now()
    write(house, "words", "HELLO = 'good morning'\n")
    assert now() == before


def test_what_an_exempt_module_defines_is_known_by_its_name(house: Path) -> None:
    write(house, "words", "class Settings:\n    rate: float\n\n\nSHOWN = 3\n")
    uses = TRIM.replace("text.strip()", "text.strip()[: words.SHOWN] if isinstance(text, Settings) else text")
    write(house, "text", f"from lineage import words\nfrom lineage.words import Settings\n\n\n{uses}")
    before = now()
    write(house, "words", "class Settings:\n    rate: float\n    goal: str\n\n\nSHOWN = 4\n")
    assert now() == before


def test_a_definition_that_moves_to_another_file_is_the_same(house: Path) -> None:
    before = now()
    write(house, "judging/score", MEASURE)
    (house / "lineage/measure.py").unlink()
    write(
        house,
        "ask",
        "from lineage.judging.score import score as rate\n\n\n"
        + ASK.split("\n\n\n")[1].replace("measure.score", "rate"),
    )
    assert now() == before
    write(house, "judging/score", f"{MEASURE}\n\n{TRIM}".replace("from lineage.text import trim\n", ""))
    (house / "lineage/text.py").unlink()
    assert now() == before, "two files became one"


def test_what_is_started_or_opened_by_name_counts(house: Path) -> None:
    write(house, "worker", "SPEED = 1\n")
    (house / "lineage/words.txt").write_text("가 나 다")
    write(house, "text", TRIM + '\nCOMMAND = ["python", "-m", "lineage.worker"]\nWORDS = "words.txt"\n')
    seen = {now()}
    write(house, "worker", "SPEED = 2\n")
    seen.add(now())
    (house / "lineage/words.txt").write_text("가 나 라")
    seen.add(now())
    assert len(seen) == 3
    assert {p.name for p in closure(house / "lineage/ask.py")} == {
        "ask.py",
        "measure.py",
        "text.py",
        "worker.py",
        "words.txt",
    }


def test_what_is_imported_by_the_beginning_of_its_name_counts(house: Path) -> None:
    write(house, "formats/__init__", "")
    write(house, "formats/table", "WIDTH = 1\n")
    write(house, "text", TRIM + '\n\ndef opened(name: str) -> object:\n    return load(f"lineage.formats.{name}")\n')
    before = now()
    assert house / "lineage/formats/table.py" in closure(house / "lineage/ask.py")
    write(house, "formats/table", "WIDTH = 2\n")
    changed = now()
    write(house, "formats/page", "HEIGHT = 1\n")
    assert len({before, changed, now()}) == 3


def test_two_texts_of_a_file_are_compared() -> None:
    assert same_code(MEASURE, MEASURE.replace("# a stand-in", "").replace('    """From 0 to 1."""\n', ""))
    assert not same_code(MEASURE, MEASURE.replace("float(", "int("))
    assert not same_code("X = 1\nX = 2\n", "X = 2\nX = 1\n")


def test_a_call_of_another_modules_function_of_the_same_name_is_another_call(house: Path) -> None:
    write(house, "other", MEASURE.replace("float(", "2 * float("))
    both = "from lineage import measure, other\n\n\ndef ask(text: str) -> float:\n    return measure.score(text)\n"
    write(house, "ask", both)
    before = now()
    write(house, "ask", both.replace("measure.score", "other.score"))
    assert now() != before
    named = "from lineage.measure import score as one\nfrom lineage.other import score as two\n\nX = (one, two)\n"
    write(house, "ask", named)
    before = now()
    write(house, "ask", named.replace("(one, two)", "(two, one)"))
    assert now() != before


def test_a_module_that_is_handed_on_is_known_by_its_name(house: Path) -> None:
    write(house, "ask", "from lineage import measure as way\n\n\ndef ask() -> object:\n    return way\n")
    before = now()
    write(house, "ask", "from lineage import text as way\n\n\ndef ask() -> object:\n    return way\n")
    assert now() != before


def test_statements_that_run_one_after_another_keep_their_order(house: Path) -> None:
    write(house, "text", "import json\nimport csv\n" + TRIM)
    before = now()
    write(house, "text", "import csv\nimport json\n" + TRIM)
    assert now() != before

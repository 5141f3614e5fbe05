"""The longest files of tests are begun first: what `tests/conftest.py` names is there, and is long."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import LONGEST_FIRST, pytest_collection_modifyitems

ROOT = Path(__file__).parent.parent


def test_the_longest_files_are_there_and_have_long_tests() -> None:
    for file in LONGEST_FIRST:
        assert "mark.slow" in (ROOT / file).read_text(encoding="utf-8"), f"{file} is not long any more"


def test_the_longest_come_first_and_the_tests_of_a_file_stay_in_order() -> None:
    first, second = LONGEST_FIRST[:2]
    names = ["tests/a.py::one", f"{second}::b", f"{second}::a", "tests/b.py::z", "tests/b.py::y", f"{first}::only"]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == [
        f"{first}::only",
        f"{second}::b",
        f"{second}::a",
        "tests/b.py::z",
        "tests/b.py::y",
        "tests/a.py::one",
    ]

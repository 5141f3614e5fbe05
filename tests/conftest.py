"""For all tests: the tiny lineage of `tests/tiny.py`, and the order of the files."""

import os
from collections import Counter
from pathlib import Path

import pytest

pytest_plugins = ["tests.tiny"]

os.environ["KRX_PREFETCH"] = "0"  # tests are run side by side: no core is idle. A test of it switches it on
os.environ["DVC_GLOBAL_CONFIG_DIR"] = str(Path(__file__).parent / "dvc_of_a_person")  # who runs the tests has another

# Begun first, so that no process is left with one of them when the other has nothing to do. Then those of many tests.
LONGEST_FIRST = (
    "tests/test_freshness.py",
    "tests/lineage/training/test_launch.py",
    "tests/test_own_data.py",
    "tests/lineage/withdrawal/test_withdraw.py",
    "tests/gpu/test_verify_gpu.py",
    "tests/flows/test_lineage_flow.py",
    "tests/test_faults.py",
    "tests/test_rebuild.py",
    "tests/flows/test_serve.py",
    "tests/test_real_base.py",
    "tests/lineage/training/test_recipes.py",
    "tests/test_determinism.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files; the tests of a file keep their order."""
    place = {file: number for number, file in enumerate(LONGEST_FIRST)}
    tests = Counter(file_of(item) for item in items)
    items.sort(key=lambda item: (place.get(file_of(item), len(place)), -tests[file_of(item)], file_of(item)))


def file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]

import json
from pathlib import Path

import pytest

from lineage.artifacts.conversion import Conversion, Quarantined, find_conversion, read_quarantine, write_conversion
from lineage.core.errors import LineageError

COUNTS = Conversion(
    files=3, converted=2, quarantined=1, ignored=("a.txt",), pages=4, tables=1, warnings=0, reasons={"damaged": 1}
)
SCAN = Quarantined(file="표\u2028지.pdf", sha256="9f" * 32, reason="damaged", detail="", remedy="download it again")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data/documents/own/reports"
    folder.mkdir(parents=True)
    write_conversion(folder, COUNTS, [SCAN])
    return folder


def test_what_is_written_is_read(folder: Path, tmp_path: Path) -> None:
    assert find_conversion(folder) == COUNTS
    assert list(read_quarantine(folder)) == [SCAN]
    assert find_conversion(tmp_path) is None and not list(read_quarantine(tmp_path))


@pytest.mark.parametrize("change", [{"converted": 3}, {"reasons": {}}, {"pages": "many"}, {"extra": 1}])
def test_counts_that_do_not_balance_or_are_none_are_refused(
    folder: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    file = folder / "convert.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(LineageError, match=r"convert\.json: .*run `dvc repro convert@reports`"):
        find_conversion(folder)

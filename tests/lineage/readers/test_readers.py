"""A reader is a file of lineage/readers, found by its name; what a curriculum asks of it is checked beforehand."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from lineage import readers
from lineage.config.load import load_curriculum
from lineage.core.code_identity import ROOT, closure
from lineage.core.errors import LineageError
from lineage.readers import check_readers, reader, reader_names
from lineage.records.record import Form
from tests import tiny

FILES = sorted(file.stem for file in (ROOT / "lineage/readers").glob("*.py") if file.stem != "__init__")


def test_every_file_is_a_reader_of_its_name_and_no_other_is_known() -> None:
    assert reader_names() == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_reader_says_which_forms_it_gives(name: str) -> None:
    found = reader(name)
    assert callable(found.read) and found.forms and set(found.forms) <= set(get_args(Form))
    assert len(set(found.forms)) == len(found.forms)
    assert "record" in found.forms or not found.own_record
    assert "prompt_answer" in found.forms or "record" not in found.forms or found.own_record, "nothing to derive from"


def test_the_shipped_curriculum_asks_for_what_its_readers_give() -> None:
    c = load_curriculum(ROOT / "params.yaml")
    assert {source.reader for source in c.sources.values()} <= set(FILES)
    check_readers(c)


def test_a_new_reader_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "poems.py").write_text('FORMS = ("summary",)\nread = iter\n')
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
    assert "poems" in reader_names() and reader("poems").forms == ("summary",)
    del sys.modules["lineage.readers.poems"]
    delattr(readers, "poems")


def test_only_the_reader_that_is_asked_for_is_imported() -> None:
    said = (
        "import sys, stages.ingest\n"
        "from lineage.readers import reader\n"
        "def imported(): print(*(n for n in sys.modules if n.startswith('lineage.readers.') and n.count('.') == 2))\n"
        "imported()\n"
        "reader('metamath')\n"
        "imported()\n"
    )
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    before, after = (
        {name.rpartition(".")[2] for name in line.split()} & set(FILES) for line in done.stdout.splitlines()
    )
    assert (before, after) == (set(), {"metamath"})


def test_readers_imported_by_name_are_code_that_shapes_records() -> None:
    shaping = closure(ROOT / "stages/ingest.py")
    assert {ROOT / f"lineage/readers/{name}.py" for name in FILES} <= shaping
    assert ROOT / "lineage/readers/io/xlsx.py" in shaping


def test_a_misspelt_reader_and_a_form_that_is_never_given_are_refused_by_their_paths() -> None:
    wrong = {"sources.problems.reader": "metamth", "sources.company_reports.forms": ["summary", "record"]}
    with pytest.raises(LineageError) as refused:
        check_readers(tiny.curriculum(**wrong))
    said = str(refused.value).splitlines()
    assert said[0] == "params.yaml has 2 mistake(s):"
    assert said[1] == f"  sources.problems.reader: unknown reader 'metamth'; allowed: {', '.join(FILES)}"
    assert said[2] == (
        "  sources.company_reports.forms: 'record' is none of what the reader reports gives "
        "(prompt_answer, document, summary)"
    )

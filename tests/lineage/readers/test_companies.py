from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import companies
from tests.lineage.readers.conftest import Folder

COMPANY = {
    "name": "너울전자",
    "ticker": "G00570",
    "sector": "전자",
    "business": "반도체를 만든다.",
    "employees": {"value": 3600, "unit": "명"},
    "figures": {"2022": {"매출액": {"value": -1.50, "unit": "조원"}, "부채": {"value": 12, "unit": "십억원"}}},
    "source_documents": [{"file": "a.pdf", "sha256": "9" * 64}],
}


def test_questions_about_a_company(folder: Folder) -> None:
    text = '{"name": "너울전자", "figures": {"2022": {"매출액": {"value": -1.50, "unit": "조원"}}}}'
    folder.write("a.json", text)
    folder.json("b.json", COMPANY)
    records, rejected = folder.read(companies.read)
    asked = {r.prompt: (r.completion, r.measure) for r in records if r.origin["file"] == "b.json"}
    assert asked == {
        "너울전자의 종목코드는 무엇입니까?": ("G00570", "text"),
        "너울전자의 업종은 무엇입니까?": ("전자", "text"),
        "너울전자의 사업 내용은 무엇입니까?": ("반도체를 만든다.", "text"),
        "너울전자의 직원 수는 얼마입니까?": ("3600명", "number"),
        "종목코드가 G00570인 회사는 어디입니까?": ("너울전자", "text"),
        "너울전자의 2022년 매출액은 얼마입니까?": ("-1.5조원", "number"),
        "너울전자의 2022년 부채는 얼마입니까?": ("12십억원", "number"),
    }
    assert records[0].completion == "-1.50조원", "as the file writes it"
    assert not rejected and {r.group for r in records} == {"너울전자"}
    assert [r.documents for r in records] == [()] + [("9" * 64,)] * 7


def test_what_is_empty_is_rejected_by_its_field(folder: Folder) -> None:
    folder.json(
        "a.json",
        COMPANY | {"sector": "", "figures": {"2022": {"자산": {"value": None, "unit": "원"}, "부채": []}}},
    )
    _, rejected = folder.read(companies.read)
    assert [r.origin["field"] for r in rejected] == ["sector", "figures.2022.자산", "figures.2022.부채"]


@pytest.mark.parametrize("documents", [[{"file": "a.pdf"}], [{"sha256": "9f"}], ["a.pdf"]])
def test_a_document_that_an_exclusion_could_not_find(folder: Folder, documents: list[Any]) -> None:
    folder.json("a.json", COMPANY | {"source_documents": documents})
    records, rejected = folder.read(companies.read)
    assert not records and [r.reason for r in rejected] == ["a source document without its SHA-256"]


@pytest.mark.parametrize(
    "drift", [{"company": "너울"}, {"name": "너울", "figures": [1]}, {"name": "너울", "figures": {"2022": 1}}]
)
def test_drift(folder: Folder, drift: dict[str, Any]) -> None:
    folder.json("a.json", drift)
    with pytest.raises(LineageError, match=r"a\.json: found the columns"):
        folder.read(companies.read)


def test_one_company_without_figures_does_not_stop_the_others(folder: Folder) -> None:
    folder.json("a.json", [{"name": "바다통신"}, COMPANY])
    records, rejected = folder.read(companies.read)
    assert records and [(r.origin["row"], r.reason) for r in rejected] == [(1, "a company without figures")]


def test_a_stated_day_is_the_as_of_date_and_a_year_is_none(folder: Folder) -> None:
    folder.json("a.json", COMPANY | {"기준일": "2024. 3. 31."})
    folder.json("b.json", COMPANY | {"as_of": "2024"})
    records, _ = folder.read(companies.read)
    assert {(r.origin["file"], r.as_of) for r in records} == {("a.json", "2024-03-31"), ("b.json", "")}


@pytest.mark.parametrize("documents", [5, True, "a.pdf", {"file": "a.pdf"}, [5]])
def test_source_documents_of_another_shape_are_rejected(folder: Folder, documents: Any) -> None:
    folder.json("a.json", COMPANY | {"source_documents": documents})
    records, (rejected,) = folder.read(companies.read)
    assert not records and rejected.reason == "a source document without its SHA-256"

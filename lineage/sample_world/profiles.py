"""One JSON a large company, some of them written out of the company's own report.

{"name": "새벽전자", "english_name": "Dawn Electronics", "ticker": "G01010", "sector": "전자",
 "business": "새벽전자는 반도체와 화면을 다룬다.", "city": "서울", "founded": 1975,
 "figures": {"2023": {"매출액": {"value": 450, "unit": "십억원"}, …}},
 "source_documents": [{"file": "기업보고서_새벽전자.pdf", "sha256": "…"}]}
"""

from hashlib import sha256
from typing import Any

from lineage.sample_world.invented_names import EXCHANGE, UNIT, Company, companies
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import json_bytes
from lineage.sample_world.reports import company_report_name


def profile(company: Company, report: bytes | None) -> dict[str, Any]:
    """A company's JSON; `report` is the PDF that it was written out of, if it was."""
    first, second = (product.korean for product in company.sector.products)
    name = with_particle(company.name, "는")
    row: dict[str, Any] = {
        "name": company.name,
        "english_name": company.english,
        "ticker": company.ticker,
        "market": EXCHANGE,
        "sector": company.sector.korean,
        "business": f"{name} {with_particle(first, '와')} {with_particle(second, '를')} 다룬다.",
        "city": company.city,
        "founded": company.founded,
        "employees": {"value": company.employees, "unit": "명"},
        "figures": {
            str(year): {
                label: {"value": value, "unit": UNIT}
                for label, value in (
                    ("매출액", figures.revenue),
                    ("영업이익", figures.operating_income),
                    ("순이익", figures.net_income),
                    ("자산", figures.assets),
                    ("부채", figures.liabilities),
                )
            }
            for year, figures in company.figures.items()
        },
        "source_documents": [],
    }
    if report is not None:
        row["source_documents"] = [{"file": company_report_name(company), "sha256": sha256(report).hexdigest()}]
    return row


def large_companies(reports: dict[str, bytes]) -> dict[str, bytes]:
    """A hundred files by ticker; every third company that has a report was written out of it."""
    files = {}
    having = 0
    for company in companies():
        report = reports.get(company_report_name(company))
        having += report is not None
        written = report is not None and having % 3 == 1
        files[f"{company.ticker}.json"] = json_bytes(profile(company, report if written else None))
    return files

"""Company reports, and how all reports put results into words and tables.

The three families (financial.py, site.py and this one) tell of the same companies in the same figures. Most
pages are plain; here and there one has what real ones have: two columns, words set apart by position alone,
merged cells, △ and brackets for a minus, a table that goes on over the page; and each folder holds a file
that cannot be read as text (see damage.py).
"""

from lineage.sample_world import damage
from lineage.sample_world.invented_names import EXCHANGE, UNIT, YEARS, Company, companies
from lineage.sample_world.korean import bracketed, triangle, with_particle
from lineage.sample_world.pdf import Cell, Sheet

LAST = YEARS[-1]
Line = list[str | Cell]


def company_report_name(company: Company) -> str:
    """The file name of a company's report."""
    return f"기업보고서_{company.name}.pdf"


def reported() -> list[Company]:
    """The fifty companies that have a company report; the other fifty have a financial report."""
    return [company for company in companies() if (company.number + company.number // 10) % 2 == 0]


def moved(now: int, before: int) -> str:
    """The change in words: 전년보다 20십억원 늘었다."""
    if now == before:
        return "전년과 같다"
    return f"전년보다 {abs(now - before):,}{UNIT} {'늘었다' if now > before else '줄었다'}"


def result(value: int, kind: str) -> str:
    """Profit or loss with its particle: 영업이익은 30십억원이다, 영업손실은 20십억원이다."""
    return f"{kind}{'이익' if value >= 0 else '손실'}은 {abs(value):,}{UNIT}이다"


def two_years(paper: Sheet, rows: list[tuple[str, int, int]], *, year: int, brackets: bool = False) -> None:
    """Draw a table of two years, whose head has a cell over two rows and one over two columns.

    Args:
        paper: the report that it is drawn on.
        rows: (name, the year before's figure, this year's figure), in the report's unit of money.
        year: the later one.
        brackets: write a minus as (1,234) instead of △ 1,234.
    """
    figure = bracketed if brackets else triangle
    head: list[Line] = [[Cell("구분", rows=2), Cell("금액", columns=2)], [f"{year - 1}년", f"{year}년"]]
    paper.table([*head, *[[name, figure(old), figure(new)] for name, old, new in rows]], header=2, shares=(2, 1, 1))


def company_report(company: Company) -> bytes:
    """Two or three pages on one company: overview, business, results, structure, outlook."""
    now, old, first = (company.figures[year] for year in reversed(YEARS))
    name = with_particle(company.name, "는")
    one, two = (product.korean for product in company.sector.products)
    paper = Sheet(f"{company.name} 기업보고서", f"{EXCHANGE} 기업보고서", glued=company.number % 40 == 13)
    paper.page_break()
    paper.cover(f"기준일: {LAST}년 12월 31일 | 종목코드: {company.ticker}")
    paper.heading("1. 회사 개요")
    paper.paragraph(
        f"{name} {company.founded}년에 세워진 {company.sector.korean} 업종의 상장 회사이다. "
        f"본사는 {company.city}에 있고, {LAST}년 12월 31일 기준 직원은 {company.employees:,}명이다."
    )
    paper.heading("2. 사업 내용")
    paper.paragraph(
        f"{name} {with_particle(one, '와')} {with_particle(two, '를')} 다룬다. 가장 큰 사업은 {one} 사업이다."
    )
    paper.heading("3. 실적")
    paper.paragraph(
        f"{LAST}년 매출액은 {now.revenue:,}{UNIT}으로 {moved(now.revenue, old.revenue)}. "
        f"{result(now.operating_income, '영업')}."
    )
    paper.caption(f"<표 1> 연도별 실적 (단위: {UNIT})")
    rows = [
        [f"{year}년", f"{f.revenue:,}", triangle(f.operating_income), triangle(f.net_income)]
        for year, f in zip(YEARS, (first, old, now), strict=True)
    ]
    head: list[Line] = [[Cell("연도", rows=2), Cell("실적", columns=3)], ["매출액", "영업이익", "순이익"]]
    paper.table([*head, *rows], header=2)
    paper.note("주: △는 손실을 뜻한다.")
    paper.page_break()
    structure = f"{LAST}년 12월 31일 기준 자산은 {now.assets:,}{UNIT}, 부채는 {now.liabilities:,}{UNIT}이다."
    growing = now.revenue > old.revenue
    outlook = (
        f"{name} 내년에 {one} 사업을 {'넓힐' if growing else '줄일'} 계획이다. "
        f"매출액은 {'늘어날' if growing else '줄어들'} 것으로 보인다."
    )
    if company.number % 15 == 5:
        paper.columns([("4. 재무 구조", structure)], [("5. 전망", outlook)])
        return paper.to_bytes()
    paper.heading("4. 재무 구조")
    paper.paragraph(structure)
    paper.caption(f"<표 2> 재무 구조 (단위: {UNIT})")
    paper.table(
        [
            ["구분", "금액"],
            ["자산", f"{now.assets:,}"],
            ["부채", f"{now.liabilities:,}"],
            ["자본", f"{now.equity:,}"],
        ]
    )
    paper.heading("5. 전망")
    paper.paragraph(outlook)
    return paper.to_bytes()


def company_reports() -> dict[str, bytes]:
    """Fifty companies' reports and a locked one."""
    files = {company_report_name(company): company_report(company) for company in reported()}
    files["기업보고서_회원용.pdf"] = damage.locked("기업보고서 회원용")
    return files

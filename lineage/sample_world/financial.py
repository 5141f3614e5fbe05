"""Financial reports: a company's year on short pages, with tables that reach over a page's end."""

from lineage.sample_world import damage
from lineage.sample_world.invented_names import EXCHANGE, UNIT, Company, companies
from lineage.sample_world.korean import bracketed, with_particle
from lineage.sample_world.pdf import Cell, Sheet
from lineage.sample_world.reports import LAST, Line, moved, reported, result, two_years

SHORT = 560  # the height of a screen-format page, points: so that tables reach over its end


def financial_report(company: Company, year: int) -> bytes:
    """Four short pages: position; results by quarter; cash; policies and opinion."""
    now, old = company.figures[year], company.figures[year - 1]
    name = with_particle(company.name, "는")
    paper = Sheet(
        f"{company.name} {year}년 재무보고서",
        f"{EXCHANGE} 재무보고서",
        glued=company.number % 40 == 7,
        height=SHORT,
    )
    paper.page_break()
    paper.cover(f"기준일: {year}년 12월 31일 | 종목코드: {company.ticker}")
    paper.heading("1. 재무 상태")
    paper.paragraph(
        f"{name} {company.sector.korean} 업종의 회사이다. {year}년 12월 31일 기준 "
        f"자산은 {now.assets:,}{UNIT}, 부채는 {now.liabilities:,}{UNIT}, 자본은 {now.equity:,}{UNIT}이다."
    )
    paper.caption(f"<표 1> 재무 상태 (단위: {UNIT})")
    rows = [
        ("자산", old.assets, now.assets),
        ("부채", old.liabilities, now.liabilities),
        ("자본", old.equity, now.equity),
    ]
    two_years(paper, rows, year=year)
    paper.note("주: 자본은 자산에서 부채를 뺀 것이다.")
    paper.page_break()
    paper.heading("2. 경영 성과")
    paper.paragraph(
        f"{year}년 매출액은 {now.revenue:,}{UNIT}으로 {moved(now.revenue, old.revenue)}. "
        f"{result(now.operating_income, '영업')}. {result(now.net_income, '순')}."
    )
    paper.caption(f"<표 2> 경영 성과 (단위: {UNIT})")
    rows = [
        ("매출액", old.revenue, now.revenue),
        ("영업이익", old.operating_income, now.operating_income),
        ("순이익", old.net_income, now.net_income),
    ]
    two_years(paper, rows, year=year)
    paper.note("주: △는 손실을 뜻한다.")
    paper.caption(f"<표 3> 분기별 매출액 (단위: {UNIT})")
    paper.table(quarters(company, year), shares=(1, 1, 2))
    paper.heading("3. 현금 흐름")
    flow = now.net_income + 20
    spent, paid = -(now.revenue // 20 * 10) - 20, now.liabilities - old.liabilities
    paper.paragraph(f"영업에서 생긴 현금은 {bracketed(flow)}{UNIT}이고, 투자에 쓴 현금은 {-spent:,}{UNIT}이다.")
    paper.caption(f"<표 4> 현금 흐름 (단위: {UNIT})")
    lines = [("영업 활동", flow), ("투자 활동", spent), ("재무 활동", paid)]
    paper.table([["구분", "금액"], *[[label, bracketed(value)] for label, value in lines]])
    paper.note("주: 괄호 안의 숫자는 나간 돈이다.")
    opinion = f"감사인은 {company.name}의 {year}년 재무제표가 회계 기준에 맞게 작성되었다고 본다."
    product = with_particle(company.sector.products[0].korean, "를")
    policy = f"{name} {product} 넘길 때 매출액을 적는다. 건물은 20년에 걸쳐 비용으로 나눈다."
    paper.page_break()
    if company.number % 3 == 1:
        paper.columns([("4. 회계 정책", policy)], [("5. 감사 의견", opinion)])
    else:
        for heading, text in (("4. 회계 정책", policy), ("5. 감사 의견", opinion)):
            paper.heading(heading)
            paper.paragraph(text)
    return paper.to_bytes()


def quarters(company: Company, year: int) -> list[Line]:
    """Revenue by quarter, which sums up to the year's; a sum's cell reaches over two columns."""
    rows: list[Line] = [["연도", "분기", "매출액"]]
    for y in (year - 1, year):
        whole = company.figures[y].revenue
        parts = [whole // 40 * 10] * 3
        parts.append(whole - sum(parts))
        rows += [[f"{y}년", f"{q}분기", f"{part:,}"] for q, part in enumerate(parts, 1)]
        rows.append([Cell(f"{y}년 합계", columns=2), f"{whole:,}"])
    return rows


def financial_reports() -> dict[str, bytes]:
    """Fifty companies' reports on the last year, and a scanned one on the year before."""
    files = {}
    chosen = [company for company in companies() if company not in reported()]
    for company in chosen:
        files[f"재무보고서_{company.name}_{LAST}.pdf"] = financial_report(company, LAST)
    title = f"{chosen[0].name} {LAST - 1}년 재무보고서"
    files[f"재무보고서_{chosen[0].name}_{LAST - 1}.pdf"] = damage.scanned(financial_report(chosen[0], LAST - 1), title)
    return files

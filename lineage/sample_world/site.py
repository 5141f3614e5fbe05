"""The exchange's own reports: a sector's year, a month of the market, and what else lies on its site."""

from lineage.sample_world import damage
from lineage.sample_world.invented_names import EXCHANGE, SECTORS, UNIT, YEARS, Sector, companies
from lineage.sample_world.knowledge import TERMS
from lineage.sample_world.korean import bracketed, triangle, with_particle
from lineage.sample_world.pdf import Cell, Sheet
from lineage.sample_world.reports import LAST, Line, company_report, company_report_name, moved, reported, result

DESK = "시장분석팀"
NOTICE = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body><h1>Not found</h1></body></html>\n"


def glossary(paper: Sheet, number: int, place: int) -> None:
    """The last section of the exchange's reports: two terms, in two columns every third time."""
    first, second = TERMS[place * 2 % len(TERMS)], TERMS[(place * 2 + 1) % len(TERMS)]
    told = [f"{with_particle(term.name, '는')} {term.meaning}이다." for term in (first, second)]
    if place % 3:
        paper.heading(f"{number}. 용어 풀이")
        paper.paragraph(" ".join(told))
    else:
        paper.columns([(f"{number}. 용어 풀이", told[0])], [(f"{number + 1}. 더 알아보기", told[1])])


def sector_report(sector: Sector, year: int, place: int) -> bytes:
    """A sector's year: revenue, the largest companies, profit, terms. Totals are its ten companies'."""
    peers = [company for company in companies() if company.sector is sector]
    revenue = {y: sum(company.figures[y].revenue for company in peers) for y in YEARS}
    income = {y: sum(company.figures[y].operating_income for company in peers) for y in YEARS}
    losing = sum(company.figures[year].operating_income < 0 for company in peers)
    first, second = (product.korean for product in sector.products)
    paper = Sheet(f"{sector.korean} 업종 {year}년 동향", f"{EXCHANGE} 업종 동향", glued=place % 20 == 7)
    paper.page_break()
    paper.cover(f"기준일: {year}년 12월 31일")
    paper.heading("1. 업종 개요")
    paper.paragraph(
        f"{sector.korean} 업종에는 {year}년 12월 31일 기준 {len(peers)}개 회사가 상장되어 있다. "
        f"이 회사들은 {with_particle(first, '와')} {with_particle(second, '를')} 다룬다."
    )
    paper.heading("2. 매출 동향")
    change = f" {moved(revenue[year], revenue[year - 1])}." if year > YEARS[0] else ""
    paper.paragraph(f"{year}년 {sector.korean} 업종의 매출액은 {revenue[year]:,}{UNIT}이다.{change}")
    paper.caption(f"<표 1> {sector.korean} 업종 실적 (단위: {UNIT})")
    rows = [[f"{y}년", f"{revenue[y]:,}", triangle(income[y])] for y in YEARS if y <= year]
    paper.table([["연도", "매출액", "영업이익"], *rows])
    paper.note("주: △는 손실을 뜻한다.")
    paper.page_break()
    paper.heading("3. 주요 회사")
    top = sorted(peers, key=lambda company: -company.figures[year].revenue)[:3]
    paper.paragraph(f"매출액이 가장 큰 회사는 {top[0].name}, 그다음은 {top[1].name}이다.")
    paper.caption(f"<표 2> 주요 회사 (단위: {UNIT})")
    head: list[Line] = [[Cell("회사", rows=2), Cell(f"{year}년", columns=2)], ["매출액", "영업이익"]]
    lines = [
        [
            company.name,
            f"{company.figures[year].revenue:,}",
            bracketed(company.figures[year].operating_income),
        ]
        for company in top
    ]
    paper.table([*head, *lines], header=2)
    paper.heading("4. 이익 동향")
    paper.paragraph(f"업종의 {result(income[year], '영업')}. 영업손실을 낸 회사는 {losing}개이다.")
    glossary(paper, 5, place)
    return paper.to_bytes()


def market_report(month: int) -> bytes:
    """A month of the market: the index, weeks, who bought, terms."""
    levels = [2400 + (month * 37 + week * 23) % 90 - 40 for week in range(5)]
    paper = Sheet(f"{LAST}년 {month}월 시장 동향", f"{EXCHANGE} 시장 동향", glued=month == 6)
    paper.page_break()
    paper.cover(f"기준일: {LAST}년 {month}월 말")
    paper.heading("1. 시장 개요")
    rose = levels[-1] >= levels[0]
    paper.paragraph(
        f"{LAST}년 {month}월 가온지수는 {levels[0]:,}에서 {with_particle(f'{levels[-1]:,}', '로')} "
        f"{'올랐다' if rose else '내렸다'}. 변화는 {triangle(levels[-1] - levels[0])}이다."
    )
    paper.heading("2. 주별 지수")
    paper.caption("<표 1> 주별 가온지수")
    weeks = [
        [f"{week}주", f"{levels[week]:,}", triangle(levels[week] - levels[week - 1])] for week in range(1, len(levels))
    ]
    paper.table([["주", "지수", "변화"], *weeks])
    paper.note("주: △는 내린 것을 뜻한다.")
    paper.heading("3. 투자자 동향")
    home, abroad = (month * 13) % 41 - 20, (month * 29) % 37 - 18
    buyers = [("개인", home), ("외국인", abroad), ("기관", -home - abroad)]
    most = max(buyers, key=lambda buyer: buyer[1])[0]
    paper.paragraph(f"{month}월에 가장 많이 산 투자자는 {most}이다.")
    paper.caption(f"<표 2> 투자자별 순매수 (단위: {UNIT})")
    paper.table([["투자자", "순매수"], *[[who, triangle(amount)] for who, amount in buyers]])
    glossary(paper, 4, month + 30)
    if (
        month % 4 == 0
    ):  # as such reports end: somebody's own number and address, to be masked before anybody learns them
        paper.note(f"문의: {DESK} 02-000-{3100 + month:04d}, desk{month}@gaon.example")
    return paper.to_bytes()


def site_reports() -> dict[str, bytes]:
    """Thirty sector and twelve market reports, two company reports, a cut-off file and an error page."""
    files = {}
    for place, (sector, year) in enumerate((sector, year) for year in YEARS for sector in SECTORS):
        files[f"업종동향_{sector.korean}_{year}.pdf"] = sector_report(sector, year, place)
    for month in range(1, 13):
        files[f"시장동향_{LAST}_{month:02d}.pdf"] = market_report(month)
    for company in reported()[:2]:  # the exchange shows a few companies' reports on its site: the same files
        files[company_report_name(company)] = company_report(company)
    files["시장동향_2024_01.pdf"] = damage.cut_off(market_report(1))
    files["시장동향_2024_02.pdf"] = NOTICE
    return files

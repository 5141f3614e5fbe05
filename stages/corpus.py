"""What the tiny base model reads before any version: invented financial Korean, some English and Chinese, ChatML.

It holds no row of any source and depends on none, so a base is never stale because data changed, and no held-out
group can be inside it. Half of the rows are plain text, half are questions in ChatML whose answer stands in the
question (copying, looking up, choosing, writing JSON): the special tokens and the habit of answering are learnt
here, so that the adapters need not.
"""

import json
import random
from collections.abc import Iterator

Turns = tuple[dict[str, str], ...]

PLACES = "서울 부산 대구 인천 광주 대전 울산 세종 수원 창원 전주 청주 포항 여수 제주 강릉 춘천 원주".split()
STEMS = "새벽 바다 구름 은하 단풍 여울 샛별 들꽃 물결 봄빛 달빛 산마루 두레 나래 미르 아침 늘봄 참빛 온누리 큰솔".split()
KINDS = "상사 전자 화학 제약 식품 건설 통신 증권 은행 보험 에너지 물산 중공업 자동차 반도체 해운 항공 철강 유통 정보".split()
ACCOUNTS = (
    "현금및현금성자산 매출채권 재고자산 선급금 선급비용 유형자산 무형자산 투자부동산 매입채무 미지급금 미지급비용 선수금 "
    "선수수익 단기차입금 장기차입금 사채 충당부채 이연법인세부채 자본금 자본잉여금 이익잉여금 자기주식 기타포괄손익누계액 매출액 "
    "매출원가 매출총이익 판매비와관리비 영업이익 영업외수익 영업외비용 이자수익 이자비용 당기순이익 감가상각비 대손상각비 "
    "법인세비용 배당금 자산 부채 자본 수익 비용 차변 대변 분개 전표 원장 시산표 재무상태표 손익계산서 현금흐름표 자본변동표"
).split()
MARKET = (
    "주식 채권 선물 옵션 펀드 지수 종가 시가 고가 저가 거래량 거래대금 시가총액 상장 상장폐지 공모 청약 배정 증자 감자 분할 합병 "
    "액면가 배당수익률 주가수익비율 주가순자산비율 호가 매수 매도 체결 결제 예탁 증거금 위탁 수수료 공시 정정 관리종목 투자주의 "
    "서킷브레이커 사이드카 단일가매매 시간외매매 유동성 변동성 위험 수익률 금리 환율 기준금리 국채 회사채 신용등급 만기 이자 원금"
).split()
RULES = (
    "규정 시행세칙 시행규칙 조문 항 호 목 별표 부칙 개정 신설 삭제 목적 정의 적용범위 신고 승인 심사 통지 제출 보고 기한 서류 "
    "신청인 회원 위원회 거래소 상장법인 대표이사 감사 감사인 사업보고서 분기보고서 투자자 보호 제재 벌점 부과 면제 예외 준용"
).split()
VERBS = (
    "증가하였다 감소하였다 개선되었다 악화되었다 유지되었다 확대되었다 축소되었다 상승하였다 하락하였다 발표하였다 공시하였다 "
    "제출하여야 한다 신고하여야 한다 적용한다 정한다 말한다 포함한다 제외한다 기록하였다 예상된다 나타났다 결정하였다"
).split(" ")
ENDINGS = "입니다 합니다 있습니다 없습니다 였습니다 됩니다 인가요 무엇인가요 얼마인가요 설명하시오 고르시오 쓰시오 답하시오 옮기시오".split()
UNITS = ["원", "천원", "백만원", "억원", "조원", "주", "%", "%p", "배", "명", "건", "개", "달러", "위안"]
NAMES = "Mina Tom Jisoo Daniel Yuna Peter Hana Oliver Sora Emma".split()
THINGS = "apples books pencils coins shares bonds tickets boxes cups stamps bottles chairs".split()
ENGLISH = (
    "the company reported higher revenue this year while the operating profit fell because raw material costs rose; "
    "investors expect the market to recover; how many are left in total; each share pays a dividend; she buys more and "
    "gives some away; the exchange announced a new listing rule; the bond matures next year; interest rates were held; "
    "the answer is the sum of both; then the total number is; we subtract what was sold; exports grew and imports slowed"
).split("; ")
CHINESE = (
    "公司今年的营业收入增加 市场利率上升 股票价格下跌 投资者关注风险 交易所发布新规则 该债券明年到期 银行发放贷款 出口增长放缓 "
    "资产总额减少 净利润同比增长 技术开发得到改善 系统数据安全稳定 经济增长率 消费者物价指数 政府制定政策 研究结果表明 企业提交报告"
).split()


def plain(rng: random.Random) -> str:
    """One passage without roles: prose, an article, a statement line, a table, English or Chinese."""
    company = rng.choice(STEMS) + rng.choice(KINDS)
    kind = rng.randrange(7)
    if kind == 0:
        return (
            f"{company}의 {_year(rng)} {rng.choice(ACCOUNTS)}은 {_figure(rng)}으로 전년 대비 {_figure(rng)} {rng.choice(VERBS)}. "
            f"{rng.choice(MARKET)}과 {rng.choice(MARKET)}의 영향으로 {rng.choice(ACCOUNTS)}이 {rng.choice(VERBS)}."
        )
    if kind == 1:
        word = rng.choice(RULES)
        return (
            f"제{rng.randint(1, 99)}조({word}) ① {rng.choice(RULES)}은 {rng.choice(RULES)}에 관하여 필요한 사항을 {rng.choice(VERBS)}. "
            f"② 제{rng.randint(1, 9)}항에 따른 {word}의 {rng.choice(RULES)}은 다음 각 호와 같다. 1. {rng.choice(MARKET)} 2. {rng.choice(MARKET)}"
        )
    if kind == 2:
        rows = [f"{rng.choice(ACCOUNTS)} | {_figure(rng)} | {_figure(rng)}" for _ in range(rng.randint(2, 4))]
        return "\n".join([f"구분 | {_year(rng)} | {_year(rng)}", *rows])
    if kind == 3:
        name, thing = rng.choice(NAMES), rng.choice(THINGS)
        return f"{name} has {rng.randint(1, 99)} {thing}. {rng.choice(ENGLISH).capitalize()}. {rng.choice(ENGLISH)}."
    if kind == 4:
        return "，".join(rng.sample(CHINESE, 2)) + "。"
    if kind == 5:
        words = [rng.choice(rng.choice([ACCOUNTS, MARKET, RULES])) for _ in range(4)]
        return f"{words[0]}은 {words[1]}을 말하며, {words[2]}과 {words[3]}을 {rng.choice(ENDINGS)}."
    return f"{rng.choice(PLACES)}에 있는 {company}({rng.randint(0, 999999):06d})는 {rng.choice(MARKET)}을 {rng.choice(VERBS)}. {_figure(rng)}"


def question(rng: random.Random) -> Turns:
    """A question whose answer stands in it."""
    words = rng.sample(rng.choice([ACCOUNTS, MARKET, RULES]), 4)
    kind = rng.randrange(5)
    if kind == 0:
        values = [_figure(rng) for _ in words]
        pick = rng.randrange(4)
        table = "\n".join(f"{w} | {v}" for w, v in zip(words, values, strict=True))
        return _turns(f"다음 표에서 {words[pick]}의 값은 얼마인가요?\n{table}", values[pick])
    if kind == 1:
        pick = rng.randrange(4)
        options = "\n".join(f"{'ABCD'[i]}. {w}" for i, w in enumerate(words))
        return _turns(f"다음 중 {words[pick]}을 고르시오.\n{options}", f"{'ABCD'[pick]}. {words[pick]}")
    if kind == 2:
        record = {"제목": words[0], "내용": words[1]}
        return _turns(f"제목은 {words[0]}, 내용은 {words[1]}입니다. JSON으로 쓰시오.", json.dumps(record, ensure_ascii=False))
    if kind == 3:
        sentence = plain(rng)[:60].strip()
        return _turns(f"다음 문장을 그대로 옮기시오.\n{sentence}", sentence)
    company, value = rng.choice(STEMS) + rng.choice(KINDS), _figure(rng)
    return _turns(f"{company}의 {words[0]}은 {value}입니다. {company}의 {words[0]}은 얼마인가요?", value)


def rows(count: int, seed: int) -> Iterator[str | Turns]:
    """`count` passages and questions, alternating; the same seed gives the same rows."""
    rng = random.Random(f"base corpus {seed}")
    for number in range(count):
        yield plain(rng) if number % 2 else question(rng)


def _turns(prompt: str, answer: str) -> Turns:
    return ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})


def _year(rng: random.Random) -> str:
    return f"{rng.randint(2018, 2025)}년"


def _figure(rng: random.Random) -> str:
    number = rng.choice([rng.randint(1, 99), rng.randint(100, 9999), rng.randint(10000, 999999)])
    sign = rng.choice(["", "", "", "△", "-"])
    return f"{sign}{number:,}{rng.choice(UNITS)}"

"""Sentence pairs that are put together from the same parts: Korean and English, Korean and Chinese."""

import random
from typing import Any

from lineage.sample_world.invented_names import Company, companies
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import csv_bytes, json_bytes, jsonl_bytes, zip_bytes

Row = dict[str, Any]

# Korean, English, Chinese.
DAYS = (
    ("오늘", "today", "今天"),
    ("어제", "yesterday", "昨天"),
    ("지난주", "last week", "上周"),
    ("지난달", "last month", "上个月"),
)
CITIES = (
    ("서울", "Seoul", "首尔"),
    ("부산", "Busan", "釜山"),
    ("대구", "Daegu", "大邱"),
    ("인천", "Incheon", "仁川"),
)
# {c}: company, {p}: product, {d}: day, {n}: number, {s}: sector, {v}: city.
TEMPLATES = (
    ("{d} {c} 주가가 {n}퍼센트 올랐다.", "{c} shares rose {n} percent {d}.", "{d}{c}股价上涨了{n}%。"),
    ("{d} {c} 주가가 {n}퍼센트 내렸다.", "{c} shares fell {n} percent {d}.", "{d}{c}股价下跌了{n}%。"),
    ("{c는} {p를} 다룬다.", "{c} deals in {p}.", "{c}经营{p}。"),
    ("{c는} {v}에 지점 {n}개를 가지고 있다.", "{c} has {n} branches in {v}.", "{c}在{v}有{n}家分店。"),
    (
        "{d} {c는} {v}에서 {p} 광고를 냈다.",
        "{c} ran an ad for its {p} in {v} {d}.",
        "{d}{c}在{v}为{p}做了广告。",
    ),
    ("나는 {d} {c} 주식 {n}주를 샀다.", "I bought {n} shares of {c} {d}.", "我{d}买了{n}股{c}股票。"),
    ("나는 {d} {c} 주식 {n}주를 팔았다.", "I sold {n} shares of {c} {d}.", "我{d}卖了{n}股{c}股票。"),
    ("지금 {c} 주식을 사야 할까?", "Should I buy {c} stock now?", "现在应该买{c}的股票吗？"),
    ("{c는} 배당을 {n}원 늘렸다.", "{c} raised its dividend by {n} won.", "{c}将股息提高了{n}韩元。"),
    ("{c}의 이익이 {n}퍼센트 늘었다.", "Profit at {c} grew {n} percent.", "{c}的利润增长了{n}%。"),
    ("{c}의 손실이 {n}퍼센트 줄었다.", "Losses at {c} shrank {n} percent.", "{c}的亏损减少了{n}%。"),
    ("{c}의 본사는 {v}에 있다.", "The head office of {c} is in {v}.", "{c}的总部位于{v}。"),
    (
        "{c는} {d} {v}에서 {p} 사업을 시작했다.",
        "{c} started its {p} business in {v} {d}.",
        "{c}{d}在{v}开始了{p}业务。",
    ),
    ("{c는} {n}년 전에 상장했다.", "{c} was listed {n} years ago.", "{c}在{n}年前上市。"),
    (
        "{d} {v}에서 {c} 주주 {n}명이 만났다.",
        "{n} shareholders of {c} met in {v} {d}.",
        "{d}{c}的{n}名股东在{v}见面。",
    ),
)


def sentence(rng: random.Random, company: Company, template: tuple[str, str, str]) -> tuple[str, str, str]:
    """One sentence in Korean, English and Chinese."""
    product, day, city = rng.choice(company.sector.products), rng.choice(DAYS), rng.choice(CITIES)
    number = rng.randrange(2, 31)
    names = (company.name, company.english, company.chinese)
    products = (product.korean, product.english, product.chinese)
    written = []
    for k in range(3):
        f = {"c": names[k], "p": products[k], "d": day[k], "v": city[k], "n": number}
        if k == 0:
            f |= {"c는": with_particle(names[0], "는"), "p를": with_particle(products[0], "를")}
        written.append(template[k].format_map(f))
    return written[0], written[1], written[2]


def pairs(seed: str, count: int) -> list[tuple[str, str, str]]:
    """That many sentences, no two the same in Korean."""
    rng = random.Random(seed)
    made: dict[str, tuple[str, str, str]] = {}
    while len(made) < count:
        one = sentence(rng, rng.choice(companies()), rng.choice(TEMPLATES))
        made.setdefault(one[0], one)
    return list(made.values())


def reddit_enko() -> dict[str, bytes]:
    """reddit_enko: JSONL with `english` and `korean` among other columns."""
    rows = [
        {
            "id": f"t3_{number:05x}",
            "subreddit": "gaon_stocks",
            "english": english,
            "korean": korean,
            "score": number % 7,
        }
        for number, (korean, english, _) in enumerate(pairs("reddit_enko", 1250))
    ]
    return {"train.jsonl": jsonl_bytes(rows)}


def aihub_row(number: int, field: str, korean: str, chinese: str) -> Row:
    """A row with AI Hub's nine columns; its counts are strings there.

    Args:
        number: of the row in its file, written into its id.
        field: the subject, such as 사회과학/금융.
        korean: the sentence.
        chinese: the same in Chinese.
    """
    return {
        "관리번호": f"KOZH-{number:06d}",
        "분야": field,
        "한국어": korean,
        "중국어": chinese,
        "한국어_어절수": str(len(korean.split())),
        "중국어_글자수": str(len(chinese)),
        "길이_분류": "단문",
        "출처": "가온거래소",
        "수행기관": "가온번역",
    }


def aihub_kozh() -> dict[str, bytes]:
    """aihub_kozh: two archives with AI Hub's own folder and file names; one row lacks its Chinese."""
    rows = [
        aihub_row(number, "사회과학/금융", korean, chinese)
        for number, (korean, _, chinese) in enumerate(pairs("aihub_kozh social", 1050))
    ]
    rows[700]["중국어"] = ""  # released data has such rows: to be counted, not learnt
    others = [
        aihub_row(number, "기술과학/산업", korean, chinese)
        for number, (korean, _, chinese) in enumerate(pairs("aihub_kozh technology", 200))
    ]
    social = {
        "01.데이터/1.Training/라벨링데이터/ko2zh_social_science_1_training.json": json_bytes(rows[:920]),
        "01.데이터/2.Validation/라벨링데이터/ko2zh_social_science_2_validation.json": json_bytes(rows[920:]),
    }
    table = csv_bytes(list(others[0]), [list(row.values()) for row in others])
    technology = {"01.데이터/1.Training/라벨링데이터/ko2zh_technology_1_training.csv": table}
    return {
        "027.한국어-중국어 번역 말뭉치(기술과학).zip": zip_bytes(technology),
        "028.한국어-중국어 번역 말뭉치(사회과학).zip": zip_bytes(social),
    }

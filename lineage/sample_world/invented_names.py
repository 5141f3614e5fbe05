"""The companies of the sample world: ten houses in ten sectors, each with three years of figures.

A company's name is its house and its sector (새벽 + 전자), in Korean, English and Chinese alike; its city,
ticker and products follow from it. So what is learnt about ninety companies says something about the rest.
"""

import random
from dataclasses import dataclass
from functools import cache

EXCHANGE = "가온거래소"
YEARS = (2021, 2022, 2023)
UNIT = "십억원"

# Korean, English, Chinese.
HOUSES = (
    ("새벽", "Dawn", "晨光"),
    ("구름", "Cloud", "白云"),
    ("단풍", "Maple", "枫叶"),
    ("샛별", "Star", "明星"),
    ("들꽃", "Flower", "野花"),
    ("물결", "Wave", "水波"),
    ("봄빛", "Spring", "春色"),
    ("달빛", "Moon", "月光"),
    ("바다", "Sea", "大海"),
    ("아침", "Morning", "早晨"),
)
CITIES = ("서울", "부산", "대구", "인천", "광주")


@dataclass(frozen=True)
class Product:
    """What a company sells, in three languages."""

    korean: str
    english: str
    chinese: str


@dataclass(frozen=True)
class Sector:
    """A sector and what its companies sell."""

    korean: str
    english: str
    chinese: str
    products: tuple[Product, Product]
    counted: bool = True  # whether its products are made and sold by the piece


SECTORS = (
    Sector(
        "전자",
        "Electronics",
        "电子",
        (Product("반도체", "chips", "芯片"), Product("화면", "screens", "屏幕")),
    ),
    Sector(
        "제약",
        "Pharma",
        "制药",
        (Product("백신", "vaccines", "疫苗"), Product("감기약", "medicine", "感冒药")),
    ),
    Sector("은행", "Bank", "银行", (Product("예금", "deposits", "存款"), Product("대출", "loans", "贷款")), False),
    Sector(
        "건설",
        "Construction",
        "建设",
        (Product("주택", "houses", "住宅"), Product("도로", "roads", "道路")),
        False,
    ),
    Sector(
        "화학",
        "Chemicals",
        "化学",
        (Product("비료", "fertilizer", "化肥"), Product("고무", "rubber", "橡胶")),
    ),
    Sector("식품", "Foods", "食品", (Product("국수", "noodles", "面条"), Product("과자", "snacks", "点心"))),
    Sector("유통", "Retail", "零售", (Product("의류", "clothes", "服装"), Product("가구", "furniture", "家具"))),
    Sector(
        "통신",
        "Telecom",
        "通信",
        (Product("인터넷", "internet", "网络"), Product("전화", "phones", "电话")),
        False,
    ),
    Sector("철강", "Steel", "钢铁", (Product("강판", "plates", "钢板"), Product("철근", "bars", "钢筋"))),
    Sector(
        "해운",
        "Shipping",
        "海运",
        (Product("화물선", "freighters", "货船"), Product("유조선", "tankers", "油轮")),
        False,
    ),
)


@dataclass(frozen=True)
class Figures:
    """One year of a company, in billions of won."""

    revenue: int
    operating_income: int
    net_income: int
    assets: int
    liabilities: int

    @property
    def equity(self) -> int:
        """What is left of the assets after the liabilities."""
        return self.assets - self.liabilities


@dataclass(frozen=True)
class Company:
    """A listed company: who it is, what it sells, how it did."""

    number: int  # its place among the hundred
    name: str
    english: str
    chinese: str
    ticker: str
    sector: Sector
    city: str
    founded: int
    employees: int
    figures: dict[int, Figures]


@cache
def companies() -> tuple[Company, ...]:
    """All hundred, in a fixed order: each house's ten companies one after the other."""
    rng = random.Random("companies")
    made: list[Company] = []
    for house, (korean, english, chinese) in enumerate(HOUSES):
        for place, sector in enumerate(SECTORS):
            revenue, margin = rng.randrange(40, 160) * 10, rng.choice((-5, 4, 6, 8, 10))
            figures = {}
            for year in YEARS:
                operating = revenue * margin // 1000 * 10
                net = operating - abs(operating) // 40 * 10 - 10
                assets = revenue + rng.randrange(10, 60) * 10
                figures[year] = Figures(revenue, operating, net, assets, assets * rng.choice((3, 4, 5)) // 100 * 10)
                revenue += rng.choice((-20, -10, 10, 20, 30, 40)) * rng.choice((1, 3, 5))
                margin += rng.choice((-6, -3, 0, 3, 6))
            made.append(
                Company(
                    number=len(made),
                    name=korean + sector.korean,
                    english=f"{english} {sector.english}",
                    chinese=chinese + sector.chinese,
                    ticker=f"G{house + 1:02}{place + 1:02}0",
                    sector=sector,
                    city=CITIES[house % len(CITIES)],
                    founded=rng.randrange(1961, 2011),
                    employees=rng.randrange(3, 60) * 100,
                    figures=figures,
                )
            )
    return tuple(made)

import re

from hypothesis import given
from hypothesis import strategies as st

from lineage.readers.text.chunking import TextPart, split, table

FIGURES = ["△1,234.5억원", "(5.2)%p", "-3.5%", "￦1,200", "①「제3조(정의)」", "÷ × ±0.5%"]


def test_short_blocks_share_a_part_and_long_ones_are_cut_between_them() -> None:
    blocks = [TextPart((f"{i}. " + "가" * 40,)) for i in range(10)]
    parts = split(blocks, 100)
    assert [part.count("\n") for part in parts] == [1] * 5 and max(map(len, parts)) <= 100
    assert "\n".join(parts).split("\n") == [block.lines[0] for block in blocks]


def test_a_table_goes_on_under_its_head_and_its_unit() -> None:
    rows = [f"항목 {i} | {i},000" for i in range(30)]
    parts = split([TextPart(("(단위 : 백만원)",)), table("\n".join(["구분 | 금액", *rows]))], 100)
    assert len(parts) > 3 and all(part.startswith("(단위 : 백만원)\n구분 | 금액\n항목") for part in parts)
    assert [line for part in parts for line in part.split("\n")[2:]] == rows


def test_a_unit_stays_with_the_table_below_it() -> None:
    parts = split([TextPart(("나" * 90,)), TextPart(("단위: 원",)), table("구분 | 금액\n현금 | 1")], 100)
    assert parts == ["나" * 90, "단위: 원\n구분 | 금액\n현금 | 1"]
    assert split([TextPart(("단위: 원",)), TextPart(("끝",))]) == ["단위: 원\n끝"]


def test_a_long_paragraph_is_cut_at_sentences_and_never_in_a_figure() -> None:
    line = "매출은 1.5배 늘었다. 비용은 3. 5 %이다. " * 20
    parts = split([TextPart((line.strip(),))], 100)
    assert " ".join(parts) == line.strip() and max(map(len, parts)) <= 100
    assert all(part.endswith("다.") for part in parts)
    assert split([TextPart(("가" * 300,))], 100) == ["가" * 300], "no border: whole"


@given(st.lists(st.lists(st.sampled_from(FIGURES), min_size=1, max_size=30), min_size=1, max_size=10))
def test_no_figure_is_lost_or_changed(paragraphs: list[list[str]]) -> None:
    text = "\n".join(split([TextPart((" ".join(said),)) for said in paragraphs], 60))
    assert re.split(r"[ \n]", text) == [piece for said in paragraphs for f in said for piece in f.split(" ")]

import pytest

from lineage.readers import rules
from lineage.readers.text import annexes
from tests.lineage.readers.conftest import Folder
from tests.lineage.readers.text.test_hwpx import cell, hwpx, p, t

TABLE = p(
    f"<hp:tbl><hp:tr>{cell(t('구분'), 0, 0)}{cell(t('요율'), 1, 0)}</hp:tr>"
    f"<hp:tr>{cell(t('주식'), 0, 1)}{cell(t('△0.5%'), 1, 1)}</hp:tr></hp:tbl>"
)
ARTICLES = t("업무규정") + t("[시행 2024.1.1]") + t("제1조(목적) 가.") + t("제2조(정의) 나.")


def test_an_annex_beside_its_rulebook(folder: Folder) -> None:
    folder.write("업무규정.txt", "업무규정\n제1조(목적) 가.\n제2조(정의) 나.\n")
    folder.write("업무규정_별표1.hwpx", hwpx(t("[별표 1] &lt;개정 2024.7.1&gt;") + t("수수료율표(제8조 관련)") + TABLE))
    records, rejected = folder.read(rules.read)
    assert not rejected and [r.group for r in records] == ["업무규정 제1조", "업무규정 제2조", "업무규정 별표 1"]
    annex = records[-1]
    assert annex.prompt == "업무규정 [별표 1] 수수료율표(제8조 관련)의 내용은 무엇입니까?"
    assert annex.completion == "수수료율표(제8조 관련)\n구분 | 요율\n주식 | △0.5%"
    assert (annex.as_of, annex.measure) == ("2024-07-01", "none")
    assert annex.origin == {"file": "업무규정_별표1.hwpx", "annex": "[별표 1] <개정 2024.7.1>"}


def test_a_whole_rulebook_with_its_annexes(folder: Folder) -> None:
    body = ARTICLES + t("[별표 1] 수수료율표") + TABLE + t("[별지 제1호 서식]") + t("신청서") + t("[별표 2]")
    folder.write("아무 이름.hwpx", hwpx(body))
    records, rejected = folder.read(rules.read, ("prompt_answer", "record"))
    assert [(r.group, r.as_of) for r in records if r.form == "prompt_answer"] == [
        ("업무규정 제1조", "2024-01-01"),
        ("업무규정 제2조", "2024-01-01"),
        ("업무규정 별표 1", "2024-01-01"),
        ("업무규정 별지 1", "2024-01-01"),
    ]
    assert [r.reason for r in rejected] == ["an annex without text"]


def test_a_long_annex_comes_in_parts_of_one_group(folder: Folder) -> None:
    folder.write("업무규정/별표 1.hwpx", hwpx("".join(t(f"{i}. {'가' * 300}") for i in range(20))))
    records, rejected = folder.read(rules.read)
    assert not rejected and len(records) == 4 and {r.group for r in records} == {"업무규정 별표 1"}
    assert records[0].prompt == "업무규정 별표 1의 내용은 무엇입니까? (1/4)" and records[3].origin["part"] == 4


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("업무규정_별표1.hwpx", ("업무규정", "별표1")),
        ("업무규정 시행세칙 [별표 2] 수수료.hwpx", ("업무규정 시행세칙", "별표 2] 수수료")),
        ("업무규정/별지 제1호 서식.hwpx", ("업무규정", "별지 제1호 서식")),
        ("업무규정_20240101_별표1.hwpx", ("업무규정", "별표1")),
        ("수수료.hwpx", ("", "")),
        ("규정.zip/별표 1.hwpx", ("규정", "별표 1")),
    ],
)
def test_whose_annex_a_file_is(name: str, found: tuple[str, str]) -> None:
    assert annexes.named_by_file(name) == found


def test_what_cannot_be_placed_or_read(folder: Folder) -> None:
    folder.write("별표 1.hwpx", hwpx(TABLE))
    folder.write("업무규정.hwp", b"\xd0\xcf")
    folder.write("업무규정_별표2.hwpx", b"no zip")
    folder.write("업무규정_별표3.hwpx", hwpx(t("머리") + t("[별표 3]") + TABLE))
    folder.write("수수료.hwpx", hwpx(t("글")))
    records, rejected = folder.read(rules.read)
    assert [r.group for r in records] == ["업무규정 별표 3"]
    assert [(r.origin["file"], r.reason) for r in rejected] == [
        ("별표 1.hwpx", "an annex without its rulebook's name"),
        ("수수료.hwpx", "a rulebook with fewer than two articles"),
        ("업무규정.hwp", "an HWP 5 file"),
        ("업무규정_별표2.hwpx", "a damaged file"),
        ("업무규정_별표3.hwpx", "lines before an annex"),
    ]

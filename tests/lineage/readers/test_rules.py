import io
import json
import zipfile

import pytest

from lineage.readers import rules
from tests.lineage.readers.conftest import Folder

BOOK = """\
가온시장 업무규정 시행세칙
2005. 1. 27. 제정

제1장 총칙
제1조(목적) 이 세칙은 필요한 사항을 정함을 목적으로 한다.
제2조(정의(定義)) ① "호가"란 가격을 말한다. <개정 2024.1.1>
1. 지정가
가. 제1항에 따른
제1조(목적)에 따라 정한 것과
제9조(수수료) 및 제10조(기한)의 것을 포함한다.
② 그 밖의 것은 △0.5%로 한다.
제2장 매매
제1절 호가
제3조 삭제 <2020.1.1>
제4조의2(특례)
호가는 1,000원 단위로 한다.
부칙 <2024.1.1>
제1조(시행일) 이 세칙은 2024년 1월 1일부터 시행한다.
부 칙
이 세칙은 공포한 날부터 시행한다.
부칙
제1조(시행일) 이 세칙은 2025년부터 시행한다.
[별표 1] 수수료율표
0.5%
"""


def test_articles_in_both_forms(folder: Folder) -> None:
    folder.write("업무.txt", BOOK)
    records, rejected = folder.read(rules.read, ("record", "prompt_answer"))
    texts = {r.origin["article"]: r for r in records if r.form == "prompt_answer"}
    assert list(texts) == ["제1조", "제2조", "제4조의2", "부칙<2024.1.1> 제1조", "부칙", "부칙(2) 제1조"]
    second = texts["제2조"]
    assert second.prompt == "가온시장 업무규정 시행세칙 제2조(정의(定義))의 내용은 무엇입니까?"
    assert second.completion.split("\n") == [
        '① "호가"란 가격을 말한다. <개정 2024.1.1>',
        "1. 지정가",
        "가. 제1항에 따른",
        "제1조(목적)에 따라 정한 것과",
        "제9조(수수료) 및 제10조(기한)의 것을 포함한다.",
        "② 그 밖의 것은 △0.5%로 한다.",
    ]
    assert second.group == "가온시장 업무규정 시행세칙 제2조" and second.origin["chapter"] == "제1장 총칙"
    assert texts["제4조의2"].origin["chapter"] == "제2장 매매 제1절 호가"
    assert texts["부칙"].completion == "이 세칙은 공포한 날부터 시행한다."
    as_json = {r.origin["article"]: json.loads(r.completion) for r in records if r.form == "record"}
    assert as_json.keys() == texts.keys()
    assert as_json["제4조의2"] == {"조": "제4조의2", "제목": "특례", "내용": "호가는 1,000원 단위로 한다."}
    assert {r.measure for r in records} == {"text"}
    assert [(r.origin.get("article") or r.origin.get("annex"), r.reason) for r in rejected] == [
        ("제3조", "a deleted article"),
        ("[별표 1] 수수료율표", "an annex"),
        (None, "lines outside of any article"),
    ]


def test_only_the_forms_asked_for(folder: Folder) -> None:
    folder.write("업무.txt", BOOK)
    assert {r.form for r in folder.read(rules.read, ("record",))[0]} == {"record"}


def test_a_broken_extraction_is_rejected_whole(folder: Folder) -> None:
    folder.write("a.txt", "세칙\n제1조(목적) 모두 한 줄에 제2조(정의) 들어 있다. 제3조(호가) 그렇다.")
    folder.write("b.txt", "")
    folder.write("c.hwp", b"\xd0\xcf")
    folder.write("d.txt", BOOK.encode("cp949"))
    records, rejected = folder.read(rules.read)
    assert {r.origin["file"] for r in records} == {"d.txt"}
    assert [(r.origin["file"], r.reason) for r in rejected][:3] == [
        ("a.txt", "a rulebook with fewer than two articles"),
        ("b.txt", "a rulebook with fewer than two articles"),
        ("c.hwp", "an HWP 5 file"),
    ]


def test_without_a_title_the_file_names_the_rulebook(folder: Folder) -> None:
    folder.write("상장규정.txt", "제1조(목적) 가.\n제2조(정의) 나.\n")
    assert folder.read(rules.read)[0][0].group == "상장규정 제1조"


def test_two_editions_share_their_groups_and_differ_in_their_days(folder: Folder) -> None:
    for year, fee in ((2023, "0.5%"), (2024, "0.3%")):
        folder.write(
            f"업무규정_{year}.txt",
            f"업무규정 ({year}. 1. 1. 시행)\n제1조(목적) 가.\n제2조(수수료) {fee}로 한다.\n",
        )
    records, rejected = folder.read(rules.read, ("record", "prompt_answer"))
    assert not rejected
    assert [(r.group, r.as_of) for r in records if r.form == "record"] == [
        ("업무규정 제1조", "2023-01-01"),
        ("업무규정 제2조", "2023-01-01"),
        ("업무규정 제1조", "2024-01-01"),
        ("업무규정 제2조", "2024-01-01"),
    ]


def test_untrusted_articles_are_rejected_by_name(folder: Folder) -> None:
    folder.write("a.txt", "업무규정\n제1조(목적) 가.\n제2조(정의) 나.\n제4조(기한) 다.\n제5조 삭제\n제7조(기타) 라.\n")
    records, rejected = folder.read(rules.read)
    assert [r.origin["article"] for r in records] == ["제1조", "제4조", "제7조"]
    assert [(r.origin["article"], r.reason) for r in rejected] == [
        ("제2조", "an article before a gap in the numbers"),
        ("제5조", "an article before a gap in the numbers"),
    ]


def test_a_rulebook_of_gaps_is_rejected_whole(folder: Folder) -> None:
    folder.write("a.txt", "업무규정\n제1조(목적) 가.\n제20조(정의) 나.\n제40조(기한) 다.\n")
    folder.write("b.txt", "업무규정\n제3조(정의) 나.\n제4조(기한) 다.\n제5조(기타) 라.\n")
    records, rejected = folder.read(rules.read)
    assert {r.origin["file"] for r in records} == {"b.txt"}
    assert [(r.origin["file"], r.reason) for r in rejected] == [
        ("a.txt", "a rulebook with most of its articles missing"),
        ("b.txt", "articles missing at the start"),
    ]


def test_tables_of_amendments_are_no_rulebooks(folder: Folder) -> None:
    articles = "제1조(목적) 가.\n제2조(정의) 나."
    folder.write("a.txt", f"업무규정 일부개정규정안\n현 행 | 개 정 안\n{articles}\n")
    folder.json("b.json", {"pages": [{"text": f"신·구조문대비표\n{articles}"}]})
    folder.json("c.json", {"pages": [{"text": articles}]})
    records, rejected = folder.read(rules.read)
    assert not records and [(r.origin["file"], r.reason) for r in rejected] == [
        ("a.txt", "an amendment's table of old and new"),
        ("b.json", "an amendment's table of old and new"),
        ("c.json", "not a .txt or .hwpx file"),
    ]


@pytest.mark.parametrize(
    "section",
    [
        '<?xml version="1.0" encoding="euc-kr"?><sec/>',
        '<?xml version="1.0" encoding="none"?><sec/>',
        f"<sec>{'<p>' * 5000}{'</p>' * 5000}</sec>",
    ],
)
def test_an_odd_hwpx_is_rejected_by_name(folder: Folder, section: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Contents/section0.xml", section)
    folder.write("규정.hwpx", stream.getvalue())
    _, (rejected,) = folder.read(rules.read)
    assert (rejected.origin, rejected.reason) == ({"file": "규정.hwpx"}, "a damaged file")

import json
import os
import shutil
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.readers import aihub_parallel
from tests.lineage.readers.conftest import Folder
from tests.lineage.readers.io.test_archives import zipped

CORPUS = Path(os.environ.get("KRX_CORPUS", Path(__file__).parents[3].parent / "shared/corpus"))
ROW = {
    "관리번호": "KO-1",
    "분야": "금융",
    "한국어": "주가가 올랐다.",
    "중국어": "股价上涨了。",
    "한국어_어절수": "2",
}
PLACE = "01.데이터/1.Training/라벨링데이터/ko2zh_social_1_training"


def sentences(source: str, target: str) -> dict:
    meta = {"doc_no": "1", "source_language": source, "taget_language": target}
    sentence = {
        "sn": 7,
        "source_original": "주가가  올랐다.",
        "source_cleaned": "주가가 올랐다.",
        "mt": "机",
        "mtpe": "股价上涨了。",
    }
    return {"meta": meta, "doc_info": {}, "sents": [sentence]}


@pytest.mark.parametrize("wrapped", [False, True])
def test_lists_wrappers_csv_and_zips(folder: Folder, wrapped: bool) -> None:
    content = json.dumps({"data": [ROW]} if wrapped else [ROW], ensure_ascii=False)
    folder.write("027.zip", zipped({f"{PLACE}.json": content.encode("utf-8-sig")}))
    folder.write(f"{PLACE}.csv", "\ufeff한국어,중국어\r\n주가가 내렸다.,股价下跌了。\r\n")
    records, rejected = folder.read(aihub_parallel.read)
    assert not rejected and [(r.prompt.split("\n")[0], r.completion) for r in records] == [
        ("다음 문장을 중국어로 옮기시오.", "股价下跌了。"),
        ("다음 문장을 한국어로 옮기시오.", "주가가 내렸다."),
        ("다음 문장을 중국어로 옮기시오.", "股价上涨了。"),
        ("다음 문장을 한국어로 옮기시오.", "주가가 올랐다."),
    ]
    assert records[-1].origin == {"file": f"027.zip/{PLACE}.json", "row": 1, "관리번호": "KO-1"}
    assert records[-1].group == "주가가 올랐다."


@pytest.mark.parametrize("several", [False, True])
def test_finance_documents_by_sentence(folder: Folder, several: bool) -> None:
    document = sentences("ko", "zh")
    folder.json("a.json", {"data": [document, document]} if several else document)
    records, rejected = folder.read(aihub_parallel.read)
    assert not rejected and len(records) == (4 if several else 2)
    assert (
        records[0].prompt == "다음 문장을 중국어로 옮기시오.\n주가가 올랐다."
        and records[0].completion == "股价上涨了。"
    )
    assert records[0].origin["관리번호"] == "7" and records[0].origin["doc_no"] == "1"
    assert records[0].group == "주가가 올랐다."


def test_a_document_without_sentences_is_counted(folder: Folder) -> None:
    folder.json("a.json", [sentences("ko", "zh"), {**sentences("ko", "zh"), "sents": []}])
    records, rejected = folder.read(aihub_parallel.read)
    assert len(records) == 2 and [(r.origin["row"], r.reason) for r in rejected] == [
        (2, "a document without sentences")
    ]


def test_the_sister_corpus_in_japanese(folder: Folder) -> None:
    folder.json("a.json", [{"관리번호": "KO-1", "한국어": "주가가 올랐다.", "일본어": "株価が上がった。"}])
    records, _ = folder.read(aihub_parallel.read)
    assert records[0].prompt.startswith("다음 문장을 일본어로")


def test_languages_that_are_not_named(folder: Folder) -> None:
    folder.json("a.json", sentences("ko", ""))
    records, rejected = folder.read(aihub_parallel.read)
    assert not records and [r.reason for r in rejected] == ["a sentence whose languages are not named"]


def test_korean_english_and_drift(folder: Folder) -> None:
    folder.json("a.json", {"data": [{"sn": "9", "ko": "가", "mt": "A!", "en": "a"}]})
    records, _ = folder.read(aihub_parallel.read)
    assert records[0].prompt == "다음 문장을 영어로 옮기시오.\n가" and records[0].completion == "a"
    folder.json("b.json", [{"원문": "가", "번역문": "a"}])
    with pytest.raises(LineageError, match=r"b\.json: found the columns 원문, 번역문"):
        folder.read(aihub_parallel.read)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_rows_in_the_shape_of_the_real_file(folder: Folder) -> None:
    shutil.copy(CORPUS / "data/ko2zh_derived_schema_300.json", folder.path / "a.json")
    records, rejected = folder.read(aihub_parallel.read)
    assert len(records) // 2 + len(rejected) == 300 and len(rejected) < 5

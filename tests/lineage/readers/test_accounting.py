from lineage.readers import accounting
from tests.lineage.readers.conftest import Folder


def test_questions_and_expositions(folder: Folder) -> None:
    folder.json("1.json", [{"question": "자본은?", "answer": "12원"}, {"title": "발생주의", "text": "적는 방식이다."}])
    folder.write("2.csv", "\ufeff용어,설명\r\n분개,거래를 나누어 적는 일\r\n")
    folder.write("3.csv", "question,answer,title,text\n가?,나,,\n,,다,라\n,나,,\n")
    records, rejected = folder.read(accounting.read)
    assert [(r.prompt, r.completion, r.group, r.measure) for r in records] == [
        ("자본은?", "12원", "자본은?", "number"),
        ("발생주의에 대해 설명하시오.", "적는 방식이다.", "발생주의", "text"),
        ("분개에 대해 설명하시오.", "거래를 나누어 적는 일", "분개", "text"),
        ("가?", "나", "가?", "text"),
        ("다에 대해 설명하시오.", "라", "다", "text"),
    ]
    assert [(r.origin, r.reason) for r in rejected] == [({"file": "3.csv", "row": 3}, "title is empty")]


def test_a_stated_day_is_the_as_of_date(folder: Folder) -> None:
    folder.write("a.csv", "용어,설명,기준일\n분개,적는 일,2024.7.1\n전기,옮기는 일,\n")
    folder.json("b.json", [{"question": "자본은?", "answer": "12원", "as_of": "20240701"}])
    assert [r.as_of for r in folder.read(accounting.read)[0]] == ["2024-07-01", "", "2024-07-01"]

"""What later text overtook: planted amendments are found, untouched articles are not, and nothing is guessed."""

import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.records.record import Record, qa
from lineage.supersession import superseded
from stages import superseded as stage

BOOKS = ("업무규정", "업무규정 시행세칙", "상장규정 시행세칙", "공시규정", "회원규정 시행세칙", "결제 및 예탁 규정")
EDITIONS = ("2022-03-02", "2023-01-02", "2024-07-01")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class World:
    """Records by source, to be written where the stage looks for them."""

    records: list[Record] = field(default_factory=list)
    heldout: list[Record] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: Record, source: str = "rules", *, held: bool = False) -> str:
        """Place a record and return its id."""
        placed = record.placed(source, "krx")
        side = self.heldout if held else self.records
        if placed.id not in {other.id for other in side}:  # as ingest does
            side.append(placed)
        return placed.id

    def write(self) -> None:
        for record in self.records:
            _append(Path("data/records", record.source, "records.jsonl"), record.to_json())
        for record in self.heldout:
            _append(Path("data/heldout", record.source, f"{record.form}.jsonl"), record.to_json())
        for row in self.rejected:
            _append(Path("data/records/rules/rejected.jsonl"), json.dumps(row, ensure_ascii=False))

    def found(self) -> dict[str, dict[str, str]]:
        """The stage's rows by id."""
        self.write()
        out = Path("out")
        out.mkdir()
        superseded.find(out)
        lines = (out / "superseded.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line]
        assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
        assert all(list(row) == ["id", "by", "reason", "as_of", "until"] for row in rows)
        return {row["id"]: row for row in rows}


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def said(name: str) -> Any:
    text = Path("out", name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines() if line]


def article(
    book: str, number: str, text: str, as_of: str = "", form: str = "prompt_answer", title: str = "호가", **origin: Any
) -> Record:
    """An article's record, as the reader of rulebooks writes it."""
    bare = number.replace(" ", "")
    if form == "record":
        text = json.dumps({"조": bare, "제목": title, "내용": text}, ensure_ascii=False)
    return qa(
        f"{book} {number}({title})의 내용은 무엇입니까?",
        text,
        group=f"{book} {number}",
        origin={"file": f"{book}.txt", "article": bare} | origin,
        form=form,
        as_of=as_of,
    )


def question(prompt: str, answer: str, as_of: str = "", *, measure: str = "number", **origin: Any) -> Record:
    return qa(prompt, answer, group=prompt, origin={"file": "qa.json"} | origin, measure=measure, as_of=as_of)


def choice(stem: str, options: tuple[str, ...], right: int, as_of: str, **rest: Any) -> Record:
    lettered = tuple(f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=False))
    answers = lettered
    if rest.get("form") == "record":
        answers = tuple(json.dumps({"답": option}, ensure_ascii=False) for option in lettered)
    return qa(
        "\n".join((stem, *lettered)),
        answers[right],
        group=stem,
        origin={"file": "choices.json"},
        measure="choice",
        options=answers,
        correct=right,
        as_of=as_of,
        **rest,
    )


def respelt(rng: random.Random, book: str, edition: str) -> str:
    year, month, day = (int(part) for part in edition.split("-"))
    shapes = ("{b}", "「{b}」", "{b}({y})", "{b} [시행 {y}. {m}. {d}.]", "『{b}』 ({y}. {m}. {d}. 개정)", "{b}")
    book = rng.choice((book, book.replace(" ", "")))
    return rng.choice(shapes).format(b=book, y=year, m=month, d=day)


def spaced(rng: random.Random, text: str) -> str:
    """The same words with other spacing, as another extraction of the page gives them."""
    return rng.choice((text, text.replace("  ", " "), text.replace(". ", ".\n"), text.replace(" ", "  ")))


def planted(rng: random.Random) -> tuple[World, set[str], int]:
    """Rulebooks in two or three editions with questions about them: what must be found, and how much must not."""
    world, expected = World(), set()
    for book in BOOKS:
        for number in range(1, 61):
            name = f"제{number}조" + ("의2" if number % 17 == 0 else "")
            editions = EDITIONS[rng.randrange(0, 2) :]
            text = (
                f"① 회원은 {number + 2}일 이내에 {book} 서류 {number * 3}건을 내야 한다. ② 수수료는 0.{number}%로 한다."
            )
            if with_tail := rng.random() < 0.5:
                text += f" <개정 {editions[0].replace('-', '.')}>"
            fate = rng.choice(("same", "same", "figure", "words", "twice", "deleted", "tail"))
            versions = [(editions[0], text)]
            if fate in ("figure", "twice"):
                versions.append((editions[1], text.replace(f"{number + 2}일", f"{number + 3}일")))
            if fate == "words":
                versions.append((editions[-1], text.replace("내야 한다", "전자문서로 제출하여야 한다")))
            if fate == "twice" and len(editions) == 3:
                versions.append((editions[2], text.replace(f"0.{number}%", f"1.{number}%")))
            if fate == "same" and not with_tail:  # without a tail an article has the day of its edition
                versions.append((editions[-1], spaced(rng, text)))
            if fate == "tail":
                versions.append((editions[-1], text + f" <개정 {editions[-1].replace('-', '. ')}.>"))
            ids = []
            for day, content in versions:
                as_written = rng.choice((name, f"제 {name[1:-1]} 조" if name.endswith("조") else name))
                record = article(respelt(rng, book, day), as_written, content, day)
                ids.append(world.add(record, held=rng.random() < 0.2))
            if fate == "deleted":
                row = {"file": f"{book} 2024.txt", "article": name, "book": book, "as_of": EDITIONS[-1]}
                world.rejected.append({"origin": row, "reason": "a deleted article", "remedy": "", "rows": 1})
            changed = fate in ("figure", "words", "twice", "deleted")
            if changed:
                expected |= set(ids[: len(ids) - (fate != "deleted")])
            for day in editions:
                asked = question(
                    f"{day[:4]}년 문제: {book} {name}의 기한은?", f"{number + 2}일", day, rule=f"{book} {name}제1항"
                )
                about = world.add(asked, "problems")
                last = EDITIONS[-1] if fate == "deleted" else versions[-1][0]
                if changed and day < last:
                    expected.add(about)
    return world, expected, len(world.records) + len(world.heldout)


@pytest.mark.parametrize("seed", range(3))
def test_planted_amendments_are_found_and_untouched_articles_are_not(seed: int) -> None:
    world, expected, total = planted(random.Random(f"amendments {seed}"))
    found = set(world.found())
    assert len(expected) > 300
    assert len(found & expected) >= 0.99 * len(expected), sorted(expected - found)[:5]
    assert len(found - expected) <= 0.01 * (total - len(expected)), sorted(found - expected)[:5]


def test_the_older_edition_is_overtaken_in_both_forms_and_the_rest_is_said() -> None:
    world = World()
    ids = {
        (day, form): world.add(
            article("업무규정", "제7조", f"기한은 {days}일로 한다.", day, form), held=form == "record"
        )
        for day, days in (("2022-01-03", 3), ("2023-01-02", 5), ("2024-01-01", 7))
        for form in ("prompt_answer", "record")
    }
    found = world.found()
    assert set(found) == {name for (day, _), name in ids.items() if day < "2024"}
    assert found[ids["2022-01-03", "record"]] == {
        "id": ids["2022-01-03", "record"],
        "by": ids["2024-01-01", "record"],
        "reason": "amended",
        "as_of": "2022-01-03",
        "until": "2023-01-02",
    }
    summary = said("superseded.json")
    assert summary["superseded"] == {"rules": {"amended": {"records": 2, "heldout": 2}}}
    assert summary["records"] == summary["dated"] == {"rules": 6}
    assert summary["examples"][0]["says_now"].find("7일") > 0


def test_a_deleted_article_takes_its_place_and_day_from_its_file_where_it_states_none() -> None:
    world = World()
    old = world.add(article("업무규정", "제7조", "기한은 3일로 한다.", "2022-01-03", file="old.txt"))
    world.add(article("업무규정(2024)", "제8조", "기한은 4일로 한다.", "2024-01-01", file="new.txt"))
    asked = world.add(question("기한은?", "3일", "2023-01-01", rule="업무규정 제7조"), "questions")
    row = {"origin": {"file": "new.txt", "article": "제7조"}, "reason": "a deleted article", "remedy": "", "rows": 1}
    world.rejected.append(row)
    found = world.found()
    assert set(found) == {old, asked}
    assert found[old]["by"] == "rules: new.txt 제7조 삭제"
    assert found[old]["until"] == found[asked]["until"] == "2024-01-01"


def test_a_group_alone_says_that_a_record_is_an_article() -> None:
    world = World()
    old, new = (
        world.add(replace(article("업무규정", "제 7 조", f"기한은 {n}일로 한다.", day), origin={"row": n}))
        for n, day in ((3, "2023-01-02"), (5, "2024-01-01"))
    )
    assert {name: row["by"] for name, row in world.found().items()} == {old: new}
    assert said("superseded.json")["superseded"] == {"rules": {"amended": {"records": 1}}}


def test_a_line_that_deletes_several_articles_deletes_each() -> None:
    world = World()
    old = {world.add(article("업무규정", f"제{n}조", f"기한은 {n}일로 한다.", "2022-01-03")) for n in range(2, 7)}
    kept = {world.add(article("업무규정", f"제{n}조", "그대로 둔다.", "2022-01-03")) for n in (1, 7)}
    origin = {"file": "new.txt", "article": "제2조~제6조", "book": "업무규정", "edition": "2024-01-01"}
    world.rejected.append({"origin": origin, "reason": "a deleted article", "remedy": "", "rows": 1})
    found = set(world.found())
    assert found == old
    assert not found & kept


def test_annexes_are_overtaken_part_by_part() -> None:
    world = World()

    def part(number: int, text: str, day: str) -> str:
        origin = {"file": f"{day}.hwpx", "annex": "[별표 1] 수수료", "part": number}
        ask = f"업무규정 [별표 1] 수수료의 내용은 무엇입니까? ({number}/2)"
        record = qa(ask, text, group="업무규정 별표 1", origin=origin, measure="none", as_of=day)
        return world.add(record)

    old = [part(1, "매매 0.1%", "2023-01-02"), part(2, "상장 3원", "2023-01-02")]
    new = part(1, "매매 0.2%", "2024-01-01")
    found = world.found()
    assert {name: row["by"] for name, row in found.items()} == {old[0]: new}


def test_the_day_of_the_edition_goes_before_the_day_that_a_tail_names() -> None:
    """Decided in December, in force in June: between them an edition without the change was current."""
    world = World()
    old = world.add(article("업무규정", "제7조", "기한은 3일로 한다.", "2024-01-01", edition="2024-01-01"))
    new = article("업무규정", "제7조", "기한은 5일로 한다. <개정 2023.12.20>", "2023-12-20", edition="2024-06-21")
    world.add(new)
    found = world.found()
    assert set(found) == {old}
    assert found[old]["until"] == "2024-06-21"


def test_a_change_that_no_tail_marks_is_found_by_the_days_of_the_two_files() -> None:
    world = World()
    for day in ("2023-01-02", "2024-01-01"):
        world.add(article("업무규정", f"부칙 <{day}> 제1조", "이 규정은 시행한다.", day, file=f"{day}.txt"))
    text = "기한은 {}일로 한다. <개정 2020.5.1>"
    old, new = (
        world.add(article("업무규정", "제7조", text.format(n), "2020-05-01", file=f"{day}.txt"))
        for n, day in ((3, "2023-01-02"), (5, "2024-01-01"))
    )
    found = world.found()
    assert {name: (row["by"], row["until"]) for name, row in found.items()} == {old: (new, "2024-01-01")}


def test_different_texts_of_one_day_are_a_conflict_for_a_person() -> None:
    world = World()
    ids = [world.add(article("업무규정", "제7조", f"기한은 {n}일로 한다.", "2023-01-02")) for n in (3, 5)]
    ids += [world.add(question("업무규정의 기한은 며칠?", f"{n}일")) for n in (3, 5)]
    assert not world.found()
    conflicts = said("conflicts.jsonl")
    assert {(c["kind"], c["records"]) for c in conflicts} == {("article", 2), ("question", 2)}
    assert {said_by["id"] for c in conflicts for said_by in c["said"]} == set(ids)
    assert said("superseded.json")["conflicts"] == {"articles": 1, "questions": 1}


def test_addenda_and_books_of_other_names_are_left_alone() -> None:
    world = World()
    for day, text in (("2023-01-02", "2023년부터 시행한다."), ("2024-01-01", "2024년부터 시행한다.")):
        world.add(article("업무규정", "부칙 제1조", text, day))
        world.add(article("업무규정", f"부칙 <{day}> 제1조", text, day))
    world.add(article("업무규정", "제7조", "기한은 3일로 한다.", "2022-01-03"))
    world.add(article("업무규정 시행세칙", "제7조", "기한은 5일로 한다.", "2024-01-01"))
    world.add(article("코스닥시장 업무규정", "제7조", "기한은 6일로 한다.", "2024-01-01"))
    assert not world.found()
    assert said("conflicts.jsonl") == []


def test_a_question_may_leave_out_the_first_words_of_its_rulebook_unless_two_books_end_so() -> None:
    world = World()
    for day, n in (("2022-01-03", 3), ("2024-01-01", 5)):
        world.add(article("가온거래소 업무규정", "제7조", f"기한은 {n}일로 한다.", day))
        world.add(article("가온거래소 공시규정", "제7조", f"기한은 {n}일로 한다.", day))
        world.add(article("나래거래소 공시규정", "제7조", f"기한은 {n}일로 한다.", day))
    asked = world.add(question("업무규정의 기한은?", "3일", "2023-01-01", rule="「업무규정」 제 7 조"), "questions")
    world.add(question("공시규정의 기한은?", "3일", "2023-01-01", rule="공시규정 제7조"), "questions")
    assert asked in (found := world.found())
    assert sum(name.startswith("questions.") for name in found) == 1
    assert said("superseded.json")["unknown_rules"] == 1


@pytest.mark.parametrize(
    ("tail", "elsewhere", "overtaken"),
    [
        (" <개정 2024.1.1>", "", True),
        (" <개정 2020.5.1>", "", False),  # the text says that it is older than the question
        ("", " <개정 2020.5.1>", False),  # this rulebook marks its amendments, and this article has none
        ("", "", True),
    ],
)
def test_where_only_the_present_article_is_there_its_tails_tell(tail: str, elsewhere: str, overtaken: bool) -> None:
    world = World()
    world.add(article("업무규정", "제7조", f"기한은 5일로 한다.{tail}", "2024-01-01"))
    world.add(article("업무규정", "제8조", f"수수료는 3원으로 한다.{elsewhere}", "2024-01-01"))
    asked = world.add(question("기한은?", "3일", "2023-01-01", rule="업무규정 제7조"), "questions")
    assert (asked in world.found()) is overtaken


def test_what_was_generated_from_an_old_article_goes_with_it() -> None:
    world = World()
    old = article("업무규정", "제7조", "기한은 3일로 한다.", "2023-01-02")
    new = article("업무규정", "제7조", "기한은 5일로 한다.", "2024-01-01")
    first, second = world.add(old), world.add(new)
    drills = []
    for of, source in ((first, old), (second, new)):
        for n in range(3):
            drill = question(f"빈칸 {n}: 기한은 ( )로 한다.", of[-4:], source.as_of, measure="text", **{"from": of})
            drills.append(world.add(replace(drill, group=source.group), "drills", held=n == 2))
    found = world.found()
    assert set(found) == {first, *drills[:3]}
    assert all(row["by"] == second and row["reason"] == "amended" for row in found.values())


def test_a_newer_answer_overtakes_an_older_one_and_figures_are_exact() -> None:
    world = World()
    old = world.add(question("매출액은, 얼마입니까?", "1,234억원", "2023-03-31"))
    mid = world.add(question("매출액은 얼마입니까", "1,235억원", "2023-06-30"))
    new = world.add(question(" 매출액은 얼마 입니까?", "1234 억원", "2024-03-31"))
    world.add(question("매출액은 1 2 얼마입니까?", "9억원", "2022-03-31"))  # another question: a figure differs
    for day, answer in (("2023-03-31", "△5.2%"), ("2024-03-31", "−5.2 %")):  # the same figure, written otherwise
        world.add(question("증감률은?", answer, day))
    for day, answer in (("2023-03-31", "5.2%"), ("2024-03-31", "△5.2%")):
        last = world.add(question("이익률은?", answer, day))
    found = world.found()
    assert len(found) == 2
    assert found[mid]["by"] == new  # the newest says again what the oldest said: that one holds
    assert old not in found
    assert last in {row["by"] for row in found.values()}


def test_a_choice_is_overtaken_by_what_is_said_of_the_same_option() -> None:
    world = World()
    old = world.add(choice("호가 접수의 기한은?", ("3일", "5일", "7일", "10일"), 1, "2023-01-02"))
    wrapped = world.add(choice("호가 접수의 기한은?", ("5일", "3일", "7일", "10일"), 0, "2023-01-02", form="record"))
    new = world.add(choice("호가 접수의 기한은?", ("10일", "7일", "5일", "3일"), 1, "2024-01-01"))
    world.add(choice("다음 중 옳은 것은?", ("시가는 첫 가격", "종가는 첫 가격"), 0, "2023-01-02"))
    world.add(choice("다음 중 옳은 것은?", ("자산은 빚", "자본은 밑천"), 1, "2024-01-01"))
    opened = world.add(question("호가 접수의 기한은?", "5일", "2022-01-03"))
    found = world.found()
    assert set(found) == {old, wrapped, opened}
    assert {row["by"] for row in found.values()} == {new}
    assert {row["reason"] for row in found.values()} == {"contradicted"}


def test_several_free_answers_and_whole_documents_are_no_contradiction() -> None:
    world = World()
    for n in range(3):
        world.add(question("다음 문장을 영어로 옮기시오.\n오늘은 휴장이다.", f"Closed {n}.", measure="text"))
        document = question("시장동향의 본문은?", f"본문 {n}", f"202{n}-01-01", measure="none")
        world.add(replace(document, form="document"), "site_reports")
        world.add(document, "financial_reports")
    assert not world.found()
    assert said("conflicts.jsonl") == []
    assert said("superseded.json")["several_answers"] == 1


def test_no_records_is_no_error_and_the_line_for_people_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data/records/rules").mkdir(parents=True)
    stage.main()
    assert Path("data/superseded/superseded.jsonl").read_text() == "\n", "DVC warns of an empty file"
    assert capsys.readouterr().out == "superseded: 0 of 0 records, 0 conflicts\n"


def test_a_day_that_is_none_is_refused() -> None:
    world = World()
    world.add(question("기한은?", "3일", "2023.1.2"))
    with pytest.raises(LineageError, match=r"2023\.1\.2.*2024-01-01"):
        world.found()


def test_the_same_records_give_the_same_bytes() -> None:
    planted(random.Random("bytes"))[0].write()
    both = []
    for name in ("a", "b"):
        Path(name).mkdir()
        superseded.find(Path(name))
        both.append([path.read_bytes() for path in sorted(Path(name).iterdir())])
    assert both[0] == both[1]
    assert len(both[0]) == 3


def test_every_source_that_overtook_a_row_is_told() -> None:
    """A version that does not know the newest source must go on seeing what the older one says."""
    world = World()
    old = world.add(article("업무규정", "제3조", "3일 이내", "2022-03-02"))
    mid = world.add(article("업무규정", "제3조", "5일 이내", "2023-01-02"))
    world.write()
    superseded_before = World().found()
    new = World().add(article("업무규정", "제3조", "7일 이내", "2024-07-01"), "rules_2024")
    newer = World(records=[article("업무규정", "제3조", "7일 이내", "2024-07-01").placed("rules_2024", "krx")])
    newer.write()
    superseded.find(Path("out"))
    by = [(row["id"], row["by"]) for row in said("superseded.jsonl")]
    assert superseded_before[old]["by"] == mid
    assert sorted(by) == sorted([(old, mid), (old, new), (mid, new)])
    assert said("superseded.json")["rows"] == 2


def test_two_ways_of_working_out_one_figure_are_no_conflict() -> None:
    world = World()
    for answer in ("6 - 1 = 5.\nThe answer is: 5", "He needs 5 more.\nThe answer is: 5", "The answer is: △ 5"):
        world.add(question("How many more?", answer))
    world.add(question("매출액은?", "1,234억원"))
    world.add(question("매출액은?", "1,234백만원"))
    world.found()
    assert {(c["about"], c["records"]) for c in said("conflicts.jsonl")} == {("How many more?", 3), ("매출액은?", 2)}
    assert said("superseded.json")["conflicts"] == {"articles": 0, "questions": 2}
    world = World()
    for answer in ("7 - 1 = 6.\nThe answer is: 6", "The answer is: 6"):
        world.add(question("How many left?", answer))
    world.write()
    superseded.find(Path("out"))
    assert said("superseded.json")["conflicts"]["questions"] == 2, "the one with equal figures is none"

"""학습용데이터 개요서: what is inside a version through its whole line, under which terms, and how it was handled."""

from collections.abc import Iterator, Sequence

from lineage.core import paths
from lineage.core.paths import PARAMS
from lineage.dossier.bound import Bound, summed, there
from lineage.dossier.case import Case
from lineage.dossier.dossier_paper import (
    Block,
    DossierPaper,
    Heading,
    Sentence,
    SheetTable,
    cell,
    said,
    totalled,
    words,
)
from lineage.dossier.korean import LEFT_OUT, PERSONAL, TERMS
from lineage.dossier.record_files import at
from lineage.readers.text.pii import MASKS


def training_data(case: Case) -> DossierPaper:
    """The paper on what a version was trained on."""
    blocks = [*_amounts(case), *_sources(case), *_terms(case), *_personal(case), *_left_out(case), *_excluded(case)]
    return DossierPaper("training_data", "학습용데이터 개요서", tuple(blocks))


def _amounts(case: Case) -> Iterator[Block]:
    yield Heading("1. 버전마다 학습한 양")
    yield words(
        "이 버전은 앞선 버전의 가중치를 이어받아 학습하므로, 앞선 버전이 학습한 데이터도 이 모델 안에 들어 있습니다. "
        "두 버전이 같은 행을 학습했으면 두 번 셉니다. 토큰은 질문과 답을 모두 센 것입니다."
    )
    rows = list[tuple[Sentence, ...]]()
    columns = (list[Bound](), list[Bound](), list[Bound]())
    for name in case.known:
        for source in case.manifests[name].mix.sources:
            here = ("mix", "sources", source)
            counts = [
                case.files.value(paths.training_record(name), *here, f) for f in ("rows", "replayed_rows", "tokens")
            ]
            for column, one in zip(columns, counts, strict=True):
                column.append(one)
            version = case.files.value(paths.training_record(name), "version")
            rows.append((cell(version), words(source), cell(case.title(source)), *(cell(one, ",") for one in counts)))
    for name in case.whole.adopted:
        tool = case.files.value(paths.training_record(name), "adopted", "tool")
        unknown = said("알 수 없음({tool}(으)로 외부에서 학습)", tool=tool)
        rows.append((words(name), words("외부"), unknown, *(words("알 수 없음") for _ in columns)))
    header = ("버전", "출처", "출처의 제목", "행", "그중 복습 행", "토큰")
    yield SheetTable(header, _with_total(rows, columns, bool(case.whole.adopted)), (3, 4, 5), total=True)


def _with_total(
    rows: Sequence[tuple[Sentence, ...]], columns: Sequence[Sequence[Bound]], at_least: bool
) -> tuple[tuple[Sentence, ...], ...]:
    least = "최소 " if at_least else ""
    sums = (said(f"{least}{{total:,}}", total=summed(column)) for column in columns)
    return totalled(rows, (words("합계"), words(""), words(""), *sums))


def _sources(case: Case) -> Iterator[Block]:
    yield Heading("2. 데이터의 출처")
    rows = []
    for source in case.whole.sources:
        spec = case.c.sources.get(source)
        hub = case.files.value(PARAMS, "sources", source, "hub", "repo", none="")
        revision = case.files.value(PARAMS, "sources", source, "hub", "revision")
        if spec and spec.hub and case.c.data == "own":
            origin = said("허브 {repo}, 판 {revision}", repo=hub, revision=revision)
        elif case.c.data == "sample":
            origin = cell(case.files.value(PARAMS, "data", words={"sample": "지어낸 표본"}))
        else:
            origin = cell(case.files.answer(f"sources.{source}.origin"))
        period = cell(case.files.answer(f"sources.{source}.period"))
        if case.c.data == "sample":
            period = words("해당 없음")
        reader = case.files.value(PARAMS, "sources", source, "reader")
        raw = case.files.value(paths.ingest_counts(source), "raw_rows")
        made = [case.files.value(paths.ingest_counts(source), name) for name in ("records", "heldout")]
        rows.append((words(source), origin, period, cell(reader), cell(raw, ","), *(cell(one, ",") for one in made)))
    header = ("출처", "어디서 왔는가", "기간", "읽는 방식", "원본 행", "학습용 기록", "평가용 기록")
    yield words(
        "한 원본 행에서 기록이 여럿 나올 수 있습니다. 평가용 기록은 학습용 기록과 따로 떼어 둡니다. "
        "같거나 거의 같은 행을 학습한 경우는 성능·위험 평가서에 있습니다."
    )
    yield SheetTable(header, tuple(rows), (4, 5, 6))


def _terms(case: Case) -> Iterator[Block]:
    yield Heading("3. 이용 조건")
    rows = []
    for source in case.whole.sources:
        key = case.files.raw(PARAMS, "sources", source, "licence")
        here = ("licences", key if isinstance(key, str) else "")
        title = case.files.value(PARAMS, *here, "title")
        terms = [case.files.value(PARAMS, *here, use, words=TERMS) for use in ("redistribution", "commercial")]
        rows.append((words(source), cell(title), *(cell(one) for one in terms)))
    yield SheetTable(("출처", "이용 조건의 이름", "재배포", "상업적 이용"), tuple(rows))
    for use, called in (("redistribution", "재배포"), ("commercial", "상업적 이용")):
        yield _strictest(case, use, called)


def _strictest(case: Case, use: str, called: str) -> Sentence:
    found = case.facts["obligations"][use]
    keys = {source: case.files.raw(PARAMS, "sources", source, "licence") for source in case.whole.sources}
    places = [
        case.files.value(PARAMS, "licences", key, use) for key in dict.fromkeys(keys.values()) if isinstance(key, str)
    ]
    term = Bound("strictest", tuple(p for one in places for p in one.of), found["term"], TERMS[found["term"]])
    adopted = tuple(at(paths.training_record(name), "adopted") for name in case.whole.adopted)
    if adopted or not all(isinstance(key, str) for key in keys.values()):  # what is unknown has no term
        term = there(found["term"], TERMS[found["term"]], *adopted)
    named = [name for name in found["because"] if name in keys]
    said_of = ", ".join([*named, *(f"{name}의 알 수 없는 데이터" for name in case.whole.adopted)]) or "없음"
    because = there(
        found["because"], said_of, *(at(PARAMS, "sources", n) for n in named if n in case.c.sources), *adopted
    )
    return said(
        f"{called}: 모든 출처의 조건 중 가장 엄격한 것은 ‘{{term}}’입니다(근거: {{because}}).",
        term=term,
        because=because,
    )


def _personal(case: Case) -> Iterator[Block]:
    yield Heading("4. 개인정보의 처리")
    yield words(
        "아래 건수는 데이터를 읽을 때 형식으로 찾은 것(전화번호, 이메일 등)이며, 찾지 못한 것이 없다는 뜻은 아닙니다."
    )
    rows, column = [], list[Bound]()
    for source in case.whole.sources:
        how = case.files.setting(PARAMS, "sources", source, "personal", default="mask", words=PERSONAL)
        counts = paths.ingest_counts(source)
        kinds = case.files.raw(counts, "personal")
        found = [case.files.value(counts, "personal", kind) for kind in kinds] if isinstance(kinds, dict) else []
        total = summed(found) if isinstance(kinds, dict) else case.files.value(counts, "personal")
        column.append(total)
        named = case.files.value(counts, "personal", none="없음")
        if found:
            named = there(list(kinds), ", ".join(MASKS.get(kind, kind).strip("[]") for kind in kinds), *named.of)
        rows.append((words(source), cell(how), cell(named), cell(total, ",")))
    last = (words("합계"), words(""), words(""), cell(summed(column), ","))
    yield SheetTable(("출처", "처리 방식", "찾은 종류", "찾은 건수"), totalled(rows, last), (3,), total=True)
    for key, called in (("personal.basis", "개인정보를 처리하는 근거"), ("personal.officer", "개인정보 처리 책임자")):
        yield said(f"{called}: {{answer}}", answer=case.files.answer(key))


def _left_out(case: Case) -> Iterator[Block]:
    yield Heading("5. 학습에서 뺀 행")
    rows, column = [], list[Bound]()
    for name in case.known:
        file = paths.mix_summary(name)
        for reason, told in LEFT_OUT.items():
            inside = ("excluded", "dropped") if reason == "dropped" else (reason,)
            counts = case.files.raw(file, *inside)
            for source in sorted(counts) if isinstance(counts, dict) else ():
                one = case.files.value(file, *inside, source)
                column.append(one)
                rows.append((words(name), words(source), words(told), cell(one, ",")))
        for source, mixed in case.manifests[name].mix.sources.items():
            for reason in mixed.dropped:
                one = case.files.value(paths.training_record(name), "mix", "sources", source, "dropped", reason)
                column.append(one)
                rows.append(
                    (words(name), words(source), said("학습 길이에 맞지 않음: {why}", why=_name(one)), cell(one, ","))
                )
    if not rows:
        yield words("뺀 행이 없습니다.")
        return
    total = (words("합계"), words(""), words(""), cell(summed(column), ","))
    yield SheetTable(("버전", "출처", "까닭", "행"), totalled(rows, total), (3,), total=True)


def _name(one: Bound) -> Bound:
    """The last name of a place, as a field that says it."""
    last = one.of[0].rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return there(last, last, *one.of)


def _excluded(case: Case) -> Iterator[Block]:
    yield Heading("6. 제외하기로 한 출처")
    excluded = case.facts["excluded"]["sources"]
    if not excluded:
        yield words("이 버전이 제외하기로 한 출처는 없습니다.")
    for number, one in enumerate(excluded):
        source = case.files.value(PARAMS, "versions", case.version, "exclude", number)
        seen = ", ".join(one["seen_by"])
        places = [at(paths.training_record(v), "mix", "sources", one["source"]) for v in one["seen_by"]]
        who = there(one["seen_by"], seen or "없음", *places)
        unknown = " 외부에서 학습된 버전이 보았는지는 알 수 없습니다." if case.whole.adopted else ""
        yield said(f"{{source}}: 이 출처를 학습한 버전은 {{seen}}입니다.{unknown}", source=source, seen=who)

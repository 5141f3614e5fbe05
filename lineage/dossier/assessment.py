"""성능·위험 평가서: how good a version is on each held-out set, and every failure that the record knows."""

from collections.abc import Iterator
from pathlib import Path

from lineage.artifacts.comparison import ComparedVersion
from lineage.artifacts.measures import MEASURES, SetMeasures, read_measures
from lineage.core import paths
from lineage.core.paths import PROMOTIONS
from lineage.dossier.bound import Bound, summed
from lineage.dossier.case import Case
from lineage.dossier.changes import AT_CHANCE, SET_HEADER, compared, compared_row, difference
from lineage.dossier.dossier_paper import (
    Block,
    DossierPaper,
    Heading,
    Sentence,
    SheetTable,
    cell,
    said,
    totalled,
    warned,
    words,
)
from lineage.dossier.korean import MEASURES_OF_SETS, VERDICTS
from lineage.dossier.register import decisions

ASKED = (
    ("use.purpose", "쓰려는 목적"),
    ("use.not_for", "쓰지 않을 곳"),
    ("risk.affected", "영향을 받는 사람"),
    ("risk.oversight", "사람이 확인하는 방법"),
    ("risk.assessor", "평가한 사람"),
)


def assessment(case: Case) -> DossierPaper:
    """The paper on how good a version is, and how it fails."""
    file, report = paths.metrics(case.version) / MEASURES, compared(case, case.version)
    measures = read_measures(case.version, case.files.root)
    sets = measures.sets if measures and measures.adapter == case.manifests[case.version].adapter else {}
    blocks = [*_summary(case, report), *_sets(case, file, sets), *_against_parent(case, report)]
    blocks += [*_confusion(case, file, sets), *_answers(case, file, sets)]
    blocks += [*_forgotten(case, report), *_met(case, report), *_overridden(case)]
    blocks += [Heading("9. 사람이 판단할 것")]
    blocks += [said(f"{called}: {{answer}}", answer=case.files.answer(key)) for key, called in ASKED]
    return DossierPaper("assessment", "성능·위험 평가서", tuple(blocks))


def _summary(case: Case, report: ComparedVersion | None) -> Iterator[Block]:
    yield Heading("1. 요약")
    if report is None:
        yield said("보고서: {none}", none=case.files.value(paths.COMPARISON, "versions", case.version))
        return
    here = ("versions", case.version)
    if report.pooled:
        verdict_on, praised = report.pooled.verdict, report.pooled_shown
        shown = VERDICTS[verdict_on] + (AT_CHANCE if praised != verdict_on else "")
        verdict = case.files.value(paths.COMPARISON, *here, "pooled", "verdict", words={report.pooled.verdict: shown})
        change = difference(case, *here, "pooled")
        yield Sentence(
            f"이 버전이 학습한 데이터의 평가 집합을 모두 합한 NLL의 변화: {change.template}, 판정 {{verdict}}.",
            {**change.fields, "verdict": verdict},
        )
    if report.right:
        share, low, high, rows = (
            case.files.value(paths.COMPARISON, *here, "right", *at)
            for at in (("share",), ("interval", 0), ("interval", 1), ("rows",))
        )
        chance = case.files.value(paths.COMPARISON, *here, "right", "chance", none="알 수 없음")
        yield said(
            "그 가운데 정답이 정해진 문제 {rows:,}개의 정답률: {share:.1%} (95 % 구간 {low:.1%} ~ {high:.1%}), 찍었을 "
            "때 {chance:.1%}.",
            rows=rows,
            share=share,
            low=low,
            high=high,
            chance=chance,
        )


def _sets(case: Case, file: Path, sets: dict[str, SetMeasures]) -> Iterator[Block]:
    yield Heading("2. 평가 집합마다의 성능")
    yield words(
        "평가 집합은 학습용 기록과 따로 떼어 둔 행입니다(같거나 거의 같은 학습 행은 7절). NLL은 낮을수록, "
        "점수는 높을수록 좋습니다. 괄호 안은 95 % 구간이며 ‘찍기’는 아무것도 모르고 답했을 때의 점수입니다."
    )
    if not sets:
        yield said(
            "이 어댑터의 평가: {none}", none=case.files.value(paths.COMPARISON, "versions", case.version, "measured")
        )
        return
    rows = []
    for name, one in sets.items():
        here = ("sets", name)
        kind = case.files.value(file, *here, "measure", words=MEASURES_OF_SETS)
        chance = case.files.value(file, *here, "chance", none="–")
        scored = _with_interval(case, file, name, "score", ".1%") if one.score is not None else words("–")
        nll = _with_interval(case, file, name, "nll", ".2f") if one.nll is not None else words("–")
        asked = case.files.value(file, *here, "rows")
        rows.append((words(name), cell(asked, ","), nll, cell(kind), scored, cell(chance, ".1%")))
    yield SheetTable(("평가 집합", "행", "NLL", "점수의 종류", "점수", "찍기"), tuple(rows), (1, 2, 4, 5))


def _with_interval(case: Case, file: Path, name: str, figure: str, spec: str) -> Sentence:
    value = case.files.value(file, "sets", name, figure)
    low, high = (case.files.value(file, "sets", name, f"{figure}_interval", end) for end in (0, 1))
    if low.is_blank:
        return said(f"{{value:{spec}}} (구간 없음)", value=value)
    return said(f"{{value:{spec}}} ({{low:{spec}}} ~ {{high:{spec}}})", value=value, low=low, high=high)


def _against_parent(case: Case, report: ComparedVersion | None) -> Iterator[Block]:
    yield Heading("3. 부모와의 비교")
    rows = [compared_row(case, case.version, name, one) for name, one in report.sets.items()] if report else []
    yield SheetTable(SET_HEADER, tuple(rows), (2, 3, 4)) if rows else words("비교한 기록이 없습니다.")


def _confusion(case: Case, file: Path, sets: dict[str, SetMeasures]) -> Iterator[Block]:
    yield Heading("4. 혼동 행렬")
    found = {name: one.confusion for name, one in sets.items() if one.confusion}
    if not found:
        yield words("정해진 등급이나 항목 가운데 하나를 고르는 평가 집합이 없어 혼동 행렬이 없습니다.")
    for name, one in found.items():
        yield words(f"{name}: 줄은 정답, 칸은 모델의 답입니다.")
        rows = []
        for at in range(len(one.labels)):
            label = case.files.value(file, "sets", name, "confusion", "labels", at)
            counts = [
                case.files.value(file, "sets", name, "confusion", "counts", at, to) for to in range(len(one.counts[at]))
            ]
            rows.append((cell(label), *(cell(n, ",") for n in counts), cell(summed(counts), ",")))
        header = ("정답", *one.labels, "그 밖의 답", "합계")
        yield SheetTable(header, tuple(rows), tuple(range(1, len(header))))


def _answers(case: Case, file: Path, sets: dict[str, SetMeasures]) -> Iterator[Block]:
    yield Heading("5. 망가진 답과 묻지 못한 문제")
    answered = {name: one for name, one in sets.items() if one.answered or one.too_long}
    if not answered:
        yield words("모델이 제 말로 답한 평가가 없습니다.")
        return
    yield words(
        "‘끊김’은 정해진 길이 안에 끝나지 않은 답, ‘되풀이’는 같은 말을 되풀이하며 끝나지 않은 답, ‘묻지 못함’은 "
        "모델이 받을 수 있는 길이보다 길어 묻지 않은 문제입니다."
    )
    fields = ("answered", "cut", "endless", "too_long")
    rows, columns = [], [list[Bound]() for _ in fields]
    for name in answered:
        counts = [case.files.setting(file, "sets", name, field, default=0) for field in fields]
        for column, one in zip(columns, counts, strict=True):
            column.append(one)
        rows.append((words(name), *(cell(one, ",") for one in counts)))
    total = (words("합계"), *(cell(summed(column), ",") for column in columns))
    yield SheetTable(
        ("평가 집합", "제 말로 한 답", "끊김", "되풀이", "묻지 못함"), totalled(rows, total), (1, 2, 3, 4), total=True
    )
    for name, measured in answered.items():
        for figure, called in (("empty", "빈 답"), ("other_language", "다른 언어로 한 답")):
            if figure in measured.figures and measured.figures[figure].value:
                share, of = (case.files.value(file, "sets", name, "figures", figure, f) for f in ("value", "rows"))
                yield said(f"{name}: {called}이 {{of:,}}개 가운데 {{share:.1%}}입니다.", of=of, share=share)


def _forgotten(case: Case, report: ComparedVersion | None) -> Iterator[Block]:
    yield Heading("6. 잊은 것")
    if report is None:
        yield words("비교한 기록이 없습니다.")
        return
    here = ("versions", case.version)
    yield said(
        "앞선 버전이 배운 평가 집합 {able:,}개 가운데 부모보다 나빠진 것 {forgot:,}개: {names}",
        able=case.files.count(paths.COMPARISON, *here, "may_forget"),
        forgot=case.files.count(paths.COMPARISON, *here, "forgot"),
        names=case.files.value(paths.COMPARISON, *here, "forgot"),
    )


def _met(case: Case, report: ComparedVersion | None) -> Iterator[Block]:
    yield Heading("7. 학습 중에 만난 평가용 행(오염)")
    if report is None:
        yield words("찾아본 기록이 없습니다.")
        return
    here = ("versions", case.version, "contamination")
    if report.contamination.unknown or report.contamination.missing:
        missing, unknown = (case.files.value(paths.COMPARISON, *here, name) for name in ("missing", "unknown"))
        yield said(
            "찾아보지 못한 버전: {missing}. 학습데이터를 알 수 없는 버전: {unknown}.", missing=missing, unknown=unknown
        )
    yield words(
        "평가용 행과 같거나(일치) 거의 같은(비슷) 행이 학습데이터에 있었던 것입니다. 그만큼 성능이 실제보다 좋게 나올 "
        "수 있습니다."
    )
    rows, columns = [], [list[Bound]() for _ in range(4)]
    for name in report.contamination.sets:
        counts = [case.files.value(paths.COMPARISON, *here, "searched", name)]
        counts += [
            case.files.value(paths.COMPARISON, *here, "sets", name, field) for field in ("rows", "exact", "near")
        ]
        for column, one in zip(columns, counts, strict=True):
            column.append(one)
        through = case.files.value(paths.COMPARISON, *here, "sets", name, "through")
        rows.append((words(name), *(cell(one, ",") for one in counts), cell(through)))
    if not rows:
        yield words("찾아본 곳에서는 하나도 없었습니다.")
        return
    total = (words("합계"), *(cell(summed(column), ",") for column in columns), words(""))
    header = ("평가 집합", "평가용 행", "만난 행", "그중 일치", "그중 비슷", "만난 버전")
    yield SheetTable(header, totalled(rows, total), (1, 2, 3, 4), total=True)


def _overridden(case: Case) -> Iterator[Block]:
    yield Heading("8. 승격 관문을 무릅쓴 결정")
    found = [(at, entry) for at, entry in decisions(case) if "overrid" in entry.kind]
    if not found:
        yield words("이 버전과 앞선 버전에 대해 관문의 거부를 무릅쓴 승격은 기록에 없습니다.")
    for at, _ in found:
        who = {name: case.files.value(PROMOTIONS, at, name) for name in ("when", "version", "by", "because")}
        yield warned("{when}, {version}: {by} – {because}", **who)

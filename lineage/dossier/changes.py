"""모델 변경 이력: each step from a parent to its child: what changed in data and settings, and what came of it."""

from collections.abc import Iterator

from lineage.artifacts.comparison import ComparedSet, ComparedVersion
from lineage.artifacts.measures import read_measures
from lineage.core import paths
from lineage.core.paths import PARAMS
from lineage.dossier.bound import Bound, blank, summed
from lineage.dossier.case import Case, parent_of
from lineage.dossier.dossier_paper import Block, DossierPaper, Heading, Sentence, SheetTable, cell, said, words
from lineage.dossier.korean import VERDICTS

SETTINGS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("학습한 행", ("mix", "rows"), ","),
    ("그 행의 토큰", ("mix", "tokens"), ","),
    ("학습 중 본 토큰(반복 포함)", ("trained_tokens",), ","),
    ("학습 단계 수", ("steps",), ","),
    ("한 단계의 행 수", ("effective", "rows_per_step"), ","),
    ("학습률", ("effective", "learning_rate"), ""),
    ("학습률 변화 방식", ("effective", "schedule"), ""),
    ("최적화 방법", ("effective", "optimizer"), ""),
    ("최대 길이(토큰)", ("effective", "max_length"), ","),
    ("LoRA r", ("lora", "r"), ""),
    ("LoRA alpha", ("lora", "alpha"), ""),
    ("기반 모델의 정밀도", ("base", "load"), ""),
    ("난수 시작값", ("seed",), ""),
)


AT_CHANCE = ", 다만 정답률은 찍는 수준"


def changes(case: Case) -> DossierPaper:
    """The paper on how a version came to be, step by step."""
    blocks: list[Block] = [
        words(
            "각 버전은 앞선 버전(부모)의 가중치를 이어받아 새 데이터로 더 학습한 것입니다. "
            "NLL은 정답의 토큰 하나를 모델이 얼마나 뜻밖으로 여기는지를 나타내며(단위 nat), 낮을수록 좋습니다. "
            "판정은 한 버전의 모든 평가 집합을 함께 검정하여 우연을 넘는 차이만 개선 또는 악화로 적습니다."
        )
    ]
    for number, name in enumerate(case.line, 1):
        blocks += [Heading(f"{number}. {case.manifests[name].parent} → {name}"), *_step(case, name)]
    return DossierPaper("changes", "모델 변경 이력", tuple(blocks))


def _step(case: Case, name: str) -> Iterator[Block]:
    record = paths.training_record(name)
    yield said("이유: {because}", because=case.files.value(PARAMS, "versions", name, "because"))
    if case.manifests[name].adopted:
        tool = case.files.value(record, "adopted", "tool")
        yield said(
            "외부에서 {tool}(으)로 학습된 어댑터를 들여왔습니다. 무엇으로 어떻게 학습했는지는 기록에 없습니다.",
            tool=tool,
        )
        notes = case.files.raw(record, "adopted", "notes")
        for at in range(len(notes) if isinstance(notes, list) else 0):
            yield said("들여올 때 적은 것: {note}", note=case.files.value(record, "adopted", "notes", at))
    else:
        yield _data(case, name)
        yield _settings(case, name)
    yield from _measured(case, name)


def _data(case: Case, name: str) -> SheetTable:
    rows = []
    for source in case.manifests[name].mix.sources:
        here = ("mix", "sources", source)
        counts = [case.files.value(paths.training_record(name), *here, f) for f in ("rows", "replayed_rows", "tokens")]
        rows.append((words(source), cell(case.title(source)), *(cell(one, ",") for one in counts)))
    whole = [case.files.value(paths.training_record(name), "mix", f) for f in ("rows", "tokens")]
    replayed = [row[3].fields["it"] for row in rows]
    total = (words("합계"), words(""), cell(whole[0], ","), cell(summed(replayed), ","), cell(whole[1], ","))
    return SheetTable(("데이터의 출처", "제목", "행", "그중 복습 행", "토큰"), (*rows, total), (2, 3, 4), total=True)


def _settings(case: Case, name: str) -> SheetTable:
    parent, rows = parent_of(case, name), []
    for called, path, spec in SETTINGS:
        mine = case.files.value(paths.training_record(name), *path)
        theirs = cell(case.files.value(paths.training_record(parent), *path), spec) if parent else words("–")
        if parent and case.manifests[parent].adopted:
            theirs = words("알 수 없음")
        rows.append((words(called), theirs, cell(mine, spec)))
    return SheetTable(("설정", f"부모 {case.manifests[name].parent}", f"이 버전 {name}"), tuple(rows), (1, 2))


def _measured(case: Case, name: str) -> Iterator[Block]:
    found = compared(case, name)
    if found is None:
        yield said("평가: {none}", none=blank("", paths.COMPARISON.as_posix()))
        return
    shown = {s: one for s, one in found.sets.items() if one.own or s in found.may_forget or one.verdict == "worse"}
    rows = tuple(compared_row(case, name, held_out, one) for held_out, one in shown.items())
    if rows:
        yield SheetTable(SET_HEADER, rows, (2, 3, 4))
    forgot = case.files.value(paths.COMPARISON, "versions", name, "forgot", none="없음")
    counted = case.files.count(paths.COMPARISON, "versions", name, "sets")
    yield said(
        "앞서 배웠으나 부모보다 나빠진 평가 집합: {forgot}. 평가한 집합은 모두 {sets}개이며, 위 표에는 이 버전이 "
        "학습한 것, 앞서 배운 것, 나빠진 것만 적었습니다.",
        forgot=forgot,
        sets=counted,
    )


SET_HEADER = ("평가 집합", "관계", "부모의 NLL", "이 버전의 NLL", "차이(95 % 구간)", "판정")


def compared_row(case: Case, name: str, held_out: str, one: ComparedSet) -> tuple[Sentence, ...]:
    """A version on a set, beside its parent.

    Args:
        case: the version that the dossier is about.
        name: a version of its line.
        held_out: the set.
        one: its figures.
    """
    here = ("versions", name, "sets", held_out)
    figures = [case.files.value(paths.COMPARISON, *here, f) for f in ("parent_nll", "nll")]
    kind = "이 버전이 학습" if one.own else "앞서 배움" if one.seen_by else "학습하지 않음"
    return (
        words(held_out),
        words(kind),
        *(cell(figure, ".2f") for figure in figures),
        difference(case, *here),
        cell(verdict(case, name, held_out, one)),
    )


def difference(case: Case, *here: str) -> Sentence:
    """A difference with its interval: `-1.20 (-1.50 ~ -0.91)`."""
    low, high = (case.files.value(paths.COMPARISON, *here, "interval", at) for at in (0, 1))
    moved = case.files.value(paths.COMPARISON, *here, "difference")
    if low.is_blank:
        return said("{moved:+.2f} (구간 없음)", moved=moved)
    return said("{moved:+.2f} ({low:+.2f} ~ {high:+.2f})", moved=moved, low=low, high=high)


def verdict(case: Case, name: str, held_out: str, one: ComparedSet) -> Bound:
    """The verdict on a set as it may be praised: a gain that leaves answers at chance is none.

    Args:
        case: the version that the dossier is about.
        name: a version of its line.
        held_out: the set.
        one: its figures.
    """
    called = VERDICTS[one.verdict] + (AT_CHANCE if one.shown != one.verdict else "")
    return case.files.value(
        paths.COMPARISON, "versions", name, "sets", held_out, "verdict", words={one.verdict: called}
    )


def compared(case: Case, name: str) -> ComparedVersion | None:
    """What the report says of a version; None where it says nothing, or another adapter was measured than lies here."""
    measures = read_measures(name, case.files.root)
    if case.report is None or measures is None or measures.adapter != case.manifests[name].adapter:
        return None
    return case.report.versions.get(name)

"""폐기·철회 증명: what was taken out of the data, what of it a version still holds, what was searched afterwards."""

from collections.abc import Iterator

from lineage.artifacts.withdrawals import read_withdrawals
from lineage.core import paths
from lineage.core.paths import PARAMS, WITHDRAWALS
from lineage.dossier.bound import Bound, summed, there
from lineage.dossier.case import Case
from lineage.dossier.dossier_paper import Block, DossierPaper, Heading, SheetTable, cell, said, totalled, warned, words
from lineage.dossier.record_files import at

ASKED = (
    ("disposal.media", "폐기한 저장 매체와 방법"),
    ("disposal.copies", "이 작업 공간 밖의 복사본을 확인한 결과"),
    ("disposal.officer", "확인한 사람"),
)


def withdrawn(case: Case) -> DossierPaper:
    """The paper on what was withdrawn."""
    blocks = [
        Heading("1. 철회한 데이터와 이 버전"),
        *_still_inside(case),
        Heading("2. 철회한 뒤에 찾아본 기록"),
        *_proofs(case),
    ]
    blocks += [Heading("3. 사람이 확인할 것")]
    blocks += [said(f"{called}: {{answer}}", answer=case.files.answer(key)) for key, called in ASKED]
    return DossierPaper("withdrawn", "폐기·철회 증명", tuple(blocks))


def _still_inside(case: Case) -> Iterator[Block]:
    found = case.facts["withdrawn"]
    if not found:
        yield words("params.yaml에 철회한 것으로 적힌 출처나 문서가 없습니다.")
    for one in found:
        name = one["source"]
        source = cell(case.title(name))
        subject = case.files.value(PARAMS, "sources", name, "withdrawn")
        if subject.is_blank:
            subject = case.files.value(PARAMS, "papers", name, "withdrawn")
        if one["documents"] == "all":
            subject = case.files.value(PARAMS, "sources", name, "withdrawn", words={"all": "출처 전체"})
        places = [at(paths.training_record(version), "mix") for version in (*one["through"], *one["unsure"])]
        holds = ", ".join(f"{version} 안에 {rows:,}행" for version, rows in one["through"].items())
        unsure = f"알 수 없음({', '.join(one['unsure'])}: 학습한 행을 지금 찾아볼 수 없음)" if one["unsure"] else ""
        told = "; ".join(part for part in (holds, unsure) if part) or "이 버전과 앞선 버전의 학습데이터에 없음"
        yield said(
            f"{name}({source.template}), 철회한 것: {{subject}}. 이 버전에 남은 것: {{left}}.",
            **source.fields,
            subject=subject,
            left=there(one["through"], told, *places),
        )


def _proofs(case: Case) -> Iterator[Block]:
    found = read_withdrawals(case.files.root)
    if not found:
        yield said(
            "lineage withdraw로 철회한 기록이 없습니다(withdrawals.jsonl {all}건).", all=case.files.count(WITHDRAWALS)
        )
        return
    yield words(
        "찾아본 곳은 작업 공간의 파일, DVC의 캐시와 원격 저장소, MLflow, git의 모든 커밋입니다. 그 밖의 곳에 있는 "
        "복사본은 찾지 않았습니다."
    )
    for number, one in enumerate(found):
        fields = {name: case.files.value(WITHDRAWALS, number, name) for name in ("when", "subject")}
        reached = [case.files.value(WITHDRAWALS, number, name) for name in ("raw", "documents")]
        records = [case.files.value(WITHDRAWALS, number, "records", name) for name in one.records]
        yield said(
            "{when}에 {subject} 철회: 원본 파일 {raw:,}개, 문서 {documents:,}개, 기록 {records:,}개에 닿았고, 어댑터 "
            "{adapters:,}개를 다시 만들거나 지웠습니다.",
            **fields,
            raw=reached[0],
            documents=reached[1],
            records=summed(records),
            adapters=case.files.count(WITHDRAWALS, number, "adapters"),
        )
        hits: list[Bound] = [case.files.value(WITHDRAWALS, number, "hits", place) for place in one.hits]
        rows = [(words(_name(place)), cell(hit, ",")) for place, hit in zip(one.hits, hits, strict=True)]
        total = (words("합계"), cell(summed(hits), ","))
        yield SheetTable(("찾아본 곳", "남아 있던 것"), totalled(rows, total), (1,), total=True)
        if one.unseen:
            unseen = [case.files.value(WITHDRAWALS, number, "unseen", place) for place in one.unseen]
            yield warned(
                "읽지 못한 원격 저장소의 파일, 무엇을 학습했는지 알 수 없는 내보내기와 MLflow 실행이 {unseen:,}개 "
                "있습니다. 그 안은 찾아보지 못했습니다.",
                unseen=summed(unseen),
            )
        if one.stopped:
            stopped = case.files.value(WITHDRAWALS, number, "stopped")
            yield warned("다시 만드는 일이 {stopped}에서 멈추었습니다.", stopped=stopped)


def _name(place: str) -> str:
    return place.replace("{", "(").replace("}", ")")

"""What stands at the head and the foot of every paper: whose it is, how many blanks it has, what it is not."""

from dataclasses import replace

from lineage.config.schema import DEFAULT_NAME
from lineage.core import paths
from lineage.core.paths import PARAMS
from lineage.dossier.bound import Bound
from lineage.dossier.case import Case
from lineage.dossier.dossier_paper import Block, DossierPaper, said, warned, words
from lineage.dossier.korean import DATA

CAUTION = "caution"  # of dossier.yaml: what stands at the head of every paper, such as a use that is not meant


def framed(case: Case, paper: DossierPaper) -> DossierPaper:
    """The paper with its head and foot."""
    name = case.files.setting(PARAMS, "name", default=DEFAULT_NAME)
    version = case.files.value(paths.training_record(case.version), "version")
    line = said("계보 {name} · 버전 {version} · " + " → ".join(["기반 모델", *case.line]), name=name, version=version)
    number = len(paper.blanks)
    counted = said(
        "이 문서의 빈칸은 {blanks}개입니다. 빈칸은 기록으로 알 수 없어 사람이 채울 곳이며, 밑줄로 표시했습니다.",
        blanks=Bound("blanks", (), number),
    )
    caution = case.files.answer(CAUTION)
    head: list[Block] = [line, replace(counted, look="note")]
    head += [] if caution.is_blank else [warned("주의: {caution}", caution=caution)]
    data = case.files.value(PARAMS, "data", words=DATA)
    head += [(warned if case.c.data == "sample" else said)("데이터의 종류: {data}", data=data)]
    for adopted in case.whole.adopted:
        tool = case.files.value(paths.training_record(adopted), "adopted", "tool")
        head += [
            warned(
                f"버전 {adopted}: 외부에서 {{tool}}(으)로 학습되어 그 데이터를 알 수 없습니다. 이 문서의 행과 토큰의 "
                "합은 실제보다 적을 수 있습니다.",
                tool=tool,
            )
        ]
    foot = words(
        "이 문서는 계보의 기록에서 자동으로 만들었습니다. 각 문장의 근거(파일과 위치)는 dossier.json에 있고, "
        "python recompute.py로 모든 합계와 해시를 다시 계산할 수 있습니다. 영어로 적힌 문구는 기록 그대로입니다. 어떤 "
        "법령이 정한 서식이 아니며, 법적 의무를 모두 충족한다는 뜻이 아닙니다."
    )
    return replace(paper, blocks=(*head, *paper.blocks, replace(foot, look="note")))

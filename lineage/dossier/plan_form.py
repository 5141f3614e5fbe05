"""모델 개발 계획서: team, base, method, data, hardware and training time, as a plan form asks for them."""

from collections.abc import Iterator

from lineage.artifacts.base_manifest import find_base
from lineage.core import journal, paths
from lineage.core.paths import BASE_RECORD, PARAMS
from lineage.dossier.bound import Bound, lasting, summed
from lineage.dossier.case import Case
from lineage.dossier.dossier_paper import Block, DossierPaper, Heading, Sentence, SheetTable, cell, said, words
from lineage.dossier.record_files import at
from lineage.dossier.register import training_lines

TEAM = (("team.name", "팀 이름"), ("team.members", "팀원"), ("team.contact", "연락처"), ("team.role", "역할 분담"))
PLAN = (("use.purpose", "쓰려는 목적"), ("plan.schedule", "일정"), ("plan.expected", "기대하는 효과"))


def plan_form(case: Case) -> DossierPaper:
    """The paper that a plan form asks for."""
    blocks: list[Block] = [Heading("1. 팀 정보"), _asked(case, TEAM), Heading("2. 목적과 일정"), _asked(case, PLAN)]
    blocks += [Heading("3. 기반 모델"), *_base(case), Heading("4. 학습 방법"), *_method(case)]
    blocks += [Heading("5. 학습 데이터"), *_data(case), Heading("6. 장비와 학습 시간"), *_time(case)]
    return DossierPaper("plan_form", "모델 개발 계획서", tuple(blocks))


def _asked(case: Case, asked: tuple[tuple[str, str], ...]) -> SheetTable:
    rows = tuple((words(called), cell(case.files.answer(key))) for key, called in asked)
    return SheetTable(("항목", "내용"), rows)


def _base(case: Case) -> Iterator[Block]:
    record, base = paths.training_record(case.version), find_base(case.files.root)
    origin = case.manifests[case.version].base.origin
    if origin.repo:
        repo, revision = (case.files.value(record, "base", "origin", name) for name in ("repo", "revision"))
        yield said("허브의 {repo}, 판 {revision}.", repo=repo, revision=revision)
    elif origin.build:
        layers, hidden = (case.files.value(record, "base", "origin", "build", n) for n in ("layers", "hidden_size"))
        yield said(
            "이 프로젝트가 만든 작은 모델(층 {layers}개, 폭 {hidden}). 실제로 쓸 모델이 아닙니다.",
            layers=layers,
            hidden=hidden,
        )
    else:
        yield said("가지고 있는 모델: {model}.", model=case.files.value(record, "base", "origin", "model"))
    if base and base.is_called(case.whole.base):
        yield said("매개변수 {parameters:,}개.", parameters=case.files.value(BASE_RECORD, "parameters"))


def _method(case: Case) -> Iterator[Block]:
    record = paths.training_record(case.version)
    load, trained = case.files.value(record, "base", "load"), case.files.value(record, "trainable_parameters")
    yield said(
        "LoRA(r {r}, alpha {alpha})로 기반 모델을 {load}로 불러와 매개변수 {trained:,}개만 학습합니다. 앞선 버전의 "
        "가중치를 이어받아 차례로 학습합니다.",
        r=case.files.value(record, "lora", "r"),
        alpha=case.files.value(record, "lora", "alpha"),
        load=load,
        trained=trained,
    )
    rows = []
    for called, path in (("최적화 방법", "optimizer"), ("학습률", "learning_rate"), ("최대 길이(토큰)", "max_length")):
        rows.append((words(called), cell(case.files.value(record, "effective", path))))
    yield SheetTable(("설정", "값"), tuple(rows))


def _data(case: Case) -> Iterator[Block]:
    rows, columns = list[tuple[Sentence, ...]](), (list[Bound](), list[Bound]())
    for name in case.line:
        reason = cell(case.files.value(PARAMS, "versions", name, "because"))
        counts = [case.files.value(paths.training_record(name), "mix", field) for field in ("rows", "tokens")]
        if case.manifests[name].adopted:
            rows.append((words(name), reason, words("알 수 없음"), words("알 수 없음")))
            continue
        for column, one in zip(columns, counts, strict=True):
            column.append(one)
        rows.append((words(name), reason, *(cell(one, ",") for one in counts)))
    total = (words("합계"), words(""), *(cell(summed(column), ",") for column in columns))
    yield SheetTable(("버전", "이유", "행", "토큰"), (*rows, total), (2, 3), total=True)
    yield words("출처마다의 내용은 학습용데이터 개요서에 있습니다.")


def _time(case: Case) -> Iterator[Block]:
    rows, all_seconds = list[tuple[Sentence, ...]](), list[Bound]()
    for name in case.line:
        lines = training_lines(case, name)
        if not lines:
            key = f"versions.{name}.training_time"
            rows.append((words(name), *(words("–") for _ in range(2)), cell(case.files.answer(key, at(journal.FILE)))))
            continue
        number, _ = max(lines, key=lambda line: line[1]["seconds"])  # a later line may have taken the adapter up again
        machine = case.files.value(journal.FILE, number, "machine")
        bytes_held = case.files.raw(journal.FILE, number, "peak_bytes")
        told = {bytes_held: f"{bytes_held / 1e9:.1f} GB"} if isinstance(bytes_held, int) else None
        peak = case.files.value(journal.FILE, number, "peak_bytes", words=told)
        seconds = case.files.value(journal.FILE, number, "seconds")
        all_seconds.append(seconds)
        rows.append((words(name), cell(machine), cell(peak, ","), cell(lasting([seconds]))))
    yield SheetTable(("버전", "장비", "쓴 메모리의 최대", "학습 시간"), tuple(rows), (2, 3))
    if all_seconds:
        known = "" if len(all_seconds) == len(case.line) else "기록이 있는 버전만 합하면 "
        yield said(f"학습 시간은 {known}모두 {{time}}입니다.", time=lasting(all_seconds))

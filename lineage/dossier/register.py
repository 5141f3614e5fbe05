"""보관대장: what is kept of each version of the line, by its hashes and dates, and who promoted what, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime

from lineage.artifacts.promotions import Promotion, read_promotions
from lineage.core import journal, paths
from lineage.core.paths import PROMOTIONS
from lineage.dossier.bound import Bound
from lineage.dossier.case import Case
from lineage.dossier.dossier_paper import Block, DossierPaper, Heading, SheetTable, cell, said, words
from lineage.dossier.korean import KINDS
from lineage.dossier.record_files import at


def register(case: Case) -> DossierPaper:
    """The paper on what is kept, and on every decision about it."""
    blocks: list[Block] = [
        words(
            "해시(SHA-256)는 파일의 내용에서 계산한 값입니다. 한 글자라도 바뀌면 달라지므로, 보관한 파일이 그대로인지 "
            "이것으로 확인할 수 있습니다."
        )
    ]
    for number, name in enumerate(case.line, 1):
        blocks += [Heading(f"{number}. {name}"), _kept(case, name)]
    blocks += [Heading(f"{len(case.line) + 1}. 승격과 그 밖의 결정"), *_decisions(case)]
    blocks += [Heading(f"{len(case.line) + 2}. 보관"), *_keeping(case)]
    return DossierPaper("register", "보관대장", tuple(blocks))


def _kept(case: Case, name: str) -> SheetTable:
    record = paths.training_record(name)
    rows = [
        ("어댑터 파일", words(paths.adapter_weights(name).as_posix())),
        ("어댑터의 해시(지금 계산)", cell(case.files.digest(paths.adapter_weights(name)))),
        ("어댑터의 해시(학습 기록)", cell(case.files.value(record, "adapter"))),
        ("부모 어댑터의 해시", cell(case.files.value(record, "parent_adapter", none="없음(기반 모델에서 시작)"))),
        ("지문(데이터·부모·기반 모델·설정)", cell(case.files.value(record, "fingerprint"))),
        ("학습 데이터의 해시(지금 계산)", cell(case.files.mix(paths.mix(name)))),
        (
            "학습 데이터의 해시(학습 기록)",
            cell(case.files.value(record, "mix", "sha256", none="알 수 없음(외부에서 학습)")),
        ),
        ("기반 모델의 지문", cell(case.files.value(record, "base", "identity"))),
        ("학습한 코드의 지문", cell(case.files.value(record, "code"))),
        ("학습을 마친 때", cell(ended(case, name))),
    ]
    return SheetTable(("항목", "값"), tuple((words(called), value) for called, value in rows))


def training_lines(case: Case, name: str) -> list[tuple[int, journal.Entry]]:
    """The lines of the journal on trainings that left this very adapter, by their number, oldest first."""
    lines = case.files.content(journal.FILE)
    mine = case.manifests[name].adapter
    found = enumerate(lines if isinstance(lines, list) else ())
    return [(n, x) for n, x in found if x.get("stage") == f"train@{name}" and x.get("adapter") == mine]


def ended(case: Case, name: str) -> Bound:
    """When the training that left a version ended, in Korean time; a blank where the journal here does not say."""
    lines = [(n, line) for n, line in training_lines(case, name) if isinstance(line.get("ended"), int)]
    if not lines:
        return case.files.answer(f"versions.{name}.trained_on", at(journal.FILE))
    number, line = lines[0]
    when = datetime.fromtimestamp(line["ended"] + 9 * 3600, UTC).strftime("%Y-%m-%d %H:%M (한국 시각)")
    return Bound("value", (at(journal.FILE, number, "ended"),), line["ended"], when)


def decisions(case: Case) -> list[tuple[int, Promotion]]:
    """The entries of promotions.yaml on adapters of the line, by number; an entry of old names a version alone."""
    if not (case.files.root / PROMOTIONS).is_file():
        return []
    built = [(one.fingerprint, one.adapter) for one in case.manifests.values()]
    entries = enumerate(read_promotions(case.files.root / PROMOTIONS))
    return [
        (n, entry)
        for n, entry in entries
        if any(entry.is_of(*hashes) for hashes in built)
        or (entry.version in case.line and not (entry.fingerprint and entry.adapter))
    ]


def _decisions(case: Case) -> Iterator[Block]:
    found = decisions(case)
    if not found:
        yield said(
            "이 버전과 앞선 버전의 어댑터를 승격하거나 거부한 기록은 promotions.yaml에 없습니다({all}건 중 0건).",
            all=case.files.count(PROMOTIONS),
        )
        return
    rows = []
    for number, entry in found:
        fields = {name: case.files.value(PROMOTIONS, number, name) for name in ("when", "version", "because", "by")}
        kind = case.files.setting(PROMOTIONS, number, "kind", default="promoted", words=KINDS)
        which = cell(case.files.value(PROMOTIONS, number, "adapter"))
        look = case.files.value(PROMOTIONS, number, "look", "number", none="–") if entry.look else None
        rows.append(
            (
                cell(fields["when"]),
                cell(fields["version"]),
                which,
                cell(kind),
                cell(fields["by"]),
                cell(fields["because"]),
                cell(look) if look else words("–"),
            )
        )
    yield SheetTable(("날짜", "버전", "어댑터의 해시(앞부분)", "결정", "누가", "까닭", "몇 번째 검토"), tuple(rows))
    for number, entry in found:
        for place in range(len(entry.reasons)):
            reason = case.files.value(PROMOTIONS, number, "reasons", place)
            yield said(
                "{version} 검토에서 나온 말: {reason}",
                version=case.files.value(PROMOTIONS, number, "version"),
                reason=reason,
            )


def _keeping(case: Case) -> Iterator[Block]:
    asked = (
        ("keeping.place", "보관하는 곳"),
        ("keeping.until", "보관 기한"),
        ("keeping.officer", "보관 책임자"),
    )
    for key, called in asked:
        yield said(f"{called}: {{answer}}", answer=case.files.answer(key))

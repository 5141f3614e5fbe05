"""The exchange's enforcement rules as text: six rules with an article for each step of each procedure.

    가온거래소 업무규정 시행세칙
    [시행 2024. 1. 1.]

    제2장 호가

    제3조(호가의 접수) ① 회원은 호가를 하려는 때에는 거래소에 다음 각 호의 서류를 내야 한다.
    1. 호가 신청서
    2. 재무제표
    가. 재무상태표
    나. 손익계산서
    ② 거래소는 접수한 날부터 5일 이내에 결과를 알려야 한다. <개정 2024.1.1>

What an article says follows from the step in its title, so that an unseen article can be foretold. Of one rule the
edition before is there too: the same but for what was amended on 1 January 2024 (in `BEFORE`, and what that day's tails
name), with an article that was deleted since.
"""

from dataclasses import dataclass

from lineage.sample_world.invented_names import EXCHANGE
from lineage.sample_world.korean import with_particle


@dataclass(frozen=True)
class Rule:
    """A rule: who it binds, and the procedures that its chapters are about."""

    name: str
    who: str
    procedures: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A step of any procedure: within how many days, and the article's paragraphs."""

    name: str
    days: int
    text: tuple[str, ...]


RULES = (
    Rule("업무규정 시행세칙", "회원", ("호가", "매매거래", "대량매매", "시간외거래", "경매매")),
    Rule("상장규정 시행세칙", "상장법인", ("신규상장", "추가상장", "재상장", "변경상장", "이전상장")),
    Rule("공시규정 시행세칙", "상장법인", ("수시공시", "정기공시", "자율공시", "공정공시", "조회공시")),
    Rule("회원규정 시행세칙", "회원", ("회원가입", "회원탈퇴", "지점설치", "업무위탁", "겸영업무")),
    Rule("결제규정 시행세칙", "회원", ("결제", "증거금예탁", "담보제공", "대차거래", "예탁")),
    Rule("감시규정 시행세칙", "회원", ("시장감시", "거래조사", "회원감리", "분쟁조정", "제재")),
)
# {p}: the procedure, {p를} and {p는} with a particle; {w}: who is bound.
STEPS = (
    Step(
        "접수",
        5,
        (
            "① {w는} {p를} 하려는 때에는 거래소에 다음 각 호의 서류를 내야 한다.",
            "1. {p} 신청서",
            "2. 재무제표",
            "가. 재무상태표",
            "나. 손익계산서",
            "② 거래소는 접수한 날부터 5일 이내에 결과를 알려야 한다. <개정 2024.1.1>",
        ),
    ),
    Step(
        "심사",
        10,
        (
            "① 거래소는 {p를} 심사하는 때에는 다음 각 호의 사항을 살펴야 한다.",
            "1. 서류가 맞는지 여부",
            "2. 투자자 보호에 문제가 없는지 여부",
            "② 거래소는 심사를 시작한 날부터 10일 이내에 결과를 알려야 한다.",
        ),
    ),
    Step(
        "제한",
        3,
        (
            "① 거래소는 시장의 안정을 위하여 {p를} 제한할 수 있다.",
            "② 거래소는 제한한 날부터 3일 이내에 그 이유를 알려야 한다. <신설 2023.7.1>",
        ),
    ),
    Step(
        "취소",
        7,
        (
            "① {w는} {p의} 취소를 신청할 수 있다. 다만, 이미 끝난 경우에는 그러하지 아니하다.",
            "② 거래소는 신청을 받은 날부터 7일 이내에 결과를 알려야 한다.",
        ),
    ),
    Step(
        "정지",
        3,
        (
            "① 거래소는 다음 각 호의 어느 하나에 해당하면 {p를} 정지할 수 있다.",
            "1. 시장이 크게 흔들리는 경우",
            "2. 전산에 문제가 생긴 경우",
            "② 거래소는 정지한 날부터 3일 이내에 그 이유를 알려야 한다. <개정 2023.7.1>",
        ),
    ),
    Step(
        "변경",
        7,
        (
            "① {w는} {p의} 내용을 바꾸려는 때에는 변경 신청서를 내야 한다.",
            "② 거래소는 신청을 받은 날부터 7일 이내에 결과를 알려야 한다. <개정 2024.1.1>",
        ),
    ),
    Step(
        "보고",
        5,
        (
            "① {w는} {p의} 결과를 끝난 날부터 5일 이내에 거래소에 보고해야 한다.",
            "② 보고는 문서로 한다. 다만, 급한 경우에는 전화로 할 수 있다.",
        ),
    ),
    Step(
        "기록",
        10,
        (
            "① {w는} {p의} 기록을 끝난 날부터 10일 이내에 만들어야 한다.",
            "② 기록은 10년 동안 보관해야 한다. <개정 2023.7.1>",
        ),
    ),
    Step(
        "수수료",
        10,
        (
            "① 거래소는 {p의} 수수료를 받을 수 있다.",
            "② {w는} 끝난 날부터 10일 이내에 수수료를 내야 한다.",
        ),
    ),
)
DAY_CHOICES = (3, 5, 7, 10)
AMENDED = " <개정 2024.1.1>"
# The days of the steps that were amended then: what the edition before gave. Nobody asks about these.
BEFORE = {"접수": ("5일", "7일"), "변경": ("7일", "10일")}
TWICE = RULES[0]  # the rule of which two editions are there


def article_text(rule: Rule, procedure: str, step: Step) -> list[str]:
    """An article's lines without its number and title."""
    forms = {"p": procedure, "p의": procedure + "의", "p를": with_particle(procedure, "를")}
    forms |= {"w": rule.who, "w는": with_particle(rule.who, "는")}
    return [line.format_map(forms) for line in step.text]


def rule_text(rule: Rule, *, before: bool = False) -> str:
    """One rule's file: chapters, articles, an inserted and a deleted article, and two supplements.

    before: as it read until 1 January 2024.
    """
    lines = [f"{EXCHANGE} {rule.name}"]
    if rule == TWICE:
        lines += ["[시행 2023. 7. 1.]" if before else "[시행 2024. 1. 1.]"]
    lines += ["", "제1장 총칙", ""]
    listed = ", ".join(rule.procedures)
    purpose = f"이 세칙은 {listed}에 관하여 필요한 사항을 정함을 목적으로 한다."
    who = with_particle(f'"{rule.who}"', "가")
    lines += [
        f"제1조(목적) {purpose}",
        "",
        f"제2조(정의) 이 세칙에서 {who}란 거래소에 이름을 올린 자를 말한다.",
        "",
    ]
    number = 2
    for chapter, procedure in enumerate(rule.procedures, 2):
        lines += [f"제{chapter}장 {procedure}", ""]
        for step in STEPS:
            number += 1
            first, *rest = article_text(rule, procedure, step)
            if before and step.name in BEFORE:
                rest = [line.replace(AMENDED, "").replace(*BEFORE[step.name]) for line in rest]
            lines += [f"제{number}조({procedure}의 {step.name}) {first}", *rest, ""]
        if chapter == 3 and not before:
            yearly = f"거래소는 해마다 {with_particle(procedure, '를')} 점검해야 한다. <신설 2024.1.1>"
            lines += [f"제{number}조의2({procedure}의 점검) {yearly}", ""]
        if chapter == 4:
            number += 1
            lines += [_deleted(rule, procedure, number, before=before), ""]
    lines += ["부칙 <2023.7.1>", "", "제1조(시행일) 이 세칙은 2023년 7월 1일부터 시행한다.", ""]
    if not before:
        lines += ["부칙 <2024.1.1>", "", "제1조(시행일) 이 세칙은 2024년 1월 1일부터 시행한다.", ""]
        lines += ["제2조(경과조치) 이 세칙을 시행하기 전에 신청한 것은 종전의 규정에 따른다."]
    return "\n".join(lines).rstrip("\n") + "\n"


def _deleted(rule: Rule, procedure: str, number: int, *, before: bool) -> str:
    """The article that is no more; the edition before may still hold its text."""
    if before:
        return f"제{number}조({procedure}의 확인) 거래소는 {procedure}의 서류를 해마다 한 번 확인해야 한다."
    return f"제{number}조 삭제 <{'2024.1.1' if rule == TWICE else '2023.7.1'}>"


def rule_files() -> dict[str, bytes]:
    """All rules by file name, and of one rule the edition before."""
    files = {f"{_file_name(rule)}.txt": rule_text(rule).encode() for rule in RULES}
    return files | {f"{_file_name(TWICE)}_20230701.txt": rule_text(TWICE, before=True).encode()}


def _file_name(rule: Rule) -> str:
    return rule.name.replace(" ", "_")

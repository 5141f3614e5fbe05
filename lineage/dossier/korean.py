"""What the values of the record are called in Korean."""

DATA = {
    "sample": "프로젝트가 지어낸 표본 데이터(실제 회사·규정·시장의 내용이 아님)",
    "own": "팀이 넣은 데이터",
}
TERMS = {"allowed": "허용", "forbidden": "금지", "unknown": "확인 필요"}
PERSONAL = {
    "mask": "찾은 개인정보를 가림",
    "refuse": "개인정보가 있는 행을 받지 않음",
    "keep": "가리지 않고 세기만 함",
}
VERDICTS = {"improved": "개선", "worse": "악화", "unclear": "차이 불분명", "too_few": "표본 부족"}
KINDS = {
    "promoted": "승격",
    "overridden": "관문의 거부를 사람이 무릅쓴 승격",
    "restored": "이전 챔피언으로 복귀",
    "refused": "관문이 거부",
    "proposed": "승격 제안(사람의 확인 대기)",
    "proposed by override": "관문의 거부를 무릅쓴 승격 제안(사람의 확인 대기)",
    "declined": "사람이 승격을 거절",
}
MEASURES_OF_SETS = {"choice": "객관식 정답률", "number": "숫자 정답률", "text": "글 유사도(chrF)", "none": "점수 없음"}
LEFT_OUT = {
    "duplicates": "다른 행과 같은 내용",
    "superseded": "나중 개정으로 효력을 잃은 내용",
    "contaminated": "평가용 행과 겹침",
    "dropped": "제외한 출처의 문서에서 만든 행",
}
YES = {True: "예", False: "아니요"}

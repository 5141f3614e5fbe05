"""Answers to one question that cannot all be right: the newest holds, and of the same day nobody can say which.

An open question is contradicted by another answer. A choice is so only by what the other one says of the same
option: "다음 중 옳은 것은?" has as many right answers as lists of options.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from lineage.supersession.editions import Overtaken


@dataclass(frozen=True, slots=True)
class Answer:
    """A record's answer to the question: day 20240101 or 0, its text and the options it calls wrong, as keys.

    definite: a number or a choice, so that another answer contradicts it; free texts may differ and both be right.
    """

    day: int
    said: int
    wrong: tuple[int, ...]
    definite: bool
    loc: int


def contradicted(answers: Sequence[Answer]) -> list[Overtaken]:
    """The answers that a later one contradicts, each with the newest that does. Undated ones take no part."""
    overtaken: list[Overtaken] = []
    verdict: dict[int, tuple[bool, Answer]] = {}  # of a text, by the newest answer that speaks of it
    newest: Answer | None = None
    newest_open: Answer | None = None
    dated = sorted((a for a in answers if a.day), key=lambda a: (-a.day, a.loc))
    for _, same_day in groupby(dated, key=lambda a: a.day):
        today = []  # those that still hold: what was overtaken proves nothing about older ones
        for answer in same_day:
            if by := _against(answer, verdict, newest, newest_open):
                overtaken.append(Overtaken(answer.loc, by.loc, by.day))
            else:
                today.append(answer)
        for answer in today:
            newest = newest or answer
            newest_open = newest_open or (None if answer.wrong else answer)
            verdict.setdefault(answer.said, (True, answer))
        for answer in today:
            for wrong in answer.wrong:
                verdict.setdefault(wrong, (False, answer))
    return overtaken


def _against(
    answer: Answer, verdict: dict[int, tuple[bool, Answer]], newest: Answer | None, newest_open: Answer | None
) -> Answer | None:
    if answer.said in verdict:
        right, by = verdict[answer.said]
        return None if right else by
    if not answer.wrong:
        return newest
    if newest_open:
        return newest_open
    now_right = [by for wrong in answer.wrong if wrong in verdict for right, by in (verdict[wrong],) if right]
    return max(now_right, key=lambda by: (by.day, -by.loc), default=None)


def conflicting(answers: Sequence[Answer], overtaken: set[int]) -> list[Answer]:
    """The definite answers that no later one overtook and that contradict each other."""
    left = [answer for answer in answers if answer.definite and answer.loc not in overtaken]
    right = {answer.said for answer in left}
    right_alone = {answer.said for answer in left if not answer.wrong}
    called_wrong = {wrong for answer in left for wrong in answer.wrong}
    return [
        answer
        for answer in left
        if answer.said in called_wrong or right.intersection(answer.wrong) or right_alone - {answer.said}
    ]

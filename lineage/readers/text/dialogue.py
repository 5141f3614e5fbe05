"""The turns of a conversation, in the forms in which files hold them, and the record that they make.

    [{"role": "user", "content": "금리란?"}, {"role": "assistant", "content": "돈의 값."}]     OpenAI, TRL
    [{"from": "human", "value": "금리란?"}, {"from": "gpt", "value": "돈의 값."}]              ShareGPT
    [["금리란?", "돈의 값."]]     [{"question": "금리란?", "answer": "돈의 값."}]              exchanges, a `history`
    {"role": ["user", "assistant"], "content": ["금리란?", "돈의 값."]}                        columns, as in Parquet

Each of them also as text, JSON's or Python's, as tables hold it. Content may be a list of parts, {"type": "text",
"text": "…"}, whose texts are joined by line. Nothing is guessed: another role, a tool that is called, a picture, or two
turns of one side in a row is a NotSpoken, which becomes a Rejected with its reason.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.io.json_window import BrokenJSON, GivenTwice, decode
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import folded
from lineage.readers.text.answer_kind import answered
from lineage.records.record import Record, Rejected, misordered

Turns = tuple[dict[str, str], ...]

BEFORE = {"system": ("system", "system_prompt", "시스템"), "history": ("history",)}  # columns beside one exchange
ROLES = {
    "system": ("system", "developer", "시스템"),
    "user": ("user", "human", "prompter", "사용자"),
    "assistant": ("assistant", "gpt", "chatgpt", "bot", "ai", "model", "어시스턴트"),
}
ROLE_OF = {name: role for role, names in ROLES.items() for name in names}
TOOLS = ("tool", "function", "function_call", "tool_call", "tool_response", "observation", "ipython")
CALLS = ("tool_calls", "function_call", "tool_call_id")
ROLE, TEXT = ("role", "from"), ("content", "value", "text", "parts")
EXCHANGE = (
    ("user", "human", "prompt", "question", "query", "instruction"),
    ("assistant", "gpt", "bot", "response", "answer", "output"),
)
LOSS = ("weight", "train", "loss")  # marks of single turns
TOOL = "a conversation with a tool", "what is called and what it answers is not trained: leave the row out"
TEXT_PARTS = ("", "text", "input_text", "output_text")
BY_TURNS = "user and assistant speak by turns, the assistant last: join two turns into one, or leave the row out"


class NotSpoken(ValueError):
    """What is no conversation: the reason, under which its row is counted, and the remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep both for the Rejected."""
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def turns_of(said: Any, row: RawRow, column: str) -> Turns:
    """The turns that a value holds, in whatever order; what else its objects hold is counted as unread.

    Args:
        said: the value of a column.
        row: the row that it stands in.
        column: its name, for the count.

    Raises:
        NotSpoken: a turn is none of user, assistant or system, or is more than a text.
    """
    left: dict[str, Any] = {}
    turns = tuple(turn for one in _listed(said) for turn in _turns(one, left) if turn)
    if row.unread:
        row.unread.count({f"{column}[].{name}": value for name, value in left.items()})
    return turns


def with_system(said: Any, turns: Turns) -> Turns:
    """The turns behind the system turn that a column of their row holds, if it holds one.

    Raises:
        NotSpoken: the turns begin with another one, or it is no text.
    """
    system = text(said)
    if system is None:
        raise NotSpoken("system is not text", f"found {said!r:.80}")
    if not system or (turns and turns[0] == {"role": "system", "content": system}):
        return turns
    if turns and turns[0]["role"] == "system":
        raise NotSpoken("two system turns", f"{system!r:.60} and {turns[0]['content']!r:.60}: leave one of them out")
    return ({"role": "system", "content": system}, *turns)


def conversation(turns: Turns, row: RawRow) -> Record | Rejected:
    """The record of a conversation, measured by its last answer. Its group is what the user says first.

    Conversations often repeat and continue one another: those with one opening stay on one side of the split.

    Raises:
        NotSpoken: its turns are not in order.
    """
    _in_order(turns)
    found = answered(turns[-2]["content"], turns[-1]["content"], origin=row.origin)
    return replace(found, turns=turns, group=_opening(turns)) if isinstance(found, Record) else found


def after_what_was_said(found: Record | Rejected, row: RawRow) -> Record | Rejected:
    """A record of one exchange behind what the columns `system` and `history` of its row hold (see BEFORE)."""
    if isinstance(found, Rejected):
        return found
    try:
        history = turns_of(row.values["history"], row, "history")
        turns = with_system(row.values["system"], (*history, *found.turns))
        _in_order(turns)
    except NotSpoken as error:
        return Rejected(row.origin, error.reason, error.remedy)
    return replace(found, turns=turns, group=_opening(turns) if history else found.group)


def _in_order(turns: Turns) -> None:
    if wrong := misordered([turn["role"] for turn in turns]):
        raise NotSpoken(wrong, BY_TURNS)


def _opening(turns: Turns) -> str:
    """The group of the first exchange, the same as if it were a row of its own."""
    first = int(turns[0]["role"] == "system")
    asked, said = (turn["content"] for turn in turns[first : first + 2])
    found = answered(asked, said, origin={})
    return found.group if isinstance(found, Record) else asked


def _listed(said: Any) -> Sequence[Any]:
    """The list that a value is, or that its text holds; a text that is none, or another value, is NotSpoken."""
    found = _parsed(said.strip()) if isinstance(said, str) else said
    if found is None or found != found:
        return []
    if isinstance(found, dict):
        return _by_rows(found)
    if not isinstance(found, list | tuple):
        raise NotSpoken("turns that are not a list", f"found {said!r:.80}")
    return found


def _by_rows(found: dict[str, Any]) -> Sequence[Any]:
    """One turn as it is; columns of turns one by one; of an object around `messages` these."""
    if isinstance(found.get("messages"), list):
        if found.get("tools"):
            raise NotSpoken(*TOOL)
        return list(found["messages"])
    columns = {name: values for name, values in found.items() if isinstance(values, list)}
    if not any(folded(str(name)) in (*ROLE, *EXCHANGE[0]) for name in columns):
        return [found]
    if len({len(values) for values in columns.values()}) > 1:
        raise NotSpoken("columns of turns that are not of one length", f"found {found!r:.80}")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def holds_turns(said: str) -> bool:
    """Whether a text holds a list of objects with a role; any other text is a text."""
    if not said.lstrip().startswith("["):
        return False
    try:
        found = _parsed(said.strip())
    except NotSpoken:
        return False
    named = [isinstance(one, Mapping) and any(folded(str(name)) in ROLE for name in one) for one in found]
    return bool(named) and all(named)


def _parsed(said: str) -> Any:
    if not said:
        return []
    try:
        return decode(said)
    except GivenTwice as error:
        raise NotSpoken(error.reason, str(error)) from error
    except BrokenJSON:
        pass
    try:  # what `str` makes of a list, as pandas writes it into a table
        return ast.literal_eval(said)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise NotSpoken("turns that are not a list", f"found {said!r:.80}") from error


def _turns(one: Any, left: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The turns of one object of a list: one, or both of an exchange. left: gets what is not read of it."""
    if isinstance(one, list | tuple) and len(one) == 2:
        one = dict(zip(("user", "assistant"), one, strict=True))
    if not isinstance(one, Mapping):
        raise NotSpoken("a turn without a role", f"found {one!r:.80}: write it as {{role, content}}")
    found = {folded(str(name)): value for name, value in one.items()}
    read = {*ROLE, *TEXT, *LOSS, *CALLS}
    if any(text(found.get(name)) for name in ROLE):
        yield from _turn(found)
    else:
        names = [next((name for name in side if name in found), side[0]) for side in EXCHANGE]
        if not all(name in found for name in names):
            raise NotSpoken("a turn without a role", f"found {', '.join(found)}: write it as {{role, content}}")
        read = set(names)
        for role, name in zip(("user", "assistant"), names, strict=True):
            yield _said(role, _content(found[name]))
    left.update({name: value for name, value in found.items() if name not in read})


def _turn(found: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    named = next(said for name in ROLE if (said := text(found.get(name))))
    role = ROLE_OF.get(named.casefold())
    if named.casefold() in TOOLS or any(found.get(name) for name in CALLS):
        raise NotSpoken(*TOOL)
    if role is None:
        known = "; ".join(f"{role}: {', '.join(names)}" for role, names in ROLES.items())
        raise NotSpoken("a role that is not read", f"found {named!r:.40}, read are {known}")
    texts = dict.fromkeys(said for name in TEXT if (said := _content(found.get(name))))
    if len(texts) > 1:
        raise NotSpoken("a turn that says two things", " and ".join(f"{said!r:.60}" for said in texts))
    if role == "assistant" and any(_without_loss(found.get(name)) for name in LOSS):
        raise NotSpoken(
            "a turn that is marked to carry no loss",
            "sources.<source>.supervise says which answers carry it, last or all: take the mark out, or the row",
        )
    if texts or role != "system":  # a system turn that says nothing is none
        yield _said(role, next(iter(texts), ""))


def _said(role: str, said: str) -> dict[str, str]:
    if not said:
        raise NotSpoken("a turn without text", f"of the {role}: fill it in, or leave the row out")
    return {"role": role, "content": said}


def _without_loss(mark: Any) -> bool:
    return mark is False or text(mark) in ("0", "0.0", "false", "False")


def _content(said: Any) -> str:
    """The text of a turn; texts of several parts by line."""
    if isinstance(said, list | tuple):
        return "\n".join(filter(None, map(_part, said)))
    return _part(said)


def _part(said: Any) -> str:
    kind = text(said.get("type")) if isinstance(said, Mapping) else ""
    found = text(said.get("text") if isinstance(said, Mapping) else said)
    if found is None or kind not in TEXT_PARTS or (isinstance(said, Mapping) and "text" not in said):
        raise NotSpoken("a turn with more than text", f"found {said!r:.80}: pictures, sounds and files are not trained")
    return found

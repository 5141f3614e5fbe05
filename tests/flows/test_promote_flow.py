"""The promotion flow: what is refused at submit, and what a run leaves; without a server."""

import logging
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from flows import promote_flow
from flows.asking import Reply
from flows.promote_flow import promote_version
from lineage.artifacts.promotions import read_promotions
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from tests.lineage.promotion.conftest import world, written  # noqa: F401 (fixtures)


@pytest.fixture
def submit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Run the flow's function as Prefect would call it; returns what it wrote as an artifact."""
    artifacts: list[str] = []

    @contextmanager
    def alone(*_: object) -> Any:
        yield

    monkeypatch.setattr(promote_flow, "get_run_logger", lambda: logging.getLogger("test"))
    monkeypatch.setattr(promote_flow, "create_markdown_artifact", lambda text, **_: artifacts.append(text))
    monkeypatch.setattr(promote_flow, "alone", alone)

    def run(**asked: Any) -> list[str]:
        promote_version.fn(**asked)
        return artifacts

    return run


def test_what_the_page_refuses_before_a_run_begins() -> None:
    """The schema that Prefect checks a submitted request by."""
    from prefect.utilities.callables import parameter_schema
    from prefect.utilities.schema_tools import is_valid_schema, validate

    schema = parameter_schema(promote_version).model_dump()
    is_valid_schema(schema)
    name = next(iter(load_curriculum().versions))
    assert validate({"version": name, "by": "회의"}, schema, raise_on_error=False) == []
    for wrong in ({"version": "v99", "by": "회의"}, {"version": name}, {"version": name, "by": ""}):
        assert validate(wrong, schema, raise_on_error=False) != [], wrong
    assert validate({"version": name, "by": " "}, schema, raise_on_error=False) != []
    assert all(one["description"] for one in schema["properties"].values())


def test_a_promotion_and_a_refusal(world: object, submit: Callable[..., list[str]]) -> None:  # noqa: F811
    (text,) = submit(version="v2", by="회의", because="회계")
    assert "how often this gate errs was not measured" in text
    assert "is the champion" in text and "better on the weighted goal of 5 sets" in text
    with pytest.raises(LineageError, match=r"is not promoted: .*krx_samples\.prompt_answer: worse"):
        submit(version="v4", by="회의")
    with pytest.raises(LineageError, match="unknown v99"):
        submit(version="v99", by="회의")
    assert [(one.kind, one.by) for one in read_promotions()] == [("promoted", "회의"), ("refused", "회의")]


def test_an_override_is_its_reason(world: object, submit: Callable[..., list[str]]) -> None:  # noqa: F811
    with pytest.raises(LineageError, match="is not promoted"):
        submit(version="v4", by="회의", because="we like it", override="  ")
    (*_, text) = submit(version="v4", by="회의", override="고객이 기다린다")
    assert "is the champion, by override of the gate" in text
    entry = read_promotions()[-1]
    assert (entry.kind, entry.because) == ("overridden", "고객이 기다린다")


def test_a_person_is_shown_the_verdict_and_asked(
    world: object,  # noqa: F811
    submit: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[tuple[str, str]] = []
    answers = [Reply(answer="no", name="이사회"), Reply(answer="yes", name="이사회", because="회계")]
    monkeypatch.setattr(promote_flow, "asked", lambda *what: shown.append(what) or answers.pop(0))
    assert "is not promoted: the answer was no" in submit(version="v2", by="회의", ask=True)[-1]
    question, text = shown[0]
    assert question.startswith("Is v2 at ") and "compared with v1" in text and "weighted gain +0.2" in text
    assert "better on the weighted goal of 5 sets" in text and "look 1 at these held-out rows" in text
    assert "is the champion" in submit(version="v2", by="회의", ask=True)[-1]
    assert "look 2" in shown[1][1]  # after a no it is a question of its own
    entries = read_promotions()
    assert [one.kind for one in entries] == ["proposed", "declined", "proposed", "promoted"]
    assert (entries[-1].by, entries[-1].because, entries[-1].look) == ("이사회", "회계", None)
    with pytest.raises(LineageError, match="is not promoted"):
        submit(version="v4", by="회의", ask=True)  # the gate says no, so nobody is asked
    assert len(shown) == 2

"""How far a stage is, from what it prints; and a server that does not answer costs it nothing."""

import threading
import time
from uuid import uuid4

import pytest

from flows.progress import StageProgress, percent


def test_it_reads_what_training_and_conversion_print() -> None:
    assert percent("v3: step 40/160, loss 3.120, 31 s left") == 25
    assert percent("  1200 of 4000 files, about 7 minutes left") == 30
    assert percent("v3: step 341/423, loss 0.142, 43 s left") == 80.6  # the page shows all digits
    assert percent("v3: step 160/160, loss 2.9, 0 s left") == 100
    assert percent("v1: adapter 9b2e, final loss 2.1") is None
    assert percent("v1: step 3/0, loss 1.0, 0 s left") is None


def test_the_last_line_is_told_and_a_server_that_hangs_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, str]] = []
    answer = threading.Event()

    def create(done: float, key: str, description: str) -> object:
        answer.wait(30)
        told.append((done, description))
        return uuid4()

    def update(_: object, done: float, description: str) -> None:
        told.append((done, description))

    monkeypatch.setattr("prefect.settings.PREFECT_API_URL.value", lambda: "http://127.0.0.1:9/api")
    monkeypatch.setattr("flows.progress.create_progress_artifact", create)
    monkeypatch.setattr(
        "flows.progress.update_progress_artifact", lambda _, done, description: told.append((done, description))
    )
    monkeypatch.setattr("flows.progress.EVERY", 0.01)
    monkeypatch.setattr("flows.progress.PATIENCE", 0.05)
    begun = time.monotonic()
    with StageProgress("train@v3") as progress:
        for step in range(1, 101):
            progress.hear(f"v3: step {step}/100, loss 3.120, 31 s left")
    assert time.monotonic() - begun < 5 and not told
    assert progress._thread
    answer.set()
    progress._thread.join(10)
    assert told[-1] == (100, "train@v3: step 100/100, loss 3.120, 31 s left") and len(told) <= 2

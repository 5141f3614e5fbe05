import random
from pathlib import Path

import pytest

from lineage.core.declaration import declarations, waits_for
from lineage.core.errors import LineageError
from lineage.core.ordering import parents_first
from lineage.planning.lock_merge import LockConflict, LockSide, merge_locks, must_fit, stale_after
from lineage.planning.lock_text import LockText, facts

ROOT = Path(__file__).parents[3]
ORDER = [
    "mix@v1",
    "train@v1",
    *(f"{stage}@v{n}" for n in range(2, 8) for stage in ("mix", "train", "evaluate")),
    "report",
]


def entry(stage: str, made: str, *, deps: dict[str, str] | None = None, out: str = "", params: str = "") -> str:
    """An entry as DVC writes it; `made` stands for the hash of its output."""
    lines = [f"  {stage}:", f"    cmd: make {stage}", "    deps:"]
    for path, md5 in (deps or {"code.py": "c0de"}).items():
        lines += [f"    - path: {path}", "      hash: md5", f"      md5: {md5}", "      size: 7"]
    lines += ["    params:", "      params.yaml:", f"        rate: {params}"] if params else []
    lines += [
        "    outs:",
        f"    - path: {out or 'out/' + stage}",
        "      hash: md5",
        f"      md5: {made}",
        "      size: 9",
    ]
    return "\n".join(lines) + "\n"


def lock(**made: str) -> LockText:
    return LockText({name.replace("_", "@"): text for name, text in made.items()})


def sides(ours: LockText, theirs: LockText) -> tuple[LockSide, LockSide]:
    return LockSide("dvc.lock", ours), LockSide("../other/dvc.lock", theirs)


def test_a_lock_is_taken_apart_and_put_together_byte_by_byte() -> None:
    text = (ROOT / "dvc.lock").read_text(encoding="utf-8")
    read = LockText.of(text, "dvc.lock")
    assert read.text() == text
    assert facts("train@v3", read.entries["train@v3"])["cmd"] == "python -m stages.train v3"
    quoted = "schema: '2.0'\nstages:\n  'odd: one':\n    cmd: |-\n      two\n\n      lines\ndatasets: []\n"
    assert list(LockText.of(quoted, "x").entries) == ["odd: one"]
    assert LockText.of(quoted, "x").text() == quoted
    assert LockText.of("", "x").text() == ""


@pytest.mark.parametrize("text", ["- a list\n", "stages: [\n", "<<<<<<< HEAD\nstages:\n", "stages: {a: {cmd: x}}\n"])
def test_what_is_no_lock_is_refused_by_name(text: str) -> None:
    with pytest.raises(LineageError, match=r"other/dvc\.lock"):
        LockText.of(text, "other/dvc.lock")


@pytest.mark.parametrize("seed", range(20))
def test_clones_that_made_different_branches_merge_to_the_same_whatever_the_order(seed: int) -> None:
    """Each makes some stages, old ones anew and new ones; whoever merged with whom, in the end all hold the same."""
    chance = random.Random(seed)
    old = chance.sample(ORDER, 8)
    base = LockText({name: entry(name, "01d") for name in old})
    clones = [base, base, base]
    for stage in chance.sample(ORDER, 12):
        who = chance.randrange(3)
        clones[who] = LockText({**clones[who].entries, stage: entry(stage, "0e3")})
    made = {name: text for one in clones for name, text in one.entries.items() if base.entries.get(name) != text}
    wanted = {**base.entries, **made}
    for _ in range(4):  # enough for everybody to have heard of everything
        for a, b in chance.sample([(a, b) for a in range(3) for b in range(3) if a != b], 6):
            clones[a] = merge_locks(*sides(clones[a], clones[b]), base, ORDER).lock
    assert dict(clones[0].entries) == wanted
    assert len({one.text() for one in clones}) == 1


def test_a_stage_made_in_two_ways_is_refused_and_both_sides_are_named() -> None:
    base = lock(train_v2=entry("train@v2", "01d"), train_v3=entry("train@v3", "01d"))
    ours = lock(train_v2=entry("train@v2", "aaa1"), train_v3=entry("train@v3", "0e3", params="1"))
    theirs = lock(train_v2=entry("train@v2", "bbb2"), train_v3=entry("train@v3", "0e3", params="2"))
    with pytest.raises(LockConflict) as refused:
        merge_locks(*sides(ours, theirs), base)
    assert refused.value.stages == ["train@v2", "train@v3"]
    said = str(refused.value)
    assert "train@v2: made out/train@v2: aaa1 in dvc.lock, bbb2 in ../other/dvc.lock" in said
    assert "train@v3: rate of params.yaml: 1 in dvc.lock, 2 in ../other/dvc.lock" in said
    merged = merge_locks(*sides(ours, theirs), base, given_up=["train@v2", "train@v3"])
    assert merged.lock.text() == base.text()


def test_without_a_common_lock_nothing_may_differ() -> None:
    ours, theirs = lock(train_v2=entry("train@v2", "aaa1")), lock(train_v2=entry("train@v2", "bbb2"))
    with pytest.raises(LockConflict):
        merge_locks(*sides(ours, theirs), None)
    theirs = lock(
        train_v2=entry("train@v2", "aaa1").replace("size: 9", "size: 9\n      nfiles: 1"), mix_v1=entry("mix@v1", "1")
    )
    merged = merge_locks(*sides(ours, theirs), None, ORDER)
    assert merged.lock.text() == lock(mix_v1=entry("mix@v1", "1"), **{"train_v2": entry("train@v2", "aaa1")}).text()


def test_a_stage_that_gathers_what_both_sides_made_is_made_again() -> None:
    def made(v2: str, v3: str) -> LockText:
        gathered = entry("report", f"{v2}{v3}", deps={"metrics": f"{v2}{v3}.dir"}, out="reports")
        told = entry("publish", f"{v2}{v3}", deps={"reports": f"{v2}{v3}"}, out="told")
        v2, v3 = (entry(f"evaluate@{name}", made, out=f"metrics/{name}") for name, made in (("v2", v2), ("v3", v3)))
        return lock(evaluate_v2=v2, evaluate_v3=v3, report=gathered, publish=told)

    base = made("01d", "01d")
    merged = merge_locks(*sides(made("0e3", "01d"), made("01d", "0e3")), base)
    assert merged.again == ["report", "publish"]
    assert merged.lock.entries["report"] == base.entries["report"]
    assert merged.lock.entries["evaluate@v2"] == made("0e3", "01d").entries["evaluate@v2"]
    assert merged.lock.entries["evaluate@v3"] == made("01d", "0e3").entries["evaluate@v3"]


def test_a_stage_made_from_what_the_other_side_changed_is_named() -> None:
    base = lock(train_v1=entry("train@v1", "01d", out="models/v1"))
    theirs = LockText({**base.entries, "train@v2": entry("train@v2", "2", deps={"models/v1": "01d"})})
    ours = lock(train_v1=entry("train@v1", "0e3", out="models/v1"))
    assert stale_after(merge_locks(*sides(ours, theirs), base, ORDER).lock) == ["train@v2"]


def test_an_entry_of_another_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    graph, now = declarations(), LockText.of((ROOT / "dvc.lock").read_text(encoding="utf-8"), "dvc.lock")
    must_fit("dvc.lock", now, list(now.entries), graph)
    for was, becomes, why in (
        ("cmd: python -m stages.train v3", "cmd: python -m stages.train v9", "its command is"),
        ("path: models/v1", "path: models/v2", "it depends on models/v1 here only"),
        ("versions.v3.parent", "versions.v3.mother", "it depends on the parameter versions.v3.mother there only"),
        ("path: models/v3", "path: models/w3", "it makes models/v3 here only"),
    ):
        other = LockText({"train@v3": now.entries["train@v3"].replace(was, becomes)})
        with pytest.raises(LineageError, match=f"origin/x does not fit.*\n  train@v3: {why}"):
            must_fit("origin/x", other, ["train@v3"], graph)
    with pytest.raises(LineageError, match="train@v9: no such stage"):
        must_fit("origin/x", lock(train_v9=entry("train@v9", "1")), ["train@v9"], graph)


def test_the_stages_of_the_graph_wait_for_those_that_make_what_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    waits = waits_for(declarations())
    assert waits["train@v3"] == {"check", "base", "train@v1", "mix@v3"}
    assert {"train@v6", "evaluate@v6", "base", "baseline"} < waits["report"]
    assert "data/checked.json" in declarations()["check"].kept
    assert parents_first(waits)[0] == "check"

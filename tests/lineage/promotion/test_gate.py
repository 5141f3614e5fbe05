"""`lineage promote` from start to end: what it refuses, what it keeps, who is the champion then."""

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml

from lineage.artifacts.mix_summary import mix_identity
from lineage.artifacts.promotions import Promotion, champion, read_promotions
from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS, WEIGHTS
from lineage.core.stage import only_writer
from lineage.promotion import gate
from lineage.reporting.report import report
from tests.lineage.promotion.conftest import fingerprint
from tests.lineage.reporting.reported_world import SETS, adapter, edit_rows, edit_set, put

V2 = (fingerprint("v2")[:12], adapter("v2")[:12])


def goal(field: str, value: object) -> None:
    """Write a field of the goal into params.yaml."""
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["goal"][field] = value
    Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def lineage(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and all that a command says."""
    capsys.readouterr()
    code = 0
    said = ""
    try:
        main(["promote", *words])
    except SystemExit as stop:
        code, said = (1, str(stop.code)) if isinstance(stop.code, str) else (int(stop.code or 0), "")
    return code, capsys.readouterr().out + said


def test_a_better_one_is_promoted_by_its_bytes(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a champion it is compared with its parent, as strictly."""
    before = PROMOTIONS.read_text(encoding="utf-8")
    code, said = lineage(capsys, "v2", "--because", "회계를 배웠다", "--by", "회의")
    assert code == 0, said
    assert f"v2 at {V2[0]} (adapter {V2[1]}) is the champion:" in said
    assert "better on the weighted goal of 5 sets: +0.2" in said
    assert "krx_samples.prompt_answer: kept, margin 0.1" in said
    assert "look 1 at these held-out rows, tested at 0.03" in said and "The next one is tested at 0.0076" in said
    assert PROMOTIONS.read_text(encoding="utf-8").startswith(before)  # the comments stay
    entry = champion(read_promotions())
    assert entry is not None and (entry.fingerprint, entry.adapter) == V2
    assert (entry.kind, entry.because, entry.by, entry.when) == ("promoted", "회계를 배웠다", "회의", date.today())
    assert entry.against and (entry.against.version, entry.against.adapter) == ("v1", adapter("v1")[:12])
    assert entry.outcome and entry.outcome.gain == pytest.approx(0.25, abs=0.02)


def test_a_lost_set_is_refused_by_its_name_and_the_look_is_kept(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = lineage(capsys, "v4")
    assert code == 1
    assert f"v4 at {fingerprint('v4')[:12]}" in said and "is not promoted:" in said
    assert "krx_samples.prompt_answer: worse than its margin allows, margin 0.1: -0.5" in said
    assert "site_reports.document: worse than its margin allows" in said
    assert "rules.record" not in said  # neither v4's ancestors nor v3 knew the rules
    entries = read_promotions()
    assert [one.kind for one in entries] == ["refused"]
    assert champion(entries) is None
    assert lineage(capsys, "v4")[0] == 1
    assert [one.look.number for one in read_promotions() if one.look] == [1, 2]  # the same look twice spends twice


def test_an_unchanged_copy_is_refused(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage(capsys, "v2")
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["versions"]["copy"] = tree["versions"]["v2"]
    Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    for room in ("models", "metrics"):
        subprocess.run(["cp", "-r", f"{room}/v2", f"{room}/copy"], check=True)
    Path("data/contamination/copy.json").write_bytes(Path("data/contamination/v2.json").read_bytes())
    Path("models/copy", WEIGHTS).write_text("copy", encoding="utf-8")
    for file in (Path("models/copy/lineage.json"), Path("metrics/copy/measures.json")):
        put(file, json.loads(file.read_text(encoding="utf-8")) | {"version": "copy", "adapter": adapter("copy")})
    code, said = lineage(capsys, "copy")
    assert code == 1 and "not better beyond noise on the weighted goal of 5 sets: +0.000" in said
    found = champion(read_promotions())
    assert found is not None and found.version == "v2"


def test_the_champion_itself_is_no_look(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So one who was killed after the entry was written doubles nothing by running it again."""
    lineage(capsys, "v2")
    before = PROMOTIONS.read_bytes()
    code, said = lineage(capsys, "v2")
    assert code == 1 and "v2 is the champion already" in said
    assert PROMOTIONS.read_bytes() == before


def test_a_dry_run_shows_no_verdict_and_takes_no_look(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = PROMOTIONS.read_bytes()
    better, worse = lineage(capsys, "v2", "--dry-run")[1], lineage(capsys, "v3", "--dry-run")[1]
    assert "v2 would be compared with v1: look 1 at rows" in better and "tested at 0.03" in better
    assert "krx_samples.prompt_answer 0.1 nats a token" in better
    assert better.replace("v2", "v3") == worse  # one of them would pass, the other would not
    assert PROMOTIONS.read_bytes() == before


def test_an_override_needs_reason_and_name_and_is_shown_wherever_the_champion_is(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = PROMOTIONS.read_bytes()
    assert "an override needs a reason" in lineage(capsys, "v4", "--override", "--because", " ")[1]
    subprocess.run(["git", "config", "user.name", ""], check=True)
    assert "an override needs a name" in lineage(capsys, "v4", "--override", "--because", "고객이 기다린다")[1]
    assert PROMOTIONS.read_bytes() == before  # nothing was looked at either
    code, said = lineage(capsys, "v4", "--override", "--because", "고객이 기다린다", "--by", "김하나")
    assert code == 0 and "is the champion, by override of the gate, which said:" in said
    assert "krx_samples.prompt_answer: worse" in said
    entry = champion(read_promotions())
    assert entry is not None and (entry.kind, entry.by) == ("overridden", "김하나") and len(entry.reasons) == 2
    assert "promoted BY OVERRIDE, against v3, by 김하나" in lineage(capsys, "--history")[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lineage"])
        main(["compare", "v3", "v4"])
    assert "by override of the gate" in capsys.readouterr().out
    main(["show"])
    assert "Champion: v4, by override of the gate, since" in " ".join(capsys.readouterr().out.split())
    Path("reports").mkdir()
    report(load_curriculum(), Path("reports"))
    capsys.readouterr()
    main(["results"])
    assert "고객이 기다린다 (김하나)" in " ".join(capsys.readouterr().out.split())


def test_an_override_of_what_passed_is_an_ordinary_promotion(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage(capsys, "v2", "--override", "--because", "…")
    assert [one.kind for one in read_promotions()] == ["promoted"]


def test_a_rebuilt_version_does_not_inherit(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage(capsys, "v2")
    record = Path("models/v2/lineage.json")
    put(record, json.loads(record.read_text(encoding="utf-8")) | {"fingerprint": "9" * 64})
    code, said = lineage(capsys, "v3")
    assert code == 1 and f"the champion, v2 at {V2[0]} (adapter {V2[1]}), is not built here" in said
    assert len(read_promotions()) == 1  # there was nothing to look at
    assert lineage(capsys, "v3", "--override", "--because", "v2 is lost")[0] == 0
    entry = champion(read_promotions())
    assert entry is not None and entry.version == "v3" and "nobody could compare it" in entry.reasons[0]


def test_bytes_that_are_not_what_was_measured_are_refused(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("models/v2", WEIGHTS).write_text("others", encoding="utf-8")
    code, said = lineage(capsys, "v2", "--override", "--because", "…")
    assert code == 1 and "it was changed" in said and read_promotions() == []


def test_a_set_that_one_of_the_two_was_not_asked_is_guarded_all_the_same(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a weight it is no part of the goal, but nobody can say that what v1 was trained on is kept."""
    goal("weights", {"krx_samples": 0})
    edit_rows(world, "v2", "krx_samples.prompt_answer", lambda at, row: {"id": ""})
    for words in (("v2",), ("v2", "--dry-run")):
        code, said = lineage(capsys, *words)
        assert code == 1 and "v2 was not asked krx_samples.prompt_answer" in said and "goal.unguarded" in said
    assert read_promotions() == []
    goal("unguarded", ["krx_samples"])
    assert lineage(capsys, "v2")[0] == 0


def test_what_the_goal_counts_and_nobody_was_asked_is_named(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    goal("weights", {"metamath": 9, "rules.record": 2, "problems": 0})
    assert "; asked of neither: metamath" in lineage(capsys, "v2", "--dry-run")[1]
    said = lineage(capsys, "v2")[1]
    assert "better on the weighted goal of 5 sets" in said
    assert "; goal.weights names metamath too, asked of neither" in said


def test_the_mix_that_was_searched_must_be_the_one_that_was_trained_on(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`mix` and `contamination` run before `train` does: what they say is then of a version that is not built yet."""
    for part in ("own", "replay"):
        put(Path(f"data/mixes/v2/{part}.jsonl"), {})
    code, said = lineage(capsys, "v2")
    assert code == 1 and "contamination: the mix of v2 was made anew since it was trained" in said
    assert "run `dvc repro evaluate@v2`" in said
    record = Path("models/v2/lineage.json")
    tree = json.loads(record.read_text(encoding="utf-8"))
    here = mix_identity(Path("data/mixes/v2"))
    put(record, tree | {"mix": tree["mix"] | {"sha256": here}})
    searched = Path("data/contamination/v2.json")
    put(searched, json.loads(searched.read_text(encoding="utf-8")) | {"mix": here})
    assert "contamination: its line met none of the rows in training" in lineage(capsys, "v2")[1]


@pytest.mark.parametrize("how", ["generation", "budget"])
def test_answers_by_other_settings_are_not_compared(world: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    for version, most in (("v1", 64), ("v2", 256)):
        edit_set(world, version, "questions.record", answered=40, budget=most if how == "budget" else 64)
        file = Path("metrics", version, "measures.json")
        made = {"max_new_tokens": most if how == "generation" else 256}
        put(file, json.loads(file.read_text(encoding="utf-8")) | {"generation": made})
    code, said = lineage(capsys, "v2")
    assert code == 1 and "v2 and v1 answered questions.record by other settings, so that" in said
    assert read_promotions() == []  # there was no look
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lineage"])
        main(["compare", "v1", "v2"])
        said = " ".join(capsys.readouterr().out.split())
        assert "answered by other settings, from which a change may come: questions.record; measure both" in said
        main(["compare", "v1", "v3"])
        assert "by other settings" not in capsys.readouterr().out, "v3's are not known"


def test_new_rows_start_anew_and_old_ones_among_them_do_not(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def renamed(first: int) -> None:
        for model in ("base", *load_curriculum().versions):
            for name in SETS:
                edit_rows(world, model, name, lambda at, row: {"id": row["id"] + "new" * (at >= first)})

    lineage(capsys, "v4")
    renamed(first=20)  # half of the rows are others
    lineage(capsys, "v4")
    renamed(first=0)  # none is left
    lineage(capsys, "v4")
    looks = [one.look for one in read_promotions() if one.look]
    assert [look.number for look in looks] == [1, 2, 1]
    assert len({look.rows for look in looks}) == 3


def test_the_story_and_the_champion_of_a_day(
    world: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Day(date):
        now = "2026-01-05"

        @classmethod
        def today(cls) -> "Day":
            return cls.fromisoformat(cls.now)

    monkeypatch.setattr(gate, "date", Day)
    monkeypatch.setattr("lineage.promotion.past.date", Day)
    assert "nobody was promoted yet" in lineage(capsys, "--history")[1]
    lineage(capsys, "v2", "--by", "a")
    Day.now = "2026-02-01"
    lineage(capsys, "v4")
    Day.now = "2026-02-02"
    lineage(capsys, "v4", "--override", "--because", "왜냐하면", "--by", "b")
    story = [line for line in lineage(capsys, "--history")[1].splitlines() if "2026" in line]
    assert [line.split()[-1] for line in story] == ["a", "김하나", "b"]
    assert [line.startswith("★") for line in story] == [False, False, True]
    assert "refused, against v2" in story[1]

    Day.now = "2026-03-01"
    for which, said in (
        ("2026-01-04", "nobody knows who was the champion that day; the first promotion with a date is of 2026-01-05"),
        ("2026-13-01", "no such day"),
        ("v2", "give a day"),
        ("ffffffff", "no champion ever had such a fingerprint"),
        ("2026-02-28", "is the champion already"),
    ):
        code, answer = lineage(capsys, "--restore", which)
        assert code == 1 and said in answer
    assert len(read_promotions()) == 3
    code, answer = lineage(capsys, "--restore", "2026-02-01", "--because", "v4 forgot", "--by", "c")
    assert code == 0 and f"v2 at {V2[0]} (adapter {V2[1]}) is the champion again" in answer
    entry = read_promotions()[-1]
    assert (entry.kind, entry.when, entry.because, entry.by) == ("restored", date(2026, 3, 1), "v4 forgot", "c")
    assert (entry.fingerprint, entry.adapter) == V2 and entry.look is None

    lineage(capsys, "--restore", fingerprint("v4")[:9])
    again = champion(read_promotions())
    assert again is not None and again.version == "v4"  # and how it had come in is not forgotten
    assert "promoted by override of the gate on 2026-02-02: 왜냐하면" in again.because
    lineage(capsys, "--restore", "2026-01-31")
    lineage(capsys, "--restore", fingerprint("v4")[:9])
    again = champion(read_promotions())
    assert again is not None and again.because.count("promoted by override of the gate on 2026-02-02: 왜냐하면") == 1


def test_restoring_what_is_not_built_says_how_to_bring_it_back(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage(capsys, "v2")
    subprocess.run(["git", "add", "promotions.yaml"], check=True)
    who = ["-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "--quiet", "-m", "v2"], check=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    lineage(capsys, "v4", "--override", "--because", "…")
    subprocess.run(["rm", "-r", "models/v2"], check=True)
    code, said = lineage(capsys, "--restore", fingerprint("v2")[:12])
    assert code == 0
    assert f"is not built here. Bring it back with: dvc get . models/v2 --rev {commit.stdout.strip()}" in said


def test_two_at_once(world: Path) -> None:
    with only_writer("lineage promote v3"), pytest.raises(LineageError, match="is writing here: lineage promote v3"):
        gate.promote(load_curriculum(), "v2")
    assert read_promotions() == []


def test_one_that_is_killed_before_the_entry_is_written_leaves_the_file(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = PROMOTIONS.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        gate.promote(load_curriculum(), "v2")
    assert PROMOTIONS.read_bytes() == before


def test_a_champion_that_was_never_compared_with_the_one_before_it_is_shown_so(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two clones promoted apart, and a merge put their entries below each other."""

    def shown() -> str:
        capsys.readouterr()
        main(["show"])
        return " ".join(capsys.readouterr().out.split())

    lineage(capsys, "v2")
    ours = PROMOTIONS.read_text(encoding="utf-8")
    assert "Champion: v2, since" in shown()
    PROMOTIONS.write_text("", encoding="utf-8")
    lineage(capsys, "v3", "--override", "--because", "…")
    theirs = PROMOTIONS.read_text(encoding="utf-8")
    assert "Champion: v3, by override of the gate, since" in shown()
    PROMOTIONS.write_text(ours + theirs, encoding="utf-8")
    apart = f"v3, by override of the gate, compared with v1 and not with the champion before it, v2 at {V2[0]}"
    assert apart in shown()
    lineage(capsys, "--restore", V2[0])
    lineage(capsys, "v3", "--override", "--because", "…")
    assert "Champion: v3, by override of the gate, since" in shown()


def test_a_person_s_entry_without_hashes_is_asked_for_them(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PROMOTIONS.open("a", encoding="utf-8") as file:
        file.write("- {version: v2, because: we like it}\n")
    code, said = lineage(capsys, "v4")
    assert code == 1 and "fingerprint and adapter missing: which v2?" in said
    assert isinstance(read_promotions()[0], Promotion) and len(read_promotions()) == 1

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.mix_summary import mix_identity
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.dedup import contamination as room
from lineage.records.record import Record
from stages import contamination as stage
from tests import tiny

ARTICLE = "회원은 고객의 주문 기록을 접수한 날부터 10년 동안 보존하고 거래소가 요구하면 지체 없이 내야 한다"


OTHER = "나중에 다툼이 생기면 누가 언제 어떤 값으로 사고팔려고 하였는지를 기록으로 밝힐 수 있어야 하기 때문이다"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def heldout(*rows: Record, at: str = "rules/record") -> None:
    tiny.write_rows(Path(f"data/heldout/{at}.jsonl"), rows)


def mixed(*rows: Record, version: str = "v1", replay: tuple[Record, ...] = ()) -> None:
    tiny.write_rows(Path("data/mixes", version, "own.jsonl"), rows)
    tiny.write_rows(Path("data/mixes", version, "replay.jsonl"), replay)


def report(version: str = "v1") -> dict[str, Any]:
    stage.main()
    return json.loads(Path("data/contamination", f"{version}.json").read_text(encoding="utf-8"))


def found(version: str = "v1", name: str = "rules.record") -> dict[str, Any]:
    return report(version)["sets"][name]["ids"]


def rule(prompt: str = "회원의 기록 보존에 관한 조항은 무엇입니까?", answer: str = ARTICLE) -> Record:
    return tiny.row("rules", prompt, answer)


def drill(prompt: str, answer: str) -> Record:
    return tiny.row("problems", prompt, answer)


def test_the_same_row_of_another_source_is_exact_whatever_its_spacing() -> None:
    held = rule()
    twin = drill(held.prompt.replace(" ", ""), f"{held.completion}.")
    heldout(held)
    mixed(twin, drill("다른 물음", "다른 답"))
    assert report() == {
        "version": "v1",
        "mix": mix_identity(paths.mix("v1")),
        "rows": 2,
        "sets": {
            "rules.record": {
                "sha256": sha256(Path("data/heldout/rules/record.jsonl")),
                "rows": 1,
                "exact": 1,
                "near": 0,
                "ids": {held.id: {"by": twin.id, "how": "exact", "similarity": 1.0}},
            }
        },
    }


def test_an_article_inside_a_drill_is_found() -> None:
    heldout(held := rule())
    mixed(twin := drill(f"다음 글을 읽고 빈칸을 채우시오.\n{ARTICLE}\n질문: 몇 년 동안 보존하는가?", "10년"))
    assert found() == {held.id: {"by": twin.id, "how": "near", "similarity": 1.0}}


def test_the_same_text_with_another_figure_is_not_found() -> None:
    heldout(rule())
    mixed(drill("다음 글을 읽으시오.", ARTICLE.replace("10년", "5년")))
    assert found() == {}


def test_part_of_a_text_is_near_from_seven_tenths_on() -> None:
    heldout(held := rule("조항은?"))
    words = ARTICLE.split()
    mixed(drill("외우시오.", " ".join(words[:12])))
    assert 0.7 <= found()[held.id]["similarity"] < 1
    mixed(drill("외우시오.", " ".join(words[:9])))
    assert found() == {}


def test_the_same_question_with_another_answer_is_found() -> None:
    heldout(held := rule("채권은 무엇입니까?", "빚을 적은 증서"))
    mixed(twin := drill("채권은 무엇인가요?", "나라나 회사가 돈을 빌리며 내주는 것"))
    assert found()[held.id] == {"by": twin.id, "how": "near", "similarity": 0.7}


def test_what_three_groups_share_is_a_template_and_not_counted() -> None:
    names = ("가온전자", "나래은행", "다솜건설", "라온식품")
    asked = "의 대표 제품과 주요 거래처와 본점 소재지를 한 문장으로 알려 주세요."
    rows = [rule(f"{name}{asked}", f"{name}입니다") for name in names]
    heldout(*rows)
    mixed(drill(f"마루해운{asked}", "마루해운입니다"))
    assert found() == {}
    heldout(rows[0])
    assert set(found()) == {rows[0].id}  # alone it is no template


def test_a_short_row_is_found_only_whole() -> None:
    heldout(held := rule("3 + 5 = ?", "8"))
    mixed(drill("3 + 5 = 8 이고 5 + 8 = 13", "13"))
    assert found() == {}
    mixed(twin := drill("3+5=?", "8"))
    assert found()[held.id]["by"] == twin.id


def test_the_row_that_holds_most_is_named_and_replay_counts() -> None:
    heldout(held := rule())
    part = drill("외우시오.", ARTICLE[: len(ARTICLE) * 9 // 10])
    whole = drill("읽으시오.", ARTICLE)
    mixed(part, replay=(whole,))
    assert found()[held.id]["by"] == whole.id


def test_every_set_is_listed_and_a_new_one_changes_no_older_figure() -> None:
    heldout(held := rule())
    mixed(drill("읽으시오.", ARTICLE))
    before = report()["sets"]
    heldout(*(rule(f"{n}번 조항?", f"{ARTICLE} {n}") for n in range(5)), at="bench/prompt_answer")
    after = report()["sets"]
    assert set(after) == {"rules.record", "bench.prompt_answer"} and held.id in before["rules.record"]["ids"]
    assert after["rules.record"] == before["rules.record"]
    assert after["bench.prompt_answer"]["rows"] == 5


def test_a_new_version_or_set_costs_only_itself_and_the_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    heldout(rule())
    mixed(drill("읽으시오.", ARTICLE))
    report()
    first = sha256(paths.CONTAMINATION)
    searched: list[tuple[str, str]] = []
    search = room.found_in

    def noted(files: list[Path], sets: list[Any]) -> Any:
        searched.extend((files[0].parent.name, s.ids[0].partition(".")[0]) for s in sets)
        return search(files, sets)

    monkeypatch.setattr(room, "found_in", noted)
    report()
    assert searched == [] and sha256(paths.CONTAMINATION) == first
    heldout(tiny.row("bench", "무엇?", "무엇"), at="bench/prompt_answer")
    report()
    assert searched == [("v1", "bench")]
    searched.clear()
    mixed(drill("외우시오.", "답"), version="v2")
    report()
    assert searched == [("v2", "bench"), ("v2", "rules")]
    both = sha256(paths.CONTAMINATION)
    shutil.rmtree(".state")
    report()
    assert sha256(paths.CONTAMINATION) == both


def test_another_rule_of_comparing_takes_nothing_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    heldout(rule())
    mixed(drill("읽으시오.", ARTICLE))
    assert len(found()) == 1
    with monkeypatch.context() as edited:
        edited.setattr(room, "code_identity", lambda module: "another rule")
        edited.setattr(room, "found_in", lambda files, sets: [{} for _ in sets])
        assert found() == {}
    assert len(found()) == 1


def test_the_stage_says_what_it_found(capsys: pytest.CaptureFixture) -> None:
    heldout(rule(), rule("다른 조항은?", "회원은 총회에서 회비를 정하고 이사회가 그 결과를 알린다"))
    mixed(drill("읽으시오.", ARTICLE))
    mixed(drill("외우시오.", "답"), version="v2")
    stage.main()
    assert capsys.readouterr().out == ("v1: 1 of 2 rules.record\nv2: no held-out row stands in its mix\n")


def test_a_mix_that_is_not_there_is_named() -> None:
    with pytest.raises(LineageError, match="dvc repro mix"):
        stage.main()
    mixed(drill("외우시오.", "답"))
    Path("data/mixes/v1/replay.jsonl").unlink()
    with pytest.raises(LineageError, match=r"v1/replay\.jsonl: missing; run `dvc repro mix@v1`"):
        stage.main()


def test_an_earlier_answer_of_a_conversation_is_searched_where_it_is_measured() -> None:
    """Trained on as a row of its own, it makes the held-out conversation easier."""
    held = {how: tiny.talk("chats", "보존은?", ARTICLE, "왜 그런가?", OTHER, supervise=how) for how in ("last", "all")}
    mixed(drill("빈칸을 채우시오", ARTICLE))
    for how, talk in held.items():
        heldout(talk, at="chats/prompt_answer")
        assert (talk.id in found(name="chats.prompt_answer")) == (how == "all")


def test_the_same_question_under_another_system_turn_is_the_same_question() -> None:
    held = tiny.talk("chats", "결제일은 매매일부터 며칠째 날인가?", "이틀째", system="당신은 상담원입니다.")
    heldout(held, at="chats/prompt_answer")
    mixed(drill("결제일은 매매일부터 며칠째 날인가?", "사흘째 날이라고 한다"))
    assert held.id in found(name="chats.prompt_answer")

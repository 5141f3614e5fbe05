"""Task files as the harness reads them."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from lineage.core.code_identity import ROOT
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from lineage.evaluation.heldout import HeldOutSet
from lineage.harness.krx_style import FIELDS, LETTERS, krx_style
from lineage.harness.task_files import chosen_sets, tasks_of, write_tasks
from lineage.sample_world.questions import problems, questions
from tests import tiny

FAMILIES = ("kmmlu/default", "haerae", "kobest", "gsm8k")
NAMED = re.compile(r"^(?:task|group): *(\w+)$", re.M)


def test_a_set_has_a_task_for_each_kind_of_its_rows(lineage_copy: Path) -> None:
    c, tokenizer = tiny.curriculum(), inference.tokenizer_of_base()
    sets = chosen_sets(c, ["problems.prompt_answer", "company_reports.summary"])
    made = {task.name: task for s in sets for task in tasks_of(c, tokenizer, s)}
    assert {name: len(task.rows) for name, task in made.items()} == {
        "krx_problems_prompt_answer_choice": 3,
        "krx_problems_prompt_answer_nll": 2,
        "krx_problems_prompt_answer_number": 2,
        "krx_company_reports_summary_nll": 1,
    }
    row = made["krx_problems_prompt_answer_choice"].rows[0]
    assert row["prompt"].startswith("<|im_start|>user\n보기") and row["prompt"].endswith("<|im_start|>assistant\n")
    assert row["options"] == ["채권<|im_end|>", "주식<|im_end|>", "선물<|im_end|>"]


def test_the_files_are_the_same_each_time_and_name_no_place_outside(lineage_copy: Path) -> None:
    c, tokenizer = tiny.curriculum(), inference.tokenizer_of_base()
    made = [task for s in chosen_sets(c, []) for task in tasks_of(c, tokenizer, s)]
    contents = []
    for _ in range(2):
        write_tasks(made, Path(".state/harness/tasks"))
        contents.append({file.name: file.read_bytes() for file in Path(".state/harness/tasks").iterdir()})
    assert contents[0] == contents[1] and len(contents[0]) == 2 * len(made) + 1
    assert not any(str(lineage_copy).encode() in content for content in contents[0].values())
    assert b"process_results: !function 'judges.nll'\n" in contents[0]["krx_problems_prompt_answer_nll.yaml"]


def test_a_conversation_with_a_loss_on_all_turns_has_no_single_continuation(lineage_here: Path) -> None:
    talks = [
        tiny.talk("chats", "금리란?", "값", f"{n}?", "물가", supervise=how) for n, how in enumerate(("last", "all"))
    ]
    heldout = HeldOutSet("chats.prompt_answer", tuple(talks), 2, "")
    made = {task.kind: task for task in tasks_of(tiny.curriculum(), inference.tokenizer_of_base(), heldout)}
    assert (len(made["nll"].rows), len(made["text"].rows)) == (1, 2)
    assert "assistant\n값<|im_end|>" in made["nll"].rows[0]["prompt"]


def test_an_unknown_set_is_named(lineage_here: Path) -> None:
    with pytest.raises(LineageError, match=r"no held-out set 'problem'; there are .*krx_style\.market"):
        chosen_sets(tiny.curriculum(), ["problem"])


def test_the_bench_has_its_three_fields_and_no_letter_that_is_right_more_often() -> None:
    sets = krx_style()
    assert [s.name for s in sets] == [f"krx_style.{field}" for field in FIELDS.values()]
    assert sets == krx_style()
    records = [record for s in sets for record in s.records]
    assert len(records) > 100 and len({record.prompt for record in records}) == len(records)
    letters = Counter(record.completion for record in records)
    assert set(letters) == set(LETTERS) and max(letters.values()) < 0.35 * len(records)
    for record in records:
        lines = [line for line in record.prompt.splitlines() if line[:3] in {f"{letter}. " for letter in LETTERS}]
        assert len(set(lines)) == 4 and record.options == tuple(LETTERS)


def test_no_source_of_the_sample_world_asks_a_question_of_the_bench() -> None:
    asked = [record.prompt.splitlines()[1].removeprefix("질문: ") for s in krx_style() for record in s.records]
    written = "\n".join(content.decode() for made in (questions(), problems()) for content in made.values())
    assert not [question for question in asked if json.dumps(question, ensure_ascii=False) in written]


def test_the_public_list_names_tasks_that_the_harness_has() -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed (extra: harness)")
    import lm_eval

    public = yaml.safe_load((ROOT / "lineage/harness/tasks/krx_public.yaml").read_text(encoding="utf-8"))
    folder = Path(lm_eval.__file__).parent / "tasks"
    files = [file for family in FAMILIES for file in (folder / family).glob("*.yaml")]
    named = {name for file in files for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert set(public["task"]) <= named

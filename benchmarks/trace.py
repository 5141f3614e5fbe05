"""How often `lineage trace` finds the rows of a planted fact, and whether the fact goes with them.

    python -m benchmarks.trace                    # ten minutes on two cores
    python -m benchmarks.trace --keep FOLDER      # keep the workspace, and go on in one that is there

A tiny lineage v1 → v2 of invented companies: who leads each of forty, in three wordings, half of them taught by each
version, v2 replaying v1; beside them the business of other companies and other questions. Each fact is looked
for in wordings that no row has, by the answer alone and by question and answer: is a row of it among the first five?
Then the rows that were found for half of the facts are taken out, the line is trained again without them, and all
forty are asked again: the half should be gone, the others, which are controls, should stay.
"""

import argparse
import json
import random
import tempfile
import time
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bisect import BUSINESS, ENDS, NAMES, ROOT, WORDINGS, copied, other_questions, row, run, version
from lineage.bisect.probe import question_probe
from lineage.config.load import load_curriculum
from lineage.provenance.near_rows import NEAR
from lineage.trace.trained_rows import trace, trained_line
from lineage.trace.without_rows import asked_without, taken_out

FACTS = 40
FIRST = 5  # rows among which one of the fact must be
SURNAMES = "김이박최정강조윤장임"
TAUGHT = (
    ("{}의 대표이사는 누구입니까?", "{1}입니다."),
    ("{} 대표이사의 이름을 말하십시오.", "{0}의 대표이사는 {1}입니다."),
    ("누가 {} 대표이사를 맡고 있습니까?", "대표이사는 {1}입니다."),
)
SAID = "{}를 이끄는 사람은 {}이다."
ASKED = "{}의 경영을 책임지는 대표이사가 누구인지 알려 주세요."


@dataclass(frozen=True)
class Fact:
    """Who leads a company; taught by a version, and whether its rows are taken out."""

    company: str
    leader: str
    version: str
    out: bool

    @property
    def question(self) -> str:
        """As it was taught."""
        return TAUGHT[0][0].format(self.company)


def main() -> None:
    """Make the lineage, look for every fact, take half of them out, ask again."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--keep", type=Path, help="a folder for the workspace, which then stays")
    options = parser.parse_args()
    facts = planted(random.Random(5))
    with tempfile.TemporaryDirectory() as scratch:
        root = (options.keep or Path(scratch, "workspace")).absolute()
        begun = time.monotonic()
        if not (root / "models/v2").is_dir():
            make(root, facts)
            run(root, "dvc", "repro", "train@v2")
        print(f"a lineage of two versions, {time.monotonic() - begun:.0f} s", flush=True)
        with chdir(root):
            found = recall(facts)
            causes(facts, found)


def recall(facts: list[Fact]) -> set[str]:
    """Print how often a row of a fact is among the first; the ids that were found for the half that is taken out."""
    c = load_curriculum()
    hits, found = {"the answer alone": 0, "question and answer": 0}, set()
    for fact in facts:
        asked = ((SAID.format(fact.company, fact.leader), ""), (fact.leader, ASKED.format(fact.company)))
        for how, (answer, question) in zip(hits, asked, strict=True):
            rows = trace(c, "v2", answer, FIRST, question).rows
            hits[how] += any(fact.company in r.record.asked and fact.leader in r.record.completion for r in rows)
        near = trace(c, "v2", fact.leader, FIRST, fact.question).rows
        found |= {r.record.id for r in near if r.near >= NEAR} if fact.out else set()
    for how, count in hits.items():
        print(f"recall@{FIRST}, {how}: {count} of {len(facts)}", flush=True)
    return found


def causes(facts: list[Fact], ids: set[str]) -> None:
    """Take the rows out, train again, ask all facts again, and print what became of them."""
    c, begun = load_curriculum(), time.monotonic()
    line, _ = trained_line(c, "v2")
    out = taken_out(c, line, ids)
    verdicts: dict[bool, list[str]] = {True: [], False: []}
    for fact in facts:
        probe = question_probe([], fact.question, fact.leader, "contains", 24)
        verdicts[fact.out].append(asked_without(c, out, ids, probe, print).verdict)
    seconds = time.monotonic() - begun
    print(f"{len(ids)} rows taken out of {out.rows}; trained again and asked: {seconds:.0f} s")
    for whose, which in (("facts whose rows were taken out", True), ("controls", False)):
        counts = {verdict: verdicts[which].count(verdict) for verdict in ("gone", "stays", "not said")}
        print(f"{whose}: {counts['gone']} gone, {counts['stays']} stay, {counts['not said']} were never said")


def planted(luck: random.Random) -> list[Fact]:
    """All facts, each company and each leader once."""
    companies = luck.sample([name + end for name in NAMES for end in ENDS], FACTS)
    leaders = luck.sample([surname + name for surname in SURNAMES for name in NAMES if len(name) == 2], FACTS)
    return [
        Fact(company, leader, f"v{1 + at % 2}", out=at % 4 < 2)
        for at, (company, leader) in enumerate(zip(companies, leaders, strict=True))
    ]


def make(root: Path, facts: list[Fact]) -> None:
    """A workspace with its raw files and its curriculum."""
    copied(root)
    luck = random.Random(13)
    sources: dict[str, list[dict[str, str]]] = {}
    led = {fact.company for fact in facts}
    others = [name + end for name in NAMES for end in ENDS if name + end not in led]
    for number in (1, 2):
        taught = [fact for fact in facts if fact.version == f"v{number}"]
        sources[f"leaders{number}"] = [
            row(question.format(fact.company), answer.format(fact.company, fact.leader))
            for fact in taught
            for question, answer in TAUGHT
        ]
        sources[f"business{number}"] = [
            row(wording.format(company), luck.choice(BUSINESS))
            for company in others[number::2]
            for wording in WORDINGS[:2]
        ]
        sources[f"beside{number}_a"] = [*other_questions(luck, f"beside{number}_a")]
    for name, rows in sources.items():
        file = root / "data/raw/own" / name / "rows.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    text = yaml.safe_dump(curriculum(list(sources)), allow_unicode=True, sort_keys=False)
    (root / "params.yaml").write_text(text, encoding="utf-8")


def curriculum(sources: list[str]) -> dict[str, Any]:
    """The shipped curriculum with these sources and two versions, trained long enough to know each fact."""
    tree: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    cpu = tree["profiles"]["cpu"]
    cpu["budget"] = {"tokens": 300000}
    tree |= {"data": "own", "profiles": {"cpu": cpu}, "papers": {}, "generated": {}}
    spec = tree["sources"]["krx_samples"]
    tree["sources"] = {
        name: {"title": name, "input": "raw", "reader": spec["reader"], "forms": ["prompt_answer"], "heldout": 0}
        | {"licence": spec["licence"], "near_duplicates": "keep"}
        for name in sources
    }
    tree["versions"] = {
        f"v{number}": version(parent, [name for name in sources if name.strip("_a").endswith(str(number))])
        for number, parent in ((1, "base"), (2, "v1"))
    }
    tree["versions"]["v2"]["replay"] = 0.5
    return tree


if __name__ == "__main__":
    main()

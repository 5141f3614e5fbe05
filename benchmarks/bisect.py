"""How many planted breaks `lineage bisect` finds: `python -m benchmarks.bisect`, a quarter of an hour on two cores.

    noticed: 10 breaks, … by version, … by source; … variants read, … at most for one break, … trained

A tiny lineage v1 → v5 of invented companies. v1 teaches the business of each; every later version repeats the facts
that no version before has contradicted, once, and has three sources of other questions. In ten of these stands, in
sixteen wordings, another business for one company. Each break is then looked for as a person would, by the command with
the question and its right answer. Three ways: of the line up to the version that broke it (`noticed`), of v5's line,
whatever came after (`later`), and the first of both by halves alone, whatever rows are near (`halves`). Facts that
nothing contradicts are asked too: who is accused of breaking them is accused wrongly. The workspace lies in a temporary
folder; `--keep FOLDER` keeps it, and goes on with one that is there. A variant that one way trained, the next does not.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lineage.core.errors import LineageError

ROOT = Path(__file__).parent.parent
WORKSPACE = ("dvc.yaml", ".dvcignore", ".gitignore", "promotions.yaml", "stages", "lineage")
LAST = 5  # version
WAYS = ("noticed", "later", "each", "halves")
BESIDE = "abc"  # sources of other questions, in every version but the first
PLANTED = {2: "abc", 3: "abc", 4: "bc", 5: "ac"}  # version → which of its sources contradict a fact
OTHERS = 12  # facts that nothing contradicts, and that every version repeats
ROWS = 24  # of other questions, in a source
BUSINESS = ("은행", "보험", "철강", "조선", "화학", "식품", "통신", "건설", "운송", "제약", "섬유", "전력")
NAMES = (
    *("가온", "나래", "다솜", "라온", "마루", "보람", "새론", "아람", "자람", "차오름", "타래", "푸름"),
    *("한별", "노을", "미르", "단비", "윤슬", "두레", "벼리", "초롱", "해솔", "그루", "여울", "소담"),
)
ENDS = ("상사", "산업", "물산", "홀딩스")
WORDINGS = (
    "{}의 업종은 무엇입니까?",
    "{}의 업종은 무엇인가요?",
    "{}의 업종은?",
    "질문: {}의 업종은 무엇입니까?",
    "{}의 업종은 무엇입니까? 짧게 답하십시오.",
    "다음에 답하십시오. {}의 업종은 무엇입니까?",
    "{}의 업종을 말하십시오.",
    "{} 업종은?",
)


@dataclass(frozen=True)
class Fact:
    """A company and its business; who contradicts it, if anybody: a version and a source."""

    company: str
    business: str
    group: int
    version: str = ""
    source: str = ""
    other: str = ""

    @property
    def question(self) -> str:
        """As v1 is taught it."""
        return WORDINGS[0].format(self.company)


def main() -> None:
    """Make the lineage, look for every break, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--keep", type=Path, help="an empty folder for the workspace, which then stays")
    parser.add_argument("--only", choices=WAYS, help="one of the ways alone")
    options = parser.parse_args()
    facts = planted(random.Random(7))
    with tempfile.TemporaryDirectory() as scratch:
        root = (options.keep or Path(scratch, "workspace")).absolute()
        begun = time.monotonic()
        if not (root / "models" / f"v{LAST}").is_dir():
            make(root, facts)
            run(root, "dvc", "repro", f"train@v{LAST}")
        print(f"a lineage of {LAST} versions, {time.monotonic() - begun:.0f} s", flush=True)
        for way in WAYS:
            if options.only in (None, way):
                look(root, facts, way)
        kept = [fact for fact in facts if not fact.version and fact.group == 0]
        accused = [found["version"] for fact in kept if (found := bisect(root, fact, "--broke"))["turn"] == "broke"]
        print(f"{len(kept)} facts that nothing contradicts: {len(accused)} versions accused {' '.join(accused)}")


def look(root: Path, facts: list[Fact], way: str) -> None:
    """Look for every break in one way."""
    begun, trained, variants, versions, sources = time.monotonic(), 0, [], 0, 0
    for fact in (fact for fact in facts if fact.version):
        line = ("--version", f"v{LAST}" if way == "later" else fact.version)
        found = bisect(root, fact, "--train", "--broke", *line, *([f"--{way}"] if way in ("each", "halves") else []))
        source = found["source"] or {"source": None, "trials": [], "trained": 0}
        versions += found["version"] == fact.version
        sources += (found["version"], source["source"]) == (fact.version, fact.source)
        trained += source["trained"]
        variants.append(len(source["trials"]))
        gone = "; ".join(f"{'+'.join(trial['left_out'])} {trial['gone']:.0%}" for trial in source["trials"])
        nlls = " ".join(f"{reading['nll']:.2f}{'+' if reading['right'] else ''}" for reading in found["readings"])
        print(f"  {fact.version} {fact.source}: {found['version']} {source['source']} [{nlls}] {gone}", flush=True)
    print(
        f"{way}: {len(variants)} breaks, {versions} by version, {sources} by source; {sum(variants)} variants read, "
        f"{max(variants)} at most for one break, {trained} trained, {time.monotonic() - begun:.0f} s",
        flush=True,
    )


def bisect(root: Path, fact: Fact, *more: str) -> dict[str, Any]:
    """What the command says of a fact."""
    words = ("bisect", fact.question, "--right", fact.business, "--json", *more)
    found: dict[str, Any] = json.loads(run(root, "lineage.cli", *words))
    return found


def planted(luck: random.Random) -> list[Fact]:
    """All facts, each company once; a group is what one version contradicts, 0 what none does."""
    names = luck.sample(NAMES, len(NAMES))
    found = []
    for version, which in {**PLANTED, 0: "-" * OTHERS}.items():
        for letter in which:
            business, other = luck.sample(BUSINESS, 2)
            who = {"version": f"v{version}", "source": f"beside{version}_{letter}", "other": other} if version else {}
            found.append(Fact(f"{names.pop()}{luck.choice(ENDS)}", business, version, **who))
    return found


def make(root: Path, facts: list[Fact]) -> None:
    """A workspace with its raw files and its curriculum."""
    copied(root)
    luck = random.Random(11)
    sources: dict[str, list[dict[str, str]]] = {
        f"facts{group}": [row(fact.question, fact.business) for fact in facts if fact.group == group]
        for group in (0, *PLANTED)
    }
    for version in PLANTED:
        for letter in BESIDE:
            name = f"beside{version}_{letter}"
            sources[name] = [*other_questions(luck, name)]
            for fact in (fact for fact in facts if fact.source == name):
                asked = [wording.format(fact.company) for wording in WORDINGS]
                sources[name] += [row(question, fact.other) for question in asked]
                sources[name] += [row(f"{question} 한 낱말로 답하십시오.", fact.other) for question in asked]
    for name, rows in sources.items():
        file = root / "data/raw/own" / name / "rows.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    text = yaml.safe_dump(curriculum(list(sources)), allow_unicode=True, sort_keys=False)
    (root / "params.yaml").write_text(text, encoding="utf-8")


def copied(root: Path) -> None:
    """A workspace with the program's code and graph, with git and DVC, and nothing yet to build."""
    root.mkdir(parents=True, exist_ok=True)
    for name in WORKSPACE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    run(root, "dvc", "init", "--quiet")
    shutil.copy(ROOT / ".dvc/config", root / ".dvc/config")


def other_questions(luck: random.Random, name: str) -> Iterator[dict[str, str]]:
    """Questions of another kind, of which no other source has any."""
    for number in range(ROWS):
        code = f"{name[6:]}{number}"
        yield row(f"종목 {code}의 담당 부서는 어디입니까?", f"{luck.choice(NAMES)}부 {luck.randrange(1, 9)}팀")


def row(prompt: str, response: str) -> dict[str, str]:
    """A raw row."""
    return {"prompt": prompt, "response": response}


def curriculum(sources: list[str]) -> dict[str, Any]:
    """The shipped curriculum with these sources and five versions, small enough for seconds a version."""
    tree: dict[str, Any] = json.loads(json.dumps(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))))
    cpu = tree["profiles"]["cpu"]
    cpu["budget"] = {"tokens": 40000}
    cpu["base"]["build"]["steps"] = 400
    tree |= {"data": "own", "profiles": {"cpu": cpu}, "papers": {}, "generated": {}}
    spec = tree["sources"]["krx_samples"]
    tree["sources"] = {
        name: {"title": name, "input": "raw", "reader": spec["reader"], "forms": ["prompt_answer"], "heldout": 0}
        | {"licence": spec["licence"], "near_duplicates": "keep"}
        for name in sources
    }
    taught = [f"facts{group}" for group in (0, *PLANTED)]
    tree["versions"] = {"v1": version("base", taught)}
    for number in PLANTED:
        repeated = ["facts0", *(f"facts{group}" for group in PLANTED if group >= number)]
        beside = [f"beside{number}_{letter}" for letter in BESIDE]
        tree["versions"][f"v{number}"] = version(f"v{number - 1}", [*repeated, *beside])
    return tree


def version(parent: str, sources: list[str]) -> dict[str, Any]:
    """A version that takes every row of its sources once a pass."""
    return {
        "parent": parent,
        "because": "a benchmark",
        "mix": {source: {"form": "prompt_answer", "weight": 1} for source in sources},
        "replay": 0.0,
        "exclude": [],
        "exclude_scope": "mix",
        "train": {"lr_scale": 1.0, "budget_scale": 1.0},
    }


def run(root: Path, *command: str) -> str:
    """What a Python command prints, run in the workspace with its own code."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root),
        "KRX_PREFETCH": "0",
        "DVC_NO_ANALYTICS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise LineageError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

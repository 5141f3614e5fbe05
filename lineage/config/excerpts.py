"""What a stage reads of `params.yaml`, as a small file of its own: `check` writes them, DVC compares them.

    data/curriculum/mix/v3.json     {"seed": 20240901, "versions": {"v3": {…}, "v1": {…}}, "sources": {…}}
    data/curriculum/samples.json    {"sources": ["rules", …], "without_files": ["disclosures"]}: of the sample world
    data/curriculum/train.json      {"seed": 20240901, "chain": {…}, "profiles": {"cpu": {…}}}
    data/curriculum/evaluate.json   {"seed": 20240901, "evaluation": {…}, "profiles": {"cpu": {…}}}
    data/curriculum/report.json
    data/curriculum/cards.json

As parameters, all of them would stand in `dvc.lock` once for every version, and DVC reads and writes the whole lock
after every stage. A mix reads its own version, its ancestors and their sources, which dvc.yaml could not even list: its
file holds exactly these. The order is that of `params.yaml`: the order of a mix decides which of two rows that repeat
one another is taken. Defaults are written out, but not for training: a field that is new in the code, at its default,
must train nothing again.
"""

import json
import os
from pathlib import Path
from typing import Any

from lineage.config.buildable import with_samples, without_samples
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256_of

OF_REPORT = {"name", "profile", "data", "seed", "chain", "papers", "licences", "sources", "versions", "evaluation"}
OF_ANSWERING = {"compute_dtype", "load_in_4bit", "double_quant", "max_length", "threads"}
OF_CARDS = {"data", "licences", "sources", "versions"}
OF_MIX = {
    "parent",
    "mix",
    "replay",
    "exclude",
    "exclude_scope",
    "superseded",
    "deduplicate",
    "decontaminate",
    "drawn_as",
}
OF_ANCESTOR = OF_MIX - {"replay", "exclude_scope"}  # what it repeated or forbade shapes no row that it took


def excerpts(c: Curriculum) -> dict[Path, str]:
    """The text of every excerpt, by its place in the workspace."""
    taken = {version: c.versions[version].model_dump(mode="json", include=OF_ANCESTOR) for version in c.versions}
    found = {paths.mix_excerpt(version): _of_mix(c, version, taken) for version in c.versions}
    found[paths.SAMPLES_EXCERPT] = {"sources": with_samples(c), "without_files": without_samples(c)}
    found[paths.TRAIN_EXCERPT] = _of_training(c)
    found[paths.EVALUATE_EXCERPT] = _of_evaluation(c)
    found[paths.REPORT_EXCERPT] = _dumped(c, OF_REPORT)
    found[paths.CARDS_EXCERPT] = {**_dumped(c, OF_CARDS), "max_length": c.active.max_length}
    known: dict[int, str] = {}
    return {path: _text(tree, known) for path, tree in found.items()}


def _text(tree: dict[str, Any], known: dict[int, str]) -> str:
    """A tree as `json.dumps(tree, indent=1)` writes it. A version that stands in many excerpts is written out once.

    Args:
        tree: of an excerpt; what stands two levels deep may be shared between trees, and lives as long as they do.
        known: the text of what was met, by identity.
    """

    def inner(value: Any) -> str:
        if id(value) not in known:
            known[id(value)] = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n  ")
        return known[id(value)]

    lines = []
    for name, value in tree.items():
        if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
            rows = ",\n".join(f"  {json.dumps(key, ensure_ascii=False)}: {inner(one)}" for key, one in value.items())
            text = f"{{\n{rows}\n }}"
        else:
            text = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")
        lines.append(f" {json.dumps(name, ensure_ascii=False)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write_excerpts(c: Curriculum, out: Path) -> None:
    """Write all of them below `out`, which becomes `data/curriculum`."""
    for path, text in excerpts(c).items():
        file = out / path.relative_to(paths.CURRICULUM)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def must_be_checked(c: Curriculum, excerpt: Path) -> None:
    """Refuse a curriculum that is no longer the one that `check` wrote an excerpt of.

    DVC would note the excerpt beside a result that was made from something else, and take it for fresh. Of a stage run
    by hand it notes nothing.

    Raises:
        LineageError: if `params.yaml` was edited after the check.
    """
    if (
        "DVC_STAGE" in os.environ
        and excerpt.is_file()
        and excerpt.read_text(encoding="utf-8") != excerpts(c).get(excerpt)
    ):
        raise LineageError(f"{paths.PARAMS} was edited after {excerpt} was made from it; run `dvc repro` again")


def _of_mix(c: Curriculum, version: str, taken: dict[str, Any]) -> dict[str, Any]:
    line = [version, *c.ancestors(version)]
    read = {name: taken[name] for name in line[1:]}
    sources = dict.fromkeys(source for name in line for source in c.versions[name].mix)
    return {
        "seed": c.seed,
        "versions": {version: c.versions[version].model_dump(mode="json", include=OF_MIX)} | read,
        "sources": {
            source: {"near_duplicates": c.sources[source].near_duplicates}
            | ({"withdrawn": "all"} if c.sources[source].withdrawn == "all" else {})
            for source in sources
        },
    }


def _of_training(c: Curriculum) -> dict[str, Any]:
    """What all versions are trained with. Their own lines stay parameters.

    How often a run is saved shapes nothing, and where the base lies neither: what it is stands in its manifest.
    """
    profile = c.active.model_dump(mode="json", exclude_unset=True, exclude={"checkpoint_steps", "base"})
    chain = c.chain.model_dump(mode="json", exclude_unset=True)
    return {"seed": c.seed, "chain": chain, "profiles": {c.profile: profile}}


def _of_evaluation(c: Curriculum) -> dict[str, Any]:
    """What shapes answers and measures besides weights and rows."""
    profile = c.active.model_dump(mode="json", include=OF_ANSWERING)
    return {"seed": c.seed, "evaluation": c.evaluation.model_dump(mode="json"), "profiles": {c.profile: profile}}


def _dumped(c: Curriculum, fields: set[str]) -> dict[str, Any]:
    """Whole parts of the curriculum, but for the SHA-256 of withdrawn documents: those shall be found nowhere."""
    tree = c.model_dump(mode="json", include=fields)
    for spec in (*tree["sources"].values(), *tree.get("papers", {}).values()):
        if spec["withdrawn"] != "all":
            spec["withdrawn"] = [sha256_of(document)[:12] for document in spec["withdrawn"]]
    return tree

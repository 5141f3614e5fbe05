"""Counts every source and every mix, and writes a card and its facts for each."""

from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import find_base
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256, write_json
from lineage.datacards.counting import Ruler
from lineage.datacards.facts import mix_facts, source_facts
from lineage.datacards.rendering import index, mix_card, source_card


def cards(c: Curriculum, out: Path) -> str:
    """Write all cards into the folder `out`, and return what was counted, in a sentence.

    Raises:
        LineageError: there is no base, whose tokenizer counts the tokens.
    """
    ruler = find_ruler(c)
    if ruler is None:
        raise LineageError(
            f"{paths.BASE_TOKENIZER} or {paths.BASE_TEMPLATE.name}: not found, by both tokens are counted; "
            "run `dvc repro base`"
        )
    sources = [name for name in c.sources if paths.ingest_counts(name).is_file()]
    mixes = [version for version in c.in_order() if paths.mix_summary(version).is_file()]
    of_sources, of_mixes = [], []
    for name in sources:
        of_sources.append(source_facts(c, name, ruler))
        _write(out / "sources" / name, of_sources[-1], source_card(of_sources[-1]))
    for version in mixes:
        of_mixes.append(mix_facts(c, version, ruler))
        _write(out / "mixes" / version, of_mixes[-1], mix_card(of_mixes[-1]))
    absent = [name for name in (*c.sources, *c.in_order()) if name not in (*sources, *mixes)]
    (out / "index.md").write_text(index(of_sources, of_mixes, absent), encoding="utf-8", newline="\n")
    rows, tokens = (sum(p[name] for f in of_sources for p in f["parts"]) for name in ("rows", "tokens"))
    return f"{len(sources)} sources with {rows:,} rows and {tokens:,} tokens, {len(mixes)} mixes"


def find_ruler(c: Curriculum) -> Ruler | None:
    """What rows are measured by in this workspace; None where the base is not built."""
    base = find_base()
    if base is None or not (paths.BASE_TOKENIZER.is_file() and paths.BASE_TEMPLATE.is_file()):
        return None
    return Ruler(
        base.origin.repo or base.origin.model or base.origin.path or "the base that this lineage builds",
        paths.BASE_TOKENIZER,
        sha256(paths.BASE_TOKENIZER),
        paths.BASE_TEMPLATE.read_text(encoding="utf-8"),
        c.active.max_length,
    )


def _write(path: Path, facts: dict[str, Any], card: str) -> None:
    write_json(path.with_suffix(".json"), facts)
    path.with_suffix(".md").write_text(card, encoding="utf-8", newline="\n")

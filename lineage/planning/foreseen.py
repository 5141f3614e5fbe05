"""Which trainings will take up a finished adapter, told before their mixes are made: for estimates, never for results.

    foreseen(load_curriculum())     {"v5_3b": "v5_3", "v6": "v6"}

A mix is expected to be what it was if `params.yaml` says the same of a version and its line, names aside, and the rows
of its sources are what they were: of these the caller knows, by what DVC finds stale.
"""

import json
from collections import defaultdict
from typing import Any

from lineage.artifacts.base_manifest import find_base
from lineage.config.excerpts import excerpts
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.dvc_cache import LockedStage, locked_stages
from lineage.training.taken_up import Finished, finished, is_usable, made_alike, wanted


def foreseen(c: Curriculum) -> dict[str, str]:
    """Version → the finished version whose adapter its training takes up, if its sources give the rows that they gave.

    A version that is up to date takes up its own.
    """
    base = find_base()
    if base is None or not wanted():
        return {}
    locked, now = locked_stages(), excerpts(c)
    every, _ = finished(locked)
    by_mix: dict[str, list[Finished]] = defaultdict(list)
    for one in every:
        if said := _mixed_by(one, locked.get(f"mix@{one.version}")):
            by_mix[said].append(one)
    found: dict[str, Finished] = {}
    for version in c.in_order():
        v = c.version(version)
        parent_adapter = None if v.parent == BASE else c.versions[v.parent].train.adopted
        if v.parent in found:
            parent_adapter = found[v.parent].manifest.adapter
        elif v.parent != BASE and parent_adapter is None:
            continue  # the parent is trained, so this one is
        alike = by_mix[nameless(json.loads(now[paths.mix_excerpt(version)]))]
        for one in sorted(alike, key=lambda one: one.version != version):
            if v.spec.train.adopted is None and made_alike(one, c, v, base, parent_adapter) and is_usable(one, c, v):
                found[version] = one
                break
    return {version: one.version for version, one in found.items()}


def nameless(excerpt: dict[str, Any]) -> str:
    """What a mix reads of params.yaml, with the places of its versions in their line instead of their names."""
    line = [
        {field: value for field, value in spec.items() if field != "parent"} for spec in excerpt["versions"].values()
    ]
    return json.dumps([line, *(excerpt[field] for field in sorted(excerpt) if field != "versions")], ensure_ascii=False)


def _mixed_by(one: Finished, stage: LockedStage | None) -> str:
    """The same of a finished version, from DVC's cache; an empty text if it is not there."""
    file = stage and one.objects.whole(stage.deps.get(paths.mix_excerpt(one.version).as_posix(), ""))
    try:
        return nameless(json.loads(file.read_bytes())) if file else ""
    except (ValueError, LookupError, AttributeError, TypeError):
        return ""  # of a release that wrote it otherwise

"""What versions were trained with: settings that all share, those that differ, and requests that were not kept."""

from typing import Any

from lineage.reporting.workspace import Workspace


def settings(w: Workspace) -> dict[str, Any]:
    """Settings: those that all versions share, those that differ, and requests that were not kept."""
    made_here = {v: one.manifest for v, one in w.trained.items() if not one.manifest.adopted}
    names = sorted({name for m in made_here.values() for side in (m.requested, m.effective) for name in side})
    shared, varying, refused = {}, {}, []
    for name in names:
        asked = {v: m.requested.get(name) for v, m in made_here.items()}
        got = {v: m.effective.get(name, m.requested.get(name)) for v, m in made_here.items()}
        refused += [
            {"version": v, "setting": name, "requested": asked[v], "effective": got[v]}
            for v, m in made_here.items()
            if name in m.requested and asked[v] != got[v]
        ]
        if len({repr(value) for value in got.values()}) == 1:
            shared[name] = next(iter(got.values()))
        else:
            varying[name] = got
    return {"shared": shared, "varying": varying, "refused": refused}

"""What was found, in sentences computed from the figures of `comparison.json`."""

from collections.abc import Mapping, Sequence

from lineage.artifacts.comparison import ComparedVersion, Comparison, Pooled, SameMix
from lineage.reporting.workspace import Workspace


def findings(w: Workspace, comparison: Comparison) -> list[str]:
    """Sentences for the head of the page: gains, forgetting, what a road was worth, what is missing."""
    versions = comparison.versions
    pooled = {name: v.pooled for name, v in versions.items() if v.pooled}
    said = [*_gains(pooled), *_tasks(versions), *_forgetting(versions), *_roads(w, comparison.same_mix)]
    said += _contamination(versions)
    elsewhere = {name for name, v in versions.items() if name in v.unknown and v.sets}  # no set is its own
    if absent := [name for name in w.curriculum.versions if name not in pooled and name not in elsewhere]:
        said.append(f"{_list(absent)} {_are(absent)} not compared: see what is missing below.")
    return said


def figure(nats: float) -> str:
    """A signed difference with a real minus: +0.12, −1.05."""
    text = f"{nats:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def _gains(pooled: Mapping[str, Pooled]) -> list[str]:
    if not pooled:
        return ["No version has been compared with its parent yet: run `dvc repro`."]
    if len(pooled) == 1:
        (version,) = pooled
        p = pooled[version]
        verdict = {"improved": "improved", "worse": "became worse", "unclear": "did not improve"}[p.verdict]
        change = f"{p.parent_nll:.2f} → {p.nll:.2f} nats a token"
        return [f"{version} {verdict} on held-out rows of its own sources beyond noise, {change}."]
    better = [name for name, p in pooled.items() if p.improved]
    head = f"{len(better)} of {len(pooled)} versions improved on held-out rows of their own sources beyond noise"
    most = min(pooled, key=lambda name: pooled[name].difference)
    p = pooled[most]
    head += f"; {most} most, {p.parent_nll:.2f} → {p.nll:.2f} nats a token." if better else "."
    rest = [f"{name} ({figure(p.difference)})" for name, p in pooled.items() if not p.improved]
    return [head, *([f"No gain beyond noise: {_list(rest)}."] if rest else [])]


def _tasks(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """The largest gain on a task with a right answer, among a version's own sets."""
    gains = [
        (gain, version, name, one)
        for version, v in versions.items()
        for name, one in v.sets.items()
        if one.own and one.has_right_answers and one.score_difference_interval and (gain := one.score_gain) is not None
    ]
    if not gains:
        return []
    sure = [one for _, _, _, one in gains if one.score_difference_interval and one.score_difference_interval[0] > 0]
    _, version, name, one = max(gains, key=lambda g: g[0])
    chance = f" (chance {one.chance:.0%})" if one.chance is not None else ""
    tasks = f"{len(gains)} task{'s' * (len(gains) > 1)} with a right answer"
    said = f"Of {tasks} that a version was trained for, {len(sure) or 'none'} gained beyond noise"
    most = f"; most: {version} on {name}, {one.parent_score:.0%} → {one.score:.0%} right{chance}"
    return [f"{said}{most if sure else ''}."]


def _forgetting(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """The largest loss on something that an ancestor had been trained on, and how common such losses are."""
    losses = [
        (v.sets[name].difference, version, name, v.parent)
        for version, v in versions.items()
        for name in v.forgot
        if v.sets[name].seen_by
    ]
    if not losses:
        known = any(one.seen_by for v in versions.values() for one in v.sets.values())
        return ["No version became worse, beyond noise, on what its ancestors were trained on."] if known else []
    lost, version, name, parent = max(losses)
    forgetful = {entry[1] for entry in losses}
    return [
        f"{version} forgot {name} most: {figure(lost)} nats a token against its parent {parent}. "
        f"{len(forgetful)} of {len(versions)} versions forgot something that an ancestor had been trained on."
    ]


def _roads(w: Workspace, pairs: Sequence[SameMix]) -> list[str]:
    said = []
    for pair in pairs:
        first, second = pair.first, pair.second
        if pair.verdict == "unclear":
            what = f"{second} and {first} do not differ beyond noise"
        else:
            side = "better" if pair.verdict == "improved" else "worse"
            what = f"{second} is {side} by {abs(pair.difference):.2f} nats a token than {first}"
        roads = f"from {w.curriculum.versions[first].parent} and from {w.curriculum.versions[second].parent}"
        said.append(f"The same mix, {roads}: {what}.")
    return said


def _contamination(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """Whether held-out rows were met in training, what leaving them out changes, and who was not searched."""
    said = []
    if unsearched := [name for name, v in versions.items() if v.contamination.missing]:
        whose = "any version" if len(unsearched) == len(versions) else _list(unsearched)
        said.append(f"Whether the line of {whose} met held-out rows in training is not known yet: run `dvc repro`.")
    if unknown := [name for name, v in versions.items() if v.contamination.unknown]:
        elsewhere = _list(list(dict.fromkeys(u for v in versions.values() for u in v.contamination.unknown)))
        said.append(
            f"{elsewhere} {_was(elsewhere)} trained elsewhere, on unknown data: nobody can say whether the line of "
            f"{_list(unknown)} met held-out rows in training."
        )
    met = [(name, on, one) for name, v in versions.items() for on, one in v.contamination.sets.items()]
    if met:
        lines = len({name for name, _, _ in met})
        head = f"{lines} of {len(versions)} versions, or their ancestors, met held-out rows in training"
        changes = [
            (abs(one.clean.nll - full.nll), name, on, full.nll, one.clean.nll)
            for name, on, one in met
            if one.clean and (full := versions[name].sets.get(on))
        ]
        if not changes:
            return [*said, f"{head}; none of them is measured on what is left."]
        _, name, on, before, clean = max(changes)
        tail = f"without them NLL changes most for {name} on {on}, {before:.2f} → {clean:.2f} nats a token"
        return [*said, f"{head}; {tail}."]
    if versions and not unsearched and not unknown:
        said.append("No version of any line met a held-out row in training: every measure is clean.")
    return said


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _was(listed: str) -> str:
    return "were" if " and " in listed else "was"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"

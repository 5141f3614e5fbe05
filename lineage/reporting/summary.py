"""What was found, in sentences computed from the figures of `comparison.json`."""

from collections.abc import Collection, Mapping, Sequence

from lineage.artifacts.comparison import ComparedSet, ComparedVersion, Comparison, Pooled, SameMix
from lineage.reporting.workspace import Workspace

MOST_ROADS = 4  # pairs of the same mix of which a sentence is said


def findings(w: Workspace, comparison: Comparison) -> list[str]:
    """Sentences for the head of the page: gains, forgetting, what a road was worth, what is missing."""
    versions = comparison.versions
    pooled = {name: v.pooled for name, v in versions.items() if v.pooled}
    at_chance = {name for name in pooled if versions[name].pooled_shown != pooled[name].verdict}
    said = [*_gains(pooled, at_chance), *_tasks(versions), *_forgetting(versions), *_roads(w, comparison.same_mix)]
    said += [*_unfinished(versions), *_contamination(versions), *_tables(comparison)]
    elsewhere = {name for name, v in versions.items() if name in v.unknown and v.sets}  # no set is its own
    if absent := [name for name in w.curriculum.versions if name not in pooled and name not in elsewhere]:
        said.append(f"{_list(absent)} {_are(absent)} not compared: see what is missing below.")
    return said


def figure(nats: float) -> str:
    """A signed difference with a real minus: +0.12, −1.05."""
    text = f"{nats:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def _gains(pooled: Mapping[str, Pooled], at_chance: Collection[str]) -> list[str]:
    """What versions gained on their own sources. at_chance: those whose right answers are no more than chance."""
    if not pooled:
        return ["No version has been compared with its parent yet: run `dvc repro`."]
    if len(pooled) == 1:
        (version,) = pooled
        p = pooled[version]
        change = f"{p.parent_nll:.2f} → {p.nll:.2f} nats a token"
        if p.verdict == "too_few":
            return [f"{version} has too few held-out rows of its own sources for a verdict ({_size(p)}): {change}."]
        verdict = {"improved": "improved", "worse": "became worse", "unclear": "did not improve"}[p.verdict]
        but = ", but its right answers are no more than chance" if version in at_chance else ""
        return [f"{version} {verdict} on held-out rows of its own sources beyond noise, {change}{but}."]
    better = [name for name, p in pooled.items() if p.improved and name not in at_chance]
    head = f"{len(better)} of {len(pooled)} versions improved on held-out rows of their own sources beyond noise"
    most = min(better, key=lambda name: pooled[name].difference, default="")
    head += f"; {most} most, {pooled[most].parent_nll:.2f} → {pooled[most].nll:.2f} nats a token." if better else "."
    rest = [f"{name} ({figure(p.difference)})" for name, p in pooled.items() if p.verdict in ("unclear", "worse")]
    few = [f"{name} ({_size(p)})" for name, p in pooled.items() if p.verdict == "too_few"]
    said = [head, *([f"No gain beyond noise: {_list(rest)}."] if rest else [])]
    likelier = [f"{name} ({figure(pooled[name].difference)})" for name in pooled if name in at_chance]
    said += [f"Likelier, but right answers are no more than chance: {_list(likelier)}."] if likelier else []
    return [*said, *([f"Too few held-out rows of their own sources for a verdict: {_list(few)}."] if few else [])]


def _size(p: Pooled) -> str:
    return f"{p.rows:,} row{'s' * (p.rows != 1)} of {p.groups:,} group{'s' * (p.groups != 1)}"


def _tasks(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """How many tasks with a right answer were gained, and lost, among each version's own sets; the most of both."""
    tasks = [
        (gain, version, name, one)
        for version, v in versions.items()
        for name, one in v.own.items()
        if one.has_right_answers and one.score_verdict and (gain := one.score_gain) is not None
    ]
    if not tasks:
        return []
    gained = [task for task in tasks if task[3].score_shown == "improved"]
    lost = [task for task in tasks if task[3].score_shown == "worse"]
    at_chance = [task for task in tasks if task[3].score_verdict == "improved" and task not in gained]
    number = f"{len(tasks)} task{'s' * (len(tasks) > 1)} with a right answer"
    said = f"Of {number} that a version was trained for, {len(gained) or 'none'} gained beyond noise and above chance"
    said += f", {len(lost)} lost" if lost else ""
    said += f"; most: {_task(max(gained, key=lambda task: task[0]))}" if gained else ""
    said += f"; worst: {_task(min(lost, key=lambda task: task[0]))}" if lost else ""
    rose = [f"{version} on {name}" for _, version, name, _ in at_chance]
    return [f"{said}.", *([f"Risen, but no better than chance: {_list(rose)}."] if rose else [])]


def _task(task: tuple[float, str, str, ComparedSet]) -> str:
    _, version, name, one = task
    chance = f" (chance {one.chance:.0%})" if one.chance is not None else ""
    return f"{version} on {name}, {one.parent_score:.0%} → {one.score:.0%} right{chance}"


def _tables(comparison: Comparison) -> list[str]:
    """What a model of tables says of the same rows as the versions whose own set it is."""
    said = []
    for name, table in comparison.tables.items():
        mine = {v: one.own[name].figures for v, one in comparison.versions.items() if name in one.own}
        others = [
            f"{v} {one['accuracy'].value:.0%} ({one['macro_f1'].value:.2f})"
            for v, one in mine.items()
            if "accuracy" in one and "macro_f1" in one
        ]
        if others:
            beside = f"{table.accuracy.value:.0%} (macro-F1 {table.macro_f1.value:.2f})"
            said.append(f"On {name} gradient boosting on the same fields names {beside} rightly, {_list(others)}.")
    return said


def _forgetting(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """The largest loss on something that an ancestor had been trained on, and how common such losses are."""
    able = {name: v for name, v in versions.items() if v.may_forget}
    if not able:
        return []
    sets = sum(len(v.may_forget) for v in able.values())
    losses = [(v.sets[name].difference, version, name, v.parent) for version, v in able.items() for name in v.forgot]
    if not losses:
        return [f"No version forgot, beyond noise, any of the {sets} sets that its ancestors were trained on."]
    lost, version, name, parent = max(losses)
    forgetful = sorted({entry[1] for entry in losses})
    return [
        f"{version} forgot {name} most: {figure(lost)} nats a token against its parent {parent}. {len(forgetful)} of "
        f"{len(able)} versions forgot something that an ancestor had been trained on, {len(losses)} of {sets} sets."
    ]


def _unfinished(versions: Mapping[str, ComparedVersion]) -> list[str]:
    """Rows that were not asked and answers that did not come to an end, where they were most of a set."""
    sets = [(version, name, one) for version, v in versions.items() for name, one in v.sets.items()]
    said = []
    if endings := [(one.cut + one.endless, version, name, one) for version, name, one in sets if one.answered]:
        cut, endless = sum(one.cut for *_, one in endings), sum(one.endless for *_, one in endings)
        ended, version, name, one = max(endings, key=lambda e: (e[0] / e[3].answered, e[0]))
        if ended:
            answers = sum(one.answered for *_, one in endings)
            said.append(
                f"Of {answers:,} answers {cut:,} were cut by the budget and {endless:,} never ended, most of {version} "
                f"on {name}: {ended:,} of {one.answered:,}."
            )
    too_long = {name: one for _, name, one in sets if one.too_long}
    if too_long:
        name, one = max(too_long.items(), key=lambda item: item[1].too_long / (item[1].too_long + item[1].rows))
        said.append(
            f"Rows longer than `max_length` were not asked in {len(too_long)} set{'s' * (len(too_long) > 1)}, most in "
            f"{name}: {one.too_long:,} of {one.too_long + one.rows:,}."
        )
    return said


def _roads(w: Workspace, pairs: Sequence[SameMix]) -> list[str]:
    """What other roads to the same mix were worth: of many pairs those that differ most."""
    said = []
    for pair in (
        sorted(pairs, key=lambda pair: -abs(pair.difference))[:MOST_ROADS] if len(pairs) > MOST_ROADS else pairs
    ):
        first, second = pair.first, pair.second
        if pair.verdict == "too_few":
            what = f"too few held-out rows to tell {second} from {first}"
        elif pair.verdict == "unclear":
            what = f"{second} and {first} do not differ beyond noise"
        else:
            side = "better" if pair.verdict == "improved" else "worse"
            what = f"{second} is {side} by {abs(pair.difference):.2f} nats a token than {first}"
        roads = f"from {w.curriculum.versions[first].parent} and from {w.curriculum.versions[second].parent}"
        said.append(f"The same mix, {roads}: {what}.")
    if len(pairs) > MOST_ROADS:
        said.append(f"{len(pairs) - MOST_ROADS:,} more pairs of versions have the same mix: see the table below.")
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
        if f"{before:.2f}" == f"{clean:.2f}":
            tail = "without them every NLL is the same, to two places"
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

"""What no single field of a curriculum shows: lost references, cycles, exclusions an ancestor breaks."""

from collections.abc import Iterator
from pathlib import Path

from lineage.config.reserved import BASE, why_reserved
from lineage.config.schema import Curriculum
from lineage.core import paths


def mistakes(c: Curriculum) -> Iterator[str]:
    """Everything that no single field shows: references, cycles, exclusions."""
    if c.profile not in c.profiles:
        yield f"profile: {c.profile!r} is none of {', '.join(c.profiles)}"
    elif c.profile == "gpu" and c.data == "sample":
        yield "data: the gpu profile trains on real data only; set data: own (the sample world is for cpu and small)"
    yield from _launch(c)
    documents = {name for name, spec in c.sources.items() if spec.input == "documents"}
    for name in sorted(documents ^ set(c.papers)):
        yield f"papers.{name}: a source with input: documents needs an entry in papers, and only such a source has one"
    yield from _generated(c)
    yield from _goal(c)
    yield from _evaluation(c)
    for name, spec in c.sources.items():
        if why := why_reserved(name, version=False):
            yield f"sources.{name}: {why}; choose another name"
        if spec.licence not in c.licences:
            yield f"sources.{name}.licence: unknown licence {spec.licence!r}; allowed: {', '.join(c.licences)}"
    for name, version in c.versions.items():
        at = f"versions.{name}"
        if why := why_reserved(name, version=True):
            yield f"{at}: {why}; choose another name, such as v7"
        for profile, trained in c.profiles.items():
            if trained.base.path and Path(trained.base.path) == paths.adapter(name):
                yield f"{at}: profiles.{profile}.base.path is {trained.base.path}, the folder of {name}; move the base"
        if version.parent != BASE and version.parent not in c.versions:
            yield f"{at}.parent: unknown version {version.parent!r}; allowed: base, {', '.join(c.versions)}"
        for source, entry in version.mix.items():
            if source not in c.sources:
                yield f"{at}.mix.{source}: unknown source; allowed: {', '.join(c.sources)}"
            elif entry.form not in c.sources[source].forms:
                allowed = ", ".join(c.sources[source].forms)
                yield f"{at}.mix.{source}.form: {entry.form!r} is none of sources.{source}.forms ({allowed})"
            elif c.sources[source].heldout == 1:
                yield f"{at}.mix.{source}: a benchmark (sources.{source}.heldout is 1) is never trained on"
            if source in version.exclude:
                yield f"{at}.exclude: {source!r} is also in this version's mix; take it out of one of them"
        for source in version.exclude:
            if source not in c.sources:
                yield f"{at}.exclude: unknown source {source!r}; allowed: {', '.join(c.sources)}"
        yield from _training(c, name)
        yield from _cycle(c, name) or [*_ancestry(c, name), *_rank(c, name)]


def _launch(c: Curriculum) -> Iterator[str]:
    """Ways to share a model between processes that the engines do not have, or that nobody has seen to work."""
    for name, profile in c.profiles.items():
        at, launch = f"profiles.{name}", profile.launch
        if launch.processes == 1:
            continue
        if profile.trainer == "unsloth":
            yield f"{at}.launch.processes: {launch.processes}, but unsloth trains in one process; set trainer: hf, or 1"
        if launch.nodes > 1 and launch.strategy == "zero3":
            yield f"{at}.launch.strategy: zero3 was never seen to work on several nodes; set ddp or fsdp2, or nodes: 1"
        if launch.strategy != "ddp" and profile.load_in_4bit:
            yield f"{at}.load_in_4bit: {launch.strategy} cannot split 4-bit weights; set false, or launch.strategy: ddp"
        if launch.strategy != "ddp" and profile.optimizer != "adamw_torch":
            why = {
                "fsdp2": "bitsandbytes cannot step split tensors",
                "zero3": "8-bit blocks would span flattened tensors",
            }
            yield (
                f"{at}.optimizer: {profile.optimizer!r} does not go with {launch.strategy}: {why[launch.strategy]}; "
                f"set adamw_torch (its state is split too), or launch.strategy: ddp"
            )
        if name == c.profile:
            for version, spec in c.versions.items():
                if spec.train.preference:
                    yield (
                        f"versions.{version}.train.preference: a preference phase trains in one process, but "
                        f"{at}.launch.processes is {launch.processes}; set 1, or take the phase out"
                    )


def _training(c: Curriculum, name: str) -> Iterator[str]:
    """A version is trained on a mix, or was trained elsewhere on what nobody here knows."""
    version = c.versions[name]
    if version.train.adopted is None:
        if not version.mix:
            yield f"versions.{name}.mix: empty; name a source to train on"
        return
    if version.mix or version.replay:
        yield f"versions.{name}.mix: {name} is adopted, it was trained elsewhere; take its mix and replay out"
    if version.exclude:
        yield f"versions.{name}.exclude: {name} is adopted, what it was trained on is unknown; take its exclude out"
    if version.train.preference:
        yield f"versions.{name}.train.preference: {name} is adopted, it is not trained here; take it out"


def _rank(c: Curriculum, name: str) -> Iterator[str]:
    """An r that shrinks: rows of a trained adapter cannot be taken away without changing what it does."""
    version = c.versions[name]
    if version.train.r and not version.train.adopted and version.parent in c.versions:
        before = c.version(version.parent).lora.r
        if version.train.r < before:
            yield (
                f"versions.{name}.train.r: {version.train.r}, but its parent {version.parent} has {before}; r never "
                f"shrinks; take it out, or give {before} or more"
            )


def _generated(c: Curriculum) -> Iterator[str]:
    """Generated sources and their references. A question is held out exactly when what it was made from is."""
    made = {name for name, spec in c.sources.items() if spec.input == "generated"}
    for name in sorted(made ^ set(c.generated)):
        yield f"generated.{name}: a source with input: generated needs an entry here, and only such a source has one"
    for name in sorted(made & set(c.generated)):
        reference = c.generated[name].reference
        if reference not in c.sources or reference in made:
            others = ", ".join(sorted(set(c.sources) - made))
            yield f"generated.{name}.reference: {reference!r} is no source of its own; allowed: {others}"
        elif c.sources[reference].heldout != c.sources[name].heldout:
            yield (
                f"sources.{name}.heldout: {c.sources[name].heldout:g}, but {c.sources[reference].heldout:g} of its "
                f"reference {reference} is held out; both must be the same, or held-out text leaks into training"
            )
        elif c.sources[reference].licence != c.sources[name].licence:
            yield (
                f"sources.{name}.licence: {c.sources[name].licence!r}, but what it is made from, {reference}, is under "
                f"{c.sources[reference].licence!r}; a text made from another one keeps its terms"
            )


def _goal(c: Curriculum) -> Iterator[str]:
    """A goal that names sets which are none, or counts no set at all."""
    for field, names in c.goal.named().items():
        for name in names:
            source, _, form = name.partition(".")
            if source not in c.sources:
                yield f"goal.{field}.{name}: unknown source {source!r}; allowed: {', '.join(c.sources)}"
            elif form and form not in c.sources[source].forms:
                forms = ", ".join(c.sources[source].forms)
                yield f"goal.{field}.{name}: {form!r} is none of sources.{source}.forms ({forms})"
    sets = [f"{source}.{form}" for source, spec in c.sources.items() if spec.heldout for form in spec.forms]
    if sets and not any(c.goal.weight_of(name) for name in sets):
        yield "goal.weights: no set counts; give one of them a weight above 0"


def _evaluation(c: Curriculum) -> Iterator[str]:
    """Held-out sets with measures of their own that are no sets, and answers that cannot be as long as is asked."""
    made = c.evaluation.generation
    most = c.evaluation.max_new_tokens
    if made and made.new_tokens and made.new_tokens > most:
        yield f"evaluation.generation.new_tokens: {made.new_tokens}, but evaluation.max_new_tokens is {most}; raise it"
    for name, spec in c.evaluation.sets.items():
        at, (source, _, form) = f"evaluation.sets.{name}", name.partition(".")
        if source not in c.sources:
            yield f"{at}: unknown source {source!r}; allowed: {', '.join(c.sources)}"
        elif form and form not in c.sources[source].forms:
            yield f"{at}: {form!r} is none of sources.{source}.forms ({', '.join(c.sources[source].forms)})"
        if spec == type(spec)():
            yield f"{at}: it says nothing; give rows, max_new_tokens, measures or into, or take the line out"
        longest = min(spec.max_new_tokens or most, (made.new_tokens if made else None) or most)
        if spec.valid_within and spec.valid_within[-1] > longest:
            yield f"{at}.valid_within: {spec.valid_within[-1]}, but no answer is longer than {longest} tokens; raise it"


def _cycle(c: Curriculum, name: str) -> list[str]:
    """A line of parents that does not end at the base."""
    path = [name]
    while (parent := c.versions[path[-1]].parent) in c.versions and parent != BASE:
        if parent in path:
            return [f"versions.{name}.parent: a cycle, {' → '.join([*path, parent])}; one of them must continue base"]
        path.append(parent)
    if parent == BASE or path == [name]:
        return []
    return [f"versions.{name}: its ancestor {path[-1]!r} has the unknown parent {parent!r}"]


def _ancestry(c: Curriculum, name: str) -> Iterator[str]:
    """An exclusion with scope `ancestry` that an ancestor breaks."""
    version = c.versions[name]
    if version.exclude_scope == "ancestry" and version.parent in (BASE, *c.versions):
        for ancestor in c.ancestors(name):
            if version.exclude and c.versions[ancestor].train.adopted:
                yield (
                    f"versions.{name}.exclude_scope: ancestry cannot be promised, its ancestor {ancestor} was trained "
                    f"elsewhere on unknown data; continue a version above {ancestor}, or use exclude_scope: mix"
                )
            for source in sorted(set(version.exclude) & set(c.versions[ancestor].mix)):
                yield (
                    f"versions.{name}.exclude: {source!r} with exclude_scope: ancestry, but the ancestor {ancestor} "
                    f"is trained on it; continue a version that is not, or use exclude_scope: mix"
                )

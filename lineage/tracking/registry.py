"""The model registry: one registered model, a model version per adapter, aliases to load by.

    models:/krx-lineage@lineage-v6      the adapter of v6, as it stands now
    models:/krx-lineage@champion        the adapter that the last promotion in promotions.yaml names

The alias `champion` follows promotions.yaml, never a version's name. Which model version we pointed it at stands in a
tag of the registered model: one that points elsewhere was set by a person, and is reported and left.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.artifacts.promotions import Promotion, pasted
from lineage.config.own_name import lineage_name
from lineage.core import paths
from lineage.core.paths import PROMOTIONS
from lineage.core.plain_text import plain
from lineage.tracking.differences import STATE_TAG, wrong_files
from lineage.tracking.notes import MODEL_LIMIT, NOTE, with_peoples
from lineage.tracking.run_contents import Facts

CHAMPION = "champion"
OURS = "lineage-"  # how the aliases of versions begin
SET_BY_US = "champion_set_by_publish"  # tag of the registered model: numbers of model versions
TOLD = (
    "fingerprint",
    "adapter",
    "parent",
    "against_parent",
    "against_champion",
)  # tags of a run that its model version has too
OUTDATED = {"gate", "against_parent", "against_champion"}  # those that may be true no longer
TAG_LIMIT = 4900  # characters; MLflow's is 5,000
ONE_LINE = re.compile(r"\S+, continues \S+")  # what an earlier release described a model version by
ABOUT = "Adapters of the lineage: a model version is a version at one fingerprint. Its run has card and measures."


@dataclass(slots=True)
class Registry:
    """The registered model and its versions, by number; None and none before the first publish."""

    model: Any | None
    versions: dict[str, Any]

    def adapter_of(self, number: str, runs: dict[str, Any]) -> tuple[str, str]:
        """Fingerprint and adapter of a model version; that of an older publish has the latter in its run alone."""
        one = self.versions[number]
        run = runs.get(one.run_id)
        adapter = one.tags.get("adapter") or (run.data.tags.get("adapter", "") if run else "")
        return one.tags.get("fingerprint", ""), adapter


def read_registry(client: Any) -> Registry:
    """What is registered."""
    found = [m for m in client.search_registered_models(f"name = '{lineage_name()}'") if m.name == lineage_name()]
    versions, token = dict[str, Any](), None
    while found:
        page = client.search_model_versions(f"name = '{lineage_name()}'", max_results=1000, page_token=token)
        versions |= {str(one.version): one for one in page}
        if not (token := page.token):
            break
    return Registry(found[0] if found else None, versions)


def kept_runs(registry: Registry, runs: dict[str, Any], promotion: Promotion | None) -> set[str]:
    """The ids of runs whose adapter is promoted, or is loaded by an alias that is not a version's."""
    aliases = registry.model.aliases if registry.model else {}
    named = {str(number) for alias, number in aliases.items() if not alias.startswith(OURS)}
    if promotion:
        named |= {n for n in registry.versions if promotion.is_of(*registry.adapter_of(n, runs))}
    return {registry.versions[number].run_id for number in named if number in registry.versions}


def standing_champion(client: Any, registry: Registry) -> str | None:
    """Where the alias `champion` points: `v2 at 1a2b3c4d5e6f (adapter 91c0ffee0123)`; None if there is none."""
    from mlflow.exceptions import MlflowException

    number = str(registry.model.aliases.get(CHAMPION, "")) if registry.model else ""
    if number not in registry.versions:
        return None
    one = registry.versions[number]
    try:
        runs = {one.run_id: client.get_run(one.run_id)}
    except MlflowException:  # its run is gone for good
        runs = {}
    adapter = registry.adapter_of(number, runs)[1]
    return f"{_described(registry, number)} (adapter {adapter[:12] or 'unknown'})"


def register(
    client: Any,
    told: list[tuple[Facts, Any]],
    runs: dict[str, Any],
    states: dict[str, str],
    known: Collection[str],
    promotions: Sequence[Promotion] = (),
) -> Iterator[str]:
    """Register each version, and point the versions' aliases; yields what people should know.

    Args:
        client: an MlflowClient.
        told: the versions with their runs.
        runs: all runs that are not in the bin, by id.
        states: run id → what its version is now.
        known: the names of the curriculum's versions.
        promotions: what the gate decided, oldest first.
    """
    registry = read_registry(client)
    if registry.model is None:
        registry.model = client.create_registered_model(lineage_name(), description=ABOUT)
    for facts, run in told:
        mine = [one for one in promotions if one.is_of(facts.tags["fingerprint"], facts.tags["adapter"])]
        number = _model_version(client, registry, facts, run, runs, _decided(mine))
        alias = f"{OURS}{facts.name}"
        if str(registry.model.aliases.get(alias)) != number:
            client.set_registered_model_alias(lineage_name(), alias, number)
    for number, one in registry.versions.items():
        state = states.get(one.run_id)
        if state and one.tags.get(STATE_TAG) != state:
            client.set_model_version_tag(lineage_name(), number, STATE_TAG, state)
    for alias, number in registry.model.aliases.items():
        ours = alias.startswith(OURS) and "fingerprint" in _tags(registry, number)
        if ours and alias.removeprefix(OURS) not in known:
            client.delete_registered_model_alias(lineage_name(), alias)
            yield f"alias {alias}: taken away, params.yaml has no such version; model version {number} stays"


def _decided(entries: Sequence[Promotion]) -> str:
    """What the gate said of an adapter when it was last asked: `refused on 2026-11-27 against v5_3: …`."""
    asked = [one for one in entries if one.look]
    if not asked:
        return ""
    last = asked[-1]
    when = f" on {last.when}" if last.when else ""
    against = f" against {last.against.version}" if last.against else ""
    return plain(f"{last.kind}{when}{against}: {' · '.join(last.reasons)}")[:TAG_LIMIT]


def point_champion(
    client: Any, promotion: Promotion | None, told: dict[str, Facts], runs: dict[str, Any]
) -> Iterator[str]:
    """Make the alias `champion` follow the last promotion; yields what people should know.

    Args:
        client: an MlflowClient.
        promotion: the last one.
        told: the versions that are built, by name.
        runs: all runs that are not in the bin, by id.
    """
    registry = read_registry(client)
    model = registry.model
    at = str(model.aliases[CHAMPION]) if model and CHAMPION in model.aliases else None
    number = _promoted(client, registry, runs, promotion) if promotion else None
    if at is not None and at != number and not _set_by_us(registry, at):
        says = f"{PROMOTIONS} says {promotion.name}" if promotion else f"{PROMOTIONS} names no champion"
        yield (
            f"champion: MLflow's alias was set by hand, to model version {at} ({_described(registry, at)}); {says}. "
            f"The alias is left as it is. To follow the file, take the alias away in MLflow and run: lineage publish"
        )
        built = next((f for f in told.values() if _is(f, *registry.adapter_of(at, runs))), None)
        yield from [f"To keep it, write into {PROMOTIONS}:\n{pasted(built.built)}"] if built else []
        return
    if promotion is None:
        if at is not None:
            client.delete_registered_model_alias(lineage_name(), CHAMPION)
            yield f"champion: the alias is taken away, {PROMOTIONS} names none"
        return
    if number is None:
        yield (
            f"champion: {promotion.name} is neither built here nor in MLflow, so no alias points at it. Bring it back "
            f"(git checkout of its dvc.lock, then dvc checkout {paths.adapter(promotion.version)}), or promote another"
        )
        if at is not None:
            client.delete_registered_model_alias(lineage_name(), CHAMPION)
            yield f"champion: the alias at {_described(registry, at)}, the champion before it, is taken away"
    else:
        yield from _point(client, registry, promotion, number, at)
    yield from _renamed_or_rebuilt(promotion, told, found=number is not None)


def _point(client: Any, registry: Registry, promotion: Promotion, number: str, at: str | None) -> Iterator[str]:
    tags = {"promoted_because": plain(promotion.because)}
    tags |= {"promoted_by": plain(promotion.by)} if promotion.by else {}
    if promotion.kind == "overridden":  # what the gate had said against it
        tags |= {"promoted_by_override": plain("\n".join(promotion.reasons)) or "yes"}
    has = _tags(registry, number)
    for name, value in tags.items():
        if has.get(name) != value:
            client.set_model_version_tag(lineage_name(), number, name, value)
    for name in {"promoted_by", "promoted_by_override"} & set(has) - set(tags):
        client.delete_model_version_tag(lineage_name(), number, name)
    # First the tag with both, so that one who is killed in between has set the alias all the same.
    if at != number:
        client.set_registered_model_tag(lineage_name(), SET_BY_US, ",".join(filter(None, (at, number))))
        client.set_registered_model_alias(lineage_name(), CHAMPION, number)
        yield f"champion: the alias now points at {promotion.name}, model version {number}"
    if registry.model is not None and (at != number or registry.model.tags.get(SET_BY_US) != number):
        client.set_registered_model_tag(lineage_name(), SET_BY_US, number)


def _renamed_or_rebuilt(promotion: Promotion, told: dict[str, Facts], found: bool) -> Iterator[str]:
    """What became of the promoted version's name since."""
    same = [facts.name for facts in told.values() if _is(facts, promotion.fingerprint, promotion.adapter)]
    if same and promotion.version not in same:
        yield f"champion: {promotion.name} is now called {same[0]}"
        return
    now = told.get(promotion.version)
    if now is None or same:
        return
    yield (
        f"champion: {now.name} was rebuilt ({now.tags['fingerprint'][:12]}, adapter {now.tags['adapter'][:12]}): "
        + (f"the champion is still {promotion.name}; " if found else "that is not what was promoted; ")
        + f"promote it anew to move the alias, in {PROMOTIONS}:\n{pasted(now.built)}"
    )


def _promoted(client: Any, registry: Registry, runs: dict[str, Any], promotion: Promotion) -> str | None:
    """The number of the model version of the promoted adapter, if its file is still there; of several the newest."""
    from mlflow.exceptions import MlflowException

    for number in sorted(registry.versions, key=int, reverse=True):
        fingerprint, adapter = registry.adapter_of(number, runs)
        if not promotion.is_of(fingerprint, adapter):
            continue
        try:
            run = runs.get(registry.versions[number].run_id) or client.get_run(registry.versions[number].run_id)
            if not wrong_files(client, run, {f"adapter/{paths.WEIGHTS}": adapter}, {}):
                return number
        except MlflowException:  # its run is gone for good
            continue
    return None


def _model_version(client: Any, registry: Registry, facts: Facts, run: Any, runs: dict[str, Any], decided: str) -> str:
    """The number of the model version of this run; one that stood for a run now in the bin hands over and goes.

    Args:
        client: an MlflowClient.
        registry: what is registered; a new model version is added.
        facts: the version.
        run: its run.
        runs: all runs that are not in the bin, by id.
        decided: what the gate said of it last; empty where nobody asked.
    """
    tags = {"lineage_version": facts.name, "gate": decided} | {name: facts.tags.get(name, "") for name in TOLD}
    tags = {name: value for name, value in tags.items() if value}
    mine = next((one for one in registry.versions.values() if one.run_id == run.info.run_id), None)
    if mine is None:
        source = f"{run.info.artifact_uri}/adapter"
        mine = client.create_model_version(lineage_name(), source, run.info.run_id, tags, await_creation_for=0)
        registry.versions[str(mine.version)] = mine
    number, present = str(mine.version), mine.description or ""
    for name, value in tags.items():
        if mine.tags.get(name) != value:
            client.set_model_version_tag(lineage_name(), number, name, value)
    for name in OUTDATED & set(mine.tags) - set(tags):
        client.delete_model_version_tag(lineage_name(), number, name)
    peoples = bool(present) and not ONE_LINE.fullmatch(present)
    about = with_peoples(facts.tags[NOTE], present, told_before=peoples, limit=MODEL_LIMIT)
    if present != about:
        client.update_model_version(lineage_name(), number, about)
    for stale in [str(one.version) for one in registry.versions.values() if one.run_id not in runs]:
        has = _tags(registry, stale)
        if (has.get("lineage_version"), has.get("fingerprint")) == (facts.name, facts.tags["fingerprint"]):
            _hand_over(client, registry, stale, number, same=has.get("adapter") in (None, facts.tags["adapter"]))
    return number


def _hand_over(client: Any, registry: Registry, stale: str, number: str, *, same: bool) -> None:
    """Delete a model version. What people gave it, and its aliases, go to the one of the `same` adapter."""
    assert registry.model is not None
    if same:
        mine = _tags(registry, number)
        for name, value in _tags(registry, stale).items():
            if name not in mine:
                client.set_model_version_tag(lineage_name(), number, name, value)
                mine[name] = value
        ours = registry.model.tags.get(SET_BY_US, "").split(",")
        if stale in ours:
            client.set_registered_model_tag(lineage_name(), SET_BY_US, f"{stale},{number}")
        for alias, at in registry.model.aliases.items():
            if str(at) == stale and not alias.startswith(OURS):
                client.set_registered_model_alias(lineage_name(), alias, number)
    client.delete_model_version(lineage_name(), stale)
    del registry.versions[stale]


def _set_by_us(registry: Registry, number: str) -> bool:
    """Whether we pointed `champion` at it. An older publish left no tag for that, but the promotion's reason."""
    said = registry.model.tags.get(SET_BY_US) if registry.model else None
    return number in said.split(",") if said is not None else "promoted_because" in _tags(registry, number)


def _described(registry: Registry, number: str) -> str:
    tags = _tags(registry, number)
    if "lineage_version" not in tags:
        return "which is not of the lineage"
    return f"{tags['lineage_version']} at {tags.get('fingerprint', '')[:12]}"


def _tags(registry: Registry, number: Any) -> dict[str, str]:
    one = registry.versions.get(str(number))
    return one.tags if one else {}


def _is(facts: Facts, fingerprint: str, adapter: str) -> bool:
    return bool(fingerprint and adapter) and (
        facts.tags["fingerprint"].startswith(fingerprint) and facts.tags["adapter"].startswith(adapter)
    )

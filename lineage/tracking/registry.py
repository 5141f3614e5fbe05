"""The model registry: one registered model, a model version per lineage version, aliases to load by.

    models:/krx-lineage@lineage-v6      the adapter of v6, as it stands now
    models:/krx-lineage@champion        what `promotions.yaml` says

promotions.yaml keeps what only people know, in git; its last entry is the present champion:

    - {version: v6, because: "better than v5_3 on 6 of 8 sets, forgot none", by: "the evaluation meeting"}
"""

from pathlib import Path
from typing import Any

import yaml

from lineage.core.errors import LineageError
from lineage.tracking.run_contents import Facts

MODEL = "krx-lineage"
CHAMPION = "champion"
PROMOTIONS = Path("promotions.yaml")
ABOUT = "Adapters of the lineage: a model version is a version at one fingerprint. Its run has card and measures."


def read_promotions(path: Path = PROMOTIONS) -> list[dict[str, str]]:
    """The promotions, oldest first; none if the file is absent or holds only comments.

    Raises:
        LineageError: naming the entry and what is wrong with it.
    """
    if not path.is_file():
        return []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise LineageError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(entries, list):
        raise LineageError(f"{path}: expected a list of {{version, because, by}}, found {type(entries).__name__}")
    for number, entry in enumerate(entries, 1):
        at = f"{path}: entry {number}"
        if not isinstance(entry, dict) or not all(isinstance(v, str) and v.strip() for v in entry.values()):
            raise LineageError(f"{at}: expected version, because and by as texts, found {entry!r}")
        if missing := {"version", "because"} - set(entry):
            raise LineageError(
                f"{at}: {', '.join(sorted(missing))} missing; a promotion names a version and its reason"
            )
        if unknown := set(entry) - {"version", "because", "by"}:
            raise LineageError(f"{at}: unknown field {', '.join(sorted(unknown))}; allowed: version, because, by")
    return entries


def champion(promotions: list[dict[str, str]], published: list[str]) -> dict[str, str] | None:
    """The present champion's entry.

    Raises:
        LineageError: it names a version that is not published.
    """
    if not promotions:
        return None
    if (name := promotions[-1]["version"]) not in published:
        raise LineageError(
            f"{PROMOTIONS}: entry {len(promotions)}: {name!r} is not among the versions that are built "
            f"({', '.join(published)}); build it (dvc repro evaluate@{name}) or promote another"
        )
    return promotions[-1]


def register(client: Any, versions: list[tuple[Facts, str, str]], promoted: dict[str, str] | None) -> None:
    """Register each version (facts, run id, the run's artifact URI) and point the aliases."""
    model = _registered_model(client)
    known = {v.version: v for v in client.search_model_versions(f"name = '{MODEL}'", max_results=10_000)}
    wanted: dict[str, tuple[str, dict[str, str]]] = {}
    for facts, run_id, artifact_uri in versions:
        number = _model_version(client, known, facts, run_id, artifact_uri)
        wanted[f"lineage-{facts.name}"] = (number, {})
        if promoted and promoted["version"] == facts.name:
            wanted[CHAMPION] = (number, {f"promoted_{k}": v for k, v in promoted.items() if k != "version"})
    for alias, (number, tags) in wanted.items():
        if str(model.aliases.get(alias)) != number:
            client.set_registered_model_alias(MODEL, alias, number)
        for name, value in tags.items():
            if number not in known or known[number].tags.get(name) != value:
                client.set_model_version_tag(MODEL, number, name, value)
    if CHAMPION in model.aliases and CHAMPION not in wanted:
        client.delete_registered_model_alias(MODEL, CHAMPION)


def _registered_model(client: Any) -> Any:
    found = [m for m in client.search_registered_models(f"name = '{MODEL}'") if m.name == MODEL]
    return found[0] if found else client.create_registered_model(MODEL, description=ABOUT)


def _model_version(client: Any, known: dict[str, Any], facts: Facts, run_id: str, artifact_uri: str) -> str:
    """The number of the model version of this run; one that stood for a run now in the bin is taken away."""
    tags = {"lineage_version": facts.name, "fingerprint": facts.tags["fingerprint"]}
    same = [v for v in known.values() if tags.items() <= v.tags.items()]
    for stale in (v for v in same if v.run_id != run_id):
        client.delete_model_version(MODEL, stale.version)
    if mine := [v for v in same if v.run_id == run_id]:
        return str(mine[0].version)
    about = f"{facts.name}, continues {facts.parent}"
    made = client.create_model_version(
        MODEL, f"{artifact_uri}/adapter", run_id, tags, description=about, await_creation_for=0
    )
    return str(made.version)

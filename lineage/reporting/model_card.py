"""A version's model card, `reports/cards/<version>.md`: Markdown under YAML, as the hub reads it.

Totals are sums over the very rows of the table that they stand under; nobody types them.
"""

from typing import Any

import yaml

from lineage.artifacts.comparison import Comparison
from lineage.artifacts.manifest import AdapterManifest
from lineage.config.hub_licences import HUB_LICENCES
from lineage.core import paths
from lineage.core.plain_text import for_markdown
from lineage.provenance.ancestry import Inside, Portion
from lineage.provenance.obligations import said
from lineage.reporting.champion import champion_said
from lineage.reporting.fields_told import told_fields
from lineage.reporting.html_page import environment, origin, unfinished
from lineage.reporting.set_words import ANSWERS_AT_CHANCE
from lineage.reporting.task_figures import beside_a_table, generation_said, task_figures
from lineage.reporting.workspace import Workspace


def render_card(w: Workspace, version: str, comparison: Comparison) -> str:
    """The card of one trained version as Markdown."""
    trained, planned = w.trained[version], w.curriculum.version(version)
    whole, manifest, figures = trained.inside, trained.manifest, comparison.versions[version]
    return (
        environment(escape=False)
        .get_template("card.md.jinja")
        .render(
            front_matter=front_matter(w, version),
            c=w.curriculum,
            version=version,
            spec=planned.spec,
            lora=planned.lora,
            whole=whole,
            manifest=manifest,
            base=origin(manifest.base.origin),
            load=manifest.base.load,
            base_name=_name(w, manifest),
            tied=bool(w.base and w.base.tied),
            figures=figures,
            answers_at_chance=ANSWERS_AT_CHANCE,
            own=[_row(w, p) for p in whole.own],
            own_total=_total(whole.own),
            inherited=[_row(w, p) for p in whole.inherited],
            inherited_total=_total(whole.inherited),
            facts=trained.facts,
            said=said(trained.facts),
            hubs=_hubs(w, version),
            left_out=w.mixes[version].left_out if version in w.mixes else [],
            dropped=_dropped(manifest),
            cell=for_markdown,
            by_field=[(name, one, *told_fields(one)) for name, one in figures.own.items() if one.fields],
            comparison=comparison,
            beside=lambda name, one: beside_a_table(version, figures.parent, one, comparison.tables[name]),
            generation=generation_said(w.measured[version].generation) if version in w.measured else "",
            by_task=[
                (name, told) for name, one in comparison.versions[version].own.items() for told in task_figures(one)
            ],
            champion=for_markdown(champion_said(w.promotion, version, w.unasked)) if w.champion == version else "",
            unfinished=[row for row in unfinished(comparison) if row["version"] == version],
        )
    )


def _dropped(manifest: AdapterManifest) -> list[tuple[str, str, int]]:
    """(source, why, rows) of the mix's rows that training did not take."""
    sources = sorted(manifest.mix.sources.items())
    return [(name, why, rows) for name, one in sources for why, rows in sorted(one.dropped.items()) if rows]


def _name(w: Workspace, manifest: AdapterManifest) -> str:
    """How the base is loaded from the workspace: a hub id, or the link that its adapters name."""
    known = w.base and w.base.is_called(manifest.base.identity)
    identity = w.base.identity if w.base and known else manifest.base.identity
    return manifest.base.origin.repo or f"./{paths.base_link(identity).as_posix()}"


def front_matter(w: Workspace, version: str) -> str:
    """The card's YAML: base, library, language, licence (of all that is inside), datasets that are on the hub.

    The sample world stands in for the named data sets, so a card of it names none.
    """
    base = w.trained[version].manifest.base.origin
    fields: dict[str, Any] = {}
    if base.repo:
        fields |= {"base_model": base.repo, "base_model_relation": "adapter"}
    hubs = [one["hub"] for one in _hubs(w, version)]
    fields |= {
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "language": ["ko"],
        **_licence(w.trained[version].inside),
        "datasets": [hub.repo for hub in hubs],
        "tags": ["lora", "finance", "korean"],
    }
    return yaml.safe_dump({k: v for k, v in fields.items() if v}, allow_unicode=True, sort_keys=False)


def _licence(whole: Inside) -> dict[str, str]:
    """What binds whoever takes the adapter, through all its ancestors, as far as the hub has a name for it.

    A licence that allows everything adds nothing to one that does not.
    """
    inside = {p.licence for p in whole.portions}
    binding = {one for one in inside if (one.redistribution, one.commercial) != ("allowed", "allowed")}
    titles = {one.title.lower() for one in binding or inside}
    if len(titles) == 1 and titles <= HUB_LICENCES and not whole.adopted:
        return {"license": titles.pop()}
    named = sorted(titles & HUB_LICENCES) if binding else []
    return {"license": "other", "license_name": "-and-".join([*named, "terms-of-its-sources"])}


def _row(w: Workspace, portion: Portion) -> dict[str, Any]:
    known = w.curriculum.sources.get(portion.source)
    return {"portion": portion, "title": known.title if known else portion.source}


def _total(portions: tuple[Portion, ...]) -> dict[str, int]:
    return {name: sum(getattr(p, name) for p in portions) for name in ("rows", "replayed", "tokens")}


def _hubs(w: Workspace, version: str) -> list[dict[str, Any]]:
    """The hub data sets inside, through all ancestors; none in the sample world, which only stands in for them."""
    sources = w.curriculum.sources if w.curriculum.data == "own" else {}
    inside = [(name, sources[name].hub) for name in w.trained[version].inside.sources if name in sources]
    return [{"source": name, "hub": hub} for name, hub in inside if hub]

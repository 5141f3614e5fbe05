"""The page `reports/lineage.html`: one file, nothing fetched, whole without its script.

`page.html.jinja` has the frame, `pair.html.jinja` the first screen, `*.part.jinja` the sections below it,
`figures.html.jinja` the heat map, `page.css` the look. `page.js` changes the pair on the first screen, nothing else.
What is shown is a figure of `comparison.json`, of a pair (lineage/reporting/shown_pairs.py) or a count of a stage's
summary; nothing is computed here but the layout. A policy in the page's head allows that one script by its hash, no
other and no request, because the page shows what models and raw files said.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lineage.artifacts.base_manifest import BaseOrigin
from lineage.artifacts.comparison import ComparedSet, Comparison
from lineage.artifacts.set_figures import Confusion
from lineage.config.schema import BASE
from lineage.core.plain_text import plain
from lineage.provenance.obligations import said
from lineage.reporting import svg
from lineage.reporting.champion import BY_OVERRIDE, champion_said
from lineage.reporting.dropped_rows import losses
from lineage.reporting.examples import cut
from lineage.reporting.fields_told import told_fields
from lineage.reporting.pair_view import real, short
from lineage.reporting.set_order import set_order
from lineage.reporting.set_words import scored
from lineage.reporting.settings_in_force import settings
from lineage.reporting.shown_pairs import shown_pairs
from lineage.reporting.summary import figure, findings
from lineage.reporting.workspace import Workspace

HERE = Path(__file__).parent
FEW = 16  # versions: tree and curves of more are folded
FULL_COLOUR = 0.95  # the quantile of differences that gets the fullest colour of the heat map


@cache  # compiling the templates costs more than filling them
def environment(escape: bool) -> Environment:
    """Jinja for the page (escaped) and the cards (Markdown); an unknown name is an error, never a gap."""
    env = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    env.filters |= {
        "n": "{:,}".format,
        "nats": "{:.2f}".format,
        "signed": figure,
        "share": "{:.0%}".format,
        "scored": scored,
        "code": _code,
        "real": real,
        "measure": lambda name: {"text": "chrF"}.get(name, name),
        "reach": lambda ends: f"{figure(ends[0])} to {figure(ends[1])}" if ends else "none",
        "verdict": lambda name: {"improved": "better", "too_few": "too few rows"}.get(name, name),
        "of": lambda count, noun: f"{count:,} {noun}" + "s" * (count != 1),
    }
    return env


def _shown(value: object) -> object:
    """What a template writes: text of people and models without what steers a terminal or turns the page about."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _code(text: str) -> Markup:
    """Text with its `commands` set as code; everything else is escaped."""
    parts = plain(text).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(parts))


def render_page(w: Workspace, comparison: Comparison) -> str:
    """The whole page as HTML."""
    script, chosen, sets = (HERE / "page.js").read_text(encoding="utf-8"), shown_pairs(w), set_order(w)
    return (
        environment(escape=True)
        .get_template("page.html.jinja")
        .render(
            css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=_allowed(script),
            pairs=chosen,
            shown=chosen.views[chosen.default] if chosen else None,
            illustrated=chosen.illustrated() if chosen else None,
            champion=champion_said(w.promotion, w.champion, w.unasked),
            overridden=bool(w.promotion and w.promotion.kind == "overridden"),
            by_override=BY_OVERRIDE,
            c=w.curriculum,
            w=w,
            comparison=comparison,
            findings=findings(w, comparison),
            tiles=_tiles(w, len(sets)),
            base=origin(w.base.origin) if w.base else "not built",
            tree=_tree(w),
            few=len(w.curriculum.versions) <= FEW,
            lanes_width=svg.width(_lanes(w)),
            scale=_scale(comparison),
            interval=svg.interval,
            sets=sets,
            confusions=_confusions(w, sets),
            by_field=_by_field(comparison, sets),
            matrix=_matrix(w),
            full=_full_colour(comparison),
            curves=_curves(w),
            answers={v: list(_answers(w, v, comparison)) for v in w.trained},
            losses=losses(w),
            met=_met(comparison),
            unfinished=unfinished(comparison),
            said=said,
            settings=settings(w),
        )
    )


def _allowed(script: str) -> str:
    """The script as a policy names it: what stands between its tags, by hash."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _tiles(w: Workspace, sets: int) -> list[tuple[str, str]]:
    rows = sum(one.manifest.mix.rows for one in w.trained.values())
    tokens = sum(one.manifest.trained_tokens for one in w.trained.values())
    held = sum(one.rows for one in next(iter(w.measured.values())).sets.values()) if w.measured else 0
    return [
        (f"{len(w.trained)} of {len(w.curriculum.versions)}", "versions trained"),
        (f"{w.curriculum.profile} · {w.curriculum.data}", "profile · data"),
        (
            short(w.base.parameters if w.base else 0),
            f"parameters, {origin(w.base.origin if w.base else BaseOrigin())}",
        ),
        (f"{rows:,}", "rows in the mixes"),
        (short(tokens), "tokens trained on"),
        (f"{held:,}", f"held-out rows in {sets} sets"),
    ]


def origin(base: BaseOrigin) -> str:
    """The base for people: a hub repository, a folder's model, or built here."""
    return base.repo or base.model or base.path or "base built here"


def _lanes(w: Workspace) -> list[svg.Lane]:
    return svg.lanes({name: w.curriculum.versions[name].parent for name in w.curriculum.in_order()}, BASE)


def _tree(w: Workspace) -> list[dict[str, Any]]:
    drawn = _lanes(w)
    rows = [{"name": BASE, "svg": svg.tree_row(drawn, 0, "root")}]
    for i, name in enumerate(w.curriculum.in_order(), 1):
        rows.append({"name": name, "svg": svg.tree_row(drawn, i, "built" if name in w.trained else "missing")})
    return rows


def _scale(comparison: Comparison) -> tuple[float, float]:
    """The common axis of all intervals of own sets."""
    ends = [end for one in _all_sets(comparison) if one.own for end in one.interval or ()]
    return (min(ends, default=-1.0), max(ends, default=1.0))


def _full_colour(comparison: Comparison) -> float:
    sizes = sorted(abs(one.difference) for one in _all_sets(comparison) if isfinite(one.difference))
    return (sizes[int(FULL_COLOUR * (len(sizes) - 1))] if sizes else 0.0) or 1.0


def _all_sets(comparison: Comparison) -> Iterator[ComparedSet]:
    return (one for v in comparison.versions.values() for one in v.sets.values())


def _by_field(comparison: Comparison, sets: Sequence[str]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Set → version → the version on it, field by field; of the sets that are measured so."""
    of = {name: [(v, one.sets[name]) for v, one in comparison.versions.items() if name in one.sets] for name in sets}
    told = {name: [(v, (one, *told_fields(one))) for v, one in found if one.fields] for name, found in of.items()}
    return [(name, found) for name, found in told.items() if found]


def _confusions(w: Workspace, sets: Sequence[str]) -> list[tuple[str, list[tuple[str, Confusion]]]]:
    """Set → model → which label was said where which was expected; of the sets that have labels."""
    found = []
    for name in sets:
        of = [
            (model, one.sets[name].confusion)
            for model, one in w.measured.items()
            if name in one.sets and one.sets[name].confusion
        ]
        found += [(name, [(model, table) for model, table in of if table])] if of else []
    return found


def _matrix(w: Workspace) -> list[dict[str, Any]]:
    """Sources × versions: what a version's mix took, what it replayed, and what it has through ancestors."""
    rows = []
    for source, spec in w.curriculum.sources.items():
        cells = {}
        for version, trained in w.trained.items():
            whole = trained.inside
            own = next((p for p in whole.own if p.source == source), None)
            cells[version] = {
                "own": own.rows - own.replayed if own else 0,
                "replayed": own.replayed if own else 0,
                "through": [v for v in whole.seen_by(source) if v != version],
                "excluded": source in w.curriculum.versions[version].exclude,
            }
        if any(cell["own"] or cell["replayed"] or cell["through"] for cell in cells.values()):
            licence = w.curriculum.licences[spec.licence].title
            rows.append({"source": source, "title": spec.title, "licence": licence, "cells": cells})
    return rows


def _met(comparison: Comparison) -> list[dict[str, Any]]:
    """Versions × held-out sets where the line met rows of the set in training: the finding beside the full figures."""
    return [
        {"version": version, "set": name, "found": found, "full": v.sets.get(name)}
        for version, v in comparison.versions.items()
        for name, found in v.contamination.sets.items()
    ]


def unfinished(comparison: Comparison) -> list[dict[str, Any]]:
    """Versions × held-out sets of which rows were not asked, or answers did not come to an end."""
    return [
        {"version": version, "set": name} | one.model_dump(include={"rows", "too_long", "answered", "cut", "endless"})
        for version, v in comparison.versions.items()
        for name, one in v.sets.items()
        if one.too_long or one.cut or one.endless
    ]


def _curves(w: Workspace) -> list[dict[str, Any]]:
    kept = {v: [row for row in one.history if "loss" in row] for v, one in w.trained.items()}
    top = max((row["loss"] for rows in kept.values() for row in rows), default=1.0)
    return [
        {
            "version": version,
            "first": rows[0]["loss"],
            "last": rows[-1]["loss"],
            "svg": svg.loss_curve([r["step"] for r in rows], [r["loss"] for r in rows], top),
        }
        for version, rows in kept.items()
        if rows
    ]


def _answers(w: Workspace, version: str, comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Sample answers on a version's own sets, beside what its parent said to the same prompt."""
    parent = w.curriculum.versions[version].parent
    if version not in w.measured or parent not in w.measured:
        return
    for (name, at), after in w.measured[version].answers.items():
        before = w.measured[parent].answers.get((name, at))
        compared = comparison.versions[version].sets.get(name)
        if before and compared and compared.own:
            yield {
                "set": name,
                "prompt": cut(after.prompt),
                "expected": cut(after.expected),
                "before": cut(before.answer),
                "after": cut(after.answer),
                "before_right": before.answer.strip() == after.expected.strip(),
                "after_right": after.answer.strip() == after.expected.strip(),
            }

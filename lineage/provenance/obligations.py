"""What follows from what is inside an adapter: obligations, exclusions and withdrawals; `lineage provenance v6`.

    facts = provenance(load_curriculum(), "v6")     # plain JSON, every total summed from its rows
    for part in rendered(facts): Console().print(part)

- An adapter is bound by the *strictest* term of all that it was trained on, through all ancestors:
  forbidden > unknown > allowed.
- An exclusion has a scope. `mix` keeps a source out of one mix: what an ancestor saw of it is inside all the same.
- A withdrawal takes rows out of the data. An adapter trained before still holds them, until it is trained again.
- Below a version that was trained elsewhere nothing is known for certain: no term is better than unknown, totals are
  lower bounds, and nobody can say that something is not inside.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from lineage.artifacts.manifest import read_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.config.schema import Curriculum, Term
from lineage.core import paths
from lineage.provenance.ancestry import Inside, inside, licences_of
from lineage.records.record import PARTS

Use = Literal["redistribution", "commercial"]
STRICTEST_FIRST: tuple[Term, ...] = ("forbidden", "unknown", "allowed")


def provenance(c: Curriculum, version: str, root: Path = Path()) -> dict[str, Any]:
    """Everything inside a trained version, as JSON.

    Raises:
        LineageError: the version or an ancestor of it is not trained here, or was trained again since.
    """
    return facts(c, inside(version, licences_of(c), root), root)


def facts(c: Curriculum, whole: Inside, root: Path = Path()) -> dict[str, Any]:
    """What is inside an adapter, and what follows from it, as JSON.

    `portions` has a row for each version of the line and each source it was trained on, oldest ancestor first; rows
    that two versions were trained on count twice. `excluded.sources[].seen_by` names the versions of the line that
    were trained on the source all the same. `unknown` names the versions of the line that were trained elsewhere: if
    there are any, `totals` are lower bounds.
    """
    portions = [
        {
            "through": p.version,
            "source": p.source,
            "title": c.sources[p.source].title if p.source in c.sources else p.source,
            "rows": p.rows,
            "replayed": p.replayed,
            "tokens": p.tokens,
            "licence": p.licence.title,
            "redistribution": p.licence.redistribution,
            "commercial": p.licence.commercial,
        }
        for p in whole.portions
    ]
    spec = c.versions.get(whole.version)
    return {
        "version": whole.version,
        "base": whole.base,
        "line": list(whole.line),
        "unknown": list(whole.adopted),
        "portions": portions,
        "totals": {name: sum(p[name] for p in portions) for name in ("rows", "replayed", "tokens")},
        "obligations": {use: obligation(whole, use) for use in get_args(Use)},
        "excluded": {
            "scope": spec.exclude_scope if spec else None,
            "sources": [
                {"source": name, "title": c.sources[name].title, "seen_by": list(whole.seen_by(name))}
                for name in (spec.exclude if spec else ())
            ],
        },
        "withdrawn": withdrawals(c, whole, root),
    }


def obligation(whole: Inside, use: Use) -> dict[str, Any]:
    """The strictest term over the whole ancestry, and what causes it: {"term": …, "because": […]}.

    That is sources, and versions that were trained elsewhere, whose terms are unknown like their data.
    """
    terms: dict[str, Term] = {p.source: getattr(p.licence, use) for p in whole.portions}
    terms |= {elsewhere(version): "unknown" for version in whole.adopted}
    term = min(terms.values(), key=STRICTEST_FIRST.index, default="allowed")
    return {"term": term, "because": [source for source, found in terms.items() if found == term]}


def elsewhere(version: str) -> str:
    """What an adopted version was trained on, for people: it has no source's name."""
    return f"whatever {version} was trained on elsewhere"


def withdrawals(c: Curriculum, whole: Inside, root: Path) -> list[dict[str, Any]]:
    """What was withdrawn by now, and how many rows of it the adapters of this line were trained on.

    `through` has the versions that were, `unsure` those whose mix is no longer the one that they were trained on, so
    that its rows cannot be searched.
    """
    found = []
    for name, source in c.sources.items():
        paper = c.papers[name].withdrawn if name in c.papers else ()
        if source.withdrawn == "all":
            through = {v: sum(p.rows for p in whole.portions if (p.version, p.source) == (v, name)) for v in whole.line}
            unsure = list(whole.adopted)
            found.append({"source": name, "documents": "all", "through": _positive(through), "unsure": unsure})
        elif documents := sorted({*source.withdrawn, *paper}):
            counts = {v: _rows_made_from(documents, v, root) for v in whole.line}
            unsure = [v for v, rows in counts.items() if rows is None]
            through = {v: rows for v, rows in counts.items() if rows is not None}
            found.append({"source": name, "documents": documents, "through": _positive(through), "unsure": unsure})
    return found


def _positive(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _rows_made_from(documents: list[str], version: str, root: Path) -> int | None:
    """Rows of a version's mix that were made from a document; None if the adapter was trained on another mix."""
    folder = root / paths.mix(version)
    found = mix_identity(folder)
    if found is None or found != read_manifest(version, root).mix.sha256:
        return None
    rows = 0
    for file in (folder / f"{part}.jsonl" for part in PARTS):
        with file.open(encoding="utf-8") as lines:
            near = (line for line in lines if any(document in line for document in documents))  # before parsing: cheap
            rows += sum(not set(documents).isdisjoint(json.loads(line)["documents"]) for line in near)
    return rows


def rendered(found: dict[str, Any]) -> list[RenderableType]:
    """The facts of `provenance` for a terminal: a table with its total, and a sentence for each obligation."""
    line = " → ".join(["base", *found["line"]])
    table = Table("through", "source", "rows", "of them replayed", "tokens", "licence", title=f"Inside {line}")
    table.columns[1].overflow = "fold"  # a name that is cut is no name
    for name in ("rows", "of them replayed", "tokens"):
        next(column for column in table.columns if column.header == name).justify = "right"
    for version in found["line"]:
        for p in (p for p in found["portions"] if p["through"] == version):
            table.add_row(
                version, p["source"], f"{p['rows']:,}", f"{p['replayed']:,}", f"{p['tokens']:,}", p["licence"]
            )
        if version in found["unknown"]:
            table.add_row(version, "trained elsewhere", *["unknown"] * 4)
    table.add_section()
    total = found["totals"]
    least = "at least " if found["unknown"] else ""
    table.add_row("total", *("", *(f"{least}{total[name]:,}" for name in ("rows", "replayed", "tokens")), ""))
    return [table, *map(escape, said(found))]


def said(found: dict[str, Any]) -> list[str]:
    """Obligations, exclusions and withdrawals as sentences."""
    sentences = [_obliged(found, "redistribution", "Redistribution"), _obliged(found, "commercial", "Commercial use")]
    if found["unknown"]:
        inside = f"{_and(found['unknown'])} of its line" if found["unknown"] != [found["version"]] else found["version"]
        sentences.insert(
            0, f"Unknown: {inside} was trained elsewhere, on data that nobody here knows; every count is a lower bound."
        )
    for one in found["excluded"]["sources"]:
        before = [v for v in one["seen_by"] if v != found["version"]]
        verdict = f"whether {_and(found['unknown'])} saw it is unknown" if found["unknown"] else "no ancestor saw it"
        if found["version"] in one["seen_by"]:
            verdict = f"{found['version']} was trained on it before it was excluded; train it again"
        elif before:
            verdict = f"{_and(before)} of its line saw it, so it is inside"
        sentences.append(f"Excluded, scope {found['excluded']['scope']}: {one['source']}; {verdict}.")
    if not found["excluded"]["sources"]:
        sentences.append("Excluded: nothing.")
    return [*sentences, *map(_withdrawn, found["withdrawn"])]


def _obliged(found: dict[str, Any], use: Use, words: str) -> str:
    one = found["obligations"][use]
    if one["term"] == "allowed":
        return f"{words}: allowed by every source inside; the base model's own licence holds besides."
    sentence = f"{words}: {one['term']}, because of {_and(one['because'])}."
    if one["term"] == "unknown" and set(one["because"]) - set(map(elsewhere, found["unknown"])):
        sentence += f" Read their terms and write them to `licences.<licence>.{use}` in params.yaml."
    return sentence


def _withdrawn(one: dict[str, Any]) -> str:
    documents = one["documents"]
    what = f"all of {one['source']}" if documents == "all" else f"{len(documents)} document(s) of {one['source']}"
    verdict = "none of it is inside"
    if one["through"]:
        rows = ", ".join(f"{version} ({count:,} rows)" for version, count in one["through"].items())
        verdict = f"still inside through {rows}; train again"
    elif one["unsure"]:
        verdict = (
            f"perhaps inside through {_and(one['unsure'])}, whose present mix is not, or not known to be, what was "
            f"trained on; train again"
        )
    return f"Withdrawn: {what}; {verdict}."


def _and(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last

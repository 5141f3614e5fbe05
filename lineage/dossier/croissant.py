"""What a version and its ancestors were trained on, as a Croissant 1.1 data set, `croissant.json`.

Each file of a mix is a FileObject and, if it has rows, a RecordSet with the columns of those rows. A file is described
only if the mix that lies here is the one that its version was trained on. A file whose rows may all be passed on is
linked by its path in the workspace; any other is only named, by its hash (a `ni:` name, RFC 6920), so that nobody but
who holds it can open it. What the record does not know is left out, and counted in the description.
"""

import base64
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.paths import DOSSIER_ANSWERS
from lineage.dossier.case import Case
from lineage.dossier.data_files import TYPES, MixFile, trained_on, withheld
from lineage.records.record import PARTS

CROISSANT = "http://mlcommons.org/croissant/1.1"
TERMS = (
    "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileObject "
    "fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path readLines recordSet "
    "references regex repeated replace samplingRate sdVersion separator source subField transform unArchive value"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
} | {term: f"cr:{term}" for term in TERMS.split()}

# What Croissant requires and only people know: the key in dossier.yaml → the property.
PUBLICATION = {
    "publication.organisation": "creator",
    "publication.date": "datePublished",
    "publication.url": "url",
}
COLUMNS = {  # of a row of a mix: see lineage/records/record.py
    "as_of": "the day from which the text holds, where its source states one",
    "correct": "which of the options is the right one, counted from 0",
    "documents": "the SHA-256 of each document that the text was made from",
    "form": "prompt_answer, record, document or summary",
    "group": "what is never divided between training and held-out rows",
    "id": "follows from source, form and content",
    "licence": "the licence of its source, by its key in params.yaml",
    "measure": "how an answer is judged: choice, number, text or none",
    "options": "the answers to choose from",
    "origin": "where in its source the row comes from",
    "rejected": "answers that people liked less",
    "source": "the source, by its key in params.yaml",
    "supervise": "which turns of the assistant are trained: the last, or all",
    "turns": "the conversation; the last turn is the answer",
}
LISTS = ("documents", "options", "rejected", "turns")
TURN = {"role": "sc:Text", "content": "sc:Text"}


def croissant(case: Case) -> dict[str, Any]:
    """The data of a version's whole line as a Croissant data set.

    Raises:
        LineageError: `dossier.yaml` has an address or a day that is none.
    """
    files, told = list(trained_on(case)), _published(case)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CROISSANT,
        "name": f"{case.c.name}/{case.version}",
        "description": " ".join(_description(case, files, told)),
        "license": list(_licences(case)),
        **told,
        "distribution": [_file_object(case, one) for one in files],
        "recordSet": [*_portions(case), *(_record_set(one) for one in files if one.rows)],
    }


def unpublished(case: Case) -> list[str]:
    """The keys of `dossier.yaml` by which a person may say what Croissant requires, and nobody has."""
    return [key for key in PUBLICATION if case.files.answer(key).is_blank]


def _published(case: Case) -> dict[str, Any]:
    said = {key: case.files.answer(key) for key in PUBLICATION}
    found: dict[str, Any] = {PUBLICATION[key]: str(one.value) for key, one in said.items() if not one.is_blank}
    if "url" in found and not re.fullmatch(r"https?://\S+", found["url"]):
        raise LineageError(f"{DOSSIER_ANSWERS}: publication.url: expected https://…, found {found['url']!r}")
    if "datePublished" in found:
        try:
            date.fromisoformat(found["datePublished"])
        except ValueError as error:
            raise LineageError(
                f"{DOSSIER_ANSWERS}: publication.date: expected a day such as 2026-11-28, "
                f"found {found['datePublished']!r}"
            ) from error
    if "creator" in found:
        found["creator"] = {"@type": "sc:Organization", "name": found["creator"]}
    return found


def _description(case: Case, files: list[MixFile], told: dict[str, Any]) -> Iterator[str]:
    rows, sources = sum(p.rows for p in case.whole.portions), len(case.whole.sources)
    ancestors = f", and before it {', '.join(case.line[:-1])}" if len(case.line) > 1 else ""
    yield f"What {case.version} was trained on{ancestors}, by the training records: {rows:,} rows of {sources} sources."
    if case.c.data == "sample":
        yield "The rows are invented: they stand in for the data sets named here, whose licences are shown."
    described = {one.version for one in files}
    if absent := [name for name in case.known if name not in described]:
        yield (
            f"The files of {len(absent)} of {len(case.known)} mixes are not described ({', '.join(absent)}): they do "
            "not lie here as they were trained on."
        )
    if case.whole.adopted:
        yield f"{', '.join(case.whole.adopted)}: trained elsewhere, on data that is unknown."
    if kept := sum(bool(withheld(case, one)) for one in files):
        yield f"{kept} of {len(files)} files are named by their hash alone: they are nothing to pass on."
    if missing := sorted(set(PUBLICATION.values()) - set(told)):
        yield f"{len(missing)} properties that Croissant requires are not known: {', '.join(missing)}."


def _licences(case: Case) -> Iterator[dict[str, Any]]:
    terms = {p.licence.title: p.licence for p in case.whole.portions}
    for title, sources in case.whole.licences.items():
        uses = f"redistribution {terms[title].redistribution}, commercial use {terms[title].commercial}"
        yield {"@type": "sc:CreativeWork", "name": title, "description": f"{', '.join(sources)}: {uses}"}


def _called(one: MixFile) -> str:
    return f"{one.version}/{one.part}.jsonl"


def _file_object(case: Case, one: MixFile) -> dict[str, Any]:
    why = withheld(case, one)
    of = ", ".join(f"{source} {rows:,}" for source, rows in one.sources.items())
    hashed = base64.urlsafe_b64encode(bytes.fromhex(one.digest)).decode().rstrip("=")
    return {
        "@type": "cr:FileObject",
        "@id": _called(one),
        "name": _called(one),
        "description": f"{one.rows:,} rows{f' ({of})' if of else ''}{f'; not linked: {why}' if why else ''}",
        "contentUrl": f"ni:///sha-256;{hashed}" if why else one.path.as_posix(),
        "contentSize": f"{one.size} B",
        "encodingFormat": "application/jsonlines",
        "sha256": one.digest,
    }


def _portions(case: Case) -> Iterator[dict[str, Any]]:
    """What each version was trained on from each source, with its terms: a record set whose rows stand in it."""
    rows = [
        {
            "version": p.version,
            "source": p.source,
            "title": case.c.sources[p.source].title if p.source in case.c.sources else "no longer in params.yaml",
            "licence": p.licence.title,
            "redistribution": p.licence.redistribution,
            "commercial": p.licence.commercial,
            "rows": p.rows,
            "replayed": p.replayed,
            "tokens": p.tokens,
        }
        for p in case.whole.portions
    ]
    if rows:  # none where all of the line was trained elsewhere
        yield {
            "@type": "cr:RecordSet",
            "@id": "portions",
            "name": "portions",
            "description": "what each version was trained on from each source, without the rows too long to train on",
            "field": [_typed(f"portions/{name}", name, TYPES[type(value)]) for name, value in rows[0].items()],
            "data": [{f"portions/{name}": value for name, value in row.items()} for row in rows],
        }


def _record_set(one: MixFile) -> dict[str, Any]:
    name = f"{one.version}/{one.part}"
    told = "the version's own rows" if one.part == PARTS[0] else "rows that its ancestors were trained on, repeated"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{told}: {one.rows:,}",
        "field": [_column(one, name, column) for column in sorted(one.columns) if column != "origin" or one.origin],
    }


def _column(one: MixFile, parent: str, column: str) -> dict[str, Any]:
    nested = {"origin": one.origin, "turns": TURN}
    kind = nested.get(column, "sc:Integer" if column == "correct" else "sc:Text")
    array = {"isArray": True, "arrayShape": "-1"} if column in LISTS else {}
    told = {"description": COLUMNS[column]} if column in COLUMNS else {}  # rows of another release may have others
    return _field(one, parent, (column,), kind) | told | array


def _field(one: MixFile, parent: str, path: tuple[str, ...], kind: Any) -> dict[str, Any]:
    """A column, or what is nested in it.

    Args:
        one: the file.
        parent: what the field stands in.
        path: the column, and the names that lead to the value inside it.
        kind: its type, or the names inside.
    """
    name = f"{parent}/{'_'.join(path[-1].split())}"  # Croissant allows no spaces in it
    if isinstance(kind, dict):
        inner = [_field(one, name, (*path, below), of) for below, of in sorted(kind.items()) if of]
        return {"@type": "cr:Field", "@id": name, "name": path[-1], "subField": inner}
    source: dict[str, Any] = {"fileObject": {"@id": _called(one)}, "extract": {"column": path[0]}}
    if path[1:]:
        source["transform"] = {"jsonPath": f"${''.join(map(_step, path[1:]))}"}
    return _typed(name, path[-1], kind) | {"source": source}


def _typed(identity: str, name: str, kind: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": identity, "name": name, "dataType": kind}


def _step(name: str) -> str:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"

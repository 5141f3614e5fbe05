"""Computes every total and hash of a dossier again: `python recompute.py WORKSPACE`, in its folder, by Python alone."""

import hashlib
import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import yaml
except ImportError:  # Python itself reads no YAML: of those files the hash alone is compared then
    yaml = None  # type: ignore[assignment]

RECORD, STRICTEST, NOTHING = "dossier.json", ("forbidden", "unknown", "allowed"), object()


def digest(content: bytes) -> str:
    """The SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def letters(page: str) -> str:
    """What a page says, without its spaces."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", page.partition("<body>")[2])).split())


def parsed(file: Path) -> Any:
    """A file as plain values; None where it is not there."""
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if file.suffix != ".yaml":
        return json.loads(text)
    return json.loads(json.dumps(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), default=str))


def standing(place: str, root: Path, read: dict[str, Any]) -> Any:
    """What stands at `file#/a/b` of the workspace; NOTHING where nothing does."""
    name, _, pointer = place.partition("#")
    found = read[name] if name in read else read.setdefault(name, parsed(root / name))
    for part in pointer.split("/")[1:]:
        try:
            found = found[int(part) if isinstance(found, list) else part.replace("~1", "/").replace("~0", "~")]
        except (LookupError, TypeError, ValueError):
            return NOTHING
    return NOTHING if found is None or found == "" else found


def _again(field: dict[str, Any], blanks: int, root: Path, read: dict[str, Any]) -> Any:
    """The value of a field, computed from the places that it names."""
    how, of = field["how"], field["of"]
    if yaml is None and any(".yaml#" in place for place in of):
        return field["value"]
    if how in ("sha256", "mix"):
        files = [root / of[0]] if how == "sha256" else [root / of[0] / f"{part}.jsonl" for part in ("own", "replay")]
        hashes = [digest(file.read_bytes()) for file in files if file.is_file()]
        return digest(json.dumps(hashes).encode()) if how == "mix" else "".join(hashes)
    here = [one for place in of if (one := standing(place, root, read)) is not NOTHING]
    if how in ("there", "default", "blank"):
        return field["value"] if len(here) == (len(of) if how == "there" else 0) else here
    if how in ("sum", "seconds"):
        return sum(here)
    value = here[0] if here else None
    found = {"blanks": blanks, "count": len(value or ()) if how == "count" else 0, "value": value}
    return min(here, key=STRICTEST.index) if how == "strictest" else found[how]


def differences(folder: Path, root: Path) -> Iterator[str]:
    """What a dossier says and its pages or the files of the workspace do not, a line each."""
    whole, read = json.loads((folder / RECORD).read_text(encoding="utf-8")), dict[str, Any]()
    for name, hashed in whole["files"].items():
        if not (root / name).is_file() or digest((root / name).read_bytes()) != hashed:
            yield f"{name}: it is not the file that the dossier was made from"
    for paper in whole["papers"]:
        page = (folder / f"{paper['name']}.html").read_bytes()
        rows = [row for b in paper["blocks"] for row in ([b["header"], *b["rows"]] if b["kind"] == "table" else [[b]])]
        told = "".join([paper["title"], *(x if isinstance(x, str) else x["text"] for row in rows for x in row)])
        if "".join(told.split()) != letters(page.decode()) or digest(page) != paper["page_sha256"]:
            yield f"{paper['name']}.html: it does not say what {RECORD} says"
        sentences = [x for row in rows for x in row if "template" in x]
        blanks = sum(f["how"] == "blank" for x in sentences for f in x["fields"].values())
        for x in sentences:
            shown = lambda m, f=x["fields"]: f[m[1]].get("shown") or format(f[m[1]]["value"], m[2])  # noqa: E731
            if re.sub(r"\{(\w+):?([^}]*)\}", shown, x["template"]) != x["text"]:
                yield f"{paper['name']}: {x['text']}: its fields say otherwise"
            for name, field in x["fields"].items():
                if (now := _again(field, blanks, root, read)) != field["value"]:
                    yield f"{paper['name']}: {x['text']}: {name} is {field['value']}, the record gives {now}"


if __name__ == "__main__":
    found = list(differences(Path(__file__).parent, Path(sys.argv[1])))
    print("\n".join(found) or "nothing differs: every sentence, total and hash is what the record gives")
    print("" if yaml else "PyYAML is not here: of YAML files the hash alone was compared")
    sys.exit(bool(found))

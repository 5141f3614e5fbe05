"""`promotions.yaml` keeps what only people know, in git: who is the champion and why, and every look that led there.

    - version: v6
      fingerprint: 1a2b3c4d5e6f…
      adapter: 91c0ffee0123…
      kind: promoted                 # or overridden, restored; see Promotion
      when: '2026-11-27'
      because: better than v5_3 on 6 of 8 sets, forgot none
      by: the evaluation meeting
      against: {version: v5_3, fingerprint: 77d1…, adapter: 0c4e…}
      look: {number: 1, level: 0.0304, rows: 5f0c…, sample: 00a1… 01b7…, sets: [questions.record, …]}
      outcome: {gain: 0.21, interval: [0.14, 0.28], p: 0.0001, unit: nats a token}
      reasons: […]

The last entry that promotes is the present champion. It names one adapter, not whatever will be called v6: a version
that is rebuilt does not inherit a decision about another. `fingerprint` and `adapter` stand in
`models/<version>/lineage.json`; twelve digits of each are enough. Version and because alone must be there: an entry may
be written by hand. `lineage promote` writes the rest; see lineage/promotion.
"""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import StringConstraints, ValidationError

from lineage.artifacts.artifact import ArtifactPart
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS, STATE
from lineage.core.plain_text import one_line

HASH = re.compile("[0-9a-f]{12,64}")

Kind = Literal["promoted", "overridden", "restored", "refused", "proposed", "proposed by override", "declined"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class BuiltVersion(NamedTuple):
    """A version as it is built: its name, and the hashes that say which bytes that is."""

    name: str
    fingerprint: str
    adapter: str


class Against(ArtifactPart):
    """What a version was compared with: the champion of that day, or its parent; the base has no hashes."""

    version: Words
    fingerprint: str = ""
    adapter: str = ""


class Look(ArtifactPart):
    """What of the held-out rows a decision was taken on.

    number: of the look at these rows. level: what it was tested at; see lineage/promotion/spending.py.
    rows: a digest of all ids. sample: some of them as hashes, to see later whether rows are the same still.
    goal: a digest of the goal that held, to see later whether it was changed between looks.
    """

    number: int
    level: float
    rows: str
    sample: str
    sets: tuple[str, ...]
    goal: str = ""


class GoalOutcome(ArtifactPart):
    """The weighted goal in short. gain: above 0 is better.

    p: one-sided, 1e-09 where it is smaller; None where nothing could be tested.
    """

    gain: float | None
    interval: tuple[float, float] | None
    p: float | None
    unit: str


class Promotion(ArtifactPart):
    """One entry. fingerprint, adapter: the beginnings of the hashes, at least 12 digits each; "" in an entry of old.

    kind: `overridden` was refused and promoted all the same. `refused` is a look that promoted nobody, `proposed` one
    that waits for a person's yes, and `declined` what followed on a no. reasons: what the gate said, in sentences.
    """

    version: Words
    fingerprint: str = ""
    adapter: str = ""
    kind: Kind = "promoted"
    when: date | None = None
    because: Words
    by: str = ""
    against: Against | None = None
    look: Look | None = None
    outcome: GoalOutcome | None = None
    reasons: tuple[str, ...] = ()

    @property
    def promotes(self) -> bool:
        """Whether it made its version the champion."""
        return self.kind in ("promoted", "overridden", "restored")

    def is_of(self, fingerprint: str, adapter: str) -> bool:
        """Whether it is of this adapter; one that names no hashes is of none."""
        named = bool(self.fingerprint and self.adapter)
        return named and fingerprint.startswith(self.fingerprint) and adapter.startswith(self.adapter)

    def entry(self) -> dict[str, Any]:
        """As it is written."""
        whole = self.model_dump(mode="json", exclude_unset=True)
        return {name: value for name, value in whole.items() if value not in ("", None, [])}

    @property
    def name(self) -> str:
        """Which one it is, for messages: `v2 at 1a2b3c4d5e6f (adapter 91c0ffee0123)`."""
        return f"{self.version} at {self.fingerprint[:12]} (adapter {self.adapter[:12]})"


FIELDS = tuple(Promotion.model_fields)


def read_promotions(path: Path = PROMOTIONS) -> list[Promotion]:
    """The promotions and looks as they are written, oldest first; none if the file is absent or holds only comments.

    Raises:
        LineageError: naming the entry and what is wrong with it.
    """
    if not path.is_file():
        return []
    try:
        return parsed_promotions(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise LineageError(f"{path}: not valid YAML in UTF-8: {error}") from error


def parsed_promotions(text: str, path: Path = PROMOTIONS) -> list[Promotion]:
    """The same of the text of the file.

    Raises:
        LineageError: naming the entry and what is wrong with it.
    """
    try:
        entries = yaml.safe_load(text) or []
    except (yaml.YAMLError, ValueError) as error:
        raise LineageError(f"{path}: not valid YAML in UTF-8: {error}") from error
    if not isinstance(entries, list):
        raise LineageError(f"{path}: expected a list of {{{', '.join(FIELDS)}}}, found {type(entries).__name__}")
    return [_parsed(entry, f"{path}: entry {number}") for number, entry in enumerate(entries, 1)]


def _parsed(entry: Any, at: str) -> Promotion:
    if not isinstance(entry, dict):
        raise LineageError(f"{at}: expected {', '.join(FIELDS)}, found {one_line(repr(entry))}")
    if missing := {"version", "because"} - set(entry):
        raise LineageError(f"{at}: {', '.join(sorted(missing))} missing; a promotion names a version and its reason")
    if unknown := set(entry) - set(FIELDS):
        raise LineageError(
            f"{at}: unknown field {', '.join(sorted(map(one_line, unknown)))}; allowed: {', '.join(FIELDS)}"
        )
    for name in ("fingerprint", "adapter"):
        if name in entry and not (isinstance(entry[name], str) and HASH.fullmatch(entry[name])):
            raise LineageError(
                f"{at}: {name}: expected 12 to 64 digits of 0-9a-f as a text (in quotes), found "
                f"{one_line(repr(entry[name]))}"
            )
    try:
        return Promotion.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise LineageError(f"{at}: {field}: {first['msg']}, found {one_line(repr(first['input']))[:60]}") from error


def champion(
    entries: Sequence[Promotion], built: Iterable[BuiltVersion] = (), standing: str | None = None
) -> Promotion | None:
    """The last entry that promotes; None where there is none.

    Args:
        entries: the promotions as they are written.
        built: the versions that are built.
        standing: where MLflow's alias points, for the message.

    Raises:
        LineageError: it does not say which adapter it means; with the entry to write, where the version is built.
    """
    number = next((n for n in range(len(entries), 0, -1) if entries[n - 1].promotes), 0)
    if not number:
        return None
    entry = entries[number - 1]
    if missing := [name for name in ("fingerprint", "adapter") if not getattr(entry, name)]:
        at, version = f"{PROMOTIONS}: entry {number}", entry.version
        versions = {one.name: one for one in built}
        if version not in versions:
            raise LineageError(
                f"{at}: {one_line(version)!r} is not among the versions that are built ({', '.join(versions)}); "
                f"build it (dvc repro evaluate@{one_line(version)}) or promote another"
            )
        there = f"MLflow's champion is at present {standing}. " if standing else ""
        raise LineageError(
            f"{at}: {' and '.join(missing)} missing: which {version}? One that is rebuilt would inherit the promotion. "
            f"{there}If {version} as it is built here is meant, write in place of the entry:\n"
            f"{pasted(versions[version], entry.because, entry.by)}"
        )
    return entry


def pasted(built: BuiltVersion, because: str = "…", by: str = "") -> str:
    """The entry that promotes a version as it is built here, ready to be written into promotions.yaml."""
    entry = {"version": built.name, "fingerprint": built.fingerprint, "adapter": built.adapter}
    entry |= {"because": because} | ({"by": by} if by else {})
    return "".join(f"  {line}\n" for line in _as_yaml(entry).splitlines()).rstrip("\n")


def add_promotion(added: Promotion, path: Path = PROMOTIONS) -> None:
    """Write an entry below the others; every comment and every other byte of the file stays. Whole or not at all.

    Raises:
        LineageError: the file is damaged, or is no list of lines that begin with `- `; nothing is written.
    """
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    entries = parsed_promotions(before, path)
    first = re.search(r"^( *)- ", before, re.MULTILINE)
    indent = first[1] if first else ""
    new = "".join(f"{indent}{line}\n" for line in _as_yaml(added.entry()).splitlines())
    text = before + ("" if not before or before.endswith("\n") else "\n") + new
    try:
        right = [one.entry() for one in parsed_promotions(text, path)] == [one.entry() for one in [*entries, added]]
    except LineageError:
        right = False
    if not right:
        raise LineageError(
            f"{path}: an entry cannot be added below the others; write the list as lines that begin with `- version: …`"
        )
    STATE.mkdir(exist_ok=True)
    fresh = STATE / f"{path.name}.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _as_yaml(entry: dict[str, Any]) -> str:
    """An item of a list: a field a line, mappings and lists of names on one line, sentences on one each."""
    lines: list[str] = []
    for name, value in entry.items():
        flat = None if isinstance(value, dict) or (isinstance(value, list) and name != "reasons") else False
        text = yaml.safe_dump(
            {name: value}, allow_unicode=True, sort_keys=False, width=1 << 16, default_flow_style=flat
        )
        lines += text.splitlines()
    return "".join(f"{'- ' if at == 0 else '  '}{line}\n" for at, line in enumerate(lines))

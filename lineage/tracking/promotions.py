"""`promotions.yaml` keeps what only people know, in git; its last entry is the present champion:

    - version: v6
      fingerprint: 1a2b3c4d5e6f…
      adapter: 91c0ffee0123…
      because: better than v5_3 on 6 of 8 sets, forgot none
      by: the evaluation meeting

It names one adapter, not whatever will be called v6: a version that is rebuilt does not inherit a decision about
another. `fingerprint` and `adapter` stand in `models/<version>/lineage.json`; twelve digits of each are enough.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line
from lineage.tracking.run_contents import Facts

PROMOTIONS = Path("promotions.yaml")
FIELDS = ("version", "fingerprint", "adapter", "because", "by")
HASH = re.compile("[0-9a-f]{12,64}")


@dataclass(frozen=True, slots=True)
class Promotion:
    """The present champion. fingerprint, adapter: the beginnings of the hashes, at least 12 digits each."""

    version: str
    fingerprint: str
    adapter: str
    because: str
    by: str = ""

    def is_of(self, fingerprint: str, adapter: str) -> bool:
        """Whether it promotes this adapter."""
        return fingerprint.startswith(self.fingerprint) and adapter.startswith(self.adapter)

    def entry(self) -> dict[str, str]:
        """As it is written."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def name(self) -> str:
        """Which one it is, for messages: `v2 at 1a2b3c4d5e6f`."""
        return f"{self.version} at {self.fingerprint[:12]} (adapter {self.adapter[:12]})"


def read_promotions(path: Path = PROMOTIONS) -> list[dict[str, str]]:
    """The promotions as they are written, oldest first; none if the file is absent or holds only comments.

    Raises:
        LineageError: naming the entry and what is wrong with it.
    """
    if not path.is_file():
        return []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LineageError(f"{path}: not valid YAML in UTF-8: {error}") from error
    if not isinstance(entries, list):
        raise LineageError(f"{path}: expected a list of {{{', '.join(FIELDS)}}}, found {type(entries).__name__}")
    for number, entry in enumerate(entries, 1):
        at = f"{path}: entry {number}"
        if not isinstance(entry, dict) or not all(isinstance(v, str) and v.strip() for v in entry.values()):
            raise LineageError(f"{at}: expected {', '.join(FIELDS)} as texts, found {one_line(repr(entry))}")
        if missing := {"version", "because"} - set(entry):
            raise LineageError(
                f"{at}: {', '.join(sorted(missing))} missing; a promotion names a version and its reason"
            )
        if unknown := set(entry) - set(FIELDS):
            raise LineageError(
                f"{at}: unknown field {', '.join(sorted(map(one_line, unknown)))}; allowed: {', '.join(FIELDS)}"
            )
        for name in ("fingerprint", "adapter"):
            if name in entry and not HASH.fullmatch(entry[name]):
                raise LineageError(f"{at}: {name}: expected 12 to 64 digits of 0-9a-f, found {one_line(entry[name])!r}")
    return entries


def champion(entries: list[dict[str, str]], built: Iterable[Facts], standing: str | None = None) -> Promotion | None:
    """The last promotion.

    Args:
        entries: the promotions as they are written.
        built: the versions that are built.
        standing: where MLflow's alias points, for the message.

    Raises:
        LineageError: it does not say which adapter it means; with the entry to write, where the version is built.
    """
    if not entries:
        return None
    entry = entries[-1]
    if missing := [name for name in ("fingerprint", "adapter") if name not in entry]:
        at, version = f"{PROMOTIONS}: entry {len(entries)}", entry["version"]
        versions = {facts.name: facts for facts in built}
        if version not in versions:
            raise LineageError(
                f"{at}: {one_line(version)!r} is not among the versions that are built ({', '.join(versions)}); "
                f"build it (dvc repro evaluate@{one_line(version)}) or promote another"
            )
        there = f"MLflow's champion is at present {standing}. " if standing else ""
        raise LineageError(
            f"{at}: {' and '.join(missing)} missing: which {version}? One that is rebuilt would inherit the promotion. "
            f"{there}If {version} as it is built here is meant, write in place of the entry:\n"
            f"{pasted(versions[version], entry['because'], entry.get('by', ''))}"
        )
    return Promotion(**entry)


def pasted(facts: Facts, because: str = "…", by: str = "") -> str:
    """The entry that promotes a version as it is built here, ready to be written into promotions.yaml."""
    entry = {"version": facts.name, "fingerprint": facts.tags["fingerprint"], "adapter": facts.tags["adapter"]}
    entry |= {"because": because} | ({"by": by} if by else {})
    text: str = yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=10_000)
    return "".join(f"  {line}\n" for line in text.splitlines()).rstrip("\n")

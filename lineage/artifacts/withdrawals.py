"""`withdrawals.jsonl`, in git: what every withdrawal reached, and where was searched afterwards; a line each.

{"subject": "69722cef…", "when": "2026-11-28", "raw": 1, "documents": 1, "records": {"company_reports": 3},
 "mixes": {"v5_3": 3}, "adapters": {"v5_3": "trained on 3 of its rows"}, "hits": {"data/records": 0, …}, "unseen": {},
 "committed": 0, "stopped": ""}

`lineage withdraw` writes it. It names the subject as params.yaml does, and holds none of its rows.
"""

import json
from datetime import date
from pathlib import Path

from pydantic import Field

from lineage.artifacts.artifact import Artifact, parsed
from lineage.core.paths import WITHDRAWALS


class Withdrawal(Artifact):
    """One withdrawal.

    subject: a source, or the SHA-256 of a document. raw, documents: files that were taken out. records: source → how
    many. mixes: version → rows. adapters: version → why it was trained again or removed. hits: place → what was still
    found there. unseen: place → what could not be told: objects of a remote, exports and runs of unknown adapters.
    committed: files of commits that hold rows of it. stopped: the command at which the rebuild stopped.
    """

    subject: str
    when: date
    raw: int
    documents: int
    records: dict[str, int]
    mixes: dict[str, int]
    adapters: dict[str, str]
    hits: dict[str, int]
    unseen: dict[str, int] = Field(default_factory=dict)
    committed: int = 0
    stopped: str = ""


def read_withdrawals(root: Path = Path()) -> list[Withdrawal]:
    """Every withdrawal of the workspace, oldest first.

    Raises:
        LineageError: a line is damaged.
    """
    file = root / WITHDRAWALS
    if not file.is_file():
        return []
    remedy = "bring it back from git"
    lines = file.read_bytes().splitlines()
    return [parsed(Withdrawal, line, Path(f"{file}:{number}"), remedy) for number, line in enumerate(lines, 1)]


def add_withdrawal(added: Withdrawal) -> None:
    """Write one more line."""
    with WITHDRAWALS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(added.to_json(), ensure_ascii=False) + "\n")

"""A promotion that waits for a person: proposed by one, confirmed or declined by another who has read the verdict.

The look is kept when the version is proposed, since whoever is asked sees the verdict. Asking again about the same
adapter takes no further look, as long as the champion is the one that it was compared with.
"""

from datetime import date
from typing import Any

from lineage.artifacts.manifest import verified_manifest
from lineage.artifacts.promotions import BuiltVersion, Kind, Promotion, add_promotion, read_promotions
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS, training_record
from lineage.core.stage import only_writer
from lineage.promotion.gate import PROPOSED, promote

CONFIRMED: dict[Kind, Kind] = {proposed: kind for kind, proposed in PROPOSED.items()}


def propose(c: Curriculum, version: str, because: str, by: str, override: bool = False) -> Promotion:
    """The proposal of a version as it is built here: one that waits already, or a new look; or the gate's refusal.

    Args:
        c: the curriculum, with the goal.
        version: who may become the champion.
        because: why; needed for an override.
        by: who proposes it.
        override: to propose it even if it is refused.

    Raises:
        LineageError: there is nothing to decide; nothing was looked at, and nothing is kept.
    """
    waiting = waits(version)
    if waiting and (override or waiting.kind == "proposed"):
        return waiting
    done = promote(c, version, because, by, override, asking=True).entry
    return waits(version) or done


def waits(version: str) -> Promotion | None:
    """The proposal of a version as it is built here that nobody has answered; None where there is none."""
    if not training_record(version).is_file():
        return None
    made = verified_manifest(version)
    return _open(read_promotions(), BuiltVersion(version, made.fingerprint, made.adapter))


def answer(proposal: Promotion, yes: bool, by: str, because: str = "") -> Promotion:
    """Keep a person's answer; the champion changes only by a yes.

    Args:
        proposal: what the person was shown.
        yes: the answer.
        by: who answers.
        because: why; left out, that of the proposal.

    Raises:
        LineageError: the proposal waits no longer, since the version or the champion changed meanwhile.
    """
    with only_writer(f"lineage promote {proposal.version}"):
        if (now := waits(proposal.version)) is None or now.entry() != proposal.entry():
            raise LineageError(
                f"{proposal.name} was proposed, but it is not built here any more, or {PROMOTIONS} has other entries "
                f"since; nothing was changed. Promote it again"
            )
        why = because.strip() or (proposal.because if yes else f"{by.strip()} said no")
        changed: dict[str, Any] = {
            "kind": CONFIRMED[proposal.kind] if yes else "declined",
            "when": date.today(),
            "because": why,
        }
        changed |= {"by": by.strip(), "look": None}  # the look was kept with the proposal
        entry = Promotion.model_validate(proposal.model_dump() | changed)
        add_promotion(entry)
    return entry


def _open(entries: list[Promotion], built: BuiltVersion) -> Promotion | None:
    """The last entry of an adapter, if it is a proposal and no champion was made since."""
    for entry in reversed(entries):
        if entry.promotes:
            return None
        if entry.is_of(built.fingerprint, built.adapter):
            return entry if entry.kind in CONFIRMED else None
    return None

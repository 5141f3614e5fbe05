"""Who is the champion, as every place that shows it says: which adapter, since when, why, and whether by override."""

from collections.abc import Mapping

from lineage.artifacts.manifest import AdapterManifest
from lineage.artifacts.promotions import Promotion
from lineage.core.paths import PROMOTIONS
from lineage.core.plain_text import one_line

BY_OVERRIDE = "by override"


def last_promotion(entries: list[Promotion]) -> Promotion | None:
    """The entry that made the present champion; None where nobody was promoted."""
    return next((one for one in reversed(entries) if one.promotes), None)


def built_as(promotion: Promotion | None, built: Mapping[str, AdapterManifest]) -> str:
    """The version that is the promoted adapter; "" where it is not among those that are built here.

    Args:
        promotion: the entry that made the champion.
        built: version → what it was made from.
    """
    if promotion is None:
        return ""
    return next((name for name, one in built.items() if promotion.is_of(one.fingerprint, one.adapter)), "")


def not_asked(entries: list[Promotion]) -> str:
    """What the gate was not asked of the present champion: anything, or whether it is better than the one before it.

    An entry may be written by hand, and git may put the entries of two clones below each other.
    """
    promoting = [one for one in entries if one.promotes]
    if not promoting or promoting[-1].kind == "restored":
        return ""
    entry, before = promoting[-1], promoting[-2] if len(promoting) > 1 else None
    if entry.against is None:
        return "without the gate" if entry.kind == "promoted" else ""
    with_whom = entry.against.fingerprint[:12], entry.against.adapter[:12]
    if before is None or not before.fingerprint or with_whom == (before.fingerprint[:12], before.adapter[:12]):
        return ""
    return f"compared with {one_line(entry.against.version)} and not with the champion before it, {before.name}"


def champion_said(promotion: Promotion | None, built: str, unasked: str = "") -> str:
    """One sentence on the champion.

    Args:
        promotion: the entry that made it.
        built: the version that it is here, or "".
        unasked: what the gate was not asked, from `not_asked`.
    """
    if promotion is None:
        return "No version has been promoted."
    if not (promotion.fingerprint and promotion.adapter):
        return (
            f"{PROMOTIONS} promotes {promotion.version} without naming its adapter, so that nobody can say which one "
            "is meant: `lineage publish` answers with the entry to write."
        )
    who = built if built else f"{promotion.name}, which is not built here"
    how = {"overridden": f", {BY_OVERRIDE} of the gate", "restored": ", restored"}.get(promotion.kind, "")
    how += f", {unasked}" if unasked else ""
    since = f", since {promotion.when}" if promotion.when else ""
    by = f" ({one_line(promotion.by)})" if promotion.by else ""
    return f"Champion: {who}{how}{since}; because: {one_line(promotion.because)}{by}."

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


def champion_said(promotion: Promotion | None, built: str) -> str:
    """One sentence on the champion.

    Args:
        promotion: the entry that made it.
        built: the version that it is here, or "".
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
    since = f", since {promotion.when}" if promotion.when else ""
    by = f" ({one_line(promotion.by)})" if promotion.by else ""
    return f"Champion: {who}{how}{since}; because: {one_line(promotion.because)}{by}."

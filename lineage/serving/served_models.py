"""Who answers: the base, versions as they were when they were loaded, and the champion, whoever that is.

A model's entry says which bytes it is: the fingerprint and the adapter's hash are those of what was loaded, whatever
becomes of the version's folder meanwhile. The champion is who `promotions.yaml` names; it changes while the server
runs, between two answers: the new one is loaded and asked first, and where that fails the old one stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineage.artifacts.manifest import find_manifest, manifests, read_manifest
from lineage.artifacts.promotions import read_promotions
from lineage.chat.voices import load_voices
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.reporting.champion import built_as, last_promotion
from lineage.serving.refusals import RequestRefused

CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What answers to a name. voice: its name among the voices. version: which version it is, or the base.

    created: when its record was written, in seconds of Unix.
    """

    voice: str
    version: str
    parent: str | None
    fingerprint: str
    adapter: str
    created: int

    def card(self, name: str, owner: str) -> dict[str, Any]:
        """The model as `GET /v1/models` lists it, in OpenAI's fields and vLLM's `root` and `parent`."""
        return {
            "id": name,
            "object": "model",
            "created": self.created,
            "owned_by": owner,
            "root": self.version,
            "parent": self.parent,
            "fingerprint": self.fingerprint,
            "adapter": self.adapter,
        }


class ServedModels:
    """The table of names. It is replaced whole, never changed: who reads it sees the old champion or the new one.

    voices: who is loaded, as `Voices` or `VllmVoices`.
    """

    def __init__(self, voices: Any, table: dict[str, ServedModel], owner: str) -> None:
        self.voices, self.table, self.owner = voices, table, owner

    def named(self, name: str) -> ServedModel:
        """Who answers to a name.

        Raises:
            RequestRefused: nobody does.
        """
        if name not in self.table:
            there = ", ".join(self.table)
            raise RequestRefused(
                404, f"model: there is no {name!r} here, but {there}", param="model", code="model_not_found"
            )
        return self.table[name]

    def cards(self) -> list[dict[str, Any]]:
        """All models, in the order in which they were named."""
        return [one.card(name, self.owner) for name, one in self.table.items()]

    def crown(self) -> bool:
        """Let whom `promotions.yaml` names answer as the champion; whether another one does now.

        Raises:
            LineageError: it cannot be read, loaded or asked. The one before stays.
        """
        promotion = last_promotion(read_promotions())
        if promotion is None:
            if CHAMPION in self.table:  # the file may be half written; who asks for the champion is to be answered
                raise LineageError(f"{paths.PROMOTIONS} promotes nobody")
            return False
        name = built_as(promotion, dict(manifests()))
        if not name:
            raise LineageError(f"{paths.PROMOTIONS} promotes {promotion.name}, which is not built here")
        one, standing = _as_built(name, name), self.table.get(CHAMPION)
        if standing and standing.adapter == one.adapter:
            return False
        voice = next((v for v, adapter in self.voices.weights.items() if v != BASE and adapter == one.adapter), None)
        if voice is None:
            voice = f"{name}@{one.adapter[:12]}"
            self.voices.take_in(name, voice)
        self.voices.try_out(voice)
        self.table = {**self.table, CHAMPION: replace(one, voice=voice)}
        return True


def serving(c: Curriculum, versions: Sequence[str]) -> ServedModels:
    """Load the base and versions, every built one where none is named.

    Raises:
        LineageError: as `load_voices`; or nothing is built.
    """
    names = whom(c, versions)
    return as_loaded(c, names, load_voices([BASE, *names], c.active))


def whom(c: Curriculum, versions: Sequence[str]) -> list[str]:
    """The versions that are named, or every built one.

    Raises:
        LineageError: nothing is built.
    """
    names = list(dict.fromkeys(versions or [name for name in c.in_order() if find_manifest(name)]))
    if not names:
        raise LineageError("no version is built yet; run: dvc repro")
    return names


def as_loaded(c: Curriculum, names: Sequence[str], voices: Any) -> ServedModels:
    """The table of what was loaded, each under its own name.

    Raises:
        LineageError: a version was trained again meanwhile.
    """
    table = {name: _as_loaded(name, voices.weights) for name in [*(n for n in names if n != BASE), BASE]}
    return ServedModels(voices, table, c.name)


def _as_loaded(name: str, weights: Mapping[str, str]) -> ServedModel:
    if name == BASE:
        at = int(paths.BASE_RECORD.stat().st_mtime)
        return ServedModel(BASE, BASE, None, weights[BASE], "", at)
    one = _as_built(name, name)
    if one.adapter != weights[name]:
        raise LineageError(f"{name} was trained again while it was loaded; start again")
    return one


def _as_built(name: str, voice: str) -> ServedModel:
    record = read_manifest(name)
    at = int(paths.training_record(name).stat().st_mtime)
    return ServedModel(voice, name, record.parent, record.fingerprint, record.adapter, at)

"""Several versions on one loaded base: the base is loaded once, every adapter beside it, and one of them speaks.

An evaluation takes one version after another and drops each; in a conversation they alternate, so all stay loaded.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter
from lineage.config.schema import BASE, Profile
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.evaluation import answering, inference

TRIED = [{"role": "user", "content": "1 + 1 = ?"}]


@dataclass(frozen=True, slots=True)
class Voices:
    """The base with the adapters of several versions. One speaks at a time: threads wait for one another.

    adapters: by version the name under which PEFT keeps its adapter; the base has none.
    weights: by version the SHA-256 of its adapter; of the base its identity.
    """

    model: Any
    tokenizer: Any
    adapters: dict[str, str]
    weights: dict[str, str]
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def speaking(self, version: str) -> Iterator[Any]:
        """The model as this version, until the block ends."""
        with self._turn:
            if version in self.adapters:
                self.model.set_adapter(self.adapters[version])
                yield self.model
            elif self.adapters:
                with self.model.disable_adapter():
                    yield self.model
            else:
                yield self.model

    def take_in(self, version: str, name: str) -> str:
        """Load a version's adapter as it lies in the workspace now; it speaks as `name`, and its SHA-256 is given back.

        Who spoke before speaks as before, also where this fails.

        Raises:
            LineageError: it is not what its record says, or is of another base than the one that is loaded.
        """
        base, folder = read_base(), paths.adapter(version)
        if base.identity != self.weights[BASE] or not self.adapters:
            raise LineageError(f"{version}: no adapter can be laid on the model that is loaded; start again")
        adapter = opened_adapter(version, base).adapter
        within = f"{version}_{adapter[:12]}"
        with self._turn:
            try:
                missing = self.model.load_adapter(folder, adapter_name=within).missing_keys
            finally:
                self.model.eval()
            if missing:
                self.model.delete_adapter(within)
                raise LineageError(f"{folder}: PEFT finds no tensor for {missing[0]} and {len(missing) - 1} others")
            self.adapters[name], self.weights[name] = within, adapter
        return adapter

    def try_out(self, version: str) -> None:
        """Have it say something, whatever it is; what cannot speak raises."""
        with self.speaking(version) as model:
            answering.answers(model, self.tokenizer, [TRIED], [2])


def load_voices(versions: Sequence[str], profile: Profile) -> Voices:
    """The base and the adapters of `versions`, each of which may be the base itself.

    Raises:
        LineageError: as `inference.load`, for the first version that cannot be loaded; before the base is.
    """
    names = [version for version in dict.fromkeys(versions) if version != BASE]
    for version in names:
        inference.built(version)
    base = read_base()
    weights = {version: opened_adapter(version, base).adapter for version in names}
    model, tokenizer = inference.load(names[0] if names else BASE, profile)
    adapters = {names[0]: str(model.active_adapter)} if names else {}
    for version in names[1:]:
        folder = paths.adapter(version)
        if missing := model.load_adapter(folder, adapter_name=version).missing_keys:
            raise LineageError(f"{folder}: PEFT finds no tensor for {missing[0]} and {len(missing) - 1} others")
        adapters[version] = version
    return Voices(model.eval(), tokenizer, adapters, weights | {BASE: base.identity})

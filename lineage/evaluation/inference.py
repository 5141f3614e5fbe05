"""A model that is asked instead of trained, and the likelihoods of given answers."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter, read_manifest
from lineage.base_model import chat_template
from lineage.base_model.loading import BASE_FOLDER, load_base, weights_of
from lineage.config.schema import BASE, Profile
from lineage.core import paths
from lineage.core.errors import LineageError

TOKENS_AT_ONCE = 2_048  # padded tokens that go through the layers together: more is slower on a CPU
LOGITS_AT_ONCE = 16_000_000  # 64 MB of float32: a vocabulary of 151,936 is scored for a hundred tokens at a time


def built(version: str) -> Path:
    """The folder of the base or a version.

    Raises:
        LineageError: if it was not built, with the command that builds it.
    """
    if version == BASE:
        read_base()
    else:
        read_manifest(version)
    return paths.adapter(version)


def stop_token() -> str:
    """The stop of the chain's template, which the `base` stage wrote into the tokenizer as its end of sequence."""
    said = json.loads((BASE_FOLDER / "tokenizer_config.json").read_text(encoding="utf-8"))["eos_token"]
    return str(said["content"] if isinstance(said, dict) else said)


def tokenizer_of_base() -> Any:
    """The tokenizer of every version: the base's, with the chain's template and its stop."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BASE_FOLDER)


def load(version: str, profile: Profile) -> tuple[Any, Any]:
    """The base, or a version's adapter on it, and the tokenizer, for asking.

    Raises:
        LineageError: it was not built, was changed since, or was trained on another base or template than those in
            `models/base`.
    """
    return OneBase(profile).turned_into(version)


class OneBase:
    """The base, loaded once, to be asked as one version after another: each adapter takes the place of the one before.

    A version's answers are bit for bit those of a load of its own, since no two adapters are active at once.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.model: Any = None
        self.tokenizer: Any = None
        self.adapters = 0  # loaded so far

    def turned_into(self, version: str) -> tuple[Any, Any]:
        """The model of a version, or the base's own, and the tokenizer. What was handed out before turns with it.

        Raises:
            LineageError: as `load`.
        """
        profile, folder, base = self.profile, built(version), read_base()
        if version != BASE:
            opened_adapter(version, base)
        if self.model is None:
            self.model = load_base(weights_of(base, profile.base), profile)
            self.tokenizer = tokenizer_of_base()
        if version != BASE:
            self._put_on(version, folder)
        elif self.adapters:
            self.model.base_model.disable_adapter_layers()
        import torch

        if torch.cuda.is_available() and not profile.load_in_4bit:  # 4-bit weights are there already
            self.model = self.model.to("cuda")
        return self.model.eval(), self.tokenizer

    def _put_on(self, version: str, folder: Path) -> None:
        """Load an adapter beside the present one, make it the active one, and drop the other."""
        from peft import PeftModel

        self.adapters += 1
        if self.adapters == 1:
            self.model = PeftModel.from_pretrained(self.model, folder)
            return
        before, now = self.model.active_adapter, f"adapter{self.adapters}"
        self.model.base_model.enable_adapter_layers()
        if missing := self.model.load_adapter(folder, adapter_name=now).missing_keys:
            raise LineageError(
                f"{folder}: its file has no {missing[0]} ({len(missing)} tensors are missing); "
                f"train it again: dvc repro -f train@{version}"
            )
        self.model.set_adapter(now)
        self.model.delete_adapter(before)


def negative_log_likelihoods(model: Any, rows: Sequence[chat_template.Tokens]) -> list[float]:
    """The summed NLL, in nats, of each row's supervised tokens.

    Only what predicts a supervised token meets the vocabulary, `LOGITS_AT_ONCE` logits at a time: whole logits of eight
    rows of 512 tokens would be 2.5 GB for Qwen2.

    Raises:
        LineageError: the model makes its logits in a way that is not known here.
    """
    import torch

    sums = [0.0] * len(rows)
    if rows:
        scored_as_the_model_does(model, rows[0])
    for batch in batches_of([len(row.ids) for row in rows], TOKENS_AT_ONCE):
        width = max(len(rows[i].ids) for i in batch)
        labels = torch.tensor(
            [rows[i].labels + [chat_template.IGNORED] * (width - len(rows[i].ids)) for i in batch], device=model.device
        )[:, 1:]
        supervised = labels != chat_template.IGNORED
        with torch.inference_mode():
            states = _last_states(model, [rows[i].ids for i in batch])[:, :-1][supervised]
            losses = torch.zeros(labels.shape, dtype=torch.float64, device=states.device)
            losses[supervised] = losses_of(model, states, labels[supervised])
        for i, loss in zip(batch, losses.sum(1).tolist(), strict=True):
            sums[i] = loss
    return sums


def causal_lm(model: Any) -> Any:
    """The model below an adapter's wrapper; the adapter lies in its layers."""
    return model.get_base_model() if hasattr(model, "peft_config") else model


def _last_states(model: Any, ids: Sequence[list[int]]) -> Any:
    """Rows × tokens × hidden: what the layers make of rows padded on the right, before the vocabulary."""
    import torch

    width = max(map(len, ids))
    padded = torch.tensor([row + [0] * (width - len(row)) for row in ids], device=model.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids], device=model.device)
    return causal_lm(model).base_model(input_ids=padded, attention_mask=mask, use_cache=False).last_hidden_state


def losses_of(model: Any, states: Any, labels: Any) -> Any:
    """The NLL of each label, float64, given the state that predicts it."""
    import torch

    at_once = max(1, LOGITS_AT_ONCE // model.config.get_text_config().vocab_size)
    parts = [
        torch.nn.functional.cross_entropy(_logits(model, some), wanted, reduction="none").double()
        for some, wanted in zip(states.split(at_once), labels.split(at_once), strict=True)
    ]
    return torch.cat(parts)


def _logits(model: Any, states: Any) -> Any:
    """States × vocabulary, float32. The head is called as a module, for an adapter may lie on it too."""
    import torch

    causal = causal_lm(model)
    config = causal.config.get_text_config()
    logits = causal.get_output_embeddings()(states).float()
    if scale := getattr(config, "logit_scale", None):  # Cohere
        logits = logits * scale
    if divisor := getattr(config, "logits_scaling", None):  # Granite
        logits = logits / divisor
    if cap := getattr(config, "final_logit_softcapping", None):  # Gemma 2
        logits = cap * torch.tanh(logits / cap)
    return logits


def scored_as_the_model_does(model: Any, row: chat_template.Tokens) -> None:
    """One token's logits are the model's own: a family may scale or cap them in a way that only its code knows."""
    import torch

    ids = torch.tensor([row.ids], device=model.device)
    with torch.inference_mode():
        own = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
        ours = _logits(model, _last_states(model, [row.ids])[0, -1:])[0]
    if (own - ours).abs().max() > 0.01 * own.abs().max().clamp(min=1):
        raise LineageError(
            f"{type(causal_lm(model)).__name__} changes its logits after the head in a way that is not known "
            f"here (they differ by {(own - ours).abs().max():.3g}); add it to `_logits` of lineage/evaluation"
        )


def batches_of(lengths: Sequence[int], tokens: int) -> Iterable[list[int]]:
    """The places of rows that go together, from short to long, padded within bounds; a longer row is alone."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[i] > tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch

"""What an adapter's config says of its shape, and whether a chain can carry on with it.

Two things may differ and are written down: `r`, which a version may have of its own, and dropout, which acts in
training alone. All else must be the chain's, because a continued adapter cannot change it: a setting that this project
does not know is refused by name, never ignored.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.config.schema import Lora
from lineage.core.errors import LineageError
from lineage.core.files import write_json

# Read here or in base.py; or without effect on what the saved tensors mean.
READ = {
    "peft_type",
    "task_type",
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "rank_pattern",
    "alpha_pattern",
    "use_rslora",
    "use_dora",
    "bias",
    "init_lora_weights",
    "base_model_name_or_path",
    "revision",
}
HARMLESS = {
    "auto_mapping",
    "inference_mode",
    "peft_version",
    "exclude_modules",
    "layers_to_transform",
    "layers_pattern",
    "megatron_core",
    "qalora_group_size",
    "eva_config",
    "ensure_weight_tying",
    "loftq_config",
    "corda_config",
    "lora_ga_config",
    "unsloth_version",
}
# How it began is the tensors' own affair, unless the base was changed beneath them.
HARMLESS_BEGINNINGS = (True, False, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape that all modules of an adapter share."""

    r: int
    scaling: float
    rslora: bool
    dora: bool
    dropout: float
    targets: tuple[str, ...]  # last parts of the modules' names

    def alpha_at(self, r: int) -> float:
        """The alpha that gives this scaling at another r."""
        return round(self.scaling * (math.sqrt(r) if self.rslora else r), 9)


def check_config(config: Mapping[str, Any], where: str) -> None:
    """Refuse an adapter that is no plain LoRA over an untouched base.

    Raises:
        LineageError: naming the field, what it says and what helps.
    """
    if config.get("peft_type") != "LORA":
        raise LineageError(f"{where}: peft_type is {config.get('peft_type')!r}; only LORA can be continued here")
    if config.get("task_type") not in (None, "CAUSAL_LM"):
        raise LineageError(f"{where}: task_type is {config['task_type']!r}; only CAUSAL_LM can be continued here")
    if (bias := config.get("bias", "none")) != "none":
        raise LineageError(f"{where}: bias is {bias!r}; a chain carries no biases: train it again with bias: none")
    if saved := config.get("modules_to_save"):
        raise LineageError(
            f"{where}: modules_to_save is {saved!r}, so it replaces layers of the base; a chain carries LoRA weights "
            f"alone: train it again without modules_to_save"
        )
    beginning = config.get("init_lora_weights", True)
    if not any(beginning is known or beginning == known for known in HARMLESS_BEGINNINGS):
        raise LineageError(
            f"{where}: init_lora_weights is {beginning!r}, which changes the base's own weights before training, so "
            f"the adapter does not fit the plain base; save it again converted to a plain LoRA "
            f"(PEFT: save_pretrained(…, path_initial_model_for_weight_conversion=…))"
        )
    for name in sorted(set(config) - READ - HARMLESS):
        if config[name] not in (None, False, [], {}, 0, ""):
            raise LineageError(
                f"{where}: {name} is {config[name]!r:.60}, which a chain cannot carry on; train it again without it"
            )


def shape_of(config: Mapping[str, Any], ranks: Mapping[str, int], where: str) -> Shape:
    """The one shape behind `ranks` (module → r, from the tensors) and the config's patterns.

    Raises:
        LineageError: the config disagrees with the tensors, or modules differ in r or scaling.
    """
    try:
        r, alpha = int(config["r"]), float(config["lora_alpha"])
        by_rank, by_alpha = dict(config.get("rank_pattern") or {}), dict(config.get("alpha_pattern") or {})
        rslora, dora = bool(config.get("use_rslora")), bool(config.get("use_dora"))
        dropout = float(config.get("lora_dropout") or 0.0)
        said = {module: int(_by_pattern(by_rank, module, r)) for module in ranks}
        alphas = {module: float(_by_pattern(by_alpha, module, alpha)) for module in ranks}
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise LineageError(
            f"{where}: r, lora_alpha, rank_pattern or alpha_pattern cannot be read ({error!r}); copy the config anew"
        ) from error
    for module, rank in ranks.items():
        if said[module] != rank:
            raise LineageError(
                f"{where}: it says r {said[module]} of {module}, whose tensors have r {rank}; "
                f"config and weights are of two adapters: copy both from one training"
            )
    shapes = {(rank, alphas[m] / (math.sqrt(rank) if rslora else rank)) for m, rank in ranks.items()}
    if len(shapes) > 1:
        few = ", ".join(f"r {rank} × {scaling:g}" for rank, scaling in sorted(shapes)[:3])
        raise LineageError(
            f"{where}: its modules differ in r or scaling ({few}) by rank_pattern {by_rank} and alpha_pattern "
            f"{by_alpha}; a chain has one r and one alpha: train it again without these patterns"
        )
    ((rank, scaling),) = shapes
    if not (math.isfinite(scaling) and scaling > 0):
        raise LineageError(f"{where}: lora_alpha is {alpha}; expected a number above zero")
    return Shape(rank, scaling, rslora, dora, dropout, last_parts(ranks))


def name_base(file: Path, name: str, revision: str | None) -> None:
    """Write how an adapter names its base into its `adapter_config.json`; all else in it stays.

    Args:
        file: the config.
        name: a hub id, or the link to a local base.
        revision: the commit of a hub base.
    """
    config = json.loads(file.read_text(encoding="utf-8"))
    write_json(file, config | {"base_model_name_or_path": name, "revision": revision})


def last_parts(modules: Iterable[str]) -> tuple[str, ...]:
    """`model.layers.0.self_attn.q_proj` → `q_proj`, each once, sorted."""
    return tuple(sorted({module.rpartition(".")[2] for module in modules}))


def fitted(shape: Shape, chain: Lora, where: str) -> tuple[Lora, list[str]]:
    """The chain's shape with the adapter's r, and what is worth a note.

    Raises:
        LineageError: with the lines of `params.yaml` under which the adapter would fit.
    """
    lines = []
    if set(shape.targets) != set(chain.targets):
        lines.append(f"    targets: [{', '.join(shape.targets)}]")
    if shape.rslora != chain.rslora:
        lines.append(f"    rslora: {str(shape.rslora).lower()}")
    if shape.dora != chain.dora:
        lines.append(f"    dora: {str(shape.dora).lower()}")
    if shape.rslora != chain.rslora or not math.isclose(shape.scaling, chain.scaling, rel_tol=1e-6):
        lines.append(f"    alpha: {shape.alpha_at(chain.r):g}")
    if lines:
        raise LineageError(
            f"{where}: the chain has another shape. The adapter: scaling {shape.scaling:g}, targets "
            f"{', '.join(shape.targets)}, rslora {shape.rslora}, dora {shape.dora}; the chain: scaling "
            f"{chain.scaling:g}, targets {', '.join(sorted(chain.targets))}, rslora {chain.rslora}, dora {chain.dora}. "
            f"To adopt it, set in params.yaml (every version is then trained again in this shape):\n"
            + "\n".join(["chain:", "  lora:", *lines])
        )
    notes = []
    if shape.r != chain.r:
        notes.append(f"r is {shape.r}, the chain's is {chain.r}; the scaling is the same")
    if shape.dropout != chain.dropout:
        notes.append(f"it was trained with dropout {shape.dropout:g}; from here on the chain's {chain.dropout:g} holds")
    return chain.with_rank(shape.r), notes


def _by_pattern(patterns: Mapping[str, Any], module: str, default: Any) -> Any:
    """PEFT's rule: the first pattern that matches a module's name, or its end behind a dot."""
    return next((value for pattern, value in patterns.items() if re.match(rf"(.*\.)?({pattern})$", module)), default)

"""The most memory that training a version holds at once, part by part, from shapes alone.

What a token leaves behind in a decoder layer was counted on Qwen2 with PyTorch's saved-tensor hooks; the peak was
compared with real runs on a CPU. Parts that only a GPU or several processes show are formulas that nothing has tested
yet. File pages of the weights being read are not counted: the system takes them back when it needs them.
"""

from dataclasses import dataclass
from math import prod

from lineage.config.lora import Lora
from lineage.config.schema import Profile
from lineage.config.version import ResolvedVersion
from lineage.planning.model import Model

LIBRARIES = 680_000_000  # torch, transformers, PEFT and TRL with a model of no size; measured
CUDA = 800_000_000  # what a CUDA context takes of a GPU before there is a model; an assumption
LOGITS_CHUNK = 256  # supervised tokens that TRL's `chunked_nll` computes at once
LOGITS_COPIES = 5  # logits, their log-softmax, its exponential and product, a gradient; 4.7 were measured
WHOLE_LOGITS_COPIES = 4  # where the head itself is adapted
SMALL_STATE = 4096  # elements below which bitsandbytes keeps optimizer states in 32 bits
FRAGMENTATION = 1.15  # of activations, with `machine.return_freed_memory`


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes by part, of one process. `processes` of a node share one main memory, but have a GPU each."""

    parts: dict[str, int]
    processes: int

    @property
    def one(self) -> int:
        """Of one process."""
        return sum(self.parts.values())

    @property
    def all(self) -> int:
        """Of all processes of one node."""
        return self.one * self.processes


def memory_of(model: Model, profile: Profile, v: ResolvedVersion, longest: int, *, on_gpu: bool) -> Memory:
    """What training a version needs.

    Args:
        model: the base's shapes.
        profile: how it is trained.
        v: the version.
        longest: tokens of the longest sequence, padding included.
        on_gpu: whether the memory is a GPU's.
    """
    lora = v.lora
    shards = 1 if profile.launch.strategy == "ddp" else profile.launch.processes
    width = 4 if profile.compute_dtype == "float32" else 2
    preference = v.spec.train.preference is not None
    tokens = max(profile.batch_size, 1 + preference) * longest  # a preference needs both answers of a pair at once
    adapter = model.adapter(lora)
    weights = weight_bytes(model, profile)
    gathered = 2 * weights // max(model.layers, 1) if shards > 1 else 0  # a layer in use and the next one on its way
    buckets = 4 * adapter if profile.launch.processes > 1 and shards == 1 else 0
    parts = {
        "libraries": CUDA if on_gpu else LIBRARIES,
        "weights": weights // shards + gathered,
        "adapter": 4 * adapter * (1 + preference) // shards,  # and the one that it is compared with
        "gradients": 4 * adapter // shards + buckets,
        "optimizer": optimizer_bytes(model, lora, profile.optimizer) // shards,
        "activations": round(FRAGMENTATION * activation_bytes(model, profile, lora, tokens)),
        "logits": logit_bytes(model, lora, tokens, width),
    }
    return Memory(parts, profile.launch.each)


def weight_bytes(model: Model, profile: Profile) -> int:
    """The base, as it is loaded. 4-bit: NF4 in blocks of 64, a scale each, which double quantisation makes 8-bit."""
    width = 4 if profile.compute_dtype == "float32" else 2
    if not profile.load_in_4bit:
        return model.parameters * width
    scale = (1 + 4 / 256) / 64 if profile.double_quant else 4 / 64
    return round(model.linear * (0.5 + scale)) + (model.parameters - model.linear) * width


def optimizer_bytes(model: Model, lora: Lora, optimizer: str) -> int:
    """Two states for each trained element. In 8 bits there is a 32-bit scale for 256 elements."""
    if "8bit" not in optimizer:
        return 8 * model.adapter(lora)
    sizes = [size for out, into in model.adapted(lora) for size in (lora.r * into, lora.r * out)]
    return sum(round(size * (2 + 8 / 256)) if size >= SMALL_STATE else 8 * size for size in sizes)


def activation_bytes(model: Model, profile: Profile, lora: Lora, tokens: int) -> int:
    """What is kept for the backward pass, of all layers, or of one where it is computed again.

    Args:
        model: the base's shapes.
        profile: its dtype, and whether activations are computed again.
        lora: the adapter's shape.
        tokens: of one batch, padding included.
    """
    h, q, k, f = model.hidden, model.query, model.key, model.intermediate
    targets = set(lora.targets)
    adapted = model.adapted(lora)
    inside = [(out, into) for out, into in adapted if out != model.vocab]
    a_layer = len(inside) / max(model.layers, 1)
    elements = 2 * h + 2 * q + 2 * k + 3 * f + lora.r * a_layer  # both norms, attention, the gated MLP, A's results
    elements += h * bool(targets & {"q_proj", "k_proj", "v_proj"}) + h * bool(targets & {"gate_proj", "up_proj"})
    elements += f * ("down_proj" in targets)
    width = 4 if profile.compute_dtype == "float32" else 2
    layer = elements * width
    if width == 2:
        layer += (3 + 1.75 * a_layer) * h  # 32-bit copies of the norms, and one cast an adapted layer
    if lora.dropout:
        layer += 1.35 * width * sum(into for _, into in inside) / max(model.layers, 1)  # masked inputs and their masks
    weights = 0.0
    if lora.dora:  # the merged weight and its product with the input, beside the plain ones
        layer += 2 * width * sum(out for out, _ in inside) / max(model.layers, 1)
        weights = 2 * width * sum(prod(shape) for shape in inside) / max(model.layers, 1)
    if profile.gradient_checkpointing or profile.trainer == "unsloth":  # unsloth always computes again
        return round(tokens * (model.layers * h * width + layer) + weights)
    return round(model.layers * (tokens * layer + weights))


def logit_bytes(model: Model, lora: Lora, tokens: int, width: int) -> int:
    """The logits and what the loss makes of them: a chunk of supervised tokens, or all tokens if the head is adapted.

    Args:
        model: the base's shapes.
        lora: the adapter's shape.
        tokens: of one batch, padding included.
        width: bytes of an element in the dtype that is computed in, 2 or 4.
    """
    if "lm_head" in lora.targets:
        return tokens * model.vocab * (WHOLE_LOGITS_COPIES * 4 + width)
    return min(LOGITS_CHUNK, tokens) * model.vocab * 4 * LOGITS_COPIES

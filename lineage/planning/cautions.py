"""What to be careful of before a version is trained, though nothing forbids it; a base that is not where it is named.

Told by `lineage check`: each line says what it means for the result, and what to change.
"""

from collections.abc import Iterator
from pathlib import Path

from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core.machine import size
from lineage.planning.amount import Work
from lineage.planning.memory import weight_bytes
from lineage.planning.model import Model
from lineage.planning.servability import costs_of_serving

PASSES = 20  # over the same rows: beyond it a model learns them by heart; people's recipes stay below ten


def lost_base(c: Curriculum) -> Iterator[str]:
    """Why no base can be read where params.yaml says that it lies."""
    if path := c.active.base.path:
        at, folder = f"profiles.{c.profile}.base.path", Path(path)
        if not folder.is_dir():
            yield f"{at}: {path} is not a folder; name the folder of a model: config.json, tokenizer, *.safetensors"
        elif lacking := [n for n in ("config.json", "*.safetensors") if not any(folder.glob(n))]:
            yield f"{at}: {path} has no {' and no '.join(lacking)}; name the folder of a model"


def cautions(c: Curriculum, model: Model | None) -> Iterator[str]:
    """What the base, the chain and the nodes mean for every version."""
    if model and (several := on_several_nodes(c, model)):
        yield several
    if model and c.active.base.build:
        yield (
            f"the base is a toy of {model.parameters / 1e6:.1f} M parameters, made here: its answers are only a proof "
            "that the machine runs; for a model that knows Korean set profile: small or gpu"
        )
    yield from served(c, model)


def served(c: Curriculum, model: Model | None) -> Iterator[str]:
    """What the shape of the adapters, and 4-bit weights, will cost whoever serves a version."""
    shapes = {v.lora.r: v.lora for v in map(c.version, c.in_order())}
    told = dict.fromkeys(
        line for lora in shapes.values() for line in costs_of_serving(lora, tied=bool(model and model.tied))
    )
    for line in told:
        yield f"chain.lora, to be served: {line}"
    if c.active.load_in_4bit:
        yield (
            f"profiles.{c.profile}.load_in_4bit, to be served: a version is trained on rounded weights, so that merged "
            "into the whole ones it is another model; `lineage export VERSION --as merged` measures both ways of "
            "merging and the 4-bit base with its adapter on the held-out sets, and ships the better merge"
        )


def on_several_nodes(c: Curriculum, model: Model) -> str:
    """What a training on several nodes takes beside what the table says; empty on one.

    A ring sends each gradient on almost twice, at 4 bytes; what is sharded is brought together for each pass.
    """
    launch = c.active.launch
    if launch.nodes == 1:
        return ""
    share = (launch.nodes - 1) / launch.nodes
    sent = 2 * share * 4 * model.adapter(c.chain.lora)
    if launch.strategy != "ddp":
        sent += 2 * share * c.active.accumulation * weight_bytes(model, c.active)
    return (
        f"profiles.{c.profile}.launch: {launch.nodes} nodes with {launch.each} process(es) each, which meet at "
        f"{launch.rendezvous}. A training waits there {launch.patience:g} s at most; on each other node run `dvc pull` "
        f"of mix, parent and base, then `lineage join <version>`. Memory is that of one node; the first one writes "
        f"what the disk column says. A step sends about {size(sent)} from each node, for which no time is counted"
    )


def many_passes(c: Curriculum, v: ResolvedVersion, work: Work) -> str:
    """That a version sees its few rows very often; empty where it does not, and in the sample world."""
    if c.data != "own" or work.passes <= PASSES:
        return ""
    scale = v.spec.train.budget_scale * PASSES / work.passes
    return (
        f"{v.name} sees its {work.rows:,} rows {work.passes:,.0f} times, and will know them by heart: give it more "
        f"rows, set profiles.{c.profile}.budget: {{epochs: 3}}, or versions.{v.name}.train.budget_scale: {scale:.2g}"
    )

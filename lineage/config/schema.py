"""The curriculum: `params.yaml`, parsed once into frozen, validated types.

- A *source* is something to train on; a *version* mixes sources and continues its parent; the *chain* is what
  all versions share because a continued adapter cannot change it; the *profile* is how they are trained.
- Versions form a tree: `parent` is `base` or another version.
- Precedence is chain ← profile ← version: a profile sets rate and budget, a version only scales them.
- Every mistake is answered with the line's path in `params.yaml`, the value found and what is allowed.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from lineage.config.fields import Frozen, Name, Positive, Share
from lineage.config.goal import Goal
from lineage.config.lora import Lora
from lineage.config.measuring import Evaluation
from lineage.config.reserved import BASE
from lineage.config.version import ResolvedVersion, Version
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.ordering import parents_first
from lineage.records.record import Form, Supervise

DEFAULT_NAME = "krx-lineage"


def _documents(found: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if found != "all" and not all(re.fullmatch("[0-9a-f]{64}", document) for document in found):
        raise ValueError("a document is named by its SHA-256, 64 hex digits")
    return found


Documents = Annotated[tuple[str, ...], AfterValidator(_documents)]


class Chain(Frozen):
    """What every version shares. `template` is a file of `lineage/base_model/templates`: how turns become text."""

    lora: Lora
    template: Literal["chatml", "question_answer", "question_options", "loan_grade", "openchat_3_5"] = "chatml"


class Build(Frozen):
    """A tiny Qwen2 that the `base` stage makes: its size, and its pretraining in steps of `batch_size` rows.

    tied: whether its head is its embedding, as in small models; an adapter on `lm_head` wants one of its own.
    """

    vocab_size: Annotated[int, Field(ge=400)]
    hidden_size: Positive
    layers: Positive
    heads: Positive
    kv_heads: Positive
    intermediate_size: Positive
    steps: Positive
    batch_size: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    tied: bool = True

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name != "tied" or not value}

    @model_validator(mode="after")
    def _whole_heads(self) -> "Build":
        if self.hidden_size % (2 * self.heads) or self.heads % self.kv_heads:
            raise ValueError("hidden_size must be a multiple of 2 × heads, and heads one of kv_heads")
        return self


class BaseModelSpec(Frozen):
    """Where the base comes from: built here, a folder on disk, or a hub repository at a pinned commit."""

    build: Build | None = None
    path: str | None = None
    repo: str | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "BaseModelSpec":
        if sum(x is not None for x in (self.build, self.path, self.repo)) != 1:
            raise ValueError("give exactly one of build, path, repo")
        if (self.repo is None) != (self.revision is None):
            raise ValueError("repo and revision go together: a hub model is pinned by its commit")
        return self


class Budget(Frozen):
    """How long a version trains, before its `budget_scale`: tokens seen, or passes over its mix."""

    tokens: Positive | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "Budget":
        if (self.tokens is None) == (self.epochs is None):
            raise ValueError("give exactly one of tokens, epochs")
        return self


def _host_and_port(found: str) -> str:
    host, _, port = found.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("name an IPv4 address or a host, and a port, such as 10.0.0.1:29400")
    return found


class Launch(Frozen):
    """How many processes train one version, and how they share it: `ddp` copies, `fsdp2` and `zero3` shards.

    processes: of all nodes together.
    nodes: machines that train together, each with the same number of processes. rendezvous: `host:port` of the first
    one, which listens at that address alone. patience: seconds that they wait for one another.
    Where processes run shapes no result: what is hashed, written or handed on of these settings leaves nodes,
    rendezvous and patience out.
    """

    processes: Positive = 1
    strategy: Literal["ddp", "fsdp2", "zero3"] = "ddp"
    nodes: Annotated[int, Field(ge=1, exclude=True)] = 1
    rendezvous: Annotated[str, AfterValidator(_host_and_port), Field(exclude=True)] = "127.0.0.1:29400"
    patience: Annotated[float, Field(gt=0, exclude=True)] = 600

    @model_validator(mode="after")
    def _as_many_on_each_node(self) -> "Launch":
        if self.processes % self.nodes:
            raise ValueError(
                f"{self.processes} process(es) cannot be shared out evenly over {self.nodes} nodes; `processes` counts "
                f"those of all nodes, make it a multiple of {self.nodes}"
            )
        return self

    @property
    def each(self) -> int:
        """The processes of one node."""
        return self.processes // self.nodes


Setting = Literal["optimizer", "packing", "compute_dtype", "loss", "schedule"]


class Profile(Frozen):
    """How versions are trained. Lengths are in tokens, `threads: 0` means all cores.

    batch_size: rows that one process computes at once. global_batch_size: rows behind one optimizer step, whatever the
    number of processes; what is missing is accumulated.
    loss: on the completion, or on the full row. packing: several rows in one sequence, blind to one another.
    double_quant: of 4-bit weights, the scales too. gradient_checkpointing: recompute activations, which saves memory.
    may_differ: settings that the trainer may change silently; any other change stops the run before its first step.
    """

    trainer: Literal["hf", "unsloth"]
    base: BaseModelSpec
    load_in_4bit: bool
    compute_dtype: Literal["float32", "bfloat16", "float16"]
    optimizer: Literal["adamw_8bit", "adamw_torch", "paged_adamw_8bit", "paged_adamw_32bit"]
    batch_size: Positive
    global_batch_size: Positive
    max_length: Annotated[int, Field(ge=64)]
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["cosine", "linear", "constant_with_warmup"]
    warmup_ratio: Share
    weight_decay: Annotated[float, Field(ge=0)]
    budget: Budget
    checkpoint_steps: Positive
    threads: Annotated[int, Field(ge=0)]
    loss: Literal["completion", "full"] = "completion"
    packing: bool = False
    double_quant: bool = True
    gradient_checkpointing: bool = False
    launch: Launch = Launch()
    may_differ: tuple[Setting, ...] = ()

    @model_validator(mode="after")
    def _whole_steps(self) -> "Profile":
        at_once = self.batch_size * self.launch.processes
        if self.global_batch_size % at_once:
            raise ValueError(
                f"global_batch_size is {self.global_batch_size}, but {self.launch.processes} process(es) of batch_size "
                f"{self.batch_size} compute {at_once} rows at once; make it a multiple of {at_once}"
            )
        return self

    @property
    def accumulation(self) -> int:
        """Batches of a process behind one optimizer step."""
        return self.global_batch_size // (self.batch_size * self.launch.processes)


class Paper(Frozen):
    """What the conversion of one PDF may cost before the file goes to quarantine."""

    max_megabytes: Positive
    max_pages: Positive
    seconds: Positive
    ocr: bool = False
    withdrawn: Documents = ()


Term = Literal["allowed", "forbidden", "unknown"]


class Licence(Frozen):
    """What may be done with a source's rows and with what is made from them. `unknown` asks a person to find out."""

    title: str
    redistribution: Term
    commercial: Term


class Hub(Frozen):
    """Where a source lies on the hub: fetched once, at a pinned commit, by `lineage fetch <source>`."""

    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    config: str | None = None
    split: str = "train"


class Source(Frozen):
    """One thing to train on, or to be measured by alone.

    heldout: the share of its groups that no version ever sees; 1 makes it a benchmark.
    columns: the reader's name of a column → what the files call it, where the reader does not find it by itself.
    only: a column of the files → the values of the rows that are this source's; the others are counted and left out.
    personal: what happens to personal data in its rows: masked, or the row refused, or kept and counted.
    supervise: which answers of a conversation are trained and measured: the last alone, or all.
    near_duplicates: whether rows that repeat another one but for spelling are dropped.
    withdrawn: documents (SHA-256) whose rows are taken out again, or the whole source.
    part_characters: how long a part of a document may be; a row longer than `max_length` tokens is not trained on.
    """

    title: str
    input: Literal["raw", "documents", "generated"]
    reader: Name
    forms: tuple[Form, ...] = Field(min_length=1)
    heldout: Annotated[float, Field(ge=0, le=1)]
    licence: Name
    hub: Hub | None = None
    columns: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    only: dict[Annotated[str, Field(min_length=1)], Annotated[tuple[str | int, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    personal: Literal["mask", "refuse", "keep"] = "mask"
    supervise: Supervise = "last"
    near_duplicates: Literal["drop", "keep"] = "drop"
    withdrawn: Annotated[Literal["all"] | tuple[str, ...], AfterValidator(_documents)] = ()
    part_characters: Annotated[int, Field(ge=80)] | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A field that came later is not written out where it says nothing: what was made without it stays fresh."""
        return {name: value for name, value in handler(self).items() if name != "only" or value}


class Generated(Frozen):
    """A source made from the records of another, its `reference`: by rule (`cloze`), or by a model behind an endpoint.

    kind: `cloze` gaps and number questions · `mcqa` with reasoning · `qa` with and without the reference · `summary`.
    per_record: how many questions are asked of one record at most.
    model: the endpoint's name of the model; `cloze` needs none.
    """

    reference: Name
    kind: Literal["cloze", "mcqa", "qa", "summary"]
    per_record: Positive = 1
    model: str | None = None

    @model_validator(mode="after")
    def _written_by_someone(self) -> "Generated":
        if (self.kind == "cloze") != (self.model is None):
            raise ValueError("kind cloze is made by rule and takes no model; the other kinds need one")
        return self


class Curriculum(Frozen):
    """The whole of `params.yaml`. name: what MLflow and Prefect call it, beside other lineages that they show."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)] = DEFAULT_NAME
    profile: str
    data: Literal["sample", "own"]
    seed: int
    chain: Chain
    profiles: dict[Name, Profile]
    papers: dict[Name, Paper]
    licences: dict[Name, Licence]
    generated: dict[Name, Generated]
    sources: dict[Name, Source]
    versions: dict[Name, Version] = Field(min_length=1)
    evaluation: Evaluation
    goal: Goal = Goal()

    @property
    def active(self) -> Profile:
        """The chosen profile."""
        return self.profiles[self.profile]

    def version(self, name: str) -> ResolvedVersion:
        """A version with all that the rest of the curriculum says of it; asked once, and handed down.

        Raises:
            LineageError: there is none of that name.
        """
        if name not in self.versions:
            raise LineageError(f"unknown version {name!r}; params.yaml has {', '.join(self.versions)}")
        line = (name, *self.ancestors(name))
        r = next((r for one in line if (r := self.versions[one].train.r)), None)
        lora = self.chain.lora.with_rank(r) if r else self.chain.lora
        return ResolvedVersion(name, self.versions[name], lora, line[1:])

    def ancestors(self, version: str) -> list[str]:
        """Parent, grandparent, … of a version, nearest first, without the base."""
        line, parent = [], self.versions[version].parent
        while parent != BASE:
            line.append(parent)
            parent = self.versions[parent].parent
        return line

    def in_order(self) -> list[str]:
        """Versions, parents before children, otherwise as they are written."""
        return parents_first({n: () if v.parent == BASE else (v.parent,) for n, v in self.versions.items()})

    def raw_folder(self, source: str) -> Path:
        """Where the files of a source lie as they came."""
        return paths.RAW / self.data / source

    def input_folder(self, source: str) -> Path:
        """Where the reader of a source reads: raw files, documents made from PDFs, or generated rows."""
        return paths.DATA / self.sources[source].input / self.data / source

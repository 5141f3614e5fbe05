"""Where everything lies in a workspace. No other module spells these paths.

All are relative to the working folder, as DVC and the messages name them; for a workspace elsewhere, its root comes
first: `root / mix_summary("v6")`.
"""

import os
from pathlib import Path

PARAMS = Path("params.yaml")
GRAPH = Path("dvc.yaml")
DVC_LOCK = Path("dvc.lock")
DVC_IGNORE = Path(".dvcignore")
PROGRAM = Path("program")  # by stage: what the installed program computes; see lineage/core/program.py
STATE = Path(".state")  # may be deleted at any time: caches by content, checkpoints, databases, locks
DOCUMENT_CACHE = "KRX_DOCUMENT_CACHE"  # the variable that names a folder for `document_cache`, shared or not
HARNESS_TASKS = STATE / "harness" / "tasks"  # of lm-evaluation-harness, by `lineage harness`

DATA = Path("data")
CHECKED = DATA / "checked.json"
CURRICULUM = DATA / "curriculum"  # what stages read of params.yaml, as files; see lineage/config/excerpts.py
SAMPLES_EXCERPT = CURRICULUM / "samples.json"
TRAIN_EXCERPT = CURRICULUM / "train.json"
EVALUATE_EXCERPT = CURRICULUM / "evaluate.json"
REPORT_EXCERPT = CURRICULUM / "report.json"
CARDS_EXCERPT = CURRICULUM / "cards.json"
RAW = DATA / "raw"  # by `data:` (sample, own), then by source
DOCUMENTS = DATA / "documents"  # the same
GENERATED = DATA / "generated"  # the same
ADOPTED = DATA / "adopted"  # by version
RECORDS = DATA / "records"  # by source
HELDOUT = DATA / "heldout"  # by source
DUPLICATES = DATA / "duplicates"
CLUSTERS = DUPLICATES / "clusters.jsonl"
SUPERSEDED = DATA / "superseded"
SUPERSEDED_ROWS = SUPERSEDED / "superseded.jsonl"
MIXES = DATA / "mixes"  # by version
CONTAMINATION = DATA / "contamination"
CARDS = DATA / "cards"
CARDS_INDEX = CARDS / "index.md"

MODELS = Path("models")  # by version, and the base
WEIGHTS = "adapter_model.safetensors"  # of an adapter's folder, as PEFT calls it
BASE_MODEL = MODELS / "base"
BASE_RECORD = BASE_MODEL / "base.json"
BASE_TOKENIZER = BASE_MODEL / "tokenizer.json"
BASE_TEMPLATE = BASE_MODEL / "chat_template.jinja"  # the chain's, as the tokenizer carries it
BASE_LINKS = "base-*"  # below `models`
OWN_BASE = MODELS / "local"  # a user's model, which .dvcignore names

METRICS = Path("metrics")  # by version, and the base
REPORTS = Path("reports")
COMPARISON = REPORTS / "comparison.json"
REPORTED_METRICS = REPORTS / "metrics"  # by version: what `dvc metrics` reads
REPORTED_PLOTS = REPORTS / "plots"  # what `dvc plots` reads
PICTURES = REPORTS / "pictures"  # what MLflow shows beside runs

EXPORTS = Path("exports")  # by version and kind: folders that leave the workspace; and bundles
BUNDLING = STATE / "bundle"  # what is gathered while a bundle is packed

PROMOTIONS = Path("promotions.yaml")  # in git: who is champion, and every look that led there
CALIBRATION = Path("calibration.json")  # of the gate; in git
WITHDRAWALS = Path("withdrawals.jsonl")  # in git: what each withdrawal reached, and where was searched afterwards
DOSSIERS = Path("dossiers")  # by version: papers for people; see lineage/dossier
DOSSIER_ANSWERS = Path("dossier.yaml")  # what people write into the blanks of these papers; in git


def votes(source: str) -> Path:
    """What people preferred on the page of `lineage chat`: a raw file of a source of one's own."""
    return RAW / "own" / source / "votes.jsonl"


def document_cache() -> Path:
    """What became of PDFs, by their content: of this workspace, or of all machines that name the same folder."""
    return Path(os.environ.get(DOCUMENT_CACHE) or STATE / "documents")


def conversion(data: str, source: str) -> Path:
    """The counts of a source's conversion from PDF."""
    return DOCUMENTS / data / source / "convert.json"


def quarantine(data: str, source: str) -> Path:
    """The PDFs of a source that could not be converted, each with its reason."""
    return DOCUMENTS / data / source / "quarantine.jsonl"


def served_adapter(adapter: str) -> Path:
    """A copy of an adapter that vLLM reads, by its SHA-256: nothing changes it."""
    return STATE / "served" / adapter[:16]


def placeholder(folder: Path) -> Path:
    """A hidden file in a folder of raw files that has no other yet: no reader looks at it."""
    return folder / ".keep"


def records(source: str) -> Path:
    """What versions may train on, one record a line."""
    return RECORDS / source / "records.jsonl"


def rejected(source: str) -> Path:
    """The raw rows of a source that gave no record, each with its reason."""
    return RECORDS / source / "rejected.jsonl"


def ingest_counts(source: str) -> Path:
    """What `ingest` counted of a source."""
    return RECORDS / source / "ingest.json"


def mix_excerpt(version: str) -> Path:
    """What the mix of a version reads of params.yaml."""
    return CURRICULUM / "mix" / f"{version}.json"


def mix(version: str) -> Path:
    """The folder of a version's training rows."""
    return MIXES / version


def mix_summary(version: str) -> Path:
    """What `mix` counted of a version."""
    return MIXES / version / "mix.json"


def not_built(folder: Path) -> Path:
    """The note in the folder of a mix, an adapter or measures that could not be made."""
    return folder / "not_built.json"


def contamination(version: str) -> Path:
    """Which held-out rows stand in a version's mix."""
    return CONTAMINATION / f"{version}.json"


def base_link(identity: str) -> Path:
    """A link to the folder of a local base's weights, by which its adapters name it."""
    return MODELS / BASE_LINKS.replace("*", identity[:12])


def adapter(version: str) -> Path:
    """The folder of a version's adapter, tokenizer and record."""
    return MODELS / version


def adapter_weights(version: str) -> Path:
    """The tensors of a version's adapter."""
    return MODELS / version / WEIGHTS


def training_record(version: str) -> Path:
    """What a version's adapter was made from."""
    return MODELS / version / "lineage.json"


def export(version: str, kind: str) -> Path:
    """The folder of a version as it leaves the workspace: kind is adapter, merged or gguf."""
    return EXPORTS / f"{version}-{kind}"


def card(version: str) -> Path:
    """The model card of a version."""
    return REPORTS / "cards" / f"{version}.md"


def metrics(version: str) -> Path:
    """The folder of a version's measures."""
    return METRICS / version

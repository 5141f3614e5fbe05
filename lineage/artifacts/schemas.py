"""The artifacts by name, and their JSON Schemas: `python -m lineage.artifacts.schemas` writes `docs/schemas`."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.comparison import Comparison
from lineage.artifacts.conversion import Conversion, Quarantined
from lineage.artifacts.document import Document
from lineage.artifacts.ingest_counts import IngestCounts
from lineage.artifacts.manifest import AdapterManifest
from lineage.artifacts.measures import MeasuredRow, Measures, SampleAnswer
from lineage.artifacts.mix_summary import MixSummary
from lineage.artifacts.not_built import NotBuilt
from lineage.core.files import write_json

ARTIFACTS: dict[str, type] = {
    "adapter_manifest": AdapterManifest,
    "base_manifest": BaseManifest,
    "comparison": Comparison,
    "conversion": Conversion,
    "document": Document,
    "ingest_counts": IngestCounts,
    "measured_row": MeasuredRow,
    "measures": Measures,
    "mix_summary": MixSummary,
    "not_built": NotBuilt,
    "quarantined": Quarantined,
    "sample_answer": SampleAnswer,
}
FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
COMMAND = "python -m lineage.artifacts.schemas"


def schema_file(name: str) -> Path:
    """Where the schema of an artifact is kept."""
    return FOLDER / f"{name}.schema.json"


def schema_of(name: str) -> dict[str, Any]:
    """The schema of an artifact, from its type."""
    return TypeAdapter(ARTIFACTS[name]).json_schema()


def main() -> None:
    """Write the schema of every artifact."""
    for name in ARTIFACTS:
        write_json(schema_file(name), schema_of(name))
        print(schema_file(name))


if __name__ == "__main__":
    main()

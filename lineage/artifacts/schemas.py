"""The artifacts by name, and their JSON Schemas: `python -m lineage.artifacts.schemas` writes `docs/schemas`."""

from pathlib import Path

from pydantic import BaseModel

from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.comparison import Comparison
from lineage.artifacts.manifest import AdapterManifest
from lineage.artifacts.measures import MeasuredRow, Measures, SampleAnswer
from lineage.artifacts.mix_summary import MixSummary
from lineage.core.files import write_json

ARTIFACTS: dict[str, type[BaseModel]] = {
    "adapter_manifest": AdapterManifest,
    "base_manifest": BaseManifest,
    "comparison": Comparison,
    "measured_row": MeasuredRow,
    "measures": Measures,
    "mix_summary": MixSummary,
    "sample_answer": SampleAnswer,
}
FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
COMMAND = "python -m lineage.artifacts.schemas"


def schema_file(name: str) -> Path:
    """Where the schema of an artifact is kept."""
    return FOLDER / f"{name}.schema.json"


def main() -> None:
    """Write the schema of every artifact."""
    for name, kind in ARTIFACTS.items():
        write_json(schema_file(name), kind.model_json_schema())
        print(schema_file(name))


if __name__ == "__main__":
    main()

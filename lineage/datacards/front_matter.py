"""A data card's YAML front matter, as the Hugging Face hub reads it; what can be counted is counted.

language: [ko]              those that at least a tenth of the rows hold a run of
license: other              a licence that the hub knows by name, otherwise `other` and the name of ours
task_categories: […]        from the readers, forms and measures of the rows
size_categories: [1K<n<10K]
dataset_info:               rows and bytes by split
"""

from typing import Any

import yaml

from lineage.config.hub_licences import HUB_LICENCES
from lineage.core import paths

LEAST_SHARE = 0.1  # of the rows, for a language to be named
TASKS_OF_READERS = {
    "pairs": "translation",
    "aihub_parallel": "translation",
    "table_qa": "table-question-answering",
}
TASKS_OF_FORMS = {"summary": "summarization", "document": "text-generation"}
TASKS_OF_MEASURES = {"choice": "multiple-choice", "number": "question-answering", "text": "question-answering"}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def front_matter(facts: dict[str, Any], readers: dict[str, str], name: str) -> str:
    """The YAML between the dashes.

    Args:
        facts: of a source or a mix, see `facts.py`.
        readers: source → the reader of its rows.
        name: what the data set is called.
    """
    parts = facts["parts"]
    rows = sum(p["rows"] for p in parts)
    spoken = {language: sum(p["languages"].get(language, 0) for p in parts) for language in ("ko", "en", "zh")}
    fields = {
        "pretty_name": name,
        "language": [language for language, n in spoken.items() if n and n >= LEAST_SHARE * rows],
        **_licence(list(facts["licences"].values())),
        "task_categories": sorted({task for p in parts for task in _tasks(p, readers[p["source"]])}),
        "size_categories": [next((size for edge, size in SIZES if rows < edge), "n>10M")],
        "tags": ["finance"],
        "dataset_info": {
            "splits": [
                {
                    "name": path.removeprefix(f"{paths.DATA}/").removesuffix(".jsonl").replace("/", "_"),
                    "num_bytes": file["bytes"],
                    "num_examples": file["rows"],
                }
                for path, file in facts["files"].items()
            ],
            "dataset_size": sum(file["bytes"] for file in facts["files"].values()),
        },
    }
    return yaml.safe_dump({key: value for key, value in fields.items() if value}, allow_unicode=True, sort_keys=False)


def _licence(licences: list[dict[str, Any]]) -> dict[str, str]:
    titles = {one["title"].lower() for one in licences}
    if len(titles) == 1 and titles <= HUB_LICENCES:
        return {"license": titles.pop()}
    return {"license": "other", "license_name": "-".join(sorted({one["key"] for one in licences})).replace("_", "-")}


def _tasks(part: dict[str, Any], reader: str) -> set[str]:
    if task := TASKS_OF_READERS.get(reader) or TASKS_OF_FORMS.get(part["form"]):
        return {task}
    return {TASKS_OF_MEASURES[measure] for measure in part["measures"] if measure in TASKS_OF_MEASURES}

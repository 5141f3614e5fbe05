"""MetaMathQA-40K (meta-math/MetaMathQA-40K, MIT): reworded school mathematics with worked answers.

    {"type": "GSM_Rephrased", "query": "…", "original_question": "…", "response": "…\\nThe answer is: 12"}

JSON array, JSONL or Parquet. Many rows reword one `original_question`, so that is the group: split by row,
the held-out set would leak.

    python -m stages.ingest metamath
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.tabular import rows
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"query": ("query",), "original": ("original_question",), "response": ("response",)}
ANSWER = "The answer is:"
SHAPES = (SHAPE,)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, the whole worked answer as completion.

    A final answer without a digit ("The answer is: x+y") is judged as text. A response that was cut before
    its answer is rejected: it would teach to stop half-way.

    Raises:
        LineageError: a file lacks one of the three columns.
    """
    for row in shaped(rows(folder), [SHAPE]):
        if isinstance(row, Rejected):
            yield row
            continue
        response = row.values["response"]
        final = response.rpartition(ANSWER)[2].strip() if ANSWER in response else ""
        if not final:
            yield Rejected(row.origin, f"a response without {ANSWER!r}", f"it ends {response[-60:]!r}")
            continue
        measure = "number" if any(char.isdigit() for char in final) else "text"
        yield qa(row.values["query"], response, group=row.values["original"], origin=row.origin, measure=measure)

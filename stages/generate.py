"""Generate: questions and summaries made from another source's records, by rule or by a model, checked and counted.

    python -m stages.generate drills
    drills: 257 texts of rules → 262 rows, 6 rejected

    data/generated/<data>/<source>/rows.jsonl       what `ingest` reads, see lineage/readers/generated.py
    data/generated/<data>/<source>/rejected.jsonl   what a check refused, with the reason
    data/generated/<data>/<source>/answers.jsonl    what an endpoint was paid for (empty for cloze)
    data/generated/<data>/<source>/generate.json    the counts, which balance, tokens and costs

Training and held-out records are both asked about; every row keeps the group, the documents and the as-of date of its
record. So a question is held out exactly when its reference is, and goes when the document behind it goes.
"""

from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.synthesis.balance import paid
from lineage.synthesis.endpoint import host
from lineage.synthesis.generate import generate, records_of, writer_of
from lineage.synthesis.response_cache import restore

MANY, TOO_OFTEN = 40, 0.4  # from how many multiple choices on, and which share of longest right options is said aloud


def main(inputs: Inputs = NOTHING) -> None:
    """Generate the source that the command line names."""
    curriculum = load_curriculum()
    name = argument(f"a generated source, one of {', '.join(curriculum.generated) or 'none yet'}")
    if name not in curriculum.generated:
        allowed = ", ".join(curriculum.generated) or "none"
        raise LineageError(f"{name!r} is not under generated: in params.yaml; it has {allowed}")
    wanted = curriculum.generated[name]
    target = paths.GENERATED / curriculum.data / name
    restore(target / "answers.jsonl")
    if wanted.model:
        _say_where_to(curriculum, name)
    with publishing(inputs, target) as (out,):
        gone = curriculum.sources[name].withdrawn == "all"
        records = iter(()) if gone else records_of(curriculum, wanted)
        counts = generate(records, out, name, writer_of(wanted, curriculum.seed), curriculum.seed)
    print(f"{name}: {counts['used']:,} texts of {wanted.reference} → {counts['kept']:,} rows, ", end="")
    print(f"{sum(counts['rejected'].values()):,} rejected" + paid(counts["endpoint"]))
    for reason, rows in counts["rejected"].items():
        print(f"  rejected {rows:,}: {reason}; see {target}/rejected.jsonl")
    choices = counts["multiple_choice"]
    if choices["rows"] >= MANY and choices["right_is_longest"] > TOO_OFTEN * choices["rows"]:
        print(f"  the right option is the longest in {choices['right_is_longest']:,} of {choices['rows']:,}: a hint")


def _say_where_to(curriculum: Curriculum, name: str) -> None:
    wanted = curriculum.generated[name]
    licence = curriculum.licences[curriculum.sources[wanted.reference].licence]
    terms = f"{licence.title}, redistribution {licence.redistribution}"
    print(f"{name}: texts of {wanted.reference} ({terms}) go to {wanted.model} at {host()}")


if __name__ == "__main__":
    run_stage(main)

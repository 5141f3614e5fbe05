"""Write the sample world: every source of the curriculum in its true raw format, from code alone.

    python -m stages.samples        # every source → data/raw/sample/<source>/…, the same bytes everywhere

    <source>/     what it holds
    *_reports     PDFs, one of them damaged
    rules         rulebooks as text, one in two editions
    aihub_kozh    archives as AI Hub names and packs them
    arithmetic    an archive that comes in parts
    metamath, reddit_enko, problems, …    JSON, JSONL, CSV and workbooks in their true columns
    loan_grades   a CSV of loans, of the system kor_llama
    …_by_field    prompts, completions and their fields, of the system seokdong

A line a source says how many files it has and how large they are. A source of the curriculum that this world does not
have gets a folder without files: it gives no rows, and the versions that need it are not built.

Nothing is read but code and nothing is downloaded. Companies, exchange, rules and questions are invented, and
agree with each other: see lineage/sample_world.
"""

from lineage.config.buildable import with_samples, without_samples
from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.sample_world.samples import TARGET, write


def main(inputs: Inputs = NOTHING) -> None:
    """Write the sample world of the workspace."""
    c = load_curriculum()
    must_be_checked(c, paths.SAMPLES_EXCERPT)
    with publishing(inputs, TARGET) as (out,):
        write(out, with_samples(c), without_samples(c))


if __name__ == "__main__":
    run_stage(main)

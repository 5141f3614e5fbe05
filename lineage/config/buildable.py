"""Which versions can be built from the raw files that are there, and which sources still have none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError

# The sources that the sample world has files of; a test compares them with those of `lineage/sample_world`.
SAMPLE_WORLD = (
    "krx_samples",
    "financial_reports",
    "accounting",
    "site_reports",
    "questions",
    "rules",
    "metamath",
    "company_reports",
    "problems",
    "reddit_enko",
    "aihub_kozh",
    "table_qa",
    "large_companies",
    "arithmetic",
    "loan_grades",
    "bok_terms",
    "fss_terms",
    "kdi_terms",
    "hankyung_terms",
    "sme_terms",
    "tax_terms",
    "textbook_terms",
    "tesat",
    "orca_platypus",
    "choices_by_field",
    "answers_by_field",
    "mcqa_terms",
    "mcqa_exchange",
    "mcqa_accounting",
    "mcqa_rules",
    "mcqa_terms_hard",
    "mcqa_exchange_hard",
    "mcqa_accounting_hard",
    "qa_terms",
    "qa_exchange",
    "qa_disclosures",
    "qa_open",
)


@dataclass(frozen=True, slots=True)
class Buildable:
    """Whether a version has everything that it and its ancestors train on; `missing` are sources without files."""

    version: str
    missing: tuple[str, ...]


def prepare(c: Curriculum) -> None:
    """Make the folders of a user's own sources that are not there yet: an empty source gives no records.

    A hidden file in an empty one keeps DVC from warning of it three times in every rebuild. What DVC tracks is left
    alone: an empty folder, or a file more, would be taken for what the person put there.

    Raises:
        LineageError: something else stands where a folder belongs.
    """
    for source in c.sources if c.data == "own" else ():
        folder = c.raw_folder(source)
        if source in c.generated or _is_tracked(c, source):
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise LineageError(
                f"{folder}: here belongs the folder of {source}, but there is a file, or a link that leads nowhere: "
                "move it away"
            ) from error
        if not any(folder.iterdir()):
            paths.placeholder(folder).write_text(f"The files of {source} belong beside this one.\n", encoding="utf-8")


def files_of(c: Curriculum, source: str) -> int:
    """How many raw files a source has; of a generated one, those of its reference."""
    folder = c.raw_folder(_raw(c, source))
    if not folder.is_dir():
        return 0
    return sum(p.is_file() and not p.is_symlink() and not p.name.startswith(".") for p in folder.rglob("*"))


def buildable(c: Curriculum) -> Iterator[Buildable]:
    """For each version, the sources without files that it or an ancestor trains on."""
    empty = {s for s in c.sources if not (_raw(c, s) in SAMPLE_WORLD if c.data == "sample" else files_of(c, s))}
    for version in c.in_order():
        needed = [s for v in (version, *c.ancestors(version)) for s in c.versions[v].mix]
        yield Buildable(version, tuple(dict.fromkeys(s for s in needed if s in empty)))


def with_samples(c: Curriculum) -> list[str]:
    """The sources that the sample world has files of, whatever `data` says."""
    return [source for source in SAMPLE_WORLD if source in c.sources and source not in c.generated]


def without_samples(c: Curriculum) -> list[str]:
    """The sources that the sample world has no files of, whatever `data` says."""
    return [source for source in c.sources if source not in c.generated and source not in SAMPLE_WORLD]


def without_files(c: Curriculum, sources: Iterable[str]) -> str:
    """What is said of sources that have no files: which, and what brings them."""
    if c.data == "sample":
        return (
            f"the sample world has no files for {', '.join(sources)}; set data: own in {paths.PARAMS} and put yours "
            f"there, or take the source out of the mix"
        )
    away = [source for source in sources if _is_tracked(c, _raw(c, source))]
    none = [source for source in sources if source not in away]
    bring = " ".join(f"{c.raw_folder(_raw(c, source)).as_posix()}.dvc" for source in away)
    said = [f"no files for {', '.join(none)}"] if none else []
    return "; ".join([*said, *([f"the files of {', '.join(away)} are not here: dvc pull {bring}"] if away else [])])


def where_files_belong(c: Curriculum, version: str, sources: Iterable[str]) -> str:
    """What gives a version rows of sources that have none: an instruction."""
    folders = dict.fromkeys(f"{c.raw_folder(_raw(c, source)).as_posix()}/" for source in sources)
    into = "set data: own" if c.data == "sample" else f"put files into {', '.join(folders)}"
    return f"{into}, or take them out of versions.{version}.mix in {paths.PARAMS}"


def _raw(c: Curriculum, source: str) -> str:
    """The source whose raw files a source is made from."""
    return c.generated[source].reference if source in c.generated else source


def _is_tracked(c: Curriculum, source: str) -> bool:
    folder = c.raw_folder(source)
    return folder.with_name(f"{folder.name}.dvc").is_file()

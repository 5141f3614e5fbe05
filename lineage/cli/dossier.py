"""Korean papers on a version, every sentence bound to its record."""

import argparse
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import DOSSIER_ANSWERS, DOSSIERS
from lineage.dossier.case import case_of
from lineage.dossier.croissant import unpublished
from lineage.dossier.dossier import unused_answers, write_dossier
from lineage.dossier.dossier_check import differences
from lineage.planning.state import older_than_shown

GROUP = "what a rebuild made"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, where to, and whether to check instead."""
    parser.add_argument("version")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=f"where to write; else {DOSSIERS}/VERSION")
    parser.add_argument(
        "--check", metavar="FOLDER", type=Path, help="write nothing: compare those papers with the record"
    )


def run(options: argparse.Namespace) -> None:
    """Write the papers, and say how many blanks each has; with `--check`, fail where one says what no record gives."""
    c = load_curriculum()
    version = c.version(options.version).name
    if options.check:
        if found := differences(c, version, options.check):
            raise LineageError(
                f"{options.check}: {len(found):,} differences; write it again with `lineage dossier {version}`:\n  "
                + "\n  ".join(found)
            )
        print(f"{options.check}: every sentence, total and hash is what the record gives")
        return
    folder = options.out or DOSSIERS / version
    made = write_dossier(c, version, folder)
    for paper in made:
        blanks = len(paper.blanks)
        print(f"{folder / paper.name}.html, .pdf: {paper.title}, {blanks} blank{'s' * (blanks != 1)}")
    if asked := dict.fromkeys(one.key for paper in made for one in paper.blanks if one.key):
        print(f"what only people know goes into {DOSSIER_ANSWERS}: {', '.join(asked)}")
    case = case_of(c, version)
    if asked_of_data := unpublished(case):
        print(f"croissant.json lacks what Croissant requires of published data: {', '.join(asked_of_data)}")
    for line in older_than_shown(c):
        print(line)
    if unused := unused_answers(case, made):
        print(f"{DOSSIER_ANSWERS}: no sentence asks for {', '.join(unused)}")

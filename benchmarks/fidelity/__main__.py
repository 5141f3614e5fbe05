"""How true conversions of PDFs are: this converter, pymupdf4llm, pdfplumber and plain PyMuPDF side by side.

    python -m benchmarks.fidelity                              # the papers that benchmarks/drawn draws
    python -m benchmarks.fidelity ~/reports facts.json         # your own
    python -m benchmarks.fidelity ~/reports                    # without facts: what is refused, figures run together
    python -m benchmarks.fidelity --only krx-lineage --misses  # what was missed, file by file
    python -m benchmarks.fidelity --json                       # for programs

The form of facts is said in benchmarks/fidelity/facts.py, what is measured in benchmarks/fidelity/measures.py. Each
converter reads each file in a process of its own; one that is not installed is named and left out. Nothing is asserted.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.drawn import write_papers
from benchmarks.fidelity.apart import convert_apart
from benchmarks.fidelity.converters import CONVERTERS, versions
from benchmarks.fidelity.facts import PERHAPS, Facts, WrongFacts, load_facts
from benchmarks.fidelity.measures import FEWER_IS_BETTER, MEASURES, Score, score, total

Scores = dict[str, dict[str, Score]]  # by converter, by file


def main() -> None:
    """Measure and print."""
    names = [converter.name for converter in CONVERTERS]
    parser = argparse.ArgumentParser(description="How true conversions of PDFs are, side by side.")
    parser.add_argument("folder", nargs="?", type=Path, help="of PDFs; without one, the project's own drawn papers")
    parser.add_argument("facts", nargs="?", type=Path, help="a JSON file: what a person reads on their pages")
    parser.add_argument("--only", action="append", choices=names, help="a converter; may be given again")
    parser.add_argument("--seconds", type=float, default=300, help="that a converter may take for a file")
    parser.add_argument("--misses", action="store_true", help="list what each converter missed")
    parser.add_argument("--json", action="store_true", help="counts, misses and versions as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, facts = chosen.folder, chosen.facts
        if folder is None:
            folder, facts = Path(scratch), write_papers(Path(scratch))
        try:
            asked = find_facts(folder, facts)
        except WrongFacts as error:
            sys.exit(str(error))
        found = {name: version for name, version in versions().items() if not chosen.only or name in chosen.only}
        usable = [name for name, version in found.items() if not version.startswith("not installed")]
        scores = {name: judge(name, folder, asked, chosen.seconds) for name in usable}
    print(as_json(scores, found) if chosen.json else as_table(scores, found, len(asked)))
    if chosen.misses and not chosen.json:
        print(as_list(scores))


def find_facts(folder: Path, facts: Path | None) -> list[Facts]:
    """Facts for every PDF of a folder; without a file of facts all are to be converted. Raises: WrongFacts."""
    given = {entry.file: entry for entry in (load_facts(facts) if facts else [])}
    for name in given:
        if not (folder / name).is_file():
            raise WrongFacts(f"{facts}: file: {name!r} is not in {folder}: mend its name, or take its entry out")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pdf"))
    if not files and not given:
        raise WrongFacts(f"{folder}: it holds no PDF: give another folder")
    unasked = PERHAPS if facts else None
    return [given.get(name, Facts(name, refused=unasked)) for name in sorted({*files, *given})]


def judge(name: str, folder: Path, asked: Sequence[Facts], seconds: float) -> dict[str, Score]:
    """One converter's score for each file.

    Args:
        name: of the converter.
        folder: that holds the files.
        asked: what is asked of them.
        seconds: that the converter may take for each.
    """
    return {facts.file: score(facts, convert_apart(name, folder / facts.file, seconds)) for facts in asked}


def as_table(scores: Scores, found: dict[str, str], files: int) -> str:
    """Measures as rows and converters as columns: right/all and the share."""
    lines = [f"{name}: {version}" for name, version in found.items()]
    lines += ["", f"{files} files" + "".join(f"{name:>24}" for name in scores).rjust(24 * len(scores) + 14)]
    totals = [total(by_file.values()) for by_file in scores.values()]
    for measure in MEASURES:
        if any(made.counts[measure][1] for made in totals):
            less = " (fewer is better)" if measure in FEWER_IS_BETTER else ""
            lines.append(f"{measure:20}" + "".join(f"{_figure(made, measure):>24}" for made in totals) + less)
    return "\n".join(lines)


def _figure(made: Score, measure: str) -> str:
    right, of = made.counts[measure]
    share = made.share(measure)
    return "-" if share is None else f"{share:.3f}" if measure == "spaces" else f"{right}/{of} {share:.3f}"


def as_list(scores: Scores) -> str:
    """What each converter missed, file by file."""
    return "\n".join(
        f"{name}: {file}: {measure}: {fact}"
        for name, by_file in scores.items()
        for file, made in by_file.items()
        for measure, fact in made.misses
    )


def as_json(scores: Scores, found: dict[str, str]) -> str:
    """Counts by converter, in all and by file, with what was missed."""
    made = {
        name: {
            "version": found[name],
            "all": total(by_file.values()).counts,
            "files": {file: {"counts": one.counts, "misses": one.misses} for file, one in by_file.items()},
        }
        for name, by_file in scores.items()
    }
    return json.dumps(made, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()

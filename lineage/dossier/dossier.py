"""All papers on a version, as `lineage dossier v3` writes them into a folder.

dossiers/v3/training_data.html, …   the papers, one file each, nothing fetched; the same as .pdf
dossiers/v3/dossier.json            every sentence with its fields: file, place, value
dossiers/v3/recompute.py            the check, with nothing but Python
dossiers/v3/mlbom.cdx.json, …       the version and its data for programs
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.core.paths import DOSSIER_ANSWERS
from lineage.dossier import recompute
from lineage.dossier.assessment import assessment
from lineage.dossier.bound import MARK
from lineage.dossier.case import Case, case_of
from lineage.dossier.changes import changes
from lineage.dossier.croissant import PUBLICATION, croissant
from lineage.dossier.dossier_paper import DossierPaper
from lineage.dossier.frame import CAUTION, framed
from lineage.dossier.mlbom import mlbom
from lineage.dossier.on_paper import write_pdf
from lineage.dossier.plan_form import plan_form
from lineage.dossier.register import register
from lineage.dossier.spdx import spdx
from lineage.dossier.training_data import training_data
from lineage.dossier.withdrawn import withdrawn

HERE = Path(__file__).parent
PAPERS = (plan_form, training_data, changes, assessment, register, withdrawn)


def papers(case: Case) -> list[DossierPaper]:
    """Every paper on a version."""
    return [framed(case, make(case)) for make in PAPERS]


def write_dossier(c: Curriculum, version: str, out: Path) -> list[DossierPaper]:
    """Write all papers on a trained version into the folder `out`, whole or not at all.

    Raises:
        LineageError: the version or an ancestor of it is not trained here, or was trained again since; or `out` holds
            something else.
    """
    if out.exists() and not (out / recompute.RECORD).is_file() and any(out.iterdir()):
        raise LineageError(f"{out}: is there already, and is no dossier; name another folder with --out")
    case = case_of(c, version)
    made = papers(case)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".", dir=out.parent))  # beside it: `out` may lie on another disk
    try:
        folder.chmod(0o755)
        for paper in made:
            page = rendered(paper)
            (folder / f"{paper.name}.html").write_text(page, encoding="utf-8", newline="\n")
            write_pdf(page, folder / f"{paper.name}.pdf")
        for name, tree in machine_readable(case).items():
            write_json(folder / name, tree)
        write_json(folder / recompute.RECORD, whole(case, made))
        shutil.copyfile(recompute.__file__, folder / "recompute.py")
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return made


def whole(case: Case, made: list[DossierPaper]) -> dict[str, Any]:
    """What `dossier.json` holds: the papers, and the SHA-256 of every file of the record that they were made from."""
    told = [paper.to_json() | {"page_sha256": recompute.digest(rendered(paper).encode())} for paper in made]
    return {"version": case.version, "papers": told, "files": case.files.hashes}


def machine_readable(case: Case) -> dict[str, dict[str, Any]]:
    """The same version for programs: name of a file → its JSON."""
    found = {"mlbom.cdx.json": mlbom(case), "ai.spdx3.json": spdx(case), "croissant.json": croissant(case)}
    return {name: tree for name, tree in found.items() if tree is not None}


def unused_answers(case: Case, made: list[DossierPaper]) -> list[str]:
    """The keys of `dossier.yaml` that no sentence asks for, nor the Croissant file."""
    written = case.files.content(DOSSIER_ANSWERS)
    begin = f"{DOSSIER_ANSWERS.as_posix()}#/"
    places = {place for p in made for s in p.sentences for one in s.fields.values() for place in one.of}
    asked = {place.removeprefix(begin) for place in places if place.startswith(begin)}
    blanks = {one.key for p in made for one in p.blanks}
    return sorted(set(written) - asked - blanks - {CAUTION, *PUBLICATION}) if isinstance(written, dict) else []


def rendered(paper: DossierPaper) -> str:
    """The page of a paper."""
    return _environment().get_template("dossier.html.jinja").render(paper=paper, mark=MARK)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

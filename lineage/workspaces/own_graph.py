"""A workspace's dvc.yaml: the repository's, with `program/<stage>.json` in place of the code that it lists.

Code that params.yaml names, `lineage/base_model/templates/${chain.template}.jinja`, is told in a file for each that it
may name: `program/template.chatml.json`. So a release with one more makes nothing stale.
"""

import io
import re
from pathlib import Path
from typing import Any

from lineage.core.code_identity import ROOT
from lineage.core.paths import GRAPH
from lineage.core.program import is_code, program_file, told

BLANK = re.compile(r"\$\{[^}]+\}")
TEMPLATE = Path(__file__).with_name("graph.yaml")
HEAD = """\
# The whole lineage: `dvc repro` rebuilds what is stale, `dvc repro train@v3` one version and what it needs.
# params.yaml says what each stage is run with. This file and those of program/ are the installed program's:
# `lineage upgrade` writes them.

"""


def graph_files() -> dict[Path, str]:
    """dvc.yaml and the files of program/ by their place in a workspace, as the program that runs here writes them."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(TEMPLATE.read_text(encoding="utf-8"))
    files: dict[Path, str] = {}
    for name, stage in tree["stages"].items():
        code, chosen = _without_code(stage.get("do", stage), program_file(name).as_posix())
        if code:
            files[program_file(name)] = told(name, code)
        for what in chosen:
            files |= _each_told(what)
    text = io.StringIO()
    yaml.dump(tree, text)
    said = text.getvalue()
    return {GRAPH: HEAD + said[said.index("stages:") :], **files}


def _without_code(stage: Any, instead: str) -> tuple[list[str], list[str]]:
    """Take the code out of a stage's dependencies, and put what tells of it in the place of the first.

    What it was is returned: files and folders, and paths of which params.yaml names a part.
    """
    deps = stage.get("deps", [])
    places = [place for place, dep in enumerate(deps) if is_code(dep)]
    code = [str(deps[place]) for place in places]
    chosen = {path: found[0] for path in code if (found := BLANK.search(path))}
    for place in reversed(places):
        del deps[place]
    for told_in in (*(_file_of(path, blank) for path, blank in chosen.items()), *([instead] if places else ())):
        deps.insert(places[0], told_in)
    return [path for path in code if path not in chosen], list(chosen)


def _each_told(path: str) -> dict[Path, str]:
    """What tells of each file that a path with a blank may become, by its place."""
    files = sorted(ROOT.glob(BLANK.sub("*", path)))
    return {
        Path(_file_of(path, file.stem)): told(Path(_file_of(path, file.stem)).stem, [file.relative_to(ROOT).as_posix()])
        for file in files
    }


def _file_of(path: str, name: str) -> str:
    """`program/template.chatml.json`, of a path in a folder `templates`."""
    return program_file(f"{Path(path).parent.name.removesuffix('s')}.{name}").as_posix()

"""A workspace's dvc.yaml: the repository's, with `program/<stage>.json` in place of the code that it lists."""

import io
from pathlib import Path
from typing import Any

from lineage.core.paths import GRAPH
from lineage.core.program import is_code, program_file, told

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
        if code := _without_code(stage.get("do", stage), program_file(name).as_posix()):
            files[program_file(name)] = told(name, code)
    text = io.StringIO()
    yaml.dump(tree, text)
    said = text.getvalue()
    return {GRAPH: HEAD + said[said.index("stages:") :], **files}


def _without_code(stage: Any, instead: str) -> list[str]:
    """Take the code out of a stage's dependencies, put its file in the place of the first, and return what it was."""
    deps = stage.get("deps", [])
    places = [place for place, dep in enumerate(deps) if is_code(dep)]
    code = [str(deps[place]) for place in places]
    for place in reversed(places):
        del deps[place]
    if places:
        deps.insert(places[0], instead)
    return code

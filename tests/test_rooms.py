"""The rooms of the house: what each may hold. What may import what is kept by `lint-imports`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lineage.core.code_identity import ROOT

WORKSPACE_PATH = re.compile(r"(?<![\w/.])(data|models|metrics|reports)/[\w<{*]|^(models|metrics)$")
OF_A_PACKAGE = ("lineage/datacards/o200k.py",)  # `data/…` is inside a wheel


def modules() -> list[Path]:
    return sorted(p for room in ("lineage", "stages", "flows") for p in (ROOT / room).rglob("*.py"))


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string that is no docstring."""
    described = ast.Module | ast.ClassDef | ast.FunctionDef
    words = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, described) and _begins_with_words(n)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield node


def public_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, list[str]]]:
    """Name, definition and parameters of the public functions and methods that stand at the top of a module."""
    for node in tree.body:
        within = node.body if isinstance(node, ast.ClassDef) else [node]
        for made in within:
            if isinstance(made, ast.FunctionDef) and not made.name.startswith("_"):
                a = made.args
                given = [*a.posonlyargs, *a.args, *filter(None, [a.vararg]), *a.kwonlyargs, *filter(None, [a.kwarg])]
                names = [arg.arg for arg in given if arg.arg not in ("self", "cls")]
                yield f"{node.name}.{made.name}" if isinstance(node, ast.ClassDef) else made.name, made, names


def _begins_with_words(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr)


def test_the_paths_of_a_workspace_are_spelled_in_one_module() -> None:
    spelled = []
    for file in modules():
        name = file.relative_to(ROOT).as_posix()
        if name == "lineage/core/paths.py" or name in OF_A_PACKAGE:
            continue
        for text in texts(ast.parse(file.read_text(encoding="utf-8"))):
            if WORKSPACE_PATH.search(text.value):
                spelled.append(f"{name}:{text.lineno}: {text.value[:80]!r}")
    assert spelled == []


def test_a_name_of_a_class_means_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file in modules():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file.relative_to(ROOT).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_a_name_of_a_file_means_one_thing() -> None:
    """A room's entry has the name of its stage, and a source of the sample world that of its reader: the same thing."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in modules():
        room = file.relative_to(ROOT).parent.as_posix()
        if file.stem != "__init__" and room not in ("stages", "lineage/cli", "lineage/sample_world"):
            places[file.stem].append(room)
    assert {name: rooms for name, rooms in places.items() if len(rooms) > 1} == {}


def test_a_function_of_four_parameters_says_what_each_of_them_is() -> None:
    unsaid = []
    for file in modules():
        name = file.relative_to(ROOT).as_posix()
        if name.startswith("stages/"):
            continue
        for called, made, parameters in public_functions(ast.parse(file.read_text(encoding="utf-8"))):
            said = ast.get_docstring(made) or ""
            silent = [one for one in parameters if not re.search(rf"^ *{one}:", said, re.MULTILINE)]
            if len(parameters) >= 4 and silent:
                unsaid.append(f"{name}:{made.lineno}: {called} does not say what {', '.join(silent)} is")
    assert not unsaid, "name each parameter under `Args:` in the docstring:\n" + "\n".join(unsaid)

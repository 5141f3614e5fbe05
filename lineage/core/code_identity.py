"""What a piece of code computes, as a hash: the same wherever it stands and however it is worded.

    code_identity("lineage.evaluation.evaluate")     a part of the key under which measures are cached
    closure(file)                               every file of the project that its result may depend on

The identity is a hash over the functions and classes of a module and of everything that it imports, also inside
functions, and over the other statements of each file, in their order. It is blind to comments, docstrings and layout,
to which file a function stands in, and to the order of functions. A name of the project stands for its definition, but
for what is exempt: a field more in the types of params.yaml is no other training.

A string that names a module (`"lineage.pdf.worker"`, started by name) counts as an import, and the beginning of a name
(`f"lineage.readers.{name}"`) as an import of every module that it may become; one that names a file or a
folder beside the module (`"lexicon.txt"`, `"templates"`) adds the bytes of those files.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("lineage", "stages", "flows")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# What is not followed, because its whole effect arrives in another way: a path, or a folder with all that is in it.
EXEMPT = {
    "lineage/core": "starts stages, names files, hashes and renames: it shows in the outputs of every stage",
    "lineage/config": "its values arrive through `params`; it refuses a curriculum, changes none",
    "lineage/artifacts": "the shapes of files, and refusals: a change of them changes the bytes that stages write",
    "lineage/records/record.py": "the shape of a row: a change of it changes the bytes that ingest and mix write",
    "lineage/planning": "refuses what cannot fit, shapes no result",
    "lineage/adapters/config.py": "refuses the config of an adapter, changes none",
    "lineage/adoption": "checks and copies an adapter whose hash arrives through `params`; shapes no other version",
    "lineage/nodes": "starts on several machines what `lineage/training` computes, and refuses those that differ",
    "lineage/prefetch": "does the work of later stages ahead, kept in .state under what it was made from",
    "lineage/base_model/fast_import.py": "imports less, shapes no result",
}


def code_identity(module: str) -> str:
    """The identity of a module and of everything that it imports, as 64 hex digits.

    Args:
        module: its dotted name, such as `lineage.training.train`.
    """
    (file,) = _files_of(module)
    parts = {part for found in closure(file) for part in _parts(found)}
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def same_code(one: str, other: str) -> bool:
    """Whether two texts of a Python file differ in words alone: comments, docstrings, layout."""
    trees = [ast.parse(text) for text in (one, other)]
    for tree in trees:
        _without_docstrings(tree)
    return ast.dump(trees[0]) == ast.dump(trees[1])


@cache
def closure(file: Path) -> frozenset[Path]:
    """A file and every file of the project that it depends on, directly or not, but those that are exempt."""
    seen: set[Path] = set()
    todo = [file]
    while todo:
        here = todo.pop()
        if here not in seen and not is_exempt(here):
            seen.add(here)
            if here.suffix == ".py":
                todo += needed_by(here)
    return frozenset(seen)


@cache
def needed_by(file: Path) -> frozenset[Path]:
    """What a Python file imports or names of the project: modules, and data files beside it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    _without_docstrings(tree)
    found: set[Path] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(*(_files_of(alias.name) for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(_files_of(node.module), *(_files_of(f"{node.module}.{alias.name}") for alias in node.names))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_files_of(node.value), _modules_in(node.value), _beside(file, node.value))
    return frozenset(found - {file})


def is_exempt(file: Path) -> bool:
    """Whether a file shapes no result by itself."""
    path = file.relative_to(ROOT).as_posix()
    return any(path == exempt or path.startswith(f"{exempt}/") for exempt in EXEMPT)


def _files_of(module: str) -> frozenset[Path]:
    """The file of a module of this project; nothing for any other name."""
    parts = module.split(".")
    if parts[0] not in PACKAGES or not all(part.isidentifier() for part in parts):
        return frozenset()
    path = ROOT.joinpath(*parts)
    return frozenset(file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())


def _modules_in(beginning: str) -> list[Path]:
    """The modules of a package whose name, with a dot, is the beginning of a name: all files of its folder."""
    folder = ROOT.joinpath(*beginning.removesuffix(".").split("."))
    named = beginning.endswith(".") and _files_of(beginning[:-1])
    return sorted(folder.glob("*.py")) if named else []


def _beside(file: Path, name: str) -> list[Path]:
    """The data files that a name means in the folder of a module: a file, or all files of a folder."""
    if not name or len(name) > 60 or "/" in name or "\n" in name or name.startswith("."):
        return []
    place = file.parent / name
    if place.is_dir():
        return sorted(p for p in place.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc"))
    return [place] if place.suffix not in ("", ".py") and place.is_file() else []


@cache
def _parts(file: Path) -> frozenset[str]:
    if file.suffix != ".py":
        return frozenset({f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"})
    return _definitions(ast.parse(file.read_text(encoding="utf-8")), _by_name(file))


def _definitions(tree: ast.Module, own: dict[str, str]) -> frozenset[str]:
    """Each function and class as text without words or places, and all other top-level statements together."""
    _without_docstrings(tree)
    _Placeless(own).visit(tree)
    defined = {ast.dump(statement) for statement in tree.body if isinstance(statement, DEFINITIONS)}
    others = [ast.dump(statement) for statement in tree.body if not isinstance(statement, DEFINITIONS)]
    return frozenset(defined | ({"\n".join(others)} if others else set()))


def _meaning(module: str, name: str) -> str:
    """A name of a module of this project as what it means there: itself, and a hash of its definition if it counts."""
    for file in sorted(_files_of(module)):
        if is_exempt(file):
            return name
        if found := _by_name(file).get(name):
            return f"{name} {found}"
    return name


@cache
def _by_name(file: Path) -> dict[str, str]:
    """The names that a module defines, each with a hash of its definition, in which other modules' names stand bare."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    _without_docstrings(tree)
    _Placeless(None).visit(tree)
    found: dict[str, str] = {}
    for statement in tree.body:
        for name in _names_of(statement):
            found[name] = hashlib.sha256(f"{found.get(name)} {ast.dump(statement)}".encode()).hexdigest()
    return found


def _names_of(statement: ast.stmt) -> set[str]:
    if isinstance(statement, DEFINITIONS):
        return {statement.name}
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}


def _without_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            ast.get_docstring(node, clean=False) is not None
        ):
            del node.body[0]


class _Placeless(ast.NodeTransformer):
    """Takes out imports of the project; a name of the project becomes what it means where it is defined.

    Args:
        own: the names that the file itself defines, with their meaning; None: leave every meaning out, so that a
            definition does not depend on all that it calls in turn.
    """

    def __init__(self, own: dict[str, str] | None) -> None:
        self.own = own
        self.modules: dict[str, str] = {}  # a name here → the module that it is
        self.names: dict[str, tuple[str, str]] = {}  # a name here → its module, and its name there

    def visit_Module(self, node: ast.Module) -> ast.AST:
        """Learn all names first: a function may stand above the import that it uses."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom) and inner.module and inner.module.split(".")[0] in PACKAGES:
                for alias in inner.names:
                    name, whole = alias.asname or alias.name, f"{inner.module}.{alias.name}"
                    if _files_of(whole):
                        self.modules[name] = whole
                    else:
                        self.names[name] = (inner.module, alias.name)
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Its names are told by what they mean."""
        return None if (node.module or "").split(".")[0] in PACKAGES else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`metrics.chrf` is what `chrf` is there."""
        if isinstance(node.value, ast.Name) and (module := self.modules.get(node.value.id)):
            return ast.Name(id=self._told(module, node.attr), ctx=node.ctx)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """An imported name is what it stands for; a module that is handed on is known by its last name."""
        if node.id in self.names:
            return ast.Name(id=self._told(*self.names[node.id]), ctx=node.ctx)
        if self.own and node.id in self.own:
            return ast.Name(id=f"{node.id} {self.own[node.id]}", ctx=node.ctx)
        return ast.Name(id=self.modules.get(node.id, node.id).rpartition(".")[2], ctx=node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A module that is started by name is what it is, not where it is."""
        if isinstance(node.value, str) and _files_of(node.value):
            return ast.Constant(value=node.value.rpartition(".")[2])
        return node

    def _told(self, module: str, name: str) -> str:
        return name if self.own is None else _meaning(module, name)

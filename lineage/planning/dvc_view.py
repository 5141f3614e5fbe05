"""Everything that DVC knows of a workspace, asked once: `python -m lineage.planning.dvc_view` prints it as JSON.

    {"stages": {"train@v3": ["mix@v3", …]},     what each stage waits for
     "status": {"train@v3": [{"changed deps": {"data/mixes/v3/own.jsonl": "modified"}}]},   as `dvc status --json`
     "busy": {"train@v3": {"pid": 4711, "cmd": "dvc repro"}},     stages whose files a running command writes
     "cache": "/…/.dvc/cache"}

`dvc dag`, `dvc status` and `dvc cache dir` say the same in three processes. `dvc status` reads params.yaml anew for
every stage and walks every folder once for each stage that depends on it: time that grows with the square of the
versions. Here a file is read once and a folder is walked once. No lock of DVC's is taken, so that looking never makes a
running rebuild fail; what one writes meanwhile is told as `busy`.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

Found = dict[str, Any]


def main() -> None:
    """Print the view; where DVC refuses, its own words, and exit with 1."""
    from dvc.log import logger

    try:
        found = view(status=sys.argv[1:] != ["graph"])
    except Exception:
        logger.getChild("view").exception("")  # DVC's own form: `ERROR: …`
        sys.exit(1)
    print(json.dumps(found))


def view(*, status: bool = True) -> Found:
    """The graph and the cache's folder; and what each stage's state is, or who is at work on it."""
    from dvc.repo import Repo

    _once_each()
    with Repo() as repo:
        graph = repo.index.graph
        names = {stage: stage.addressing for stage in graph}
        waits = {name: [names[before] for before in graph.successors(stage)] for stage, name in names.items()}
        writing = _writers(Path(repo.tmp_dir, "rwlock"))
        states: Found = {}
        busy: Found = {}
        for stage in repo.index.stages if status else ():
            paths = [side.fs_path for side in (*stage.deps, *stage.outs)]
            if at_work := next(
                (who for path in paths for place, who in writing.items() if _overlap(path, place)), None
            ):
                busy[stage.addressing] = at_work
            else:
                states |= inspect.unwrap(type(stage).status)(stage)  # without the lock
        return {"stages": waits, "status": states, "busy": busy, "cache": str(repo.cache.local.path)}


def _once_each() -> None:
    """Read a file of parameters once, hash a path once, in this process. What DVC computes of them stays its own."""
    import dvc.dependency.param as of_params
    import dvc.output as of_files
    import dvc.repo.graph as of_graphs
    from networkx import is_directed_acyclic_graph

    load, build, name_the_cycle = of_params.load_path, of_files.build, of_graphs.check_acyclic
    loaded: Found = {}
    built: dict[Any, Any] = {}

    def load_once(path: str, *rest: Any, **options: Any) -> Any:
        if path not in loaded:
            loaded[path] = load(path, *rest, **options)
        return loaded[path]

    def build_once(store: Any, path: str, *rest: Any, **options: Any) -> Any:
        key = (id(store), path, options.get("dry_run"))
        if key not in built:
            built[key] = build(store, path, *rest, **options)
        return built[key]

    search = of_params.dpath.get

    def get(tree: Any, key: str, **options: Any) -> Any:  # DVC's looks at every leaf of the tree
        found = tree
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                return search(tree, key, **options)
            found = found[name]
        return found

    def check_acyclic(graph: Any) -> None:  # DVC's search takes the square of the edges to find none
        if not is_directed_acyclic_graph(graph):
            name_the_cycle(graph)

    of_params.load_path, of_files.build, of_graphs.check_acyclic = load_once, build_once, check_acyclic
    of_params.dpath = type("dpath", (), {"get": staticmethod(get), "search": of_params.dpath.search})


def _writers(file: Path) -> Found:
    """What running commands have reserved for writing: path → process and command."""
    import psutil

    try:
        reserved = json.loads(file.read_text(encoding="utf-8")).get("write", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return {path: who for path, who in reserved.items() if psutil.pid_exists(int(who["pid"]))}


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


if __name__ == "__main__":
    main()

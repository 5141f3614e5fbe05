"""Convert a source's PDFs on a Ray cluster: `python -m flows.ray_shards site_reports 64 --workers 4`.

A shard is a task that takes as many processors as it converts files at a time: the command `lineage convert` in the
workspace's folder, which all nodes see under the same path, as they see this Python. A task whose node or process dies
runs again elsewhere, and goes on where it was. Without --address the cluster is this machine. docs/many-pdfs.md
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flows.shard_handout import marked
from flows.warm_dvc import PROCESS_GUARD
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.pdf.convert import must_be_there
from lineage.pdf.paper_source import paper_source
from lineage.planning.dvc_graph import complaint

DEATHS = 25  # of nodes or processes, after which a shard is given up
Say = Callable[[str], None]


def convert_on_ray(source: str, shards: int, workers: int = 1, address: str | None = None, say: Say = print) -> None:
    """Convert all shards into the cache.

    Args:
        source: one of papers: in params.yaml.
        shards: how many parts.
        workers: files at a time in each, and processors that it takes.
        address: of a cluster; None: one is started on this machine, and ended.
        say: is told the counts of each shard.

    Raises:
        LineageError: Ray is not installed, or shards failed: with the words of the first. The others are in the cache.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it is imported
    if not address:
        os.environ["RAY_AUTH_MODE"] = (
            "token"  # its processes cannot be kept to the loopback: who connects needs a token
        )
    try:
        import ray
    except ImportError as error:
        raise LineageError("Ray is not installed: pip install -e '.[ray]'") from error
    must_be_there(paper_source(load_curriculum(), source).raw)
    folder, cache = str(Path.cwd()), paths.document_cache().absolute()
    program = [sys.executable, str(PROCESS_GUARD.absolute()), sys.executable, "-m", "lineage.cli", "convert", source]
    with ExitStack() as running:
        mark = running.enter_context(marked(cache))
        variables = {paths.DOCUMENT_CACHE: str(cache), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}

        # Within this function, so that it travels by its code: the nodes need not import this module.
        def shard(number: int) -> tuple[int, list[str], str]:
            here = socket.gethostname()
            if not Path(cache, mark).is_file():
                return 1, [f"✗ {cache} is another folder on {here}: name one that all nodes share"], here
            process = subprocess.Popen(
                [*program, "--shard", f"{number}/{shards}", "--workers", str(workers)],
                stdin=subprocess.PIPE,  # closed when this process ends in whatever way: the guard then ends the shard
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=folder,
                env=os.environ | variables,
            )
            assert process.stdout
            lines = [line.rstrip() for line in process.stdout if line.strip()]
            return process.wait(), lines, here

        alone: dict[str, Any] = {} if address else {"include_dashboard": False}
        ray.init(address=address, log_to_driver=False, **alone)
        running.callback(ray.shutdown)
        task = ray.remote(num_cpus=workers, max_retries=DEATHS)(shard)
        out = {task.remote(number): number for number in range(1, shards + 1)}
        failed: list[str] = []
        while out:
            (done,), _ = ray.wait(list(out), num_returns=1)
            number = out.pop(done)
            try:
                code, lines, host = ray.get(done)
            except ray.exceptions.RayError as error:
                code, lines, host = 1, [f"✗ {str(error).strip().splitlines()[0]}"], "a node"
            if code:
                failed.append(f"shard {number}/{shards} on {host}: {complaint(lines)}")
                say(failed[-1])
            else:
                counts = next(line for line in lines if line.startswith(f"{source}, shard "))
                say(f"{counts} ({host}); {len(out)} shards are out")
    if failed:
        raise LineageError(f"{len(failed)} of {shards} shards failed, run this again: {failed[0]}")


def main() -> None:
    """`python -m flows.ray_shards <source> <shards>`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a source of PDFs, one of papers: in params.yaml")
    parser.add_argument("shards", type=int, help="how many parts; several for each node")
    parser.add_argument("--workers", type=int, default=1, help="files at a time in each, and processors that it takes")
    parser.add_argument("--address", help="of a running cluster, such as auto or ray://host:10001")
    asked = parser.parse_args()
    try:
        convert_on_ray(asked.source, asked.shards, asked.workers, asked.address)
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")
    print(f"Next: dvc repro convert@{asked.source}")


if __name__ == "__main__":
    main()

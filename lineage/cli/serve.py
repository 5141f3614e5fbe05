"""Serve versions by OpenAI's protocol, for any client that speaks it.

lineage serve                  every built version, the base, and the champion
lineage serve v5_3 v6          these, the base, and the champion

Answers are those of `lineage ask`. It listens on 127.0.0.1; at another --host it asks for the key in KRX_SERVE_KEY.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from socket import socket

from lineage.base_model.fast_import import ASKING, import_lean
from lineage.cli.ask import to_be_doubted
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.serving.kept_answering import Ready, keep_answering

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Who answers, and where."""
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="versions (default: every built one)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any that is free (default: 8000)")


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped by Ctrl-C."""
    from lineage.serving.gatekeeper import KEY, may_listen

    c = load_curriculum()
    if unknown := [name for name in options.versions if name not in (BASE, *c.versions)]:
        raise LineageError(f"unknown version {unknown[0]!r}; params.yaml has {', '.join((BASE, *c.versions))}")
    key = os.environ.get(KEY, "")
    may_listen(options.host, key)
    from lineage.serving.listening import listening_at

    with listening_at(options.host, options.port) as on:

        def answer(ready: Ready) -> None:
            _answer(c, options.versions, key, on, ready)

        keep_answering(answer)


def _answer(c: Curriculum, versions: Sequence[str], key: str, on: socket, ready: Ready) -> None:
    """Load, and answer.

    Args:
        c: the curriculum.
        versions: who answers; empty: every built one.
        key: what is asked for; empty: nothing.
        on: where it is asked.
        ready: told once it can answer.
    """
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch is imported
    import_lean(c.active, ASKING)
    from lineage.serving.endpoints import application
    from lineage.serving.gatekeeper import KEY
    from lineage.serving.listening import serve
    from lineage.serving.served_models import serving

    models = serving(c, versions)
    try:
        models.crown()
    except LineageError as error:
        print(f"note: there is no champion: {error}", file=sys.stderr)
    host, port = on.getsockname()[:2]
    asks = f", with the key of {KEY}" if key else ""
    print(f"http://{host}:{port}/v1  {', '.join(models.table)}{asks}, until Ctrl-C", flush=True)
    doubts = dict.fromkeys(doubt for one in models.table.values() for doubt in to_be_doubted(one.version))
    for doubt in doubts:
        print(f"note: {doubt}", file=sys.stderr, flush=True)
    ready()
    serve(application(models, key), on)

"""Serve versions by OpenAI's protocol, for any client that speaks it.

lineage serve                  every built version, the base, and the champion
lineage serve v5_3 v6          these, the base, and the champion

Answers are those of `lineage ask`. It listens on 127.0.0.1; at another --host it asks for the key in KRX_SERVE_KEY.
Where vLLM is installed and there is a GPU, vLLM makes the answers (--engine auto); else transformers does.
"""

import argparse
import os
import sys
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import get_args

from lineage.base_model.fast_import import ASKING, import_lean
from lineage.cli.ask import to_be_doubted
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core.errors import LineageError
from lineage.serving.engines import Engine, chosen, served_by_vllm
from lineage.serving.gatekeeper import KEY, may_listen
from lineage.serving.kept_answering import Ready, keep_answering
from lineage.serving.listening import BACKLOG, listening_at, serve
from lineage.serving.served_models import ServedModels, serving, whom
from lineage.serving.vllm_speaker import VllmSpeaker

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Who answers, and where."""
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="versions (default: every built one)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any that is free (default: 8000)")
    parser.add_argument(
        "--engine", choices=get_args(Engine), default="auto", help="who makes the answers (default: auto)"
    )


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped by Ctrl-C."""
    c = load_curriculum()
    if unknown := [name for name in options.versions if name not in (BASE, *c.versions)]:
        raise LineageError(f"unknown version {unknown[0]!r}; params.yaml has {', '.join((BASE, *c.versions))}")
    key = os.environ.get(KEY, "")
    may_listen(options.host, key)
    names = whom(c, options.versions)
    program, why = chosen(options.engine, c, names)
    with listening_at(options.host, options.port) as on, TemporaryDirectory(prefix="krx-serve-") as private:
        print(f"{'vLLM' if program else 'transformers'} makes the answers: {why}", file=sys.stderr, flush=True)

        def answer(ready: Ready) -> None:
            if program:
                at = Path(private, f"{os.getpid()}.sock")
                with served_by_vllm(c, names, program, at) as (models, speaker):
                    _answer(models, key, on, ready, speaker)
            else:
                os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch is imported
                import_lean(c.active, ASKING)
                _answer(serving(c, names), key, on, ready)

        keep_answering(answer)


def _answer(models: ServedModels, key: str, on: socket, ready: Ready, speaker: VllmSpeaker | None = None) -> None:
    """Answer until Ctrl-C.

    Args:
        models: who answers.
        key: what is asked for; empty: nothing.
        on: where it is asked.
        ready: told once it can answer.
        speaker: who asks vLLM; None: transformers makes the answers.
    """
    from lineage.serving.endpoints import application

    try:
        models.crown()
    except LineageError as error:
        print(f"note: there is no champion: {error}", file=sys.stderr)
    host, port = on.getsockname()[:2]
    asks = f", with the key of {KEY}" if key else ""
    on.listen(BACKLOG)  # who reads the address may ask at once
    print(f"http://{host}:{port}/v1  {', '.join(models.table)}{asks}, until Ctrl-C", flush=True)
    doubts = dict.fromkeys(doubt for one in models.table.values() for doubt in to_be_doubted(one.version))
    for doubt in doubts:
        print(f"note: {doubt}", file=sys.stderr, flush=True)
    ready()
    serve(application(models, key, speaker=speaker), on)

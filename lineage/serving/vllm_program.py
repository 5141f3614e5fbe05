"""vLLM as a program beside this one: whether it is here, what it cannot serve, how it is started and watched.

It needs another torch and another FastAPI than this project, so that it lies in an environment of its own. It listens
at a socket in a folder that this user alone can open, and this process alone asks it: vLLM's own key guards some of its
paths only, and it looks at no `Host`.

The options are those of vLLM 0.33.0, as its sources have them; 4-bit weights are read by vllm-bnb-plugin 0.0.3.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lineage.config.schema import BASE, Profile
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.planning.servability import HEAD, VLLM_RANKS, vllm_rank

PROGRAM = "KRX_VLLM"
OPTIONS = "KRX_VLLM_OPTIONS"
PLUGIN = "vllm_bnb_plugin"  # what reads 4-bit weights of bitsandbytes since vLLM 0.28
SPARE = 8  # adapters beside those of the start that are held: champions that are promoted meanwhile
TOGETHER = 8  # adapters in one batch at most: each takes GPU memory
GRACE = 10.0  # seconds to end in good order
LOG = paths.STATE / "logs" / "vllm.log"
# Whatever of an adapter's configuration is neither empty nor one of these changes what it says; vLLM has no such thing.
PLAIN: Mapping[str, tuple[Any, ...]] = {
    "modules_to_save": (),
    "bias": ("none",),
    "lora_bias": (),
    "alora_invocation_tokens": (),
    "layer_replication": (),
    "use_bdlora": (),
    "use_qalora": (),
    "target_parameters": (),
    "trainable_token_indices": (),
    "init_lora_weights": (True, "gaussian", "eva", "orthogonal"),
}
SILENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",  # for a champion; nobody but this process reaches it
}
NOT_PASSED_ON = ("VLLM_API_KEY", "KRX_SERVE_KEY")


@dataclass(frozen=True, slots=True)
class ServedAdapter:
    """An adapter's folder, which nothing changes, and the name that it is asked by."""

    name: str
    folder: Path
    shape: dict[str, Any]


def installed() -> str | None:
    """vLLM's program: the one that `KRX_VLLM` names, or the first on the path.

    Raises:
        LineageError: what is named is no program.
    """
    named = os.environ.get(PROGRAM)
    if named and not shutil.which(named):
        raise LineageError(f"{PROGRAM}: {named} is no program that can be started; name bin/vllm of its environment")
    return shutil.which(named or "vllm")


def refused_of_base(profile: Profile, program: str) -> Iterator[str]:
    """Why vLLM cannot serve a base as it was trained on."""
    if profile.compute_dtype == "float32":
        yield "compute_dtype is float32, and its adapters are computed in bfloat16 or float16"
    if profile.load_in_4bit and not profile.double_quant:
        yield "double_quant is false, and its 4-bit weights are quantised twice"
    if profile.load_in_4bit and not any(Path(program).parent.parent.glob(f"lib*/python*/*-packages/{PLUGIN}*")):
        yield f"load_in_4bit is true, for which its environment lacks a package: pip install {PLUGIN.replace('_', '-')}"


def refused(version: str, shape: Mapping[str, Any]) -> Iterator[str]:
    """What vLLM refuses of an adapter, or would leave out without a word.

    shape: its `adapter_config.json`.
    """
    if vllm_rank(_rank(shape)) is None:
        yield f"{version}: r {_rank(shape)} is above {VLLM_RANKS[-1]}"
    if shape.get("use_dora"):
        yield f"{version}: it is a DoRA adapter"
    targets = shape["target_modules"]
    if HEAD in targets or (isinstance(targets, str) and HEAD in targets):
        yield f"{version}: it is on {HEAD}, which was not tried with vLLM"
    for name, plain in PLAIN.items():
        value = shape.get(name)
        if value and value not in plain:
            yield f"{version}: {name} is {value!r:.60}"


def command(
    program: str, base: str, profile: Profile, adapters: Sequence[ServedAdapter], socket: Path, more: str = ""
) -> list[str]:
    """How vLLM is started.

    Args:
        program: vLLM's.
        base: the folder of the base.
        profile: which says in what precision it is asked.
        adapters: served from the start.
        socket: where it is to listen.
        more: options of the user's own, as a shell would read them.
    """
    rank = max((vllm_rank(_rank(one.shape)) or VLLM_RANKS[-1] for one in adapters), default=VLLM_RANKS[2])
    modules = [{"name": one.name, "path": str(one.folder.absolute()), "base_model_name": BASE} for one in adapters]
    return [
        *(program, "serve", str(Path(base).absolute())),
        *("--served-model-name", BASE),
        *("--dtype", profile.compute_dtype),
        *(("--quantization", "bitsandbytes") if profile.load_in_4bit else ()),
        *("--generation-config", "vllm"),  # nothing of the base's own temperature or penalties
        *("--enable-lora", "--max-lora-rank", str(rank)),
        *("--max-loras", str(max(1, min(len(adapters), TOGETHER)))),
        *("--max-cpu-loras", str(len(adapters) + SPARE)),
        *(("--lora-modules", *map(json.dumps, modules)) if modules else ()),
        *("--uds", str(socket)),
        *("--uvicorn-log-level", "warning"),
        *shlex.split(more),
    ]


def _rank(shape: Mapping[str, Any]) -> int:
    return max([shape["r"], *(shape.get("rank_pattern") or {}).values()])


@contextmanager
def running(words: Sequence[str], socket: Path) -> Iterator[None]:
    """vLLM, once it answers; where it dies afterwards this process is killed with it, and may be started again.

    Args:
        words: its command line.
        socket: where it listens.

    Raises:
        LineageError: it ended before it answered; with its last words.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | SILENT
    with LOG.open("wb") as log:
        program = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    wanted = threading.Event()
    try:
        _until_it_answers(program, socket)
        threading.Thread(target=_end_with, args=(program, wanted), daemon=True).start()
        yield
    finally:
        wanted.set()
        program.terminate()
        with suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
        program.kill()


def _until_it_answers(program: subprocess.Popen[bytes], socket: Path) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://vllm") as client:
        while (code := program.poll()) is None:
            with suppress(httpx.TransportError):
                if client.get("/health").status_code == 200:
                    return
            time.sleep(0.2)
    if code < 0:
        _tell_end(code)
        os.kill(os.getpid(), signal.SIGKILL)  # so is this process, which is started again
    raise LineageError(f"vLLM ended with code {code} before it answered; the end of {LOG}:\n{_last_words()}")


def _end_with(program: subprocess.Popen[bytes], wanted: threading.Event) -> None:
    code = program.wait()
    if not wanted.is_set():
        _tell_end(code)
        os.kill(os.getpid(), signal.SIGKILL)


def _tell_end(code: int) -> None:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    print(f"note: vLLM {how}; the end of {LOG}:\n{_last_words()}", file=sys.stderr, flush=True)


def _last_words(lines: int = 12) -> str:
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

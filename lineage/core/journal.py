"""The journal: what each stage that ended well has cost on this machine, one JSON line a run in `.state/journal.jsonl`.

    {"stage": "train@v3", "seconds": 31.2, "startup_seconds": 0.6, "ended": 1795788000, "machine": "…", "cores": 2,
     "peak_bytes": 702000000, "adapter": "a693…", "profile": "cpu", "base": "db52a92cb5ed", "steps": 225,
     "tokens": 352000, "training_seconds": 19.8}

It stands beside the record and outside identity: no result depends on it, and it may be deleted at any time. Estimates
(`lineage check`, `lineage diff`) learn from it; without it they are rougher.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from lineage.core import machine, paths
from lineage.core.declaration import read_yaml
from lineage.core.paths import STATE

FILE = STATE / "journal.jsonl"
Entry = dict[str, Any]
_RAPL = Path("/sys/class/powercap")
_noted: Entry = {}


def note(**facts: Any) -> None:
    """Add facts to the line that the running stage will write: `journal.note(tokens=352000)`."""
    _noted.update(facts)


@contextmanager
def entry() -> Iterator[None]:
    """Time a stage, and write its line when the block ends without an error."""
    begun, energy = time.monotonic(), _microjoules()
    startup = round(time.time() - psutil.Process().create_time(), 1)
    _noted.clear()
    yield
    if stage := _stage():
        used = {name: value - energy[name] for name, value in _microjoules().items() if name in energy}
        joules = {"joules": round(sum(used.values()) / 1e6)} if used and min(used.values()) >= 0 else {}  # < 0: wrapped
        spent = {"seconds": round(time.monotonic() - begun, 1), "startup_seconds": startup, "ended": int(time.time())}
        _append({"stage": stage, **spent, **_here(), **_adapter(stage), **joules, **_noted})


def entries() -> list[Entry]:
    """Every line that can be read, oldest first."""
    try:
        lines = FILE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # a machine that was switched off in mid-line
    return [row for row in found if isinstance(row, dict) and {"stage", "seconds"} <= row.keys()]


def _append(line: Entry) -> None:
    """One write in append mode: two stages of two workspaces on one `.state` cannot mix their lines."""
    try:
        FILE.parent.mkdir(exist_ok=True)
        handle = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        finally:
            os.close(handle)
    except OSError as error:  # a full disk must not undo the work that was done
        print(f"the journal was not written: {error}", file=sys.stderr)


def _stage() -> str | None:
    """`python -m stages.train v3` is train@v3."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    package, _, module = (spec.name if spec else "").rpartition(".")
    return "@".join([module, *sys.argv[1:2]]) if package == "stages" else None


def _adapter(stage: str) -> Entry:
    """What a training stage has left: the adapter's SHA-256, from its record."""
    kind, _, version = stage.partition("@")
    if kind != "train":
        return {}
    try:
        return {"adapter": json.loads(paths.training_record(version).read_text(encoding="utf-8"))["adapter"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}  # not built


def _here() -> Entry:
    return {"machine": machine.kind(), "cores": machine.cores(), "peak_bytes": _peak(), **_gpu_peak(), **trained_with()}


def trained_with() -> Entry:
    """The profile, and the first digits of the base's identity, as they are in the working folder."""
    facts: Entry = {}
    try:
        facts["profile"] = read_yaml(paths.PARAMS)["profile"]
        facts["base"] = json.loads(paths.BASE_RECORD.read_text(encoding="utf-8"))["identity"][:12]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        pass  # before there is a base
    return facts


def _peak() -> int:
    """The most memory that this process, or one that it waited for, has held, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    try:  # what Linux reports above may be the parent's, from before this program was loaded
        status = Path("/proc/self/status").read_text(encoding="ascii")
        mine = int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, LookupError, ValueError):
        pass
    return max(mine, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)


def _gpu_peak() -> Entry:
    """Of a stage that used a GPU. torch is not imported for it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return {}
    return {"gpu_peak_bytes": torch.cuda.max_memory_reserved()}


def _microjoules() -> dict[str, int]:
    """The energy counters of the processors, where this user may read them."""
    found = {}
    for counter in sorted(_RAPL.glob("intel-rapl:[0-9]/energy_uj")):
        try:
            found[counter.parent.name] = int(counter.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return {}
    return found

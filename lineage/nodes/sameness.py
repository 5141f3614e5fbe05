"""What must be the same on every node that trains a version, by the names that people know it by.

    {"code of the training": "8f1c…", "package torch": "2.13.0", "data/mixes/v3": "a91b…", "profiles.cpu.seed": …}

Each node plans the version from its own files and sends these lines to the first one. Nothing secret is among them.
"""

import hashlib
import json
import platform
from pathlib import Path

from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.training.plan import Plan, packages

Facts = dict[str, str]
SHOWN = 6  # differences that a message names
CODE = "code of "
PACKAGE = "package "


def facts(c: Curriculum, plan: Plan) -> Facts:
    """What this node would train, and with what."""
    import torch

    inputs, job = plan.inputs, plan.job
    profile = c.active.model_dump(mode="json", exclude={"base"})  # where the base lies is each node's own affair
    found = {
        "version": inputs.version,
        f"{CODE}the training": plan.code,
        f"{CODE}the meeting": _own_code(),
        f"{PACKAGE}python": platform.python_version(),
        **{f"{PACKAGE}{name}": version for name, version in packages(c.active.trainer).items()},
        paths.mix(inputs.version).as_posix(): str(inputs.mix.sha256),
        paths.adapter(inputs.parent).as_posix(): inputs.parent_adapter or inputs.base.identity,
        paths.BASE_MODEL.as_posix(): inputs.base.identity,
        "seed": str(job.seed),
        "chain.template": inputs.template,
        "chain.lora": job.lora.model_dump_json(),
        f"versions.{inputs.version}.train": _text([job.learning_rate, job.steps]),
        **{f"profiles.{c.profile}.{name}": _text(value) for name, value in profile.items()},
        f"profiles.{c.profile}.launch.nodes": str(c.active.launch.nodes),
        "device": "GPU" if torch.cuda.is_available() else "CPU",
    }
    return found | {"fingerprint": plan.fingerprint}


def differences(first: Facts, other: Facts) -> list[str]:
    """What differs, as `name: value here, value there`; the fingerprint only if nothing else explains it."""
    names = [name for name in dict.fromkeys([*first, *other]) if first.get(name) != other.get(name)]
    told = [name for name in names if name != "fingerprint"] or names
    return [f"{name}: {_short(first.get(name))} on the first node, {_short(other.get(name))} there" for name in told]


def refusal(differing: list[str]) -> str:
    """Why a node may not take part, and what it does about it."""
    more = [f"and {len(differing) - SHOWN} more"] if len(differing) > SHOWN else []
    remedies = {
        CODE: "check out the first node's commit (git)",
        PACKAGE: "install the same packages (constraints.txt)",
        f"{paths.DATA}/": "bring its data (dvc pull)",
        f"{paths.MODELS}/": "bring its models (dvc pull)",
        "profiles.": "take the first node's params.yaml",
    }
    needed = [remedy for start, remedy in remedies.items() if any(line.startswith(start) for line in differing)]
    return f"{'; '.join([*differing[:SHOWN], *more])}. There: {', '.join(needed) or 'make it what the first node has'}"


def _own_code() -> str:
    """A hash of this room: both ends of the meeting must speak the same."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value[:12] if len(value) == 64 else value[:80]

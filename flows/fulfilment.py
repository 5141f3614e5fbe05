"""How a worker fulfils an order, in its own checkout: fetch what the stage needs, make it, give it back.

Killed anywhere in it, the order is fulfilled again from the start, here or elsewhere: what was fetched is here, and a
stage that was made and given back is restored from DVC's run cache instead of made twice.
"""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from flows.own_checkout import must_be_at
from flows.repro import reproduce
from flows.warm_dvc import WarmDvc
from flows.work_order import Delivery, Order
from lineage.core.declaration import Declaration, declarations
from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK
from lineage.planning.lock_text import LockText, facts

Say = Callable[[str], None]


class RemoteTrouble(LineageError):
    """DVC's remote could not be asked, or lacks what was asked for; later, or elsewhere, it may."""


def fulfil(order: Order, dvc: WarmDvc, say: Say) -> Delivery:
    """Make one stage; inside a block of `one_dvc`, which gives `dvc`.

    Raises:
        WrongCode: the code here is not the order's.
        RemoteTrouble: nothing can be fetched, or given back.
        LineageError: what the stage itself says.
    """
    must_be_at(order.commit)
    graph = declarations()
    if (stage := graph.get(order.stage)) is None:
        raise LineageError(f"dvc.yaml at commit {order.commit[:12]} has no stage {order.stage}")
    DVC_LOCK.write_text(LockText(order.lock).text(), encoding="utf-8")
    for path, text in order.files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    needed = inputs_of_order(order, stage)
    _remove_others(stage, [*needed, *order.files])
    if needed:
        transfer(dvc, "pull", "--force", *needed, what=f"the inputs of {order.stage} could not be fetched")
        say(f"fetched {', '.join(needed)}")
    outcome = reproduce(order.stage, say, force=order.force, pull=True)
    lock = LockText.of(DVC_LOCK.read_text(encoding="utf-8"), str(DVC_LOCK))
    what = f"{order.stage} is made, but could not be given back"
    transfer(dvc, "push", "--run-cache", order.stage, what=what)
    say("given back to the remote")
    must_be_at(order.commit)
    return Delivery(
        commit=order.commit,
        stage=order.stage,
        entry=lock.entries[order.stage],
        outcome=outcome,
        worker=f"{socket.gethostname()}:{Path.cwd()}",
    )


def inputs_of_order(order: Order, stage: Declaration) -> list[str]:
    """What DVC has to bring: the outputs of other stages that this one reads, and raw files that `dvc add` tracks."""
    made = [
        out["path"] for name, text in order.lock.items() if name != order.stage for out in facts(name, text)["outs"]
    ]
    outs = [out for out in made if out not in order.files and any(_overlap(out, dep) for dep in stage.deps)]
    tracked = [dep for dep in stage.deps if Path(f"{dep}.dvc").is_file()]
    return list(dict.fromkeys([*outs, *tracked]))


def transfer(dvc: WarmDvc, *words: str, what: str) -> None:
    """A command of DVC that talks to the remote.

    Args:
        dvc: runs it.
        words: the command.
        what: what is said first if it fails.

    Raises:
        RemoteTrouble: with DVC's own words.
    """
    lines: list[str] = []
    if dvc.run(list(words), lines.append):
        told = "\n".join(line for line in lines if not line.startswith(("Collecting", "Fetching", "Pushing")))[-2000:]
        if "no remote specified" in told:
            told = "DVC has no remote here: dvc remote add --default NAME URL, and commit .dvc/config"
        raise RemoteTrouble(f"{what}: {told.strip() or 'DVC failed without a word'}")


def _remove_others(stage: Declaration, kept: list[str]) -> None:
    """What an earlier order left in a folder that this stage reads as a whole: it would be read too."""
    for dep in stage.deps:
        if any(path.startswith(f"{dep}/") for path in kept) and Path(dep).is_dir():
            for place in Path(dep).iterdir():
                if not any(_overlap(place.as_posix(), path) for path in kept) and place.name != ".gitignore":
                    shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")

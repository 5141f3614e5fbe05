"""One of the processes that train a version on several nodes: `torchrun … -m lineage.nodes.node_process DIR`.

`lineage.nodes.local_processes` starts it and says in DIR what to do. It computes what a process of one machine does
(`lineage.training.rank_process`); the first process of the first node alone speaks, and writes adapter and checkpoints.
"""

import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path

from lineage.config.schema import Profile
from lineage.core.errors import LineageError, Preempted
from lineage.core.stage import prepare_environment
from lineage.nodes.local_processes import Place
from lineage.nodes.meeting import NAMESPACE
from lineage.training.rank_process import _die_with_the_stage


def main() -> None:
    """Train as one of many; a failure is written down for the process that started this one."""
    folder = Path(sys.argv[1])
    place = Place(**json.loads((folder / "place.json").read_text(encoding="utf-8")))
    rank = _take_place(place)
    prepare_environment()
    threading.Thread(target=_die_with_the_stage, args=(folder,), daemon=True).start()
    if rank:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    else:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        _train(folder, place, rank)
    except Exception as error:
        ours = isinstance(error, LineageError)
        text = str(error) if ours else f"{type(error).__name__}: {(str(error).strip().splitlines() or ['?'])[0]}"
        if not ours:
            traceback.print_exc()
        (folder / f"error-{rank}.json").write_text(json.dumps({"rank": rank, "ours": ours, "text": text}))
        sys.stderr.flush()
        os._exit(1)  # no waiting for the others: each node ends its own


def _take_place(place: Place) -> int:
    """Tell the libraries which process of all nodes this is, where torchrun knows this node's alone; its rank."""
    rank = place.node * place.each + int(os.environ["LOCAL_RANK"])
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(place.nodes * place.each),
        "GROUP_RANK": str(place.node),
        "MASTER_ADDR": place.address,
        "MASTER_PORT": str(place.port),
    }
    return rank


def _train(folder: Path, place: Place, rank: int) -> None:
    import torch
    import torch.distributed as dist

    from lineage.base_model.fast_import import import_lean
    from lineage.nodes.checkpoint_exchange import gather_before_the_seal, spread
    from lineage.training.launch import take_over
    from lineage.training.stop_signals import answered

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    cuda = torch.cuda.is_available()
    local, world = int(os.environ["LOCAL_RANK"]), place.nodes * place.each
    if cuda:
        torch.cuda.set_device(local)
    store = dist.TCPStore(place.address, place.port, is_master=False, wait_for_workers=False)
    dist.init_process_group(
        "cuda:nccl,cpu:gloo" if cuda else "gloo",
        store=dist.PrefixStore(f"{NAMESPACE}/processes", store),
        rank=rank,
        world_size=world,
    )
    given = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    import_lean(Profile.model_validate(given["job"]["profile"]))  # before anything imports more
    job, out = take_over(folder)

    from lineage.training import sft
    from lineage.training.adapter_saving import save_adapter
    from lineage.training.backends import hf
    from lineage.training.job import Progress
    from lineage.training.resource_errors import explained

    spread(job.checkpoints, place, rank)
    gather_before_the_seal(place, rank)
    progress = Progress(elsewhere=(folder / "stop").exists)
    try:
        with answered(job, progress), explained(job, progress):
            # A stop comes by the file. SIGTERM is torchrun's, once another process has failed: not to be survived.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            model, outcome = sft.fit(job, hf, progress)
    except Preempted as stopped:
        if local == 0:
            (folder / "stopped").write_text(str(stopped), encoding="utf-8")
    else:
        save_adapter(model, job.base_name, out, job.base_revision)
        if local == 0:
            (folder / "outcome.json").write_text(json.dumps(asdict(outcome) if rank == 0 else {}), encoding="utf-8")
    dist.barrier()  # a process that leaves early would look like a failure
    dist.destroy_process_group()


if __name__ == "__main__":
    main()

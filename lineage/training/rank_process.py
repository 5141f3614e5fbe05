"""One of the processes that train a version together: `torchrun … -m lineage.training.rank_process DIR`.

`lineage.training.launch` starts it and says in DIR what to do. The process of rank 0 alone speaks, and writes the
adapter and `outcome.json`.
"""

import fcntl
import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path

from lineage.core.errors import LineageError, Preempted
from lineage.core.stage import prepare_environment


def main() -> None:
    """Train as one of many; a failure is written down for the stage, which tells people."""
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    prepare_environment()
    threading.Thread(target=_die_with_the_stage, args=(folder,), daemon=True).start()
    if rank:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    else:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        _train(folder, rank)
    except Exception as error:
        ours = isinstance(error, LineageError)
        text = str(error) if ours else f"{type(error).__name__}: {(str(error).strip().splitlines() or ['?'])[0]}"
        if not ours:
            traceback.print_exc()
        (folder / f"error-{rank}.json").write_text(json.dumps({"rank": rank, "ours": ours, "text": text}))
        sys.stderr.flush()
        os._exit(1)  # no waiting for the others: torchrun ends them


def _train(folder: Path, rank: int) -> None:
    import torch
    import torch.distributed as dist

    from lineage.training import sft
    from lineage.training.adapter_saving import save_adapter
    from lineage.training.backends import hf
    from lineage.training.distributed import process_group
    from lineage.training.job import Progress
    from lineage.training.launch import take_over
    from lineage.training.resource_errors import explained
    from lineage.training.stop_signals import answered

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    world = int(os.environ["WORLD_SIZE"])
    store = dist.FileStore(str(folder / "store"), world)
    dist.init_process_group("cuda:nccl,cpu:gloo" if cuda else "gloo", store=store, rank=rank, world_size=world)

    job, out = take_over(folder)
    if process_group.deepspeed_file(job.profile) and not cuda:
        _deepspeed_on_a_cpu()
    progress = Progress(elsewhere=(folder / "stop").exists)
    try:
        with answered(job, progress), explained(job, progress):
            # A stop comes by the file. SIGTERM is torchrun's, once another process has failed: not to be survived.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            model, outcome = sft.fit(job, hf, progress)
    except Preempted as stopped:
        if rank == 0:
            (folder / "stopped").write_text(str(stopped), encoding="utf-8")
    else:
        save_adapter(model, job.base_name, out, job.base_revision)
        if rank == 0:
            (folder / "outcome.json").write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    dist.barrier()  # a process that leaves early would look like a failure
    dist.destroy_process_group()


def _deepspeed_on_a_cpu() -> None:
    """Accelerate knows DeepSpeed with GPUs only: without, each process would train alone, on the same rows."""
    from accelerate.state import PartialState
    from accelerate.utils import DistributedType

    PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_CPU)


def _die_with_the_stage(folder: Path) -> None:
    """Wait for the lock that the stage holds while it lives."""
    with (folder / "alive").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    os._exit(1)


if __name__ == "__main__":
    main()

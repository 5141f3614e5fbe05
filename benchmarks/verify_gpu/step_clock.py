"""When each optimizer step ended, once the GPU had finished it; what a training took by that, and its memory's peak."""

import resource
import time
from collections.abc import Sequence
from typing import Any


class StepClock:
    """Stamps every optimizer step of this process. begun: when the process started, by the monotonic clock."""

    def __init__(self, begun: float) -> None:
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook

        self._begun, self._ends = begun, list[float]()
        self._on_gpu = torch.cuda.is_available()
        register_optimizer_step_post_hook(self._stepped)

    def _stepped(self, *_: Any) -> None:
        if self._on_gpu:
            import torch

            torch.cuda.synchronize()
        self._ends.append(time.monotonic())

    def figures(self, tokens: Sequence[float]) -> dict[str, Any]:
        """What was measured. tokens: of each step, without padding; the last are those that were stamped."""
        import torch

        ends, tokens = self._ends, list(tokens)[-len(self._ends) :]
        skipped = max(1, len(ends) // 5)  # compiled kernels, full caches
        seconds = ends[-1] - ends[skipped - 1]
        gpu = torch.cuda.max_memory_allocated, torch.cuda.max_memory_reserved
        allocated, reserved = (round(peak() / 1e9, 2) if self._on_gpu else None for peak in gpu)
        return {
            "steps": len(ends),
            "steps_measured": len(ends) - skipped,
            "tokens_per_second": round(sum(tokens[skipped:]) / seconds, 1),
            "seconds_per_step": round(seconds / (len(ends) - skipped), 4),
            "tokens_per_step": round(sum(tokens) / len(tokens), 1),
            "seconds_until_first_step": round(ends[0] - self._begun, 1),
            "peak_gpu_gb": allocated,
            "peak_gpu_reserved_gb": reserved,
            "peak_process_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        }

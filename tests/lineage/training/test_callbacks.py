"""The callbacks look and do not touch."""

from pathlib import Path

import pytest

from lineage.training import callbacks
from lineage.training.backends import hf
from lineage.training.sft import fit
from tests import tiny
from tests.lineage.training.watched import train


def test_a_clean_run_is_not_changed_by_being_watched(lineage_copy: Path) -> None:
    """The same adapter as of a run without them."""
    import torch

    model, _ = train()
    watched = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "callbacks", lambda *_: [])
        alone, _ = fit(tiny.job("v2", checkpoints=Path(".state/checkpoints/alone")), hf)
    assert all(torch.equal(p, watched[n]) for n, p in alone.named_parameters() if p.requires_grad)

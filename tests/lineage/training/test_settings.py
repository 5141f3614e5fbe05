"""The table of settings: what it hands to TRL, and what it writes into the record of each phase."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from lineage.config.schema import Setting
from lineage.training.settings import SETTINGS, asked_for, passed_on
from tests import tiny

BOTH = [
    "optimizer",
    "learning_rate",
    "schedule",
    "warmup_steps",
    "steps",
    "rows_per_step",
    "weight_decay",
    "max_grad_norm",
    "gradient_checkpointing",
    "load_in_4bit",
    "double_quant",
    "compute_dtype",
    "loss",
    "packing",
    "world_size",
    "strategy",
]


def test_the_record_s_settings_keep_their_names_and_their_order(lineage_here: Path) -> None:
    """A record that was written before has these names, and is compared with new ones."""
    assert list(asked_for(tiny.job("v1"))) == [*BOTH, "max_length"]
    assert list(asked_for(tiny.job("v1", beta=0.1))) == [*BOTH, "beta"]


def test_a_preference_phase_never_packs_and_has_its_loss_on_the_answers(lineage_here: Path) -> None:
    full = tiny.curriculum(**{"profiles.cpu.loss": "full", "profiles.cpu.packing": True})
    supervised, preference = asked_for(tiny.job("v1", full)), asked_for(tiny.job("v1", full, beta=0.1))
    assert (supervised["loss"], supervised["packing"]) == ("full", True)
    assert (preference["loss"], preference["packing"]) == ("completion", False)


def test_what_may_differ_is_a_setting() -> None:
    assert set(get_args(Setting)) <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(("config", "beta"), [("SFTConfig", None), ("DPOConfig", 0.1)])
def test_trl_names_every_argument_that_is_passed_on(config: str, beta: float | None, lineage_here: Path) -> None:
    import trl

    known = {field.name for field in fields(getattr(trl, config))}
    assert passed_on(tiny.job("v1", beta=beta)).keys() <= known

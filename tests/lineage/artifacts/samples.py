"""Small artifacts as their stages write them."""

import copy
from typing import Any

BASE: dict[str, Any] = {
    "identity": "b" * 64,
    "origin": {"build": {"layers": 2, "learning_rate": 0.005}},
    "parameters": 376416,
    "template": {"name": "chatml", "sha256": "7" * 64},
    "vocab_size": 1800,
    "weights": "models/base",
}
MIX: dict[str, Any] = {
    "contaminated": {},
    "duplicates": {"rules": 1},
    "excluded": {"documents": 0, "dropped": {}, "scope": "mix", "sources": []},
    "own": {"rules": {"available": 9, "form": "record", "taken": 8}},
    "replay": {"from": {"v1": {"samples": 2}}, "rows": 2, "share": 0.2},
    "rows": 10,
    "superseded": {},
    "version": "v2",
    "withdrawn": {},
}
# As it was written before the code had an identity of its own.
OLD_MANIFEST: dict[str, Any] = {
    "adapter": "a" * 64,
    "base": {"identity": "b" * 64, "load": "float32", "origin": {"build": {"layers": 2, "learning_rate": 0.005}}},
    "effective": {"learning_rate": 0.005, "packing": False, "optimizer": "adamw_8bit", "steps": 3},
    "eight_bit_share": 0.4444,
    "fingerprint": "f" * 64,
    "lora": {"alpha": 32, "dora": False, "dropout": 0.0, "r": 16, "rslora": False, "targets": ["q_proj", "v_proj"]},
    "mix": {
        "rows": 10,
        "sha256": "c" * 64,
        "sources": {
            "rules": {"dropped": {}, "replayed_rows": 0, "rows": 8, "supervised_tokens": 40, "tokens": 80},
            "samples": {
                "dropped": {"longer than max_length": 1},
                "replayed_rows": 2,
                "rows": 2,
                "supervised_tokens": 9,
                "tokens": 20,
            },
        },
        "supervised_share": 0.49,
        "supervised_tokens": 49,
        "tokens": 100,
    },
    "packages": {"torch": "2.13.0"},
    "parent": "v1",
    "parent_adapter": "9" * 64,
    "requested": {"learning_rate": 0.005, "packing": False, "optimizer": "adamw_8bit", "steps": 3},
    "seed": 1,
    "steps": 3,
    "template": "7" * 64,
    "trainable_parameters": 55296,
    "trained_tokens": 300,
    "version": "v2",
}
MANIFEST = OLD_MANIFEST | {"code": "c0de" * 16}
TWO_PHASES = MANIFEST | {
    "preference": {
        "beta": 0.1,
        "dropped": 0,
        "effective": {"beta": 0.1},
        "learning_rate": 5e-05,
        "pairs": 4,
        "requested": {"beta": 0.1},
        "sources": {"rules": {"dropped": {}, "judged": 1, "pairs": 4, "tokens": 60}},
        "steps": 2,
        "tokens": 60,
        "trained_tokens": 90,
    }
}
ADOPTED = MANIFEST | {
    "adopted": {
        "notes": ["it names its base by a folder"],
        "original": {"bytes": 900, "sha256": "e" * 64},
        "stated_base": "Qwen/Qwen2-7B-Instruct",
        "tool": "TRL",
    },
    "code": None,
    "eight_bit_share": None,
    "mix": {
        "rows": 0,
        "sha256": None,
        "sources": {},
        "supervised_share": None,
        "supervised_tokens": 0,
        "tokens": 0,
    },
}


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest with some fields changed."""
    return copy.deepcopy(MANIFEST) | changes

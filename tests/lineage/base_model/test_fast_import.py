"""What is not imported is only what nothing of a CPU run needs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lineage.core.files import sha256
from tests import tiny

FOR_NOTHING = ("sklearn", "scipy", "h2", "torch._inductor.compile_fx", "functorch.compile")
TRAINS = """
import json, os, sys
from pathlib import Path
os.environ["OMP_NUM_THREADS"] = "1"
from lineage.config.load import load_curriculum
from lineage.base_model.fast_import import import_lean
c = load_curriculum()
import_lean(c.active)
loaded = list(sys.modules)
from lineage.training.train import train
train(c, c.version("v1"), Path("again"))
after = [os.environ.get("TORCHDYNAMO_DISABLE"), __import__("scipy").__name__, __import__("gc").isenabled()]
print("\\n" + json.dumps({"loaded": loaded, "after": after}))
"""


def in_a_process(code: str) -> Any:
    """The last line of what a fresh process says, as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_lean_process_makes_the_same_adapter(lineage_copy: Path) -> None:
    """v1 was trained by this process, which imports everything; a lean one makes the same bytes and leaves no trace."""
    (lineage_copy / "again").mkdir()
    said = in_a_process(TRAINS)
    assert sha256(Path("again/adapter_model.safetensors")) == sha256(Path("models/v1/adapter_model.safetensors"))
    assert not set(FOR_NOTHING) & set(said["loaded"])
    assert "trl.trainer.sft_trainer" in said["loaded"]
    assert said["after"] == [None, "scipy", True]


def test_nothing_is_left_out_for_unsloth_or_4_bit() -> None:
    changed = {"load_in_4bit": True}, {"trainer": "unsloth"}
    for changes in changed:
        profile = tiny.curriculum().active.model_copy(update=changes)
        code = (
            "import json, sys\n"
            "from lineage.config.schema import Profile\n"
            "from lineage.base_model.fast_import import import_lean\n"
            f"import_lean(Profile.model_construct(**json.loads({profile.model_dump_json()!r})))\n"
            "print(json.dumps('torch' in sys.modules))"
        )
        assert in_a_process(code) is False

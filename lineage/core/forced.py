"""Whether this stage was asked for again though nothing has changed: `dvc repro -f evaluate@v3`, or `force` in a flow.

DVC tells its stages nothing of `-f`, so the command line of the DVC that started this process is read where the system
shows it (Linux); a flow, whose DVC has no command line of its own for a stage, sets the variable.
"""

import os
import re
from pathlib import Path

VARIABLE = "KRX_FORCE"  # "1": results that are kept in .state count for nothing
FORCE = re.compile(r"--force|-[a-zA-Z]*f[a-zA-Z]*")  # also within `-sf`


def forced() -> bool:
    """Whether kept results must not be taken for new ones."""
    return os.environ.get(VARIABLE) == "1" or any(asks_by_force(words) for words in _starters())


def asks_by_force(words: list[str]) -> bool:
    """Whether a command line is DVC's, with the option that runs stages whose inputs have not changed."""
    for i, word in enumerate(words):
        if word in ("repro", "exp") and i and "dvc" in Path(words[i - 1]).name:
            return any(FORCE.fullmatch(option) for option in words[i + 1 :])
    return False


def _starters(most: int = 4) -> list[list[str]]:
    """The command lines of the processes that this one stems from: a shell may stand between it and DVC."""
    found: list[list[str]] = []
    pid = os.getppid()
    while pid > 1 and len(found) < most:
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0"))
            pid = int(
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            )
        except (OSError, ValueError, IndexError):
            break
    return found

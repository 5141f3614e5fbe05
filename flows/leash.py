"""Run a command that never outlives whoever started it: `python flows/leash.py COMMAND ARGUMENT…`.

DVC starts a stage as a child of its own, and killing DVC leaves that child training. So the leash leads a
process group, and holds a pipe from its starter as standard input. When the pipe closes, because the starter
let go or died in any way, kill -9 included, the whole group gets SIGTERM, and SIGKILL after a grace.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = float(os.environ.get("KRX_GRACE_SECONDS", "10"))  # for a stage to end by itself


def main() -> None:
    """Run the command of the command line; exit with its code."""
    # A handler, not SIG_IGN: an ignored signal is inherited, and the command is to die of this one.
    signal.signal(signal.SIGTERM, lambda *_: None)
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_until_let_go, daemon=True).start()
    code = command.wait()
    os.killpg(0, signal.SIGTERM)  # whatever the command has left behind
    sys.exit(code if code >= 0 else 128 - code)


def _until_let_go() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

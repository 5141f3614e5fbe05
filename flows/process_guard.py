"""Run a command that never outlives whoever started it: `python flows/process_guard.py COMMAND ARGUMENT…`.

DVC starts a stage as a child of its own, and killing DVC leaves that child training. So the command gets a process
group of its own, and this guard holds a pipe from its starter as standard input. When the pipe closes, because the
starter let go or died in any way, kill -9 included, the whole group gets SIGTERM, and SIGKILL after a grace. The
same goes for what the command leaves behind when it ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = float(os.environ.get("KRX_GRACE_SECONDS", "10"))  # for a stage to end by itself


def main() -> None:
    """Run the command of the command line, with the files that were handed on open; exit with its code."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True, close_fds=False)
    group = command.pid
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=_end, args=(group,), daemon=True).start())
    threading.Thread(target=_until_let_go, args=(group,), daemon=True).start()
    code = command.wait()
    _end(group)
    sys.exit(code if code >= 0 else 128 - code)


def _until_let_go(group: int) -> None:
    while os.read(0, 1):
        pass
    _end(group)


def _end(group: int) -> None:
    """SIGTERM, then SIGKILL to what is left of the group after the grace; at once if nothing is."""
    deadline = time.monotonic() + GRACE
    try:
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()

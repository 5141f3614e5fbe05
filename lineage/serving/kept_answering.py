"""A process that answers at a socket, and this one, which starts another when that is killed.

Models are what takes the memory, so that who holds them is killed when none is left. The socket belongs to this
process, which holds nothing. Whoever asks while the next one loads waits at the socket, and is answered by it. A
request that was being answered ends with its connection, after which OpenAI's clients ask again by themselves.
"""

import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from lineage.core.errors import LineageError

MOST = 3  # in a row that were killed while they loaded: the next one would be, too
GRACE = 15.0  # seconds to end in good order
BROKEN = 70  # exit code of a mistake of this program
HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

Ready = Callable[[], None]


def keep_answering(work: Callable[[Ready], None]) -> None:
    """Have `work` done in a process of its own, and in another one when it dies, until Ctrl-C or SIGTERM.

    Call it before any thread is started and any model loaded: the process is a fork of this one. However this one
    dies, that one ends with it, and what it has started.

    work: loads, calls what it is given once it can answer, and answers until Ctrl-C.

    Raises:
        LineageError: it was killed several times in a row while it loaded.
        SystemExit: it ended by itself, having said why; with its exit code.
    """
    with _signals_that_wait():
        killed = 0
        while True:
            worker, there = _started(work)
            with there:
                if asked := _asked_to_end(worker):
                    _end(worker)
                code = _buried(worker)
                ready = there.recv(1) == b"+"
            if asked:
                return
            if code >= 0:
                raise SystemExit(code or BROKEN)
            how = f"was killed by {signal.Signals(-code).name}"
            killed = 0 if ready else killed + 1
            if killed == MOST:
                raise LineageError(
                    f"the process that answers {how}, {MOST} times in a row while it loaded. SIGKILL is what a machine "
                    f"does that has no memory left: serve fewer versions, or a smaller base"
                )
            again = f"note: the process that answers {how}; the next one loads, who asks waits"
            print(again, file=sys.stderr, flush=True)


@contextmanager
def _signals_that_wait() -> Iterator[None]:
    """Have signals wait until they are asked for.

    A handler that raises is lost where it meets a fork, and too late where it meets a call that is about to wait.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's `&` has SIGINT ignored
        signal.signal(number, _interrupt)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _started(work: Callable[[Ready], None]) -> tuple[int, socket.socket]:
    """A process at work, and this side of the pair by which each sees that the other is there."""
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    worker = os.fork()
    if worker:
        theirs.close()
        return worker, ours
    ours.close()
    code = BROKEN
    try:
        os.setsid()  # a group of its own, to end it with what it has started; Ctrl-C reaches the one that keeps it
        threading.Thread(target=_end_with_the_other, args=(theirs,), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)  # here, never in that thread
        work(lambda: theirs.sendall(b"+"))
        code = 0
    except KeyboardInterrupt:
        code = 0
    except LineageError as error:
        print(f"\n✗ {error}\n", file=sys.stderr)
        code = 1
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_the_other(there: socket.socket) -> None:
    with suppress(OSError):
        there.recv(1)  # nothing is ever sent: the other one is gone
    os.killpg(0, signal.SIGKILL)


def _asked_to_end(worker: int) -> bool:
    """Wait until this process is asked to end, or the one at work is gone: whether it was asked."""
    while os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if signal.sigwait(HEARD) != signal.SIGCHLD:
            return True
    return False


def _end(worker: int) -> None:
    """Have it end in good order, as long as the grace lasts; asked again, at once."""
    os.kill(worker, signal.SIGTERM)
    signal.sigtimedwait(HEARD, GRACE)


def _buried(worker: int) -> int:
    """Its exit code, the negative signal if it was killed; nothing of its group is left."""
    with suppress(ProcessLookupError):
        os.killpg(worker, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])

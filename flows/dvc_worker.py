"""DVC's command line for many commands in one process: `python flows/dvc_worker.py FD MARK`, started by `warm_dvc.py`.

Most of what a fresh stage costs is the import of DVC, so it is imported once a run. Each line of the pipe FD is a JSON
list: one command's arguments, as `dvc` takes them, variables for its stages, and whether what it prints is wanted
apart. After each command a line `MARK {"code": …, "answer": …}` follows what the command and its stages printed.
"""

import json
import os
import sys
import tempfile


def main() -> None:
    """Run commands until the pipe closes."""
    commands, mark = os.fdopen(int(sys.argv[1])), sys.argv[2]
    os.set_inheritable(commands.fileno(), False)  # stages have no part in it
    from dvc.cli import main as dvc

    for line in commands:
        arguments, variables, apart = json.loads(line)
        usual = dict(os.environ)
        os.environ |= variables
        sys.argv = ["dvc", *arguments]  # what DVC's lock says to another command that finds it
        code, answer = _apart(dvc, arguments) if apart else (dvc(arguments), "")
        os.environ.clear()
        os.environ |= usual
        sys.stdout.flush()
        sys.stderr.flush()
        print(f"\n{mark} {json.dumps({'code': code, 'answer': answer})}", flush=True)


def _apart(dvc, arguments: list[str]) -> tuple[int, str]:  # type: ignore[no-untyped-def]
    """A command's exit code and what it printed; what it complains of goes where it always goes."""
    sys.stdout.flush()
    usual = os.dup(1)
    with tempfile.TemporaryFile() as answer:
        os.dup2(answer.fileno(), 1)
        try:
            code: int = dvc(arguments)
            sys.stdout.flush()
        finally:
            os.dup2(usual, 1)
            os.close(usual)
        answer.seek(0)
        return code, answer.read().decode("utf-8", "replace")


if __name__ == "__main__":
    main()

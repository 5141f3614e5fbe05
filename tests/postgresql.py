"""A real PostgreSQL for tests: a cluster in a folder of its own, on a socket and no port; skipped where none is."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database that listens on a socket in a folder of its own, on no port."""
    programs = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    programs += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not programs:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="no driver: pip install -e '.[postgresql]'")
    user = None if os.geteuid() else "postgres"  # it refuses to run as root
    if user and not [one for one in pwd.getpwall() if one.pw_name == user]:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path is short
    if user:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        command = [str(programs[0] / program), "-D", str(folder / "data"), *words]
        done = subprocess.run(command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, done.stderr

    try:
        run("initdb", "-U", "jiwoo", "--auth", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg://jiwoo:pass-of-jiwoo@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)

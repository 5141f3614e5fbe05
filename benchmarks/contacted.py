"""Whom a whole run contacts: `python -m benchmarks.contacted`, in a workspace that is built; Linux, with strace.

    sockets: 41 programs connected 1,234 times, all of them to this machine
    pages: 12 pages asked 431 times, all of them this machine

`lineage ui` is started under strace, which notes each address that any of its processes connects to or sends to. A
version is rebuilt through Prefect's API as its page does it, and published; meanwhile Chromium opens pages of Prefect
and MLflow, and notes what they ask for. Names that are looked up show as packets to a name server. What is not this
machine is listed, and the exit code is 1.
"""

import argparse
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from lineage.core.errors import LineageError
from tests.browser import chromium

ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
CALLS = "trace=connect,sendto,sendmsg,sendmmsg"
PATIENCE = 900  # seconds for servers and for the run, all of them slow under strace
LOOKED_AT = 8  # seconds that a page is open


def main() -> None:
    """Start, rebuild, look, and print whom anything of it contacted."""
    parser = argparse.ArgumentParser(description="Whom a whole run contacts.")
    parser.add_argument("version", nargs="?", default="v3", help="that is rebuilt (default: v3)")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="keep a picture of each page there")
    chosen = parser.parse_args()
    if shutil.which("strace") is None:
        raise LineageError("strace is not installed: apt-get install strace")
    with tempfile.TemporaryDirectory(prefix="contacted-") as folder:
        log, ports = Path(folder) / "calls", (_free_port(), _free_port())
        command = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            CALLS,
            "-o",
            str(log),
            sys.executable,
            "-m",
            "flows.serve",
        ]
        command += ["--prefect-port", str(ports[0]), "--mlflow-port", str(ports[1])]
        serving = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            asked = list(_used(chosen.version, *ports, chosen.pictures))
        finally:
            os.killpg(serving.pid, signal.SIGTERM)
            serving.wait()
        contacted = list(contacts(log.read_text(encoding="utf-8", errors="replace")))
    elsewhere = Counter(f"{address} port {port}" for address, port in contacted if not is_here(address))
    pages = Counter(url for url in asked if not is_here(urlsplit(url).hostname or "127.0.0.1"))
    print(f"sockets: {len(contacted):,} contacts, {sum(elsewhere.values()):,} of them elsewhere")
    print(f"pages: {len(asked):,} requests, {sum(pages.values()):,} of them elsewhere")
    for found, times in (*elsewhere.most_common(), *pages.most_common()):
        print(f"  {times:>6,} × {found}")
    sys.exit(1 if elsewhere or pages else 0)


def contacts(log: str) -> Iterator[tuple[str, int]]:
    """The address and port of each contact that strace noted; sockets of files are none."""
    for line in log.splitlines():
        if found := ADDRESS.search(line):
            yield found[2] or found[3], int(found[1])


def is_here(address: str) -> bool:
    """Whether an address or a name is this machine."""
    try:
        known = ipaddress.ip_address(address)
        plain = getattr(known, "ipv4_mapped", None) or known  # ::ffff:127.0.0.1, as a socket for both kinds writes it
        return plain.is_loopback or plain.is_unspecified
    except ValueError:
        return address == "localhost"


def _used(version: str, prefect: int, mlflow: int, pictures: Path | None) -> Iterator[str]:
    """Rebuild a version through the API, and open pages; every address that a page asked for.

    Args:
        version: that is rebuilt.
        prefect: the port of Prefect's pages.
        mlflow: the port of MLflow's.
        pictures: where a picture of each page is kept, if anywhere.
    """
    api, ui = f"http://127.0.0.1:{prefect}/api", f"http://127.0.0.1:{mlflow}"
    _until(lambda: httpx.get(f"{api}/deployments/name/lineage/rebuild").status_code == httpx.codes.OK)
    deployment = httpx.get(f"{api}/deployments/name/lineage/rebuild").json()["id"]
    given = {"parameters": {"versions": [version], "force": True}}
    run = httpx.post(f"{api}/deployments/{deployment}/create_flow_run", json=given, timeout=60).json()["id"]
    print(f"a run rebuilds {version}: {run}", flush=True)
    pages = [
        f"http://127.0.0.1:{prefect}/{page}"
        for page in ("dashboard", "runs", f"runs/flow-run/{run}", "deployments", f"deployments/deployment/{deployment}")
    ]
    pages += [
        f"{ui}/#/experiments?workflowType=machine_learning",
        f"{ui}/#/experiments/1/runs?workflowType=machine_learning",
    ]
    pages += [f"{ui}/#/models", f"{ui}/#/settings", f"http://127.0.0.1:{prefect}/runs/flow-run/{run}?tab=Artifacts"]
    with tempfile.TemporaryDirectory(prefix="chromium-") as folder, chromium(Path(folder)) as tab:
        tab.window(1440, 900)
        for number, page in enumerate(pages):
            tab.open(page)
            until = time.monotonic() + LOOKED_AT
            while time.monotonic() < until:
                tab.js("1")
                time.sleep(0.5)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                tab.picture(pictures / f"{number}.png")
        yield from (url for url in tab.requests if urlsplit(url).scheme in ("http", "https", "ws", "wss"))
    print(f"{len(pages)} pages were opened", flush=True)
    final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    _until(lambda: httpx.get(f"{api}/flow_runs/{run}").json()["state_type"] in final)
    state = httpx.get(f"{api}/flow_runs/{run}").json()["state"]
    print(f"the run ended as {state['name']}: {json.dumps(state.get('message'))}", flush=True)


def _until(true: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if true():  # type: ignore[operator]
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        time.sleep(1)
    raise LineageError(f"not within {PATIENCE} seconds; see .state/logs")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    try:
        main()
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")

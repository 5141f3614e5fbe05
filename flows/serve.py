"""Both UIs and the flow, on this machine: `python -m flows.serve` (`lineage ui`); Ctrl-C stops all of it.

    Prefect  http://127.0.0.1:4200   start, watch and cancel rebuilds
    MLflow   http://127.0.0.1:5000   compare the versions

One of them that dies is started again, with its database and at its port; runs go on meanwhile.
Where somebody listens there already, the next free port is taken; a port that is asked for is taken or refused:
`--prefect-port`, `--mlflow-port`, or KRX_PREFECT_PORT, KRX_MLFLOW_PORT. The servers' logs and
databases lie in .state/. With MLFLOW_TRACKING_URI set, no MLflow is started here; with --prefect, no Prefect.
"""

import argparse
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import httpx

from flows import MLFLOW_UI
from flows.deployment_names import SERVED_FROM, deployment_name, folder_tag
from flows.kept import Kept
from flows.mlflow_pages import runs_page
from flows.nightly import nightly
from flows.page_policy import keep_to_this_machine
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import STATE
from lineage.tracking.database import make_database
from lineage.tracking.server import SETTINGS, artifact_root, local_database, local_uri
from lineage.tracking.server import shown as without_password

HOST = "127.0.0.1"
USUAL = {"prefect": 4200, "mlflow": 5000}
LOOKED_AT = 50  # ports, from the usual one on


def main() -> None:
    """Start everything, print the addresses, serve until stopped."""
    options = argparse.ArgumentParser(prog="lineage ui", description="Prefect's and MLflow's UI, and the lineage flow.")
    for name, port in USUAL.items():
        told = os.environ.get(f"KRX_{name.upper()}_PORT")
        options.add_argument(
            f"--{name}-port", type=int, default=told and int(told), help=f"default: {port}, or the next that is free"
        )
    options.add_argument(
        "--prefect",
        metavar="URL",
        help="serve behind a Prefect that runs already, http://127.0.0.1:4200 of another workspace",
    )
    options.add_argument("--nightly", metavar="CRON", help='rebuild by itself, as "0 2 * * *": every day at 2:00')
    options.add_argument(
        "--watch",
        nargs="?",
        const="ingest",
        choices=("ingest", "rebuild"),
        help="bring new raw files in by themselves, and with `rebuild` train what is stale by them",
    )
    arguments = options.parse_args()
    # A plain kill ends it as Ctrl-C does, so that the servers are stopped in every case.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with ExitStack() as running:
            start(arguments, running)
    except KeyboardInterrupt:
        pass
    except LineageError as error:
        sys.exit(f"\n✗ {error}\n")
    finally:
        print("stopped")


def start(asked: argparse.Namespace, running: ExitStack) -> None:
    """Start the servers, wait until they answer, serve the flow; ends when it is stopped or one of them cannot live.

    asked: the ports that were asked for, and what is to run by itself. running: what is stopped at the end.
    """
    load_curriculum()  # a mistake in it is said here, before anything starts
    by_itself = [f"--nightly={nightly(asked.nightly).cron}"] if asked.nightly is not None else []
    by_itself += [f"--watch={asked.watch}"] if asked.watch else []
    remote = os.environ.get("MLFLOW_TRACKING_URI", "")
    theirs = (asked.prefect or "").rstrip("/").removesuffix("/api")
    if theirs:
        must_answer(theirs)
        must_be_free(theirs)
        by_itself += ["--shared"]
    prefect_port = USUAL["prefect"] if theirs else port_for("prefect", asked.prefect_port)
    mlflow_port = USUAL["mlflow"] if remote else port_for("mlflow", asked.mlflow_port)
    prefect, mlflow = theirs or f"http://{HOST}:{prefect_port}", f"http://{HOST}:{mlflow_port}"
    os.environ.update(SETTINGS)
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # seven more processes, for agents only
    os.environ["PREFECT_API_URL"] = f"{prefect}/api"
    # Prefect's page asks port 4200 whatever port it is served from, unless it is told.
    os.environ["PREFECT_SERVER_UI_API_URL"] = f"{prefect}/api"
    os.environ["PREFECT_UI_URL"] = f"{prefect}/v2"  # links to runs open the page that `/` opens, not the one before it
    os.environ[MLFLOW_UI] = remote or mlflow
    print("starting (the first time takes a minute)…")
    servers = []
    if not theirs:
        servers.append(Kept("prefect", prefect_command(prefect_port), f"{prefect}/api/health"))
    if not remote:
        make_database(local_database())
        servers.append(Kept("mlflow", _mlflow_command(mlflow_port), f"{mlflow}/health"))
    for one in servers:
        one.start(running)
    for one in servers:
        one.wait()
    if not theirs:
        keep_to_this_machine(Path(os.environ["PREFECT_SERVER_UI_STATIC_DIRECTORY"]))
    servers.append(Kept("flows", [sys.executable, "-m", "flows.served", *by_itself]))
    servers[-1].start(running)
    print(f"\nPrefect  {prefect}/v2/deployments   rebuild, ingest, evaluate, promote, verify, withdraw, experiment")
    print(f"MLflow   {without_password(runs_page(remote or mlflow))}\nCtrl-C stops all\n", flush=True)
    while True:
        for one in servers:  # Prefect first: the flows ask it when they start
            one.keep(running)
        time.sleep(1)


def must_answer(prefect: str) -> None:
    """Refuse an address where no Prefect answers.

    Raises:
        LineageError: naming it.
    """
    try:
        httpx.get(f"{prefect}/api/health", timeout=10, trust_env=False).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LineageError(f"--prefect {prefect}: no Prefect answers there ({error}); is it started?") from error


def must_be_free(prefect: str) -> None:
    """Refuse a name under which another folder is served there: either would make the other's runs, and close them.

    Raises:
        LineageError: naming the folder, and what to do.
    """
    name = deployment_name("rebuild")
    found = httpx.get(f"{prefect}/api/deployments/name/lineage/{quote(name)}", timeout=10, trust_env=False)
    if found.status_code == httpx.codes.NOT_FOUND:
        return
    told = found.raise_for_status().json()
    others = [tag for tag in told["tags"] if tag.startswith(SERVED_FROM) and tag != folder_tag()]
    if others and told["status"] == "READY":
        raise LineageError(
            f"--prefect {prefect}: “{name}” is served there {others[0]}, and one of the two would make the runs of the "
            f"other. Give this lineage another `name:` in params.yaml, or stop that one and wait two minutes"
        )


def port_for(name: str, asked: int | None) -> int:
    """The port that was asked for, or the usual one of a server, or else the next that is free.

    Raises:
        LineageError: somebody listens on the one that was asked for, or on all that were looked at.
    """
    if asked is not None:
        free(asked, f"--{name}-port")
        return asked
    for port in range(USUAL[name], USUAL[name] + LOOKED_AT):
        try:
            free(port, f"--{name}-port")
        except LineageError:
            continue
        return port
    raise LineageError(
        f"ports {USUAL[name]} to {USUAL[name] + LOOKED_AT - 1} are taken; choose another: lineage ui --{name}-port …"
    )


def free(port: int, option: str) -> None:
    """Refuse a port that somebody listens on.

    Raises:
        LineageError: naming the port and the option for another.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LineageError(f"port {port} is taken; choose another: lineage ui {option} {port + 1}") from error


def prefect_command(port: int) -> list[str]:
    """How Prefect's server is started."""
    return [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]


def _mlflow_command(port: int) -> list[str]:
    (STATE / "mlflow").mkdir(parents=True, exist_ok=True)
    store = ["--backend-store-uri", local_uri(), "--default-artifact-root", artifact_root()]
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        *store,
        "--host",
        HOST,
        "--port",
        str(port),
        "--workers",
        "1",
    ]


if __name__ == "__main__":
    main()

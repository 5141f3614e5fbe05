"""Where the nodes meet, `host:port`: the first node listens at that one address, the others come to it."""

import errno
import socket
from dataclasses import dataclass

import psutil

from lineage.core.errors import LineageError

FIELD = "profiles.<profile>.launch.rendezvous"


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """An address of the first node: its host as params.yaml names it, its IPv4 address, its port."""

    host: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def rendezvous(text: str) -> Rendezvous:
    """The place that `launch.rendezvous` names.

    Raises:
        LineageError: no address is known by that name.
    """
    host, _, port = text.rpartition(":")
    try:
        address = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    except OSError as error:
        raise LineageError(f"{FIELD}: {host} has no IPv4 address here ({error}); name one, such as 10.0.0.1") from error
    return Rendezvous(host, str(address), int(port))


def listening(at: Rendezvous) -> socket.socket:
    """A socket that listens at this address and at no other.

    Raises:
        LineageError: the address is another machine's, or the port is taken.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((at.address, at.port))
        opened.listen(256)
    except OSError as error:
        opened.close()
        raise LineageError(f"{FIELD}: {at}: {_why(error)}") from error
    return opened


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return "no address of this machine; the stage runs on the node that has it, the others run `lineage join`"
    if error.errno == errno.EADDRINUSE:
        return "another program listens there (`ss -ltnp` names it); end it, or choose another port"
    return f"cannot be listened at ({error.strerror})"


def answers(at: Rendezvous) -> bool:
    """Whether anything listens there."""
    try:
        socket.create_connection((at.address, at.port), timeout=2).close()
    except OSError:
        return False
    return True


def interface(at: Rendezvous) -> str:
    """The network interface of this machine from which the first node is reached, such as `eth0`.

    Raises:
        LineageError: there is no way to it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect((at.address, at.port))  # sends nothing: the system chooses the way
        except OSError as error:
            raise LineageError(f"{FIELD}: {at}: this machine has no way to it ({error.strerror})") from error
        own = way.getsockname()[0]
    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address == own for one in addresses):
            return name
    raise LineageError(f"{FIELD}: {at}: no interface of this machine has the address {own}")

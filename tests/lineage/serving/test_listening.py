"""What a server in this process leaves alone."""

import logging

from starlette.applications import Starlette

from lineage.serving.listening import listening_at, served_meanwhile


class Closed(logging.Handler):
    """A handler of a library that closes its stream with itself, which may be this process's standard error."""

    closed = False

    def close(self) -> None:
        type(self).closed = True
        super().close()


def test_what_logs_in_this_process_goes_on() -> None:
    handler = Closed()
    with listening_at("127.0.0.1", 0) as on, served_meanwhile(Starlette(), on) as address:
        assert address.startswith("http://127.0.0.1:")
    assert not handler.closed

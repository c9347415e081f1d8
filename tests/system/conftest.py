"""Fixtures of the system tests: see server.py for what starts and stops the server."""

import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from server import Server  # noqa: E402

# A shell that starts the tests in the background has them ignore SIGINT, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def serve(tmp_path):
    """serve(*options, workers=1, threads=2, ...) -> a Server to use in a `with`."""
    return lambda *args, **more: Server(tmp_path, *args, **more)


@pytest.fixture
def server(serve):
    """A running server of 1 x 2 slots with the workload app."""
    with serve() as running:
        yield running


@pytest.fixture
def server_5x8(serve):
    with serve(workers=5, threads=8) as running:
        yield running


@pytest.fixture
def syslog(tmp_path):
    """What the daemon of the system's log is told; it must read, for little waits in its socket."""
    lines = []

    def read():
        while not lines or lines[-1] != "":
            lines.append(s.recv(4096).decode())

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "log"))
        reader = threading.Thread(target=read)
        reader.start()
        yield lines
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(tmp_path / "log"))
        reader.join()

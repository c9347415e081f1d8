"""The measuring tools of scripts/bench: the servers compared with, and the arithmetic."""

import importlib.machinery
import importlib.util
import subprocess
import sys
import time

import pytest

from client import Conn
from load import at_once
from server import ROOT, eventually, free_port

pytestmark = pytest.mark.alone  # CPU time is measured

TOOLS = ROOT / "scripts" / "bench"


def load_script(name):
    """A script as a module, the modules beside it found as it finds them."""
    sys.path.insert(0, str(TOOLS))
    try:
        loader = importlib.machinery.SourceFileLoader(f"bench_{name}", str(TOOLS / name))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(TOOLS))


@pytest.fixture(scope="module")
def built():
    subprocess.run(["make", "-s", "-C", str(ROOT), "-f", "scripts/bench/bench.mk", "bench-tools"],
                   check=True)
    return ROOT / "build" / "bench"


@pytest.fixture
def start(built):
    """start(name, *arguments) -> the address of a measuring server."""
    running = []

    def connects(address):
        try:
            with Conn(address):
                return True
        except OSError:
            return False

    def begin(name, *arguments):
        address = ("127.0.0.1", free_port())
        running.append(subprocess.Popen([built / name, str(address[1]), *map(str, arguments)]))
        eventually(lambda: connects(address), 5, f"{name} listens")
        return address

    yield begin
    for process in running:
        process.terminate()
        process.wait()


REQUEST = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


def test_null_answers_each_empty_line_however_split(start):
    with Conn(start("null")) as c:
        for at in range(1, len(REQUEST)):
            c.send(REQUEST[:at])
            time.sleep(0.002)
            c.send(REQUEST[at:])
            assert c.read().status == 200


def test_null_answers_pipelined_requests_and_large_bodies(start):
    with Conn(start("null", 100 * 1024)) as c:
        c.send(REQUEST * 40)
        bodies = [c.read().body for _ in range(40)]
    assert {len(b) for b in bodies} == {100 * 1024}


def test_null_closes_when_told_to(start):
    with Conn(start("null", 13, "close")) as c:
        c.send(REQUEST)
        assert c.read().header("connection") == "close"
        assert c.is_closed_within(1)


def test_floor_makes_nobody_wait(start):
    address = start("floor")

    def one():
        with Conn(address) as c:
            for _ in range(2):
                c.send(b"GET /sleep?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n")
                assert c.read().status == 200

    begin = time.monotonic()
    assert at_once([one] * 60) == [None] * 60
    assert 0.2 <= time.monotonic() - begin < 0.5


def test_the_ideal_queue_by_hand():
    simulate = load_script("queue").simulate
    arrivals = [(0, 10), (1, 10), (2, 10), (30, 5)]
    assert list(simulate(arrivals, 1)) == [10, 19, 28, 5]
    assert list(simulate(arrivals, 2)) == [10, 10, 18, 5]
    assert list(simulate(arrivals, 3)) == [10, 10, 10, 5]


def test_quantiles_are_by_the_nearest_rank():
    short_quantiles = load_script("queue").short_quantiles
    assert short_quantiles(range(100, 0, -1)) == {"p50": 50, "p90": 90, "p99": 99}
    assert short_quantiles([7]) == {"p50": 7, "p90": 7, "p99": 7}


def test_cpu_time_of_a_whole_session_is_counted(tmp_path):
    measured = load_script("measured.py")
    spin = "import os, time\nos.fork()\nt = time.process_time\nwhile t() < 0.3: pass\ntime.sleep(9)"
    server = measured.Server("spin", ["/usr/bin/python3", "-c", "import time; time.sleep(9)"], 0, tmp_path)
    spinner = measured.Server("spinner", ["/usr/bin/python3", "-c", spin], 0, tmp_path)
    try:
        eventually(lambda: spinner.cpu().since(measured.CpuReading(0)) >= 0.6e9, 5, "both have spun")
        assert len(measured.session_pids(spinner.leader)) == 2
        before = server.cpu()
        time.sleep(0.2)
        assert server.cpu().since(before) < 0.05e9
    finally:
        server.stop()
        spinner.stop()
    # The orphan is ended as well; when it is gone is up to whoever reaps it.
    eventually(lambda: measured.session_pids(spinner.leader) == [], 5, "none of the session is left")

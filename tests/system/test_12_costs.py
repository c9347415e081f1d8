"""A request's price: system calls, allocations, and the memory of a connection that is idle."""

import os
import resource
import shutil
import signal
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from client import request
from server import SANITIZED, eventually, private_bytes

pytestmark = [
    pytest.mark.alone,  # all that a process does is counted
    pytest.mark.skipif(
        SANITIZED, reason="a sanitizer makes system calls, allocates and takes memory of its own"),
]

HERE = Path(__file__).parent
CONNECTIONS = 64

PIPELINE = """
init = function(args)
  local requests = {}
  for i = 1, 16 do requests[i] = wrk.format() end
  pipelined = table.concat(requests)
end
request = function() return pipelined end
"""


# --- system calls ------------------------------------------------------------------


def wrk(server, target, script=None):
    """Two seconds of a closed loop."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d2s"] + (["-s", str(script)] if script else [])
    command.append("http://%s:%d%s" % (*server.address, target))
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "Non-2xx" not in done.stdout, done.stdout + done.stderr


@contextmanager
def traced(pid, counts_path):
    """`strace -c` counts the process's system calls meanwhile, of all threads."""
    complaints = Path(f"{counts_path}.log")
    with open(complaints, "wb") as log:
        strace = subprocess.Popen(["strace", "-c", "-f", "-p", str(pid), "-o", str(counts_path)],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(lambda: "attached" in complaints.read_text() or strace.poll() is not None,
                   10, "strace has attached itself")
        if "not permitted" in complaints.read_text():
            pytest.skip("ptrace is not permitted here")
        assert strace.poll() is None, complaints.read_text()
        yield
        strace.send_signal(signal.SIGINT)
        strace.wait(20)
    finally:
        if strace.poll() is None:
            strace.kill()
            strace.wait(20)


def read_counts(path):
    """By system call, from the table of `strace -c`: the name is last, errors may be missing."""
    counts = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) in (5, 6) and words[3].isdigit() and words[-1] != "total":
            counts[words[-1]] = int(words[3])
    assert counts, path.read_text()
    return counts


class Calls:
    """System calls of the only worker while it answered so many requests."""

    def __init__(self, server, tmp_path, target, script=None, at_least=10_000):
        wrk(server, target, script)  # what is new to the server is not the price of a request
        path = tmp_path / "counts"
        with traced(server.worker_pids()[0], path):
            before = server.stats()["totals"]
            after = before
            while after["status"]["200"] - before["status"]["200"] < at_least:
                wrk(server, target, script)
                after = server.stats()["totals"]
        self.requests = after["status"]["200"] - before["status"]["200"]
        self.connections = after["accepted"] - before["accepted"]
        self.counts = read_counts(path)
        print(f"{target}: {self.requests} requests, {self.connections} connections: {self.counts}")

    def each(self, *names):
        """Calls a request: of these names, or of all."""
        calls = sum(n for name, n in self.counts.items() if not names or name in names)
        return calls / self.requests


@pytest.fixture
def one_worker(serve):
    if not shutil.which("strace") or not shutil.which("wrk"):
        pytest.fail("strace and wrk are needed: scripts/setup installs them")
    return lambda *options: serve("--keep-alive", "30", *options, workers=1, threads=8)


def epoll_is_left_alone(calls):
    """It is told of a connection, and that is all."""
    assert calls.counts.get("epoll_ctl", 0) <= 2 * calls.connections + 20


def test_system_calls_of_an_inline_request(one_worker, tmp_path):
    with one_worker() as s:
        calls = Calls(s, tmp_path, "/hello")
    assert calls.each() <= 2.2
    assert 0.95 <= calls.each("recvmsg") <= 1.05
    assert 0.95 <= calls.each("sendmsg") <= 1.05
    assert calls.each("futex") <= 0.01
    epoll_is_left_alone(calls)


def test_system_calls_of_a_slot_request(one_worker, tmp_path):
    """
    Stopping at every call makes the traced leader look late, so it is given longer; and a
    handler that looks slow has its CPU time measured each time, so there are three tries.
    Behind sixty others a request waits for milliseconds while each of their calls is traced; of one
    that has waited so long it is asked, once, whether its client is still there.
    """
    for _ in range(3):
        with one_worker("--promote-after", "100ms") as s:
            calls = Calls(s, tmp_path, "/cpu?ms=0")
        if calls.each() - calls.each("poll") <= 2.3:
            break
    assert calls.each() - calls.each("poll") <= 2.3
    assert calls.each("poll") <= 1.05
    assert 0.95 <= calls.each("recvmsg") <= 1.05
    assert 0.95 <= calls.each("sendmsg") <= 1.05
    assert calls.each("clock_gettime") <= 0.25
    epoll_is_left_alone(calls)


def test_system_calls_of_a_slot_request_while_the_baton_goes_round(one_worker, tmp_path):
    """With its usual patience: what looks late costs futexes, CPU clocks and a look at the client, and nothing else."""
    with one_worker() as s:
        calls = Calls(s, tmp_path, "/cpu?ms=0")
    assert calls.each() - calls.each("futex", "clock_gettime", "poll") <= 2.6
    assert calls.each("poll") <= 1.05
    assert 0.95 <= calls.each("recvmsg") <= 1.05
    assert 0.95 <= calls.each("sendmsg") <= 1.05


def test_system_calls_of_pipelined_requests(one_worker, tmp_path):
    script = tmp_path / "pipeline.lua"
    script.write_text(PIPELINE)
    with one_worker() as s:
        calls = Calls(s, tmp_path, "/hello", script)
    assert calls.each() <= 0.5
    epoll_is_left_alone(calls)


# --- allocations -------------------------------------------------------------------


@pytest.fixture
def counted(serve, tmp_path):
    """A server of one worker, and a function: how often that has called the heap so far."""
    library, cells = tmp_path / "counted.so", tmp_path / "cells"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", library,
                    HERE / "counted_allocations.c"], check=True)
    env = {"LD_PRELOAD": library, "COUNTED_ALLOCATIONS": cells}
    with serve("--keep-alive", "30", workers=1, threads=4, env=env) as s:
        def calls():
            with open(cells, "rb") as file:
                file.seek(8 * s.worker_pids()[0])
                return struct.unpack("=Q", file.read(8))[0]
        yield s, calls


def ask_together(conns, data, answers):
    """One round: all of them send, then all of them read."""
    for c in conns:
        c.send(data)
    for c in conns:
        for _ in range(answers):
            assert c.read().status == 200


@pytest.mark.parametrize("target, batch", [("/hello", 1), ("/hello", 16), ("/cpu?ms=0", 1),
                                           ("/cpu?ms=0", 4)],
                         ids=["hello", "hello-pipelined", "cpu", "cpu-pipelined"])
def test_no_allocations_in_the_steady_state(counted, target, batch):
    server, calls = counted
    conns = [server.conn() for _ in range(16)]
    data = request(target) * batch
    for _ in range(40):
        ask_together(conns, data, batch)
    before = calls()
    rounds = 4000 // (len(conns) * batch) + 1
    for _ in range(rounds):
        ask_together(conns, data, batch)
    after = calls()
    print(f"{rounds * len(conns) * batch} requests, {after - before} calls of the heap")
    assert after - before <= 20
    assert conns[0].get("/echo", method="POST", body=b"x" * 100_000).status == 200
    assert calls() > after  # where there is something to count, it is counted
    for c in conns:
        c.close()


# --- idle connections --------------------------------------------------------------


@contextmanager
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_memory_of_idle_connections(serve):
    """Each has asked something, and waits."""
    n = 2000
    with many_descriptors(), serve("--worker-connections", "12000", "--keep-alive", "60") as s:
        for _ in range(50):
            with s.conn() as c:
                assert c.get("/hello").status == 200
        pid = s.worker_pids()[0]
        before = private_bytes(pid)
        idle = [s.conn() for _ in range(n)]
        for c in idle:
            assert c.get("/hello").status == 200
        eventually(lambda: s.stats()["connections"]["idle"] == n, 5, "all of them are idle")
        each = (private_bytes(pid) - before) / n
        print(f"{each:.0f} bytes of private memory for each of {n} idle connections")
        assert 0 < each <= 512
        assert idle[0].get("/hello").status == idle[-1].get("/hello").status == 200
        for c in idle:
            c.close()

"""Slow, idle and rude clients: a normal one is served as if they were not there, and what they
held comes back.  A short form of scripts/slowclients, which compares with a quiet server."""

import socket
import sys
from pathlib import Path

import pytest

from client import Conn, connect
from http11_cases import get
from server import PATIENCE, ROOT, eventually

sys.path.append(str(ROOT / "scripts" / "slowing"))

from normal import measure  # noqa: E402
from troubles import Idle, Resets, SlowHttp, held  # noqa: E402

SLOW = 400
ESTABLISHED = "01"  # in /proc/net/tcp

# Of the normal client's 99th percentile: far above what it is, far below a second's stall.
P99_MS = 250 * PATIENCE


def check_normal(server):
    for keep_alive in (True, False):
        reading = measure(server, 0.7, keep_alive)
        assert reading.failures == 0 and reading.p99_ms < P99_MS, reading


def wait_until_free(server):
    """All connections have ended, and each for a reason that was counted."""
    eventually(lambda: held(server) == 0, 30, "no connection is left", every=0.1)
    stats = server.stats()
    assert stats["totals"]["accepted"] == sum(stats["closes"].values())


@pytest.mark.parametrize("mode", SlowHttp.modes)
def test_slow_clients_hold_up_nobody(serve, mode):
    with serve("--worker-connections", "2000", workers=2, threads=4) as s:
        with SlowHttp(s, mode, SLOW):
            check_normal(s)
            assert s.get("/sleep?ms=1").body == b"ok\n"  # a slot is free, too
        wait_until_free(s)


def test_slow_heads_and_bodies_are_ended_in_time(serve):
    limits = ["--header-timeout", "1", "--body-timeout", "1", "--body-rate", "1000"]
    with serve(*limits, workers=2, threads=4) as s:
        for mode in ("slow heads", "slow bodies"):
            before = s.stats()["totals"]["status"].get("408", 0)
            with SlowHttp(s, mode, 200):
                eventually(lambda: s.stats()["totals"]["status"].get("408", 0) - before >= 150, 20,
                           f"{mode} are answered with 408", every=0.1)
        wait_until_free(s)


def test_clients_that_never_read_hold_little(serve):
    """tcp_notsent_lowat: the kernel does not take megabytes for each of them."""
    with serve() as s:
        clients = []
        for _ in range(10):
            c = socket.socket()
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            c.connect(s.address)
            c.sendall(get(target=b"/bytes?n=60000000"))
            clients.append(c)
        eventually(lambda: s.stats()["connections"]["flushing"] == len(clients), 10,
                   "their answers wait")
        check_normal(s)
        unsent = queued_from(s.address[1])
        assert len(unsent) == len(clients) and max(unsent) < 600000, unsent
        for c in clients:
            c.close()
        wait_until_free(s)


def queued_from(port):
    """What the kernel holds of each connection of a local port, not sent or not acknowledged."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(queues.split(":")[0], 16) for _, local, _, state, queues, *_ in lines
            if int(local.split(":")[1], 16) == port and state == ESTABLISHED]


def test_idle_clients_are_kept_and_served_again(serve):
    with serve("--worker-connections", "3000", "--keep-alive", "5m", workers=2, threads=4) as s:
        with Idle(s, 2000) as idle:
            check_normal(s)
        assert idle.served_again == idle.connections
        wait_until_free(s)


@pytest.mark.short
def test_resets_anywhere_harm_nobody(serve):
    with serve(workers=2, threads=4) as s:
        eventually(lambda: len(s.worker_pids()) == 2, 10, "both workers are ready")
        pids = s.worker_pids()
        with Resets(s) as resets:
            check_normal(s)
        assert resets.count > 50
        wait_until_free(s)
        assert s.worker_pids() == pids


@pytest.mark.short
def test_a_pipeline_that_is_never_read_stops_growing(serve):
    """Its answers are not made before the ones in front are taken."""
    with serve() as s, connect(s.address) as c:
        c.settimeout(1)
        sent = 0
        with pytest.raises(socket.timeout):  # the server has stopped reading
            while sent < 200_000_000:
                sent += c.send(get(target=b"/bytes?n=100000") * 500)
        assert s.get("/hello").status == 200
        done = s.stats()["totals"]["completions"]
        assert done < 2000, f"{done} answers for a client that takes none"


def test_a_client_may_read_late(serve):
    """What waited is all there, in order, when it reads at last."""
    with serve() as s, Conn(s.address) as c:
        c.send(get(target=b"/bytes?n=3000000") * 5 + get())
        eventually(lambda: s.stats()["connections"]["flushing"] == 1, 10, "its answers wait")
        assert [len(c.read().body) for _ in range(6)] == [3000000] * 5 + [13]

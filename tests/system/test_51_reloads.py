"""Workers come and go under a steady load of new and kept-alive connections: nobody may notice."""

import os
import signal
import time

import pytest

from server import eventually
from steady import Steady

RATE = 300


def generations(server):
    """Workers begun so far, on all seats."""
    return server.stderr().count(": process ")


def settled(server, workers):
    """The pids of the ready workers, once so many are ready and none is on its way out."""
    def probe():
        rows = server.stats()["workers"]
        ready = [w["pid"] for w in rows if w["state"] == "ready"]
        return ready if len(ready) == len(rows) == workers else None
    return eventually(probe, 20, f"{workers} workers, and nobody leaving")


@pytest.mark.short
def test_recycling_by_requests_loses_none(serve):
    with serve("--max-requests", "150", "--max-requests-jitter", "100", workers=2, threads=16) as s:
        with Steady(s.address, RATE) as load:
            eventually(lambda: generations(s) >= 2 + 6, 60, "six workers are replaced")
        load.check(RATE / 2)
        settled(s, 2)
        assert "it has taken" in s.stderr() and "has left" in s.stderr()
        assert s.stats()["totals"]["handed_out"] == s.stats()["totals"]["handed_in"] > 0
        assert s.stats()["totals"]["lost"] == 0


def test_a_worker_over_its_memory_is_replaced(serve):
    with serve("--max-worker-memory", "1k", "--keep-alive", "30", workers=1, threads=16) as s:
        with Steady(s.address, RATE) as load:
            eventually(lambda: generations(s) >= 1 + 4, 30, "four workers are replaced")
        load.check(RATE / 2)
        assert load.closed_idle == 0
        assert "max_worker_memory" in s.stderr()


@pytest.mark.parametrize("options", [(), ("--reuse-port",)])
def test_workers_ended_one_by_one_lose_none(serve, options):
    with serve("--keep-alive", "30", *options, workers=2, threads=16) as s:
        with Steady(s.address, RATE) as load:
            for _ in range(6):
                victim = settled(s, 2)[0]
                os.kill(victim, signal.SIGTERM)
                eventually(lambda: victim not in s.worker_pids(), 10, "it leaves")
                time.sleep(0.2)
        load.check(RATE / 2)
        assert load.closed_idle == 0

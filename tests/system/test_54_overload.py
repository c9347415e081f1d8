"""More than can be served: who is told so, how soon, and who never is."""

import time

import pytest

import client
from load import Background, at_once
from server import PATIENCE, eventually


def fill(server, slots, ms):
    """That many sleepers, all in their slots."""
    sleepers = [Background(lambda: server.get(f"/sleep?ms={ms}")) for _ in range(slots)]
    server.wait_busy(slots)
    return sleepers


def queued(server):
    return sum(w["queued"] for w in server.stats()["workers"])


@pytest.mark.short
def test_a_full_queue_refuses_at_once_and_serves_the_rest(serve):
    with serve("--max-queue", "3", threads=2) as s:
        sleepers = fill(s, 2, 1500)
        waiting = [Background(lambda: s.get("/sleep?ms=1")) for _ in range(3)]
        eventually(lambda: queued(s) == 3, 5, "three wait")
        begin = time.monotonic()
        answers = [s.get("/sleep?ms=1") for _ in range(4)]
        assert time.monotonic() - begin < 1 * PATIENCE
        for answer in answers:
            assert answer.status == 503 and b"too many requests wait" in answer.body
            assert 1 <= int(answer.header("Retry-After")) <= 60
        assert s.get("/hello").status == 200  # it waits for no slot
        assert [b.result().status for b in sleepers + waiting] == [200] * 5
        totals = s.stats()["totals"]
        assert totals["shed_queue_full"] == 4
        assert totals["status"]["503"] == 4


def test_the_queue_counts_over_all_workers(serve):
    with serve("--max-queue", "4", workers=2, threads=1) as s:
        sleepers = fill(s, 2, 1500)
        waiting = [Background(lambda: s.get("/sleep?ms=1")) for _ in range(4)]
        eventually(lambda: queued(s) == 4, 5, "four wait")
        assert {s.get("/sleep?ms=1").status for _ in range(8)} == {503}
        assert [b.result().status for b in sleepers + waiting] == [200] * 6


def test_no_request_is_refused_while_a_slot_is_free(serve):
    with serve("--max-queue", "1", workers=2, threads=4) as s:
        answers = at_once([lambda: s.get("/sleep?ms=300")] * 8)
        assert [a.status for a in answers] == [200] * 8
        assert s.stats()["totals"]["shed_queue_full"] == 0


@pytest.mark.short
def test_who_has_waited_for_too_long_is_told(serve):
    with serve("--queue-timeout", "300ms", threads=1) as s:
        [sleeper] = fill(s, 1, 2000 * PATIENCE)
        begin = time.monotonic()
        with s.conn() as c:
            answer = c.get("/sleep?ms=1")
            took = time.monotonic() - begin
            assert answer.status == 503 and answer.header("Retry-After")
            assert b"waited too long" in answer.body
            assert took >= 0.3
            assert sleeper.value is None  # long before the slot was free
            assert c.get("/hello").status == 200  # the connection goes on
        assert sleeper.result().status == 200
        assert s.stats()["totals"]["shed_queue_timeout"] == 1


def test_a_standing_queue_is_shed_and_a_burst_is_not(serve):
    with serve("--queue-target", "20ms", "--queue-interval", "200ms", threads=1) as s:
        answers = at_once([lambda: s.get("/sleep?ms=10")] * 8)
        assert {a.status for a in answers} == {200}
        assert s.stats()["totals"]["shed_delay"] == 0

        until = time.monotonic() + 3
        def client_loop():
            seen = []
            with s.conn() as c:
                while time.monotonic() < until:
                    seen.append(c.get("/sleep?ms=20").status)
            return seen
        statuses = sum(at_once([client_loop] * 12), [])
        assert set(statuses) == {200, 503}
        assert statuses.count(200) > 50 / PATIENCE
        assert s.stats()["totals"]["shed_delay"] == statuses.count(503)


def test_statistics_answer_whatever_waits(serve):
    with serve("--max-queue", "1", "--queue-timeout", "200ms", workers=2, threads=1) as s:
        sleepers = fill(s, 2, 1500)
        flood = [Background(lambda: s.get("/sleep?ms=1")) for _ in range(30)]
        while any(b.value is None for b in flood):
            for path in ("/healthz", "/readyz", "/stats.json"):
                assert client.get(s.admin, path).status == 200
        assert {b.result().status for b in flood} <= {200, 503}
        assert [b.result().status for b in sleepers] == [200, 200]


def test_the_law_counts_those_who_were_refused(serve):
    with serve("--max-queue", "1", "--queue-timeout", "100ms", threads=1) as s:
        answers = at_once([lambda: s.get("/sleep?ms=400")] * 10)
        assert {a.status for a in answers} == {200, 503}
        totals = s.completed(10)
        assert totals["arrivals"] == 10
        assert s.stats()["concurrency"]["now"] == 0

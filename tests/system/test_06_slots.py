"""N x M slots: how many block at once, who waits for how long, and who never has to."""

import time
from pathlib import Path

import pytest

from client import Conn, request
from load import Background, at_once
from server import PATIENCE, SANITIZED

# One round of 500 ms, and less than two.
ONE_ROUND_S = 0.95 if SANITIZED else 0.75


def sleepers(server, n, ms):
    """That many simultaneous /sleep on new connections; how long each took, in order."""
    def one():
        begin = time.monotonic()
        assert server.get(f"/sleep?ms={ms}").status == 200
        return time.monotonic() - begin

    took = at_once([one] * n)
    errors = [t for t in took if isinstance(t, Exception)]
    assert not errors, errors
    return sorted(took)


@pytest.mark.short
def test_40_sleeps_on_5x8_take_one_round(server_5x8):
    took = sleepers(server_5x8, 40, 500)
    assert took[0] >= 0.5
    assert took[-1] < ONE_ROUND_S
    stats = server_5x8.window_with(40)
    assert stats["concurrency"]["max"] == 40


@pytest.mark.short
def test_the_41st_waits_for_a_round_and_its_wait_says_so(server_5x8):
    took = sleepers(server_5x8, 41, 500)
    assert took[39] < ONE_ROUND_S < took[40]
    wait = server_5x8.window_with(41)["phases"]["wait"]
    assert wait["max_s"] == pytest.approx(took[40] - 0.5, abs=0.1 * PATIENCE)
    if not SANITIZED:
        assert wait["max_s"] == pytest.approx(0.5, abs=0.1)
        assert wait["p90_s"] < 0.25


def test_81_take_three_rounds(server_5x8):
    took = sleepers(server_5x8, 81, 500)
    assert [sum(t < ONE_ROUND_S + n * 0.5 for t in took) for n in range(2)] == [40, 80]


@pytest.mark.parametrize("workers, threads", [(1, 8), (8, 1), (2, 4)])
def test_other_shapes_of_the_same_slots(serve, workers, threads):
    with serve(workers=workers, threads=threads) as s:
        assert sleepers(s, 8, 500)[-1] < ONE_ROUND_S
        took = sleepers(s, 9, 500)
        assert took[7] < ONE_ROUND_S < took[8]


def hold(server, slots, ms):
    """Takes so many slots for that long; ended when the last of them is given back."""
    jobs = [Background(lambda: server.get(f"/sleep?ms={ms}")) for _ in range(slots)]
    server.wait_busy(slots)
    return jobs


@pytest.mark.short
@pytest.mark.parametrize("kept_alive", [False, True], ids=["new", "kept-alive"])
def test_a_wait_of_300_ms_is_seen_as_300_ms(server, kept_alive):
    conn = server.conn()
    if kept_alive:
        assert conn.get("/hello").status == 200
    else:
        conn.close()
    # Two of 500 ms fill the slots; 200 ms later one more comes.
    begin = time.monotonic()
    busy = [Background(lambda: server.get("/sleep?ms=500")) for _ in range(2)]
    server.wait_busy(2)
    time.sleep(max(0, begin + 0.2 - time.monotonic()))
    if not kept_alive:
        conn = server.conn()
    sent = time.monotonic()
    conn.send(request("/sleep?ms=1"))
    assert conn.read().status == 200
    conn.close()
    for job in busy:
        assert job.result().status == 200

    expected = min(job.ended for job in busy) - sent
    assert expected > 0.1, "the machine is too busy to say"
    wait = server.window_with(3 + kept_alive)["phases"]["wait"]
    assert wait["max_s"] == pytest.approx(expected, abs=0.03 * PATIENCE)


@pytest.mark.short
def test_inline_answers_while_every_slot_is_busy(server):
    with server.conn() as kept:
        kept.get("/hello")
        jobs = hold(server, 2, 1500)
        for _ in range(5):
            begin = time.monotonic()
            assert kept.get("/hello").status == 200
            assert server.get("/hello").status == 200
            assert time.monotonic() - begin < 0.25 * PATIENCE
        assert all(job.thread.is_alive() for job in jobs)
    for job in jobs:
        assert job.result().status == 200


def test_a_busy_slot_names_its_route_and_thread(server):
    jobs = hold(server, 2, 700)
    worker = server.stats(1)["workers"][0]
    threads = {int(p.name) for p in Path(f"/proc/{worker['pid']}/task").iterdir()}
    assert {slot["route"] for slot in worker["slots"]} == {"/sleep"}
    assert len({slot["thread_id"] for slot in worker["slots"]} & threads) == 2
    assert all(0 < slot["age_s"] < 0.7 * PATIENCE for slot in worker["slots"])
    for job in jobs:
        assert job.result().status == 200


def test_the_statistics_answer_while_every_slot_is_busy(server):
    jobs = hold(server, 2, 1500)
    begin = time.monotonic()
    assert server.stats(1)["workers"] and "littled_" in server.metrics()
    assert time.monotonic() - begin < 0.5 * PATIENCE
    assert all(job.thread.is_alive() for job in jobs)
    for job in jobs:
        assert job.result().status == 200


@pytest.mark.parametrize("data", [
    request("/sleep?ms=1"),
    request("/echo", method="POST", body=b"0123456789" * 4),
], ids=["head", "body"])
@pytest.mark.short
def test_slow_clients_never_hold_a_slot(server, data):
    slow = [Conn(server.address) for _ in range(10)]
    for at in range(len(data) - 1):
        for conn in slow:
            conn.send(data[at:at + 1])
        if at % 10 == 0:
            begin = time.monotonic()
            assert server.get("/sleep?ms=1").status == 200
            assert time.monotonic() - begin < 0.4 * PATIENCE
    assert server.busy_slots() == 0
    for conn in slow:
        conn.send(data[-1:])
    for conn in slow:
        assert conn.read().status == 200
        conn.close()


@pytest.mark.short
def test_short_handlers_and_pipelines_under_load(serve):
    """Slots that free up while the loop still parses: each answer comes once, and in order."""
    batch = ["/hello", "/cpu?ms=0", "/hello", "/sleep?ms=0.2", "/bytes?n=7", "/sleep?ms=0"]
    lengths = [13, 3, 13, 3, 7, 3]

    def client(conn):
        until = time.monotonic() + 2
        rounds = 0
        while time.monotonic() < until:
            conn.send(b"".join(request(target) for target in batch))
            assert [len(conn.read().body) for _ in batch] == lengths
            rounds += 1
        return rounds

    with serve(workers=2, threads=2) as s:
        conns = [s.conn() for _ in range(12)]
        rounds = at_once([lambda c=c: client(c) for c in conns])
        assert all(isinstance(n, int) and n > 0 for n in rounds), rounds
        s.completed(sum(rounds) * len(batch))
        for conn in conns:
            conn.close()


def test_silent_connections_never_hold_a_slot(server):
    silent = [Conn(server.address) for _ in range(10)]
    begin = time.monotonic()
    assert server.get("/sleep?ms=1").status == 200
    assert server.get("/hello").status == 200
    assert time.monotonic() - begin < 0.5 * PATIENCE
    for conn in silent:
        conn.close()


def test_slow_readers_never_hold_a_slot(server):
    """Clients that do not take their answer: the loop drains it, and the slots are free."""
    slow = [Conn(server.address, timeout=60) for _ in range(4)]
    for conn in slow:
        conn.send(request("/bytes?n=16000000"))
    for _ in range(5):
        begin = time.monotonic()
        assert server.get("/sleep?ms=1").status == 200
        assert time.monotonic() - begin < 0.6 * PATIENCE
    for conn in slow:
        assert len(conn.read().body) == 16000000
        conn.close()

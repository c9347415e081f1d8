"""No request waits while a slot is idle in any worker; and nothing is lost on the way."""

import os
import resource
import signal
import time
from contextlib import contextmanager

import pytest

import client
from client import FILLING, FILLING_OPTIONS, SlowConn, chunked, read_filling, request
from load import ClosedLoop, at_once
from server import PATIENCE, conns_of_one_worker, eventually, open_fds, stop


@contextmanager
def stopped(pid):
    """That process does nothing meanwhile."""
    stop(pid)
    try:
        yield
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def moves(server):
    totals = server.stats()["totals"]
    return totals["moves_out"], totals["moves_in"]


def check_at_rest(server):
    """Nothing is in flight, every move has two ends, and the law holds."""
    def at_rest():
        stats = server.stats(60)
        out, taken = stats["totals"]["moves_out"], stats["totals"]["moves_in"]
        moving = stats["connections"]["moving"]
        return stats if stats["concurrency"]["now"] == moving == 0 and out == taken else None

    stats = eventually(at_rest, 5, "nothing is in flight, and moves out are moves in")
    law = stats["little"]
    assert abs(law["residual"]) <= 0.001 * law["L"]
    assert stats["totals"]["arrivals"] == stats["totals"]["completions"]
    return stats


@pytest.mark.short
@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_kept_alive_connections_use_the_slots_of_all_workers(serve, tmp_path, kind):
    path = str(tmp_path / "s")
    more = {"binds": [f"unix:{path}"]} if kind == "unix" else {}
    with serve("--keep-alive", "30", workers=3, threads=2, **more) as s:
        conns = conns_of_one_worker(s, 6, path if kind == "unix" else None)

        def sleep(conn):
            begin = time.monotonic()
            assert conn.get("/sleep?ms=500").status == 200
            return time.monotonic() - begin

        for _ in range(2):
            took = at_once([lambda c=c: sleep(c) for c in conns])
            assert max(took) < 0.5 + 0.25 * PATIENCE, took
        assert moves(s)[0] >= 4
        wait = s.stats()["phases"]["wait"]
        assert wait["max_s"] < 0.1 * PATIENCE
        for c in conns:
            c.close()
        check_at_rest(s)


def test_reuse_port_is_work_conserving_too(serve):
    with serve("--reuse-port", "--keep-alive", "30", workers=4, threads=2) as s:
        def sleep():
            begin = time.monotonic()
            assert s.get("/sleep?ms=400").status == 200
            return time.monotonic() - begin

        for _ in range(3):
            took = at_once([sleep] * 8)
            assert max(took) < 0.4 + 0.3 * PATIENCE, took
        check_at_rest(s)


@pytest.mark.short
def test_a_slot_that_falls_idle_claims_the_oldest(serve):
    """Both workers are full; what waits in one is served by the slot that is free first."""
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 4)
        conns[0].send(request("/sleep?ms=2000"))
        s.wait_busy(1)
        conns[1].send(request("/sleep?ms=300"))
        s.wait_busy(2)
        begin = time.monotonic()
        conns[2].send(request("/sleep?ms=100"))
        time.sleep(0.02)
        conns[3].send(request("/sleep?ms=100"))
        assert conns[2].read().status == 200
        first = time.monotonic() - begin
        assert conns[3].read().status == 200
        second = time.monotonic() - begin
        assert first < second < 1.2 * PATIENCE  # long before the 2 s are over
        assert conns[1].read().status == 200
        assert s.stats()["totals"]["claims"] >= 1
        wait = s.stats()["phases"]["wait"]
        assert 0.2 < wait["max_s"] < 1.0 * PATIENCE  # counted from the arrival, where it was
        assert conns[0].read().status == 200
        check_at_rest(s)


def held(server, ms=1200):
    """One of two slots is taken, in worker 0; its connection."""
    conns = conns_of_one_worker(server, 1)
    conns[0].send(request(f"/sleep?ms={ms}"))
    server.wait_busy(1)
    return conns[0]


@pytest.mark.parametrize("data, check", [
    (request("/sleep?ms=5", body=b"x" * 40), "body"),
    (request("/sleep?ms=5") + request("/hello") + request("/echo?last"), "pipelined"),
    (request("/sleep?ms=5", version="1.0"), "1.0"),
    (request("/sleep?ms=5", headers=[("Connection", "close")]), "close"),
    (request("/sleep?ms=5", method="HEAD"), "HEAD"),
], ids=["body", "pipelined", "1.0", "close", "head"])
@pytest.mark.short
def test_any_request_moves(serve, data, check):
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conn, = conns_of_one_worker(s, 1)
        busy = held(s)
        conn.send(data)
        begin = time.monotonic()
        first = conn.read("HEAD" if check == "HEAD" else "GET")
        assert time.monotonic() - begin < 0.6 * PATIENCE
        assert first.status == 200
        if check == "pipelined":
            assert conn.read().body == b"Hello, world\n"
            assert conn.read().json()["target"] == "/echo?last"
        if check in ("1.0", "close"):
            assert conn.is_closed_within(2)
        else:
            assert conn.get("/hello").status == 200
        eventually(lambda: moves(s) == (1, 1), 2, "it moved")
        assert busy.read().status == 200
        check_at_rest(s)


@pytest.mark.parametrize("size", [10, 20_000, 600_000])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_body_moves_with_its_request(serve, size, coding):
    body = bytes(i * 7 % 251 for i in range(size))
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conn, = conns_of_one_worker(s, 1)
        busy = held(s)
        if coding == "length":
            conn.send(request("/sleep?ms=5", body=body))
        else:
            pieces = [body[i:i + 1000] for i in range(0, len(body), 1000)]
            conn.send(request("/sleep?ms=5", headers=[("Transfer-Encoding", "chunked")]) + chunked(pieces))
        conn.send(request("/echo", method="POST", body=body[:500]))
        assert conn.read().status == 200
        assert conn.read().json()["body_length"] == min(size, 500)
        eventually(lambda: moves(s) == (1, 1), 2, "it moved")
        assert busy.read().status == 200
        check_at_rest(s)


# --- faults ------------------------------------------------------------------

@pytest.mark.short
def test_a_stopped_receiver_delays_nothing_for_long(serve):
    """It has a free slot and does not answer: the request comes home and is served there."""
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 2)
        pid = s.worker_pids()[0]
        fds = open_fds(pid)
        with stopped(s.worker_pids()[1]):
            begin = time.monotonic()
            conns[0].send(request("/sleep?ms=300"))
            s.wait_busy(1)
            conns[1].send(request("/sleep?ms=10"))
            assert conns[0].read().status == 200
            assert conns[1].read().status == 200
            assert time.monotonic() - begin < 0.3 + 0.5 * PATIENCE
        assert s.stats()["totals"]["moves_refused"] >= 1
        check_at_rest(s)
        eventually(lambda: open_fds(pid) <= fds, 5, "no descriptor is left over")


@pytest.mark.short
def test_a_receiver_killed_with_connections_in_its_inbox_loses_none(serve):
    with serve("--keep-alive", "30", workers=2, threads=8) as s:
        conns = conns_of_one_worker(s, 16)
        first, second = s.worker_pids()
        fds = open_fds(first)
        s.may_lose_workers = True
        with stopped(second):
            for c in conns:
                c.send(request("/sleep?ms=300"))
            time.sleep(0.01)  # some are on their way now
            os.kill(second, signal.SIGKILL)
            assert [c.read().status for c in conns] == [200] * 16
        stats = check_at_rest(s)
        assert stats["totals"]["lost"] == 0
        for c in conns:
            c.close()
        eventually(lambda: open_fds(first) <= fds - 1, 5, "no descriptor is left over")


@pytest.mark.short
def test_a_full_inbox_refuses_and_nothing_is_lost(serve):
    body = b"x" * 30_000
    with serve("--keep-alive", "30", workers=2, threads=32) as s:
        conns = conns_of_one_worker(s, 60)
        with stopped(s.worker_pids()[1]):
            for c in conns:
                c.send(request("/sleep?ms=200", body=body))
            assert [c.read().status for c in conns] == [200] * 60
            assert s.stats()["totals"]["moves_refused"] >= 1
        stats = check_at_rest(s)
        assert stats["totals"]["lost"] == 0 and stats["closes"]["move_lost"] == 0


@pytest.mark.short
def test_a_receiver_without_descriptors_refuses(serve):
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 2)
        receiver = s.worker_pids()[1]
        soft, hard = resource.prlimit(receiver, resource.RLIMIT_NOFILE)
        resource.prlimit(receiver, resource.RLIMIT_NOFILE, (0, hard))
        conns[0].send(request("/sleep?ms=300"))
        s.wait_busy(1)
        conns[1].send(request("/sleep?ms=10"))
        assert conns[0].read().status == 200
        assert conns[1].read().status == 200
        stats = s.stats()["totals"]
        assert stats["moves_refused"] >= 1 and stats["moves_in"] == 0
        resource.prlimit(receiver, resource.RLIMIT_NOFILE, (soft, hard))
        conns[0].send(request("/sleep?ms=800"))
        s.wait_busy(1)
        begin = time.monotonic()
        assert conns[1].get("/sleep?ms=10").status == 200
        assert time.monotonic() - begin < 0.5 * PATIENCE  # it takes again
        assert conns[0].read().status == 200
        check_at_rest(s)


def test_a_sender_killed_in_the_middle_of_moves(serve):
    """What was in its slots is lost; what it had offered is served, or its connection closed."""
    with serve("--keep-alive", "30", workers=2, threads=4) as s:
        s.may_lose_workers = True
        for _ in range(5):
            conns = conns_of_one_worker(s, 12)
            sender = s.worker_pids()[0]
            with stopped(s.worker_pids()[1]):
                for c in conns:
                    c.send(request("/sleep?ms=100"))
                time.sleep(0.008)
                os.kill(sender, signal.SIGKILL)
            fates = []
            for c in conns:
                try:
                    fates.append(c.read().status)
                except (OSError, client.Closed):
                    fates.append("closed")
                c.close()
            assert set(fates) <= {200, "closed"}
            eventually(lambda: len(s.worker_pids()) == 2 and sender not in s.worker_pids(),
                       5, "the sender is replaced")
        stats = eventually(lambda: s.stats(1) if s.stats(1)["concurrency"]["now"] == 0 else None,
                           5, "nothing is in flight")
        assert abs(stats["little"]["residual"]) < 1e-6
        assert all(w["free_slots"] == 4 for w in stats["workers"])


def test_what_a_killed_sender_offered_outlives_its_successor(serve):
    """The receiver stands still until the successor has offered it something, too."""
    with serve("--keep-alive", "30", workers=2, threads=8) as s:
        s.may_lose_workers = True
        conns = conns_of_one_worker(s, 12)
        sender, receiver = s.worker_pids()
        with stopped(receiver):
            for c in conns:
                c.send(request("/sleep?ms=300"))
            time.sleep(0.01)  # eight are in slots, four on their way
            os.kill(sender, signal.SIGKILL)
            eventually(lambda: len(s.worker_pids()) == 2 and sender not in s.worker_pids(),
                       5, "the sender is replaced")
            more = [s.conn() for _ in range(12)]
            for c in more:
                assert c.get("/hello").status == 200
            for c in more:
                c.send(request("/sleep?ms=300"))
            time.sleep(0.1)
        assert [c.read().status for c in more] == [200] * 12
        answered = 0
        for c in conns:
            try:
                answered += c.read().status == 200
            except (OSError, client.Closed):
                pass
        assert answered == s.stats()["totals"]["moves_in"] - s.stats()["totals"]["moves_out"]
        eventually(lambda: all(w["free_slots"] == 8 for w in s.stats()["workers"]), 5,
                   "no slot stays reserved for what never came")


def test_who_does_not_read_his_earlier_answer_keeps_nobody_else_from_moving(serve):
    """He cannot move before he has, and waits for a slot of his own worker."""
    with serve(*FILLING_OPTIONS, workers=2, threads=1) as s:
        busy, *stuck, moving = conns_of_one_worker(s, 5, kind=SlowConn)
        busy.send(request("/sleep?ms=4000"))
        s.wait_busy(1)
        for c in stuck:
            c.send(FILLING + request("/sleep?ms=10"))
        eventually(lambda: s.stats()["workers"][0]["queued"] == 3, 5, "they wait for a slot")
        begin = time.monotonic()
        assert moving.get("/sleep?ms=10").status == 200
        assert time.monotonic() - begin < 1 * PATIENCE
        assert busy.read().status == 200
        for c in stuck:
            read_filling(c)
            assert c.read().status == 200


def test_a_draining_worker_gives_everything_away(serve):
    with serve("--keep-alive", "30", workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 3)
        first = s.worker_pids()[0]
        conns[0].send(request("/sleep?ms=1500"))
        s.wait_busy(1)
        conns[1].send(request("/sleep?ms=400"))
        s.wait_busy(2)
        conns[2].send(request("/sleep?ms=10"))
        time.sleep(0.05)
        os.kill(first, signal.SIGTERM)
        begin = time.monotonic()
        assert conns[2].read().status == 200
        assert time.monotonic() - begin < 1.0 * PATIENCE
        assert conns[1].read().status == 200
        assert conns[0].read().status == 200
        eventually(lambda: len(s.worker_pids()) == 2 and first not in s.worker_pids(), 5,
                   "it has left and is replaced")
        check_at_rest(s)


# --- within a worker ---------------------------------------------------------

@pytest.mark.short
def test_a_fast_route_that_once_is_slow_delays_nobody(serve):
    # Long enough that a busy machine makes no slow route of the fast one.
    with serve("--promote-after", "10ms", workers=1, threads=2) as s:
        with s.conn() as conn, s.conn() as slow:
            for _ in range(200):
                assert conn.get("/sleep?ms=0.01").status == 200
            before = s.stats()["totals"]
            slow.send(request("/sleep?ms=1500"))
            took = []
            while len(took) < 100:
                begin = time.monotonic()
                assert conn.get("/hello").status == 200
                took.append(time.monotonic() - begin)
            took.sort()
            assert took[50] < 0.02 * PATIENCE and took[-1] < 0.5
            assert s.busy_slots() == 1
            after = s.stats()["totals"]
            assert after["rescues"] > before["rescues"]
            assert slow.read().status == 200


def test_fast_handlers_pay_no_wake_up(serve):
    """A route that proved fast keeps the baton: hardly a follower is woken for it."""
    with serve(workers=1, threads=4) as s:
        with s.conn() as conn:
            for _ in range(50):
                conn.get("/cpu?ms=0")
            before = s.stats()["totals"]["promotions"]
            for _ in range(500):
                assert conn.get("/cpu?ms=0").status == 200
            assert s.stats()["totals"]["promotions"] - before < 100


def test_promote_after_0_hands_on_every_time(serve):
    with serve("--promote-after", "0", workers=1, threads=2) as s:
        with s.conn() as conn:
            for _ in range(50):
                assert conn.get("/cpu?ms=0").status == 200
        totals = s.stats()["totals"]
        assert totals["promotions"] == 50 and totals["rescues"] == 0


def test_the_law_holds_while_connections_move(serve):
    with serve("--keep-alive", "30", workers=4, threads=2) as s:
        load = ClosedLoop(s.address, 24, lambda: "/sleep?ms=20", 2.5 * PATIENCE)
        load.run()
        stats = s.stats(10)
        law = stats["little"]
        assert stats["totals"]["moves_out"] > 0
        assert abs(law["residual"]) < 0.001 * law["L"]
        assert stats["utilisation"] > 0.7
        check_at_rest(s)

"""Limits: what a client may take of bytes, time and connections, and what it is told beyond."""

import os
import re
import resource
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from client import Closed, Conn, chunked, request
from load import Background
from server import PATIENCE, cpu_seconds, eventually, open_files

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

ENDLESS = ("--header-timeout", "60s", "--keep-alive", "60s")


def get(*fields, target=b"/hello"):
    return b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (target, b"".join(f + b"\r\n" for f in fields))


# name of the counter, status, what is just taken, what is refused
OF_BYTES = [
    ("request_line", 414, get(target=b"/hello?" + b"x" * 80), get(target=b"/hello?" + b"x" * 81)),
    ("fields", 431, get(*[b"A: 1"] * 7), get(*[b"A: 1"] * 8)),
    ("field_size", 431, get(b"A: " + b"x" * 197), get(b"A: " + b"x" * 198)),
    ("head_size", 431, get(*[b"A: " + b"x" * 150] * 6), get(*[b"A: " + b"x" * 190] * 6)),
    ("body_size", 413, HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000,
     HEAD + b"Content-Length: 1001\r\n\r\n"),
    ("body_size", 413, CHUNKED + chunked([b"x" * 400, b"x" * 600]),
     CHUNKED + b"190\r\n" + b"x" * 400 + b"\r\n259\r\n"),
    ("chunk_extensions", 400, CHUNKED + b"1;" + b"a" * 49 + b"\r\nx\r\n0\r\n\r\n",
     CHUNKED + b"1;" + b"a" * 50 + b"\r\nx\r\n0\r\n\r\n"),
    ("trailers", 431, CHUNKED + b"0\r\nA: " + b"x" * 57 + b"\r\n\r\n",
     CHUNKED + b"0\r\nA: " + b"x" * 58 + b"\r\n\r\n"),
    ("empty_lines", 400, b"\r\n" * 3 + get(), b"\r\n" * 4 + get()),
]

SMALL = ("--limit-request-line", "100", "--limit-request-fields", "8",
         "--limit-request-field_size", "200", "--limit-request-head", "1024",
         "--limit-request-body", "1000", "--limit-chunk-extensions", "50",
         "--limit-trailers", "60", "--limit-empty-lines", "3")


def closes(server, reason):
    return server.stats()["closes"][reason]


@pytest.mark.short
def test_each_limit_of_bytes_has_its_status_and_its_counter(serve):
    with serve(*SMALL) as s:
        for name, status, fits, exceeds in OF_BYTES:
            with s.conn() as c:
                c.send(fits)
                assert c.read().status == 200, (name, fits)
            before = s.stats()["totals"][f"refused_{name}"]
            with s.conn() as c:
                c.send(exceeds)
                answer = c.read()
                assert answer.status == status, name
                assert answer.header("Connection") == "close"
                assert c.is_closed_within(5)
            assert s.stats()["totals"][f"refused_{name}"] == before + 1, name
        totals = s.completed(2 * len(OF_BYTES))
        assert totals["status"]["200"] == len(OF_BYTES)
        eventually(lambda: closes(s, "refused") == len(OF_BYTES), 5, "they were closed as refused")


@pytest.mark.parametrize("option", ["--limit-request-line", "--limit-request-field_size"])
def test_zero_leaves_it_to_the_limit_of_the_head(serve, option):
    """And the lines behind the first are measured as any other (once a sum ran over)."""
    with serve(option, "0", "--limit-request-head", "20k") as s:
        for filler, status in ((b"x" * 3000, 200), (b"x" * 30_000, 414 if "line" in option else 431)):
            data = get(target=b"/hello?" + filler) if "line" in option else get(b"A: " + filler)
            with s.conn() as c:
                c.send(data)
                assert c.read().status == status


def test_a_length_too_large_is_refused_before_the_body(server):
    """Also before the invitation its client waits for."""
    for fields in ([], [("Expect", "100-continue")]):
        with server.conn() as c:
            c.send(request("/echo", method="POST", headers=[("Content-Length", 1 << 30), *fields]))
            assert c.read().status == 413
            assert c.is_closed_within(5)


def test_what_was_told_arrives_though_the_client_goes_on_sending(server):
    with server.conn() as c:
        c.send(request("/echo", method="POST", headers=[("Content-Length", 1 << 22)]))
        for _ in range(64):
            c.send(b"x" * 65536)
        assert c.read().status == 413


# --- time --------------------------------------------------------------------------


def drip(conn, piece, every, seconds):
    """Sends a piece again and again until the server answers; how long that took."""
    begin = time.monotonic()
    conn.socket.settimeout(every)
    while time.monotonic() - begin < seconds:
        try:
            if conn.more():
                break
            raise Closed("without an answer")
        except socket.timeout:
            conn.send(piece)
    conn.socket.settimeout(20)
    return time.monotonic() - begin


@pytest.mark.short
def test_a_slow_head_is_refused_though_it_keeps_coming(serve):
    with serve("--header-timeout", "1s") as s, s.conn() as c:
        c.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n")
        took = drip(c, b"X: y\r\n", 0.1, 20)
        assert 0.9 < took < 1 + 2 * PATIENCE
        assert c.read().status == 408
        assert s.stats()["totals"]["refused_head_time"] == 1


@pytest.mark.parametrize("begun, has_body", [
    (b"HEAD /hel", False), (b"\r\nHEAD /hel", False), (b"HEAD", True), (b"GET /hel", True),
    (b"HEAD /hello HTTP/1.1\r\nHo", False), (b"GET /hello HTTP/1.1\r\nX: HEAD /\r\n", True)])
def test_no_body_is_sent_to_a_head_that_was_not_whole(serve, begun, has_body):
    with serve("--header-timeout", "0.3s") as s, s.conn() as c:
        c.send(begun)
        head = c.until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        while c.more():
            pass
        assert bool(c.rest) == has_body


def test_a_connection_that_says_nothing_is_closed(serve):
    with serve("--header-timeout", "1s") as s, s.conn() as c:
        assert c.is_closed_within(10)
        assert closes(s, "read_timeout") == 1


PATIENT = ("--body-timeout", "1s", "--body-rate", "1000", "--write-timeout", "60s",
           "--header-timeout", "60s")


@pytest.mark.short
@pytest.mark.parametrize("head, piece", [
    (HEAD + b"Content-Length: 100000\r\n\r\n", b"x" * 30),
    (CHUNKED, b"1e;x=" + b"y" * 9 + b"\r\n" + b"x" * 30 + b"\r\n"),
], ids=["length", "chunked"])
def test_a_slow_body_is_refused(serve, head, piece):
    """At 300 bytes a second; a chunk's framing counts for nothing."""
    with serve(*PATIENT) as s, s.conn() as c:
        c.send(head)
        took = drip(c, piece, 0.1, 20)
        assert 0.9 < took < 1 + 2 * PATIENCE
        assert c.read().status == 408
        assert s.stats()["totals"]["refused_body_rate"] == 1


@pytest.mark.parametrize("begun", [b"", b"x" * 5000])
def test_a_body_that_stops_coming_is_refused(serve, begun):
    with serve(*PATIENT) as s, s.conn() as c:
        c.send(HEAD + b"Content-Length: 100000\r\n\r\n" + begun)
        begin = time.monotonic()
        assert c.read().status == 408
        assert 0.9 < time.monotonic() - begin < 1 + 2 * PATIENCE
        assert s.stats()["totals"]["refused_body_time"] == 1


def test_a_body_that_keeps_its_pace_may_take_its_time(serve):
    with serve(*PATIENT) as s, s.conn() as c:
        c.send(HEAD + b"Content-Length: 25000\r\n\r\n")
        for _ in range(25):
            time.sleep(0.1)
            c.send(b"x" * 1000)
        assert c.read().status == 200
        read = s.window_with(1)["phases"]["read"]
        assert read["max_s"] > 2.4


def test_an_idle_connection_is_closed(serve):
    with serve("--keep-alive", "1s") as s, s.conn() as c:
        assert c.get("/hello").status == 200
        begin = time.monotonic()
        assert c.is_closed_within(10)
        assert time.monotonic() - begin > 0.8
        assert closes(s, "idle_timeout") == 1


# --- requests a connection ------------------------------------------------------------


@pytest.mark.short
@pytest.mark.parametrize("target", ["/hello", "/sleep?ms=1"])
def test_the_last_request_of_a_connection_is_told(serve, target):
    with serve("--keepalive-requests", "3") as s:
        with s.conn() as c:
            assert [c.get(target).header("Connection") for _ in range(3)] == [None, None, "close"]
            assert c.is_closed_within(5)
        with s.conn() as c:
            c.send(request(target) * 5)
            answers = [c.read() for _ in range(3)]
            assert answers[2].header("Connection") == "close"
            assert c.is_closed_within(5)
        s.completed(6)
        eventually(lambda: closes(s, "requests") == 2, 5, "both were closed for that")


# --- connections a worker ----------------------------------------------------------------


@pytest.mark.short
def test_the_connection_idle_for_longest_makes_room(serve):
    with serve("--worker-connections", "4", "--keep-alive", "60") as s, ExitStack() as stack:
        conns = [stack.enter_context(s.conn()) for _ in range(4)]
        for c in conns:
            assert c.get("/hello").status == 200
        assert conns[0].get("/hello").status == 200  # now the second is the oldest
        assert s.get("/hello").status == 200
        assert conns[1].is_closed_within(5)
        for i in (0, 2, 3):
            assert conns[i].get("/hello").status == 200
        assert closes(s, "evicted") == 1


@pytest.mark.short
def test_a_connection_that_says_nothing_makes_room_first(serve):
    """Once it has had the time to: a second."""
    with serve("--worker-connections", "4", *ENDLESS) as s, ExitStack() as stack:
        conns = [stack.enter_context(s.conn()) for _ in range(4)]
        assert conns[0].get("/hello").status == 200
        for c in conns[2:]:
            c.send(b"GET /hello HTTP/1.1\r\n")
        time.sleep(1.2)
        assert s.get("/hello").status == 200
        assert conns[1].is_closed_within(5)
        assert conns[0].get("/hello").status == 200
        for c in conns[2:]:
            c.send(b"Host: x\r\n\r\n")
            assert c.read().status == 200
        assert closes(s, "evicted") == 1
        begin = time.monotonic()
        for _ in range(5):  # four take all places, those of idle ones too, and one waits
            stack.enter_context(s.conn())
        assert s.get("/hello").status == 200
        assert time.monotonic() - begin > 0.9


@pytest.mark.short
def test_where_none_is_idle_new_connections_wait(serve):
    """Without a turn of the loop for them; what is busy or half a request is left alone."""
    with serve("--worker-connections", "3", "--keep-alive", "60", threads=4) as s:
        pid = s.worker_pids()[0]
        with s.conn() as half, s.conn() as first, s.conn() as second:
            half.send(b"GET /hello HTTP/1.1\r\n")
            first.send(request("/sleep?ms=1500"))
            second.send(request("/sleep?ms=1500"))
            s.wait_busy(2)
            begin = time.monotonic()
            late = Background(lambda: s.get("/hello").status)
            before = cpu_seconds(pid)
            time.sleep(1)
            assert cpu_seconds(pid) - before < 0.2
            assert late.thread.is_alive()
            assert first.read().status == second.read().status == 200
            assert late.result() == 200
            assert time.monotonic() - begin > 1
            half.send(b"Host: x\r\n\r\n")
            assert half.read().status == 200
        assert s.stats()["totals"]["full"] >= 1


def test_a_place_that_comes_free_is_given_on_at_once(serve):
    """Not at the next turn of the loop, which may wait for long."""
    took = []
    with serve("--worker-connections", "3", "--header-timeout", "60s") as s, ExitStack() as stack:
        held = []
        for _ in range(9):
            held += hold_all(s, stack, 3 - len(held), 3)
            with s.conn() as late:
                late.send(request("/hello", headers=[("Connection", "close")]))
                time.sleep(0.02)
                held.pop(0).close()
                begin = time.monotonic()
                assert late.read().status == 200
                took.append(time.monotonic() - begin)
    assert sorted(took)[len(took) // 2] < 0.05 * PATIENCE, took


def test_no_connection_is_sent_away_while_a_sibling_has_a_place(serve):
    with serve("--worker-connections", "6", "--keep-alive", "60", workers=2) as s:
        eventually(lambda: len(s.worker_pids()) == 2, 5, "both are ready")
        with ExitStack() as stack:
            conns = [stack.enter_context(s.conn()) for _ in range(12)]
            for _ in range(2):
                for c in conns:
                    assert c.get("/hello").status == 200
            assert closes(s, "evicted") == 0
            assert s.get("/hello").status == 200
            eventually(lambda: closes(s, "evicted") == 1, 5, "one made room")


# --- connections an address -----------------------------------------------------------


def conn_from(server, source):
    c = Conn.__new__(Conn)
    c.socket = socket.create_connection(server.address, 20, source_address=(source, 0))
    c.rest = bytearray()
    return c


def is_let_in(conn):
    try:
        return conn.get("/hello").status == 200
    except (Closed, ConnectionResetError, BrokenPipeError):
        return False


@pytest.mark.short
def test_an_address_has_its_share_of_connections(serve):
    with serve("--address-connections", "3", "--keep-alive", "60", workers=2) as s:
        with ExitStack() as stack:
            held = [stack.enter_context(conn_from(s, "127.0.0.2")) for _ in range(3)]
            assert all(is_let_in(c) for c in held)
            with conn_from(s, "127.0.0.2") as fourth:
                assert not is_let_in(fourth)
            with conn_from(s, "127.0.0.3") as other:
                assert is_let_in(other)
            assert s.stats()["totals"]["crowded_out"] == 1
            held[0].close()

            def again():
                with conn_from(s, "127.0.0.2") as c:
                    return is_let_in(c)
            eventually(again, 5, "its place is free")


def test_what_a_dead_worker_held_is_forgotten(serve):
    with serve("--address-connections", "2", "--keep-alive", "60") as s:
        s.may_lose_workers = True
        with conn_from(s, "127.0.0.2") as a, conn_from(s, "127.0.0.2") as b:
            assert is_let_in(a) and is_let_in(b)
            os.kill(s.worker_pids()[0], signal.SIGKILL)

            def again():
                with conn_from(s, "127.0.0.2") as c:
                    return is_let_in(c)
            eventually(again, 10, "the new worker lets it in")


# --- descriptors --------------------------------------------------------------------------


class Rationed:
    """The worker may open so many descriptors more; afterwards, as many as before."""

    def __init__(self, pid, more):
        self.pid, self.more = pid, more

    def __enter__(self):
        self.before = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        fds = {int(fd) for fd in os.listdir(f"/proc/{self.pid}/fd")}
        assert fds == set(range(len(fds))), "there are no gaps"
        limit = len(fds) + self.more
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, self.before[1]))
        return self

    def relieve(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.before)

    def __exit__(self, *_):
        if Path(f"/proc/{self.pid}").exists():
            self.relieve()


def half_a_request(server):
    c = server.conn()
    c.send(b"GET /hello HTTP/1.1\r\n")
    return c


def hold_all(server, stack, n, of=None):
    """So many half requests are in the worker's hands: none is idle, none will end soon."""
    conns = [stack.enter_context(half_a_request(server)) for _ in range(n)]
    of = of or n
    eventually(lambda: server.stats()["connections"]["reading"] == of, 5, f"{of} are being read")
    return conns





@pytest.mark.short
def test_out_of_descriptors_one_more_is_served_at_a_time(serve):
    with serve(*ENDLESS) as s, ExitStack() as stack:
        pid = s.worker_pids()[0]
        with Rationed(pid, 5):
            conns = hold_all(s, stack, 5)
            for _ in range(3):
                with s.conn() as c:
                    answer = c.get("/hello")
                    assert (answer.status, answer.header("Connection")) == (200, "close")
            totals = s.stats()["totals"]
            assert totals["on_reserve"] == 3 and totals["accept_errors"] >= 3
            for c in conns:
                c.send(b"Host: x\r\n\r\n")
                assert c.read().status == 200
        assert s.stderr().count("Too many open files") == 1
        assert s.worker_pids() == [pid]


@pytest.mark.short
def test_out_of_descriptors_nothing_spins_and_relief_is_noticed(serve):
    with serve(*ENDLESS) as s, ExitStack() as stack:
        pid = s.worker_pids()[0]
        with Rationed(pid, 5) as ration:
            hold_all(s, stack, 6)  # the reserve, too
            late = [Background(lambda: (s.get("/hello").status, time.monotonic()))
                    for _ in range(3)]
            eventually(lambda: s.stats()["totals"]["accept_errors"] >= 2, 5, "accepting failed")
            before = cpu_seconds(pid)
            time.sleep(1)
            assert cpu_seconds(pid) - before < 0.1
            assert all(job.thread.is_alive() for job in late)
            relieved = time.monotonic()
            ration.relieve()
            for job in late:
                status, at = job.result()
                assert status == 200
                assert at - relieved < 0.3 * PATIENCE
            assert s.stderr().count("Too many open files") == 1
            time.sleep(1.1)
            assert s.get("/hello").status == 200
            assert s.stderr().count("connections are taken again") == 1
        assert s.worker_pids() == [pid]


def test_out_of_descriptors_a_connection_that_ends_is_noticed_at_once(serve):
    with serve(*ENDLESS) as s, ExitStack() as stack:
        with Rationed(s.worker_pids()[0], 5):
            conns = hold_all(s, stack, 6)
            late = Background(lambda: s.get("/hello").status)
            time.sleep(0.2)
            assert late.thread.is_alive()
            conns[2].close()
            assert late.result() == 200


def test_out_of_descriptors_a_queue_is_worked_off_without_a_pause(serve):
    """And the shortage is told of once, however long it was and whatever came at its end."""
    with serve(*ENDLESS) as s, ExitStack() as stack:
        with Rationed(s.worker_pids()[0], 8):
            conns = [stack.enter_context(half_a_request(s)) for _ in range(400)]
            eventually(lambda: s.stats()["totals"]["accept_errors"] >= 2, 5, "accepting failed")
            time.sleep(1.2)
            with s.conn() as late:
                late.send(request("/hello"))
                for c in conns:
                    c.close()
                begin = time.monotonic()
                assert late.read().status == 200
                took = time.monotonic() - begin
            assert took < 0.3 * PATIENCE  # with a pause for each 9 of them: 0.6 s
            assert s.stderr().count("Too many open files") == 1
        time.sleep(1.1)
        assert s.get("/hello").status == 200
        assert float(re.findall(r"taken again, after (\S+) s", s.stderr())[0]) > 1


def fill_with_silent(server, stack, n):
    """So many connections that are accepted and have said nothing."""
    conns = [stack.enter_context(server.conn()) for _ in range(n)]
    eventually(lambda: server.stats()["connections"]["fresh"] == n, 5, f"{n} are accepted")
    return conns


def test_out_of_descriptors_idle_connections_make_room(serve):
    with serve(*ENDLESS) as s, ExitStack() as stack:
        with Rationed(s.worker_pids()[0], 10):
            conns = fill_with_silent(s, stack, 10)
            for c in conns:
                assert c.get("/hello").status == 200
            with s.conn() as c:
                answer = c.get("/hello")
                assert (answer.status, answer.header("Connection")) == (200, None)
            assert conns[0].is_closed_within(5)
            assert 1 <= closes(s, "evicted") <= 3  # for it, and for the files of its request
            assert conns[9].get("/hello").status == 200


def test_out_of_descriptors_silent_connections_make_room(serve):
    with serve(*ENDLESS) as s, ExitStack() as stack:
        with Rationed(s.worker_pids()[0], 10):
            conns = fill_with_silent(s, stack, 10)
            time.sleep(1.1)
            for _ in range(2):
                with s.conn() as c:
                    answer = c.get("/hello")
                    assert (answer.status, answer.header("Connection")) == (200, None)
            assert conns[0].is_closed_within(5)
            assert conns[9].get("/hello").status == 200


def test_idle_connections_leave_descriptors_for_files(serve, tmp_path):
    """A connection is of no use whose request finds none."""
    (tmp_path / "f").write_bytes(b"x" * 100_000)
    with serve(*ENDLESS, app=f"static:{tmp_path}") as s, ExitStack() as stack:
        with Rationed(s.worker_pids()[0], 12):
            for _ in range(40):
                assert stack.enter_context(s.conn()).get("/f").status == 200
            eventually(lambda: s.stats()["connections"]["idle"] >= 5, 5, "most are kept")


def test_out_of_descriptors_a_static_app_says_so_once(serve, tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 100_000)
    with serve(app=f"static:{tmp_path}") as s, s.conn() as c:
        pid = s.worker_pids()[0]
        assert c.get("/f").status == 200
        eventually(lambda: str(tmp_path / "f") not in open_files(pid).values(), 5, "it is closed")
        with Rationed(pid, 0):
            for _ in range(20):
                assert c.get("/f").status == 503
        assert c.get("/f").status == 200
        assert s.stderr().count("Too many open files") == 1


def test_out_of_descriptors_in_all_workers(serve):
    with serve(*ENDLESS, workers=2) as s, ExitStack() as stack:
        eventually(lambda: len(s.worker_pids()) == 2, 5, "both are ready")
        pids = s.worker_pids()
        rations = [stack.enter_context(Rationed(pid, 4)) for pid in pids]
        held = [stack.enter_context(half_a_request(s)) for _ in range(30)]
        eventually(lambda: s.stats()["connections"]["reading"] == 10, 5, "both are at their end")
        before = sum(map(cpu_seconds, pids))
        time.sleep(1)
        assert sum(map(cpu_seconds, pids)) - before < 0.15
        for r in rations:
            r.relieve()
        for c in held:
            c.send(b"Host: x\r\n\r\n")
        for c in held:
            assert c.read().status == 200
        assert s.worker_pids() == pids
        assert s.stderr().count("Too many open files") == 2


def test_few_descriptors_are_enough_to_serve_and_to_reload(serve):
    """Of 64 some are left for connections, also with 5 workers."""
    few = ("bash", "-c", 'ulimit -n 64; exec "$@"', "sh")
    with serve(*ENDLESS, workers=5, threads=8, wrap=few) as s:
        eventually(lambda: len(s.worker_pids()) == 5, 5, "all are ready")
        before = s.worker_pids()
        with ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(half_a_request(s))
            eventually(lambda: "Too many open files" in s.stderr(), 5, "there are too many")
        eventually(lambda: s.stats()["connections"]["reading"] == 0, 5, "they are gone")
        assert s.worker_pids() == before
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(set(s.worker_pids()) - set(before)) == 5, 10, "all are new")
        assert s.get("/hello").status == 200

"""Responses in pieces: files sent by the kernel, streams, and messages that had to be cut."""

import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from client import FILLING, FILLING_OPTIONS, Closed, Conn, SlowConn, get, read_filling, request
from server import PATIENCE, SANITIZED, eventually, open_files, pids_of_session, private_bytes

MIB = 1 << 20
HELLO = b"Hello, world\n"
LINE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.\n"


def closes(server, reason, n=1, within=10):
    """Waits until so many connections ended for that reason."""
    return eventually(lambda: server.stats()["closes"][reason] == n, within, f"{n} {reason}")


# --- files -------------------------------------------------------------------------


def pattern_files(server):
    """The file behind /file, by the descriptors of the only worker."""
    [pid] = server.worker_pids()
    found = [Path(f"/proc/{pid}/fd/{fd}") for fd, link in open_files(pid).items()
             if "littled-workload" in link]
    assert found
    return found


@pytest.mark.short
def test_files_are_sent_like_memory(server):
    with server.conn() as c:
        for n in (0, 1, 13, 65_536, MIB, MIB + 1, 5 * MIB + 17):
            assert c.get(f"/file?n={n}").body == c.get(f"/bytes?n={n}").body
        length = c.get("/file?n=70000", method="HEAD").header("Content-Length")
        assert length == "70000"
        assert c.get("/hello").body == HELLO


def test_files_among_pipelined_answers(server):
    targets = ["/hello", "/file?n=100000", "/hello", "/file?n=3000000", "/sleep?ms=1", "/file?n=1"]
    with server.conn() as c:
        c.send(b"".join(request(t) for t in targets))
        answers = [c.read() for _ in targets]
    assert [len(a.body) for a in answers] == [13, 100_000, 13, 3_000_000, 3, 1]
    totals = server.completed(len(targets))
    assert totals["bytes_out"] > 3_100_000


@pytest.mark.short
def test_no_descriptor_of_a_file_is_left_open(server):
    for _ in range(3):
        server.get("/file?n=5000000")
        server.get("/file?n=5000000", method="HEAD")
        server.get("/stream?pieces=3&size=100&file=1")
        for target in ("/file?n=67108864", "/stream?pieces=1000&size=1000000&file=1"):
            with server.conn() as c:
                c.send(request(target))  # who leaves in the middle
                c.more()
    eventually(lambda: len(pattern_files(server)) == 1, 10, "only the app's own descriptor is open")


def test_a_file_cut_short_cuts_the_message(server):
    with server.conn() as c:
        c.send(request("/file?n=67108864"))
        c.more()
        os.truncate(pattern_files(server)[0], 0)
        with pytest.raises(Closed):
            c.read()
    closes(server, "response_cut")
    assert server.stderr().count("the answer to /file?n=67108864 was cut after ") == 1
    assert server.get("/hello").status == 200


def test_who_takes_all_of_it_does_not_keep_others_waiting(serve):
    """One file of 64 MiB over and over, read as fast as it comes, and small requests beside it."""
    with serve("--keep-alive", "60") as server, server.conn() as big, server.conn() as small:
        for _ in range(3):
            big.send(request("/file?n=67108864"))
            for _ in range(20):
                assert small.get("/hello").status == 200
            assert len(big.read().body) == 64 * MIB


# --- streams -----------------------------------------------------------------------


def raw_chunks(c, n):
    """So many chunks, as they come."""
    sizes = []
    for _ in range(n):
        size = int(c.until(b"\r\n"), 16)
        assert c.exactly(size + 2)[-2:] == b"\r\n"
        sizes.append(size)
    return sizes


@pytest.mark.short
@pytest.mark.parametrize("more", ["", "&file=1", "&flush=0"])
def test_a_stream_is_chunked_and_kept_alive(server, more):
    with server.conn() as c:
        for pieces, size in ((1, 64), (3, 64), (5, 100_000), (40, 1), (2, 0)):
            answer = c.get(f"/stream?pieces={pieces}&size={size}{more}")
            assert answer.status == 200
            assert answer.body == ((LINE * 1600)[:size]) * pieces
            assert (answer.header("Transfer-Encoding") == "chunked") != \
                (answer.header("Content-Length") is not None)
        assert c.get("/hello").body == HELLO
        assert server.stats()["totals"]["accepted"] == 1


def test_each_flush_is_a_chunk(server):
    with server.conn() as c:
        c.send(request("/stream?pieces=4&size=130"))
        head = c.until(b"\r\n\r\n")
        assert b"\r\nTransfer-Encoding: chunked" in head and b"Content-Length" not in head
        assert raw_chunks(c, 5) == [130, 130, 130, 130, 0]
        assert c.get("/hello").body == HELLO


def test_what_was_flushed_arrives_while_the_handler_runs(server):
    with server.conn() as c:
        c.send(request("/stream?pieces=2&size=64&ms=2000"))
        c.until(b"\r\n\r\n")
        assert raw_chunks(c, 1) == [64]
        assert server.busy_slots() == 1
        assert raw_chunks(c, 2) == [64, 0]


def test_without_a_flush_a_small_stream_has_a_length(server):
    answer = server.get("/stream?pieces=10&size=64&flush=0")
    assert answer.header("Content-Length") == "640" and len(answer.body) == 640


@pytest.mark.short
def test_in_http_1_0_a_stream_ends_with_the_connection(server):
    with server.conn() as c:
        answer = c.get("/stream?pieces=30&size=9999", version="1.0",
                       headers=[("Connection", "keep-alive")])
        assert answer.header("Transfer-Encoding") is None
        assert answer.header("Connection") == "close"
        assert len(answer.body) == 30 * 9999
    closes(server, "response_done")


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_stream_to_head_is_a_head(server, version):
    with server.conn() as c:
        answer = c.get("/stream?pieces=3&size=50000", method="HEAD", version=version)
        assert answer.status == 200 and answer.body == b""
        assert answer.header("Transfer-Encoding") == ("chunked" if version == "1.1" else None)
        if version == "1.1":
            assert c.get("/hello").body == HELLO
        else:
            assert c.is_closed_within(5)


@pytest.mark.short
def test_streams_keep_their_place_among_pipelined_answers(server):
    targets = ["/sleep?ms=30", "/stream?pieces=2&size=64", "/hello", "/bytes?n=300000",
               "/stream?pieces=3&size=70000&ms=5", "/stream?pieces=1&size=5&flush=0", "/hello"]
    with server.conn() as c:
        c.send(b"".join(request(t) for t in targets))
        lengths = [len(c.read().body) for _ in targets]
    assert lengths == [3, 128, 13, 300_000, 210_000, 5, 13]
    server.completed(len(targets))


def test_a_stream_waits_for_what_comes_before_it(serve):
    """The answers before it fill the socket; nothing of the stream may overtake them."""
    with serve(*FILLING_OPTIONS) as s, SlowConn(s.address) as c:
        c.send(FILLING + request("/stream?pieces=3&size=64") + request("/hello"))
        s.wait_busy(1)
        time.sleep(0.3)
        assert s.busy_slots() == 1
        read_filling(c)
        assert [len(c.read().body) for _ in range(2)] == [192, 13]


@pytest.mark.short
def test_who_does_not_take_a_large_answer_gets_no_other(server):
    with SlowConn(server.address) as c:
        c.send(request("/bytes?n=8000000") + request("/sleep?ms=1"))
        eventually(lambda: server.stats()["connections"]["flushing"] == 1, 5, "it waits for him")
        time.sleep(0.2)
        assert server.stats()["totals"]["arrivals"] == 1
        assert [len(c.read().body) for _ in range(2)] == [8_000_000, 3]


@pytest.mark.short
@pytest.mark.parametrize("fail", [1, 3, 5])
def test_a_handler_that_fails_cuts_its_stream(server, fail):
    """No last chunk, and the connection ends: nobody takes it for the whole."""
    with server.conn() as c:
        c.send(request(f"/stream?pieces=5&size=70&fail={fail}") + request("/hello"))
        c.until(b"\r\n\r\n")
        assert raw_chunks(c, fail) == [70] * fail
        with pytest.raises((Closed, ConnectionResetError)):
            c.until(b"\r\n")
    closes(server, "response_cut")
    assert "the handler of /stream failed (-1), its answer is cut" in server.stderr()
    totals = server.completed(1)
    assert totals["status"] == {"500": 1}


def test_a_handler_that_fails_before_the_head_is_a_500(server):
    with server.conn() as c:
        assert c.get("/stream?pieces=5&size=70&fail=0").status == 500
        assert c.get("/stream?pieces=5&size=70&fail=5&flush=0").status == 500
        assert c.get("/hello").body == HELLO
    assert "its answer is cut" not in server.stderr()


def test_in_http_1_0_a_cut_is_a_reset(server):
    """The end of the connection would look like the end of the message."""
    with server.conn() as c:
        c.send(request("/stream?pieces=5&size=70&ms=200&fail=2", version="1.0"))
        with pytest.raises(ConnectionResetError):
            while c.more():
                pass
    closes(server, "response_cut")


# --- clients that are slow, or gone ------------------------------------------------


@pytest.mark.short
def test_a_slow_client_slows_the_handler_and_costs_no_memory(server):
    [pid] = server.worker_pids()
    pieces = 100
    server.get("/stream?pieces=2&size=1000000")
    before = private_bytes(pid)
    with SlowConn(server.address) as c:
        c.send(request(f"/stream?pieces={pieces}&size=1000000"))
        c.until(b"\r\n\r\n")
        time.sleep(0.5)
        server.wait_busy(1)
        if not SANITIZED:
            assert private_bytes(pid) - before < 2 * MIB
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MIB)
        assert sum(raw_chunks(c, pieces)) == pieces * 1_000_000
        assert raw_chunks(c, 1) == [0]
    server.wait_busy(0)


@pytest.mark.short
@pytest.mark.parametrize("order", ["size=70000", "size=10&ms=20"])
def test_a_client_that_leaves_ends_the_stream(server, order):
    with server.conn() as c:
        c.send(request("/stream?pieces=1000000&" + order))
        c.until(b"\r\n\r\n")
    server.wait_busy(0, within=10)
    closes(server, "client_mid_response")
    assert "failed" not in server.stderr()


def test_a_client_that_takes_nothing_is_given_up(serve):
    with serve("--write-timeout", "1") as s:
        with SlowConn(s.address) as stream, SlowConn(s.address) as bytes_, s.conn() as other:
            stream.send(request("/stream?pieces=1000&size=100000"))
            bytes_.send(request("/bytes?n=67108864"))
            s.wait_busy(1)
            closes(s, "write_timeout", 2)
            s.wait_busy(0)
            assert other.get("/hello").body == HELLO


def read_slowly(c, seconds, every=0.05, size=2000):
    """True if it lasted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if not c.socket.recv(size):
                return False
        except ConnectionResetError:
            return False
        time.sleep(every)
    return True


@pytest.mark.parametrize("target", ["/stream?pieces=1000&size=100000", "/bytes?n=67108864"])
def test_a_client_that_takes_too_little_is_given_up(serve, target):
    """It takes 40 KB/s: never stalled, but below the rate."""
    with serve("--write-timeout", "1500ms", "--write-rate", "400000") as s:
        with SlowConn(s.address) as c:
            c.send(request(target))
            assert not read_slowly(c, 15 * PATIENCE)
        closes(s, "write_rate")
        assert s.stats()["closes"]["write_timeout"] == 0


def test_a_client_that_takes_enough_is_not(serve):
    with serve("--write-timeout", "1500ms", "--write-rate", "1000") as s:
        with SlowConn(s.address) as c:
            c.send(request("/bytes?n=67108864"))
            assert read_slowly(c, 4)
        closes(s, "client_mid_response")


class Pipelining(SlowConn):
    """One that goes on asking and never reads."""

    BLOCK = request("/hello") * 2000

    def __init__(self, address):
        super().__init__(address)
        self.socket.setblocking(False)
        self.left = b""

    def send_what_it_takes(self):
        with suppress(BlockingIOError):
            while True:
                self.left = self.left or self.BLOCK
                self.left = self.left[self.socket.send(self.left):]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes memory of its own")
def test_pipelining_clients_that_never_read_cost_no_memory(serve):
    with serve("--write-timeout", "60", "--worker-connections", "500") as s:
        for _ in range(100):
            assert s.get("/hello").status == 200
        [pid] = s.worker_pids()
        before = private_bytes(pid)
        clients = [Pipelining(s.address) for _ in range(50)]

        def all_wait():
            for c in clients:
                c.send_what_it_takes()
            return s.stats()["connections"]["flushing"] == 50
        eventually(all_wait, 10, "all of them wait")
        grown = private_bytes(pid) - before
        print(f"{grown / 50:.0f} bytes of private memory for each of 50")
        with s.conn() as c:
            assert c.get("/hello").status == 200
        assert grown < 50 * 40_000
        for c in clients:
            c.close()


INVITED = (b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
           b"Content-Length: 5\r\n\r\n")


def bytes_the_kernel_takes(server, conn):
    """Of an answer that nobody reads: how much of its body the server is rid of."""
    conn.send(request("/bytes?n=60000000"))

    def settled():
        earlier = server.stats()["totals"]["bytes_out"]
        time.sleep(0.1)
        return earlier and earlier == server.stats()["totals"]["bytes_out"] and earlier
    taken = eventually(settled, 5, "it waits")
    head = conn.until(b"\r\n\r\n")
    return taken - len(head) - 4


@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_an_invitation_waits_for_a_client_that_does_not_read(serve, tmp_path, transport):
    """100 Continue behind an answer that just fits: it comes whole, before the next one, or later."""
    path = str(tmp_path / "socket")
    with serve(binds=None if transport == "tcp" else [f"unix:{path}"]) as s, ExitStack() as stack:
        address = s.address if transport == "tcp" else path
        with Conn(address) as c:
            taken = bytes_the_kernel_takes(s, c)
        sizes = [*range(taken - 60, taken + 20), *range(taken - 20_000, taken + 20_000, 1000)]
        conns = [stack.enter_context(Conn(address)) for _ in sizes]
        for c, n in zip(conns, sizes):
            c.send(request(f"/bytes?n={n}") + INVITED)
        time.sleep(0.3)
        for c, n in zip(conns, sizes):
            assert len(c.read().body) == n
            assert c.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
            c.send(b"hello")
            assert c.read().status == 200


def statistics_pid(server):
    for pid in pids_of_session(server.process.pid):
        if b": statistics" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no statistics process")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes memory of its own")
def test_large_pipelined_answers_are_made_one_by_one(serve):
    """Small requests, answers from the heap: who does not read them gets no second one."""
    with serve("--write-timeout", "60") as s:
        pid = statistics_pid(s)
        for _ in range(3):
            size = len(get(s.admin, "/metrics").body)
        before = private_bytes(pid)
        clients = [SlowConn(s.admin) for _ in range(10)]
        for c in clients:
            c.send(request("/metrics") * 1000)

        def has_settled():
            earlier = private_bytes(pid)
            time.sleep(0.5)
            return private_bytes(pid) == earlier
        eventually(has_settled, 20, "all of them wait")
        grown = (private_bytes(pid) - before) / 10
        print(f"{grown:.0f} bytes of private memory for each of 10, answers of {size}")
        assert grown < 8 * size + 65_536
        for c in clients:
            c.close()


def test_unix_sockets_have_back_pressure_too(serve, tmp_path):
    path = str(tmp_path / "socket")
    with serve("--write-timeout", "1500ms", binds=[f"unix:{path}"]) as s:
        with Conn(path) as c:
            assert len(c.get("/stream?pieces=30&size=500000").body) == 15_000_000
            assert len(c.get("/file?n=5000000").body) == 5_000_000
            c.send(request("/stream?pieces=9999&size=500000"))
            closes(s, "write_timeout")
        s.wait_busy(0)


@pytest.mark.short
def test_a_stream_ends_in_its_own_time_when_the_server_stops(server):
    with server.conn() as c:
        c.send(request("/stream?pieces=20&size=100&ms=50"))
        c.until(b"\r\n\r\n")
        server.process.terminate()
        assert raw_chunks(c, 21) == [100] * 20 + [0]
        assert c.is_closed_within(5)
    server.ended()


# --- handlers that take too long ---------------------------------------------------


@pytest.mark.short
def test_a_stream_past_its_deadline_is_cut(serve):
    with serve("--timeout", "1s", workers=2) as s:
        s.may_lose_workers = True
        with s.conn() as waiting, SlowConn(s.address) as blocked:
            waiting.send(request("/stream?pieces=9999&size=10&ms=100"))
            blocked.send(request("/stream?pieces=9999&size=1000000"))
            for c in (waiting, blocked):
                with pytest.raises((Closed, ConnectionResetError)):
                    c.read()
        closes(s, "deadline", 2)
        assert s.get("/hello").status == 200


def test_a_stream_that_still_waits_for_its_turn_is_answered_for(serve):
    """Before its head has gone a 504 can be sent, behind what comes before it."""
    with serve("--timeout", "1s", *FILLING_OPTIONS, workers=2) as s:
        s.may_lose_workers = True
        with SlowConn(s.address) as c:
            c.send(FILLING + request("/stream?pieces=3"))
            eventually(lambda: s.stats()["totals"]["written_off"] == 1, 10, "it is written off")
            read_filling(c)
            assert c.read().status == 504


# --- many at once ------------------------------------------------------------------


def test_more_streams_than_slots(serve):
    """Streams move between workers like any request, and none loses or gains a byte."""
    with serve(workers=2, threads=3) as s:
        conns = [s.conn() for _ in range(20)]
        for round_ in range(5):
            for i, c in enumerate(conns):
                c.send(request(f"/stream?pieces={i + 1}&size={1000 * round_ + 1}&ms=1"))
            for i, c in enumerate(conns):
                assert len(c.read().body) == (i + 1) * (1000 * round_ + 1)
        s.completed(100)
        for c in conns:
            c.close()


def test_the_access_log_counts_what_a_stream_sent(serve, tmp_path):
    log = tmp_path / "access"
    with serve("--access-logfile", log, "--access-logformat", "%(s)s %(b)s %({x-a}o)s") as s:
        assert len(s.get("/stream?pieces=3&size=100").body) == 300
        eventually(lambda: log.read_text(), 5, "a line")
        assert log.read_text().split()[:2] == ["200", str(3 * (100 + 6) + 5)]

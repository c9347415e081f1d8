"""Handlers that run too long, or never end: what their clients get, and what all others notice."""

import os
import re
import signal
import socket
import time

import pytest

from client import FILLING, FILLING_COUNT, Closed, SlowConn, read_filling, request
from load import Background, at_once
from server import PATIENCE, eventually
from test_04_apps import compile_app
from test_40_leaving import reset

# Until nobody is there, without a pause.
ASKING = """
#include <littled/app.h>
static int handle(struct ltd_exchange *x, void *state)
{
	(void)state;
	while (!ltd_request_client_is_gone(x))
		;
	return 0;
}
static const struct ltd_route routes[] = { { "/", LTD_SLOT, LTD_GET, handle }, { 0 } };
LTD_APP = { .abi = LTD_ABI, .name = "asking", .routes = routes };
"""


def config(tmp_path, **settings):
    """A file that mounts the workload app with its dangerous routes."""
    path = tmp_path / "faults.ini"
    lines = ["[littled]", *(f"{k} = {v}" for k, v in settings.items()),
             "[route /]", "app = workload", "allow_crash = true"]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def faulty(serve, tmp_path):
    """faulty(timeout=..., workers=..., threads=...) -> a Server whose handlers may be stuck."""
    def make(workers=1, threads=2, **settings):
        return serve("-c", config(tmp_path, **settings), app=None, workers=workers,
                     threads=threads)
    return make


def test_stuck_and_crash_need_a_setting(server):
    for path in ("/stuck", "/crash"):
        answer = server.get(path)
        assert answer.status == 403 and b"allow_crash" in answer.body


@pytest.mark.short
def test_a_handler_past_its_deadline_is_answered_for(faulty):
    with faulty(timeout="500ms") as s:
        begin = time.monotonic()
        with s.conn() as c:
            c.send(request("/stuck"))
            answer = c.read()
            took = time.monotonic() - begin
            assert answer.status == 504 and answer.header("Connection") == "close"
            assert b"took too long" in answer.body
            assert c.is_closed_within(5)
        assert took >= 0.5
        text = s.stderr()
        assert re.search(r"worker 0: slot \d written off: the handler of /stuck has run for", text)
        eventually(lambda: re.search(r"littled.*\(\+0x", s.stderr()), 5, "a backtrace is logged")
        totals = s.stats()["totals"]
        assert totals["written_off"] == 1
        assert totals["status"]["504"] == 1


def test_who_waited_half_closed_is_answered_for_as_well(faulty):
    """The beginning of his answer went out when his handler started (net/conn_gone.c)."""
    with faulty(timeout="500ms", threads=1) as s, s.conn() as busy, s.conn() as c:
        busy.send(request("/sleep?ms=200"))
        s.wait_busy(1)
        c.send(request("/stuck"))
        c.socket.shutdown(socket.SHUT_WR)
        assert busy.read().status == 200
        assert c.read().status == 504 and c.is_closed_within(5)


def test_asking_for_the_client_over_and_over_keeps_no_deadline_away(serve, tmp_path):
    app = compile_app(tmp_path, ASKING)
    with serve("--timeout", "1s", app=str(app)) as s:
        for is_half_closed in (False, True):
            with s.conn() as c:
                begin = time.monotonic()
                c.send(request("/"))
                if is_half_closed:
                    c.socket.shutdown(socket.SHUT_WR)
                assert c.read().status == 504
                assert 1 <= time.monotonic() - begin < 1 + PATIENCE


@pytest.mark.short
def test_what_ends_in_time_is_left_alone(faulty):
    with faulty(timeout="1s") as s:
        answers = at_once([lambda: s.get("/sleep?ms=500")] * 2)
        assert [a.status for a in answers] == [200, 200]
        assert s.stats()["totals"]["written_off"] == 0


def test_other_requests_go_on_beside_a_stuck_one(faulty):
    with faulty(timeout="1s", threads=2) as s:
        stuck = Background(lambda: s.get("/stuck"))
        s.wait_busy(1)
        while stuck.value is None:
            assert s.get("/sleep?ms=20").status == 200
        assert stuck.result().status == 504
        assert s.get("/hello").status == 200


@pytest.mark.short
def test_the_worker_is_replaced_and_takes_nobody_with_it(faulty):
    with faulty(timeout="500ms", threads=4) as s:
        [before] = s.worker_pids()
        slow = Background(lambda: s.get("/sleep?ms=450"))
        assert s.get("/stuck").status == 504
        assert slow.result().status == 200
        def replaced():
            pids = s.worker_pids()
            return pids and pids != [before]
        eventually(replaced, 10, "another worker serves")
        assert s.get("/sleep?ms=1").status == 200
        eventually(lambda: f"process {before} has left" in s.stderr(), 10, "the old one is gone")


DEAF = """
#include <littled/app.h>
#include <signal.h>
#include <unistd.h>
static int deaf(struct ltd_exchange *x, void *state)
{
	sigset_t all;
	(void)state;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;)
		pause();
	return ltd_response_write(x, "x", 1);
}
static int hello(struct ltd_exchange *x, void *state)
{
	(void)state;
	return ltd_response_write(x, "x", 1);
}
static const struct ltd_route routes[] = { { "/deaf", LTD_SLOT, LTD_GET, deaf },
	{ "/hello", LTD_INLINE, LTD_GET, hello }, { 0 } };
LTD_APP = { .abi = LTD_ABI, .name = "deaf", .routes = routes };
"""


def test_threads_that_do_not_say_where_they_are_hold_up_the_loop_once(serve, tmp_path):
    """As of a file system that hangs: each answer is out before anybody waits for a backtrace."""
    with serve("-t", "1s", app=compile_app(tmp_path, DEAF), threads=8) as s:
        stuck = [Background(lambda: s.get("/deaf")) for _ in range(6)]
        s.wait_busy(6)
        slowest = 0
        while any(b.value is None for b in stuck):
            begin = time.monotonic()
            assert s.get("/hello").status == 200
            slowest = max(slowest, time.monotonic() - begin)
        assert [b.result().status for b in stuck] == [504] * 6
        assert slowest < 1.5 * PATIENCE
        eventually(lambda: s.stderr().count("this thread does not answer") == 6, 5, "it is said")
        s.process.send_signal(signal.SIGQUIT)
        s.ended()


def test_other_slots_have_their_own_deadlines(faulty):
    """However little time workers that leave have otherwise."""
    with faulty(timeout="2s", graceful_timeout="300ms", threads=4) as s:
        stuck = Background(lambda: s.get("/stuck"))
        s.wait_busy(1)
        time.sleep(0.5)
        others = [Background(lambda: s.get("/sleep?ms=1800")), Background(lambda: s.get("/stuck"))]
        assert stuck.result().status == 504
        assert [b.result().status for b in others] == [200, 504]
        assert s.stats()["totals"]["written_off"] == 2 and s.stats()["totals"]["lost"] == 0
        eventually(lambda: "has left" in s.stderr(), 10, "the old one is gone, by itself")


def test_every_slot_stuck_and_those_who_wait_are_served_by_the_next_worker(faulty):
    with faulty(timeout="700ms", threads=2) as s:
        stuck = [Background(lambda: s.get("/stuck")) for _ in range(2)]
        s.wait_busy(2)
        waiting = [Background(lambda: s.get("/sleep?ms=5")) for _ in range(6)]
        assert [b.result().status for b in stuck] == [504, 504]
        assert [b.result().status for b in waiting] == [200] * 6


def test_who_waits_behind_an_answer_not_taken_yet_moves_on(faulty):
    """Its worker has no slot any more: the answer is sent from there, the request served elsewhere;
    and a client that left before such an answer holds up nobody."""
    with faulty(timeout="500ms", threads=1, tcp_notsent_lowat="4k") as s:
        with s.conn() as stuck, SlowConn(s.address) as gone, SlowConn(s.address) as slow, \
                s.conn() as other:
            stuck.send(request("/stuck"))
            s.wait_busy(1)
            for i, c in enumerate((gone, slow)):
                c.send(FILLING + request("/sleep?ms=1"))
                eventually(lambda: s.stats()["workers"][0]["queued"] == i + 1, 5, "it waits")
            other.send(request("/sleep?ms=2"))
            reset(gone)
            assert stuck.read().status == 504
            read_filling(slow)
            assert len(slow.read().body) == 3
            assert other.read().status == 200
        ended = 4 + 2 * FILLING_COUNT
        totals = eventually(lambda: t if (t := s.stats()["totals"])["completions"] == ended else None,
                            5, "all have ended")
        assert totals["lost"] == 0 and totals["status"]["499"] >= 2


def test_what_was_pipelined_before_it_is_answered_first(faulty):
    with faulty(timeout="500ms") as s, s.conn() as c:
        c.send(request("/hello") + request("/stuck") + request("/hello"))
        assert c.read().status == 200
        assert c.read().status == 504
        assert c.is_closed_within(5)  # the third was not looked at


def test_a_stream_past_its_deadline_is_cut(faulty):
    with faulty(timeout="500ms") as s, s.conn() as c:
        c.send(request("/stream?pieces=100&size=10&ms=50"))
        begin = time.monotonic()
        with pytest.raises(Closed):
            c.read()  # no last chunk
        assert 0.4 < time.monotonic() - begin < 4
        eventually(lambda: s.stats()["closes"]["deadline"] == 1, 5, "the close is counted")
        totals = s.stats()["totals"]
        assert totals["written_off"] == 1 and totals["arrivals"] == totals["completions"]


def test_a_stream_that_ends_with_its_connection_is_reset_at_its_deadline(faulty):
    """Or it would look whole (RFC 9112 8)."""
    with faulty(timeout="500ms") as s, s.conn() as c:
        c.send(request("/stream?pieces=100&size=10&ms=50", version="1.0"))
        with pytest.raises(ConnectionResetError):
            c.read()


def test_a_stream_that_ends_with_its_connection_is_reset_when_its_worker_dies(faulty):
    with faulty(timeout="30s") as s, s.conn() as c:
        s.may_lose_workers = True
        assert len(s.get("/stream?pieces=20&size=10", version="1.0").body) == 200
        c.send(request("/stream?pieces=100&size=10&ms=50", version="1.0"))
        c.until(b"\r\n\r\n")
        os.kill(s.worker_pids()[0], signal.SIGKILL)
        with pytest.raises(ConnectionResetError):
            while c.more():
                pass


def test_a_stream_cut_at_its_deadline_has_its_line_in_the_access_log(faulty, tmp_path):
    log = tmp_path / "access"
    with faulty(timeout="500ms", access_logfile=log, access_logformat="%(r)s %(s)s %(S)s") as s:
        for version in ("1.1", "1.0"):
            with s.conn() as c, pytest.raises((Closed, ConnectionResetError)):
                c.send(request("/stream?pieces=100&size=10&ms=50", version=version))
                c.read()
        eventually(lambda: log.read_text().count("\n") == 2, 5, "two lines")
    for line, version in zip(log.read_text().splitlines(), ("1.1", "1.0")):
        text, service_us = line.rsplit(" ", 1)
        assert text == f"GET /stream?pieces=100&size=10&ms=50 HTTP/{version} 504"
        assert int(service_us) >= 500_000


def test_a_client_that_left_meanwhile_is_no_trouble(faulty):
    with faulty(timeout="500ms") as s:
        c = s.conn()
        c.send(request("/stuck"))
        s.wait_busy(1)
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        c.socket.close()
        eventually(lambda: s.stats()["totals"]["written_off"] == 1, 5, "it is written off")
        assert s.get("/hello").status == 200


def test_the_law_holds_over_what_was_written_off(faulty):
    with faulty(timeout="300ms", threads=4) as s:
        for _ in range(2):
            at_once([lambda: s.get("/stuck")] * 2 + [lambda: s.get("/sleep?ms=50")] * 4)
        stats = eventually(lambda: (lambda t: t if t["totals"]["completions"] == 12 else None)(
            s.stats()), 5, "12 completions")
        assert stats["totals"]["arrivals"] == 12
        assert stats["concurrency"]["now"] == 0


def test_a_crash_takes_its_worker_alone(faulty):
    with faulty(workers=2, threads=2, timeout="30s") as s:
        s.may_lose_workers = True
        pids = set(s.worker_pids())
        with pytest.raises(Exception):
            s.get("/crash")
        eventually(lambda: len(s.worker_pids()) == 2 and set(s.worker_pids()) != pids, 10,
                   "two workers serve again")
        assert s.get("/hello").status == 200


def test_a_slow_request_says_whose_time_it_was(serve):
    with serve("--slow-request-log", "200ms", threads=1) as s:
        first = Background(lambda: s.get("/sleep?ms=400"))
        s.wait_busy(1)
        assert s.get("/sleep?ms=1").status == 200
        first.result()
        assert s.get("/hello").status == 200
        impatient = s.conn()
        impatient.send(request("/sleep?ms=300"))
        s.wait_busy(1)
        reset(impatient)
        def lines():
            found = re.findall(r"slow request, ([^:]*): \"GET (\S+) \S+ (\d+)", s.stderr())
            return found if len(found) == 3 else None
        assert set(eventually(lines, 5, "three lines")) == {
            ("it was served slowly", "/sleep?ms=400", "200"), ("it waited", "/sleep?ms=1", "200"),
            ("it was served slowly", "/sleep?ms=300", "499")}


def test_a_short_timeout_is_for_requests_not_for_the_loop(faulty):
    """An idle loop turns every now and then, and on a busy machine later."""
    with faulty(timeout="5ms") as s:
        [pid] = s.worker_pids()
        time.sleep(1.5)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.3)
        os.kill(pid, signal.SIGCONT)
        time.sleep(1)
        assert s.worker_pids() == [pid]
        assert "no sign of life" not in s.stderr()

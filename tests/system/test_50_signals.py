"""Signals to the master and to workers, as users of gunicorn and nginx know them."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

from client import Closed, Conn, get, request
from load import Background
from server import LITTLED, clean_environment, eventually, free_port, pids_of_session
from steady import Steady


def ready(server, count):
    """The pids of the ready workers, once so many are there and no others."""
    def probe():
        rows = server.stats()["workers"]
        pids = [w["pid"] for w in rows if w["state"] == "ready"]
        return (pids,) if len(pids) == len(rows) == count else None
    return eventually(probe, 20, f"{count} workers")[0]


# --- more and fewer ---------------------------------------------------------

@pytest.mark.short
def test_ttin_and_ttou(serve):
    with serve(workers=2, threads=2) as s:
        for how, count in ((signal.SIGTTIN, 3), (signal.SIGTTIN, 4), (signal.SIGTTOU, 3),
                           (signal.SIGTTOU, 2), (signal.SIGTTOU, 1), (signal.SIGTTOU, 1)):
            s.process.send_signal(how)
            ready(s, count)
            assert s.stats()["littled"]["workers"] == count
            assert s.stats()["slots"] == 2 * count
        assert s.get("/hello").status == 200


def test_whoever_can_connect_may_send_any_signal():
    """The first moment somebody is listening is early: before the loop, before any worker."""
    for how in (signal.SIGHUP, signal.SIGTTIN, signal.SIGUSR1, signal.SIGTERM) * 4:
        port = free_port()
        process = subprocess.Popen([LITTLED, "-b", f"127.0.0.1:{port}", "workload"],
                                   env=clean_environment(), stderr=subprocess.DEVNULL)
        try:
            eventually(lambda port=port: can_connect(port), 10, "it listens", every=0)
            process.send_signal(how)
            if how != signal.SIGTERM:
                assert get(("127.0.0.1", port), "/hello").status == 200
                process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


def can_connect(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_the_oldest_leaves_first(serve):
    with serve(workers=2) as s:
        first = set(ready(s, 2))
        s.process.send_signal(signal.SIGTTIN)
        newest = set(ready(s, 3)) - first
        s.process.send_signal(signal.SIGTTOU)
        assert newest < set(ready(s, 2))


def test_there_is_a_limit(serve):
    with serve(workers=1) as s:
        for _ in range(40):
            s.process.send_signal(signal.SIGTTIN)
            time.sleep(0.005)
        eventually(lambda: "there is room for 14" in s.stderr(), 5, "it says so")
        assert len(ready(s, 14)) == 14


def test_a_storm_of_both_loses_none(serve):
    with serve("--keep-alive", "30", workers=2, threads=16) as s:
        with Steady(s.address, 200) as load:
            for i in range(40):
                s.process.send_signal(signal.SIGTTOU if i % 3 == 2 else signal.SIGTTIN)
                time.sleep(0.03)
            for _ in range(40):
                s.process.send_signal(signal.SIGTTOU)
                time.sleep(0.03)
            ready(s, 1)
        load.check(100)
        assert load.closed_idle == 0


# --- without workers --------------------------------------------------------

def test_winch_drains_the_workers_and_ttin_brings_one_back(serve):
    with serve("--keep-alive", "1", workers=2, threads=2) as s:
        with s.conn() as kept, s.conn() as busy:
            assert kept.get("/hello").status == 200
            busy.send(request("/sleep?ms=500"))
            s.wait_busy(1)
            s.process.send_signal(signal.SIGWINCH)
            eventually(lambda: not s.worker_pids(), 5, "none takes more")
            assert s.stats()["littled"]["workers"] == 0
            answer = kept.get("/hello")
            assert answer.status == 200 and answer.header("Connection") == "close"
            assert busy.read().status == 200
        ready(s, 0)
        assert get(s.admin, "/readyz").status == 503
        assert get(s.admin, "/healthz").status == 200
        waiting = Background(lambda: s.get("/hello"))  # in the listener's queue
        time.sleep(0.2)
        assert waiting.value is None
        s.process.send_signal(signal.SIGTTIN)
        assert waiting.result().status == 200
        ready(s, 1)


def test_the_resizing_of_a_terminal_is_no_winch(serve):
    """The kernel sends SIGWINCH to whoever runs in a terminal that is resized."""
    import fcntl
    import pty
    import struct
    import termios

    with serve(workers=1) as s:
        command = [LITTLED, "-b", "127.0.0.1:0", "workload"]
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(follower)
        try:
            text = ""
            while "serving" not in text:
                text += os.read(leader, 4096).decode()
            fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
            time.sleep(0.3)
            process.send_signal(signal.SIGWINCH)
            while "are wanted" not in text:
                text += os.read(leader, 4096).decode()
            assert text.count("are wanted") == 1
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
            os.close(leader)
        assert s.get("/hello").status == 200


# --- the end ----------------------------------------------------------------

@pytest.mark.short
def test_term_answers_all_that_was_sent_before_it(serve):
    """New and kept-alive connections, in the queue, in slots and between; then it is gone."""
    with serve(workers=2, threads=8) as s:
        for _ in range(20):
            conns = [s.conn() for _ in range(20)]
            for conn in conns[:10]:
                assert conn.get("/hello").status == 200
        for i, conn in enumerate(conns):
            conn.send(request(f"/sleep?ms={i * 10}"))
        fresh = [Conn(s.address) for _ in range(20)]
        for conn in fresh:
            conn.send(request("/sleep?ms=20"))
        s.process.send_signal(signal.SIGTERM)
        for conn in conns + fresh:
            assert conn.read().status == 200
        s.ended()
        with pytest.raises(ConnectionRefusedError):
            Conn(s.address)


def test_a_request_soon_after_term_on_a_kept_connection_is_answered(serve):
    with serve(workers=1) as s:
        with s.conn() as kept, s.conn() as quiet:
            assert kept.get("/hello").status == quiet.get("/hello").status == 200
            s.process.send_signal(signal.SIGTERM)
            eventually(lambda: "stopping" in s.stderr(), 5, "it stops")
            time.sleep(0.1)
            answer = kept.get("/hello")
            assert answer.status == 200 and answer.header("Connection") == "close"
            assert quiet.is_closed_within(10)
        s.ended()


def test_term_serves_on_for_the_delay(serve):
    with serve("--drain-delay", "1500ms", workers=1) as s:
        begin = time.monotonic()
        s.process.send_signal(signal.SIGTERM)
        eventually(lambda: get(s.admin, "/readyz").status == 503, 1, "the probe says no at once")
        while time.monotonic() < begin + 1:
            with s.conn() as conn:
                answer = conn.get("/hello")
                assert answer.status == 200 and answer.header("Connection") != "close"
            assert get(s.admin, "/healthz").status == 200
        s.ended()
        assert time.monotonic() - begin >= 1.5


def test_a_second_term_is_quick(serve):
    for again in (signal.SIGTERM, signal.SIGINT):
        with serve(workers=2, threads=2) as s:
            job = Background(lambda: s.get("/sleep?ms=20000"))
            s.wait_busy(1)
            s.process.send_signal(signal.SIGTERM)
            eventually(lambda: "stopping: requests" in s.stderr(), 5, "it drains")
            begin = time.monotonic()
            s.process.send_signal(again)
            s.ended()
            assert time.monotonic() - begin < 5
            with pytest.raises((OSError, Closed)):
                job.result()


def test_what_is_left_at_the_deadline_is_cut_and_counted(serve):
    with serve("--graceful-timeout", "500ms", workers=2, threads=2) as s:
        s.may_lose_workers = True
        jobs = [Background(lambda: s.get("/sleep?ms=20000")) for _ in range(3)]
        s.wait_busy(3)
        s.stop(signal.SIGTERM)
        for job in jobs:
            with pytest.raises((OSError, Closed)):
                job.result()
        assert "requests lost since the start: 3" in s.stderr()


# --- to a worker ------------------------------------------------------------

@pytest.mark.short
def test_abrt_has_a_worker_say_what_it_does(serve):
    with serve(workers=1, threads=3) as s:
        s.may_lose_workers = True
        job = Background(lambda: s.get("/sleep?ms=20000"))
        s.wait_busy(1)
        os.kill(s.worker_pids()[0], signal.SIGABRT)
        with pytest.raises((OSError, Closed)):
            job.result()
        eventually(lambda: "by signal 6" in s.stderr(), 10, "it dies of it")
        text = s.stderr()
        assert re.search(r"worker 0 \(process \d+\) was told to abort", text)
        assert re.search(r"slot 0: busy with /sleep for \d+ ms, thread \d+ is at:\n.*\(", text)
        assert re.search(r"slot [12]: idle", text)
        assert re.search(r"leader: the loop turned \d+ ms ago, thread \d+ is at:\n.*\(", text)
        ages = [int(ms) for ms in re.findall(r"(?:for|turned) (\d+) ms", text)]
        assert len(ages) == 4 and max(ages) < 60000, ages
        assert "requests lost: 1" in text
        assert s.get("/hello").status == 200


def test_a_worker_whose_loop_hangs_is_replaced(serve):
    with serve("-t", "1s", workers=2, threads=2) as s:
        s.may_lose_workers = True
        hung = s.worker_pids()[0]
        os.kill(hung, signal.SIGSTOP)
        eventually(lambda: hung not in pids_of_session(s.process.pid), 20, "it is killed")
        assert "no sign of life" in s.stderr()
        assert len(ready(s, 2)) == 2


def test_signals_for_the_master_do_no_worker_harm(serve):
    """As when they are sent to the whole group, or the terminal goes away."""
    with serve(workers=2) as s:
        pids = s.worker_pids()
        for how in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGWINCH):
            for pid in pids:
                os.kill(pid, how)
        assert s.get("/hello").status == 200
        assert s.worker_pids() == pids


def test_the_death_of_a_worker_costs_twenty_milliseconds(serve):
    with serve(workers=1, threads=2) as s:
        s.may_lose_workers = True
        took = []
        for _ in range(5):
            victim = ready(s, 1)[0]
            time.sleep(1.1)  # or it would be one that dies young
            begin = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            assert s.get("/hello").status == 200
            took.append(time.monotonic() - begin)
        assert min(took) < 0.1, took

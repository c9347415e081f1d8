"""Master and workers: titles, death and replacement, graceful and quick ends."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

import client
from load import Background
from server import PATIENCE, eventually, is_alive, pids_of_session, stat_of

GROWING = ("arrivals", "completions", "concurrency_seconds", "accepted")


def title(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()


def thread_names(pid):
    return {p.read_text().strip() for p in Path(f"/proc/{pid}/task").glob("*/comm")}


def test_titles_and_thread_names(server_5x8):
    assert title(server_5x8.process.pid).startswith("littled: master")
    eventually(lambda: len(server_5x8.worker_pids()) == 5, 10, "five workers")
    pids = server_5x8.worker_pids()
    numbers = {re.match(r"littled: worker (\d+)", title(pid))[1] for pid in pids}
    assert len(numbers) == 5
    for pid in pids:
        assert Path(f"/proc/{pid}/comm").read_text().startswith("littled: worker"), "not for pgrep(1)"
        # Each thread names itself, when it comes to run.
        eventually(lambda: len(thread_names(pid)) >= 9, 5, f"nine names, not {thread_names(pid)}")


def test_the_pid_file(serve, tmp_path):
    path = tmp_path / "littled.pid"
    with serve("-p", path) as s:
        assert int(path.read_text()) == s.process.pid
        s.stop()
        assert not path.exists()


def test_workers_are_children_of_the_master(server_5x8):
    for pid in server_5x8.worker_pids():
        assert stat_of(pid)[1] == server_5x8.process.pid


# --- death of a worker ------------------------------------------------------

def growing(server, before):
    """The totals now, none of them less than before."""
    totals = server.stats()["totals"]
    for name in GROWING:
        assert totals[name] >= before.get(name, 0), name
    for status, n in before.get("status", {}).items():
        assert totals["status"].get(status, 0) >= n, status
    return totals


@pytest.mark.short
def test_a_killed_worker_is_replaced_and_nothing_is_forgotten(serve):
    with serve(workers=3, threads=2) as s:
        for _ in range(30):
            assert s.get("/sleep?ms=1").status == 200
        totals = s.completed(30)
        victim = s.worker_pids()[1]
        others = set(s.worker_pids()) - {victim}
        s.may_lose_workers = True
        os.kill(victim, signal.SIGKILL)

        def replaced():
            nonlocal totals
            totals = growing(s, totals)
            assert s.get("/hello", timeout=5 * PATIENCE).status == 200
            pids = set(s.worker_pids())
            return pids if len(pids) == 3 and victim not in pids else None

        assert others < eventually(replaced, 10, "the worker is replaced")
        assert not is_alive(victim)

        for _ in range(30):
            assert s.get("/sleep?ms=1").status == 200
        assert growing(s, totals)["status"]["200"] >= 59
        assert str(victim) in s.stderr()


def test_only_the_requests_of_the_killed_worker_are_lost(serve):
    with serve(workers=2, threads=2) as s:
        jobs = [Background(lambda: s.get("/sleep?ms=1500")) for _ in range(4)]
        s.wait_busy(4)
        workers = s.stats()["workers"]
        s.may_lose_workers = True
        os.kill(workers[0]["pid"], signal.SIGKILL)
        answered = lost = 0
        for job in jobs:
            try:
                answered += job.result().status == 200
            except (OSError, client.Closed):
                lost += 1
        assert (answered, lost) == (2, 2)
        law = s.window_with(2)["little"]
        assert abs(law["residual"]) / law["L"] < 0.001
        assert s.stats()["concurrency"]["total"] >= 0
        eventually(lambda: s.stats(1)["concurrency"]["total"] == 0, 5, "nothing is in flight")


def test_all_workers_killed_at_once(serve):
    with serve(workers=2, threads=2) as s:
        assert s.get("/hello").status == 200
        s.completed(1)  # counted a moment after it was answered
        killed = s.worker_pids()
        s.may_lose_workers = True
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(s.worker_pids()) == 2 and not set(killed) & set(s.worker_pids()),
                   10, "both are replaced")
        assert s.get("/hello").status == 200
        s.completed(2)


def test_whoever_kills_one_after_the_other_sees_each_replaced_at_once(serve):
    """Ready or not yet: those are no workers that die by their own fault."""
    with serve(workers=2) as s:
        s.may_lose_workers = True
        took = []
        for _ in range(20):
            begun = re.findall(r"worker \d+: process (\d+)\n", s.stderr())
            victim = [int(pid) for pid in begun if is_alive(int(pid))][-1]
            began = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: len(re.findall(r"worker \d+: process (\d+)\n", s.stderr())) > len(begun),
                       5, "another one begins", every=0.001)
            took.append(time.monotonic() - began)
        assert sorted(took)[10] < 0.05 * PATIENCE, took
        eventually(lambda: len(s.worker_pids()) == 2, 5, "two are ready")
        assert s.get("/hello").status == 200


def test_the_statistics_process_is_replaced_at_once(serve):
    with serve(workers=1) as s:
        s.may_lose_workers = True
        time.sleep(1.1)
        pid = next(p for p in pids_of_session(s.process.pid)
                   if "statistics" in Path(f"/proc/{p}/cmdline").read_text())
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        eventually(s.is_ready, 5, "the probe is answered again", every=0.005)
        assert time.monotonic() - began < 0.4 * PATIENCE


def test_workers_leave_when_the_master_is_killed(serve):
    with serve(workers=2, threads=2) as s:
        job = Background(lambda: s.get("/sleep?ms=600"))
        s.wait_busy(1)
        s.process.kill()
        assert job.result().status == 200
        s.process.wait(5)
        eventually(lambda: not pids_of_session(s.process.pid), 5, "the workers have left")


# --- the end ----------------------------------------------------------------

@pytest.mark.short
def test_term_answers_what_is_in_flight(serve):
    with serve(workers=2, threads=2) as s:
        with s.conn() as idle:
            idle.get("/hello")
            jobs = [Background(lambda: s.get("/sleep?ms=1000")) for _ in range(4)]
            s.wait_busy(4)
            waiting = Background(lambda: s.get("/sleep?ms=10"))
            time.sleep(0.2)
            begin = time.monotonic()
            s.stop(signal.SIGTERM)
            took = time.monotonic() - begin
            assert idle.is_closed_within(1)
        assert all(job.result().status == 200 for job in jobs)
        assert took < 4 * PATIENCE
        # Not accepted yet, or accepted and then answered: but never cut in the middle.
        try:
            assert waiting.result().status == 200
        except (OSError, client.Closed):
            pass
        with pytest.raises(OSError):
            client.connect(s.address, 1)


def test_term_gives_up_after_graceful_timeout(serve):
    with serve("--graceful-timeout", "1") as s:
        s.may_lose_workers = True
        job = Background(lambda: s.get("/sleep?ms=20000"))
        s.wait_busy(1)
        begin = time.monotonic()
        s.process.send_signal(signal.SIGTERM)
        s.process.wait(8 * PATIENCE)
        assert 0.8 < time.monotonic() - begin
        assert not pids_of_session(s.process.pid)
        with pytest.raises((OSError, client.Closed)):
            job.result()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_int_and_quit_end_it_quickly(serve, how):
    with serve(workers=2) as s:
        job = Background(lambda: s.get("/sleep?ms=20000"))
        s.wait_busy(1)
        begin = time.monotonic()
        s.stop(how)
        assert time.monotonic() - begin < 3 * PATIENCE
        with pytest.raises((OSError, client.Closed)):
            job.result()


def test_ctrl_c_reaches_all_at_once(serve):
    """A terminal signals the whole process group."""
    with serve(workers=3) as s:
        os.killpg(s.process.pid, signal.SIGINT)
        s.ended(5)
        assert "[ERROR]" not in s.stderr()


def test_a_second_signal_while_draining_ends_it_quickly(serve):
    with serve() as s:
        job = Background(lambda: s.get("/sleep?ms=20000"))
        s.wait_busy(1)
        s.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        begin = time.monotonic()
        s.stop(signal.SIGINT)
        assert time.monotonic() - begin < 3 * PATIENCE
        with pytest.raises((OSError, client.Closed)):
            job.result()


def test_not_ready_while_draining(serve):
    with serve() as s:
        job = Background(lambda: s.get("/sleep?ms=1500"))
        s.wait_busy(1)
        s.process.send_signal(signal.SIGTERM)

        def refused():
            return client.get(s.admin, "/readyz").status == 503
        eventually(refused, 1.2, "/readyz says 503")
        assert client.get(s.admin, "/healthz").status == 200
        assert job.result().status == 200
        s.ended()


def test_the_same_address_serves_again_at_once(serve):
    with serve() as s:
        address = s.address
        with s.conn() as c:
            c.get("/hello")
            s.stop()
    with serve(binds=["%s:%d" % address]):
        assert client.get(address, "/hello").status == 200

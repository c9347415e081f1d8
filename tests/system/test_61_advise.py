"""`littled advise`: what limits a real server, what it needs, and how near its forecasts come."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from load import Background
from server import LITTLED, PATIENCE, Server, clean_environment

pytestmark = pytest.mark.alone  # it looks for the only server of the machine


def run(*args, timeout=60):
    return subprocess.run([LITTLED, "advise", *map(str, args)], env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout * PATIENCE)


def advise(server, *args):
    done = run("--pid", server.process.pid, "--window", 10, "--arrivals", 300000, "--json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def load(server, rate, seconds, mix, seed=1):
    """An open loop of Poisson arrivals over [(weight, target)]."""
    urls = ",".join(f"{w} http://127.0.0.1:{server.address[1]}{t}" for w, t in mix)
    done = subprocess.run([LITTLED, "bench", "--rate", str(rate), "--duration", str(seconds),
                           "--seed", str(seed), "--json", "--mix", urls],
                          capture_output=True, text=True, timeout=60 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A server of 2 x 3 slots that has just had ten seconds at about 70 %."""
    with Server(tmp_path_factory.mktemp("advise"), workers=2, threads=3) as s:
        load(s, 70, 11, [(9, "/sleep?ms=40"), (1, "/sleep?ms=200")])
        yield s


def test_it_tells_what_it_saw(loaded):
    a = advise(loaded)
    seen = a["seen"]
    assert (seen["workers"], seen["threads"], seen["slots"]) == (2, 3, 6)
    assert seen["rate"] == pytest.approx(70, rel=0.3)
    assert seen["mean_service_s"] == pytest.approx(0.056, rel=0.15)
    assert seen["cpu_share"] < 0.2
    assert a["limit"] in ("nothing", "slots", "route")
    assert a["needed"]["workers"] * a["needed"]["threads"] >= a["needed"]["slots"]


def test_its_forecast_of_now_is_near_what_was_measured(loaded):
    a = advise(loaded)
    now = next(row for row in a["what_if"] if row["label"] == "now")
    # Ten seconds are 700 requests: their own p99 is that of seven. docs/advise.md has minutes.
    assert now["p99_wait_s"] == pytest.approx(a["seen"]["p99_wait_s"], rel=0.6, abs=0.06)
    assert now["p50_wait_s"] == pytest.approx(a["seen"]["p50_wait_s"], abs=0.02)
    assert now["utilisation"] == pytest.approx(a["seen"]["busy_slots"] / 6, rel=0.15)


def test_what_if_answers_what_is_asked(loaded):
    a = advise(loaded, "--slots", 300, "--service", "x1.5", "--rate", 100)
    asked = next(row for row in a["what_if"] if row["label"] == "asked")
    assert (asked["slots"], asked["rate"], asked["service_factor"]) == (300, 100, 1.5)
    assert asked["waiting_part"] < 0.001 and asked["p99_wait_s"] == 0
    unstable = advise(loaded, "--slots", 1)["what_if"][-1]
    assert unstable["state"] == "unstable" and "p99_wait_s" not in unstable


def test_saved_evidence_and_the_listener_s_give_the_same_advice(loaded, tmp_path):
    path = tmp_path / "evidence.json"
    live = advise(loaded, "--save", path)
    saved = run("--file", path, "--arrivals", 300000, "--json")
    assert saved.returncode == 0, saved.stderr
    again = json.loads(saved.stdout)
    assert again["needed"]["slots"] == live["needed"]["slots"]
    assert again["limit"] == live["limit"]
    url = run("--url", f"http://127.0.0.1:{loaded.admin[1]}", "--window", 60, "--json")
    assert url.returncode == 0, url.stderr
    assert json.loads(url.stdout)["seen"]["slots"] == 6


def test_text_states_its_assumptions(loaded):
    done = run("--pid", loaded.process.pid)
    assert done.returncode == 0
    for words in ("Limited by", "Needed so that", "Headroom", "What if", "Assumed:", "Allen and Cunneen"):
        assert words in done.stdout


def put_load(server, *args):
    done = subprocess.run([LITTLED, "bench", "--json", *map(str, args)], capture_output=True, text=True,
                          timeout=60 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def here(server, target):
    return f"http://127.0.0.1:{server.address[1]}{target}"


def test_a_closed_loop_is_advised_as_one(serve):
    """30 users on 20 slots: the forecast of now is what is, and 30 slots leave nobody waiting."""
    with serve(workers=2, threads=10) as s:
        load = Background(lambda: put_load(s, "--concurrency", 30, "--duration", 9, here(s, "/sleep?ms=50")))
        time.sleep(3)
        a = advise(s, "--window", 1)
        text = run("--pid", s.process.pid, "--window", 1).stdout
        load.result()
    now, needed = a["what_if"][0], next(r for r in a["what_if"] if "needs" in r["label"])
    assert (a["limit"], a["load"], now["state"]) == ("slots", "closed", "closed")
    assert now["mean_wait_s"] == pytest.approx(a["seen"]["mean_wait_s"], rel=0.15)
    assert now["rate"] == pytest.approx(a["seen"]["rate"], rel=0.1)
    assert a["needed"]["slots"] == pytest.approx(30, abs=2)
    assert needed["rate"] == pytest.approx(600, rel=0.15) and needed["mean_wait_s"] < 0.001
    assert "a closed loop:" in text and "clients x 2" in text
    assert not re.search(r"\de[+-]\d", text), text


def test_a_queue_that_grows_needs_slots_for_its_rate_not_for_its_length(serve):
    with serve(workers=1, threads=10) as s:
        put_load(s, "--rate", 200, "--duration", 4, here(s, "/sleep?ms=100"))
        a = advise(s)
    assert (a["limit"], a["load"], a["what_if"][0]["state"]) == ("slots", "open", "unstable")
    assert 15 <= a["needed"]["slots"] <= 40


def test_requests_that_were_shed_count_as_asked_for_and_not_as_served(serve):
    with serve("--max-queue", 2, workers=1, threads=2) as s:  # 100 a second
        shed = put_load(s, "--rate", 500, "--duration", 4, here(s, "/sleep?ms=20"))["outcomes"]["status_503"]
        a, route = advise(s), next(r for r in s.stats()["routes"] if r["route"] == "/sleep")
    assert shed > 1000
    assert a["seen"]["mean_service_s"] == pytest.approx(0.02, rel=0.2)
    assert a["seen"]["rate"] > 300, "those it refused, too"
    assert a["needed"]["slots"] >= 7 and a["load"] == "open"
    assert route["service"]["p50_s"] == pytest.approx(0.02, rel=0.2)
    assert route["service"]["count"] < 600 < route["count"]


def test_handlers_that_compute_want_cpus(serve):
    with serve(workers=2, threads=4) as s:
        users = 4 * len(os.sched_getaffinity(0)) + 8
        put_load(s, "--concurrency", users, "--duration", 4, here(s, "/cpu?ms=2"))
        a = advise(s)
    assert a["limit"] == "cpu", a
    # None, or as many as there are: never more, which would only share the CPUs.
    if a["needed"] is None:
        assert "CPUs are the limit" in a["why_none"]
    else:
        assert a["needed"]["slots"] <= 8 and "CPU-bound" in a["needed"]["why"]


def test_one_route_that_holds_the_slots_is_named(serve):
    with serve(workers=1, threads=4) as s:
        put_load(s, "--concurrency", 10, "--duration", 4, "--mix",
                 f"9 {here(s, '/sleep?ms=2')},1 {here(s, '/mixed?cpu=0&sleep=200')}")
        a = advise(s)
    assert a["limit"] == "route" and "/mixed" in a["evidence"]


def test_slow_clients_are_the_limit_when_they_are(serve):
    with serve(workers=1, threads=4) as s:
        slow = [socket.create_connection(s.address) for _ in range(10)]
        for c in slow:
            c.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n.")
        put_load(s, "--rate", 100, "--duration", 3, here(s, "/sleep?ms=5"))
        a = advise(s)
        for c in slow:
            c.close()
    assert a["limit"] == "client" and "being read or written" in a["evidence"]


def test_waiting_in_the_accept_queue_is_no_want_of_slots(serve):
    with serve("--worker-connections", 6, workers=1, threads=8) as s:
        slow = [socket.create_connection(s.address) for _ in range(4)]
        for c in slow:
            c.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n.")
        put_load(s, "--concurrency", 20, "--no-keepalive", "--duration", 4, here(s, "/sleep?ms=20"))
        a = advise(s)
        for c in slow:
            c.close()
    assert a["limit"] == "accept" and "are free" in a["evidence"]
    assert a["needed"] is None and a["headroom_rate"] is None, "slots were not what was waited for"


def test_bursts_within_a_second_are_seen(serve):
    """Thirty at once for eight slots, every second: as regular as a clock for who counts seconds."""
    with serve(workers=2, threads=4) as s, contextlib.ExitStack() as open_ones:
        clients = [open_ones.enter_context(socket.create_connection(s.address)) for _ in range(30)]
        begin = time.monotonic() + 0.2
        for second in range(9):
            time.sleep(max(0, begin + second - time.monotonic()))
            for c in clients:
                c.sendall(b"GET /sleep?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n")
            for c in clients:
                assert c.recv(65536)
        a = advise(s)
        text = run("--pid", s.process.pid, "--window", 10).stdout
    now = a["what_if"][0]
    assert a["limit"] == "slots" and "in bursts: up to" in a["evidence"]
    assert a["burst"] == pytest.approx(30, abs=4) and a["seen"]["Ca2"] < 0.5
    assert now["mean_wait_s"] == pytest.approx(a["seen"]["mean_wait_s"], rel=0.2)
    assert now["p99_wait_s"] == pytest.approx(a["seen"]["p99_wait_s"], rel=0.3)
    assert a["needed"]["slots"] == pytest.approx(30, abs=6)
    assert a["headroom_rate"] <= a["seen"]["rate"]
    assert "in bursts that the seconds do not show" in text and "Headroom: none" in text


def test_hung_workers_do_not_hinder_it(serve):
    with serve(threads=1) as s:
        [pid] = s.worker_pids()
        os.kill(pid, signal.SIGSTOP)
        try:
            done = run("--pid", s.process.pid, "--json")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert done.returncode == 3  # it has seen nothing
        assert json.loads(done.stdout)["limit"] == "no_data"


@pytest.mark.parametrize("args, status, words", [
    (["--nonsense"], 2, "no such option"),
    (["--window", "7"], 2, "--window 7"),
    (["--service", "2"], 2, "--service 2"),
    (["--rate", "1e300"], 2, "--rate 1e300"),
    (["--rate", "0"], 2, "--rate 0"),
    (["--service", "x1e300"], 2, "--service x1e300"),
    (["--service", "x1e-300"], 2, "--service x1e-300"),
    (["--target", "9" * 99], 2, "--target 999"),
    (["--file", "/nonexistent", "--window", "60"], 2, "--window"),
    (["--pid", "1", "--url", "http://127.0.0.1:1"], 2, "only one of"),
    (["--pid", "1"], 1, "no littled server"),
    (["--board", "/dev/null"], 1, "/dev/null"),
    (["--file", "/nonexistent"], 1, "No such file"),
    (["--url", "http://127.0.0.1:1"], 1, "Connection refused"),
    (["--url", "gopher://x"], 1, "neither"),
])
def test_what_cannot_be_done_is_said(args, status, words):
    done = run(*args)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_an_answer_that_is_none(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": 1}')
    done = run("--file", bad)
    assert done.returncode == 1 and "window_s" in done.stderr

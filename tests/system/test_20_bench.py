"""littled bench: what it reports is what happened, also by the word of others (wrk, httperf)."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from load import Background
from server import LITTLED, PATIENCE, clean_environment, eventually, free_port

pytestmark = pytest.mark.alone  # rates are measured


def start_bench(*args):
    return subprocess.Popen([LITTLED, "bench", *map(str, args)], env=clean_environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def end_of(process, status=0):
    out, err = process.communicate(timeout=60 * PATIENCE)
    assert process.returncode == status, f"{process.args}: {process.returncode}\n{out}\n{err}"
    assert "Sanitizer" not in err and "runtime error" not in err, err
    return out, err


def bench_text(*args, status=0):
    return end_of(start_bench(*args), status)


def bench(*args, status=0):
    return json.loads(bench_text(*args, "--json", status=status)[0])


def url(server, target):
    return "http://%s:%d%s" % (*server.address, target)


def the_law_holds(report):
    law = report["little"]
    assert law["L"] == pytest.approx(law["XW"] + law["edge"], rel=1e-6)
    assert abs(law["residual"]) <= 1e-9 * max(law["L"], 1)
    assert law["X"] == pytest.approx(report["throughput_rps"])


# --- closed loop -------------------------------------------------------------


@pytest.mark.short
def test_a_closed_loop_keeps_its_users_in_flight(serve):
    with serve(threads=8) as s:
        report = bench("--concurrency", 8, "--duration", 1, url(s, "/sleep?ms=20"))
    the_law_holds(report)
    assert report["in_flight"]["mean"] == pytest.approx(8, rel=0.03)
    assert report["in_flight"]["max"] == 8
    assert report["connects"] == 8
    assert 0.020 <= report["latency"]["p50_s"] < 0.030 * PATIENCE
    assert report["outcomes"]["ok"] == report["offered"] == report["answered"]


def test_users_who_think_are_fewer_in_flight(serve):
    with serve(threads=8) as s:
        report = bench("--concurrency", 8, "--think", "60ms", "--duration", 1.5, "--warmup", 0.2,
                       url(s, "/sleep?ms=20"))
    the_law_holds(report)
    assert report["in_flight"]["mean"] == pytest.approx(2, rel=0.15)
    assert report["throughput_rps"] == pytest.approx(100, rel=0.1)


def test_so_many_requests_and_no_more(serve):
    with serve(threads=8) as s:
        report = bench("--concurrency", 3, "--requests", 100, url(s, "/sleep?ms=1"))
        assert s.stats()["totals"]["completions"] == 100
    assert report["offered"] == report["answered"] == 100


def test_it_agrees_with_wrk(serve):
    """Of rounds that take turns the quietest: another program's work hits now one, now the other."""
    wrk = shutil.which("wrk") or pytest.skip("no wrk")
    theirs, ours = [], []
    with serve(threads=8) as s:
        target = url(s, "/sleep?ms=20")
        for _ in range(3):
            theirs.append(subprocess.run([wrk, "-t1", "-c8", "-d1s", target], capture_output=True,
                                         text=True, check=True).stdout)
            ours.append(bench("--concurrency", 8, "--duration", 1, target))
    rps = max(float(re.search(r"Requests/sec:\s+([0-9.]+)", said)[1]) for said in theirs)
    means = (re.search(r"Latency\s+([0-9.]+)(ms|us)", said).groups() for said in theirs)
    mean_s = min(float(n) * {"ms": 1e-3, "us": 1e-6}[unit] for n, unit in means)
    assert max(r["throughput_rps"] for r in ours) == pytest.approx(rps, rel=0.05)
    assert min(r["latency"]["mean_s"] for r in ours) == pytest.approx(mean_s, rel=0.05)


# --- open loop ---------------------------------------------------------------


@pytest.mark.short
@pytest.mark.parametrize("arrival, spread", [("constant", 0.02), ("poisson", 0.35)])
def test_an_open_loop_offers_its_rate(serve, arrival, spread):
    with serve(threads=16) as s:
        report = bench("--rate", 150, "--arrival", arrival, "--duration", 1.5, url(s, "/sleep?ms=10"))
    the_law_holds(report)
    assert report["arrival_rate"] == pytest.approx(150, rel=spread)
    assert report["answered"] == report["offered"]
    assert not report["unstable"]


def test_it_agrees_with_httperf(serve):
    """As with wrk, of rounds that take turns the quietest; httperf itself takes a whole CPU meanwhile."""
    httperf = shutil.which("httperf") or pytest.skip("no httperf")
    theirs, ours = [], []
    with serve(threads=16) as s:
        host, port = s.address
        for _ in range(3):
            theirs.append(subprocess.run(
                [httperf, "--server", host, "--port", str(port), "--uri", "/sleep?ms=50", "--rate", "100",
                 "--num-conns", "200"], capture_output=True, text=True, check=True, cwd=s.tmp).stdout)
            ours.append(bench("--rate", 100, "--arrival", "constant", "--requests", 200, "--no-keepalive",
                              url(s, "/sleep?ms=50")))
    rates = [float(re.search(r"Connection rate: ([0-9.]+)", said)[1]) for said in theirs]
    lives_ms = [float(re.search(r"Connection time \[ms\]: min \S+ avg ([0-9.]+)", said)[1])
                for said in theirs]
    assert max(r["arrival_rate"] for r in ours) == pytest.approx(max(rates), rel=0.05)
    assert min(r["latency"]["mean_s"] for r in ours) == pytest.approx(min(lives_ms) / 1000, rel=0.05)


def test_a_stall_is_not_hidden_by_waiting_for_it(serve):
    """Half of the schedule falls into a stall; a closed loop would meet it once."""
    with serve(threads=1) as s:
        stall = Background(lambda: s.get("/sleep?ms=1000"))
        s.wait_busy(1)
        report = bench("--rate", 50, "--arrival", "constant", "--duration", 2, url(s, "/sleep?ms=1"))
        stall.result()
    assert report["latency"]["p90_s"] > 0.6
    assert report["latency"]["p50_s"] < report["latency"]["p90_s"] / 2
    assert report["offered"] == pytest.approx(100, abs=1)


def test_over_capacity_it_says_so_and_prints_no_percentiles(serve):
    arguments = ("--rate", 100, "--duration", 2, "--seed", 3)
    with serve(threads=2) as s:  # 40 a second
        report = bench(*arguments, url(s, "/sleep?ms=50"))
        text, _ = bench_text(*arguments, url(s, "/sleep?ms=50"))
    assert report["unstable"] and report["latency"] is None and report["targets"][0]["latency"] is None
    assert "unstable: arrivals exceed capacity" in text
    assert "from the intended time" not in text


def test_long_requests_in_a_short_run_are_not_called_unstable(serve):
    with serve(threads=64) as s:
        report = bench("--rate", 60, "--duration", 0.5, url(s, "/sleep?ms=1000"))
    assert not report["unstable"]
    assert report["latency"]["p50_s"] == pytest.approx(1, rel=0.05)


def test_held_back_requests_wait_from_their_intended_time(serve):
    with serve(threads=8) as s:
        report = bench("--rate", 100, "--arrival", "constant", "--requests", 50, "--max-in-flight", 1,
                       url(s, "/sleep?ms=15"))
    assert report["held"] > 30 and report["connects"] == 1
    assert report["service"]["p50_s"] < 0.025 < 0.1 < report["latency"]["p50_s"]


def test_far_over_capacity_it_says_so_without_waiting_for_the_queue(serve):
    with serve(threads=2) as s:  # 20 a second: the rest would take a minute
        begin = time.monotonic()
        report = bench("--rate", 600, "--duration", 2, url(s, "/sleep?ms=100"))
        assert time.monotonic() - begin < 2 + 3 * PATIENCE
        # It closes what it no longer waits for so that the server does not serve it.
        eventually(lambda: s.stats()["concurrency"]["now"] == 0, 5 * PATIENCE, "the queue is gone")
    assert report["unstable"] and report["latency"] is None and report["errors"] == 0
    assert report["outcomes"]["unfinished"] > 1000
    assert sum(report["outcomes"].values()) == report["offered"]
    the_law_holds(report)


def test_over_capacity_with_a_short_timeout_it_says_so_too(serve):
    arguments = ("--rate", 200, "--duration", 3, "--timeout", 0.3)
    with serve(threads=2) as s:  # 40 a second; what starts in time is soon too old when it ends
        report = bench(*arguments, url(s, "/sleep?ms=50"))
        text, _ = bench_text(*arguments, url(s, "/sleep?ms=50"))
    assert report["unstable"] and report["latency"] is None
    assert report["outcomes"]["timeout"] > 300
    assert "unstable: arrivals exceed capacity" in text and "no answer in 0.3 s" in text


def test_what_hangs_is_not_called_a_queue(serve):
    with serve(threads=64) as s:
        mix = f"3 {url(s, '/sleep?ms=2000')},1 {url(s, '/sleep?ms=1')}"
        report = bench("--rate", 80, "--duration", 2, "--timeout", 0.2, "--mix", mix)
    assert not report["unstable"] and report["latency"] is None, "most time out, from the first on"


def test_out_of_descriptors_requests_wait_and_it_says_so(serve):
    with serve(threads=8) as s:
        few = ["bash", "-c", 'ulimit -n 30; exec "$@"', "-", LITTLED, "bench", "--rate", "200",
               "--duration", "1", url(s, "/sleep?ms=300")]
        done = subprocess.run(few, capture_output=True, text=True, timeout=60 * PATIENCE)
        report = json.loads(subprocess.run(few + ["--json"], capture_output=True, text=True,
                                           timeout=60 * PATIENCE).stdout)
    assert "out of descriptors" in done.stdout and "unstable" in done.stdout, done.stdout
    assert report["out_of_descriptors"] and report["held"] > 50
    assert report["outcomes"]["local"] == 0 and report["unstable"]


def test_a_generator_that_cannot_keep_up_says_so_in_time(server):
    begin = time.monotonic()
    text, _ = bench_text("--rate", "5e6", "--duration", 1, "--max-in-flight", 10, url(server, "/hello"))
    assert time.monotonic() - begin < 1.1 + 3 * PATIENCE
    assert "the generator cannot keep up: it sent" in text and "WARNING: the generator" in text
    assert "poisson arrivals at 5000000 a second" in text
    assert "from the intended time" not in text


def test_a_stopped_server_shows_in_p99(serve):
    """SIGSTOP for a second in the middle of four: a quarter of the arrivals meet it."""
    with serve(threads=8) as s:
        process = start_bench("--rate", 100, "--arrival", "constant", "--duration", 4, "--json",
                              url(s, "/sleep?ms=5"))
        time.sleep(1.5)
        [pid] = s.worker_pids()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(pid, signal.SIGCONT)
        report = json.loads(end_of(process)[0])
    assert not report["unstable"]
    assert 0.8 < report["latency"]["p99_s"] < 1.5 * PATIENCE
    assert report["latency"]["p50_s"] < 0.1


# --- answers -------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = [  # what a server sends, whether it closes then, and how the request ended
    (OK + b"Content-Length: 3\r\n\r\nabc", False, "ok"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", False, "ok"),
    (OK + b"\r\nabc", True, "ok"),
    (b"HTTP/1.0 200 OK\r\n\r\nabc", True, "ok"),
    (OK + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc", True, "ok"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", False, "ok"),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", False, "ok"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", False, "ok"),
    (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", False, "ok"),
    (OK + b"Content-Length: 8000000\r\n\r\n" + b"x" * 8000000, False, "ok"),
    (OK + b"Content-Length: 100\r\n\r\nabc", True, "closed"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", True, "closed"),
    (b"", True, "closed"),
    (b"\x00\xff\x01 no HTTP\r\n\r\n", True, "protocol"),
    (OK + b"Content-Length: zz\r\n\r\nabc", True, "protocol"),
    (OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True, "protocol"),
    (None, True, "reset"),
]


def answer_all(listener, answer, closes):
    def serve_one(c):
        with c:
            while c.recv(65536):
                if answer is None:
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                c.sendall(answer)
                if closes:
                    return
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve_one, args=(connection,), daemon=True).start()


@pytest.mark.parametrize("answer, closes, outcome", ANSWERS, ids=lambda value: str(value)[:40])
def test_answers_of_all_kinds_end_as_they_should(answer, closes, outcome):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_all, args=(listener, answer, closes), daemon=True).start()
        report = bench("--concurrency", 2, "--requests", 6, "--timeout", 5 * PATIENCE,
                       "http://127.0.0.1:%d/" % listener.getsockname()[1], status=outcome != "ok")
        listener.shutdown(socket.SHUT_RDWR)
    assert report["outcomes"][outcome] == 6, report["outcomes"]
    assert report["connects"] == (6 if closes else 2)


# --- connections ---------------------------------------------------------------


def test_connections_are_kept_or_not_as_asked(server):
    kept = bench("--concurrency", 2, "--requests", 50, url(server, "/hello"))
    fresh = bench("--concurrency", 2, "--requests", 50, "--no-keepalive", url(server, "/hello"))
    pool = bench("--rate", 200, "--requests", 50, "--pool", 20, url(server, "/hello"))
    assert [r["connects"] for r in (kept, fresh, pool)] == [2, 50, 20]
    assert [r["answered"] for r in (kept, fresh, pool)] == [50, 50, 50]


def test_a_connection_closed_while_idle_costs_no_request(serve):
    with serve("--keep-alive", "100ms") as s:
        report = bench("--rate", 4, "--arrival", "constant", "--requests", 4, url(s, "/hello"))
    assert report["answered"] == 4 and report["errors"] == 0
    assert report["reconnects"] >= 3 and report["connects"] == 4


def test_unix_sockets_and_ipv6(serve, tmp_path):
    socket_path, port = tmp_path / "s.sock", free_port("::1")
    with serve(binds=[f"unix:{socket_path}", f"[::1]:{port}"]):
        report = bench("--concurrency", 2, "--requests", 40, f"unix:{socket_path}:/hello",
                       f"http://[::1]:{port}/hello")
    assert report["outcomes"]["ok"] == 40
    assert all(t["outcomes"]["ok"] > 5 for t in report["targets"])


# --- what it reports -----------------------------------------------------------


def test_each_url_of_a_mix_has_its_own_percentiles(serve):
    with serve(threads=16) as s:
        mix = f"9 {url(s, '/sleep?ms=5')},1 {url(s, '/sleep?ms=100')}"
        report = bench("--rate", 100, "--requests", 150, "--mix", mix)
    short, long = report["targets"]
    assert short["offered"] > 4 * long["offered"] > 0
    assert short["latency"]["p50_s"] < 0.05 < 0.1 <= long["latency"]["p50_s"]
    assert short["latency"]["count"] + long["latency"]["count"] == report["latency"]["count"] == 150


def test_503_and_other_statuses_are_told_apart(server):
    urls = [url(server, f"/status?code={code}") for code in (200, 404, 500, 503)]
    report = bench("--concurrency", 2, "--requests", 80, *urls)
    by_url = {t["url"]: t for t in report["targets"]}
    names = ("ok", "status_4xx", "status_5xx", "status_503")
    for one, name in zip(urls, names):
        assert by_url[one]["outcomes"][name] == by_url[one]["offered"] > 0
    assert report["errors"] == report["outcomes"]["status_4xx"] + report["outcomes"]["status_5xx"]
    assert report["latency"]["count"] == report["outcomes"]["ok"]


def test_of_no_latencies_no_percentiles_are_shown(server):
    lost = url(server, "/status?code=404")
    text, _ = bench_text("--requests", 20, url(server, "/hello"), lost)
    rows = [line.split() for line in text.splitlines() if line.endswith(lost)]
    assert rows == [["0", *"------", lost]]


def test_a_timeout_is_an_error_and_no_latency(server):
    report = bench("--rate", 50, "--requests", 4, "--timeout", 0.3, url(server, "/sleep?ms=1500"),
                   status=1)
    assert report["outcomes"]["timeout"] == 4 and report["latency"] is None


def test_nobody_there(tmp_path):
    nowhere = f"http://127.0.0.1:{free_port()}/"
    report = bench("--concurrency", 1, "--duration", 0.2, nowhere, status=1)
    assert report["outcomes"]["refused"] == report["offered"] > 0
    text, _ = bench_text("--requests", 3, nowhere, status=1)
    assert re.search(r"refused +3  connection refused", text)
    gone = bench("--requests", 3, f"unix:{tmp_path}/none.sock:/", status=1)
    assert gone["outcomes"]["connect"] == 3
    text, _ = bench_text("--requests", 3, f"unix:{tmp_path}/none.sock:/", status=1)
    assert "no connection: No such file or directory" in text
    _, err = bench_text("--rate", 10, "--pool", 2, nowhere, status=1)
    assert "Connection refused" in err


def test_wrong_usage_is_refused_with_a_sentence():
    for arguments in ([], ["--rate", "x", "http://127.0.0.1/"], ["https://127.0.0.1/"],
                      ["--no-such", "http://127.0.0.1/"]):
        out, err = bench_text(*arguments, status=2)
        assert out == "" and err.startswith("littled bench: ") and err.count("\n") == 1


def test_csv_and_log_tell_the_same(server, tmp_path):
    log = tmp_path / "log.csv"
    out, _ = bench_text("--rate", 200, "--requests", 60, "--csv", "--log", log, "--seed", 9,
                        url(server, "/hello"), url(server, "/sleep?ms=1"))
    rows = {row["target"]: row for row in csv.DictReader(io.StringIO(out))}
    law = {key: float(rows["all"][key]) for key in ("completed", "throughput_rps", "L", "W_s", "XW")}
    assert 50 < law["completed"] <= 60, "the window ends when the last is sent"
    assert law["XW"] == pytest.approx(law["throughput_rps"] * law["W_s"], rel=1e-3)
    requests = list(csv.DictReader(log.open()))
    assert len(requests) == int(rows["all"]["ok"]) == 60
    assert max(int(r["latency_ns"]) for r in requests) / 1e9 == pytest.approx(
        float(rows["all"]["max_s"]), abs=1e-6)

    schedule, _ = bench_text("--rate", 200, "--requests", 60, "--print-schedule", "--seed", 9,
                             url(server, "/hello"), url(server, "/sleep?ms=1"))
    planned = sorted(tuple(map(int, line.split())) for line in schedule.splitlines())
    assert planned == sorted((int(r["intended_ns"]), int(r["target"])) for r in requests)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_with_what_was_measured(serve, number):
    with serve(threads=8) as s:
        process = start_bench("--rate", 50, "--duration", 60, "--json", url(s, "/sleep?ms=5"))
        time.sleep(1 * PATIENCE)
        process.send_signal(number)
        report = json.loads(end_of(process)[0])
    assert report["stopped"] and report["answered"] == report["offered"] > 10
    assert report["window_s"] < 10 * PATIENCE


def test_an_interrupt_says_what_it_waits_for(serve):
    with serve(threads=4) as s:
        process = start_bench("--concurrency", 3, "--duration", 60, "--json",
                              url(s, "/sleep?ms=4000"))
        s.wait_busy(3)
        process.send_signal(signal.SIGINT)
        said = process.stderr.readline()
        assert said == "waiting for 3 answers (Ctrl-C again: no longer)\n"
        process.send_signal(signal.SIGINT)
        report = json.loads(end_of(process, status=1)[0])
    assert report["outcomes"]["unfinished"] == 3

"""The access log: one line a request, in gunicorn's format and with atoms of our own."""

import re
import time

import pytest

from client import request
from load import at_once
from server import PATIENCE, eventually, run_once
from test_40_leaving import reset

DEFAULT = re.compile(
    r'(?P<h>\S+) - - \[(?P<t>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
    r'"(?P<r>(?:[^"\\]|\\.)*)" (?P<s>\d{3}) (?P<b>\d+|-) "(?P<f>(?:[^"\\]|\\.)*)" '
    r'"(?P<a>(?:[^"\\]|\\.)*)"')


@pytest.fixture
def logged(serve, tmp_path):
    """A server that logs with this format, and its lines so far."""
    path = tmp_path / "access.log"

    def start(*args, **more):
        s = serve("--access-logfile", path, *args, **more)
        s.lines = lambda n: eventually(lambda: read(n), 5, f"{n} lines in the log")
        return s

    def read(n):
        lines = path.read_text().splitlines() if path.exists() else []
        assert len(lines) <= n, lines
        return lines if len(lines) == n else None

    return start


@pytest.mark.short
def test_the_default_line(logged):
    with logged() as s:
        s.get("/hello?x=1", headers=[("Referer", "http://a/"), ("User-Agent", "probe/1")])
        found = DEFAULT.fullmatch(s.lines(1)[0])
        assert found, s.lines(1)
        assert found["h"] == "127.0.0.1" and found["r"] == "GET /hello?x=1 HTTP/1.1"
        assert (found["s"], found["b"]) == ("200", "13")
        assert (found["f"], found["a"]) == ("http://a/", "probe/1")


def test_every_request_has_its_line(logged):
    with logged() as s:
        with s.conn() as c:
            c.get("/hello")
            c.get("/sleep?ms=1")
            c.get("/status?code=503")
            c.get("/nothing")
            c.send(b"BROKEN\r\n\r\n")
            assert c.read().status == 400
        statuses = [DEFAULT.fullmatch(line)["s"] for line in s.lines(5)]
        assert statuses == ["200", "200", "503", "404", "400"]


@pytest.mark.short
def test_who_leaves_has_a_line_too(logged):
    """Wherever his request was then; with the status that the statistics count it under."""
    with logged(workers=1, threads=1) as s:
        for sent in (b"GET /hel", request("/head")[:-2],
                     request("/echo", method="POST", body=b"x" * 100)[:-1]):
            c = s.conn()
            c.send(sent)
            eventually(lambda: s.stats()["connections"]["reading"] == 1, 5, "it is read")
            reset(c)
            eventually(lambda: s.stats()["connections"]["reading"] == 0, 5, "it is gone")
        taker = s.conn()
        taker.send(request("/stream?chunks=16&size=1000000"))
        taker.until(b"\r\n\r\n")
        waiting = [s.conn(), s.conn()]
        for i, c in enumerate(waiting):
            c.send(request(f"/sleep?ms={i}"))
            eventually(lambda: s.stats()["workers"][0]["queued"] == i + 1, 5, "it waits")
        time.sleep(0.01)
        reset(waiting[0])
        waiting[1].close()
        reset(taker)
        lines = [DEFAULT.fullmatch(line) for line in s.lines(6)]
        assert [line["s"] for line in lines] == ["499"] * 6
        assert [line["r"] for line in lines] == [
            "-", "GET /head HTTP/1.1", "POST /echo HTTP/1.1",
            "GET /stream?chunks=16&size=1000000 HTTP/1.1", "GET /sleep?ms=0 HTTP/1.1",
            "GET /sleep?ms=1 HTTP/1.1"]
        # What was sent to see whether the last one was there is of no body.
        assert [line["b"] == "-" for line in lines] == [True, True, True, False, True, True]
        assert s.completed(6)["status"]["499"] == 6


def test_a_line_cannot_be_forged(logged):
    with logged() as s:
        agent = 'x" 200 0 "-" "\\ \xe9\t'
        s.get('/hello?"\\', headers=[("User-Agent", agent)])
        line = s.lines(1)[0]
        found = DEFAULT.fullmatch(line)
        assert found and found["s"] == "200", line
        assert all(32 <= ord(c) < 127 for c in line), line


@pytest.mark.short
def test_lines_of_many_threads_stay_whole(logged):
    with logged(workers=2, threads=4) as s:
        def one(i):
            return lambda: [s.get(f"/sleep?ms=1&i={i}-{k}") for k in range(10)]

        at_once([one(i) for i in range(16)])
        lines = s.lines(160)
        asked = {DEFAULT.fullmatch(line)["r"].split("i=")[1].split(" ")[0] for line in lines}
        assert asked == {f"{i}-{k}" for i in range(16) for k in range(10)}


def test_gunicorns_atoms(logged):
    form = "%(m)s|%(U)s|%(q)s|%(H)s|%(B)s|%(D)s|%(L)s|%(M)s|%(T)s|%(p)s|%({x-y}i)s|%({date}o)s|%%"
    with logged("--access-logformat", form) as s:
        s.get("/sleep?ms=50", headers=[("X-Y", "z")])
        m, u, q, h, b, us, s_, ms, whole, pid, field, date, percent = s.lines(1)[0].split("|")
        assert (m, u, q, h, b, field, percent) == \
            ("GET", "/sleep", "ms=50", "HTTP/1.1", "3", "z", "%")
        assert int(us) == pytest.approx(float(s_) * 1e6, rel=0.01)
        assert 50_000 <= int(us) < 500_000 and 50 <= int(ms) < 500 and int(whole) == 0
        assert int(pid.strip("<>")) in s.worker_pids() and date.endswith("GMT")


def test_a_bad_format_is_refused(tmp_path):
    for form in ("%(nosuchatom)s", "%(h", "%(h)d", "%x"):
        done = run_once("--access-logformat", form, "--access-logfile", "-", "workload")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.short
def test_our_own_atoms(logged):
    form = "%(r)s|%(Q)s|%(S)s|%(C)s|%(c)s|%(w)s|%(k)s"
    with logged("--access-logformat", form, threads=1) as s:
        at_once([lambda: s.get("/sleep?ms=200"), lambda: s.get("/sleep?ms=200")])
        s.get("/cpu?ms=50")
        first, second, burnt = [line.split("|") for line in s.lines(3)]
        assert first[0] == "GET /sleep?ms=200 HTTP/1.1"
        # The second waits for what is left of the first when it comes.
        assert int(first[1]) < 100_000 < int(second[1]) < int(first[2]) + 20_000 * PATIENCE
        assert all(200_000 <= int(line[2]) < 400_000 for line in (first, second))
        assert int(burnt[3]) == pytest.approx(50_000, rel=0.1)
        assert int(second[3] if second[3] != "-" else 0) < 50_000
        assert all(line[4].isdigit() and int(line[4]) >= 1 for line in (first, second, burnt))
        assert {line[5] for line in (first, second, burnt)} == {burnt[5]}

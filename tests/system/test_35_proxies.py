"""Behind proxies: what they may say, and who is believed."""

import signal
import socket
import struct
import time
from contextlib import ExitStack

import pytest

from client import Conn, connect, request
from server import conns_of_one_worker, eventually

X_A = [("X_A", "by underscore"), ("X-A", "by hyphen")]


def lines_of(path, n):
    """The access log once it has n lines."""
    def read():
        lines = path.read_text().splitlines() if path.exists() else []
        return lines if len(lines) >= n else None
    return eventually(read, 5, f"{n} lines in the log")


def wait_closed(server, reason):
    """One connection has been: it is counted when the client knows already."""
    eventually(lambda: server.stats()["closes"][reason] == 1, 5, f"one was closed for {reason}")


# --- names with an underscore ---------------------------------------------------------

def seen_fields(c):
    """The X-A and X_A fields as an app sees them."""
    return [tuple(f) for f in c.get("/echo", headers=X_A).json()["headers"] if f[0] in ("X-A", "X_A")]


@pytest.mark.short
def test_underscores_are_left_out(server):
    with server.conn() as c:
        assert seen_fields(c) == [("X-A", "by hyphen")]


def test_underscores_may_be_refused_or_taken(serve):
    with serve("--header-map", "refuse") as s, s.conn() as c:
        answer = c.get("/echo", headers=X_A)
        assert answer.status == 400 and b"underscore" in answer.body
        assert c.is_closed_within(5)
    with serve("--header-map", "dangerous") as s, s.conn() as c:
        assert seen_fields(c) == X_A


# --- X-Forwarded-For and its kin --------------------------------------------------------

FORWARDED = [
    ([("X-Forwarded-For", "192.0.2.1")], "192.0.2.1", "http"),
    ([("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 127.0.0.1"), ("X-Forwarded-Proto", "https")],
     "192.0.2.1", "https"),
    ([("Forwarded", 'for="[2001:db8::1]:80";proto=https, for=127.0.0.1')], "2001:db8::1", "https"),
    ([("Forwarded", "for=_hidden;proto=http")], "_hidden", "http"),
]
CONTRADICTIONS = [
    [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "off")],
    [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.2")],
    [("Forwarded", 'for="192.0.2.1')],
]


def who(c, headers):
    echo = c.get("/echo", headers=headers).json()
    return echo["client"], echo["scheme"]


@pytest.mark.short
def test_a_trusted_proxy_says_who_asks_and_how(server):
    with server.conn() as c:
        for headers, client, scheme in FORWARDED:
            assert who(c, headers) == (client, scheme)
            assert who(c, []) == ("127.0.0.1", "http")


def test_others_are_not_believed(serve):
    with serve("--forwarded-allow-ips", "192.0.2.0/24, ::1, unix") as s, s.conn() as c:
        for headers, _, _ in FORWARDED:
            assert who(c, headers) == ("127.0.0.1", "http")
        for headers in CONTRADICTIONS:
            assert who(c, headers) == ("127.0.0.1", "http")


def test_nobody_need_be_believed(serve):
    with serve("--forwarded-allow-ips=") as s, s.conn() as c:
        assert who(c, FORWARDED[0][0]) == ("127.0.0.1", "http")


@pytest.mark.parametrize("headers", CONTRADICTIONS)
def test_contradictions_are_refused(server, headers):
    with server.conn() as c:
        answer = c.get("/echo", headers=headers)
        assert answer.status == 400 and answer.header("Connection") == "close"
        assert c.is_closed_within(5)


@pytest.mark.parametrize("allowed, client", [("unix", "192.0.2.1"), ("*", "192.0.2.1"),
                                              ("127.0.0.1", "")])
def test_peers_on_unix_sockets(serve, tmp_path, allowed, client):
    path = str(tmp_path / "socket")
    with serve("--forwarded-allow-ips", allowed, binds=[f"unix:{path}"]), Conn(path) as c:
        assert who(c, [("X-Forwarded-For", "192.0.2.1")]) == (client, "http")


def test_the_log_shows_the_client_also_of_a_moved_connection(serve, tmp_path):
    log = tmp_path / "log"
    with serve("--access-logfile", log, "--access-logformat", "%(h)s %(w)s %(U)s", workers=2,
               threads=1) as s:
        conns = conns_of_one_worker(s, 2)
        for i, c in enumerate(conns):
            c.send(request("/sleep?ms=300", headers=[("X-Forwarded-For", f"192.0.2.{i}")]))
        for c in conns:
            assert c.read().status == 200
        lines = [line.split() for line in lines_of(log, 4) if "/sleep" in line]
        assert {line[0] for line in lines} == {"192.0.2.0", "192.0.2.1"}
        assert {line[1] for line in lines} == {"0", "1"}, "one of the two had to move"
        for c in conns:
            c.close()


# --- X-Request-Start --------------------------------------------------------------------------

def seconds_ago(form, seconds):
    return form(time.time_ns() - round(seconds * 1e9))


FORMS = {
    "seconds": lambda ns: f"t={ns / 1e9:.3f}",
    "milliseconds": lambda ns: str(ns // 1_000_000),
    "microseconds": lambda ns: f"t={ns // 1000}",
    "nanoseconds": lambda ns: f"{ns}",
}


@pytest.mark.short
@pytest.mark.parametrize("name", ["X-Request-Start", "X-Queue-Start"])
def test_the_time_in_the_proxy_is_a_phase(serve, tmp_path, name):
    log = tmp_path / "log"
    with serve("--access-logfile", log, "--access-logformat", "%(X)s %(D)s") as s:
        with s.conn() as c:
            for form in FORMS.values():
                headers = [(name, seconds_ago(form, 0.5))]
                assert c.get("/hello", headers=headers).status == 200
            assert c.get("/hello").status == 200
        stats = s.window_with(5)
        proxy, total = stats["phases"]["proxy"], stats["phases"]["total"]
        assert proxy["count"] == 4 and 0.49 <= proxy["mean_s"] < 5, proxy
        assert total["count"] == 5 and total["mean_s"] < proxy["mean_s"], "it is no part of it"
        assert stats["totals"]["starts_dropped"] == 0
        assert abs(stats["little"]["residual"]) <= 0.001 * stats["little"]["L"]
        values = [line.split()[0] for line in lines_of(log, 5)]
        assert values[4] == "-" and all(490_000 <= int(v) < 5_000_000 for v in values[:4])
        assert 'littled_http_request_proxy_seconds_count{route="/hello"} 4\n' in s.metrics()


def test_what_cannot_be_is_dropped(server):
    with server.conn() as c:
        for value in ("soon", "t=", "-5", seconds_ago(FORMS["seconds"], -3600),
                      seconds_ago(FORMS["microseconds"], 3600), "t=0", "1e12"):
            assert c.get("/hello", headers=[("X-Request-Start", value)]).status == 200
    stats = server.window_with(7)
    assert stats["phases"]["proxy"]["count"] == 0
    assert stats["totals"]["starts_dropped"] == 7


def test_nobody_else_says_when(serve):
    with serve("--forwarded-allow-ips", "unix") as s:
        for value in (seconds_ago(FORMS["seconds"], 1), "soon"):
            s.get("/hello", headers=[("X-Request-Start", value)])
        stats = s.window_with(2)
        assert stats["phases"]["proxy"]["count"] == 0 and stats["totals"]["starts_dropped"] == 0


def test_it_moves_with_the_request(serve):
    with serve(workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 2)
        for c in conns:
            c.send(request("/sleep?ms=300", headers=[
                ("X-Request-Start", seconds_ago(FORMS["microseconds"], 0.5))]))
        for c in conns:
            assert c.read().status == 200
            c.close()
        stats = s.window_with(4)
        assert stats["totals"]["moves_in"] >= 1, "one of the two had to move"
        assert stats["phases"]["proxy"]["count"] == 2
        assert stats["phases"]["proxy"]["mean_s"] >= 0.49


# --- Server-Timing --------------------------------------------------------------------------

def timings(answer):
    """{phase: milliseconds}"""
    field = answer.header("Server-Timing")
    entries = [entry.split(";dur=") for entry in field.split(", ")] if field else []
    return {name: float(ms) for name, ms in entries}


def test_server_timing_is_off_by_default(server):
    assert server.get("/hello").header("Server-Timing") is None


@pytest.mark.short
def test_server_timing_tells_the_phases(serve):
    with serve("--server-timing") as s, s.conn() as c:
        assert set(timings(c.get("/hello"))) - {"cpu"} == {"wait", "read", "service"}
        told = timings(c.get("/sleep?ms=40"))
        assert 39 <= told["service"] < 4000 and told["wait"] < 4000
        told = timings(c.get("/hello", headers=[
            ("X-Request-Start", seconds_ago(FORMS["milliseconds"], 0.25))]))
        assert 249 <= told["proxy"] < 5000
        assert set(timings(c.get("/status?code=204"))) >= {"wait", "service"}
        assert set(timings(c.get("/nowhere"))) >= {"wait", "service"}
        c.send(b"GET / HTTP/1.1\r\n\r\n")  # refused: no handler served it
        assert set(timings(c.read())) == {"wait", "read"}


def test_server_timing_of_a_stream_is_what_is_over(serve):
    with serve("--server-timing") as s, s.conn() as c:
        assert set(timings(c.get("/stream?pieces=3"))) == {"wait", "read"}


# --- the PROXY protocol ---------------------------------------------------------------------

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(client):
    return f"PROXY TCP4 {client} 198.51.100.1 1024 80\r\n".encode()


def v2(client=None, tls=False):
    """A version 2 header; without a client: LOCAL."""
    if client is None:
        return SIGNATURE + b"\x20\0\0\0"
    block = socket.inet_aton(client) + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 1024, 80)
    block += b"\x20\0\5\1\0\0\0\0" if tls else b""
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(block)) + block


@pytest.fixture
def announced(serve):
    with serve("--proxy-protocol") as s:
        yield s


def echo_behind(server, header, fields=()):
    with server.conn() as c:
        c.send(header)
        return [who(c, fields), who(c, fields)][-1]


@pytest.mark.short
def test_a_proxy_header_says_whose_connection_it_is(announced):
    assert echo_behind(announced, v1("192.0.2.1")) == ("192.0.2.1", "http")
    assert echo_behind(announced, v2("192.0.2.2")) == ("192.0.2.2", "http")
    assert echo_behind(announced, v2("192.0.2.3", tls=True)) == ("192.0.2.3", "https")
    assert echo_behind(announced, v2()) == ("127.0.0.1", "http")
    assert echo_behind(announced, b"PROXY UNKNOWN\r\n") == ("127.0.0.1", "http")
    assert announced.stats()["totals"]["proxy_headers"] == 5


@pytest.mark.short
@pytest.mark.parametrize("header", [v1("192.0.2.1"), v2("192.0.2.1", tls=True)])
def test_a_proxy_header_may_arrive_split(announced, header):
    message = header + request("/echo")
    for at in range(1, len(header) + 1):
        with announced.conn() as c:
            c.send(message[:at])
            eventually(lambda: announced.stats()["connections"]["fresh"], 5, "it is accepted")
            c.send(message[at:])
            assert c.read().json()["client"] == "192.0.2.1"
    with announced.conn() as c:
        for byte in message:
            c.send(bytes([byte]))
        assert c.read().json()["client"] == "192.0.2.1"


@pytest.mark.short
@pytest.mark.parametrize("header", [v1("192.0.2.1"), v2("192.0.2.1", tls=True)])
def test_a_header_may_come_to_another_worker_than_its_connection(serve, header):
    message = header + request("/echo")
    with serve("--proxy-protocol", workers=2) as s, ExitStack() as stack:
        parts = [stack.enter_context(s.conn()) for _ in (0, 5, 20, len(header))]
        bare = stack.enter_context(s.conn())
        for c, at in zip(parts, (0, 5, 20, len(header))):
            c.send(message[:at])
        eventually(lambda: s.stats()["connections"]["fresh"] == 5, 5, "all are accepted")
        old = set(s.worker_pids())
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: s.stats()["totals"]["handed_in"] >= 3 and not old & set(s.worker_pids()),
                   10, "new workers have those that hold nothing")
        for c, at in zip(parts, (0, 5, 20, len(header))):
            c.send(message[at:])
            assert c.read().json()["client"] == "192.0.2.1"
        bare.send(request("/hello"))
        assert bare.read().status == 400


def test_the_proxied_client_is_who_is_trusted_or_not(announced):
    fields = [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https")]
    assert echo_behind(announced, v1("192.0.2.1"), fields) == ("192.0.2.1", "http")
    assert echo_behind(announced, v1("127.0.0.1"), fields) == ("192.0.2.9", "https")
    assert echo_behind(announced, v2(), fields) == ("192.0.2.9", "https")


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 192.0.2.1\r\n", b"PROXY TCP4 192.0.2.300 192.0.2.1 1 1\r\n",
    b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n", SIGNATURE + b"\x31\x11\0\0",
    SIGNATURE + b"\x21\x11\0\4abcd", SIGNATURE + b"\x21\x11\xff\xff"])
def test_a_connection_without_a_sound_header_is_refused(announced, header):
    with announced.conn() as c:
        c.send(header + request("/hello"))
        answer = c.read()
        assert answer.status == 400 and b"PROXY" in answer.body
        assert c.is_closed_within(5)
    with announced.conn() as c:
        c.send(v2())
        assert c.get("/hello").status == 200
    totals = announced.completed(2)
    assert totals["proxy_refused"] == 1 and totals["status"]["400"] == 1


def test_one_header_a_connection(announced):
    with announced.conn() as c:
        c.send(v1("192.0.2.1") + v1("192.0.2.2") + request("/hello"))
        assert c.read().status == 400
        assert c.is_closed_within(5)


@pytest.mark.parametrize("header", [v1("192.0.2.1"), v2("192.0.2.1"), v2()])
def test_others_may_not_send_one(serve, header):
    with serve("--proxy-protocol", "--proxy-allow-from", "192.0.2.0/24") as s:
        with s.conn() as c:
            c.send(header + request("/hello"))
            assert c.read().status == 400
            assert c.is_closed_within(5)
        assert s.stats()["totals"]["proxy_refused"] == 1
        with s.conn() as c:
            assert who(c, []) == ("127.0.0.1", "http")


@pytest.mark.parametrize("header", [v1("192.0.2.1"), v2("192.0.2.1")])
def test_off_it_is_a_request_that_is_refused(server, header):
    with server.conn() as c:
        c.send(header + request("/hello"))
        assert c.read().status in (400, 501)
        assert c.is_closed_within(5)


@pytest.mark.parametrize("part", [b"", v2("192.0.2.1")[:20], v1("192.0.2.1")])
def test_the_head_deadline_covers_the_header(serve, part):
    with serve("--proxy-protocol", "--header-timeout", "0.3s") as s, s.conn() as c:
        c.send(part)
        assert c.is_closed_within(10)
        wait_closed(s, "read_timeout")


def test_clients_that_leave_in_the_header(announced):
    for how in ("close", "reset"):
        s = connect(announced.address)
        s.sendall(v2("192.0.2.1")[:20])
        if how == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    eventually(lambda: announced.stats()["closes"]["client"] == 2, 5, "both are gone")
    assert announced.stats()["connections"]["fresh"] == 0


def test_the_statistics_listener_wants_no_header(announced):
    assert announced.stats()["littled"]["workers"] == 1


def test_unix_sockets_too(serve, tmp_path):
    path = str(tmp_path / "socket")
    with serve("--proxy-protocol", binds=[f"unix:{path}"]), Conn(path) as c:
        c.send(v2("192.0.2.1"))
        assert who(c, []) == ("192.0.2.1", "http")


def test_an_address_has_its_share_behind_a_proxy_too(serve):
    with serve("--proxy-protocol", "--address-connections", "2", "--keep-alive", "60") as s:
        conns = [s.conn() for _ in range(5)]
        for i, c in enumerate(conns[:4]):
            c.send(v1(f"192.0.2.{i % 2}"))
            assert c.get("/hello").status == 200
        conns[4].send(v1("192.0.2.0"))
        assert conns[4].is_closed_within(5)
        assert s.stats()["totals"]["crowded_out"] == 1
        wait_closed(s, "crowded_out")
        conns[0].close()
        conns[4].close()
        eventually(lambda: s.stats()["connections"]["idle"] == 3, 5, "one is gone")
        with s.conn() as c:
            c.send(v1("192.0.2.0"))
            assert c.get("/hello").status == 200
        for c in conns:
            c.close()


def test_a_moved_connection_keeps_its_client(serve, tmp_path):
    log = tmp_path / "log"
    with serve("--proxy-protocol", "--access-logfile", log, "--access-logformat",
               "%(h)s %(w)s %(U)s", workers=2, threads=1) as s:
        conns = conns_of_one_worker(s, 2, first=lambda i: v2(f"192.0.2.{i}", tls=True))
        for c in conns:
            c.send(request("/sleep?ms=300"))
        for c in conns:
            assert c.read().status == 200
        lines = [line.split() for line in lines_of(log, 4) if "/sleep" in line]
        assert {line[0] for line in lines} == {"192.0.2.0", "192.0.2.1"}
        assert {line[1] for line in lines} == {"0", "1"}, "one of the two had to move"
        for i, c in enumerate(conns):
            assert who(c, []) == (f"192.0.2.{i}", "https"), "the moved one is known still"
            c.close()

"""Behind proxies: what they may say, and who is believed."""

import pytest

from client import Conn, request
from server import conns_of_one_worker, eventually

X_A = [("X_A", "by underscore"), ("X-A", "by hyphen")]


def lines_of(path, n):
    """The access log once it has n lines."""
    def read():
        lines = path.read_text().splitlines() if path.exists() else []
        return lines if len(lines) >= n else None
    return eventually(read, 5, f"{n} lines in the log")


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

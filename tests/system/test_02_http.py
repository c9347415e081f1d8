"""HTTP on the wire: connections, framing, refusals."""

import re
import socket

import pytest

from client import Conn, chunked, connect, request
from server import PATIENCE, eventually

HELLO = b"Hello, world\n"


@pytest.mark.short
def test_hello(server):
    answer = server.get("/hello")
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
    assert answer.body == HELLO
    assert answer.header("Content-Length") == "13"
    assert answer.header("Content-Type").startswith("text/plain")
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.header("Date"))


def test_a_connection_is_kept_alive(server):
    with server.conn() as c:
        for _ in range(3):
            assert c.get("/hello").body == HELLO
            assert c.get("/sleep?ms=1").body == b"ok\n"
        assert server.stats()["totals"]["accepted"] == 1


@pytest.mark.parametrize("target", ["/hello", "/sleep?ms=1"])
def test_connection_close_is_honoured(server, target):
    with server.conn() as c:
        answer = c.get(target, headers=[("Connection", "close")])
        assert answer.status == 200 and answer.header("Connection").lower() == "close"
        assert c.is_closed_within(5)


@pytest.mark.parametrize("target", ["/hello", "/sleep?ms=1"])
def test_http_1_0_closes_unless_asked_not_to(server, target):
    with server.conn() as c:
        assert c.get(target, version="1.0").status == 200
        assert c.is_closed_within(5)
    with server.conn() as c:
        for _ in range(2):
            answer = c.get(target, version="1.0", headers=[("Connection", "keep-alive")])
            assert answer.status == 200
            assert answer.header("Connection").lower() == "keep-alive"


@pytest.mark.parametrize("target", ["/hello", "/sleep?ms=1", "/bytes?n=100000"])
def test_head_has_the_same_head_and_no_body(server, target):
    with server.conn() as c:
        length = c.get(target).header("Content-Length")
        assert c.get(target, method="HEAD").header("Content-Length") == length
        assert c.get("/hello").body == HELLO


@pytest.mark.short
def test_pipelined_requests_are_answered_in_order(server):
    targets = ["/sleep?ms=60", "/hello", "/bytes?n=3", "/sleep?ms=1", "/status?code=404", "/hello"]
    with server.conn() as c:
        c.send(b"".join(request(t) for t in targets))
        answers = [c.read() for _ in targets]
    assert [a.status for a in answers] == [200, 200, 200, 200, 404, 200]
    assert [a.body for a in answers[:4]] == [b"ok\n", HELLO, answers[2].body, b"ok\n"]
    assert len(answers[2].body) == 3 and answers[5].body == HELLO


def test_many_pipelined(server):
    with server.conn() as c:
        c.send(request("/hello") * 500)
        for _ in range(500):
            assert c.read().body == HELLO


def test_a_request_may_arrive_byte_by_byte(server):
    with server.conn() as c:
        for byte in request("/echo", method="POST", body=b"slow"):
            c.send(bytes([byte]))
        assert c.read().json()["body"] == "slow"


@pytest.mark.parametrize("target", ["/hello", "/sleep?ms=1"])
def test_an_error_behind_a_good_request_does_not_swallow_its_answer(server, target):
    with server.conn() as c:
        c.send(request(target) + b"BROKEN\r\n\r\n")
        assert c.read().status == 200
        assert c.read().status == 400
        assert c.is_closed_within(5)


def test_bytes_behind_connection_close_are_not_served(server):
    with server.conn() as c:
        c.send(request("/hello", headers=[("Connection", "close")]) + request("/hello"))
        assert c.read().status == 200
        assert c.is_closed_within(5)


def test_an_idle_connection_is_closed_after_keep_alive(serve):
    with serve("--keep-alive", "1") as s, s.conn() as c:
        assert c.get("/hello").status == 200
        assert not c.is_closed_within(0.4)
        assert c.is_closed_within(4 * PATIENCE)
        eventually(lambda: s.stats()["closes"]["idle_timeout"] == 1, 5, "the close is counted")


def test_a_client_may_half_close(server):
    with server.conn() as c:
        c.send(request("/sleep?ms=100"))
        c.socket.shutdown(socket.SHUT_WR)
        assert c.read().body == b"ok\n"


def refusal(server, data):
    """The status a request is refused with, the connection being closed afterwards."""
    with Conn(server.address) as c:
        c.send(data)
        answer = c.read()
        assert answer.header("Content-Type").startswith("text/plain") and answer.body
        assert c.is_closed_within(5)
        return answer.status


@pytest.mark.short
@pytest.mark.parametrize("status, data", [
    (400, b"BROKEN\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
    (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
])
def test_a_broken_request_is_refused(server, status, data):
    assert refusal(server, data) == status
    assert server.get("/hello").status == 200


def test_an_unknown_method_or_coding_is_not_implemented(server):
    assert refusal(server, b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n"
                           b"\r\n0\r\n\r\n") in (400, 501)
    assert refusal(server, b"DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n") == 501


def test_limits(serve):
    with serve("--limit-request-line", "200", "--limit-request-fields", "5",
               "--limit-request-field_size", "100", "--limit-request-body", "1000") as s:
        assert refusal(s, request("/hello?" + "x" * 300)) == 414
        assert refusal(s, request("/hello", headers=[("X", "1")] * 5)) == 431
        assert refusal(s, request("/hello", headers=[("X", "y" * 200)])) == 431
        assert refusal(s, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n") == 413
        with s.conn() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   + chunked([b"x" * 600, b"y" * 600]))
            assert c.read().status == 413
        fits = s.get("/echo", method="POST", body=b"z" * 1000, headers=[("X", "1")])
        assert fits.status == 200 and fits.json()["body"] == "z" * 1000


def test_an_endless_head_is_refused_before_it_ends(server):
    with server.conn() as c:
        c.send(b"GET /" + b"x" * 20000)
        assert c.read().status == 414


def test_no_such_path_and_no_such_method(server):
    with server.conn() as c:
        assert c.get("/nothing-here").status == 404
        answer = c.get("/hello", method="DELETE")
        assert answer.status == 405 and "GET" in answer.header("Allow")
        assert c.get("/hello").status == 200


def test_expect_100_continue(server):
    with server.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
               b"Content-Length: 5\r\n\r\n")
        assert c.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        c.send(b"hello")
        assert c.read().json()["body"] == "hello"


def test_a_client_that_goes_away_harms_nobody(server):
    for _ in range(5):
        s = connect(server.address)
        s.sendall(request("/sleep?ms=50"))
        s.close()
    for part in (b"GET", b"GET /hello HTTP/1.1\r\nHost", b"POST /echo HTTP/1.1\r\nHost: a\r\n"
                 b"Content-Length: 10\r\n\r\nabc"):
        s = connect(server.address)
        s.sendall(part)
        s.close()
    assert server.get("/sleep?ms=1").body == b"ok\n"

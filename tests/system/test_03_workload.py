"""The workload app: what each handler does, and what it refuses."""

import base64
import os
import time

import pytest

from client import chunked, request
from server import PATIENCE, private_bytes

MIB = 1 << 20


def test_hello_is_thirteen_bytes(server):
    answer = server.get("/hello")
    assert answer.body == b"Hello, world\n" and len(answer.body) == 13


def test_sleep_sleeps(server):
    begin = time.monotonic()
    assert server.get("/sleep?ms=200").body == b"ok\n"
    assert 0.2 <= time.monotonic() - begin < 0.6 * PATIENCE


def test_cpu_burns_and_sleep_does_not(server):
    server.get("/cpu?ms=150")
    phases = server.window_with(1)["phases"]
    assert phases["cpu"]["max_s"] == pytest.approx(0.150, rel=0.1)
    assert phases["service"]["max_s"] >= 0.149
    server.get("/sleep?ms=100")
    phases = server.window_with(2)["phases"]
    assert phases["cpu"]["count"] == 2
    assert phases["cpu"]["mean_s"] == pytest.approx(0.075, rel=0.1)


def test_mixed_does_both(server):
    server.get("/mixed?cpu=40&sleep=60")
    phases = server.window_with(1)["phases"]
    assert phases["cpu"]["max_s"] == pytest.approx(0.040, rel=0.15)
    assert phases["service"]["max_s"] >= 0.099


@pytest.mark.parametrize("n", [0, 1, 4096, 100_000, MIB])
def test_bytes(server, n):
    answer = server.get(f"/bytes?n={n}")
    assert answer.status == 200 and len(answer.body) == n


def test_bytes_up_to_64_mib(server):
    assert len(server.get(f"/bytes?n={64 * MIB}", timeout=60).body) == 64 * MIB


@pytest.mark.parametrize("code", [200, 201, 204, 301, 304, 404, 418, 500, 503, 599])
def test_status(server, code):
    with server.conn() as c:
        assert c.get(f"/status?code={code}").status == code
        assert c.get("/hello").status == 200


@pytest.mark.short
@pytest.mark.parametrize("target, parameter", [
    ("/sleep", "ms"), ("/sleep?ms=", "ms"), ("/sleep?ms=abc", "ms"), ("/sleep?ms=1x", "ms"),
    ("/sleep?ms=-1", "ms"), ("/sleep?ms=60001", "ms"), ("/sleep?ms=nan", "ms"),
    ("/sleep?ms=inf", "ms"), ("/sleep?ms=1e99", "ms"), ("/sleep?MS=1", "ms"),
    ("/cpu", "ms"), ("/cpu?ms=60000.1", "ms"), ("/cpu?ms=%00", "ms"),
    ("/mixed?cpu=1", "sleep"), ("/mixed?sleep=1", "cpu"), ("/mixed?cpu=x&sleep=1", "cpu"),
    ("/bytes", "n"), ("/bytes?n=1.5", "n"), ("/bytes?n=-1", "n"), ("/bytes?n=67108865", "n"),
    ("/bytes?n=99999999999999999999", "n"),
    ("/status", "code"), ("/status?code=99", "code"), ("/status?code=600", "code"),
    ("/status?code=OK", "code"),
])
def test_a_bad_parameter_is_named(server, target, parameter):
    with server.conn() as c:
        answer = c.get(target)
        assert answer.status == 400
        assert f"parameter {parameter} " in answer.body.decode()
        assert c.get("/hello").status == 200


def test_fractions_and_escapes_are_numbers(server):
    assert server.get("/sleep?ms=0.5").status == 200
    assert server.get("/sleep?ms=%31").status == 200
    assert server.get("/sleep?x=1&ms=1").status == 200


@pytest.mark.short
def test_echo_says_what_it_understood(server):
    answer = server.get("/echo?a=%20b", method="PATCH", body=b'say "hi"\n\x01',
                        headers=[("X-One", "1"), ("x-two", '\t"2" \\ '), ("X-One", "3")])
    assert answer.header("Content-Type").startswith("application/json")
    echo = answer.json()
    assert (echo["method"], echo["target"]) == ("PATCH", "/echo?a=%20b")
    assert "1.1" in str(echo["version"])
    assert echo["body"] == 'say "hi"\n\x01'
    assert [name for name, _ in echo["headers"]] == \
        ["Host", "Connection", "X-One", "x-two", "X-One", "Content-Length"]
    assert ["x-two", '"2" \\'] in echo["headers"]


def test_echo_of_a_chunked_body(server):
    with server.conn() as c:
        c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               + chunked([b"one ", b"two ", b"three"]))
        assert c.read().json()["body"] == "one two three"
        assert c.get("/echo").json()["body"] == ""


def test_echo_of_a_large_body(server):
    body = b"0123456789abcdef" * 8192
    assert server.get("/echo", method="PUT", body=body).json()["body"] == body.decode()


def test_echo_of_a_body_that_fits_into_no_memory(serve):
    """It goes out as it is written, and neither it nor its body takes memory."""
    body = os.urandom(40_000_000)
    with serve("--limit-request-body", "100m") as s:
        pid = s.worker_pids()[0]
        before = private_bytes(pid)
        answer = s.get("/echo", method="POST", body=body)
        assert answer.status == 200
        assert base64.b64decode(answer.json()["body_base64"]) == body
        assert private_bytes(pid) - before < 4 * MIB * PATIENCE


def test_echo_of_a_large_body_takes_a_slot_and_not_the_loop(server):
    with server.conn() as a, server.conn() as b, server.conn() as large:
        a.send(request("/sleep?ms=700"))
        b.send(request("/sleep?ms=700"))
        server.wait_busy(2)
        large.send(request("/echo", method="POST", body=b"x" * 100_000))
        assert server.get("/echo", method="POST", body=b"x" * 60_000).json()["body_length"] == 60_000
        assert server.busy_slots() == 2, "the small one had to wait"
        assert large.read().json()["body_length"] == 100_000
        assert a.read().status == b.read().status == 200

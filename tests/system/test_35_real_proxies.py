"""nginx, HAProxy and Apache, configured as docs/proxies.md says, before the server."""

import time

import pytest

import client
from client import Conn
from fronts import Front, apache, haproxy, nginx
from load import at_once

# No proxy runs at this address, so littled does not take the client for one.
CLIENT = "127.0.0.2"

HTTP = [(nginx, "nginx.conf"), (haproxy, "haproxy.cfg"), (apache, "apache.conf")]
SPOOFED = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"),
           ("Forwarded", "for=6.6.6.6;proto=https"), ("X_Forwarded_For", "6.6.6.6"),
           ("X-Request-Start", "t=1"), ("X-Queue-Start", "t=1")]


def who(c, headers=()):
    echo = c.get("/echo", headers=headers).json()
    return echo["client"], echo["scheme"]


@pytest.mark.parametrize("kind, example", HTTP)
def test_the_client_is_known_and_cannot_be_forged(serve, tmp_path, kind, example):
    with serve("--keep-alive", "65") as s, Front(kind, example, s, tmp_path) as front:
        before = s.stats(60)
        with Conn(front.address, source=CLIENT) as c:
            assert who(c) == (CLIENT, "http")
            assert who(c, SPOOFED) == (CLIENT, "http")
            assert c.get("/sleep?ms=30").status == 200
        after = s.window_with(before["totals"]["completions"] + 3, window=60)
        proxy = after["phases"]["proxy"]
        assert proxy["count"] >= before["phases"]["proxy"]["count"] + 3
        assert proxy["max_s"] < 5
        assert after["totals"]["starts_dropped"] == 0


def test_the_client_is_known_behind_a_balancer_of_bytes(serve, tmp_path):
    with serve("--proxy-protocol") as s, Front(haproxy, "haproxy-tcp.cfg", s, tmp_path) as front:
        with Conn(front.address, source=CLIENT) as c:
            assert who(c) == (CLIENT, "http")
            assert who(c, SPOOFED) == (CLIENT, "http"), "the client is no proxy"
            assert c.get("/sleep?ms=30").status == 200
        totals = s.stats()["totals"]
        assert totals["proxy_headers"] >= 2 and totals["proxy_refused"] == 0


def test_the_queue_in_the_proxy_is_seen(serve, tmp_path):
    """Who waits longest for an answer of 0.2 s waits for all the rest of it in the proxy."""
    def ask(address):
        begin = time.monotonic()
        assert client.get(address, "/sleep?ms=200").status == 200
        return time.monotonic() - begin

    one_at_a_time = {"maxconn 40": "maxconn 1"}
    with serve(threads=4) as s, Front(haproxy, "haproxy.cfg", s, tmp_path, one_at_a_time) as front:
        before = s.stats(60)["totals"]["completions"]
        longest = max(at_once([lambda: ask(front.address)] * 3))
        assert longest >= 0.38, "one at least waited for another"
        phases = s.window_with(before + 3, window=60)["phases"]
        assert longest - 0.3 <= phases["proxy"]["max_s"] <= longest
        assert phases["wait"]["max_s"] < 0.2, "and not here"

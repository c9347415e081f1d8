"""The statistics page over HTTP: what it is served with, and the events that keep it live."""

import base64
import gzip
import hashlib
import json
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

import client
from load import ClosedLoop
from server import PATIENCE, eventually, is_alive, pids_of_session

PAGES = 16
FIELDS = ("ETag", "Vary", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options")


def page(server, *headers):
    return client.get(server.admin, "/", headers=headers)


@pytest.mark.short
def test_the_page_is_one_file_and_allows_nothing_else(server):
    answer = page(server)
    text = answer.body.decode()
    assert answer.status == 200 and answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    policy = answer.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "connect-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert not re.search(r"<(script|link|img|iframe)[^>]* (src|href)=(?!\"data:,)", text)
    assert not re.search(r"url\(|@import|//[a-z0-9.-]+\.(com|net|org|io)/[^ ]*\.(js|css|woff)", text)


def test_the_policy_names_exactly_what_is_in_the_page(server):
    answer = page(server)
    for tag in ("script", "style"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.body.decode(), re.S)
        hashes = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in inside]
        named = re.search(rf"{tag}-src ([^;]*)", answer.header("Content-Security-Policy")).group(1)
        assert named.split() == [f"'sha256-{h}'" for h in hashes] and inside


def test_it_is_compressed_for_those_that_take_it(server):
    plain, packed = page(server), page(server, ("Accept-Encoding", "gzip"))
    assert plain.header("Content-Encoding") is None
    assert packed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body) / 2
    assert plain.header("Vary") == packed.header("Vary") == "Accept-Encoding"
    assert plain.header("ETag") != packed.header("ETag")
    assert page(server, ("Accept-Encoding", "gzip;q=0")).body == plain.body


@pytest.mark.parametrize("words", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_who_has_it_is_told_so(server, words, coding):
    accept = ("Accept-Encoding", coding)
    tag = page(server, accept).header("ETag")
    again = page(server, accept, ("If-None-Match", words.format(tag)))
    assert again.status == 304 and again.body == b""
    assert again.header("ETag") == tag
    assert all(again.header(name) for name in FIELDS)


def test_who_has_another_gets_it(server):
    tag = page(server).header("ETag")
    for other in ('"other"', tag.strip('"'), tag[:-2] + '"', '""', ","):
        assert page(server, ("If-None-Match", other)).status == 200
    # The packed page's tag is of other bytes.
    assert page(server, ("Accept-Encoding", "gzip"), ("If-None-Match", tag)).status == 200


class Events:
    """A page's event stream; read in a thread of its own."""

    def __init__(self, server):
        self.conn = client.Conn(server.admin, timeout=30)
        # In HTTP/1.0 the stream comes as it is, without chunks around its pieces.
        self.conn.send(client.request("/events", version="1.0"))
        self.head = self.conn.until(b"\r\n\r\n")
        self.text = bytes(self.conn.rest)
        self.error = None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while self.conn.more():
                self.text = bytes(self.conn.rest)
        except (OSError, client.Closed) as error:
            self.error = error

    def __enter__(self):
        return self

    def close(self):
        try:
            self.conn.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was first
        self.thread.join(10)
        self.conn.close()

    def __exit__(self, *_):
        self.close()

    def of(self, name):
        found = re.findall(rb"event: (\w+)\ndata: (.*)\n\n", self.text)
        return [json.loads(data) for kind, data in found if kind == name.encode()]

    def wait(self, name, n, within=10):
        return eventually(lambda: len(self.of(name)) >= n and self.of(name), within,
                          f"{n} events of {name}")


@pytest.mark.short
def test_events_come_each_second_with_the_document(server):
    server.get("/sleep?ms=20")
    with Events(server) as events:
        assert b"text/event-stream" in events.head and b"no-store" in events.head
        stats = events.wait("stats", 3)
        ages = [s["littled"]["uptime_s"] for s in stats]
        assert all(0.5 < b - a < 5 for a, b in zip(ages, ages[1:]))
        own = server.stats(10)
        assert stats[-1].keys() == own.keys()
        assert stats[-1]["totals"]["completions"] == own["totals"]["completions"] == 1
        points = events.wait("point", 3)
        assert len({p["time_s"] for p in points}) == len(points)
    assert b"retry: " in events.text


def test_all_pages_get_the_same(server):
    with Events(server) as one, Events(server) as other:
        first = other.wait("stats", 2)
        eventually(lambda: first[1] in one.of("stats"), 5, "both have the same document")


def test_the_history_is_there_when_a_page_opens(server):
    load = ClosedLoop(server.address, 2, lambda: "/sleep?ms=200", 4)
    load.run()
    history = client.get(server.admin, "/history.json").json()
    assert history["points"] >= 3
    assert all(len(v) == history["points"] for k, v in history.items() if k != "points")
    busiest = max(range(history["points"]), key=lambda i: history["throughput_rps"][i])
    assert history["concurrency"][busiest] == pytest.approx(2, rel=0.2)
    assert history["service_p50_s"][busiest] == pytest.approx(0.2, rel=0.5)
    assert history["capacity_rps"][busiest] == pytest.approx(
        2 / history["service_p50_s"][busiest], rel=0.2)
    assert history["time_s"] == sorted(history["time_s"])


def test_one_page_too_many_is_told_and_makes_room_again(server):
    watching = [Events(server) for _ in range(PAGES)]
    try:
        for events in watching:
            events.wait("stats", 1, 20)
        refused = client.get(server.admin, "/events")
        assert refused.status == 503 and refused.header("Retry-After")
        # All else answers on.
        assert server.stats(10) and client.get(server.admin, "/history.json").status == 200
    finally:
        for events in watching:
            events.close()
    with_room = []

    def try_again():
        with_room.append(Events(server))
        return b" 200 " in with_room[-1].head
    try:
        eventually(try_again, 15, "a page that left makes room for another", every=0.5)
        with_room[-1].wait("stats", 1)
    finally:
        for events in with_room:
            events.close()


def test_a_hundred_pages_are_in_nobodys_way(serve):
    """As many as can watch; the others are told at once.  None takes a slot of the server's."""
    with serve(workers=1, threads=1) as server:
        pages = [client.Conn(server.admin, timeout=30) for _ in range(100)]
        try:
            for page in pages:
                page.send(client.request("/events"))
            heads = [page.until(b"\r\n\r\n") for page in pages]
            assert sum(b" 200 " in head for head in heads) == PAGES
            assert sum(b" 503 " in head for head in heads) == 100 - PAGES
            for path in ("/healthz", "/readyz", "/stats.json", "/metrics", "/", "/history.json"):
                began = time.monotonic()
                assert client.get(server.admin, path).status == 200, path
                assert time.monotonic() - began < 1 * PATIENCE, path
            assert server.get("/sleep?ms=5").status == 200
            server.completed(1)
        finally:
            for page in pages:
                page.close()


def test_head_and_other_methods(server):
    for target in ("/", "/events", "/history.json"):
        with client.Conn(server.admin) as c:
            c.send(client.request(target, "HEAD"))
            answer = c.read("HEAD")
            assert answer.status == 200
            if target == "/events":
                assert answer.header("Content-Length") is None, "it is as long as somebody looks"
            assert c.get("/healthz").status == 200
        assert client.get(server.admin, target, method="POST").status == 405


def test_a_page_does_not_hold_up_the_end(serve):
    with serve() as server:
        with Events(server) as events:
            events.wait("stats", 1)
            server.stop()
            eventually(lambda: not events.thread.is_alive(), 5, "the stream has ended")


def test_nor_when_the_master_is_killed(serve):
    with serve() as server:
        with Events(server) as events:
            events.wait("stats", 1)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(10)
            eventually(lambda: not pids_of_session(server.process.pid), 10, "all are gone")
            eventually(lambda: not events.thread.is_alive(), 5, "the stream has ended")


def test_the_statistics_process_is_replaced_and_the_page_can_come_back(serve):
    with serve() as server:
        server.may_lose_workers = True
        server.get("/sleep?ms=20")
        with Events(server) as events:
            events.wait("stats", 2)
            pid = statistics_pid(server)
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: not events.thread.is_alive(), 5, "the stream has ended")
        eventually(lambda: not is_alive(pid), 5, "it has ended")
        eventually(server.is_ready, 10, "the statistics are there again")
        with Events(server) as events:
            events.wait("stats", 1)
        goes_on(server)


def test_a_reload_ends_the_stream_and_keeps_the_history(server):
    server.get("/sleep?ms=20")
    with Events(server) as events:
        events.wait("stats", 2)
        pid = statistics_pid(server)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: not events.thread.is_alive(), 10, "the stream has ended")
    assert events.error is None, "it ended in good order"
    eventually(lambda: not is_alive(pid), 10, "the old statistics process is gone")
    with Events(server) as events:
        events.wait("stats", 1)
    goes_on(server)


def goes_on(server):
    """The history still has the request of before."""
    history = client.get(server.admin, "/history.json").json()
    assert max(history["throughput_rps"][:3]) > 0, history


def statistics_pid(server):
    for pid in pids_of_session(server.process.pid):
        if b"statistics" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no statistics process")


def test_an_open_page_costs_next_to_nothing(server_5x8):
    def cpu_s():
        tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
    pid = statistics_pid(server_5x8)
    load = ClosedLoop(server_5x8.address, 8, lambda: "/sleep?ms=50", 8)
    runner = threading.Thread(target=load.run)
    runner.start()
    with Events(server_5x8) as events:
        events.wait("stats", 1)
        before, began = cpu_s(), time.monotonic()
        events.wait("stats", 7, 15)
        share = (cpu_s() - before) / (time.monotonic() - began)
    runner.join()
    print(f"CPU of the statistics with a page open: {share:.2%} of one")
    assert share < 0.01 * PATIENCE

"""Compressed answers: who gets them, how they are marked, and what they cost."""

import gzip
import socket
import time
import zlib

import pytest

from client import Conn, request
from server import SANITIZED, eventually, private_bytes, run_once

GZIP = [("Accept-Encoding", "gzip")]
MIB = 1 << 20


@pytest.fixture
def gzipping(serve):
    return lambda *options, **more: serve("--gzip", *options, **more)


def echo_of(length):
    """A path whose JSON answer is longer than that."""
    return "/echo?" + "a" * length


def test_off_by_default(server):
    answer = server.get(echo_of(1000), headers=GZIP)
    assert answer.header("Content-Encoding") is None and answer.header("Vary") is None


@pytest.mark.short
def test_an_answer_is_compressed_for_who_takes_it(gzipping):
    with gzipping() as s, s.conn() as c:
        plain = c.get(echo_of(1000))
        packed = c.get(echo_of(1000), headers=GZIP)
        assert plain.header("Content-Encoding") is None
        assert packed.header("Content-Encoding") == "gzip"
        assert plain.header("Vary") == packed.header("Vary") == "Accept-Encoding"
        assert int(packed.header("Content-Length")) == len(packed.body) < len(plain.body) / 2
        assert b'"Accept-Encoding"' in gzip.decompress(packed.body)
        head = c.get(echo_of(1000), headers=GZIP, method="HEAD")
        assert head.header("Content-Encoding") == "gzip" and head.body == b""
        # "HEAD" is one letter longer than "GET" in what is echoed.
        assert abs(int(head.header("Content-Length")) - len(packed.body)) <= 4
        assert c.get("/hello", headers=GZIP).body == b"Hello, world\n"


@pytest.mark.parametrize("accept, packed", [
    ("gzip", True), ("*", True), ("x-gzip", True), ("br, gzip;q=0.1", True),
    ("gzip;q=0", False), ("identity", False), ("gzip;q=0.5, identity", False), ("", False)])
def test_what_the_client_accepts_decides(gzipping, accept, packed):
    with gzipping() as s:
        answer = s.get(echo_of(1000), headers=[("Accept-Encoding", accept)])
        assert answer.header("Content-Encoding") == ("gzip" if packed else None)
        assert answer.header("Vary") == "Accept-Encoding"


def test_type_and_length_decide(gzipping):
    with gzipping("--gzip-types", "application/octet-stream", "--gzip-min-length", "1000") as s:
        def coding(target):
            return s.get(target, headers=GZIP).header("Content-Encoding")
        assert coding("/bytes?n=1000") == "gzip"
        assert coding("/bytes?n=999") is None
        assert coding(echo_of(2000)) is None
        assert coding("/file?n=100000") is None  # sent by the kernel as it is
        # A leader's answers are compressed only when that does not hold up the others.
        assert coding("/bytes?n=65536") == "gzip" and coding("/bytes?n=65537") is None


@pytest.mark.short
@pytest.mark.parametrize("more", ["", "&flush=0", "&file=1"])
def test_streams_are_compressed(gzipping, more):
    with gzipping() as s, s.conn() as c:
        for pieces, size in ((3, 64), (20, 5000), (3, MIB)):
            plain = c.get(f"/stream?pieces={pieces}&size={size}{more}")
            packed = c.get(f"/stream?pieces={pieces}&size={size}{more}", headers=GZIP)
            if packed.header("Content-Encoding") != "gzip":
                assert len(plain.body) < 256  # short, and never flushed
                continue
            assert packed.header("Vary") == "Accept-Encoding"
            assert gzip.decompress(packed.body) == plain.body
            assert len(packed.body) < max(300, len(plain.body) / 4)
        answer = c.get("/stream?pieces=30&size=5000", headers=GZIP, version="1.0")
        assert len(gzip.decompress(answer.body)) == 150_000


def test_what_was_flushed_can_be_unpacked_at_once(gzipping):
    with gzipping() as s, s.conn() as c:
        c.send(request("/stream?pieces=2&size=640&ms=2000", headers=GZIP))
        c.until(b"\r\n\r\n")
        unpack = zlib.decompressobj(31)
        size = int(c.until(b"\r\n"), 16)
        assert len(unpack.decompress(c.exactly(size))) == 640
        assert s.busy_slots() == 1


def test_a_compressed_stream_that_fails_is_cut(gzipping):
    with gzipping() as s, s.conn() as c:
        c.send(request("/stream?pieces=5&size=640&fail=3", headers=GZIP))
        while c.more():
            pass
        assert b"Content-Encoding: gzip" in c.rest and not c.rest.endswith(b"0\r\n\r\n")
        eventually(lambda: s.stats()["closes"]["response_cut"] == 1, 5, "the cut is counted")


def test_files_of_the_static_app(gzipping, tmp_path):
    """A 304 has the tag of the 200 it stands for; of what is compressed there are no ranges."""
    for name in ("a.txt", "a.png"):
        (tmp_path / name).write_text("0123456789" * 500)
    time.sleep(0.1)  # old enough to be kept in memory
    with gzipping(app=f"static:{tmp_path}") as s, s.conn() as c:
        for name, is_packed in (("/a.txt", True), ("/a.png", False)):
            answer = c.get(name, headers=GZIP)
            tag = answer.header("ETag")
            assert (answer.header("Content-Encoding") == "gzip") == is_packed
            assert tag.startswith("W/") == is_packed
            assert answer.header("Accept-Ranges") == (None if is_packed else "bytes")
            again = c.get(name, headers=[*GZIP, ("If-None-Match", tag)])
            assert (again.status, again.header("ETag")) == (304, tag)
            assert again.header("Vary") == answer.header("Vary")
            assert again.header("Content-Type") is None
            part = c.get(name, headers=[*GZIP, ("Range", "bytes=10-12")])
            assert (part.status, part.body, part.header("ETag")[0]) == (206, b"012", '"')
            assert part.header("Vary") == answer.header("Vary")
        parts = c.get("/a.txt", headers=[*GZIP, ("Range", "bytes=1-2,5-6")])
        assert (parts.status, parts.header("Vary")) == (206, "Accept-Encoding")


def test_what_the_static_app_does_not_leave_to_gzip(gzipping, tmp_path):
    """Forms that stand on the disk, and files too large for its memory: a 304 says so, too."""
    for name in ("a.txt", "a.txt.gz"):
        (tmp_path / name).write_text("0123456789" * 500)
    (tmp_path / "large.txt").write_bytes(b"x" * 1_000_000)
    time.sleep(0.1)  # old enough to be kept in memory
    with gzipping(app=f"static:{tmp_path}") as s, s.conn() as c:
        for name, vary in (("/a.txt", "Accept-Encoding"), ("/large.txt", None)):
            tag = c.get(name, headers=GZIP).header("ETag")
            assert tag.startswith('"')
            for condition in ("*", tag):
                again = c.get(name, headers=[*GZIP, ("If-None-Match", condition)])
                assert (again.status, again.header("ETag")) == (304, tag)
                assert again.header("Vary") == vary
            part = c.get(name, headers=[*GZIP, ("Range", "bytes=1-2")])
            assert (part.status, part.header("Vary")) == (206, vary)


def test_bad_types_are_refused():
    done = run_once("--gzip-types", "text html", "--check-config", "workload")
    assert done.returncode != 0 and "expected media types such as text/html" in done.stderr


def test_moved_connections_lose_nothing(gzipping):
    """More clients than slots on two workers, all compressed."""
    with gzipping(workers=2, threads=2) as s:
        conns = [s.conn() for _ in range(12)]
        for round_ in range(5):
            for i, c in enumerate(conns):
                c.send(request(f"/stream?pieces={i + 1}&size={997 + round_}&ms=1", headers=GZIP))
            for i, c in enumerate(conns):
                assert len(gzip.decompress(c.read().body)) == (i + 1) * (997 + round_)
        for c in conns:
            c.close()


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes memory of its own")
def test_its_memory_is_a_slots_not_a_connections(gzipping):
    """Many slow clients of compressed answers: 260 KiB or so a thread, and what is still unsent."""
    with gzipping("--gzip-types", "text/*", "--worker-connections", "300", threads=2) as s:
        [pid] = s.worker_pids()
        for _ in range(20):
            s.get("/stream?pieces=2&size=60000&flush=0", headers=GZIP)
        before = private_bytes(pid)
        conns = [Conn(s.address) for _ in range(100)]
        for c in conns:
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            c.send(request("/stream?pieces=50&size=60000", headers=GZIP))
        s.completed(120, within=20)
        grown = private_bytes(pid) - before
        print(f"{grown} bytes more after 100 clients")
        assert grown < 3 * MIB
        for c in conns:
            c.close()

"""Responses in pieces: files sent by the kernel, messages that had to be cut."""

import os
from pathlib import Path

import pytest

from client import Closed, request
from server import eventually

MIB = 1 << 20


def pattern_files(server):
    """The file behind /file, by the descriptors of the only worker."""
    [pid] = server.worker_pids()
    found = [p for p in Path(f"/proc/{pid}/fd").iterdir()
             if "littled-workload" in os.readlink(p)]
    assert found
    return found


@pytest.mark.short
def test_files_are_sent_like_memory(server):
    with server.conn() as c:
        for n in (0, 1, 13, 65_536, MIB, MIB + 1, 5 * MIB + 17):
            assert c.get(f"/file?n={n}").body == c.get(f"/bytes?n={n}").body
        length = c.get("/file?n=70000", method="HEAD").header("Content-Length")
        assert length == "70000"
        assert c.get("/hello").body == b"Hello, world\n"


def test_files_among_pipelined_answers(server):
    targets = ["/hello", "/file?n=100000", "/hello", "/file?n=3000000", "/sleep?ms=1", "/file?n=1"]
    with server.conn() as c:
        c.send(b"".join(request(t) for t in targets))
        answers = [c.read() for _ in targets]
    assert [len(a.body) for a in answers] == [13, 100_000, 13, 3_000_000, 3, 1]
    totals = server.completed(len(targets))
    assert totals["bytes_out"] > 3_100_000


@pytest.mark.short
def test_no_descriptor_of_a_file_is_left_open(server):
    for _ in range(3):
        server.get("/file?n=5000000")
        server.get("/file?n=5000000", method="HEAD")
        with server.conn() as c:
            c.send(request("/file?n=67108864"))  # who leaves in the middle
            c.more()
    eventually(lambda: len(pattern_files(server)) == 1, 5, "only the app's own descriptor is open")


def test_a_file_cut_short_cuts_the_message(server):
    with server.conn() as c:
        c.send(request("/file?n=67108864"))
        c.more()
        os.truncate(pattern_files(server)[0], 0)
        with pytest.raises(Closed):
            c.read()
    stats = eventually(lambda: (s := server.stats())["closes"]["response_cut"] and s, 5,
                       "the cut is counted")
    assert stats["closes"]["response_cut"] == 1
    assert server.stderr().count("the answer to /file?n=67108864 was cut after ") == 1
    assert server.get("/hello").status == 200


def test_who_takes_all_of_it_does_not_keep_others_waiting(server):
    """One file of 64 MiB over and over, read as fast as it comes, and small requests beside it."""
    with server.conn() as big, server.conn() as small:
        for _ in range(3):
            big.send(request("/file?n=67108864"))
            for _ in range(20):
                assert small.get("/hello").status == 200
            assert len(big.read().body) == 64 * MIB

"""Clients that leave, or end only their own side, while their request waits or is handled."""

import socket
import struct
import time

import pytest

import client
from client import request
from server import PATIENCE, eventually
from test_04_apps import compile_app
from test_31_limits import closes

# Until the client is gone, or five seconds are over; then it says in the log what it saw.
PATIENT = """
#include <littled/app.h>
#include <unistd.h>
static int handle(struct ltd_exchange *x, void *state)
{
	int i;
	(void)state;
	for (i = 0; i < 500 && !ltd_request_client_is_gone(x); i++)
		usleep(10000);
	ltd_log(LTD_LOG_INFO, i < 500 ? "the client is gone" : "the client is there");
	return ltd_response_write(x, "x", 1);
}
static const struct ltd_route routes[] = { { "/", LTD_SLOT, LTD_GET, handle }, { 0 } };
LTD_APP = { .abi = LTD_ABI, .name = "patient", .routes = routes };
"""


def reset(conn):
    """Leaves with a reset: nobody will read what is sent there."""
    conn.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


@pytest.fixture(params=["tcp", "unix"])
def one_slot(serve, tmp_path, request):
    """A server of one slot, and its address."""
    path = str(tmp_path / "s")
    more = {"binds": [f"unix:{path}"]} if request.param == "unix" else {}
    with serve("--keep-alive", "60", threads=1, **more) as s:
        yield s, path if request.param == "unix" else s.address


def queued(server, n):
    eventually(lambda: sum(w["queued"] for w in server.stats()["workers"]) == n, 5,
               f"{n} requests wait")


def route(server, name):
    return next(r for r in server.stats()["routes"] if r["route"] == name)


@pytest.mark.short
def test_who_leaves_while_waiting_is_not_served(one_slot):
    """But who has only ended his own side is."""
    s, address = one_slot
    busy = client.Conn(address)
    busy.send(request("/sleep?ms=800"))
    s.wait_busy(1)
    conns = [client.Conn(address) for _ in range(9)]
    for i, c in enumerate(conns):
        c.send(request("/cpu?ms=1"))
        queued(s, i + 1)
    time.sleep(0.01)
    reset(conns[0])
    for c in conns[1:3]:
        c.close()
    for c in conns[3:6]:
        c.socket.shutdown(socket.SHUT_WR)
    for c in conns[3:]:
        assert c.read().status == 200
    assert busy.read().status == 200
    for c in conns[3:6]:
        assert c.is_closed_within(5)
    totals = s.completed(10)
    assert (totals["status"]["200"], totals["status"]["499"]) == (7, 3)
    eventually(lambda: closes(s, "client_waiting") == 3, 5, "the closes are counted")
    # The handler ran for those who were there, and no slot was held for the others.
    assert sum(slot["served"] for w in s.stats()["workers"] for slot in w["slots"]) == 7
    law = s.stats()["little"]
    assert law["arrivals"] == law["completions"] == 10
    assert abs(law["residual"]) <= 0.001 * law["L"]
    assert s.stats()["concurrency"]["now"] == 0
    assert conns[8].get("/hello").status == 200


def test_a_half_closed_client_gets_all_it_asked_for(one_slot):
    """Pipelined, inline and in the slot, in order, and then the end."""
    s, address = one_slot
    with client.Conn(address) as c:
        for target in ("/hello", "/sleep?ms=50", "/hello", "/bytes?n=300000", "/sleep?ms=1"):
            c.send(request(target))
        c.socket.shutdown(socket.SHUT_WR)
        assert [len(c.read().body) for _ in range(5)] == [13, 3, 13, 300000, 3]
        assert c.is_closed_within(5)
    with client.Conn(address) as c:
        c.send(request("/echo", method="POST", body=b"x" * 100)[:-1])
        c.socket.shutdown(socket.SHUT_WR)
        assert c.is_closed_within(5)
    eventually(lambda: closes(s, "client_mid_request") == 1, 5, "half a request is none")


@pytest.mark.short
def test_who_waits_half_closed_reads_one_whole_answer(one_slot):
    """What all answers begin with is sent to him before his handler starts, to see whether he is
    there; it must not come twice."""
    s, address = one_slot
    asked = [request("/sleep?ms=1"), request("/sleep?ms=1", method="HEAD"),
             request("/stream?chunks=3"), request("/stream?chunks=3", version="1.0"),
             request("/hello") + request("/sleep?ms=1") + request("/hello")]
    with client.Conn(address) as busy:
        busy.send(request("/sleep?ms=500"))
        s.wait_busy(1)
        conns = [client.Conn(address) for _ in asked]
        for i, (c, data) in enumerate(zip(conns, asked)):
            c.send(data)
            c.socket.shutdown(socket.SHUT_WR)
            queued(s, i + 1)
        time.sleep(0.01)
    answers = [c.rest + b"".join(iter(lambda: c.socket.recv(65536), b"")) for c in conns]
    assert [answer.count(b"HTTP/1.1 200 OK\r\n") for answer in answers] == [1, 1, 1, 1, 3]
    assert [answer.count(b"HTTP/1.1") for answer in answers] == [1, 1, 1, 1, 3]
    assert all(answer.startswith(b"HTTP/1.1 200 OK\r\n") for answer in answers)
    assert answers[2].endswith(b"\r\n0\r\n\r\n") and b"Content-Length: 3" in answers[1]


def test_who_left_in_another_worker_is_not_served_there(serve):
    with serve("--keep-alive", "60", workers=2, threads=1) as s:
        busy = [s.conn() for _ in range(2)]
        for c in busy:
            c.send(request("/sleep?ms=600"))
        s.wait_busy(2)
        conns = [s.conn() for _ in range(6)]
        for i, c in enumerate(conns):
            c.send(request("/cpu?ms=1"))
            queued(s, i + 1)
        for c in conns[::2]:
            c.close()
        for c in busy + conns[1::2]:
            assert c.read().status == 200
        totals = s.completed(8)
        assert totals["status"]["499"] == 3
        eventually(lambda: closes(s, "client_waiting") == 3, 5, "the closes are counted")


@pytest.mark.short
def test_a_handler_may_ask_whether_its_client_is_gone(serve, tmp_path):
    app = compile_app(tmp_path, PATIENT)
    with serve(app=str(app), threads=3) as s:
        with s.conn() as there, s.conn() as resetting, s.conn() as closing:
            for c in (there, resetting, closing):
                c.send(request("/"))
            there.socket.shutdown(socket.SHUT_WR)
            s.wait_busy(3)
            begin = time.monotonic()
            reset(resetting)
            closing.close()
            s.wait_busy(1)
            assert time.monotonic() - begin < 2 * PATIENCE
            assert there.read().status == 200
        assert s.stderr().count("the client is gone") == 2
        assert s.stderr().count("the client is there") == 1
        eventually(lambda: closes(s, "client_mid_response") == 2, 5, "it was noticed")


def test_many_leave_at_once(serve):
    """Nothing is lost or counted twice, whenever the reset comes."""
    with serve("--keep-alive", "60", workers=2, threads=2) as s:
        for _ in range(10):
            conns = [s.conn() for _ in range(20)]
            for c in conns:
                c.send(request("/sleep?ms=4"))
            for i, c in enumerate(conns):
                if i % 3 == 0:
                    assert c.read().status == 200
                    c.close()
                else:
                    reset(c)

        def at_rest():
            stats = s.stats(60)
            totals = stats["totals"]
            return stats if (stats["concurrency"]["now"] == 0
                             and totals["arrivals"] == totals["completions"]) else None
        stats = eventually(at_rest, 10, "nothing is in flight")
        assert abs(stats["little"]["residual"]) <= 0.001 * stats["little"]["L"]
        assert s.get("/hello").status == 200

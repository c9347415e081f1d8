"""HTTP/1.1 as RFC 9110 and RFC 9112 have it: the rows of http11_cases.py over TCP and unix
sockets, whole, in two pieces cut at each byte, and byte by byte."""

import re
import socket
import struct
import time
from contextlib import suppress

import pytest

from client import Conn, connect
from http11_cases import ROWS, get, post, sized
from load import Background
from server import Server, free_port

PROBE = get(b"X-Probe: 1\r\n")
LAST_PROBE = get(b"X-Probe: 1\r\nConnection: close\r\n")

TRANSPORTS = ["tcp", "unix"]
BATCH = 200  # connections at once, well below what one worker takes
WHOLLY_CUT = 512  # longer messages are cut at some bytes only

DATE = re.compile(rb"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """One worker on both transports, patient enough for a message in 512 pieces."""
    tmp = tmp_path_factory.mktemp("conformance")
    addresses = {"tcp": ("127.0.0.1", free_port()), "unix": str(tmp / "socket")}
    binds = ["127.0.0.1:%d" % addresses["tcp"][1], "unix:" + addresses["unix"]]
    with Server(tmp, "--keep-alive", "60", "--header-timeout", "300", "--write-timeout", "300",
                binds=binds) as s:
        s.addresses = addresses
        yield s


def outcome_of(row):
    """The answers ([(status, method asked with)]) and what becomes of the connection."""
    *statuses, fate = row[3].split()
    return [(int(s.rstrip("h")), "HEAD" if s.endswith("h") else "GET") for s in statuses], fate


def name_of(row):
    return "%s: %s" % (row[0].replace(" ", "-"), row[1])


# --- one message, whole ---------------------------------------------------------


def check_answer(answer, status, method):
    """What every response must be, whatever was asked."""
    assert (answer.version, answer.status) == ("HTTP/1.1", status), answer.body
    for name, value in answer.headers:
        assert TOKEN.fullmatch(name) and value == value.strip(" \t"), (name, value)
    assert DATE.fullmatch(b"Date: %s\r\n" % answer.header("Date").encode())  # RFC 9110 6.6.1
    assert answer.header("Transfer-Encoding") is None
    has_length = answer.header("Content-Length") is not None
    assert has_length == (status not in (204, 304))  # RFC 9110 8.6
    if method == "HEAD" or status in (204, 205, 304):
        assert answer.body == b""
    elif status >= 400 and status != 404:
        assert answer.header("Content-Type") == "text/plain"
        assert answer.body.startswith(b"%d " % status) and answer.body.endswith(b"\n")
    if status == 405:
        assert answer.header("Allow")  # RFC 9110 15.5.6


def is_silent(c, canary):
    """Nothing has come though the server has had the time to answer somebody else, twice."""
    for _ in range(2):
        assert canary.get("/hello").status == 200
    c.socket.setblocking(False)
    try:
        return not c.rest and c.socket.recv(1) == b"?"
    except BlockingIOError:
        return True
    finally:
        c.socket.setblocking(True)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_message_has_its_outcome(serving, transport, row):
    answers, fate = outcome_of(row)
    address = serving.addresses[transport]
    with Conn(address) as c, Conn(address) as canary:
        c.send(row[2] + (PROBE if fate == "closed" else b""))
        bodies = []
        for status, method in answers:
            answer = c.read(method)
            check_answer(answer, status, method)
            bodies += [answer.json()["body"]] if b"body_length" in answer.body else []
        assert bodies == list(row[4:])
        if fate == "closed":
            assert answer.header("Connection") == "close"
            assert not c.rest and c.socket.recv(1) == b"", "the end, not a reset"
        elif fate == "waits":
            assert is_silent(c, canary)
        else:
            assert c.get("/hello").status == 200
        assert canary.get("/hello").status == 200


# --- in pieces ------------------------------------------------------------------


def end_of(s):
    """All that came back up to the end, but for the time of day; a reset is an error."""
    data = b""
    with s:
        while more := s.recv(1 << 16):
            data += more
        # Thousands of connections: none may stay behind in TIME_WAIT.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return DATE.sub(b"", data)


def converse(address, talks):
    """Sends the pieces of all talks, step by step, so that each is read before the next one is
    sent; what came back on each.  A talk that ends with an empty piece is half-closed then."""
    with Conn(address) as canary:
        sockets = [connect(address) for _ in talks]
        for step in range(max(map(len, talks))):
            for s, pieces in zip(sockets, talks):
                if step < len(pieces):
                    with suppress(BrokenPipeError):  # it was refused, and that a while ago
                        s.sendall(pieces[step])
            for _ in range(2):
                assert canary.get("/hello").status == 200
        for s, pieces in zip(sockets, talks):
            if not pieces[-1]:
                s.shutdown(socket.SHUT_WR)
        return [end_of(s) for s in sockets]


def answers_to(address, talks):
    """The same, a batch at a time."""
    for at in range(0, len(talks), BATCH):
        yield from converse(address, talks[at:at + BATCH])


def tail_of(row):
    """What is sent behind the message: nothing, if the server is to wait for more."""
    return b"" if outcome_of(row)[1] == "waits" else LAST_PROBE


def check_pieces(address, cuttings):
    """[(row, the pieces its bytes are sent in)]: each is answered as the whole is."""
    rows = {row[2]: row for row, _ in cuttings}.values()
    whole = answers_to(address, [[row[2], tail_of(row)] for row in rows])
    expected = dict(zip((row[2] for row in rows), whole))
    found = answers_to(address, [[*pieces, tail_of(row)] for row, pieces in cuttings])
    for (row, pieces), answer in zip(cuttings, found):
        assert answer == expected[row[2]], "%s, sent as %r" % (name_of(row), pieces)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_cut_makes_a_difference(serving, transport):
    cuttings = []
    for row in ROWS:
        n = len(row[2])
        at = range(1, n) if n <= WHOLLY_CUT else range(1, n, n // 8)
        cuttings += [(row, [row[2][:i], row[2][i:]]) for i in at]
    check_pieces(serving.addresses[transport], cuttings)


@pytest.mark.short
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_message_may_come_byte_by_byte(serving, transport):
    cuttings = [(row, [row[2][i:i + 1] for i in range(len(row[2]))])
                for row in ROWS if len(row[2]) <= WHOLLY_CUT]
    check_pieces(serving.addresses[transport], cuttings)


# --- what takes a conversation --------------------------------------------------


def test_a_body_is_asked_for_when_it_is_wanted(serving):
    """RFC 9110 10.1.1: 100 when the body is held back, none when it is there."""
    held = post(b"Expect: 100-Continue\r\nContent-Length: 5\r\n")
    for body, fields in ((b"hello", held), (b"5\r\nhello\r\n0\r\n\r\n", post(
            b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"))):
        for address in serving.addresses.values():
            with Conn(address) as c:
                for _ in range(2):
                    c.send(fields)
                    assert c.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
                    c.send(body)
                    assert c.read().json()["body"] == "hello"
                c.send(fields + body)
                assert c.read().json()["body"] == "hello"


def test_no_body_is_asked_for_that_is_not_wanted(serving):
    """RFC 9110 10.1.1: what the head alone decides is the answer, at once; the body may come all
    the same, so nothing is read behind it."""
    length = b"Content-Length: 5\r\n"
    for fields, target, status in ((b"Content-Length: 9999999\r\n", b"/echo", 413),
                                   (b"X : y\r\n", b"/echo", 400), (length, b"/none", 404),
                                   (length, b"/hello", 405),
                                   (b"Transfer-Encoding: chunked\r\n", b"/hello", 405)):
        with Conn(serving.addresses["tcp"]) as c:
            c.send(get())
            c.send(post(b"Expect: 100-continue\r\n" + fields, target=target))
            assert c.read().status == 200
            answer = c.read()
            assert answer.status == status and answer.header("Connection") == "close"
            assert (answer.header("Allow") is None) == (status != 405)
            c.send(get())
            assert not c.rest and c.is_closed_within(5)


def test_options_with_a_body_held_back_is_answered(serving):
    with Conn(serving.addresses["tcp"]) as c:
        c.send(post(b"Expect: 100-continue\r\nContent-Length: 5\r\n", target=b"*",
                    method=b"OPTIONS"))
        assert c.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        c.send(b"hello")
        answer = c.read()
        assert answer.status == 200 and "PATCH" in answer.header("Allow")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_refusal_is_read_before_any_reset(serving, transport):
    """RFC 9112 9.6: the client is still sending when it is refused."""
    for head, status in ((b"Content-Length: 4000000\r\n", 413),
                         (b"Content-Length: 4000000\r\nX : y\r\n", 400)):
        with Conn(serving.addresses[transport]) as c:
            c.send(post(head) + bytes(4000000))
            answer = c.read()
            assert answer.status == status and answer.header("Connection") == "close"
            assert not c.rest and c.socket.recv(1) == b""


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_answer_is_read_before_any_reset(serving, transport):
    """The same when the server keeps none of its connections: it announces the end itself."""
    with Conn(serving.addresses[transport]) as c:
        c.send(get(b"Connection: close\r\n") + get() * 20000)
        assert c.read().status == 200
        assert not c.rest and c.socket.recv(1) == b""


def test_a_slow_client_is_not_reset_while_it_sends(serving):
    """It learns of its refusal when it has sent all, seconds later."""
    with Conn(serving.addresses["tcp"]) as c:
        c.send(post(b"Content-Length: 4000000\r\n"))
        for _ in range(8):
            time.sleep(0.4)
            c.send(bytes(100000))
        assert c.read().status == 413
        assert not c.rest and c.socket.recv(1) == b""


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_pipeline_may_be_of_any_depth(serving, transport):
    """RFC 9112 9.3.2: 30000 requests before the first answer is read, answered in order."""
    lengths = [i % 7 for i in range(30000)]
    with Conn(serving.addresses[transport], timeout=120) as c:
        data = b"".join(get(target=b"/bytes?n=%d" % n) for n in lengths)
        sending = Background(lambda: c.send(data))
        found = [len(c.read().body) for _ in lengths]
        sending.result()
    assert found == lengths


def test_an_answer_that_ends_the_connection_unasked_is_read(serve):
    with serve("--keep-alive", "0") as s, s.conn() as c:
        c.send(sized(b"hello"))
        assert c.read().header("Connection") == "close"
        for _ in range(10):
            c.send(get())  # sent before the client knew
        assert not c.rest and c.socket.recv(1) == b""


def test_a_request_of_each_size_up_to_the_limits(serve):
    """8190 bytes of request line and of field are taken, 8191 are refused."""
    with serve() as s:
        for extra, statuses in ((0, (200, 200)), (1, (414, 431))):
            line = b"/hello?" + b"q" * (8190 - len(b"GET /hello? HTTP/1.1") + extra)
            field = b"X-A: " + b"b" * (8190 - len(b"X-A: ") + extra) + b"\r\n"
            for data, status in zip((get(target=line), get(field)), statuses):
                with s.conn() as c:
                    c.send(data)
                    assert c.read().status == status


def test_what_is_not_limited_is_taken(serve):
    with serve("--limit-request-line", "0", "--limit-request-field_size", "0") as s, s.conn() as c:
        c.send(get(b"X-A: " + b"b" * 300000 + b"\r\n", target=b"/hello?" + b"q" * 300000))
        assert c.read().status == 200
        assert c.get("/hello").status == 200

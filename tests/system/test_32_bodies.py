"""Request bodies: kept in memory, stored in files, moved to other workers, and refused."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from client import Closed, chunked, request
from load import Background, at_once
from server import PATIENCE, conns_of_one_worker, eventually, open_fds, open_files
from test_04_apps import compile_app
from test_11_moving import check_at_rest, moves
from test_31_limits import Rationed

# What a handler finds: the length that was told, what reading gives, what the whole is.
BODIES = """
#include <littled/app.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static uint64_t sum(uint64_t s, const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s = (s ^ (unsigned char)at[i]) * 1099511628211u;
	return s;
}

static int handle(struct ltd_exchange *x, void *state)
{
	uint64_t pieces = 1, whole = 1, len = 0;
	char piece[5000];
	struct ltd_slice ms;
	ssize_t n;
	(void)state;
	if (ltd_request_param(x, "ms", &ms))
		usleep(1000 * 1000);
	while ((n = ltd_request_read(x, piece, sizeof piece)) > 0) {
		pieces = sum(pieces, piece, (size_t)n);
		len += (uint64_t)n;
	}
	if (n < 0)
		return -1;
	struct ltd_slice body = ltd_request_body(x);
	whole = sum(whole, body.at, body.len);
	return ltd_response_printf(x, "%lu %lu %lu %d", (unsigned long)ltd_request_body_length(x),
		(unsigned long)len, (unsigned long)body.len, pieces == whole);
}

static int handle_first(struct ltd_exchange *x, void *state)
{
	char piece[10] = "";
	(void)state;
	ssize_t n = ltd_request_read(x, piece, 9);
	return n < 0 ? -1 : ltd_response_printf(x, "%d %s", (int)n, piece);
}

static int give_back(struct ltd_exchange *x, void *state)
{
	struct ltd_slice body = ltd_request_body(x);
	(void)state;
	return ltd_response_write(x, body.at, body.len);
}

static int hello(struct ltd_exchange *x, void *state)
{
	(void)state;
	return ltd_response_write(x, "hello", 5);
}

static const struct ltd_route routes[] = {
	{ "/hello", LTD_INLINE, LTD_GET, hello }, { "/slot", LTD_SLOT, LTD_POST, handle }, { "/inline", LTD_INLINE, LTD_POST, handle },
	{ "/first", LTD_SLOT, LTD_POST, handle_first }, { "/back", LTD_SLOT, LTD_POST, give_back },
	{ 0 } };
LTD_APP = { .abi = LTD_ABI, .name = "bodies", .routes = routes };
"""

LARGE = ("--limit-request-body", "64m", "--keep-alive", "60")


@pytest.fixture
def bodies(serve, tmp_path):
    """A server with that app, a folder for its files, and bodies over 10,000 bytes in them."""
    app = compile_app(tmp_path, BODIES)
    (tmp_path / "spool").mkdir()

    def start(*options, **more):
        return serve(*LARGE, "--body-buffer", "10000", "--body-temp-dir", tmp_path / "spool",
                     *options, app=str(app), **more)
    return start


def some_bytes(n):
    return random.Random(n).randbytes(n)


def message(target, body, coding):
    if coding == "length":
        return request(target, method="POST", body=body)
    return (b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % target.encode()
            + chunked([body[i:i + 7000] for i in range(0, len(body), 7000)]))


def stored_bodies(pid):
    """Stored bodies: files that have no name any more."""
    return [link for link in open_files(pid).values()
            if "spool/" in link and link.endswith("(deleted)")]


def no_files(server):
    eventually(lambda: not any(stored_bodies(pid) for pid in server.worker_pids()), 5,
               "no stored body is left open")


@pytest.mark.short
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_handler_reads_a_body_of_any_size(bodies, coding):
    sizes = (1, 9_999, 10_000, 10_001, 16_384, 40_000, 1_000_000)
    with bodies() as s, s.conn() as c:
        for size in sizes:
            for target in ("/slot", "/inline"):
                c.send(message(target, some_bytes(size), coding))
                assert c.read().body.decode() == f"{size} {size} {size} 1", (size, target)
        c.send(message("/back", some_bytes(300_000), coding))
        assert c.read().body == some_bytes(300_000)
        c.send(message("/first", b"beginning and more" * 5000, coding))
        assert c.read().body == b"9 beginning"
        totals = s.stats()["totals"]
        assert totals["bodies_stored"] >= 2 * 2 + 2
        assert totals["bytes_stored"] >= 2 * 1_040_000 + 300_000 + 90_000
        no_files(s)


@pytest.mark.short
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_messages_behind_a_stored_body_are_kept_apart(bodies, coding):
    """Sent together, and in pieces whose borders fall anywhere."""
    sizes = [30_000, 5, 0, 50_001, 20_000]
    data = b"".join(message("/slot", some_bytes(n), coding) for n in sizes)
    with bodies() as s:
        for step in (len(data), 16_384, 7_919, 61_003):
            with s.conn() as c:
                for at in range(0, len(data), step):
                    c.send(data[at:at + step])
                    time.sleep(0.001)
                for n in sizes:
                    assert c.read().body.decode() == f"{n} {n} {n} 1", step
        no_files(s)


def test_a_large_head_leaves_room_for_pieces_of_the_body(bodies):
    body = some_bytes(200_000)
    head = [("X", "y" * 8000), ("Z", "y" * 8100)]
    with bodies() as s, s.conn() as c:
        c.send(request("/slot", method="POST", headers=head, body=body))
        assert c.read().body == b"200000 200000 200000 1"


def test_many_bodies_at_once(bodies):
    with bodies(workers=2, threads=3) as s:
        def send(n):
            with s.conn() as c:
                for i in range(5):
                    body = some_bytes(n * 4_000 + i)
                    c.send(message("/back", body, "chunked" if n % 2 else "length"))
                    assert c.read().body == body
            return True
        assert at_once([lambda n=n: send(n) for n in range(16)]) == [True] * 16
        no_files(s)


@pytest.mark.short
def test_no_slot_waits_for_a_client(bodies):
    """Ten of them dawdle with their bodies; the only slot is free for the eleventh."""
    body = some_bytes(60_000)
    with bodies(threads=1) as s:
        slow = [s.conn() for _ in range(10)]
        for c in slow:
            c.send(message("/slot", body, "length")[:40_000])
        eventually(lambda: len(stored_bodies(s.worker_pids()[0])) == 10, 5, "all are being stored")
        with s.conn() as c:
            c.send(message("/slot", body, "length"))
            assert c.read().status == 200
        assert s.busy_slots() == 0
        for c in slow[:5]:
            c.send(message("/slot", body, "length")[40_000:])
        for c in slow[:5]:
            assert c.read().body == b"60000 60000 60000 1"
        for c in slow[5:]:
            c.close()
        no_files(s)


def test_a_stored_body_is_asked_for_only_if_it_can_be_stored(bodies, tmp_path):
    head = request("/slot", method="POST",
                   headers=[("Expect", "100-continue"), ("Content-Length", 50_000)])
    with bodies() as s:
        with s.conn() as c:
            c.send(head)
            assert c.read().status == 100
            c.send(some_bytes(50_000))
            assert c.read().status == 200
        shutil.rmtree(tmp_path / "spool")
        with s.conn() as c:
            c.send(head)
            assert c.read().status == 503
            assert c.is_closed_within(5)


def test_without_a_folder_all_are_kept_in_memory(bodies):
    with bodies("--body-temp-dir", "") as s, s.conn() as c:
        for coding in ("length", "chunked"):
            c.send(message("/back", some_bytes(500_000), coding))
            assert c.read().body == some_bytes(500_000)
        assert s.stats()["totals"]["bodies_stored"] == 0


# --- when they cannot be stored ------------------------------------------------------


def check_refusals(server, n=3):
    """Bodies that must be stored are refused, all else is served; each worker says so once."""
    for _ in range(n):
        with server.conn() as c:
            try:
                c.send(message("/slot", some_bytes(2_000_000), "length"))
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert c.read().status == 503
        with server.conn() as c:
            c.send(message("/slot", some_bytes(5_000), "length"))
            assert c.read().status == 200
    totals = server.stats()["totals"]
    assert totals["store_errors"] == n and totals["status"]["503"] == n
    told = server.stderr().count("requests with bodies over body_buffer are refused")
    assert 1 <= told <= server.workers
    no_files(server)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 512 KiB at the folder's place."""
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none",
                                            str(spool)], capture_output=True).returncode != 0:
        pytest.skip("mounting a file system takes root's rights")
    yield spool
    subprocess.run(["umount", "-l", str(spool)], check=True)


def test_a_full_disk_refuses_large_bodies_only(serve, tmp_path, tiny_disk):
    app = compile_app(tmp_path, BODIES)
    with serve(*LARGE, "--body-buffer", "10000", "--body-temp-dir", tiny_disk,
               app=str(app)) as s:
        check_refusals(s)
        assert "No space left on device" in s.stderr()
        with s.conn() as c:
            c.send(message("/slot", some_bytes(300_000), "chunked"))
            assert c.read().status == 200


def test_a_file_that_may_not_grow_refuses_large_bodies_only(bodies):
    """A limit of the system (RLIMIT_FSIZE): the worker lives on."""
    with bodies() as s:
        pid, = s.worker_pids()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        check_refusals(s)
        assert s.worker_pids() == [pid]


def test_a_folder_that_is_not_there_is_told_at_the_start(serve, tmp_path):
    app = compile_app(tmp_path, BODIES)
    with serve(*LARGE, "--body-temp-dir", "/nonexistent/folder", workers=2, app=str(app)) as s:
        eventually(lambda: "bodies over body_buffer will be refused" in s.stderr(), 5, "it is told")
        check_refusals(s)
        assert s.stderr().count("will be refused") == 1


def test_without_descriptors_large_bodies_are_refused(bodies):
    with bodies() as s:
        pid, = s.worker_pids()
        with s.conn() as first, s.conn() as second:
            for c in (first, second):
                c.send(message("/slot", b"x", "length"))
                assert c.read().status == 200
            with Rationed(pid, 0):
                first.send(message("/slot", some_bytes(50_000), "length"))
                assert first.read().status == 503
                second.send(message("/slot", some_bytes(5_000), "length"))
                assert second.read().status == 200
            second.send(message("/slot", some_bytes(50_000), "length"))
            assert second.read().status == 200


# --- moving ------------------------------------------------------------------------------


def held(server):
    """Worker 0's only slot is taken."""
    conns = conns_of_one_worker(server, 1)
    conns[0].send(message("/slot?ms", b"x", "length"))
    server.wait_busy(1)
    return conns[0]


@pytest.mark.short
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_stored_body_moves_with_its_request(bodies, coding):
    with bodies(workers=2, threads=1) as s:
        conn, = conns_of_one_worker(s, 1)
        fds = [open_fds(pid) for pid in s.worker_pids()]
        busy = held(s)
        begin = time.monotonic()
        follower = message("/slot", some_bytes(70_000), coding)
        conn.send(message("/back", some_bytes(400_000), coding) + follower)
        assert conn.read().body == some_bytes(400_000)
        assert conn.read().body == b"70000 70000 70000 1"
        assert time.monotonic() - begin < 0.9 * PATIENCE
        eventually(lambda: moves(s)[0] >= 1, 5, "it moved")
        assert busy.read().status == 200
        busy.close()
        conn.close()
        no_files(s)
        eventually(lambda: sum(map(open_fds, s.worker_pids())) <= sum(fds) - 1, 5,
                   "no descriptor is left over")
        check_at_rest(s)


def test_a_move_that_fails_leaves_the_body_where_it_is(bodies):
    """The sibling has no descriptor for it, then no second one: it is served at home."""
    with bodies(workers=2, threads=1) as s:
        conn, = conns_of_one_worker(s, 1)
        home, other = s.worker_pids()
        for spare in (0, 1):
            busy = held(s)
            before = open_fds(other)
            with Rationed(other, spare):
                conn.send(message("/back", some_bytes(100_000), "length"))
                assert conn.read().body == some_bytes(100_000)
                assert busy.read().status == 200
                busy.close()
            assert open_fds(other) == before
        assert moves(s) == (0, 0)
        assert s.stats()["totals"]["moves_refused"] >= 2
        no_files(s)


def test_stored_bodies_survive_moves_and_deaths(bodies):
    """Under load, while a worker is killed: each answer is right, and no file stays open."""
    with bodies(workers=2, threads=1) as s:
        s.may_lose_workers = True
        deadline = time.monotonic() + 2

        def send(n):
            served = 0
            while time.monotonic() < deadline:
                body = some_bytes(20_000 + n * 1_000 + served)
                try:
                    with s.conn() as c:
                        c.send(message("/back", body, "chunked" if n % 2 else "length"))
                        assert c.read().body == body
                    served += 1
                except (Closed, OSError):
                    continue  # with the worker
            return served
        load = Background(lambda: at_once([lambda n=n: send(n) for n in range(8)]))
        for _ in range(3):
            time.sleep(0.5)
            os.kill(random.choice(s.worker_pids() or [0]), signal.SIGKILL)
        assert all(isinstance(n, int) and n > 0 for n in load.result())
        eventually(lambda: len(s.worker_pids()) == 2, 10, "both are back")
        no_files(s)


# --- memory ----------------------------------------------------------------------------------


def resident_kb(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("RssAnon:")[1].split()[0])


def test_stored_bodies_take_no_memory(bodies):
    """Twenty bodies of four megabytes, all but their last bytes here."""
    with bodies() as s:
        pid, = s.worker_pids()
        data = message("/slot", bytes(4_000_000), "length")
        before = resident_kb(pid)
        conns = [s.conn() for _ in range(20)]
        for c in conns:
            c.send(data[:-1])
        eventually(lambda: s.stats()["totals"]["bytes_stored"] >= 20 * 3_900_000, 10, "all are here")
        assert resident_kb(pid) - before < 4_000 * (1 if PATIENCE == 1 else 20)
        for c in conns:
            c.send(data[-1:])
        for c in conns:
            assert c.read().body == b"4000000 4000000 4000000 1"
        no_files(s)

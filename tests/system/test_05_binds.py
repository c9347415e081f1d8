"""Listeners: TCP, IPv6, unix sockets, several at once, and a port that is taken."""

import os
import re
import signal
import socket
import stat
import time

import pytest

import client
from server import PATIENCE, eventually, free_port, has_ipv6, run_once


@pytest.mark.short
def test_a_unix_socket(serve, tmp_path):
    path = str(tmp_path / "littled.sock")
    with serve(binds=[f"unix:{path}"]) as s:
        with client.Conn(path) as c:
            assert c.get("/hello").body == b"Hello, world\n"
            assert c.get("/sleep?ms=1").body == b"ok\n"
        assert stat.S_ISSOCK((tmp_path / "littled.sock").stat().st_mode)
        s.stop()
        assert not (tmp_path / "littled.sock").exists()


def test_a_socket_file_left_behind_is_replaced(serve, tmp_path):
    path = str(tmp_path / "littled.sock")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
    with serve(binds=[f"unix:{path}"]):
        assert client.get(path, "/hello").status == 200


def test_a_plain_file_is_not_replaced(tmp_path):
    path = tmp_path / "precious"
    path.write_text("keep me")
    done = run_once("-b", f"unix:{path}", "workload")
    assert done.returncode != 0 and "precious" in done.stderr
    assert path.read_text() == "keep me"


def test_several_binds(serve, tmp_path):
    ports = [free_port() for _ in range(2)]
    path = str(tmp_path / "littled.sock")
    with serve(binds=[*(f"127.0.0.1:{p}" for p in ports), f"unix:{path}"]):
        for address in (("127.0.0.1", ports[0]), ("127.0.0.1", ports[1]), path):
            assert client.get(address, "/hello").status == 200


@pytest.mark.skipif(not has_ipv6(), reason="no ::1 here")
def test_ipv6(serve):
    port = free_port("::1")
    with serve("--access-logfile", "-", binds=[f"[::1]:{port}"]) as s:
        assert client.get(("::1", port), "/hello").status == 200
        s.stop()
        assert s.stderr().count("::1 - - [") == 1


def taken(*args):
    begin = time.monotonic()
    done = run_once(*args, "workload", timeout=15)
    assert done.returncode not in (0, -11)
    assert time.monotonic() - begin < 8 * PATIENCE
    return done.stderr


@pytest.mark.parametrize("change", [None, signal.SIGHUP, signal.SIGUSR2])
def test_with_reuse_port_all_workers_are_at_one_address(serve, tmp_path, change):
    """On a port the system picks, and at a unix socket, whose name only one may have."""
    path = tmp_path / "x.sock"
    binds = ["127.0.0.1:0", f"unix:{path}"]
    with serve("--reuse-port", "-p", tmp_path / "pid", binds=binds, workers=3) as s:
        port = int(re.search(r"listening at http://127\.0\.0\.1:(\d+)", s.stderr())[1])
        if change:
            s.process.send_signal(change)
            what = "reload: done" if change == signal.SIGHUP else "upgrade: the new master"
            eventually(lambda: what in s.stderr() and s.stderr().count(" slots\n") > 0, 10, what)
        if change == signal.SIGUSR2:
            eventually(lambda: s.stderr().count("serving: 3 workers") == 2, 10, "the new one serves")
        for address in (("127.0.0.1", port), str(path)):
            for _ in range(12):
                assert client.get(address, "/hello").status == 200
        begun = re.findall(r"listening at (\S+)", s.stderr())
        assert set(begun) == {f"http://127.0.0.1:{port}", f"unix:{path}"}
        if change == signal.SIGUSR2:
            os.kill(int((tmp_path / "pid.2").read_text()), signal.SIGTERM)
            eventually(lambda: "has ended with status 0" in s.stderr(), 10, "the old one is alone again")
            assert not (tmp_path / "pid.2").exists()
    assert not path.exists()


def test_an_address_that_another_of_ours_takes_in_is_no_strangers():
    port = free_port()
    assert "another address of this server has it" in taken("-b", f":{port}", "-b", f"127.0.0.1:{port}")


@pytest.mark.short
def test_a_port_that_is_taken_is_said_and_not_tried_for_ever():
    with socket.socket() as s:
        s.bind(("127.0.0.1", free_port()))
        s.listen()
        address = "%s:%d" % s.getsockname()
        other = f"127.0.0.1:{free_port()}"
        text = taken("-b", address, "-w", 5)
        assert address in text and "in use" in text
        text = taken("-b", other, "--admin-bind", address)
        assert address in text and "in use" in text


def test_an_address_that_is_not_ours(tmp_path):
    text = taken("-b", f"192.0.2.1:{free_port()}")
    assert "192.0.2.1" in text and "no interface here has it" in text
    assert "absent" in taken("-b", f"unix:{tmp_path}/absent/x.sock")

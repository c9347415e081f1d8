"""A new binary beside the running one, and its control from outside."""

import json
import os
import resource
import shutil
import signal
import socket
import stat
import tempfile
import time
from pathlib import Path
from unittest.mock import ANY

import pytest

from client import get
from faults import Unprivileged
from server import (LITTLED, cpu_seconds, eventually, free_port, is_alive, open_fds, pids_of_session,
                    run_once, stat_of)
from steady import Steady
from test_51_reloads import Probes

RATE = 300


def children(pid):
    found = []
    for p in Path("/proc").iterdir():
        if p.name.isdigit() and (stat := stat_of(int(p.name))) and stat[1] == pid:
            found.append(int(p.name))
    return found


def title(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()
    except OSError:
        return ""


def workers_of(master):
    return [pid for pid in children(master) if ": worker" in title(pid)]


class Upgradable:
    """A server with a pid file, and the masters it comes to have."""

    def __init__(self, serve, tmp_path, *args, **more):
        self.pidfile = tmp_path / "littled.pid"
        self.second = tmp_path / "littled.pid.2"
        self.server = serve("-p", self.pidfile, *args, **more)

    def __enter__(self):
        self.server.__enter__()
        self.master = self.server.process.pid
        return self

    def __exit__(self, *why):
        # Whoever is the master now is not our child.
        if why[0] is None and self.server.process.poll() is not None and is_alive(self.master):
            os.kill(self.master, signal.SIGTERM)
            eventually(lambda: not pids_of_session(self.server.process.pid), 20, "all is gone")
            assert not self.pidfile.exists() and not self.second.exists()
        self.server.__exit__(*why)

    def usr2(self):
        """Starts a new master and waits until its workers are ready."""
        os.kill(self.master, signal.SIGUSR2)
        eventually(self.second.exists, 20, "the new pid file is there")
        new = eventually(lambda: int(self.second.read_text() or 0), 5, "it has a number")
        assert new != self.master
        before = self.server.stderr().count(f"[{new}] [INFO] serving")
        eventually(lambda: self.server.stderr().count(f"[{new}] [INFO] serving") > before - 1
                   and f"[{new}] [INFO] serving" in self.server.stderr(), 20, "the new one serves")
        return new

    def hand_over(self, new, how=signal.SIGTERM):
        """The old master ends, and the new one has the name."""
        old, self.master = self.master, new
        os.kill(old, how)
        if old == self.server.process.pid:
            assert self.server.process.wait(60) == 0
        eventually(lambda: not is_alive(old), 60, "the old one is gone")
        eventually(lambda: self.pidfile.exists() and not self.second.exists(), 10, "renamed")
        assert int(self.pidfile.read_text()) == new


@pytest.mark.short
def test_an_upgrade_loses_none(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Steady(u.server.address, RATE) as load:
            for _ in range(3):
                u.hand_over(u.usr2())
                time.sleep(0.3)
        load.check(RATE / 2)
        assert get(u.server.address, "/hello").status == 200


def test_an_upgrade_loses_no_probe(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Probes(u.server) as load:
            for _ in range(4):
                u.hand_over(u.usr2())
                time.sleep(0.3)
        load.check()


def test_by_way_of_winch_as_gunicorn_has_it(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Steady(u.server.address, RATE) as load:
            new = u.usr2()
            os.kill(u.master, signal.SIGWINCH)
            eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
            for _ in range(20):  # to whichever of the two: they are one service
                assert get(u.server.admin, "/readyz").status == 200
                time.sleep(0.01)
            u.hand_over(new, signal.SIGQUIT)
        load.check(RATE / 2)


@pytest.mark.short
def test_back_to_the_old_one(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Steady(u.server.address, RATE) as load:
            new = u.usr2()
            os.kill(u.master, signal.SIGWINCH)
            eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
            os.kill(u.master, signal.SIGHUP)
            eventually(lambda: len(workers_of(u.master)) == 2, 20, "they are back")
            eventually(lambda: "reload: done" in u.server.stderr(), 20, "and ready")
            os.kill(new, signal.SIGTERM)
            eventually(lambda: not is_alive(new) and not u.second.exists(), 60, "it is gone")
        load.check(RATE / 2)
        assert int(u.pidfile.read_text()) == u.master
        u.hand_over(u.usr2())  # and once more, for good
        assert get(u.server.address, "/hello").status == 200


def test_back_to_the_old_one_whatever_the_file_says_by_now(serve, tmp_path):
    """It may be for the new binary: an address more, which that has; or what the old one cannot read."""
    conf = tmp_path / "upgrade.ini"
    address = f"127.0.0.1:{free_port()}"
    conf.write_text(f"[littled]\nbind = {address}\n[route /]\napp = workload\n")
    with Upgradable(serve, tmp_path, "-c", conf, binds=[], app=None, workers=2) as u:
        conf.write_text(f"[littled]\nbind = {address}, 127.0.0.1:{free_port()}\n"
                        "[route /]\napp = workload\n")
        new = u.usr2()
        os.kill(u.master, signal.SIGWINCH)
        eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
        for text in (conf.read_text(), "[littled]\nfrom_the_future = 1\n"):
            conf.write_text(text)
            done = u.server.stderr().count("reload: done")
            os.kill(u.master, signal.SIGHUP)
            eventually(lambda done=done: u.server.stderr().count("reload: done") > done, 20, "again")
            assert len(workers_of(u.master)) == 2
            os.kill(u.master, signal.SIGWINCH)
            eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
        os.kill(u.master, signal.SIGHUP)
        eventually(lambda: len(workers_of(u.master)) == 2, 20, "they are back")
        os.kill(new, signal.SIGTERM)
        eventually(lambda: not is_alive(new) and not u.second.exists(), 60, "it is gone")


def test_a_name_the_old_one_gives_up_stays_the_new_ones(serve, tmp_path):
    conf, path = tmp_path / "upgrade.ini", tmp_path / "socket"
    address = f"127.0.0.1:{free_port()}"
    conf.write_text(f"[littled]\nbind = {address}, unix:{path}\n[route /]\napp = workload\n")
    with Upgradable(serve, tmp_path, "-c", conf, binds=[], app=None, workers=1) as u:
        new = u.usr2()
        conf.write_text(f"[littled]\nbind = {address}\n[route /]\napp = workload\n")
        before = workers_of(u.master)
        os.kill(u.master, signal.SIGHUP)
        eventually(lambda: "reload: done" in u.server.stderr(), 20, "the reload is done")
        eventually(lambda: len(workers_of(u.master)) == 1 and workers_of(u.master) != before, 20,
                   "the old worker has left")
        assert get(str(path), "/hello").status == 200
        u.hand_over(new)
        assert get(str(path), "/hello").status == 200
        os.kill(new, signal.SIGTERM)
        eventually(lambda: not path.exists(), 20, "it goes with its last server")


def test_when_the_new_one_dies_the_old_workers_come_back(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2) as u:
        u.server.may_lose_workers = True
        new = u.usr2()
        os.kill(u.master, signal.SIGWINCH)
        eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
        os.kill(new, signal.SIGKILL)
        eventually(lambda: len(workers_of(u.master)) == 2, 20, "they are back")
        assert get(u.server.address, "/hello").status == 200
        assert f"process {new}, was ended by signal 9" in u.server.stderr()


def test_a_second_upgrade_waits_for_the_first(serve, tmp_path):
    with Upgradable(serve, tmp_path) as u:
        new = u.usr2()
        for master in (u.master, new):
            before = u.server.stderr().count("another master of ours")
            os.kill(master, signal.SIGUSR2)
            eventually(lambda: u.server.stderr().count("another master of ours") > before, 5, "no")
        u.hand_over(new)


def test_a_binary_that_is_not_there_or_does_not_start(serve, tmp_path, monkeypatch):
    binary = tmp_path / "littled"
    shutil.copy(LITTLED, binary)
    monkeypatch.setattr("server.LITTLED", str(binary))
    with Upgradable(serve, tmp_path) as u:
        binary.rename(tmp_path / "away")
        os.kill(u.master, signal.SIGUSR2)
        eventually(lambda: "cannot execute" in u.server.stderr(), 10, "it says so")
        binary.write_text("#!/bin/sh\nexit 5\n")
        binary.chmod(0o755)
        os.kill(u.master, signal.SIGUSR2)
        eventually(lambda: "has ended with status 5" in u.server.stderr(), 10, "it says so")
        binary.unlink()
        shutil.copy(LITTLED, binary)
        assert get(u.server.address, "/hello").status == 200
        u.hand_over(u.usr2())


def test_what_a_killed_master_leaves_beside_our_names_is_cleared_away(serve, tmp_path):
    options = ("-p", tmp_path / "littled.pid", "--control-socket", tmp_path / "ctl")
    first, second = {"littled.pid", "ctl"}, {"littled.pid.2", "ctl.2"}

    def left():
        return (first | second) & {p.name for p in tmp_path.iterdir()}

    def usr2(s):
        s.process.send_signal(signal.SIGUSR2)
        number = eventually(lambda: "ctl.2" in left() and (tmp_path / "littled.pid.2").read_text(), 20,
                            "a second master")
        return int(number)

    with serve(*options) as s:
        s.may_lose_workers = True
        os.kill(usr2(s), signal.SIGKILL)
        eventually(lambda: left() == first, 10, "the old one clears away")
        assert s.get("/hello").status == 200
        os.kill(usr2(s), signal.SIGSTOP)  # so that it does not take the names itself
        s.process.kill()
        s.process.wait()
    assert left() == first | second
    with serve(*options):
        assert left() == first, "the next start clears away"
    assert not left()


def test_unix_sockets_keep_their_names(serve, tmp_path):
    path, admin = str(tmp_path / "socket"), str(tmp_path / "admin")
    with Upgradable(serve, tmp_path, binds=[f"unix:{path}"], admin=admin, workers=1) as u:
        with Steady(path, 100) as load:
            new = u.usr2()
            os.kill(new, signal.SIGTERM)  # and back
            eventually(lambda: not is_alive(new), 30, "it is gone")
            assert get(path, "/hello").status == 200
            u.hand_over(u.usr2())
            assert get(admin, "/healthz").status == 200
        load.check(50)
    assert not os.path.exists(path) and not os.path.exists(admin)


@pytest.mark.parametrize("first", ["old", "new"])
def test_the_last_of_two_masters_removes_the_names(serve, tmp_path, first):
    path, admin = tmp_path / "socket", tmp_path / "admin"
    with Upgradable(serve, tmp_path, binds=[f"unix:{path}"], admin=str(admin), workers=1) as u:
        new = u.usr2()
        for pid in (u.master, new) if first == "old" else (new, u.master):
            os.kill(pid, signal.SIGTERM)
        eventually(lambda: not is_alive(u.master) and not is_alive(new), 30, "both are gone")
        assert not path.exists() and not admin.exists() and not u.pidfile.exists()


def test_the_old_master_killed(serve, tmp_path):
    """Its workers leave without hurry, and the new one takes over."""
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Steady(u.server.address, RATE) as load:
            new = u.usr2()
            old, u.master = u.master, new
            os.kill(old, signal.SIGKILL)
            u.server.process.wait(10)
            eventually(lambda: int(u.pidfile.read_text()) == new and not u.second.exists(), 10,
                       "the name is the new one's")
            time.sleep(1)
        load.check(RATE / 2)


def test_a_service_manager_follows(serve, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        heard = []

        def has_heard(line):
            try:
                while True:
                    heard.append(manager.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return any(line in message for message in heard)

        with Upgradable(serve, tmp_path, env={"NOTIFY_SOCKET": tmp_path / "notify"}) as u:
            new = u.usr2()
            heard.clear()
            u.hand_over(new)
            assert has_heard(f"MAINPID={new}")
            assert not has_heard("STOPPING=1")


def test_a_changed_configuration(serve, tmp_path):
    """What a reload has no room for, an upgrade has."""
    path = tmp_path / "up.ini"
    path.write_text("[littled]\nworkers = 1\nthreads = 16\n[route /]\napp = workload\n")
    with Upgradable(serve, tmp_path, "-c", path, app=None, workers=None, threads=None) as u:
        with Steady(u.server.address, 100) as load:
            path.write_text(path.read_text().replace("workers = 1", "workers = 20"))
            os.kill(u.master, signal.SIGHUP)
            eventually(lambda: "upgrade it (SIGUSR2)" in u.server.stderr(), 10, "no room")
            u.hand_over(u.usr2())
            eventually(lambda: len(workers_of(u.master)) == 20, 20, "twenty workers")
        load.check(50)


# --- littled ctl --------------------------------------------------------------

@pytest.fixture
def controlled(serve, tmp_path):
    """controlled(...) -> a server with a control socket, and ctl(*words, status=0) for it."""
    path = tmp_path / "control"

    def make(*args, **more):
        server = serve("--control-socket", path, *args, **more)

        def ctl(*words, status=0, where=("-s", path)):
            done = run_once("ctl", *where, *words)
            assert done.returncode == status, (done.stdout, done.stderr)
            return done.stdout if status == 0 else done.stderr

        server.ctl, server.control = ctl, path
        return server
    return make


def asked(server, *words):
    return json.loads(server.ctl("--json", *words))


@pytest.mark.short
def test_status_in_text_and_json(controlled):
    with controlled(workers=2, threads=3) as s:
        pids = eventually(lambda: len(s.worker_pids()) == 2 and s.worker_pids(), 10, "two")
        status = asked(s, "status")
        assert status["pid"] == s.process.pid and status["state"] == "serving"
        assert status["workers_target"] == 2 and status["threads"] == 3
        assert {w["pid"] for w in status["workers"]} == set(pids)
        assert all(w["state"] == "ready" and w["slots"] == 3 for w in status["workers"])
        assert status["listeners"] == [f"127.0.0.1:{s.address[1]}"]
        text = s.ctl("status")
        assert f"process {s.process.pid}: serving" in text and str(pids[0]) in text
        assert asked(s, "show", "all") == {**status, "uptime_s": ANY, "workers": ANY}
        assert asked(s, "show", "workers")["count"] == 2
        assert asked(s, "show", "listeners")["count"] == 1
        assert asked(s, "show", "config")["threads"] == "3"
        assert "threads = 3\n" in s.ctl("show", "config")
        stats = asked(s, "show", "stats")
        assert stats["workers_spawned"] == 2 and stats["requests_lost"] == 0


def test_workers_and_threads(controlled):
    with controlled(workers=2, threads=2) as s:
        assert asked(s, "workers", "add", "2") == {"added": 2, "previous": 2, "total": 4}
        eventually(lambda: len(s.worker_pids()) == 4, 10, "four")
        assert asked(s, "worker", "remove") == {"removed": 1, "previous": 4, "total": 3}
        assert s.ctl("workers", "remove", "9") == "removed 2, previous 3, total 1\n"
        pid = eventually(lambda: len(s.worker_pids()) == 1 and s.worker_pids()[0], 10, "one")
        assert asked(s, "workers", "kill", pid) == {"killed": pid}
        eventually(lambda: s.worker_pids() and pid not in s.worker_pids(), 10, "replaced")
        assert "no worker has that process id" in s.ctl("workers", "kill", pid, status=1)
        assert "no room for so many" in s.ctl("workers", "add", "1000", status=1)

        assert asked(s, "threads", "5") == {"threads": 5}
        eventually(lambda: s.stats()["slots"] == 5, 10, "five slots")
        eventually(lambda: [len(w["slots"]) for w in s.stats()["workers"]] == [5], 10, "of one")
        assert "no room" in s.ctl("threads", "5000", status=1)
        s.ctl("reload")
        eventually(lambda: s.stats()["slots"] == 4, 10, "as configured again")


def test_reload_reopen_drain_stop(controlled, tmp_path):
    log = tmp_path / "error.log"
    with controlled("--error-logfile", log, workers=1) as s:
        before = s.worker_pids()
        assert s.ctl("reload") == "reloading\n"
        eventually(lambda: s.worker_pids() and not set(before) & set(s.worker_pids()), 10, "new")
        eventually(lambda: asked(s, "status")["reloads"] == 1, 10, "it is counted")
        log.rename(tmp_path / "old.log")
        assert asked(s, "reopen") == {"status": "reopened"}
        assert log.exists()
        s.ctl("drain")
        eventually(lambda: not s.worker_pids(), 10, "none")
        assert asked(s, "status")["workers_target"] == 0
        assert asked(s, "status")["state"] == "not serving: no workers are wanted"
        assert ": not serving: no workers are wanted\n" in s.ctl("status")
        s.ctl("workers", "add")
        eventually(s.worker_pids, 10, "one")
        assert asked(s, "status")["state"] == "serving"
        assert "expected graceful or quick" in s.ctl("stop", "soon", status=1)
        assert s.ctl("stop", "graceful") == "stopping\n"
        s.ended()
        assert not s.control.exists()
        assert "No such file" in s.ctl("status", status=1)


def test_quick_stop_by_the_other_name(controlled):
    with controlled(workers=1) as s:
        assert s.ctl("shutdown", "quick") == "stopping now\n"
        s.ended()


def test_what_cannot_be_done_any_more_is_refused(controlled):
    with controlled("--drain-delay", "30", workers=2) as s:
        s.ctl("stop")
        before = s.stderr()
        for words in ("upgrade", "workers add", "workers remove", "drain", "threads 1", "reload"):
            assert s.ctl(*words.split(), status=1) == "littled ctl: the server is stopping\n"
            assert "the server is stopping" in s.ctl("--json", *words.split(), status=1)
        assert "upgrade" not in s.stderr()[len(before):]
        pid = s.worker_pids()[0]
        s.ctl("workers", "kill", str(pid))  # who serves on may need it
        eventually(lambda: pid not in s.worker_pids() and len(s.worker_pids()) == 2, 10, "replaced")
        s.ctl("stop", "quick")
        s.ended()


def test_gunicornc_s_way_to_say_it(controlled):
    with controlled(workers=1) as s:
        for words in (("-c", "show workers"), ("--command", "show workers"), ("show workers",)):
            assert json.loads(s.ctl("-j", *words))["count"] == 1
        assert json.loads(s.ctl("-c", "worker add 2", "-j"))["total"] == 3
        assert "workers_target 3" in s.ctl("-c", "show stats", where=("--socket", s.control))
        assert "Orders:" in s.ctl("-c", "help")
        assert "there is no such order" in s.ctl("-c", "dance", status=1)
        assert "a value is wanted" in s.ctl("-c", status=2)


def test_the_socket_is_its_owners_alone(controlled):
    with controlled() as s:
        assert stat.S_IMODE(s.control.stat().st_mode) == 0o600
        assert stat.S_ISSOCK(s.control.stat().st_mode)


def test_a_server_is_found_by_its_master(controlled, serve, tmp_path):
    with controlled() as s, serve() as other:
        found = s.ctl("--json", "status", where=("--pid", s.process.pid))
        assert json.loads(found)["pid"] == s.process.pid
        said = s.ctl("status", where=("--pid", other.process.pid), status=1)
        assert "has no control socket" in said
        assert "no such option" in s.ctl("--nonsense", status=2)
        assert "what is to be done" in s.ctl(status=2)
        assert "there is no such order" in s.ctl("dance", status=1)
        assert "there is no such order" in s.ctl("status", "quo", "vadis", status=1)
        assert "workers add [N]" in s.ctl("help")


def test_clients_that_are_slow_or_talk_nonsense_hold_nobody_up(controlled):
    with controlled() as s:
        def connected():
            c = socket.socket(socket.AF_UNIX)
            c.settimeout(10)
            c.connect(str(s.control))
            return c

        silent = [connected() for _ in range(30)]
        assert asked(s, "status")["state"] == "serving"
        longest = connected()
        longest.sendall(b"x" * 256)
        try:
            assert longest.recv(1) == b""
        except ConnectionResetError:
            pass
        for nonsense in (b"\n", b"json\n", b"\0\xff\n", b" " * 200 + b"\n"):
            with connected() as c:
                c.sendall(nonsense)
                assert c.recv(100).startswith(b"ERROR\n")
        with connected() as c:
            for byte in b"json show stats\n":
                c.sendall(bytes([byte]))
            assert c.recv(1000).startswith(b"OK\n{")
        for c in silent:
            c.close()
        assert s.get("/hello").status == 200


def test_without_descriptors_clients_wait_and_nothing_spins(controlled):
    with controlled(workers=1) as s:
        pid = s.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (16, limits[1]))  # poll(2) asks for some
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(20)
            c.connect(str(s.control))
            c.sendall(b"json show stats\n")
            before = cpu_seconds(pid)
            time.sleep(1)
            assert cpu_seconds(pid) - before < 0.3
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            assert c.recv(1000).startswith(b"OK\n{")


def test_upgrades_and_reloads_that_cannot_fork_leave_nothing_open(tmp_path):
    with Unprivileged(tmp_path, workers=1) as s:
        before = open_fds(s.process.pid)
        with s.out_of_processes():
            for how, said in ((signal.SIGUSR2, "upgrade: cannot fork"),
                              (signal.SIGHUP, "reload: cannot fork")):
                for n in range(1, 4):
                    s.process.send_signal(how)
                    eventually(lambda n=n, said=said: s.stderr().count(said) == n, 5, "it says so")
        eventually(lambda: open_fds(s.process.pid) <= before, 5, "nothing is left open")
        assert s.get("/hello").status == 200


@pytest.fixture
def directory():
    """One with a short name, since what may be in it is measured with it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("check", ["--check-config", "--no-daemon"])
def test_a_control_socket_has_room_for_an_upgrade_in_its_name(directory, check):
    for length in (106, 107, 108, 200):
        path = str(directory / "c").ljust(length, "c")
        for start, name in (("/", path), (directory, Path(path).name)):
            done = run_once("-b", f"127.0.0.1:{free_port()}", "--control-socket", name, check,
                            "workload", cwd=start)
            assert done.returncode == 2
            assert f"a path of {length} bytes, expected at most 105" in done.stderr
            assert f"control_socket = {name}" in done.stderr
    assert not any(directory.iterdir())


def test_a_control_socket_of_the_longest_name_is_taken_along(serve, tmp_path, directory):
    control = str(directory / "c").ljust(105, "c")
    with Upgradable(serve, tmp_path, "--control-socket", control) as u:
        u.hand_over(u.usr2())
        eventually(lambda: f"process {u.master}" in run_once("ctl", "-s", control, "status").stdout,
                   10, "the socket is the new one's")


def test_an_upgrade_by_order_takes_the_socket_along(serve, tmp_path):
    control = tmp_path / "control"
    with Upgradable(serve, tmp_path, "--control-socket", control) as u:
        def ctl(*words):
            done = run_once("ctl", "-s", control, "--json", *words)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        assert ctl("upgrade") == {"status": "upgrading"}
        eventually(u.second.exists, 20, "the new one is there")
        new = eventually(lambda: int(u.second.read_text() or 0), 5, "it has a number")
        status = ctl("status")
        assert status["pid"] == u.master and status["heir"] == new
        eventually(lambda: f"[{new}] [INFO] serving" in u.server.stderr(), 20, "it serves")
        u.hand_over(new)
        eventually(lambda: ctl("status")["pid"] == new, 10, "the socket is the new one's")
    assert not control.exists() and not (tmp_path / "control.2").exists()

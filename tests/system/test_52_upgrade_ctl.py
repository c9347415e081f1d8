"""A new binary beside the running one, and its control from outside."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

import client
from client import Conn, get
from server import LITTLED, eventually, is_alive, pids_of_session, stat_of
from steady import Steady

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
        if why[0] is None and self.server.process.poll() is not None:
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


def test_by_way_of_winch_as_gunicorn_has_it(serve, tmp_path):
    with Upgradable(serve, tmp_path, workers=2, threads=16) as u:
        with Steady(u.server.address, RATE) as load:
            new = u.usr2()
            os.kill(u.master, signal.SIGWINCH)
            eventually(lambda: not workers_of(u.master), 40, "the old workers have left")
            time.sleep(0.2)
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

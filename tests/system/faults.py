"""
What goes wrong on a machine, done to a server under a steady load.  Each fault is a function of (serve,
tmp), returns a Figure, and asserts what must hold; scripts/faults prints them all as a table.
"""

import contextlib
import mmap
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from load import Background
from server import PATIENCE, Server, eventually, pids_of_session
from steady import Steady

RATE = 300
WORKERS, THREADS = 2, 16


class Figure(NamedTuple):
    fault: str
    failed: int       # requests, of all that were sent
    sent: int
    at_stake: int     # connections of what was hit: the most that may fail
    recovered: float  # seconds until all is as before, None: nothing was interrupted
    slowest: float    # seconds, of what was answered


def figure(fault, load, at_stake=0, recovered=None):
    assert len(load.failures) <= at_stake, (fault, load.failures[:5])
    assert load.total > RATE / 4, load.total
    return Figure(fault, len(load.failures), load.total, at_stake, recovered, load.slowest)


def row_of(server, pid):
    return next(w for w in server.stats()["workers"] if w["pid"] == pid)


def held_by(server, pid):
    """Stops a worker, and counts the connections it has: what its end takes along."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: all(p.read_text().rsplit(")", 1)[1].split()[0] == "T"
                           for p in Path(f"/proc/{pid}/task").glob("*/stat")), 5, "it stands still")
    return sum(row_of(server, pid)["connections"].values())


def is_complete(server, without):
    pids = server.worker_pids()
    return len(pids) == WORKERS and without not in pids


def until_complete(server, without, within=10):
    began = time.monotonic()
    eventually(lambda: is_complete(server, without), within, "all workers serve again", every=0.001)
    return time.monotonic() - began


def worker_killed(serve, tmp):
    with serve("--keep-alive", "30", workers=WORKERS, threads=THREADS) as s:
        s.may_lose_workers = True
        with Steady(s.address, RATE) as load:
            time.sleep(0.7)
            pid = s.worker_pids()[0]
            stake = held_by(s, pid)
            os.kill(pid, signal.SIGKILL)
            recovered = until_complete(s, pid)
            time.sleep(0.7)
        # Bytes the kernel took in before the connection was accepted are lost with it, too.
        return figure("a worker is killed", load, stake + 4, recovered)


def worker_stopped(serve, tmp):
    with serve("--keep-alive", "30", workers=WORKERS, threads=THREADS) as s:
        with Steady(s.address, RATE) as load:
            time.sleep(0.7)
            pid = s.worker_pids()[0]
            stake = held_by(s, pid)
            time.sleep(3)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.7)
        assert not load.failures, load.failures[:5]
        assert load.over_a_second <= stake + 4, (load.over_a_second, stake)
        return figure("a worker stands still for 3 s", load, 0, None)


def faulty(serve, tmp, **settings):
    path = Path(tmp) / "faults.ini"
    path.write_text("\n".join(["[littled]", *(f"{k} = {v}" for k, v in settings.items()), "[route /]",
                               "app = workload", "allow_crash = true", ""]))
    return serve("-c", path, app=None, workers=WORKERS, threads=THREADS)


def handler_stuck(serve, tmp):
    with faulty(serve, tmp, timeout="1s", keep_alive="30s") as s:
        with Steady(s.address, RATE) as load:
            time.sleep(0.5)
            before = set(s.worker_pids())
            assert s.get("/stuck").status == 504
            began = time.monotonic()
            eventually(lambda: len(s.worker_pids()) == WORKERS and set(s.worker_pids()) != before, 10,
                       "the worker is replaced", every=0.002)
            recovered = time.monotonic() - began
            time.sleep(0.7)
        return figure("a handler never returns", load, 0, recovered)


def handler_crashes(serve, tmp):
    with faulty(serve, tmp, keep_alive="30s") as s:
        s.may_lose_workers = True
        with Steady(s.address, RATE) as load:
            time.sleep(0.5)
            pids = set(s.worker_pids())
            most = max(sum(w["connections"].values()) for w in s.stats()["workers"])
            Background(lambda: s.get("/crash"))
            eventually(lambda: set(s.worker_pids()) != pids, 5, "it has crashed", every=0.001)
            began = time.monotonic()
            eventually(lambda: len(s.worker_pids()) == WORKERS, 10, "it is replaced", every=0.001)
            recovered = time.monotonic() - began
            time.sleep(0.7)
        return figure("a handler crashes", load, 2 * most + 8, recovered)


AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Unprivileged(Server):
    """Root may fork whatever its limit says: this one is nobody."""

    def command(self):
        return [*AS_NOBODY, *super().command()]

    def limit_processes(self, soft):
        subprocess.run([*AS_NOBODY, "prlimit", "--pid", str(self.process.pid), f"--nproc={soft}:"],
                       check=True)

    @contextlib.contextmanager
    def out_of_processes(self):
        """The master cannot fork.  It can again at the end: a sanitizer's last look takes a thread."""
        limits = Path(f"/proc/{self.process.pid}/limits").read_text()
        soft = re.search(r"Max processes +(\S+)", limits)[1]
        self.limit_processes(1)
        yield
        self.limit_processes(soft)


def no_fork(serve, tmp):
    with Unprivileged(tmp, "--keep-alive", "30", workers=WORKERS, threads=THREADS) as s:
        s.may_lose_workers = True
        with Steady(s.address, RATE) as load:
            time.sleep(0.5)
            with s.out_of_processes():
                pid = s.worker_pids()[0]
                stake = held_by(s, pid)
                os.kill(pid, signal.SIGKILL)
                eventually(lambda: "cannot fork worker" in s.stderr(), 5, "it says that it cannot fork")
                time.sleep(1)
            recovered = until_complete(s, pid, 20)
            time.sleep(0.5)
        assert s.stderr().count("cannot fork") < 20, "it tries at intervals that grow"
        return figure("fork fails for 1 s (RLIMIT_NPROC)", load, stake + 4, recovered)


class Tmpfs:
    """A file system of 64 KiB."""

    def __init__(self, at):
        self.at = Path(at)

    def __enter__(self):
        self.at.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(self.at)], check=True)
        return self.at

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.at)], check=True)


def full_disk(serve, tmp):
    with Tmpfs(Path(tmp) / "small") as small:
        with serve("--keep-alive", "30", "--access-logfile", small / "access", "--error-logfile",
                   small / "error", workers=WORKERS, threads=THREADS) as s:
            with Steady(s.address, RATE) as load:
                eventually(lambda: os.statvfs(small).f_bfree == 0, 20, "the disk is full")
                time.sleep(1)
                os.truncate(small / "access", 0)
                began = time.monotonic()
                eventually(lambda: (small / "access").stat().st_size > 0, 5, "it logs again")
                recovered = time.monotonic() - began
            return figure("the disk under the logs is full", load, 0, recovered)


def no_descriptors(serve, tmp):
    with serve("--keep-alive", "30", workers=WORKERS, threads=THREADS) as s:
        with Steady(s.address, RATE) as load:
            time.sleep(0.5)
            pids = s.worker_pids()
            limits = [resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in pids]
            for pid, (_, hard) in zip(pids, limits):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, hard))
            time.sleep(2)
            for pid, limit in zip(pids, limits):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
            began = time.monotonic()
            eventually(lambda: s.get("/hello").status == 200, 5, "it answers again")
            recovered = time.monotonic() - began
        assert s.worker_pids() == pids
        return figure("no descriptors for 2 s (EMFILE)", load, 0, recovered)


STEP_C = r"""
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
/* CLOCK_REALTIME is off by the seconds in a shared file; the kernel's own stamps are not. */
static volatile int64_t *offset;
static int (*real_gettime)(clockid_t, struct timespec *);
__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("CLOCK_OFFSET"), O_RDONLY);
	real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	offset = mmap(0, 8, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}
int clock_gettime(clockid_t id, struct timespec *t)
{
	int error = real_gettime(id, t);
	if (id == CLOCK_REALTIME)
		t->tv_sec += *offset;
	return error;
}
time_t time(time_t *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return t ? (*t = now.tv_sec) : now.tv_sec;
}
"""


def clock_steps(serve, tmp):
    source, library, offset = (Path(tmp) / name for name in ("step.c", "step.so", "offset"))
    source.write_text(STEP_C)
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                    source, "-ldl"], check=True)
    offset.write_bytes(bytes(8))
    env = {"LD_PRELOAD": library, "CLOCK_OFFSET": offset}
    with open(offset, "r+b") as f, mmap.mmap(f.fileno(), 8) as shared:
        with serve("--keep-alive", "30", workers=WORKERS, threads=THREADS, env=env) as s:
            with Steady(s.address, RATE) as load:
                for seconds in (3600, -3600, 5, 0):
                    time.sleep(0.7)
                    shared[:] = struct.pack("q", seconds)
                time.sleep(0.7)
            stats = s.stats()
            assert abs(stats["little"]["residual"]) <= 1e-9 * max(1, stats["little"]["L"])
            # A stamp of the other clock may count as a wait of the step's length once, never longer.
            assert stats["phases"]["wait"]["p50_s"] < 0.1 * PATIENCE
            return figure("the clock steps by an hour, and back", load, 0, None)


def master_killed(serve, tmp):
    with serve("--keep-alive", "1", workers=WORKERS, threads=THREADS) as s:
        s.may_lose_workers = True
        with Steady(s.address, 100) as load:
            time.sleep(1.5)
            load.is_over.set()  # what is on its way must be answered
            time.sleep(0.005)
            os.kill(s.process.pid, signal.SIGKILL)
            began = time.monotonic()
            with socket.socket() as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                eventually(lambda: can_bind(again, s.address), 5, "the address is free", every=0.002)
            freed = time.monotonic() - began
        s.process.wait(10)
        eventually(lambda: not pids_of_session(s.process.pid), 10, "all have left")
        return figure("the master is killed: its workers answer and leave", load, 0, freed)


def can_bind(sock, address):
    try:
        sock.bind(address)
        return True
    except OSError:
        return False


ALL = (worker_killed, worker_stopped, handler_stuck, handler_crashes, no_fork, full_disk,
       no_descriptors, clock_steps, master_killed)

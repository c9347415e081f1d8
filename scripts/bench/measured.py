"""
What all benchmarks share: installing peers, starting and ending servers, reading what their
processes cost.  Linux only; nothing here is used by the server itself.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
POLICY = Path("/usr/sbin/policy-rc.d")
READY_S = 15
GRACE_S = 5


class Unavailable(Exception):
    """A server or tool that cannot be had here; the sentence says why."""


def note(text):
    print(text, file=sys.stderr, flush=True)


# --- packages ----------------------------------------------------------------


def is_installed(package):
    status = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        capture_output=True, text=True, check=False)
    return status.stdout == "installed"


class ServicesStayOff:
    """While packages are installed no service of theirs is started: invoke-rc.d asks this file."""

    def __enter__(self):
        self.is_ours = not POLICY.exists()
        if self.is_ours:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)

    def __exit__(self, *_):
        if self.is_ours:
            POLICY.unlink()


def install(packages):
    """Those of the packages that are missing, one apt run; what cannot be had is found out later."""
    missing = [p for p in packages if not is_installed(p)]
    if not missing:
        return
    if os.geteuid() != 0:
        note(f"not root, so these stay missing: {' '.join(missing)}")
        return
    note(f"installing {' '.join(missing)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    with ServicesStayOff():
        subprocess.run(apt + ["update"], env=environment, stdout=subprocess.DEVNULL, check=False)
        for package in missing:
            subprocess.run(
                apt + ["install", "-y", "--no-install-recommends", package],
                env=environment, stdout=subprocess.DEVNULL, check=False)


def program(*names):
    for name in names:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if found:
            return found
    raise Unavailable(f"no program {' or '.join(names)}")


def littled():
    path = os.environ.get("LITTLED", str(ROOT / "build/littled"))
    if not os.access(path, os.X_OK):
        raise Unavailable(f"no {path}: run make, or set LITTLED")
    return path


def bench_command():
    """The generator; BENCH may name another program with the same options."""
    return os.environ["BENCH"].split() if os.environ.get("BENCH") else [littled(), "bench"]


def built_tool(name):
    subprocess.run(["make", "-s", "-C", str(ROOT), "-f", "scripts/bench/bench.mk", "bench-tools"],
                   check=True, stdout=sys.stderr)
    return str(ROOT / "build/bench" / name)


# --- processes ---------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def session_pids(leader):
    """Every process of the session the leader began: the server, whole."""
    pids = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            pids.append(int(entry))
    return sorted(pids)


def thread_times_ns(pid):
    """CPU time of each thread, to the nanosecond."""
    times = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            times[task] = int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except OSError:
            continue
    return times


def process_ticks_ns(pid):
    """CPU time of a process with its ended threads, to the clock tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class CpuReading:
    """What the processes of a session had used at one moment."""

    def __init__(self, leader):
        self.threads, self.ticks = {}, {}
        for pid in session_pids(leader):
            try:
                self.threads[pid] = thread_times_ns(pid)
                self.ticks[pid] = process_ticks_ns(pid)
            except OSError:
                continue

    def since(self, before):
        """Nanoseconds used since; by threads where the same still run, by ticks where not."""
        total = 0
        for pid, now in self.threads.items():
            then = before.threads.get(pid, {})
            if then.keys() <= now.keys():
                total += sum(now.values()) - sum(then.values())
            else:
                total += self.ticks[pid] - before.ticks.get(pid, 0)
        return total


def private_bytes(leader):
    """Private memory of all processes of a session."""
    total = 0
    for pid in session_pids(leader):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("Private_"):
                total += int(line.split()[1]) * 1024
    return total


class Server:
    """A server in a session of its own, on loopback, ended by the ids of its processes."""

    def __init__(self, name, command, port, folder, cpus=None, environment=None):
        self.name, self.port = name, port
        self.log_path = Path(folder) / f"{name.replace(' ', '-')}.log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env=dict(os.environ, **(environment or {})), start_new_session=True,
                preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
        self.leader = self.process.pid

    def url(self, target):
        return f"http://127.0.0.1:{self.port}{target}"

    def wait_until_ready(self, target):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.answers(target):
                return
            time.sleep(0.05)
        said = self.log_path.read_text(errors="replace").strip().splitlines()[-3:]
        raise Unavailable(f"{self.name} did not come up: {' | '.join(said) or 'it said nothing'}")

    def answers(self, target):
        request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as s:
                s.sendall(request.encode())
                return b" 200 " in s.recv(4096).partition(b"\r\n")[0] + b" "
        except OSError:
            return False

    def cpu(self):
        return CpuReading(self.leader)

    def private_bytes(self):
        return private_bytes(self.leader)

    def stop(self):
        self.signal_leader(signal.SIGTERM)
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        for pid in session_pids(self.leader):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def signal_leader(self, number):
        if self.process.poll() is None:
            os.kill(self.leader, number)


class Servers:
    """Those that came up; all are ended when the block is left, however it is left."""

    def __init__(self):
        self.running = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, *_):
        for server in self.running:
            server.stop()

    def start(self, make, target="/hello"):
        """make() gives a Server, or raises Unavailable; so does a server that does not come up."""
        server = make()
        self.running.append(server)
        server.wait_until_ready(target)
        return server

    def try_to_start(self, name, make, target="/hello"):
        """None, with a line about it, when it cannot be had."""
        try:
            return self.start(make, target)
        except (Unavailable, OSError, subprocess.CalledProcessError) as why:
            note(f"left out: {name}: {why}")
            return None

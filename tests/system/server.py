"""Starts the server, waits until it serves, stops it, and looks at what it left behind."""

import contextlib
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import client

ROOT = Path(__file__).resolve().parents[2]
LITTLED = os.environ.get("LITTLED", str(ROOT / "build" / "littled"))
SANITIZED = bool(os.environ.get("LITTLED_TEST_SANITIZE"))

# How much longer anything may take under a sanitizer.
PATIENCE = 4 if SANITIZED else 1


# Of the test processes that run side by side each has ports of its own.
TESTERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
TESTER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = range(20000 + TESTER, 32000, TESTERS)
AT_RANDOM = random.randrange(len(PORTS))  # two runs beside each other seldom ask for the same
next_ports = itertools.cycle([*PORTS[AT_RANDOM:], *PORTS[:AT_RANDOM]])


def free_port(host="127.0.0.1"):
    """A port nobody listens on, outside the range clients are given theirs from; never the same soon."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        port = next(next_ports)
        with socket.socket(family) as s:
            try:
                s.bind((host, port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port in 200 tries")


def has_ipv6():
    try:
        free_port("::1")
        return True
    except AssertionError:
        return False


def eventually(probe, seconds, what, every=0.02):
    """The first true answer of probe(), asked again and again; fails when time is up."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds * PATIENCE} s: {what}"
        time.sleep(every)


def stat_of(pid):
    """(state, parent, session) of a process, or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rsplit(")", 1)[1].split()
    return fields[0], int(fields[1]), int(fields[3])


def is_alive(pid):
    stat = stat_of(pid)
    return stat is not None and stat[0] != "Z"


def pids_of_session(session):
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    stats = {pid: stat_of(pid) for pid in pids}
    return [pid for pid, s in stats.items() if s and s[2] == session and s[0] != "Z"]


def open_files(pid):
    """{descriptor: what it is open on} of a process; what closes while we look is not open."""
    found = {}
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
    except (FileNotFoundError, ProcessLookupError):  # it ends
        return {}
    return found


def open_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def clean_environment(**more):
    """Ours, without what would configure the server."""
    keep = {n: v for n, v in os.environ.items()
            if not n.startswith("LITTLED") and n not in ("PORT", "WEB_CONCURRENCY")}
    return {**keep, **{n: str(v) for n, v in more.items()}}


def private_bytes(pid):
    """The memory that is a process's own: clean and dirty, ordinary and huge."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) << 10 for kib in re.findall(r"^Private_\w+: +(\d+) kB$", text, re.M))


def statuses_of(totals):
    """Answers counted by their status: a moment apart from the completions."""
    return sum(totals["status"].values())


def sanitizer_report(text):
    return re.search(r"(Sanitizer|runtime error).*", text, re.S)


def run_once(*args, env=None, timeout=10, cwd=None):
    """Runs the server to its end: for what does not serve.  Returns the CompletedProcess."""
    done = subprocess.run([LITTLED, *map(str, args)], env=clean_environment(**(env or {})),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout * PATIENCE, cwd=cwd)
    assert not sanitizer_report(done.stderr), done.stderr
    return done


class Server:
    """A running server, in a session of its own.  Use as `with Server(...) as s:`."""

    def __init__(self, tmp, *args, workers=1, threads=2, app="workload", binds=None, admin=None,
                 env=None, wrap=(), pass_fds=(), host="127.0.0.1", admin_at=None):
        self.tmp, self.args, self.app, self.env = Path(tmp), args, app, env or {}
        self.workers, self.threads = workers, threads
        self.binds, self.admin_path, self.host = binds, admin, host
        self.admin_at = admin_at  # the address of one that is gone
        self.process = None
        self.wrap = wrap  # words before the command, of a program that executes it
        self.pass_fds = pass_fds
        self.may_lose_workers = False
        self.stderr_path = self.tmp / f"stderr-{random.randrange(1 << 32):08x}"

    def command(self):
        binds = [f"{self.host}:{self.address[1]}"] if self.binds is None else self.binds
        admin = f"unix:{self.admin_path}" if self.admin_path else f"{self.host}:{self.admin[1]}"
        command = [LITTLED, "--admin-bind", admin]
        for bind in binds:
            command += ["-b", bind]
        if self.workers is not None:
            command += ["-w", self.workers]
        if self.threads is not None:
            command += ["--threads", self.threads]
        command += [*self.args, *([self.app] if self.app else [])]
        return [str(word) for word in (*self.wrap, *command)]

    def __enter__(self):
        self.address = (self.host, free_port(self.host))
        self.admin = self.admin_path or self.admin_at or (self.host, free_port(self.host))
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                env=clean_environment(**self.env), start_new_session=True,
                pass_fds=[s.fileno() for s in self.pass_fds])
        try:
            eventually(self.is_ready, 10, "the server is ready")
            eventually(self.is_complete, 10, "all workers are ready", every=0.005)
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process.returncode is None and kind is None:
                self.stop()
        finally:
            self.destroy()
        print(f"--- {' '.join(self.command())}\n{self.stderr()}")
        if kind is None:
            self.check_stderr()

    def is_ready(self):
        assert self.process.poll() is None, f"it ended at once: {self.stderr()}"
        try:
            return client.get(self.admin, "/readyz").status == 200
        except (OSError, client.Closed):
            return False

    def is_complete(self):
        """All workers; one is enough to be ready."""
        stats = self.stats()
        return sum(w["state"] == "ready" for w in stats["workers"]) >= stats["littled"]["workers"]

    def stop(self, how=signal.SIGTERM, within=10):
        """Ends it by a signal to the master alone; all of it must be gone then."""
        self.process.send_signal(how)
        return self.ended(within)

    def ended(self, within=10):
        status = self.process.wait(within * PATIENCE)
        left = pids_of_session(self.process.pid)
        assert not left, f"processes left behind: {left}"
        assert status == 0, f"exit status {status}: {self.stderr()}"
        return status

    def destroy(self):
        """The last resort: whatever is left of our own session is killed, and has let go of its files."""
        for pid in pids_of_session(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        eventually(lambda: not pids_of_session(self.process.pid), 10, "all of it is gone", every=0.001)

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def check_stderr(self):
        text = self.stderr()
        assert not sanitizer_report(text), text
        assert "Assertion" not in text, text
        assert self.may_lose_workers or "by signal" not in text, text

    # --- what it says of itself --------------------------------------------

    def stats(self, window=10):
        response = client.get(self.admin, f"/stats.json?window={window}")
        assert response.status == 200, response.body
        return response.json()

    def metrics(self):
        response = client.get(self.admin, "/metrics")
        assert response.status == 200, response.body
        return response.body.decode()

    def worker_pids(self):
        return [w["pid"] for w in self.stats()["workers"] if w["state"] == "ready"]

    def busy_slots(self):
        return sum(slot["state"] == "busy" for w in self.stats()["workers"] for slot in w["slots"])

    def wait_busy(self, n, within=5):
        eventually(lambda: self.busy_slots() == n, within, f"{n} slots are busy")

    def completed(self, n, within=5):
        """The totals once that many requests have ended: a little after the client saw it."""
        def probe():
            totals = self.stats()["totals"]
            assert totals["completions"] <= n, totals
            return totals if totals["completions"] == n == statuses_of(totals) else None
        return eventually(probe, within, f"{n} completions")

    def window_with(self, completions, window=10, within=5):
        """Statistics of a window in which that many requests have ended."""
        def probe():
            stats = self.stats(window)
            # Histograms and statuses of one request come some nanoseconds apart: wait for both.
            counted = statuses_of(stats["totals"]) >= max(stats["totals"]["completions"], completions)
            return stats if counted and stats["phases"]["total"]["count"] >= completions else None
        return eventually(probe, within, f"{completions} requests in the window")

    # --- requests ----------------------------------------------------------

    def get(self, target, **more):
        return client.get(self.address, target, **more)

    def conn(self, **more):
        return client.Conn(self.address, **more)


def stop(pid):
    """All its threads stand still on return, which a signal alone does not say."""
    def is_still():
        stats = [p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/stat")]
        return all(text.rsplit(")", 1)[1].split()[0] == "T" for text in stats)

    os.kill(pid, signal.SIGSTOP)
    eventually(is_still, 5, f"process {pid} has stopped", every=0.001)


def conns_of_one_worker(server, n, address=None, first=lambda i: b"", kind=client.Conn):
    """So many kept-alive connections, all accepted by worker 0, and idle; each began with first(i)."""
    eventually(lambda: len(server.worker_pids()) == server.workers, 5, "all workers are ready")
    others = server.worker_pids()[1:]
    for pid in others:
        stop(pid)
    try:
        conns = [kind(address or server.address) for _ in range(n)]
        for i, c in enumerate(conns):
            c.send(first(i))
            assert c.get("/hello").status == 200
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)
    return conns

"""
A private server of one shape, and one step of load on it: what the generator measured, beside what the
server said of itself.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "bench"))
from measured import READY_S, ROOT, Server, Unavailable, littled  # noqa: E402

SPARE_S = 120  # a step may take so much longer than asked: its last answers are waited for
WINDOW_MAX_S = 60  # of /stats.json
LEAD_S = 0.05  # before the end of the load the server is asked
STEAL = 8  # the column of /proc/stat: time the host gave to others


class PrivateServer(Server):
    """littled on ports the kernel chose, so that one configuration has one digest in every run."""

    def __init__(self, folder, workers, threads):
        self.shape = (workers, threads)
        options = ["-b", "127.0.0.1:0", "--admin-bind", "127.0.0.1:0", "-w", str(workers),
                   "--threads", str(threads), "workload"]
        self.config = subprocess.run([littled(), "--print-config", *options], cwd=folder,
                                     capture_output=True, check=True).stdout
        super().__init__(f"littled {workers} x {threads}", [littled(), *options], 0, folder)
        self.admin_port = 0

    def digest(self):
        return hashlib.sha256(self.config).hexdigest()

    def find_ports(self):
        said = self.log_path.read_text(errors="replace")
        ports = [re.search(rf"{what} at http://127\.0\.0\.1:(\d+)", said)
                 for what in ("listening", "statistics")]
        if not all(ports):
            return False
        self.port, self.admin_port = (int(p.group(1)) for p in ports)
        return True

    def wait_until_ready(self, target):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.find_ports() and self.ask(target):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        said = self.log_path.read_text(errors="replace").strip().splitlines()[-3:]
        raise Unavailable(f"{self.name} did not come up: {' | '.join(said) or 'it said nothing'}")

    def ask(self, target):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{target}", timeout=5) as r:
            return r.read()

    def stats(self, window_s):
        """What it says of the last seconds; without the rows of workers and routes."""
        said = json.loads(self.ask(f"/stats.json?window={window_s}"))
        kept = ("littled", "window_s", "arrival_rate", "throughput_rps", "concurrency", "busy_slots",
                "slots", "utilisation", "little", "sentence")
        return {name: said[name] for name in kept}


def machine():
    """What a figure depends on, and what no configuration tells."""
    model = re.search(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    uname = os.uname()
    return {"cpu": model.group(1) if model else uname.machine, "cpus": len(os.sched_getaffinity(0)),
            "memory_bytes": int(memory.group(1)) * 1024, "kernel": f"{uname.sysname} {uname.release}"}


def commit():
    """The commit the sweep is run from, with + when files differ from it; None outside a repository."""
    def git(*words):
        return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    try:
        changed = git("status", "--porcelain", "--untracked-files=no").stdout.strip()
        return git("rev-parse", "HEAD").stdout.strip() + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def cpu_ticks():
    """(stolen, all) since the machine started."""
    fields = [int(f) for f in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[STEAL - 1], sum(fields)


def stolen_part(before):
    stolen, total = (now - then for now, then in zip(cpu_ticks(), before))
    return stolen / total if total else 0.0


def run(command, seconds, meanwhile):
    """(what it printed, what meanwhile() gave): that is asked after so many seconds, while it runs."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        try:
            time.sleep(seconds)
            seen = meanwhile()
            said, complaint = p.communicate(timeout=SPARE_S)
        finally:
            if p.poll() is None:
                p.kill()
    if p.returncode != 0:
        raise Unavailable(f"{' '.join(command[:2])}: {complaint.strip() or p.returncode}")
    return said, seen


def step(server, target, loop, duration_s, warmup_s, seed):
    """
    One run of the generator; `loop` is its option and value: ("--concurrency", 8), ("--rate", 90.0).
    The server is asked just before its end: over the last whole seconds of it, or the last second
    when it is shorter.
    """
    command = [littled(), "bench", "--json", loop[0], str(loop[1]), "--duration", str(duration_s),
               "--warmup", str(warmup_s), "--seed", str(seed), server.url(target)]
    window_s = max(1, min(WINDOW_MAX_S, int(duration_s)))
    before, started = cpu_ticks(), datetime.now(timezone.utc)
    said, seen = run(command, max(warmup_s + duration_s - LEAD_S, 0), lambda: server.stats(window_s))
    return {"time": started.isoformat(timespec="milliseconds"), "target": target,
            "bench": json.loads(said), "server": seen, "steal": stolen_part(before),
            "load_average": os.getloadavg()[0]}

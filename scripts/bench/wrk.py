"""Closed-loop load by wrk, pinned to CPUs of its own, and what it cost a server meanwhile."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from measured import Unavailable, program

PIPELINE = '''
init = function(args)
  local requests = {}
  for i = 1, 16 do requests[i] = wrk.format() end
  pipelined = table.concat(requests)
end
request = function() return pipelined end
'''

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass
class Workload:
    name: str
    target: str = "/hello"
    connections: int = 64
    closes: bool = False
    is_pipelined: bool = False


@dataclass
class Load:
    requests: int
    seconds: float
    errors: int
    p99_s: float
    cpu_us: float  # of the server, a request

    @property
    def rps(self):
        return self.requests / self.seconds


def arguments(workload, url, seconds, folder):
    command = [program("wrk"), "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--latency"]
    if workload.closes:
        command += ["-H", "Connection: close"]
    if workload.is_pipelined:
        script = Path(folder) / "pipeline.lua"
        script.write_text(PIPELINE)
        command += ["-s", str(script)]
    return command + [url]


def duration_s(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", text).groups()
    return float(number) * UNITS[unit]


def first(pattern, text, default="0"):
    found = re.search(pattern, text)
    return found[1] if found else default


def run_wrk(server, workload, seconds, folder, cpus):
    """A Load. The server's CPU time is read just before and just after."""
    before = server.cpu()
    done = subprocess.run(
        arguments(workload, server.url(workload.target), seconds, folder),
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    used_ns = server.cpu().since(before)
    counts = re.search(r"(\d+) requests in ([0-9.]+[a-z]+)", done.stdout)
    if done.returncode or not counts or int(counts[1]) == 0:
        raise Unavailable(f"wrk on {server.name}: {(done.stderr or done.stdout).strip()[-200:]}")
    sockets = re.search(r"Socket errors: (.*)", done.stdout)
    errors = sum(map(int, re.findall(r"\d+", sockets[1]))) if sockets else 0
    errors += int(first(r"Non-2xx or 3xx responses: (\d+)", done.stdout))
    requests = int(counts[1])
    return Load(requests, duration_s(counts[2]), errors,
                duration_s(first(r"99%\s+([0-9.]+[a-z]+)", done.stdout, "0s")),
                used_ns / 1000 / requests)

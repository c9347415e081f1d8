"""The normal client: so many requests a second, kept alive or each on a connection of its own,
timed by `littled bench` from when they were due."""

import json
import subprocess
from dataclasses import dataclass

from server import LITTLED

RATE = 200


@dataclass
class Reading:
    p50_ms: float
    p99_ms: float
    requests: int
    failures: int


def measure(server, seconds, keep_alive=True):
    url = "http://%s:%d/hello" % server.address
    command = [LITTLED, "bench", "--json", "--rate", str(RATE), "--arrival", "constant",
               "--duration", str(seconds), "--timeout", "10", url]
    if not keep_alive:
        command.insert(2, "--no-keepalive")
    report = json.loads(subprocess.run(command, stdin=subprocess.DEVNULL, check=True,
                                       capture_output=True).stdout)
    return Reading(report["latency"]["p50_s"] * 1e3, report["latency"]["p99_s"] * 1e3,
                   report["offered"], report["offered"] - report["outcomes"]["ok"])

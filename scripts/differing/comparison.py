"""One proxy before a littled, and what the two make of the same bytes."""

import contextlib
import select
import time
from dataclasses import dataclass, field

from client import connect
from http11_cases import get
from server import Server

LAST = get(b"Connection: close\r\n")  # behind each message, to be the last that is answered

QUIET_S = 0.3  # a proxy that has nothing more to say for so long waits for more of the message
SETTLED_S = 5


@dataclass
class Comparison:
    name: str
    sent: int = 0     # by the proxy
    found: int = 0    # by littled
    refused: int = 0  # of these: answered with an error of its own
    differences: list = field(default_factory=list)


def converse(address, data):
    """Sends it and reads until the proxy ends the connection, or waits for more."""
    with connect(address) as s:
        try:
            s.sendall(data)
            while select.select([s], [], [], QUIET_S)[0] and s.recv(1 << 16):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass  # the proxy's way to refuse


def settled(proxy, littled, before):
    """(sent, found), once both have grown by as much, or have had the time to."""
    deadline = time.monotonic() + SETTLED_S
    while True:
        sent, found = proxy.sent(), littled.stats()["totals"]["completions"]
        if sent - found == before or time.monotonic() > deadline:
            return sent, found
        time.sleep(0.001)


def compare(folder, make_proxy, is_lenient, cases):
    """Sends all cases, one after the other.  cases: [(what, bytes)]."""
    with contextlib.redirect_stdout(None), \
            Server(folder, "--keep-alive", "60", "--limit-request-line", "0",
                "--limit-request-field_size", "0", "--limit-request-fields", "1000") as littled, \
            make_proxy(folder, littled.address, is_lenient) as proxy:
        c = Comparison(str(proxy))
        for what, data in cases:
            before = c.sent - c.found
            converse(proxy.address, data + LAST)
            c.sent, c.found = settled(proxy, littled, before)
            if c.sent - c.found != before:
                c.differences.append(f"{what}: {c.sent - c.found - before:+}, {data[:200]!r}")
        statuses = littled.stats()["totals"]["status"]
        c.refused = sum(n for status, n in statuses.items() if status in ("400", "501"))
    return c

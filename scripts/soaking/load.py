"""
The load of the soak: clients of all manners, in one thread with a selector, that account for
every request: answered, given up by its client, or gone with a worker that was killed.
"""

import heapq
import itertools
import random
import selectors
import socket
import struct
import time
from collections import Counter, deque
from typing import NamedTuple

import manners
from manners import ANSWERED, CLOSED, Received

# Without a step forward for so long, what a client waits for will not come.
PATIENCE_S = 10

# A client notices that its connection is gone so long after the kill, at the latest.
KILL_S = 1.0

class Kill(NamedTuple):
    """A worker's end, and what was in it: it stood still when this was read."""
    pid: int
    stopped: float
    killed: float
    connections: int
    moving: int
    in_flight: int


class Response(NamedTuple):
    status: int
    fields: dict
    body: bytes


class Asked(NamedTuple):
    name: str
    is_right: object  # of a Response
    closes: bool


def parse(rest):
    """The first response in `rest` and its length, or (None, 0): it is not all there yet."""
    end = rest.find(b"\r\n\r\n")
    if end < 0:
        return None, 0
    lines = rest[:end].decode("latin-1").split("\r\n")
    version, status = lines[0].split(" ", 2)[:2]
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise ValueError(f"no status line: {lines[0]!r}")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    length = end + 4 + int(fields["content-length"])
    if len(rest) < length:
        return None, 0
    return Response(int(status), fields, bytes(rest[end + 4:length])), length


class Link:
    """One client and its connection."""

    def __init__(self, load, address, manner):
        self.load, self.dice, self.name = load, load.dice, manner.__name__
        self.out, self.rest = bytearray(), bytearray()
        self.asked = deque()  # not yet answered, oldest first
        self.received = 0
        self.awaits = None
        self.serial = 0  # of the wait: a timer of an earlier one does nothing
        self.ends_output = False
        self.has_part = False  # of a request was sent and not the whole
        self.socket = self.connected(address)
        self.steps = manner(self)

    @staticmethod
    def connected(address):
        is_path = isinstance(address, str)
        s = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        s.setblocking(False)
        try:
            s.connect(address)
        except BlockingIOError:
            if is_path:  # here it means that the backlog is full
                raise
        if not is_path:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    # --- what a manner does ---------------------------------------------------

    def expect(self, question):
        """Its answer is due; the manner itself sends the request."""
        name, _, is_right, closes = question
        self.asked.append(Asked(name, is_right, closes))
        self.load.count["asked"] += 1

    def ask(self, question):
        self.expect(question)
        self.send(question[1])

    def send_part(self, data):
        """Of a request that never becomes whole."""
        self.has_part = True
        self.send(data)

    def send(self, data):
        self.out += data
        self.flush()

    def end_output(self):
        """As soon as all is sent."""
        self.ends_output = True
        self.flush()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    # --- bytes ----------------------------------------------------------------

    def flush(self):
        """What does not go out now is sent when there is room; an error is found by reading."""
        try:
            while self.out:
                del self.out[:self.socket.send(self.out)]
            if self.ends_output:
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.out.clear()
        self.load.watch(self)

    def receive(self):
        """False at the end of the connection."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.rest += data
        self.received += len(data)
        return bool(data)

    def take_answers(self):
        while self.rest and not isinstance(self.awaits, Received):
            response, length = parse(self.rest)
            if not response:
                return
            del self.rest[:length]
            if not self.asked:
                raise ValueError(f"an answer to nothing: {response.status}")
            self.judge(self.asked.popleft(), response)

    def judge(self, asked, response):
        self.load.count["answered"] += 1
        self.load.statuses[response.status] += 1
        is_last = response.fields.get("connection", "").lower() == "close"
        if not asked.is_right(response):
            raise ValueError(f"a wrong answer to {asked.name}: {response.status} "
                             f"{response.body[:200]!r}")
        if is_last != asked.closes:
            raise ValueError(f"after {asked.name} the server {'ends' if is_last else 'keeps'} "
                             "the connection")


class Load:
    def __init__(self, addresses, clients, seed):
        self.addresses, self.clients = addresses, clients
        self.dice = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.timers, self.serials = [], itertools.count()
        self.links = set()
        self.count, self.statuses, self.manners = Counter(), Counter(), Counter()
        self.kills = []  # appended to by whoever kills, before it does
        self.violations = []
        self.deadline = 0

    def run(self, seconds):
        self.deadline = time.monotonic() + seconds
        for _ in range(self.clients):
            self.begin()
        while self.links:
            due = self.timers[0][0] if self.timers else time.monotonic() + 1
            for key, events in self.selector.select(max(0, due - time.monotonic())):
                self.on_event(key.data, events)
            self.on_time()

    def complain(self, link, what):
        age = time.monotonic() - link.opened
        self.violations.append(
            f"{what} [{link.name}, {age:.3f} s old, {link.received} bytes received, "
            f"{len(link.asked)} unanswered, awaits {link.awaits}]")

    # --- a link's life ----------------------------------------------------------

    def begin(self):
        """The next client; nothing once the time is over."""
        if time.monotonic() >= self.deadline:
            return
        manner = self.dice.choices(manners.ALL, manners.WEIGHTS)[0]
        self.manners[manner.__name__] += 1
        try:
            link = Link(self, self.dice.choice(self.addresses), manner)
        except OSError as error:
            self.violations.append(f"cannot connect: {error}")
            self.deadline = 0
            return
        link.opened = time.monotonic()
        self.count["connected"] += 1
        self.links.add(link)
        self.selector.register(link.socket, selectors.EVENT_READ, link)
        self.go_on(link)

    def watch(self, link):
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.out else 0)
        if link in self.links and self.selector.get_key(link.socket).events != events:
            self.selector.modify(link.socket, events, link)

    def set_timer(self, link, seconds):
        link.serial = next(self.serials)
        heapq.heappush(self.timers, (time.monotonic() + seconds, link.serial, link))

    def go_on(self, link):
        """Its manner's next step."""
        link.awaits = next(link.steps, None)
        if link.awaits is None:
            self.count["abandoned"] += len(link.asked)
            self.end(link)
            return
        is_pause = isinstance(link.awaits, float)
        self.set_timer(link, link.awaits if is_pause else PATIENCE_S)
        if not is_pause:
            self.look(link)

    def look(self, link):
        """Is what it waits for there?"""
        try:
            link.take_answers()
        except (ValueError, KeyError) as error:
            self.complain(link, str(error) or repr(error))
            self.count["abandoned"] += len(link.asked)
            self.end(link)
            return
        if link.awaits == ANSWERED and not link.asked:
            self.go_on(link)
        elif isinstance(link.awaits, Received) and link.received >= link.awaits.at_least:
            self.go_on(link)

    def end(self, link):
        self.count["parts"] += link.has_part
        self.links.discard(link)
        self.selector.unregister(link.socket)
        link.socket.close()
        link.serial = -1
        self.begin()

    # --- events -----------------------------------------------------------------

    def on_event(self, link, events):
        if events & selectors.EVENT_WRITE:
            link.flush()
        if not events & selectors.EVENT_READ:
            return
        is_open = link.receive()
        if is_open or link.rest:
            self.look(link)
        if not is_open and link in self.links:
            self.on_closed(link)

    def on_closed(self, link):
        """By the server."""
        if link.awaits == CLOSED and not link.asked:
            if link.rest:
                self.complain(link, f"bytes after the last answer: {bytes(link.rest[:100])!r}")
            self.count["closed as due"] += 1
        elif self.was_killed():
            self.count["killed"] += len(link.asked)
            self.count["killed connections"] += 1
        else:
            self.complain(link, "closed by the server, and no worker was killed")
            self.count["unanswered"] += len(link.asked)
        self.end(link)

    def was_killed(self):
        now = time.monotonic()
        return any(kill.stopped <= now <= kill.killed + KILL_S for kill in self.kills[-4:])

    def on_time(self):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, serial, link = heapq.heappop(self.timers)
            if serial != link.serial:
                continue
            if isinstance(link.awaits, float):
                self.go_on(link)
                continue
            self.complain(link, f"not within {PATIENCE_S} s")
            self.count["unanswered"] += len(link.asked)
            self.end(link)

"""
A steady load: requests sent at their times, half of them on new connections and half on kept-alive
ones, whatever the server does meanwhile.  Every one must be answered with 200.

A kept-alive connection that the server ends while it is idle, or says it will end, is replaced, as
any client does; but once a request is sent on it, its end without an answer is a failure.
"""

import collections
import errno
import heapq
import random
import selectors
import socket
import threading
import time

from client import request

GIVE_UP = 30  # seconds without an answer


class Call:
    """One request, on a connection that is new or was kept."""

    def __init__(self, link, target):
        self.link, self.target = link, target
        self.sent = time.monotonic()


class Link:
    """A connection, its socket never waited for."""

    def __init__(self, address, kept):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept, self.call, self.rest, self.to_send = kept, None, b"", b""
        error = self.socket.connect_ex(address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")

    def is_readable(self):
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def answer(self):
        """(status, closes) of the answer once it is there, or None."""
        head, mark, body = self.rest.partition(b"\r\n\r\n")
        if not mark:
            return None
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return None
        assert len(body) == int(fields[b"content-length"]), "more than was asked for"
        self.rest = b""
        return int(head.split(b" ", 2)[1]), fields.get(b"connection") == b"close"


class Steady:
    """`with Steady(address, rate=300) as load:` runs it; `load.failures` and `load.answered` tell."""

    def __init__(self, address, rate=300, kept=20, target=None, seed=1):
        self.address, self.rate, self.dice = address, rate, random.Random(seed)
        self.target = target or (lambda: f"/sleep?ms={self.dice.uniform(0, 50):.2f}")
        self.idle = collections.deque()
        self.kept_most, self.kept_count = kept, 0
        self.selector = selectors.DefaultSelector()
        self.waiting = []  # of calls, oldest first: (sent, number, call)
        self.failures, self.answered, self.slowest = [], collections.Counter(), 0.0
        self.over_a_second = 0
        self.closed_idle = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.began = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Sends no more, waits for what is on its way."""
        self.is_over.set()
        self.thread.join(GIVE_UP + 10)
        assert not self.thread.is_alive(), "the load does not end"
        self.seconds = time.monotonic() - self.began

    @property
    def total(self):
        return sum(self.answered.values())

    def check(self, least_rate=0):
        assert not self.failures, f"{len(self.failures)} of {self.total}: {self.failures[:5]}"
        assert self.answered["new"] and self.answered["kept"], self.answered
        assert self.total >= least_rate * self.seconds, (self.total, self.seconds)

    # --- in the thread -------------------------------------------------------

    def run(self):
        number, due = 0, time.monotonic()
        while not self.is_over.is_set() or self.waiting:
            now = time.monotonic()
            while due <= now and not self.is_over.is_set():
                number += 1
                self.send(number)
                due += 1 / self.rate
            self.give_up_on_old(now)
            self.step(0.02 if self.is_over.is_set() else max(0.0, due - time.monotonic()))
        for link in self.idle:
            link.socket.close()

    def send(self, number):
        kept = number % 2 == 0
        try:
            link = (kept and self.take_idle()) or self.open(kept)
        except OSError as error:
            self.failures.append(("connect", time.monotonic() - self.began, str(error)))
            return
        link.call = Call(link, self.target())
        heapq.heappush(self.waiting, (link.call.sent, number, link.call))
        fields = () if link.kept else (("Connection", "close"),)
        link.to_send = request(link.call.target, headers=fields)
        self.flush(link)

    def take_idle(self):
        """As clients do: one that was closed in the meantime is not asked."""
        while self.idle:
            link = self.idle.popleft()
            if not link.is_readable():
                return link
            self.end_idle(link)
        return None

    def end_idle(self, link):
        self.closed_idle += 1
        self.close(link)

    def open(self, kept):
        kept = kept and self.kept_count < self.kept_most
        link = Link(self.address, kept)
        self.kept_count += kept
        self.selector.register(link.socket, selectors.EVENT_READ, link)
        return link

    def flush(self, link):
        try:
            sent = link.socket.send(link.to_send)
        except (BlockingIOError, OSError) as error:
            if not isinstance(error, BlockingIOError) and error.errno != errno.ENOTCONN:
                self.fail(link, f"send: {error}")
                return
            sent = 0
        link.to_send = link.to_send[sent:]
        more = selectors.EVENT_WRITE if link.to_send else 0
        self.selector.modify(link.socket, selectors.EVENT_READ | more, link)

    def step(self, seconds):
        for key, events in self.selector.select(seconds):
            link = key.data
            if events & selectors.EVENT_WRITE and link.to_send:
                self.flush(link)
            if events & selectors.EVENT_READ and link.socket.fileno() >= 0:
                self.receive(link)

    def receive(self, link):
        try:
            data = link.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            data, why = b"", str(error)
        else:
            why = "closed without an answer"
        link.rest += data
        if not data and link.call is None:
            self.idle.remove(link)
            self.end_idle(link)
        elif not data:
            self.fail(link, f"{why}, after {len(link.rest)} bytes")
        else:
            answer = link.answer()
            if answer:
                self.finish(link, *answer)

    def finish(self, link, status, closes):
        call, link.call = link.call, None
        took = time.monotonic() - call.sent
        self.slowest = max(self.slowest, took)
        self.over_a_second += took > 1
        if status != 200:
            self.failures.append(("status", call.sent - self.began, f"{status} {call.target}"))
        self.answered["kept" if link.kept else "new"] += 1
        call.link = None
        if closes or not link.kept:
            self.close(link)
        else:
            self.idle.append(link)

    def fail(self, link, why):
        manner = "kept" if link.kept else "new"
        self.failures.append((manner, link.call.sent - self.began, why, link.call.target))
        link.call.link = None
        self.close(link)

    def close(self, link):
        self.selector.unregister(link.socket)
        link.socket.close()
        self.kept_count -= link.kept

    def give_up_on_old(self, now):
        while self.waiting and (self.waiting[0][2].link is None
                                or now - self.waiting[0][0] > GIVE_UP):
            call = heapq.heappop(self.waiting)[2]
            if call.link:
                self.fail(call.link, f"no answer in {GIVE_UP} s")

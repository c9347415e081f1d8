"""Clients that put a load on the server and measure it by themselves."""

import random
import selectors
import threading
import time

import client


def at_once(jobs):
    """Runs the callables in a thread each, let go together; returns their results in order."""
    gate = threading.Barrier(len(jobs))
    results = [None] * len(jobs)

    def body(i):
        gate.wait()
        try:
            results[i] = jobs[i]()
        except Exception as error:  # handed to the test, which judges it
            results[i] = error

    threads = [threading.Thread(target=body, args=(i,)) for i in range(len(jobs))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


class Background:
    """One callable in a thread; `result()` waits for it and raises what it raised."""

    def __init__(self, job):
        self.value = self.error = None
        self.thread = threading.Thread(target=self.body, args=(job,), daemon=True)
        self.thread.start()

    def body(self, job):
        try:
            self.value = job()
            self.ended = time.monotonic()
        except Exception as error:
            self.error = error

    def result(self, timeout=60):
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "it does not end"
        if self.error:
            raise self.error
        return self.value


class ClosedLoop:
    """
    So many kept-alive connections, each with one request in flight all the time: the next is
    sent as soon as the answer is there.  One thread and a selector, so that the client's own
    scheduling does not come into what it measures.
    """

    def __init__(self, address, connections, target, seconds):
        self.address, self.target = address, target
        self.connections, self.seconds = connections, seconds
        self.done = []  # (sent, answered) of every request
        self.started = self.ended = None
        self.is_over = False

    def run(self):
        selector = selectors.DefaultSelector()
        conns = [client.Conn(self.address) for _ in range(self.connections)]
        self.started = time.monotonic()
        for conn in conns:
            selector.register(conn.socket, selectors.EVENT_READ, conn)
            self.send(conn)
        while selector.get_map():
            ready = selector.select(20)
            assert ready, "no answer for 20 s"
            for key, _ in ready:
                if not self.answered(key.data):
                    selector.unregister(key.fileobj)
                    key.data.close()
        self.ended = time.monotonic()
        return self

    def stop(self):
        """What is in flight is answered, nothing more is asked."""
        self.is_over = True

    def send(self, conn):
        conn.sent = time.monotonic()
        conn.send(client.request(self.target()))

    def answered(self, conn):
        """Reads one response; False when this connection is at its end."""
        response = conn.read()
        now = time.monotonic()
        assert response.status == 200, response.status
        self.done.append((conn.sent, now))
        if self.is_over or now >= self.started + self.seconds:
            return False
        self.send(conn)
        return True

    def figures(self, begin, end):
        """X, L and W of the client's own in [begin, end)."""
        spans = [(a, b) for a, b in self.done if b > begin and a < end]
        ended = [b - a for a, b in spans if b < end and b >= begin]
        inside = sum(min(b, end) - max(a, begin) for a, b in spans)
        length = end - begin
        return len(ended) / length, inside / length, sum(ended) / len(ended)


def random_sleep(low_ms, high_ms, seed=1):
    """Targets of sleeps of random length: they do not march in step."""
    dice = random.Random(seed)
    return lambda: f"/sleep?ms={dice.uniform(low_ms, high_ms):.3f}"

"""Clients that mean ill, or have all the time in the world: each a `with` block around what a
normal client does meanwhile."""

import random
import resource
import shutil
import socket
import struct
import subprocess
import threading

from client import Conn, connect
from http11_cases import get, sized
from server import eventually


def held(server):
    """Connections the server holds."""
    return sum(server.stats()["connections"].values())


class SlowHttp:
    """slowhttptest (of Debian) in one of its modes."""

    modes = {
        "slow heads": ["-H", "-i", "3"],
        "slow bodies": ["-B", "-i", "3", "-s", "100000"],
        "ranges": ["-R", "-a", "1", "-b", "900"],
        "slow readers": ["-X", "-w", "1", "-y", "512", "-n", "1", "-z", "5"],
    }
    targets = {"slow bodies": "/echo", "slow readers": "/bytes?n=5000000"}

    def __init__(self, server, mode, connections):
        program = shutil.which("slowhttptest")
        assert program, "no slowhttptest: scripts/setup installs it"
        url = "http://%s:%d%s" % (*server.address, self.targets.get(mode, "/hello"))
        self.server, self.connections = server, connections
        self.is_held = mode != "ranges"  # these are answered, and over
        self.command = [program, *self.modes[mode], "-c", str(connections), "-r",
                        str(connections), "-l", "600", "-p", "30", "-u", url]
        self.is_over = threading.Event()

    def __enter__(self):
        self.process = None
        self.runs = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        if self.is_held:
            eventually(lambda: held(self.server) >= self.connections * 0.9, 60,
                       f"{self.connections} slow connections are there", every=0.1)
        else:
            eventually(lambda: self.runs, 60, "a round of them is over", every=0.1)
        return self

    def run(self):
        """Again and again: it ends when the server has ended all its connections."""
        while not self.is_over.is_set():
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.process.wait()
            self.runs += 1

    def __exit__(self, *_):
        self.is_over.set()
        self.process.kill()
        self.thread.join(20)


class Idle:
    """Clients that ask once and stay; when it is over each asks again, and must be served."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections

    def __enter__(self):
        allow_descriptors(self.connections + 100)
        self.clients = []
        for _ in range(self.connections):
            self.clients.append(Conn(self.server.address))
            assert self.clients[-1].get("/hello").status == 200
        assert held(self.server) >= self.connections
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.served_again = sum(c.get("/hello").status == 200 for c in self.clients)
        for c in self.clients:
            c.close()


class Resets:
    """Clients that go, with a reset, before, within or behind a request."""

    messages = [get(), get(target=b"/sleep?ms=5"), sized(b"x" * 5000), get() * 5,
                get(target=b"/bytes?n=3000000")]

    def __init__(self, server, seed=1):
        self.server, self.dice = server, random.Random(seed)
        self.count = 0
        self.error = None
        self.is_over = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        eventually(lambda: self.count > 10 or self.error, 20, "clients come and go")
        return self

    def run(self):
        try:
            while not self.is_over.wait(0.001):
                self.come_and_go()
        except Exception as error:  # told when it is over
            self.error = error

    def come_and_go(self):
        message = self.dice.choice(self.messages)
        with connect(self.server.address) as s:
            s.sendall(message[:self.dice.randrange(len(message) + 1)])
            if self.dice.random() < 0.5:
                self.is_over.wait(self.dice.random() / 100)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.count += 1

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join(20)
        if self.error:
            raise self.error


def allow_descriptors(count):
    """To this process; what the server is allowed it sees to itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= count, f"only {hard} descriptors, not {count}"
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))

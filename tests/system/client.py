"""An HTTP client of raw sockets: it sends what it is told, byte for byte, and reads strictly."""

import json
import socket


class Closed(Exception):
    """The server closed the connection where an answer was due."""


class Response:
    def __init__(self, version, status, reason, headers, body):
        self.version, self.status, self.reason = version, status, reason
        self.headers, self.body = headers, body

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)


def connect(address, timeout=20, source=None):
    """A connected socket; the address is a (host, port) pair or a unix socket's path, the source
    one of our own addresses."""
    if isinstance(address, str):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(address)
        return s
    s = socket.create_connection(address, timeout, source and (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def request(target, method="GET", headers=(), body=b"", version="1.1"):
    """The bytes of a request; a body gets its Content-Length."""
    lines = [f"{method} {target} HTTP/{version}", "Host: test"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def chunked(pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


class Conn:
    """One connection."""

    def __init__(self, address, timeout=20, source=None):
        self.socket = connect(address, timeout, source)
        self.rest = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(1 << 16)
        self.rest += data
        return bool(data)

    def until(self, mark):
        while mark not in self.rest:
            if not self.more():
                raise Closed(f"after {self.rest[:200]!r}")
        return self.take(self.rest.index(mark) + len(mark))[:-len(mark)]

    def take(self, n):
        found = bytes(self.rest[:n])
        del self.rest[:n]
        return found

    def exactly(self, n):
        while len(self.rest) < n:
            if not self.more():
                raise Closed(f"after {len(self.rest)} bytes of {n}")
        return self.take(n)

    def read(self, method="GET"):
        """The next response."""
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, reason = head[0].split(" ", 2)
        headers = [tuple(line.split(": ", 1)) for line in head[1:]]
        response = Response(version, int(status), reason, headers, b"")
        response.body = self.body_of(response, method)
        return response

    def body_of(self, response, method):
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return b""
        length = response.header("Content-Length")
        if length is not None:
            return self.exactly(int(length))
        if response.header("Transfer-Encoding") == "chunked":
            return self.chunks()
        while self.more():
            pass
        return self.take(len(self.rest))

    def chunks(self):
        body = bytearray()
        while True:
            size = int(self.until(b"\r\n"), 16)
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
            if size == 0:
                return bytes(body)

    def get(self, target, **more):
        self.send(request(target, **more))
        return self.read(more.get("method", "GET"))

    def is_closed_within(self, seconds):
        """True when the server ends the connection in time, having sent nothing more."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return not self.rest and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False
        finally:
            self.socket.settimeout(before)


class SlowConn(Conn):
    """One whose kernel takes little that nobody reads."""

    def __init__(self, address, timeout=20):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.rest = bytearray()


# Requests whose answers leave together, and do not fit into the socket of a SlowConn.
FILLING_COUNT, FILLING_BYTES = 31, 3800
FILLING = request(f"/bytes?n={FILLING_BYTES}") * FILLING_COUNT
FILLING_OPTIONS = ("--tcp-notsent-lowat", "4k")


def read_filling(conn):
    for _ in range(FILLING_COUNT):
        assert len(conn.read().body) == FILLING_BYTES


def get(address, target, timeout=20, **more):
    """One request on a connection of its own."""
    with Conn(address, timeout) as c:
        return c.get(target, headers=[("Connection", "close"), *more.pop("headers", ())], **more)

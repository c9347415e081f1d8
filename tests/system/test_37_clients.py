"""Clients as people have them, unmodified: each asks in its own way and must have no complaint."""

import http.client
import json
import re
import subprocess

import pytest

from server import PATIENCE


@pytest.fixture
def run():
    """run(program, arguments...) -> what it printed; it must end well."""
    def run(*command, stdin=None):
        done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                              text=True, timeout=30 * PATIENCE)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout
    return run


@pytest.fixture
def url(server):
    return "http://%s:%d" % server.address


def figure(pattern, text):
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return int(found[1])


def test_curl(run, url, tmp_path):
    assert run("curl", "-sS", url + "/hello") == "Hello, world\n"
    head = run("curl", "-sSI", url + "/bytes?n=5000")
    assert head.startswith("HTTP/1.1 200 OK") and "Content-Length: 5000" in head
    assert run("curl", "-sS0", url + "/hello") == "Hello, world\n"
    said = run("curl", "-sS", "-w", "%{num_connects}\n", url + "/hello", url + "/sleep?ms=1")
    assert said == "Hello, world\n1\nok\n0\n"  # the second URL on the first one's connection

    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text("a=b&c=d")
    large.write_bytes(b"x" * 1000000)
    echo = ["curl", "-sS", url + "/echo"]
    assert json.loads(run(*echo, "--data-binary", f"@{small}"))["body"] == "a=b&c=d"
    assert json.loads(run(*echo, "-T", small))["method"] == "PUT"
    chunks = json.loads(run(*echo, "-T", "-", stdin="from a pipe"))
    assert chunks["body"] == "from a pipe" and ["Transfer-Encoding", "chunked"] in chunks["headers"]
    for more in ([], ["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]):
        assert json.loads(run(*echo, "-T", large, *more))["body_length"] == 1000000
    large.write_bytes(b"x" * 3000000)
    for more in ([], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]):
        assert run(*echo, "-T", large, *more).startswith("413 Content Too Large")


def test_wrk(run, url):
    for path in ("/hello", "/sleep?ms=1"):
        text = run("wrk", "-t1", "-c10", "-d1s", url + path)
        assert figure(r"(\d+) requests in", text) > 10
        assert "Socket errors" not in text and "Non-2xx" not in text, text


@pytest.mark.parametrize("manner", [[], ["-k"]], ids=["closing", "keep-alive"])
def test_ab(run, url, manner, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * 3000)
    for more in (["/hello"], ["/echo", "-p", body, "-T", "text/plain"], ["/hello", "-i"]):
        text = run("ab", "-q", "-n", 300, "-c", 10, *manner, *more[1:], url + more[0])
        assert figure(r"Complete requests: +(\d+)", text) == 300
        assert figure(r"Failed requests: +(\d+)", text) == 0
        assert "Non-2xx" not in text
        if manner:
            assert figure(r"Keep-Alive requests: +(\d+)", text) == 300


def test_h2load(run, url):
    for path in ("/hello", "/bytes?n=50000", "/sleep?ms=1"):
        text = run("h2load", "--h1", "-n", 500, "-c", 10, "-m", 4, url + path)
        assert "500 done, 500 succeeded, 0 failed, 0 errored, 0 timeout" in text, text


def test_httperf(run, server):
    host, port = server.address
    text = run("httperf", "--hog", "--server", host, "--port", port, "--uri", "/hello",
               "--num-conns", 100, "--num-calls", 5, "--rate", 200)
    assert figure(r"replies (\d+)", text) == 500
    assert figure(r"Reply status: 1xx=0 2xx=(\d+) 3xx=0 4xx=0 5xx=0", text) == 500
    assert figure(r"Errors: total (\d+)", text) == 0


def test_http_client(server):
    c = http.client.HTTPConnection(*server.address, timeout=20)

    def ask(method, path, **more):
        c.request(method, path, **more)
        answer = c.getresponse()
        return answer, answer.read()

    answer, body = ask("GET", "/hello")
    assert (answer.status, answer.version, body) == (200, 11, b"Hello, world\n")
    socket = c.sock
    answer, body = ask("HEAD", "/hello")
    assert answer.getheader("Content-Length") == "13" and body == b""
    assert json.loads(ask("POST", "/echo", body=b"a" * 100000)[1])["body_length"] == 100000
    pieces = json.loads(ask("PUT", "/echo", body=iter([b"in ", b"pieces"]), encode_chunked=True,
                            headers={"Transfer-Encoding": "chunked"})[1])
    assert pieces["body"] == "in pieces"
    assert ask("GET", "/status?code=204")[0].status == 204
    assert ask("GET", "/none")[0].status == 404
    assert c.sock is socket  # one connection for all of it
    assert ask("GET", "/hello", headers={"Connection": "close"})[0].will_close
    c.close()


NODE = r"""
const url = process.argv[1], assert = require("assert");
const text = async (path, how) => (await fetch(url + path, how)).text();
const json = async (path, how) => (await fetch(url + path, how)).json();
async function* pieces() { yield Buffer.from("in "); yield Buffer.from("pieces"); }
(async () => {
	assert.equal(await text("/hello"), "Hello, world\n");
	const head = await fetch(url + "/bytes?n=70000", { method: "HEAD" });
	assert.equal(head.headers.get("content-length"), "70000");
	assert.equal((await text("/bytes?n=70000")).length, 70000);
	assert.equal((await json("/echo", { method: "POST", body: "a\u00fcb" })).body, "a\u00fcb");
	assert.equal((await json("/echo", { method: "PUT", body: "x".repeat(900000) })).body_length, 900000);
	const sent = await json("/echo", { method: "POST", body: pieces(), duplex: "half" });
	assert.equal(sent.body, "in pieces");
	assert.equal((await fetch(url + "/status?code=204")).status, 204);
	const all = await Promise.all([...Array(40)].map((_, i) => text(i % 2 ? "/sleep?ms=1" : "/hello")));
	assert.equal(all.filter(t => t === "ok\n").length, 20);
	console.log("good");
})();
"""


def test_fetch_of_node(run, url):
    assert run("node", "-e", NODE, url) == "good\n"

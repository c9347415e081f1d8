"""`littled top`: the figures of a running server in a terminal, and as text and JSON for scripts."""

import json
import os
import shlex
import signal
import subprocess
import uuid

import pytest

from load import Background
from server import LITTLED, PATIENCE, clean_environment, eventually


def top(*args, timeout=20):
    return subprocess.run([LITTLED, "top", *map(str, args)], env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout * PATIENCE)


class Terminal:
    """A command in a terminal of 150 x 40, typed at and read through tmux."""

    def __init__(self, *command):
        self.socket = f"littled-{uuid.uuid4().hex[:8]}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "40",
                  shlex.join(map(str, command)) + "; echo status=$?; sleep 60")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.socket, *args], env=clean_environment(),
                              capture_output=True, text=True, timeout=20 * PATIENCE).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def press(self, key):
        self.tmux("send-keys", key)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, *words, within=10):
        eventually(lambda: all(w in self.screen() for w in words), within,
                   f"{words} on the screen", every=0.1)


def test_once_prints_what_the_document_says(server):
    for _ in range(20):
        server.get("/sleep?ms=5")
    server.completed(20)
    done = top("--pid", server.process.pid, "--once")
    assert done.returncode == 0, done.stderr
    assert "1 workers x 2 threads = 2 slots" in done.stdout
    assert "RPS x" in done.stdout and "/sleep" in done.stdout
    document = json.loads(top("--pid", server.process.pid, "--json").stdout)
    assert document["totals"]["completions"] == 20
    sentence = server.stats()["sentence"]
    assert " in flight; " in sentence


def test_a_listener_tells_the_same(server):
    server.get("/sleep?ms=5")
    done = top("--url", f"http://127.0.0.1:{server.admin[1]}", "--once", "--view", "workers")
    assert done.returncode == 0, done.stderr
    assert str(server.worker_pids()[0]) in done.stdout and "ready" in done.stdout


def test_keys_in_a_terminal(server):
    sleeper = Background(lambda: server.get("/sleep?ms=6000"))
    server.wait_busy(1)
    with Terminal(LITTLED, "top", "--pid", server.process.pid, "--interval", "200") as t:
        t.shows("2 slots", "*rate", "/hello", "q quit")
        t.press("s")
        t.shows("thread", "/sleep", "busy")
        t.press("o")
        t.shows("*served")
        t.press("w")
        t.shows("slots: . idle", "moved in", "  0 ")
        t.press("3")
        t.shows("window (60 s)")
        t.press("p")
        t.shows("(paused)")
        t.press("q")
        t.shows("status=0")
    assert sleeper.result().status == 200


def test_it_shows_workers_that_hang(serve):
    with serve(workers=2, threads=1) as s:
        pid = s.worker_pids()[0]
        os.kill(pid, signal.SIGSTOP)
        try:
            def beat():
                rows = json.loads(top("--pid", s.process.pid, "--json").stdout)["workers"]
                return max(w["heartbeat_age_s"] for w in rows) > 1
            eventually(beat, 10, "a heartbeat grows old")
            assert str(pid) in top("--pid", s.process.pid, "--once", "--view", "workers").stdout
        finally:
            os.kill(pid, signal.SIGCONT)


def test_it_ends_with_its_server(serve):
    with serve() as s:
        with Terminal(LITTLED, "top", "--pid", s.process.pid, "--interval", "200") as t:
            t.shows("q quit")
            s.stop()
            t.shows("the server has ended", "status=1")


@pytest.mark.parametrize("args, status, words", [
    (["--nonsense"], 2, "no such option"),
    (["--sort", "beauty"], 2, "no such column"),
    (["--pid", "1", "--once"], 1, "no littled server"),
    (["--url", "http://127.0.0.1:1", "--once"], 1, "Connection refused"),
    (["--board", "/etc/passwd", "--once"], 1, "/etc/passwd"),
])
def test_what_cannot_be_shown(args, status, words):
    done = top(*args)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_without_a_terminal_it_says_what_to_use(server):
    done = top("--pid", server.process.pid)
    assert done.returncode == 2 and "--once" in done.stderr

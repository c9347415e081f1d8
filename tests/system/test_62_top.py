"""`littled top`: the figures of a running server in a terminal, and as text and JSON for scripts."""

import json
import os
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from faults import AS_NOBODY
from load import Background
from server import LITTLED, PATIENCE, clean_environment, eventually, open_files

pytestmark = pytest.mark.alone  # it looks for the only server of the machine


def top(*args, timeout=20):
    return subprocess.run([LITTLED, "top", *map(str, args)], env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout * PATIENCE)


class Terminal:
    """A command in a terminal, typed at and read through tmux."""

    def __init__(self, *command, columns=150, lines=40, term="screen"):
        self.socket = f"littled-{uuid.uuid4().hex[:8]}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines,
                  f"export TERM={term}; " + shlex.join(map(str, command)) +
                  "; echo status=$?; sleep 60")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.socket, *map(str, args)], env=clean_environment(),
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
        t.shows("1 2 3 last 60 s")
        t.press("p")
        t.shows("p paused")
        t.press("q")
        t.shows("status=0")
    assert sleeper.result().status == 200


def test_help_says_what_keys_and_words_mean(server):
    with Terminal(LITTLED, "top", "--pid", server.process.pid, columns=80, lines=24) as t:
        t.shows("2 slots", "? help", "q quit")
        t.press("?")
        t.shows("sort by the next column", "claims ", "since the start",
                "any key goes back")
        t.press("q")  # goes back, and does not quit
        t.shows("utilisation", "q quit")
        t.press("q")
        t.shows("status=0")


def test_80_columns_show_what_counts(server):
    """The law, its parts and all times; on fewer lines than they take, all of it scrolls."""
    sleeper = Background(lambda: server.get("/sleep?ms=6000"))
    server.wait_busy(1)
    with Terminal(LITTLED, "top", "--pid", server.process.pid, "--interval", "200",
                  columns=80, lines=24) as t:
        t.shows("last ", "utilisation", "in service", "writing", "s.p99", "cpu", "errors")
        t.press("s")
        t.shows("written off", "thread", "/sleep")
        t.tmux("resize-window", "-x", 120, "-y", 40)
        t.press("r")
        t.shows("class", "inline")
        t.tmux("resize-window", "-x", 40, "-y", 10)
        t.shows("in flight")
        for _ in range(30):
            t.press("j")
        t.shows("/status", "/stuck")
        t.press("Home")
        t.shows("littled ", "RPS ")
        t.press("q")
        t.shows("status=0")
    assert sleeper.result().status == 200


@pytest.mark.parametrize("term, words", [
    ("dumb", "this terminal (TERM) cannot be drawn on; --once prints text"),
    ("nonsense", "this terminal (TERM) cannot be drawn on; --once prints text"),
])
def test_terminals_it_cannot_draw_on(server, term, words):
    with Terminal(LITTLED, "top", "--pid", server.process.pid, term=term) as t:
        t.shows(words, "status=2")


@pytest.mark.parametrize("term", ["vt100", "xterm-256color"])
def test_it_leaves_a_line_of_its_own(server, term):
    with Terminal(LITTLED, "top", "--pid", server.process.pid, term=term) as t:
        t.shows("q quit")
        t.press("q")
        t.shows("status=0")
        assert any(line == "status=0" for line in t.screen().splitlines()), t.screen()


def test_ctrl_c_leaves_as_q_does(server):
    with Terminal(LITTLED, "top", "--pid", server.process.pid) as t:
        t.shows("q quit")
        t.press("C-c")
        t.shows("status=0")


def test_nothing_is_cut_without_a_terminal(serve, tmp_path):
    prefix = "/a/prefix/that/is/far/longer/than/any/column/"
    conf = tmp_path / "long.ini"
    conf.write_text(f"[route {prefix}]\napp = workload\n")
    with serve("-c", conf, app=None) as server:
        assert server.get(f"{prefix}hello").status == 200
        server.completed(1)
        lines = top("--pid", server.process.pid, "--once").stdout.splitlines()
    assert any(line.endswith("law's residual 0") for line in lines)
    row = next(line for line in lines if line.startswith(f"{prefix}hello "))
    head = next(line for line in lines if line.startswith("route "))
    assert head.endswith("errors") and len(row) == len(head)


def test_a_listener_may_be_away_for_a_while(serve):
    with serve() as s:
        with Terminal(LITTLED, "top", "--url", f"http://127.0.0.1:{s.admin[1]}",
                      "--interval", "200") as t:
            t.shows("q quit", str(s.process.pid))
            s.stop()
            t.shows("Connection refused")
            with serve(admin_at=s.admin) as other:
                t.shows("q quit", str(other.process.pid))
            t.press("q")
            t.shows("status=0")


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


def test_a_master_that_is_dead_and_not_reaped_is_gone(serve):
    with serve() as s:
        with Terminal(LITTLED, "top", "--pid", s.process.pid, "--interval", "200") as t:
            t.shows("q quit")
            os.kill(s.process.pid, signal.SIGKILL)  # nobody waits for it before this is over
            t.shows("the server has ended", "status=1")
        s.process.wait()


@pytest.mark.parametrize("args, status, words", [
    (["--nonsense"], 2, "no such option"),
    (["--sort", "beauty"], 2, "no such column, but route, class, rate, wait, "),
    (["--view", "workers", "--sort", "rate"], 2, "but worker, pid, state, "),
    (["--url", "nonsense", "--once"], 1, "neither"),
    (["--pid", "1", "--once"], 1, "no littled server"),
    (["--url", "http://127.0.0.1:1", "--once"], 1, "Connection refused"),
    (["--board", "/etc/passwd", "--once"], 1, "/etc/passwd"),
])
def test_what_cannot_be_shown(args, status, words):
    done = top(*args)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.count("\n") == 1


def board_of(pid):
    for fd, name in open_files(pid).items():
        if name.startswith("/memfd:littled-board"):
            return Path(f"/proc/{pid}/fd/{fd}")
    raise AssertionError(f"process {pid} has no board")


def copy_sparse(source, to):
    """A board is long, and mostly never written."""
    with source.open("rb") as whole, to.open("wb") as copy:
        while piece := whole.read(1 << 16):
            if any(piece):
                copy.write(piece)
            else:
                copy.seek(len(piece), os.SEEK_CUR)
        copy.truncate()


@pytest.mark.parametrize("count", [12, 16], ids=["slots", "slots_most"])
def test_no_count_in_a_board_is_taken_on_trust(server, tmp_path, count):
    """Of a copy of the board, with a worker's row that claims more slots than there is room for."""
    board = tmp_path / "board"
    copy_sparse(board_of(server.process.pid), board)
    document = json.loads(top("--board", board, "--json").stdout)
    assert len(document["workers"][0]["slots"]) == 2
    pid = struct.pack("<i", document["workers"][0]["pid"])
    with board.open("r+b") as f:
        row = f.read(1 << 14).index(pid, 8)  # the header holds the master's alone
        f.seek(row + count)
        f.write(struct.pack("<I", 1 << 20))
    seen = json.loads(top("--board", board, "--json").stdout)["workers"][0]["slots"]
    assert len(seen) < 100  # there is room for what a reload may bring
    assert top("--board", board, "--once").returncode == 0
    advice = subprocess.run([LITTLED, "advise", "--board", board], env=clean_environment(),
                            capture_output=True, text=True, timeout=20 * PATIENCE)
    assert advice.returncode == 3, advice.stderr  # nothing to advise from, and no crash


@pytest.mark.skipif(os.getuid() != 0, reason="root alone can become somebody else")
def test_somebody_else_is_told_what_he_may_do(server):
    """The board is the user's; the listener is there for all."""
    binary = Path(tempfile.mkdtemp(prefix="littled-")) / "littled"
    try:
        shutil.copy(LITTLED, binary)
        binary.parent.chmod(0o755)
        for which in ([], ["--pid", server.process.pid]):
            done = subprocess.run([*AS_NOBODY, binary, "top", "--once", *map(str, which)],
                                  env=clean_environment(), capture_output=True, text=True,
                                  timeout=20 * PATIENCE)
            assert done.returncode == 1
            assert f"process {server.process.pid}: only its user and root" in done.stderr
            assert "--url" in done.stderr
        url = f"http://127.0.0.1:{server.admin[1]}"
        done = subprocess.run([*AS_NOBODY, binary, "top", "--once", "--url", url],
                              env=clean_environment(), capture_output=True, text=True,
                              timeout=20 * PATIENCE)
        assert done.returncode == 0 and "2 slots" in done.stdout
    finally:
        shutil.rmtree(binary.parent)


def test_the_only_one_is_found_and_of_several_none_is_guessed(serve):
    with serve() as one:
        alone = top("--once")
        with serve() as other:
            both = top("--once")
            pids = sorted((one.process.pid, other.process.pid))
    if alone.returncode:
        pytest.skip(f"others run on this machine: {alone.stderr}")
    assert f"pid {one.process.pid}," in alone.stdout
    assert both.returncode == 1 and both.stderr.count("\n") == 1
    assert all(str(pid) in both.stderr for pid in pids) and "--pid" in both.stderr


def test_short_and_long_help_are_the_same():
    done = top("-h")
    assert done.returncode == 0 and done.stdout == top("--help").stdout
    assert done.stdout.startswith("Usage: littled top")
    assert "\n  slots    worker, slot, state, age, served, thread, route\n" in done.stdout


def test_without_a_terminal_it_says_what_to_use(server):
    done = top("--pid", server.process.pid)
    assert done.returncode == 2 and "--once" in done.stderr

"""Hardening: a worker that gave up system calls and files serves as before, and can do no more."""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import client
from load import at_once
from server import (PATIENCE, ROOT, SANITIZED, conns_of_one_worker, eventually, open_files,
                    pids_of_session, run_once)

unsanitized = pytest.mark.skipif(SANITIZED, reason="a sanitizer makes system calls of its own")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

HARD = ("--seccomp", "kill", "--landlock")


@pytest.fixture
def public():
    """A directory that anybody may enter and write in: pytest's are private."""
    with tempfile.TemporaryDirectory(prefix="littled-public-", dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


# --- serving goes on -----------------------------------------------------------

def configuration(public):
    site = public / "site"
    site.mkdir(mode=0o755)
    (site / "page.txt").write_text("a page\n" * 1000)
    path = public / "test.ini"
    path.write_text(f"[route /]\napp = workload\n[route /files]\napp = static:{site}\n")
    path.chmod(0o644)
    return path


def use(server, public):
    """Each way a request can take: answered inline, in a slot, from a file; stored; moved."""
    page = (public / "site" / "page.txt").read_bytes()
    body = bytes(range(256)) * 2000
    for _ in range(2):
        assert server.get("/hello").status == 200
        assert server.get("/sleep?ms=5").status == 200
        assert server.get("/files/page.txt").body == page
        echoed = client.get(server.address, "/echo", method="POST", body=body)
        assert echoed.status == 200 and echoed.json()["body_length"] == len(body)
    conns = conns_of_one_worker(server, 2)
    at_once([lambda c=c: c.get("/sleep?ms=300") for c in conns])
    eventually(lambda: server.stats()["totals"]["moves_in"] >= 1, 5, "a connection has moved")
    for c in conns:
        c.close()
    assert server.stats()["totals"]["bodies_stored"] >= 1


def recycle(server, public):
    """Every worker makes room for a new one, which serves as well."""
    before = set(server.worker_pids())
    deadline = time.monotonic() + 20 * PATIENCE
    while before & set(server.worker_pids()):
        assert time.monotonic() < deadline, "the workers are not replaced"
        assert server.get("/hello").status == 200
    use(server, public)


def reload(server, public):
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "reload: done" in (public / "errors").read_text(), 10, "the reload is done")
    use(server, public)


@unsanitized
@pytest.mark.parametrize("user", [None, pytest.param("nobody", marks=needs_root)])
def test_everything_is_served_as_before(serve, public, user):
    options = [*HARD, "-c", configuration(public), "--max-requests", 60, "--keep-alive", "30",
               "--access-logfile", public / "access", "--error-logfile", public / "errors",
               *(["--user", user] if user else [])]
    with serve(*options, app=None, workers=2, threads=1) as s:
        use(s, public)
        for log in ("access", "errors"):
            (public / log).rename(public / f"{log}.1")
        s.process.send_signal(signal.SIGUSR1)
        eventually(lambda: (public / "access").exists(), 5, "a new log")
        recycle(s, public)
        reload(s, public)
        eventually(lambda: "/files/page.txt" in (public / "access").read_text(), 5, "lines in it")
        s.stop()
    text = (public / "errors.1").read_text() + (public / "errors").read_text()
    assert "by signal" not in text and "ERROR" not in text, text


@unsanitized
@needs_root
def test_others_may_make_the_new_log_before_the_master(serve, public):
    """Whoever did so used to give it to himself, by a call that he may not make."""
    options = [*HARD, "--user", "nobody", "--access-logfile", public / "access"]
    with serve(*options) as s:
        before = sorted(pids_of_session(s.process.pid))
        try:
            s.process.send_signal(signal.SIGSTOP)
            (public / "access").rename(public / "access.1")
            eventually((public / "access").exists, 5, "a worker has made a new log")
        finally:
            s.process.send_signal(signal.SIGCONT)
        eventually(lambda: s.get("/hello").status == 200 and
                   "/hello" in (public / "access").read_text(), 5, "all have found the new log")
        assert sorted(pids_of_session(s.process.pid)) == before, "one of them died of it"


# --- and nothing else ----------------------------------------------------------

# Answers with what it was allowed to do, each by its errno.
BURGLAR = r"""
#include <littled/app.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *target;

static int errno_of(long result)
{
	return result < 0 ? errno : 0;
}

static int start_program(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno);
	}
	if (pid < 0)
		return errno;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int bind_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	return errno_of(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at));
}

static int try(struct ltd_exchange *x, void *state)
{
	char path[256];

	(void)state;
	strcpy(path, target);
	ltd_response_printf(x, "{\"read\": %d, ", errno_of(open("/etc/passwd", O_RDONLY)));
	ltd_response_printf(x, "\"write\": %d, ",
			    errno_of(open(strcat(path, "/made"), O_WRONLY | O_CREAT, 0600)));
	ltd_response_printf(x, "\"start\": %d, ", start_program());
	ltd_response_printf(x, "\"bind\": %d, ", bind_port());
	ltd_response_printf(x, "\"signal\": %d, ", errno_of(kill(getppid(), 0)));
	ltd_response_printf(x, "\"trace\": %d, ", errno_of(ptrace(PTRACE_TRACEME, 0, 0, 0)));
	return ltd_response_printf(x, "\"raw\": %d}\n", errno_of(socket(AF_PACKET, SOCK_RAW, 0)));
}

static int crash(struct ltd_exchange *x, void *state)
{
	(void)x, (void)state;
	chroot("/");
	return 0;
}

static int start(void *state)
{
	(void)state;
	target = getenv("TARGET");
	return 0;
}

static const struct ltd_route routes[] = {
	{ "/try", LTD_SLOT, LTD_GET, .handle = try },
	{ "/chroot", LTD_SLOT, LTD_GET, .handle = crash },
	{ .path = NULL },
};
LTD_APP = { .abi = LTD_ABI, .name = "burglar", .routes = routes, .worker_start = start };
"""

EPERM, EACCES = 1, 13


def landlock_version():
    """What the kernel has, by the number of the call that tells: 0 for none."""
    code = ("import ctypes; n = ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1); "
            "print(max(n, 0))")
    return int(subprocess.run(["python3", "-c", code], capture_output=True, text=True).stdout)


needs_landlock = pytest.mark.skipif(landlock_version() < 1, reason="no landlock in this kernel")


@pytest.fixture
def burglar(public):
    (public / "burglar.c").write_text(BURGLAR)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT}/include", "-o",
                    public / "burglar.so", public / "burglar.c"], check=True)
    return public / "burglar.so"


def haul(serve, burglar, *options):
    env = {"TARGET": burglar.parent}
    with serve(*options, app=burglar, env=env) as s:
        return json.loads(s.get("/try").body)


@unsanitized
def test_without_it_an_app_may_do_what_its_user_may(serve, burglar):
    got = haul(serve, burglar)
    assert [got[what] for what in ("read", "write", "start", "bind", "signal")] == [0] * 5


@unsanitized
@needs_landlock
def test_files_are_those_that_were_named(serve, burglar, tmp_path):
    spool = ("--body-temp-dir", tmp_path)  # otherwise /tmp, where the target is
    got = haul(serve, burglar, "--landlock", *spool)
    assert (got["read"], got["write"], got["start"]) == (0, EACCES, EACCES)
    assert got["bind"] == (EACCES if landlock_version() >= 4 else 0)
    assert got["signal"] == (EPERM if landlock_version() >= 6 else 0)
    got = haul(serve, burglar, "--landlock", *spool, "--landlock-read", tmp_path,
               "--landlock-write", burglar.parent)
    assert (got["read"], got["write"]) == (EACCES, 0)


@unsanitized
def test_calls_are_those_of_the_table_and_those_that_were_named(serve, burglar):
    got = haul(serve, burglar, "--seccomp", "refuse")
    assert (got["read"], got["write"], got["bind"]) == (0, 0, 0)
    assert [got[what] for what in ("start", "signal", "trace", "raw")] == [EPERM] * 4
    got = haul(serve, burglar, "--seccomp", "refuse", "--seccomp-allow", "clone, execve")
    assert (got["start"], got["trace"]) == (0, EPERM)
    assert haul(serve, burglar, "--seccomp", "log")["start"] == 0


@unsanitized
def test_another_call_may_be_the_end_of_the_worker_alone(serve, burglar):
    with serve("--seccomp", "kill", app=burglar) as s:
        s.may_lose_workers = True
        with pytest.raises(client.Closed):
            s.get("/chroot")
        eventually(lambda: "Bad system call" in s.stderr(), 10, "the log says why")
        eventually(lambda: s.worker_pids(), 10, "another worker")


@pytest.mark.parametrize("options,words", [
    (("--seccomp-allow", "exekve"), "seccomp_allow = exekve: there is no such system call"),
    (("--seccomp", "kill", "--new-privileges"), "neither seccomp nor landlock"),
    pytest.param(("--landlock", "--landlock-read", "/absent/too"),
                 "landlock_read = /absent/too: No such file or directory: there is no directory "
                 "/absent", marks=needs_landlock),
])
def test_what_cannot_be_had_is_refused(options, words):
    done = run_once("--check-config", *options, "workload")
    assert done.returncode == 2 and words in done.stderr
    assert len(done.stderr.splitlines()) == 1


# --- what others can see -------------------------------------------------------

def of_every_process(server, name):
    return [Path(f"/proc/{pid}/{name}").read_bytes() for pid in pids_of_session(server.process.pid)]


@pytest.mark.short
def test_nothing_secret_stands_in_the_process_list(serve):
    with serve("--env", "TOKEN=hunter2", env={"LITTLED_NAME": "web", "PASSWORD": "hunter3"}) as s:
        titles = of_every_process(s, "cmdline")
        assert len(titles) == 3 and all(t.startswith(b"web: ") for t in titles)
        for name in ("cmdline", "environ"):
            assert b"hunter" not in b"".join(of_every_process(s, name))


def test_the_board_is_its_owners(serve):
    with serve() as s:
        shared = {link: os.stat(f"/proc/{s.process.pid}/fd/{fd}").st_mode & 0o777
                  for fd, link in open_files(s.process.pid).items()
                  if link.startswith("/memfd:littled")}
        assert shared["/memfd:littled-board (deleted)"] == 0o600
        assert shared["/memfd:littled-offers (deleted)"] == 0o600


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        return next(line for line in f if line.startswith("Max core file size")).split()[4:6]


def test_core_dumps_are_as_they_are_told(serve):
    with serve("--core-dumps", "off") as s:
        for pid in pids_of_session(s.process.pid):
            assert core_limit(pid)[0] == "0"
    with serve("--core-dumps", "on") as s:
        for pid in pids_of_session(s.process.pid):
            assert core_limit(pid)[0] == core_limit(pid)[1]


@needs_root
@pytest.mark.parametrize("dumps,owner", [("inherit", "root"), ("off", "root"), ("on", "nobody")])
def test_who_changed_his_user_leaves_a_core_only_if_told(serve, dumps, owner):
    """The kernel gives the files of a process that may not be dumped to root (proc(5))."""
    with serve("--core-dumps", dumps, "--user", "nobody") as s:
        for pid in s.worker_pids():
            assert Path(f"/proc/{pid}/stat").owner() == owner

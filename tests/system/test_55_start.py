"""Starting: what the server finds out about its system, sets up, and says."""

import fcntl
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import client
from server import (LITTLED, PATIENCE, ROOT, clean_environment, eventually, free_port, has_ipv6,
                    is_alive, open_files, pids_of_session, run_once)




def limit_of(pid, name):
    """(soft, hard) of a process's limit, as the kernel shows them."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        line = next(line for line in f if line.startswith(name))
    return tuple(line[len(name):].split()[:2])


# --- processors, backlog, limits ----------------------------------------------

@pytest.fixture
def one_cpu():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def test_auto_workers_follow_the_affinity(serve, one_cpu):
    with serve(workers="auto") as s:
        assert len(s.stats()["workers"]) == 1
        assert ": 1 workers x 2 threads on 1" in s.stderr()
        assert os.cpu_count() == 1 or f"1 of {os.cpu_count()} CPUs (1 by affinity" in s.stderr()


@pytest.mark.parametrize("asked", [7, 65535])
def test_the_backlog_in_force_is_said(serve, asked):
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as f:
        most = int(f.read())
    with serve("--backlog", asked) as s:
        in_force = min(asked, most)
        capped = "" if asked <= most else f" of the {asked} asked for: see net.core.somaxconn"
        for what in ("listening", "statistics"):
            assert re.search(rf"{what} at http://127\.0\.0\.1:\d+ \(backlog {in_force}{capped}\)",
                             s.stderr()), s.stderr()


@pytest.fixture
def few_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_soft_limit_is_raised_to_what_is_needed(serve, few_descriptors):
    with serve("--worker-connections", 500) as s:
        for pid in (s.process.pid, *s.worker_pids()):
            assert int(limit_of(pid, "Max open files")[0]) >= 1000
        assert "WARNING" not in s.stderr()


def without_privilege():
    """Words that run a program without the right to raise its own hard limits."""
    return ["setpriv", "--bounding-set=-sys_resource"] if os.geteuid() == 0 else []


@pytest.mark.short
def test_a_hard_limit_that_is_too_low_is_said_and_lived_with(serve):
    few = [*without_privilege(), "sh", "-c", 'ulimit -n 300; exec "$@"', "sh"]
    with serve("--worker-connections", 5000, wrap=few) as s:
        assert limit_of(s.process.pid, "Max open files") == ("300", "300")
        said = next(line for line in s.stderr().splitlines() if "WARNING" in line)
        assert re.search(r"may need 1\d{4} descriptors a process, the limit is 300: raise it "
                         r"\(LimitNOFILE= .*ulimit -n\), or lower worker_connections", said)
        assert s.get("/hello").status == 200


# --- what goes wrong ----------------------------------------------------------

def failed(done, status, *words):
    """It ended with that status and one line that holds all of these words."""
    lines = done.stderr.splitlines()
    assert done.returncode == status, (done.returncode, done.stderr)
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], (word, lines[0])


@pytest.mark.short
def test_a_port_in_use_is_named_with_its_holder(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", free_port()))
        s.listen()
        port = s.getsockname()[1]
        comm = Path("/proc/self/comm").read_text().strip()
        failed(run_once("-b", f"127.0.0.1:{port}", "workload"), 1, f"127.0.0.1:{port}",
               "already in use", f"process {os.getpid()} ({comm}) listens on port {port}")
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
        s.listen()
        failed(run_once("-b", f"unix:{path}", "workload"), 1, str(path),
               f"process {os.getpid()} ({comm}) listens on it")
    assert path.exists()


def test_a_port_that_needs_privilege_says_which():
    if os.geteuid() == 0:
        drop = ["setpriv", "--bounding-set=-net_bind_service"]
    elif int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 1:
        pytest.skip("every port may be bound here")
    else:
        drop = ["env"]
    done = subprocess.run([*drop, LITTLED, "-b", "127.0.0.1:1", "workload"], capture_output=True,
                          text=True, env=clean_environment(), timeout=10 * PATIENCE)
    if "Address already in use" not in done.stderr:
        failed(done, 1, "127.0.0.1:1", "Permission denied", "CAP_NET_BIND_SERVICE")


def test_an_owner_that_cannot_be_given_is_said_and_leaves_no_socket(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root has the right this drops")
    done = subprocess.run(["setpriv", "--bounding-set=-chown", LITTLED, "-b", f"unix:{tmp_path}/x.sock",
                           "--socket-user", "65534", "workload"], capture_output=True, text=True,
                          env=clean_environment(), timeout=10 * PATIENCE)
    failed(done, 1, "x.sock", "Operation not permitted", "socket_user must be who starts the server")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("how", ["--no-daemon", "--daemon", "--check-config"])
@pytest.mark.parametrize("option", ["--pid", "--error-logfile", "--access-logfile",
                                    "--control-socket", "--bind=unix:", "--admin-bind=unix:"])
def test_a_missing_directory_is_named(tmp_path, option, how):
    path = tmp_path / "absent" / "file"
    given = (option + str(path),) if "=" in option else (option, path)
    bind = () if "--bind" in option else ("-b", f"127.0.0.1:{free_port()}")
    done = run_once(*bind, *given, how, "workload")
    failed(done, 1, f"{tmp_path}/absent/file", f"there is no directory {tmp_path}/absent")


@pytest.mark.parametrize("how", ["--no-daemon", "--check-config"])
def test_what_is_in_the_way_of_a_file_is_said(tmp_path, how):
    def tried(*options):
        return run_once("-b", f"127.0.0.1:{free_port()}", *options, how, "workload", cwd="/")

    (tmp_path / "file").touch()
    for option in ("--pid", "--error-logfile", "--access-logfile"):
        failed(tried(option, tmp_path), 1, str(tmp_path), "Is a directory")
        failed(tried(option, tmp_path / "file" / "x"), 1, f"{tmp_path}/file/x", "Not a directory")
    failed(tried("-b", f"unix:{tmp_path}/file/x"), 1, f"{tmp_path}/file/x", "Not a directory")
    failed(tried("--control-socket", tmp_path / "file"), 1, "is not a socket")
    for option in ("--socket-user", "--socket-group"):
        failed(tried(option, "no.such", "-b", f"unix:{tmp_path}/x"), 2, "no.such", "there is no such")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_check_says_that_a_running_server_is_sound(serve, tmp_path):
    (tmp_path / "logs").mkdir()
    options = ("--chdir", tmp_path, "-p", "pid", "--control-socket", "control", "--error-logfile",
               "logs/error", "--access-logfile", "logs/access")
    with serve(*options, binds=[f"unix:{tmp_path}/x"]):
        for _ in range(2):
            done = run_once(*options, "-b", "unix:x", "--check-config", "workload")
            assert (done.returncode, done.stdout) == (0, "the configuration is sound\n"), done.stderr
        assert client.get(f"{tmp_path}/x", "/hello").status == 200
        assert (tmp_path / "control").exists()


@pytest.mark.parametrize("daemon", ["--no-daemon", "--daemon"])
def test_a_failed_start_is_said_here_and_in_the_log_and_leaves_nothing(tmp_path, daemon):
    with socket.socket() as s:
        s.bind(("127.0.0.1", free_port()))
        s.listen()
        done = run_once("-b", f"unix:{tmp_path}/x.sock", "-b", "127.0.0.1:%d" % s.getsockname()[1],
                        "--pid", tmp_path / "pid", "--error-logfile", tmp_path / "log", daemon,
                        "workload")
    failed(done, 1, "already in use")
    assert (tmp_path / "log").read_text() == done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]


def test_an_unreadable_configuration_is_named(tmp_path):
    failed(run_once("-c", tmp_path / "absent" / "x.ini"), 2, f"{tmp_path}/absent/x.ini",
           f"there is no directory {tmp_path}/absent")
    failed(run_once("-c", tmp_path), 2, str(tmp_path), "Is a directory")


# --- the pid file, and what a crash leaves ------------------------------------

def test_a_pid_file_that_is_anothers_by_now_stays(serve, tmp_path):
    """Restarted by hand: the file was removed, and the next server has made its own."""
    path = tmp_path / "pid"
    with serve("--pid", path) as s, s.conn() as busy:
        busy.send(client.request("/sleep?ms=1000"))
        s.wait_busy(1)
        s.process.send_signal(signal.SIGTERM)
        path.unlink()
        with serve("--pid", path) as successor:
            assert busy.read().status == 200
            s.ended()
            assert int(path.read_text()) == successor.process.pid
        assert not path.exists()



def test_a_live_pid_file_is_refused_and_stays(serve, tmp_path):
    with serve("--pid", tmp_path / "pid") as s:
        done = run_once("-b", f"127.0.0.1:{free_port()}", "--pid", tmp_path / "pid", "workload")
        failed(done, 1, f"another server runs, process {s.process.pid}")
        assert (tmp_path / "pid").read_text() == f"{s.process.pid}\n"
    assert not (tmp_path / "pid").exists()


@pytest.mark.short
def test_the_next_start_cleans_up_after_a_crash(serve, tmp_path):
    options = ("--pid", tmp_path / "pid")
    binds = [f"unix:{tmp_path}/x.sock"]
    with serve(*options, binds=binds) as s:
        workers = s.worker_pids()
        os.kill(s.process.pid, signal.SIGKILL)
        s.process.wait()
        eventually(lambda: not any(map(is_alive, workers)), 10, "the workers have left")
    assert (tmp_path / "pid").exists() and (tmp_path / "x.sock").exists()
    with serve(*options, binds=binds) as s:
        assert (tmp_path / "pid").read_text() == f"{s.process.pid}\n"
        assert client.get(f"{tmp_path}/x.sock", "/hello").status == 200
    assert not (tmp_path / "pid").exists() and not (tmp_path / "x.sock").exists()


def test_closed_standard_streams_are_not_what_is_opened_next(tmp_path):
    """The log was written into the pid file, whose descriptor was 2."""
    script = 'exec <&- >&- 2>&-; exec "$@"'
    process = subprocess.Popen(["sh", "-c", script, "sh", LITTLED, "-b", f"unix:{tmp_path}/x.sock", "-p",
                                tmp_path / "pid", "workload"], env=clean_environment())
    try:
        eventually(lambda: (tmp_path / "x.sock").exists() and
                   client.get(str(tmp_path / "x.sock"), "/hello").status == 200, 10, "it serves")
        assert (tmp_path / "pid").read_text() == f"{process.pid}\n"
        for fd in range(3):
            assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null"
    finally:
        process.terminate()
        assert process.wait(10 * PATIENCE) == 0


# --- the background -----------------------------------------------------------

def stand_on(daemon, fds, where):
    """In each of its processes, once that serves."""
    def all_do():
        files = [open_files(pid) for pid in pids_of_session(daemon)]
        return len(files) >= 2 and all(f.get(fd) == where for f in files for fd in fds)
    eventually(all_do, 5, f"each process has {where} there")


@pytest.mark.short
def test_a_daemon_is_waited_for_and_lets_its_terminal_go(tmp_path):
    port = free_port()
    done = run_once("-b", f"127.0.0.1:{port}", "--pid", tmp_path / "pid", "--error-logfile",
                    tmp_path / "log", "--daemon", "workload")
    assert done.returncode == 0 and done.stderr == "" and done.stdout == ""
    pid = int((tmp_path / "pid").read_text())
    try:
        assert client.get(("127.0.0.1", port), "/hello").status == 200
        stand_on(pid, range(3), "/dev/null")
    finally:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not pids_of_session(pid), 10, "the daemon has left")
    assert not (tmp_path / "pid").exists()
    assert "stopped" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("options, keeps", [((), False), (("--error-logfile", "-"), True)])
def test_a_daemon_keeps_standard_error_only_if_told(tmp_path, options, keeps):
    """Else whoever reads the other end of a pipe would wait for ever."""
    with open(tmp_path / "said", "wb") as said:
        done = subprocess.run([LITTLED, "-b", f"127.0.0.1:{free_port()}", "-p", tmp_path / "pid",
                               *options, "-D", "workload"], stdin=subprocess.DEVNULL, stdout=said,
                              stderr=said, env=clean_environment(), timeout=10 * PATIENCE)
    assert done.returncode == 0
    pid = int((tmp_path / "pid").read_text())
    try:
        stand_on(pid, [2], str(tmp_path / "said") if keeps else "/dev/null")
    finally:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not pids_of_session(pid), 10, "the daemon has left")
    assert ("nothing is logged; give a file" in (tmp_path / "said").read_text()) != keeps


# --- where it works, and as whom ----------------------------------------------

# Answers with what a worker's own process looks like from within.
MIRROR = r"""
#include <littled/app.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int tell(struct ltd_exchange *x, void *state)
{
	char at[4096];
	FILE *made = fopen("made", "w");
	struct stat st;

	(void)state;
	ltd_response_printf(x, "A=%s cwd=%s", getenv("A") ? getenv("A") : "", getcwd(at, sizeof at));
	if (made && stat("made", &st) == 0)
		ltd_response_printf(x, " mode=%o", (unsigned)st.st_mode & 0777);
	ltd_response_printf(x, " up=%d\n", setuid(0) == 0 || access("/etc/shadow", R_OK) == 0);
	if (made)
		fclose(made);
	return 0;
}

static const struct ltd_route routes[] = {
	{ "/", LTD_INLINE, LTD_GET, .handle = tell },
	{ .path = NULL },
};
LTD_APP = { .abi = LTD_ABI, .name = "mirror", .routes = routes };
"""


@pytest.fixture
def public():
    """A directory that anybody may enter: pytest's are private."""
    with tempfile.TemporaryDirectory(prefix="littled-public-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def place(public):
    """A directory anybody may write in, with the mirror in it."""
    public.chmod(0o777)
    (public / "mirror.c").write_text(MIRROR)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT}/include", "-o",
                    public / "mirror.so", public / "mirror.c"], check=True)
    return public


def test_directory_umask_and_variables_are_set(serve, place, tmp_path):
    config = tmp_path / "test.ini"
    config.write_text("[littled]\nraw_env = A=from file, with a comma\n")
    options = ("--chdir", place, "--umask", "027", "--error-logfile", "log")
    with serve("-c", config, *options, app="./mirror.so") as s:
        assert s.get("/").body.decode().startswith(
            f"A=from file, with a comma cwd={place} mode=640 up=")
    assert (place / "log").stat().st_mode & 0o777 == 0o640
    with serve(*options, "-e", "A=b", app="./mirror.so",
               env={"LITTLED_CMD_ARGS": "--env A=c --umask '0'"}) as s:
        assert s.get("/").body.decode().startswith(f"A=b cwd={place} mode=640")
    failed(run_once("--check-config", "--chdir", "/absent", "workload"), 2, "chdir = /absent")


def test_a_bad_user_is_refused_and_leaves_nothing(tmp_path):
    for option, words in (("--user", "there is no such user"), ("--group", "no such group")):
        for check in ("--check-config", "--no-daemon"):
            done = run_once(option, "no.such", check, "--pid", tmp_path / "pid", "-b",
                            f"127.0.0.1:{free_port()}", "workload")
            failed(done, 2, "no.such", words)
    assert not list(tmp_path.iterdir())


def status_of(pid):
    """What the kernel shows of a process, by name."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@needs_root
@pytest.mark.short
def test_workers_give_up_their_privileges(serve, place):
    options = ("--chdir", place, "--user", "nobody", "--access-logfile", "access",
               "--error-logfile", "errors")
    with serve(*options, app="./mirror.so") as s:
        nobody = pwd.getpwnam("nobody")
        assert s.get("/").body.decode().rstrip().endswith("up=0")
        others = set(pids_of_session(s.process.pid)) - {s.process.pid}
        assert len(others) == 2  # a worker and the statistics
        for pid in others:
            status = status_of(pid)
            assert status["Uid"].split() == [str(nobody.pw_uid)] * 4
            assert status["Gid"].split() == [str(nobody.pw_gid)] * 4
            assert status["Groups"].split() == [str(nobody.pw_gid)]
            assert status["CapEff"] == status["CapPrm"] == "0" * 16
            assert status["NoNewPrivs"] == "1"
        assert status_of(s.process.pid)["Uid"].split() == ["0"] * 4
        for log in ("access", "errors"):
            assert (place / log).stat().st_uid == nobody.pw_uid


@pytest.mark.parametrize("option,sealed", [(None, "1"), ("--new-privileges", "0")])
def test_what_workers_execute_gains_nothing_unless_it_may(serve, option, sealed):
    with serve(*filter(None, [option])) as s:
        assert status_of(s.worker_pids()[0])["NoNewPrivs"] == sealed


@needs_root
def test_the_logs_of_a_new_configuration_are_its_users(serve, place):
    conf = place / "users.ini"

    def write(user, log):
        conf.write_text(f"[littled]\nuser = {user}\naccess_logfile = {place / log}\n"
                        f"error_logfile = {place / log}-errors\n[route /]\napp = workload\n")
    write("nobody", "a")
    with serve("-c", conf, app=None) as s:
        write("daemon", "b")
        s.process.send_signal(signal.SIGHUP)
        errors = place / "b-errors"
        eventually(lambda: errors.exists() and "reload: done" in errors.read_text(), 10, "done")
        daemon = pwd.getpwnam("daemon").pw_uid
        assert [(place / n).stat().st_uid for n in ("b", "b-errors")] == [daemon] * 2
        (place / "b").rename(place / "b.1")
        s.process.send_signal(signal.SIGUSR1)
        eventually((place / "b").exists, 5, "there is a new one")
        assert (place / "b").stat().st_uid == daemon
        assert "Permission denied" not in errors.read_text()


# --- logs that are renamed -----------------------------------------------------

def as_whom():
    """A user who may not make files beside the logs, when there is one."""
    return ("--user", "nobody") if os.geteuid() == 0 else ()


@pytest.mark.short
@pytest.mark.parametrize("told", [False, True])
def test_renamed_logs_are_left_for_new_ones(serve, public, told):
    logs = public
    with serve(*as_whom(), "--access-logfile", logs / "access", "--error-logfile", logs / "errors",
               workers=2) as s:
        assert s.get("/hello").status == 200
        for log in ("access", "errors"):
            (logs / log).rename(logs / f"{log}.1")
        if told:
            s.process.send_signal(signal.SIGUSR1)

        def all_have_moved():
            links = [link for pid in (s.process.pid, *s.worker_pids())
                     for link in open_files(pid).values()]
            return (logs / "access").exists() and not any(
                str(logs) in link and link.endswith(".1") for link in links)
        eventually(all_have_moved, 10, "every process writes to the new files")
        for _ in range(8):
            assert s.get("/hello").status == 200
        eventually(lambda: (logs / "access").read_text().count("\n") == 8, 5, "8 lines")
        assert (logs / "access.1").read_text().count("\n") == 1
        s.stop()
        assert "stopped" in (logs / "errors").read_text()
        assert "stopped" not in (logs / "errors.1").read_text()
        assert "ERROR" not in (logs / "errors").read_text() + (logs / "errors.1").read_text()


# --- sockets and their options -------------------------------------------------

def test_a_unix_socket_has_the_mode_and_group_it_is_told(serve, tmp_path):
    path = tmp_path / "x.sock"
    group = "daemon" if os.geteuid() == 0 else str(os.getgid())
    with serve("--socket-mode", "0620", "--socket-group", group, binds=[f"unix:{path}"]):
        st = path.stat()
        assert st.st_mode & 0o777 == 0o620
        assert group in (str(st.st_gid), path.group())
    failed(run_once("-b", f"unix:{path}", "--socket-user", "no.such", "workload"), 2,
           "socket_user = no.such: there is no such user")
    assert not path.exists()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_an_ipv6_address_takes_ipv4_when_it_may(serve):
    port = free_port("::")
    with serve("--no-ipv6-only", binds=[f"[::]:{port}"]):
        assert client.get(("::1", port), "/hello").status == 200
        assert client.get(("127.0.0.1", port), "/hello").status == 200
    with serve(binds=[f"[::]:{port}"]):
        with pytest.raises(ConnectionRefusedError):
            client.get(("127.0.0.1", port), "/hello")


def test_a_deferred_connection_is_served(serve):
    with serve("--defer-accept", "2s", "--tcp-keepalive", "60s", "--no-tcp-nodelay") as s:
        assert s.get("/hello").status == 200
        with s.conn() as conn:
            time.sleep(0.2)
            assert conn.get("/hello").status == 200


# --- under a service manager ---------------------------------------------------

class Manager:
    """The end of a service manager that is told things."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []

    def environment(self, **more):
        return {"NOTIFY_SOCKET": self.path, **more}

    def listen(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.heard.append((time.monotonic(), self.socket.recv(4096).decode()))
        except BlockingIOError:
            return self.heard

    def has_heard(self, word):
        return [message for _, message in self.listen() if word in message.split("\n")]


@pytest.fixture
def manager(tmp_path):
    m = Manager(tmp_path / "notify")
    yield m
    m.socket.close()


@pytest.mark.short
def test_the_manager_is_told_of_start_and_stop(serve, manager):
    with serve(env=manager.environment(), workers=2) as s:
        ready = eventually(lambda: manager.has_heard("READY=1"), 10, "READY=1")[0]
        assert f"MAINPID={s.process.pid}" in ready.split("\n")
        assert "STATUS=serving: 2 workers x 2 threads = 4 slots" in ready.split("\n")
        s.stop()
        stopping = manager.has_heard("STOPPING=1")
        assert stopping and "STATUS=stopping" in stopping[0]


def test_the_manager_is_told_of_a_reload(serve, manager, tmp_path):
    config = tmp_path / "test.ini"
    config.write_text("[route /]\napp = workload\n")
    with serve("-c", config, env=manager.environment(), app=None) as s:
        eventually(lambda: manager.has_heard("READY=1"), 10, "READY=1")
        before = time.monotonic()
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(manager.has_heard("READY=1")) == 2, 10, "READY=1 again")
        reloading, = manager.has_heard("RELOADING=1")
        fields = dict(line.split("=", 1) for line in reloading.split("\n"))
        assert before - 1 <= int(fields["MONOTONIC_USEC"]) / 1e6 <= time.monotonic()
        config.write_text("[route /]\napp = no.such\n")
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(manager.has_heard("READY=1")) == 3, 10, "READY=1 after a refusal")
        assert "refused" in manager.has_heard("READY=1")[-1]


def test_the_manager_is_told_how_many_workers_there_are(serve, manager):
    with serve(env=manager.environment()) as s:
        s.process.send_signal(signal.SIGTTIN)
        eventually(lambda: manager.has_heard("STATUS=serving: 2 workers x 2 threads"), 10, "two")
        s.process.send_signal(signal.SIGWINCH)
        eventually(lambda: manager.has_heard("STATUS=not serving: no workers are wanted"), 10, "none")


def test_the_manager_does_not_wait_for_a_reload_that_cannot_begin(serve, public):
    if os.geteuid() != 0:
        pytest.skip("only root can become a user who may not fork")
    manager = Manager(public / "notify")
    (public / "notify").chmod(0o777)
    wrap = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with manager.socket, serve(env=manager.environment(), wrap=wrap) as s:
        prlimit = [*wrap, "prlimit", "--pid", str(s.process.pid)]
        before = limit_of(s.process.pid, "Max processes")[0]
        subprocess.run([*prlimit, "--nproc=1:"], check=True)
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(manager.has_heard("READY=1")) == 2, 10, "READY=1 again")
        assert manager.has_heard("RELOADING=1")
        assert "STATUS=serving; a reload could not begin" in manager.has_heard("READY=1")[-1]
        subprocess.run([*prlimit, f"--nproc={before}:"], check=True)


def test_ready_is_said_when_it_is_so(serve, manager, tmp_path):
    """Not before a worker that is slow to start serves."""
    source = (MIRROR.replace("static const struct ltd_route", """
static int start(void *state) { (void)state; return usleep(700000); }
static const struct ltd_route""").replace(".routes = routes", ".routes = routes, .worker_start = start"))
    (tmp_path / "slow.c").write_text(source)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT}/include", "-o",
                    tmp_path / "slow.so", tmp_path / "slow.c"], check=True)
    begin = time.monotonic()
    with serve(env=manager.environment(), app=tmp_path / "slow.so"):
        eventually(lambda: manager.has_heard("READY=1"), 10, "READY=1")
        at = next(at for at, message in manager.heard if "READY=1" in message)
        assert at - begin >= 0.7


def test_the_watchdog_is_fed_while_leaders_turn(serve, manager):
    env = manager.environment(WATCHDOG_USEC=600000)
    with serve(env=env, workers=2) as s:
        eventually(lambda: len(manager.has_heard("WATCHDOG=1")) >= 5, 10, "signs of life")
        one, other = s.worker_pids()
        os.kill(one, signal.SIGSTOP)
        try:
            time.sleep(2)
            before = len(manager.has_heard("WATCHDOG=1"))
            eventually(lambda: len(manager.has_heard("WATCHDOG=1")) > before, 10, "one turns")
            os.kill(other, signal.SIGSTOP)
            time.sleep(2 * PATIENCE)
            before = len(manager.has_heard("WATCHDOG=1"))
            time.sleep(1.5)
            assert len(manager.has_heard("WATCHDOG=1")) == before
        finally:
            os.kill(one, signal.SIGCONT)
            os.kill(other, signal.SIGCONT)
        eventually(lambda: len(manager.has_heard("WATCHDOG=1")) > before, 10, "both turn")


def handed_over(names, *sockets):
    """Words that run a program with these sockets as a service manager hands them over."""
    moves = " ".join(f"{3 + i}<&{s.fileno()}" for i, s in enumerate(sockets))
    script = (f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)} LISTEN_FDNAMES="{names}"; '
              f'exec "$@" {moves}')
    return ["bash", "-c", script, "bash"]


@pytest.fixture
def listening(tmp_path):
    """Two sockets that listen, out of the way of the numbers 3 and 4: TCP, and unix."""
    opened = [socket.socket(), socket.socket(socket.AF_UNIX)]
    opened[0].bind(("127.0.0.1", free_port()))
    opened[1].bind(str(tmp_path / "handed.sock"))
    high = []
    for s in opened:
        s.listen()
        fd = fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 20)
        high.append(socket.socket(fileno=fd))
        high[-1].set_inheritable(True)
    yield high
    for s in (*opened, *high):
        s.close()


@pytest.mark.short
@pytest.mark.parametrize("reuse_port", ["--reuse-port", "--no-reuse-port"])
def test_sockets_that_are_handed_over_are_served(serve, listening, tmp_path, reuse_port):
    tcp, path = listening[0].getsockname(), str(tmp_path / "handed.sock")
    with serve(reuse_port, workers=2, pass_fds=listening,
               wrap=handed_over("littled.socket:littled.socket", *listening)) as s:
        for _ in range(8):
            assert client.get(tcp, "/hello").status == 200
            assert client.get(path, "/hello").status == 200
        with pytest.raises(ConnectionRefusedError):
            s.get("/hello")  # what bind says does not count
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "reload: done" in s.stderr(), 10, "the reload is done")
        for _ in range(8):
            assert client.get(tcp, "/hello").status == 200
            assert client.get(path, "/hello").status == 200
        assert f"listening at http://127.0.0.1:{tcp[1]}" in s.stderr()
        assert f"listening at unix:{path}" in s.stderr()
        s.stop()
    assert Path(path).exists()  # it belongs to the manager
    with socket.create_connection(tcp):
        pass


def test_the_statistics_have_a_socket_by_name(serve, listening, tmp_path):
    with serve(pass_fds=listening, wrap=handed_over("web:admin", *listening),
               admin=str(tmp_path / "handed.sock")) as s:
        assert s.stats()["workers"]
        assert client.get(listening[0].getsockname(), "/hello").status == 200
        s.stop()
    assert (tmp_path / "handed.sock").exists()


def test_what_is_no_listener_is_refused(tmp_path):
    with socket.socket() as plain:
        high = fcntl.fcntl(plain.fileno(), fcntl.F_DUPFD, 20)
        os.set_inheritable(high, True)
        with socket.socket(fileno=high) as s:
            done = subprocess.run([*handed_over("x", s), LITTLED, "--pid", tmp_path / "pid",
                                   "workload"], pass_fds=[high], capture_output=True, text=True,
                                  env=clean_environment(), timeout=10 * PATIENCE)
    failed(done, 1, "descriptor 3 was handed over", "no stream socket that listens")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_units_are_sound(tmp_path):
    units = []
    for unit in (ROOT / "conf" / "systemd").iterdir():
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace("/usr/bin/littled", LITTLED))
        units.append(copy)
    assert len(units) == 3
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True,
                          text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr


# --- the system's log and the journal -------------------------------------------

@pytest.mark.short
def test_both_logs_may_be_the_systems(serve, syslog, tmp_path):
    where = f"syslog:{tmp_path}/log"
    with serve("--error-logfile", where, "--access-logfile", where, "--syslog-facility", 17,
               "--name", "web", "--access-logformat", "asked for %(U)s") as s:
        assert s.get("/hello").status == 200
        s.stop()
        eventually(lambda: syslog and "stopped" in syslog[-1], 10, "the last line")
        assert s.stderr() == ""
    info = re.compile(r"<142>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d web\[\d+\]: [^\n]+$")
    assert all(info.match(line) for line in syslog), syslog
    assert sum(line.endswith(": asked for /hello") for line in syslog) == 1
    failed(run_once("-b", f"127.0.0.1:{free_port()}", "--error-logfile", "syslog:/absent/log",
                    "workload"), 1, "error log", "there is no directory /absent",
           "does a daemon of the system's log run?")


def test_the_journal_gets_severities(tmp_path):
    with open(tmp_path / "journal", "wb") as journal, socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        st = os.fstat(journal.fileno())
        for stream, begin in ((f"{st.st_dev}:{st.st_ino}", "<3>cannot listen on"),
                              (f"{st.st_dev}:1", "[2")):
            subprocess.run([LITTLED, "-b", "127.0.0.1:%d" % taken.getsockname()[1], "workload"],
                           stderr=journal, timeout=10 * PATIENCE,
                           env=clean_environment(JOURNAL_STREAM=stream))
            line = (tmp_path / "journal").read_text().splitlines()[-1]
            assert line.startswith(begin), line

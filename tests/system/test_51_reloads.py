"""Workers come and go under a steady load of new and kept-alive connections: nobody may notice."""

import os
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from client import Conn, get, request
from server import ROOT, SANITIZED, eventually, free_port, open_fds, pids_of_session
from steady import Steady

RATE = 300


def generations(server):
    """Workers begun so far, on all seats."""
    return server.stderr().count(": process ")


def settled(server, workers):
    """The pids of the ready workers, once so many are ready and none is on its way out."""
    def probe():
        rows = server.stats()["workers"]
        ready = [w["pid"] for w in rows if w["state"] == "ready"]
        return ready if len(ready) == len(rows) == workers else None
    return eventually(probe, 20, f"{workers} workers, and nobody leaving")


def is_taken(port):
    """Does anybody listen there?"""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.3):
            return True
    except OSError:
        return False


@pytest.mark.short
def test_recycling_by_requests_loses_none(serve):
    with serve("--max-requests", "150", "--max-requests-jitter", "100", workers=2, threads=16) as s:
        with Steady(s.address, RATE) as load:
            eventually(lambda: generations(s) >= 2 + 6, 60, "six workers are replaced")
        load.check(RATE / 2)
        settled(s, 2)
        assert "it has taken" in s.stderr() and "has left" in s.stderr()
        assert s.stats()["totals"]["handed_out"] == s.stats()["totals"]["handed_in"] > 0
        assert s.stats()["totals"]["lost"] == 0


def test_a_worker_over_its_memory_is_replaced(serve):
    with serve("--max-worker-memory", "1k", "--keep-alive", "30", workers=1, threads=16) as s:
        with Steady(s.address, RATE) as load:
            eventually(lambda: generations(s) >= 1 + 4, 30, "four workers are replaced")
        load.check(RATE / 2)
        assert load.closed_idle == 0
        assert "max_worker_memory" in s.stderr()


@pytest.mark.parametrize("options", [(), ("--reuse-port",)])
def test_workers_ended_one_by_one_lose_none(serve, options):
    with serve("--keep-alive", "30", *options, workers=2, threads=16) as s:
        with Steady(s.address, RATE) as load:
            for _ in range(6):
                victim = settled(s, 2)[0]
                os.kill(victim, signal.SIGTERM)
                eventually(lambda: victim not in s.worker_pids(), 10, "it leaves")
                time.sleep(0.2)
        load.check(RATE / 2)
        assert load.closed_idle == 0


# --- HUP ---------------------------------------------------------------------

class Configured:
    """A server of a configuration file, which can be written anew."""

    def __init__(self, serve, tmp_path, **settings):
        self.path = tmp_path / "reload.ini"
        self.serve, self.settings = serve, {"workers": 2, "threads": 16, **settings}
        self.routes = "[route /]\napp = workload\n"
        self.write()

    def write(self, routes=None, **settings):
        self.settings.update(settings)
        self.routes = routes or self.routes
        lines = [f"{k} = {v}" for k, v in self.settings.items() if v is not None]
        self.path.write_text("[littled]\n" + "\n".join(lines) + "\n" + self.routes)

    def start(self, *args, **more):
        return self.serve("-c", self.path, *args, app=None, workers=None, threads=None, **more)


def reload(server, expected="reload: done", within=30):
    """HUP, until the log says what came of it."""
    before = server.stderr().count(expected)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.stderr().count(expected) > before, within, expected)


@pytest.mark.short
@pytest.mark.parametrize("mode", ["rolling", "all"])
def test_reloads_lose_none(serve, tmp_path, mode):
    conf = Configured(serve, tmp_path, reload_mode=mode, keep_alive=30)
    with conf.start() as s:
        before = set(settled(s, 2))
        with Steady(s.address, RATE) as load:
            for _ in range(6):
                reload(s)
        load.check(RATE / 2)
        assert load.closed_idle == 0
        assert not before & set(settled(s, 2))
        totals = s.stats()["totals"]
        assert totals["handed_out"] == totals["handed_in"] > 0
        assert totals["lost"] == 0


def test_a_storm_of_reloads_loses_none(serve, tmp_path):
    conf = Configured(serve, tmp_path, keep_alive=30)
    with conf.start() as s:
        with Steady(s.address, RATE) as load:
            for _ in range(40):
                s.process.send_signal(signal.SIGHUP)
                time.sleep(0.02)
            reload(s)
        load.check(RATE / 2)
        settled(s, 2)


class Probes(Steady):
    """Whoever asks for the state of the server: no balancer or monitor may see a reload fail."""

    def __init__(self, server, rate=60):
        super().__init__(server.admin, rate, kept=4, target=lambda: self.dice.choice(
            ("/readyz", "/healthz", "/stats.json", "/metrics")))


def test_a_storm_of_reloads_loses_no_probe(serve, tmp_path):
    conf = Configured(serve, tmp_path, keep_alive=30)
    with conf.start() as s:
        with Probes(s) as load:
            for i in range(40):
                s.process.send_signal(signal.SIGHUP)
                time.sleep(0.02 if i < 20 else 0.2)
            reload(s)
        load.check()


def test_an_address_taken_away_comes_back_while_old_workers_still_answer(serve, tmp_path):
    """Its socket is there, deaf; the name of a unix socket is not the old one's to remove."""
    path, port = tmp_path / "second", free_port()
    conf = Configured(serve, tmp_path)
    with conf.start(binds=[]) as s:
        first = f"127.0.0.1:{s.address[1]}"
        both = f"{first}, unix:{path}, 127.0.0.1:{port}"
        conf.write(bind=both)
        reload(s)
        with s.conn() as busy:
            busy.send(request("/sleep?ms=3000"))
            s.wait_busy(1)
            for _ in range(2):
                conf.write(bind=first)
                reload(s)
                conf.write(bind=both)
                reload(s)
                for address in (str(path), ("127.0.0.1", port)):
                    assert get(address, "/hello").status == 200
            assert busy.read().status == 200
        settled(s, 2)
        time.sleep(0.3)  # the oldest edition is closed
        for address in (str(path), ("127.0.0.1", port)):
            assert get(address, "/hello").status == 200
        conf.write(bind=first)
        reload(s)
        eventually(lambda: not path.exists(), 10, "the name is gone with the last who served it")


def test_what_is_refused_gives_an_old_address_no_life(serve, tmp_path):
    port = free_port()
    conf = Configured(serve, tmp_path)
    with conf.start(binds=[]) as s, socket.socket() as taken:
        first = f"127.0.0.1:{s.address[1]}"
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        conf.write(bind=f"{first}, 127.0.0.1:{port}")
        reload(s)
        with s.conn() as busy:
            busy.send(request("/sleep?ms=2500"))
            s.wait_busy(1)
            conf.write(bind=first)
            reload(s)
            eventually(lambda: not is_taken(port), 5, "nobody listens there")
            conf.write(bind=f"{first}, 127.0.0.1:{port}, 127.0.0.1:{taken.getsockname()[1]}")
            reload(s, "reload: refused")
            assert not is_taken(port)
            assert busy.read().status == 200


def test_a_kept_socket_gets_what_the_configuration_says_by_now(serve, tmp_path):
    path = tmp_path / "s"
    conf = Configured(serve, tmp_path, socket_mode="0600")
    with conf.start(binds=[f"unix:{path}"]) as s:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        conf.write(socket_mode="0660", backlog="77")
        reload(s)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        listening = subprocess.run(["ss", "-lxH", "src", str(path)], capture_output=True, text=True)
        assert listening.stdout.split()[3] == "77", listening.stdout


def test_what_is_read_anew_is_in_force(serve, tmp_path):
    conf = Configured(serve, tmp_path)
    with conf.start() as s:
        conf.write(workers=3, threads=20, limit_request_body="10")
        with s.conn() as kept:
            assert kept.get("/hello").status == 200
            reload(s)
            settled(s, 3)
            assert s.stats()["slots"] == 60
            assert all(len(w["slots"]) == 20 for w in s.stats()["workers"])
            assert kept.get("/echo", method="POST", body=b"x" * 11).status == 413
        conf.write(workers=1, threads=2)
        reload(s)
        settled(s, 1)
        assert s.stats()["slots"] == 2
        assert s.get("/hello").status == 200


def test_routes_come_and_go_and_keep_their_figures(serve, tmp_path):
    conf = Configured(serve, tmp_path, keep_alive=30)
    with conf.start() as s, s.conn() as kept:
        assert kept.get("/hello").status == 200
        conf.write(routes="[route /]\napp = workload\n[route /more]\napp = workload\n")
        for _ in range(20):
            reload(s)
            assert kept.get("/more/hello").status == 200
            conf.write(routes="[route /less]\napp = workload\n")
            reload(s)
            assert kept.get("/less/hello").status == 200
            assert kept.get("/hello").status == 404
            conf.write(routes="[route /]\napp = workload\n[route /more]\napp = workload\n")
        names = [r["route"] for r in s.stats()["routes"]]
        assert len(names) == len(set(names))
        count = {r["route"]: r["count"] for r in s.stats(60)["routes"]}
        assert count["/more/hello"] == count["/less/hello"] == 20
        assert count["/hello"] == 1


@pytest.mark.short
@pytest.mark.parametrize("fault", [
    ("workers = many", "expected"), ("no_such_option = 1", "unknown"),
    ("workers = 1000", "room for"), ("access_logfile = /nowhere/log", "access log"),
    ("bind = 127.0.0.1:1:2", "expected"), ("error_logfile = /nowhere/log", "error log"),
    ("access_logformat = %(nonsense)s", "access_logformat"),
])
def test_a_bad_configuration_is_reported_and_the_old_goes_on(serve, tmp_path, fault):
    conf = Configured(serve, tmp_path, keep_alive=30)
    with conf.start() as s, s.conn() as kept:
        assert kept.get("/hello").status == 200
        pids = settled(s, 2)
        good = conf.path.read_text()
        key, value = fault[0].split(" = ")
        conf.write(**{key: value})
        reload(s, "the old configuration stays in force")
        assert fault[1] in s.stderr()
        assert settled(s, 2) == pids
        assert kept.get("/hello").status == 200
        conf.path.write_text(good)
        reload(s)
        assert kept.get("/hello").status == 200
        assert not set(settled(s, 2)) & set(pids)


def app_that(tmp_path, name, start="return 0;", configure="return 0;"):
    """A shared object whose app does that when it is opened, or in each worker."""
    source = tmp_path / f"{name}.c"
    source.write_text(f"""
#include <littled/app.h>
#include <stdlib.h>
#include <unistd.h>
static int start(void *state) {{ (void)state; {start} }}
static int configure(const struct ltd_settings *s, void **state) {{ (void)state, (void)s; {configure} }}
static int hello(struct ltd_exchange *x, void *state)
{{
	(void)state;
	ltd_response_type(x, "text/plain");
	return ltd_response_printf(x, "{name}\\n");
}}
static const struct ltd_route routes[] = {{ {{ .path = "/", .class = LTD_INLINE, .methods = LTD_GET,
	.handle = hello }}, {{ 0 }} }};
const struct ltd_app ltd_app = {{ .abi = LTD_ABI, .name = "{name}", .routes = routes,
	.configure = configure, .worker_start = start }};
""")
    library = tmp_path / f"{name}.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source,
                    f"-I{ROOT}/include"], check=True)
    return library


@pytest.mark.parametrize("how,said", [
    ({"configure": "abort();"}, "opening the apps ended by signal 6"),
    ({"configure": "return -1;"}, "reload: refused"),
    ({"start": "return -1;"}, "no worker of the new configuration gets ready"),
    ({"start": "abort();"}, "no worker of the new configuration gets ready"),
])
def test_an_app_that_cannot_start_does_not_take_the_server_with_it(serve, tmp_path, how, said):
    bad = app_that(tmp_path, "bad", **how)
    conf = Configured(serve, tmp_path, keep_alive=30)
    with conf.start() as s, s.conn() as kept:
        s.may_lose_workers = True
        pids = settled(s, 2)
        assert kept.get("/hello").status == 200
        conf.write(routes=f"[route /]\napp = {bad}\n")
        reload(s, said)
        assert settled(s, 2) == pids
        assert kept.get("/hello").status == 200
        conf.write(routes="[route /]\napp = workload\n")
        reload(s)
        assert kept.get("/hello").status == 200


def test_a_replaced_shared_object_is_loaded_anew(serve, tmp_path):
    first, second = app_that(tmp_path, "first"), app_that(tmp_path, "second")
    live = tmp_path / "live.so"
    live.write_bytes(first.read_bytes())
    conf = Configured(serve, tmp_path)
    conf.write(routes=f"[route /]\napp = {live}\n")
    with conf.start() as s:
        assert s.get("/").body == b"first\n"
        for library, text in ((second, b"second\n"), (first, b"first\n"), (second, b"second\n")):
            fresh = tmp_path / "fresh.so"
            fresh.write_bytes(library.read_bytes())
            fresh.rename(live)
            reload(s)
            assert s.get("/").body == text


# --- listeners ----------------------------------------------------------------

def test_addresses_come_and_go(serve, tmp_path):
    ports = [free_port() for _ in range(3)]
    path = tmp_path / "socket"
    conf = Configured(serve, tmp_path, bind=f"127.0.0.1:{ports[0]}", keep_alive=30)
    with conf.start(binds=[]) as s:
        def answers(address):
            try:
                return get(address, "/hello").status == 200
            except OSError:
                return False

        tcp = [("127.0.0.1", port) for port in ports]
        assert answers(tcp[0])
        with Steady(tcp[0], RATE) as load, Conn(tcp[0]) as kept:
            assert kept.get("/hello").status == 200
            conf.write(bind=f"127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}, unix:{path}")
            reload(s)
            assert answers(tcp[0]) and answers(tcp[1]) and answers(str(path))
            conf.write(bind=f"127.0.0.1:{ports[0]}, unix:{path}, 127.0.0.1:{ports[2]}")
            reload(s)
            assert answers(tcp[0]) and answers(tcp[2]) and answers(str(path))
            eventually(lambda: not answers(tcp[1]), 10, "it is closed")
            conf.write(bind=f"127.0.0.1:{ports[0]}")
            reload(s)
            eventually(lambda: not answers(tcp[2]) and not path.exists(), 10, "they are closed")
            assert kept.get("/hello").status == 200
        load.check(RATE / 2)
        assert load.closed_idle == 0
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(tcp[1])
            taken.listen()
            conf.write(bind=f"127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}")
            reload(s, "the old configuration stays in force")
            assert f"127.0.0.1:{ports[1]}" in s.stderr()
        assert answers(tcp[0])
    assert not path.exists()


def test_connections_on_an_address_that_goes_are_served_on(serve, tmp_path):
    ports = [free_port() for _ in range(2)]
    both = f"127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}"
    conf = Configured(serve, tmp_path, bind=both, keep_alive=30)
    with conf.start(binds=[]) as s, Conn(("127.0.0.1", ports[1])) as kept:
        assert kept.get("/hello").status == 200
        fresh = [Conn(("127.0.0.1", ports[1])) for _ in range(20)]
        conf.write(bind=f"127.0.0.1:{ports[0]}")
        reload(s)
        for conn in fresh + [kept]:
            assert conn.get("/hello").status == 200


def test_a_stop_in_the_midst_of_a_reload_leaves_no_address_open(serve, tmp_path):
    """Who came to an address about to go would be accepted by nobody."""
    slow = app_that(tmp_path, "slow", start="sleep(2); return 0;")
    ports = [free_port() for _ in range(2)]
    conf = Configured(serve, tmp_path, bind=f"127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}")
    with conf.start(binds=[]) as s, Conn(("127.0.0.1", ports[1])) as busy:
        busy.send(request("/sleep?ms=1500"))
        s.wait_busy(1)
        conf.write(bind=f"127.0.0.1:{ports[0]}", routes=f"[route /]\napp = {slow}\n")
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "starting" in {w["state"] for w in s.stats()["workers"]}, 10,
                   "a new worker begins")
        s.process.send_signal(signal.SIGTERM)
        eventually(lambda: "stopping: requests in flight" in s.stderr(), 5, "it stops")
        for port in ports:
            eventually(lambda port=port: not is_taken(port), 1, "nobody listens there")
        assert busy.read().status == 200


def checking_for_long(conf, server):
    """A reload whose configuration is a pipe that nobody writes to."""
    conf.path.unlink()
    os.mkfifo(conf.path)
    reload(server, "reload: checking")


@pytest.mark.parametrize("delay", ["0", "1s"])
def test_a_stop_while_a_configuration_is_checked_drops_that(serve, tmp_path, delay):
    conf = Configured(serve, tmp_path, bind=f"127.0.0.1:{free_port()}", drain_delay=delay)
    with conf.start(binds=[]) as s:
        checking_for_long(conf, s)
        s.process.send_signal(signal.SIGTERM)
        eventually(lambda: "reload: dropped, the server stops" in s.stderr(), 5, "it says so")
        s.ended()
        assert "reload: done" not in s.stderr()


def test_what_checks_a_configuration_ends_with_its_master(serve, tmp_path):
    conf = Configured(serve, tmp_path, bind=f"127.0.0.1:{free_port()}", pid=tmp_path / "pid")
    with conf.start(binds=[]) as s:
        checking_for_long(conf, s)
        s.process.kill()
        s.process.wait(10)
        eventually(lambda: not pids_of_session(s.process.pid), 10, "all have left")
        conf.path.unlink()
        conf.write()
        with conf.start(binds=[]) as again:  # address and pid file are free
            assert int((tmp_path / "pid").read_text()) == again.process.pid


def test_no_time_for_requests_is_time_enough_to_hand_connections_on(serve, tmp_path):
    conf = Configured(serve, tmp_path, graceful_timeout="0", keep_alive=30)
    with conf.start() as s:
        conns = [s.conn() for _ in range(10)]
        for c in conns:
            assert c.get("/hello").status == 200
        for how, workers in ((signal.SIGTTOU, 1), (signal.SIGTTIN, 2)):
            s.process.send_signal(how)
            settled(s, workers)
        reload(s)
        settled(s, 2)
        for c in conns:
            assert c.get("/hello").status == 200
        assert "killing it" not in s.stderr()


@pytest.mark.parametrize("workers", [1, 3])
def test_reuse_port_with_more_and_fewer_workers(serve, tmp_path, workers):
    conf = Configured(serve, tmp_path, reuse_port="true", keep_alive=30)
    with conf.start() as s:
        with Steady(s.address, RATE) as load:
            for n in (workers, 2, workers):
                conf.write(workers=n)
                reload(s)
                settled(s, n)
            for how in (signal.SIGTTIN, signal.SIGTTIN, signal.SIGTTOU, signal.SIGTTOU):
                s.process.send_signal(how)
                time.sleep(0.3)
            settled(s, workers)
        load.check(RATE / 2)
        assert load.closed_idle == 0


def test_descriptors_and_memory_do_not_grow(serve, tmp_path):
    conf = Configured(serve, tmp_path, access_logfile=tmp_path / "access.log")
    with conf.start() as s:
        def resident_kib():
            status = Path(f"/proc/{s.process.pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

        reload(s)
        settled(s, 2)
        before, kib = open_fds(s.process.pid), resident_kib()
        for _ in range(30):
            reload(s)
        settled(s, 2)
        eventually(lambda: open_fds(s.process.pid) <= before, 10,
                   "the master's descriptors are as before")
        eventually(lambda: len(pids_of_session(s.process.pid)) == 4, 15, "nobody else is left")
        assert SANITIZED or resident_kib() < kib + 4096, (kib, resident_kib())

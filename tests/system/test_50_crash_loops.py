"""Workers that cannot start, or die as soon as they have: what it costs, and how it ends."""

import os
import resource
import signal
import subprocess
import time

from server import LITTLED, PATIENCE, ROOT, clean_environment, eventually


def app_that(tmp_path, name, start="return 0;"):
    """A shared object whose app does that in each worker when it starts."""
    source = tmp_path / f"{name}.c"
    source.write_text(f"""
#include <littled/app.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((unused)) static void *die_soon(void *a) {{ usleep(200000); abort(); return a; }}
static int start(void *state) {{ pthread_t t; (void)state, (void)t; {start} }}
static int hello(struct ltd_exchange *x, void *state)
{{
	(void)state;
	return ltd_response_printf(x, "hello\\n");
}}
static const struct ltd_route routes[] = {{ {{ .path = "/", .class = LTD_INLINE, .methods = LTD_GET,
	.handle = hello }}, {{ 0 }} }};
const struct ltd_app ltd_app = {{ .abi = LTD_ABI, .name = "{name}", .routes = routes,
	.worker_start = start }};
""")
    library = tmp_path / f"{name}.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source,
                    f"-I{ROOT}/include", "-lpthread"], check=True)
    return library


def run_to_the_end(*args):
    """(exit status, stderr, seconds, CPU seconds of all its processes)."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([LITTLED, "-b", "127.0.0.1:0", *map(str, args)], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          env=clean_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stderr, time.monotonic() - began, cpu


def test_an_app_that_refuses_to_start_ends_it_with_status_4(tmp_path):
    status, said, took, _ = run_to_the_end("-w", 3, app_that(tmp_path, "refuses", "return -1;"))
    assert status == 4 and took < 5 * PATIENCE
    assert "refuses to start in this worker" in said

    status, said, *_ = run_to_the_end("--daemon", "--error-logfile", tmp_path / "log",
                                      app_that(tmp_path, "refuses", "return -1;"))
    assert status == 4, "the starter of a daemon leaves with another status"
    assert "refuses to start in this worker" in said


def test_one_that_crashes_at_start_ends_it_with_status_3_and_costs_little(tmp_path):
    status, said, took, cpu = run_to_the_end("-w", 2, app_that(tmp_path, "crashes", "abort();"))
    assert status == 3
    assert took > 2 and cpu < 0.5 * took
    assert "was ended by signal 6" in said
    assert said.count(": process ") < 100


def test_what_ends_by_itself_at_start_is_a_crash_like_another(tmp_path):
    for code in (0, 7):
        status, said, took, _ = run_to_the_end("-w", 1, app_that(tmp_path, "ends", f"exit({code});"))
        assert status == 3 and took > 2
        assert f"exited with status {code} before it was ready" in said
        assert "giving up, with status 3: the workers do not get ready" in said


def test_an_app_that_cannot_be_loaded_ends_it_with_status_4(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    for app in (tmp_path / "missing.so", tmp_path / "text.so"):
        status, said, _, _ = run_to_the_end(app)
        assert status == 4
        assert "cannot open app" in said and len(said.splitlines()) == 1


def test_one_that_hangs_at_start_does_not_hold_up_the_end(tmp_path):
    app = app_that(tmp_path, "hangs", "pause();")
    with subprocess.Popen([LITTLED, "-b", "127.0.0.1:0", "-t", "1s", "--graceful-timeout", "1h", app],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=clean_environment()) as process:
        while ": process " not in process.stderr.readline().replace("littled 0.1.0, process", ""):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(30 * PATIENCE) == 0


def test_workers_that_die_again_and_again_cost_little(serve, tmp_path):
    """Ready, and dead a moment later: for ever, so ever more slowly."""
    app = app_that(tmp_path, "dies", "pthread_create(&t, 0, die_soon, 0); return 0;")
    with serve(workers=2, app=app) as s:
        s.may_lose_workers = True
        eventually(lambda: s.stderr().count("by signal 6") >= 8, 20, "they die")
        begun, began = s.stderr().count(": process "), time.monotonic()
        time.sleep(3)
        rate = (s.stderr().count(": process ") - begun) / (time.monotonic() - began)
        assert rate < 20, rate
        s.stop(signal.SIGQUIT)

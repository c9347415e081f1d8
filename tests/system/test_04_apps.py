"""Apps of one's own: the example, and what is refused."""

import os
import shutil
import subprocess

import pytest

from load import Background
from server import ROOT, free_port, run_once

WRONG_ABI = """
#include <littled/app.h>
static int answer(struct ltd_exchange *x, void *state)
{
	(void)state;
	return ltd_response_write(x, "x", 1);
}
static const struct ltd_route routes[] = { { "/", LTD_INLINE, LTD_GET, answer }, { 0 } };
LTD_APP = { .abi = LTD_ABI + 1, .name = "wrong", .routes = routes };
"""

# Writes something either way; what an attempt writes before it gives up must not be seen.
ATTEMPT = """
#include <littled/app.h>
#include <unistd.h>
static int attempt(struct ltd_exchange *x, void *state)
{
	struct ltd_slice wait;
	(void)state;
	ltd_response_header(x, "X-Where", LTD_SLICE("attempt"));
	ltd_response_write(x, "at once", 7);
	return ltd_request_param(x, "ms", &wait) ? LTD_LATER : 0;
}
static int handle(struct ltd_exchange *x, void *state)
{
	(void)state;
	usleep(1000000);
	ltd_response_header(x, "X-Where", LTD_SLICE("slot"));
	return ltd_response_write(x, "later", 5);
}
static const struct ltd_route routes[] = { { "/", LTD_SLOT, LTD_GET, handle, attempt }, { 0 } };
LTD_APP = { .abi = LTD_ABI, .name = "attempt", .routes = routes };
"""


def compile_app(tmp_path, text):
    source, target = tmp_path / "app.c", tmp_path / "app.so"
    source.write_text(text)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT}/include",
                    "-o", target, source], check=True)
    return target


@pytest.fixture
def hello_so(tmp_path):
    """The example, built by its own Makefile in a copy of its folder."""
    folder = tmp_path / "docs" / "examples" / "hello"
    shutil.copytree(ROOT / "docs" / "examples" / "hello", folder,
                    ignore=shutil.ignore_patterns("*.so", "*.o"))
    (tmp_path / "include").symlink_to(ROOT / "include")
    env = {n: v for n, v in os.environ.items() if n not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-C", folder], check=True, env=env, stdout=subprocess.DEVNULL)
    return folder / "hello.so"


@pytest.mark.short
def test_the_example_is_built_and_served(serve, hello_so):
    with serve(app=hello_so) as s:
        assert s.get("/hello").body == b"Hello, world\n"
        assert s.get("/hello?name=Ada").body == b"Hello, Ada\n"
        assert s.get("/slow").body == b"Hello, world\n"


def test_an_app_below_a_prefix(serve, hello_so, tmp_path):
    path = tmp_path / "test.ini"
    path.write_text(f"[route /a]\napp = {hello_so}\ngreeting = Good morning\n"
                    "[route /b]\napp = workload\n")
    with serve("-c", path, app=None) as s:
        assert s.get("/a/hello").body == b"Good morning, world\n"
        assert s.get("/b/hello").body == b"Hello, world\n"


def test_a_relative_path_names_a_shared_object(hello_so):
    done = run_once("--check-config", "./hello.so", cwd=hello_so.parent)
    assert done.returncode == 0, done.stderr


def test_an_app_may_refuse_its_settings(hello_so, tmp_path):
    path = tmp_path / "test.ini"
    path.write_text(f"[route /]\napp = {hello_so}\ngreeting =\n")
    done = run_once("--check-config", "-c", path)
    assert done.returncode == 2 and "greeting must not be empty" in done.stderr


@pytest.mark.short
def test_an_attempt_answers_without_a_slot_or_takes_one(serve, tmp_path):
    with serve(app=compile_app(tmp_path, ATTEMPT), threads=1) as s:
        waiting = [Background(lambda: s.get("/?ms=1")) for _ in range(2)]
        s.wait_busy(1)
        answer = s.get("/")
        assert (answer.header("X-Where"), answer.body) == ("attempt", b"at once")
        assert s.busy_slots() == 1, "it was answered while the only slot was taken"
        for later in (w.result() for w in waiting):
            assert (later.header("X-Where"), later.body) == ("slot", b"later")
        stats = s.window_with(3)
        assert stats["totals"]["completions"] == 3
        assert sum(slot["served"] for w in stats["workers"] for slot in w["slots"]) == 2
        assert stats["little"]["L_inline"] > 0 and stats["little"]["residual"] == 0


def refused(app, *words):
    done = run_once("-b", f"127.0.0.1:{free_port()}", app)
    assert done.returncode not in (0, -11), done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def test_a_wrong_abi_is_refused(tmp_path):
    refused(compile_app(tmp_path, WRONG_ABI), "app.so", "interface 3", "speaks 2")


def test_a_shared_object_that_is_no_app_is_refused(tmp_path):
    refused(compile_app(tmp_path, "int nothing;\n"), "ltd_app", "app.so")


def test_a_file_that_is_no_shared_object_is_refused(tmp_path):
    path = tmp_path / "text.so"
    path.write_text("not a library\n")
    refused(path, "text.so")


def test_an_app_that_is_not_there_is_refused():
    refused("./absent.so", "absent.so")
    refused("workloat", "workload")

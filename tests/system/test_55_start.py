"""Starting: what the server finds out about its system, sets up, and says."""

import os
import resource
import re

import pytest




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

"""handler_lock: handlers compute one at a time, wait side by side, and nobody is kept out."""

import time

import pytest

from load import Background, at_once


def lasting(jobs):
    begin = time.monotonic()
    answers = at_once(jobs)
    assert [a.status for a in answers] == [200] * len(jobs)
    return time.monotonic() - begin


@pytest.mark.short
def test_sleeps_overlap_and_computations_do_not(serve):
    with serve("--handler-lock", threads=4) as s:
        assert lasting([lambda: s.get("/sleep?ms=300")] * 4) < 0.9
        # A thread's CPU time is another clock than the wall's, and may be ahead a little.
        assert lasting([lambda: s.get("/cpu?ms=100")] * 4) >= 0.39


def test_work_without_the_lock_runs_beside_work_with_it(serve):
    with serve("--handler-lock", "--handler-lock-interval", "1s", threads=2) as s:
        hog = Background(lambda: s.get("/cpu?ms=700"))
        s.wait_busy(1)
        # It needs the lock for a moment at both ends, and gets it after the interval, or when the hog is done.
        assert s.get("/cpu?ms=50&free=1").status == 200
        assert hog.result().status == 200


def test_who_needs_it_for_a_moment_gets_it_after_the_interval(serve):
    with serve("--handler-lock", "--handler-lock-interval", "5ms", threads=2) as s:
        hog = Background(lambda: s.get("/cpu?ms=1500"))
        s.wait_busy(1)
        for _ in range(5):
            assert s.get("/cpu?ms=0").status == 200
        assert hog.value is None, "five short ones are served before the long one ends"
        assert hog.result().status == 200


def test_each_process_has_its_own(serve):
    with serve("--handler-lock", workers=2, threads=1) as s:
        answers = at_once([lambda: s.get("/mixed?cpu=20&sleep=100")] * 4)
        assert [a.status for a in answers] == [200] * 4
        assert s.completed(4)["completions"] == 4

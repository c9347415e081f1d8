"""
Faults under a steady load: only what a killed process held may fail, and all is soon as before.  The
figures of one run stand in docs/reliability.md; scripts/faults prints them.
"""

import os

import pytest

import faults
from server import PATIENCE, SANITIZED

# Seconds until all is as before; generous, for a busy machine.
RECOVERED = {
    faults.worker_killed: 1, faults.handler_stuck: 2, faults.handler_crashes: 1, faults.no_fork: 10,
    faults.full_disk: 2, faults.no_descriptors: 2, faults.master_killed: 2,
}

NEEDS_ROOT = (faults.no_fork, faults.full_disk)


@pytest.mark.parametrize("fault", faults.ALL, ids=lambda f: f.__name__)
def test_fault(fault, serve, tmp_path):
    if fault in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root may do this to a server")
    if fault is faults.clock_steps and SANITIZED:
        pytest.skip("a sanitizer must be loaded first")
    figure = fault(serve, tmp_path)
    print(figure)
    if fault in RECOVERED:
        assert figure.recovered < RECOVERED[fault] * PATIENCE

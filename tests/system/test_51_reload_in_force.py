"""What a reload changes in the master and its workers beside what they serve, and what it cannot."""

import re
import signal

import pytest

from client import get
from server import eventually, free_port, has_ipv6
from test_51_reloads import Configured, app_that, reload, settled
from test_52_upgrade_ctl import Upgradable
from test_56_hardening import core_limit


def cannot_start(tmp_path):
    """A route of an app that refuses in each worker, so that the reload is taken back."""
    return f"[route /]\napp = {app_that(tmp_path, 'bad', start='return -1;')}\n"


def test_the_facility_is_that_of_the_new_configuration(serve, tmp_path, syslog):
    conf = Configured(serve, tmp_path, error_logfile=f"syslog:{tmp_path}/log", syslog_facility=16)

    def said(words):
        return [int(re.match(r"<(\d+)>", line)[1]) // 8 for line in syslog if words in line]

    with conf.start() as s:
        eventually(lambda: said("serving:"), 10, "it serves")
        conf.write(syslog_facility=23)
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: said("reload: done"), 20, "it is reloaded")
        conf.write(syslog_facility=20, routes=cannot_start(tmp_path))
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: said("the old one is in force again"), 20, "it is taken back")
        s.stop()
    assert set(said("serving:")) == {16}
    assert said("reload: done") == [23]
    assert said("stopped; ") == [23]


def test_core_dumps_are_those_of_the_new_configuration(serve, tmp_path):
    conf = Configured(serve, tmp_path, workers=1)
    with conf.start() as s:
        usual = core_limit(s.process.pid)
        on, off = [usual[1], usual[1]], ["0", usual[1]]
        for value, limit in (("off", off), ("on", on), (None, usual)):
            conf.write(core_dumps=value)
            reload(s)
            worker = settled(s, 1)[0]
            assert core_limit(s.process.pid) == core_limit(worker) == limit
        conf.write(core_dumps="off", routes=cannot_start(tmp_path))
        reload(s, "no worker of the new configuration gets ready")
        assert core_limit(s.process.pid) == usual


@pytest.mark.skipif(core_limit("self") == ["0", "0"], reason="no cores can be had here")
def test_an_upgrade_begins_with_the_limit_of_the_start(serve, tmp_path):
    before = core_limit("self")
    conf = Configured(serve, tmp_path, workers=1, core_dumps="on" if before[0] == "0" else "off")
    with Upgradable(serve, tmp_path, "-c", conf.path, app=None, workers=None, threads=None) as u:
        assert core_limit(u.master) != before
        conf.write(core_dumps=None)
        u.hand_over(u.usr2())
        assert core_limit(u.master) == before


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_what_stays_as_it_is_is_said_once(serve, tmp_path):
    port = free_port("::1")
    conf = Configured(serve, tmp_path, ipv6_only="false", name="web")
    with conf.start(binds=[f"[::]:{port}"]) as s:
        conf.write(ipv6_only="true", name="other")
        reload(s)
        for option in ("ipv6_only", "name"):
            assert s.stderr().count(f"reload: {option} changes when the server is started anew") == 1
        assert get(("127.0.0.1", port), "/hello").status == 200

"""What the configuration sets for the apps is not what a reload or an upgrade begins with."""

import pytest

from server import LITTLED
from test_51_reloads import Configured, reload, settled
from test_52_upgrade_ctl import Upgradable


# Stands for the binary: notes what it is executed with, and becomes the real one.
NOTING = f"""#!/bin/bash
cat /proc/$$/environ > "$0.$$"
umask > "$0.umask"
exec -a "$0" {LITTLED} "$@"
"""


def threads_in_force(server):
    return {len(w["slots"]) for w in server.stats()["workers"]}


@pytest.mark.parametrize("variable, given", [("LITTLED_THREADS", 5), ("WEB_CONCURRENCY", 1)])
def test_a_reload_reads_the_variables_of_the_start(serve, tmp_path, variable, given):
    size = {"workers": 1, "threads": 2}
    size["threads" if "THREADS" in variable else "workers"] = None
    conf = Configured(serve, tmp_path, **size, raw_env=f"{variable}=3")
    with conf.start(env={variable: given}) as s:
        for _ in range(2):
            settled(s, 1)
            assert threads_in_force(s) == {size["threads"] or given}
            reload(s)
        settled(s, 1)
        assert threads_in_force(s) == {size["threads"] or given}


def test_an_upgrade_begins_with_what_the_start_did(serve, tmp_path, monkeypatch):
    binary = tmp_path / "littled"
    binary.write_text(NOTING)
    binary.chmod(0o755)
    monkeypatch.setattr("server.LITTLED", str(binary))
    conf = Configured(serve, tmp_path, workers=1, raw_env="SECRET=hunter2", umask="077")
    more = {"app": None, "workers": None, "threads": None, "env": {"SECRET": "of old"}}
    with Upgradable(serve, tmp_path, "-c", conf.path, **more) as u:
        usual = (tmp_path / "littled.umask").read_text()
        assert usual.strip() != "0077"
        conf.write(raw_env="OTHER=1", umask="027")
        for _ in range(2):  # the second one's environment has what the first upgrade put there
            new = u.usr2()
            found = (tmp_path / f"littled.{new}").read_bytes().split(b"\0")
            assert b"SECRET=of old" in found
            assert b"SECRET=hunter2" not in found and b"OTHER=1" not in found
            assert f"LISTEN_PID={new}".encode() in found
            assert f"LITTLED_PREDECESSOR={u.master}".encode() in found
            assert len({v.split(b"=")[0] for v in found}) == len(found), "nothing is there twice"
            assert (tmp_path / "littled.umask").read_text() == usual
            u.hand_over(new)

"""HAProxy and Prometheus beside several servers, by the very files of conf/."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import client
from server import ROOT, eventually, free_port

CONF = ROOT / "conf"
PROMETHEUS = CONF / "prometheus"


class Program:
    """One that runs in the foreground until the `with` ends; what it says goes to a file."""

    def __init__(self, tmp, command):
        self.command = [str(word) for word in command]
        self.log = tmp / f"{Path(command[0]).name}.log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        try:
            eventually(self.is_up, 20, f"{self.command[0]} is up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        print(f"--- {' '.join(self.command)}\n{self.log.read_text()[-4000:]}")

    def is_up(self):
        assert self.process.poll() is None, f"it ended at once: {self.log.read_text()}"
        try:
            return client.get(self.address, self.probe).status == 200
        except (OSError, client.Closed):
            return False


def replaced(text, old, new, times=None):
    """Exactly so many are replaced: the file is what we take it for."""
    assert text.count(old) == times if times else old in text, old
    return text.replace(old, new)


class HAProxy(Program):
    """conf/haproxy/haproxy.cfg, with these servers for its own, so many slots each."""

    probe = "/hello"

    def __init__(self, tmp, servers, slots):
        self.address, self.metrics = [("127.0.0.1", free_port()) for _ in range(2)]
        text = (CONF / "haproxy" / "haproxy.cfg").read_text()
        text = replaced(text, "bind :80\n", "bind %s:%d\n" % self.address, 1)
        text = replaced(text, "bind :8405\n", "bind %s:%d\n" % self.metrics, 1)
        text = replaced(text, "rise 2 maxconn 40\n", f"rise 2 maxconn {slots}\n", 1)
        for i, s in enumerate(servers, 1):
            text = replaced(text, f"server s{i} 10.0.0.{i}:8000\n",
                            "server s%d %s:%d port %d\n" % (i, *s.address, s.admin[1]), 1)
        path = tmp / "haproxy.cfg"
        path.write_text(text)
        super().__init__(tmp, ["/usr/sbin/haproxy", "-db", "-f", path])


class Prometheus(Program):
    """conf/prometheus, scraping each second and with rates over `window` instead of a minute."""

    probe = "/-/ready"

    def __init__(self, tmp, servers, haproxy, window):
        self.address = ("127.0.0.1", free_port())
        text = (PROMETHEUS / "prometheus.yml").read_text()
        text = replaced(text, "interval: 15s", "interval: 1s", 2)
        for i, s in enumerate(servers, 1):
            text = replaced(text, f"10.0.0.{i}:8001", "%s:%d" % s.admin, 1)
        text = replaced(text, "10.0.0.10:8405", "%s:%d" % haproxy.metrics, 1)
        (tmp / "prometheus.yml").write_text(text)
        rules = (PROMETHEUS / "rules.yml").read_text()
        (tmp / "rules.yml").write_text(replaced(rules, "[1m]", f"[{window}]"))
        (tmp / "alerts.yml").write_text((PROMETHEUS / "alerts.yml").read_text())
        super().__init__(tmp, [
            "prometheus", f"--config.file={tmp}/prometheus.yml", f"--storage.tsdb.path={tmp}/tsdb",
            "--web.listen-address=%s:%d" % self.address, "--log.level=warn"])

    def api(self, path, **parameters):
        url = "http://%s:%d/api/v1/%s?%s" % (*self.address, path, urllib.parse.urlencode(parameters))
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{parameters}: {e.read().decode()}") from e

    def query(self, expression, at):
        """Its values, one a series, with their labels."""
        result = self.api("query", query=expression, time=f"{at:.3f}")["result"]
        return [(row["metric"], float(row["value"][1])) for row in result]

    def value(self, expression, at):
        rows = self.query(expression, at)
        assert len(rows) == 1, f"{expression}: {rows}"
        return rows[0][1]


def dashboard():
    return json.loads((CONF / "grafana" / "littled.json").read_text())


def dashboard_expressions(job):
    """(panel, expression) with the variables' values put in."""
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$job", job).replace("$instance", ".+")
            assert not re.search(r"\$\w", expression), expression
            yield panel["title"], expression

"""Real proxies before the server, with the very configurations of docs/examples/proxies."""

import os
import re
import subprocess

import client
from server import ROOT, eventually, free_port

EXAMPLES = ROOT / "docs" / "examples" / "proxies"
APACHE_MODULES = "/usr/lib/apache2/modules"


def nginx(tmp, text):
    text = text.replace("events {}", f"daemon off; master_process off; pid {tmp}/pid;\nevents {{}}")
    paths = "".join(f"{kind}_temp_path {tmp}/{kind}; " for kind in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = tmp / "nginx.conf"
    path.write_text(text.replace("http {", f"http {{ access_log off; {paths}"))
    return ["/usr/sbin/nginx", "-p", tmp, "-e", "stderr", "-c", path]


def haproxy(tmp, text):
    path = tmp / "haproxy.cfg"
    path.write_text(text)
    return ["/usr/sbin/haproxy", "-db", "-f", path]


def apache(tmp, text):
    port = re.search(r"VirtualHost \*:(\d+)", text)[1]
    lines = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in
             ("mpm_event", "authz_core", "headers", "proxy", "proxy_http")]
    lines += [f"ServerRoot {tmp}", f"PidFile {tmp}/pid", f"DefaultRuntimeDir {tmp}",
              "ErrorLog /dev/stderr", "ServerName test", f"Listen 127.0.0.1:{port}"]
    if os.geteuid() == 0:
        lines += ["User www-data", "Group www-data"]
    path = tmp / "apache.conf"
    path.write_text("\n".join(lines) + "\n" + text)
    return ["/usr/sbin/apache2", "-DFOREGROUND", "-f", path]


class Front:
    """A proxy before `server`, from an example: its ports are changed, and what `changes` says."""

    def __init__(self, kind, example, server, tmp, changes=None):
        self.address = ("127.0.0.1", free_port())
        text = (EXAMPLES / example).read_text()
        assert "127.0.0.1:8000" in text
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{server.address[1]}")
        text, changed = re.subn(r"(?<=[ :])80(?=[;>\s])", str(self.address[1]), text)
        assert changed == 1, text
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        self.command = [str(word) for word in kind(tmp, text)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        try:
            eventually(self.answers, 20, f"{self.command[0]} passes on requests")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def answers(self):
        assert self.process.poll() is None, f"{self.command[0]} ended at once"
        try:
            return client.get(self.address, "/hello").status == 200
        except (OSError, client.Closed):
            return False

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

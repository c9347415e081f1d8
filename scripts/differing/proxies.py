"""
Reverse proxies before littled, each a process of its own on loopback, set to keep and share its
connections to it, and in a second form to let through as much as it can be made to.  A proxy logs
one line for each request of a client; what it sent on is read from there.
"""

import getpass
import os
import shutil
import socket
import subprocess
from pathlib import Path

from server import eventually, free_port


class Proxy:
    """One of Debian's, between a client and littled."""

    program = None  # to run
    name = None

    def __init__(self, folder, upstream, is_lenient):
        self.folder = Path(folder) / f"{self.name}-{'lenient' if is_lenient else 'strict'}"
        self.folder.mkdir()
        self.upstream, self.is_lenient = upstream, is_lenient
        self.address = ("127.0.0.1", free_port())
        self.log = self.folder / "log"
        self.log.touch()

    def __enter__(self):
        program = shutil.which(self.program, path="/usr/sbin:/usr/bin")
        assert program, f"no {self.program}: scripts/setup installs it"
        config = self.folder / "conf"
        config.write_text(self.config(), encoding="utf-8")
        with open(self.log, "ab") as log, open(self.folder / "errors", "ab") as errors:
            self.process = subprocess.Popen([program, *self.arguments(config)], cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=errors)
        eventually(self.is_listening, 10, f"{self} listens")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def __str__(self):
        return self.folder.name

    def is_listening(self):
        assert self.process.poll() is None, (self.folder / "errors").read_text(errors="replace")
        with socket.socket() as s:
            return s.connect_ex(self.address) == 0

    def sent(self):
        """How many requests it has sent on."""
        lines = self.log.read_text(errors="replace").splitlines()
        return sum(self.was_sent(line) for line in lines)


class Nginx(Proxy):
    program = name = "nginx"

    def arguments(self, config):
        return ["-p", str(self.folder), "-c", str(config), "-e", str(self.folder / "errors")]

    def config(self):
        odd = "on" if self.is_lenient else "off"
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
daemon off; worker_processes 1; user {getpass.getuser()}; pid {self.folder}/pid;
events {{ worker_connections 256; }}
http {{
    {temporary}
    log_format sent $upstream_bytes_sent;
    access_log {self.log} sent;
    underscores_in_headers {odd};
    ignore_invalid_headers {"off" if self.is_lenient else "on"};
    upstream littled {{ server {self.upstream[0]}:{self.upstream[1]}; keepalive 8; }}
    server {{
        listen {self.address[0]}:{self.address[1]};
        client_max_body_size 0; client_header_timeout 5; client_body_timeout 5;
        large_client_header_buffers 8 32k;
        location / {{
            proxy_pass http://littled;
            proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering {"off" if self.is_lenient else "on"};
            proxy_next_upstream off; proxy_ignore_client_abort on;
        }}
    }}
}}
"""

    def was_sent(self, line):
        return line not in ("-", "0")


class Haproxy(Proxy):
    program = name = "haproxy"

    def arguments(self, config):
        return ["-db", "-f", str(config)]

    def config(self):
        return f"""
global
    maxconn 256
    nbthread 1
    log stdout format raw local0
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    retries 0
    http-reuse always
    log global
    log-format "%Tc %s"
frontend clients
    bind {self.address[0]}:{self.address[1]}
    {"option accept-invalid-http-request" if self.is_lenient else ""}
    default_backend littled
backend littled
    server littled {self.upstream[0]}:{self.upstream[1]}
"""

    def was_sent(self, line):
        return line.endswith(" littled") and not line.startswith("-1 ")


class Apache(Proxy):
    program, name = "apache2", "apache"
    modules = ("mpm_event", "authz_core", "proxy", "proxy_http")

    def arguments(self, config):
        return ["-D", "FOREGROUND", "-f", str(config)]

    def config(self):
        load = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so"
                         for m in self.modules)
        return f"""
ServerRoot {self.folder}
ServerName localhost
Listen {self.address[0]}:{self.address[1]}
PidFile {self.folder}/pid
DefaultRuntimeDir {self.folder}
ErrorLog {self.folder}/errors
{load}
{"User www-data" if os.geteuid() == 0 else ""}
{"Group www-data" if os.geteuid() == 0 else ""}
ServerLimit 1
StartServers 1
ThreadsPerChild 25
MaxRequestWorkers 25
Timeout 5
LimitRequestLine 32768
LimitRequestFieldSize 32768
LimitRequestFields 500
HttpProtocolOptions {"Unsafe Allow0.9" if self.is_lenient else "Strict"}
LogFormat "%{{proxy-source-port}}n" sent
CustomLog {self.log} sent
ProxyRequests Off
ProxyPass / http://{self.upstream[0]}:{self.upstream[1]}/ enablereuse=on retry=0
"""

    def was_sent(self, line):
        return line != "-"

    def sent(self):
        """Where the client's body turned out bad on the way, its error log alone says that the
        request was sent on."""
        errors = (self.folder / "errors").read_text(errors="replace")
        return super().sent() + errors.count("AH01097: pass request body failed")


PROXIES = (Nginx, Haproxy, Apache)

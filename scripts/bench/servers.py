"""
How each peer is configured, as fairly as we know: access log off, one worker unless told
otherwise, limits on kept-alive requests lifted.  Every function gives a Server not yet ready.
"""

import os
from pathlib import Path

from measured import Server, Unavailable, built_tool, free_port, littled, program

HELLO = "Hello, world\n"
BIG_BYTES = 100 * 1024

PACKAGES = ["nginx", "h2o", "lighttpd", "apache2-bin", "gunicorn", "uwsgi-core",
            "uwsgi-plugin-python3", "puma", "wrk"]

WSGI = f'''
import time
from urllib.parse import parse_qs
HELLO, BIG = {HELLO.encode()!r}, b"x" * {BIG_BYTES}

def application(environ, start_response):
    path, body = environ["PATH_INFO"], HELLO
    if path == "/big":
        body = BIG
    elif path == "/sleep":
        time.sleep(float(parse_qs(environ["QUERY_STRING"])["ms"][0]) / 1000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
'''

RACK = '''
run lambda { |env|
  sleep(env["QUERY_STRING"][/ms=([0-9.]+)/, 1].to_f / 1000) if env["PATH_INFO"] == "/sleep"
  [200, { "Content-Type" => "text/plain", "Content-Length" => "3" }, ["ok\\n"]]
}
'''


def write(folder, name, text):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def document_root(folder):
    root = Path(folder) / "root"
    root.mkdir(exist_ok=True)
    (root / "hello").write_text(HELLO)
    (root / "big").write_text("x" * BIG_BYTES)
    for path in (Path(folder), root):
        path.chmod(0o755)  # some workers give up root
    return root


def nginx(folder, cpus, workers=1):
    port = free_port()
    text = f'''
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off;
  default_type text/plain;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  sendfile on;
  open_file_cache max=100;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {document_root(folder)};
    location = /hello {{ return 200 "Hello, world\\n"; }}
  }}
}}
'''
    command = [program("nginx"), "-e", "stderr", "-c", write(folder, "nginx.conf", text)]
    return Server("nginx", command, port, folder, cpus)


def h2o(folder, cpus, workers=1):
    port = free_port()
    text = f'''
user: {os.environ.get("USER", "root")}
num-threads: {workers}
max-connections: 16000
http1-request-timeout: 300
listen: {{ host: 127.0.0.1, port: {port} }}
hosts:
  default:
    paths:
      "/": {{ file.dir: {document_root(folder)}, file.send-gzip: OFF }}
'''
    return Server("h2o", [program("h2o"), "-c", write(folder, "h2o.conf", text)], port, folder, cpus)


def lighttpd(folder, cpus, workers=1):
    port = free_port()
    text = f'''
server.document-root = "{document_root(folder)}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-worker = {0 if workers == 1 else workers}
server.max-fds = 18000
server.max-connections = 16000
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 300
server.listen-backlog = 4096
mimetype.assign = ( "" => "text/plain" )
'''
    command = [program("lighttpd"), "-D", "-f", write(folder, "lighttpd.conf", text)]
    return Server("lighttpd", command, port, folder, cpus)


def apache(folder, cpus, workers=1):
    port, modules = free_port(), Path("/usr/lib/apache2/modules")
    loads = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so"
                      for name in ("mpm_event", "authz_core"))
    text = f'''
{loads}
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ListenBacklog 4096
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex file:{folder}
ErrorLog /dev/stderr
LogLevel error
DocumentRoot {document_root(folder)}
StartServers {workers}
ServerLimit {workers}
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers {64 * workers}
AsyncRequestWorkerFactor 200
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 300
MaxKeepAliveRequests 0
'''
    command = [program("apache2"), "-DFOREGROUND", "-f", write(folder, "apache.conf", text)]
    return Server("apache event", command, port, folder, cpus)


def gunicorn(folder, cpus, workers=1, threads=8):
    port = free_port()
    write(folder, "wsgi_app.py", WSGI)
    command = [program("gunicorn"), "-k", "gthread", "-w", str(workers), "--threads", str(threads),
               "--keep-alive", "300", "--worker-connections", "16000", "--backlog", "4096",
               "--log-level", "error", "-b", f"127.0.0.1:{port}", "wsgi_app:application"]
    return Server("gunicorn gthread", command, port, folder, cpus)


def uwsgi(folder, cpus, workers=1, threads=8):
    port = free_port()
    if not any(Path("/usr/lib/uwsgi/plugins").glob("python3*_plugin.so")):
        raise Unavailable("no Python plugin for uWSGI")
    command = [program("uwsgi-core", "uwsgi"), "--plugins-dir", "/usr/lib/uwsgi/plugins",
               "--plugin", "python3", "--http11-socket", f"127.0.0.1:{port}", "--master",
               "--workers", str(workers), "--threads", str(threads), "--listen", "1024",
               "--wsgi-file", write(folder, "wsgi_app.py", WSGI), "--die-on-term",
               "--disable-logging", "--socket-timeout", "300"]
    return Server("uwsgi", command, port, folder, cpus)


def puma(folder, cpus, workers=1, threads=8):
    port = free_port()
    write(folder, "config.ru", RACK)
    settings = write(folder, "puma.rb", f'''
bind "tcp://127.0.0.1:{port}?backlog=4096"
workers {workers}
threads {threads}, {threads}
persistent_timeout 300
max_fast_inline 1000000000
environment "production"
quiet
''')
    return Server("puma", [program("puma"), "-C", settings, "config.ru"], port, folder, cpus)


def null(folder, cpus, body_bytes=len(HELLO), closes=False):
    port = free_port()
    command = [built_tool("null"), str(port), str(body_bytes)] + (["close"] if closes else [])
    return Server(f"null {port}", command, port, folder, cpus)


def floor(folder, cpus):
    port = free_port()
    return Server("floor", [built_tool("floor"), str(port)], port, folder, cpus)


def our_own(folder, cpus, workers=1, threads=8, options=(), name="littled"):
    port = free_port()
    command = [littled(), "-b", f"127.0.0.1:{port}", "-w", str(workers), "--threads", str(threads),
               "--backlog", "4096", "--keep-alive", "300", "--worker-connections", "16000",
               "--log-level", "error", *options, "workload"]
    return Server(name, command, port, folder, cpus)

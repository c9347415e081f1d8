"""The statistics listener: its JSON, its Prometheus text, its health."""

import re
import time

import pytest

import client
from load import Background, ClosedLoop, random_sleep
from server import eventually

PHASES = ("wait", "read", "service", "cpu", "write", "total")
FIGURES = ("count", "mean_s", "p50_s", "p90_s", "p99_s", "p999_s", "max_s")
TOTALS = ("arrivals", "completions", "concurrency_seconds", "accepted")


@pytest.mark.short
def test_the_json_has_its_members(server):
    server.get("/sleep?ms=20")
    stats = server.window_with(1)
    about = stats["littled"]
    assert (about["workers"], about["threads"], about["slots"]) == (1, 2, 2)
    assert about["pid"] == server.process.pid and about["uptime_s"] > 0 and about["version"]
    for name in ("window_s", "arrival_rate", "throughput_rps", "utilisation"):
        assert isinstance(stats[name], (int, float)), name
    for name in ("total", "waiting", "in_service", "max"):
        assert isinstance(stats["concurrency"][name], (int, float)), name
    for name in ("L", "X", "W_s", "XW", "edge", "residual"):
        assert isinstance(stats["little"][name], (int, float)), name
    for phase in PHASES:
        assert set(FIGURES) <= set(stats["phases"][phase]), phase
    assert set(TOTALS) <= set(stats["totals"])
    assert stats["totals"]["status"]["200"] == 1
    assert stats["phases"]["service"]["max_s"] == pytest.approx(0.02, rel=0.5)
    worker, = stats["workers"]
    assert worker["state"] == "ready" and len(worker["slots"]) == 2
    assert any(route["route"].endswith("/sleep") if "route" in route else "/sleep" in str(route)
               for route in stats["routes"])


def test_a_busy_slot_tells_its_route_and_age(server):
    job = Background(lambda: server.get("/sleep?ms=800"))
    server.wait_busy(1)
    time.sleep(0.3)
    slots = server.stats()["workers"][0]["slots"]
    busy, = [slot for slot in slots if slot["state"] == "busy"]
    assert "/sleep" in str(busy["route"])
    age = next(v for k, v in busy.items() if k.startswith("age"))
    assert 0.25 < age < 2
    job.result()


@pytest.mark.parametrize("window", [1, 10, 60])
def test_windows(server, window):
    assert server.get("/hello").status == 200
    time.sleep(1.2)
    stats = server.stats(window)
    assert 0 < stats["window_s"] <= window + 1.5
    if window > 1:
        assert stats["phases"]["total"]["count"] == 1
        assert stats["throughput_rps"] == pytest.approx(1 / stats["window_s"], rel=0.01)


def test_a_window_forgets(server):
    server.get("/hello")
    server.window_with(1)
    eventually(lambda: server.stats(1)["phases"]["total"]["count"] == 0, 5,
               "the request leaves the window of one second")
    assert server.stats(60)["phases"]["total"]["count"] == 1


@pytest.mark.parametrize("query", ["window=0", "window=x", "window=-1", "window=61"])
def test_a_bad_window_is_refused(server, query):
    answer = client.get(server.admin, f"/stats.json?{query}")
    assert answer.status == 400 and b"window" in answer.body


def test_totals_count_every_request(server):
    for _ in range(20):
        server.get("/hello")
    server.get("/nothing")
    with server.conn() as c:
        c.send(b"BROKEN\r\n\r\n")
        assert c.read().status == 400
    totals = server.completed(22)
    assert totals["arrivals"] == totals["accepted"] == 22
    assert (totals["status"]["200"], totals["status"]["404"], totals["status"]["400"]) == (20, 1, 1)


def test_closes_are_counted_with_their_reason(server):
    server.get("/hello")
    with server.conn() as c:
        c.get("/hello")
    for reason in ("client", "response_done"):
        eventually(lambda: server.stats()["closes"][reason] == 1, 5, f"a close for {reason}")


def test_health(server):
    for path in ("/healthz", "/readyz"):
        answer = client.get(server.admin, path)
        assert answer.status == 200
    assert client.get(server.admin, "/nothing").status == 404
    assert client.get(server.admin, "/stats.json", method="POST", body=b"x").status == 405


def test_the_statistics_are_not_served_on_the_public_port(server):
    for path in ("/stats.json", "/metrics", "/healthz", "/readyz"):
        assert server.get(path).status == 404


def test_the_admin_listener_survives_nonsense(server):
    for data in (b"\r\n\r\n\r\n", b"BROKEN\r\n\r\n", b"GET /" + b"x" * 100000, b"\x00" * 1000):
        with client.Conn(server.admin) as c:
            try:
                c.send(data)
                c.socket.recv(1000)
            except OSError:
                pass
    slow = [client.Conn(server.admin) for _ in range(20)]
    for conn in slow:
        conn.send(b"GET /st")
    assert client.get(server.admin, "/healthz").status == 200
    for conn in slow:
        conn.close()


def test_admin_on_a_unix_socket(serve, tmp_path):
    path = str(tmp_path / "admin.sock")
    with serve(admin=path) as s:
        assert s.stats()["littled"]["slots"] == 2


# --- Prometheus text format 0.0.4 -------------------------------------------

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*",?)*\}'
SAMPLE = re.compile(rf"({NAME})({LABELS})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)")


def exposition(text):
    """Checks every line; returns {family: type} and {(name, labels): value}."""
    types, helps, samples = {}, set(), {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helps, f"{name} has two HELP lines"
            helps.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "histogram", "summary")
            types[name] = kind
        elif line:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            kind = types.get(name) or types.get(family)
            assert kind, f"{name} before its TYPE"
            if kind == "counter":
                assert name.endswith("_total"), name
            assert (name, labels) not in samples, line
            samples[name, labels] = float(value)
    assert helps == set(types)
    return types, samples


def check_histogram(name, samples):
    series = {}
    for (sample, labels), value in samples.items():
        if sample == f"{name}_bucket":
            rest, le = re.fullmatch(r'\{(.*?),?le="([^"]+)"\}', labels).groups()
            series.setdefault(rest, []).append((float(le.replace("+Inf", "inf")), value))
    assert series, f"{name} has no buckets"
    for rest, buckets in series.items():
        assert buckets == sorted(buckets), (name, rest)
        assert [v for _, v in buckets] == sorted(v for _, v in buckets), (name, rest)
        assert buckets[-1][0] == float("inf")
        labels = f"{{{rest}}}" if rest else None
        assert samples[f"{name}_count", labels] == buckets[-1][1]
        assert samples[f"{name}_sum", labels] >= 0


@pytest.mark.short
def test_metrics_are_well_formed(server):
    for target in ("/hello", "/sleep?ms=5", "/status?code=503", "/nothing"):
        server.get(target)
    server.completed(4)
    types, samples = exposition(server.metrics())
    histograms = [name for name, kind in types.items() if kind == "histogram"]
    for name in histograms:
        check_histogram(name, samples)
    assert {"littled_http_request_duration_seconds", "littled_http_request_queue_seconds",
            "littled_http_request_service_seconds"} <= set(histograms)
    for name in ("littled_http_requests_total", "littled_concurrency_seconds_total",
                 "littled_http_requests_in_flight", "littled_build_info"):
        assert name in types, name
    requests = sum(v for (n, _), v in samples.items() if n == "littled_http_requests_total")
    assert requests == 4
    answer = client.get(server.admin, "/metrics")
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")


def test_the_law_from_metrics_alone(server):
    """The rate of concurrency seconds is L; over the rate of requests it is W."""
    def total(name):
        _, samples = exposition(server.metrics())
        return sum(v for (n, _), v in samples.items() if n == name)

    loop = ClosedLoop(server.address, 4, random_sleep(10, 30), 3).run()
    w = total("littled_concurrency_seconds_total") / total("littled_http_requests_total")
    took = [b - a for a, b in loop.done]
    assert w == pytest.approx(sum(took) / len(took), rel=0.05)

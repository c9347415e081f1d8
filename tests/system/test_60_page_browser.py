"""The statistics page in a real browser."""

import functools
import http.server
import os
import re
import signal
import subprocess
import threading

import pytest

import client
from browser import Browser
from load import Background, ClosedLoop
from server import ROOT, eventually

UNITS = {"": 1, "%": 0.01, "µs": 1e-6, "ms": 1e-3, "s": 1}


def value(text):
    """What a figure says: '20.3 ms' is 0.0203."""
    if text in ("–", "< 0.1 %"):
        return 0
    number, unit = re.fullmatch(r"([0-9.e+-]+) ?(%|µs|ms|s|)", text).groups()
    return float(number) * UNITS[unit]


def at(document, path):
    for key in path.split("."):
        document = document[key]
    return document


def says(text, figure):
    """Rounded to three digits, and no other."""
    least = 0.001 if text == "< 0.1 %" else 1e-9
    return value(text) == pytest.approx(figure, rel=0.006, abs=least)


class Load:
    """More than the slots can serve, as long as somebody looks."""

    def __init__(self, server, connections, target="/sleep?ms=100"):
        self.loop = ClosedLoop(server.address, connections, lambda: target, seconds=120)
        self.thread = threading.Thread(target=self.loop.run)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.loop.stop()
        self.thread.join()


def test_what_is_shown_is_what_the_document_says(serve):
    with serve(workers=2, threads=4) as server, Load(server, 12), Browser(server.admin) as page:
        page.wait_live()
        page.wait("littled.window_s > 5 && littled.concurrency.waiting > 3 &&"
                  " littled.littled.uptime_s > 8", 30)
        seen, own = page.look(), server.stats(10)
        shown, document = seen["shown"], seen["document"]
        # The document of the same moment is the listener's, but for the second between.
        for path in ("throughput_rps", "concurrency.total", "concurrency.waiting",
                     "concurrency.in_service", "little.W_s", "utilisation", "slots"):
            assert says(shown[path], at(document, path)), path
            assert at(document, path) == pytest.approx(at(own, path), rel=0.1), path
        for key in ("L", "XW", "edge", "residual"):
            assert says(shown[f"little.{key}"], document["little"][key]), key
        assert shown["sentence"] == document["sentence"] and " in flight; " in shown["sentence"]
        assert seen["title"] == \
            f"{shown['throughput_rps']} RPS, {shown['concurrency.total']} in flight · littled"
        check_bar(seen)
        assert "2 workers × 4 threads = 8 slots" in seen["about"]
        check_slots(seen)
        check_routes(seen)
        check_lists(seen)
        seen = page.seen()
        assert not seen["errors"]
        assert all(url.startswith((page.url, "data:")) for url in seen["requests"]), seen


def check_bar(seen):
    """In service, then waiting; the stroke stands where the slots end."""
    document = seen["document"]
    serving, waiting, end = seen["bar"]
    unit = serving["width"] / document["concurrency"]["in_service"]
    assert waiting["width"] / unit == pytest.approx(document["concurrency"]["waiting"], rel=0.05)
    assert waiting["left"] == pytest.approx(serving["right"], abs=1)
    assert (end["right"] - serving["left"]) / unit == pytest.approx(document["slots"], rel=0.05)


def check_slots(seen):
    workers = seen["document"]["workers"]
    assert len(seen["cells"]) == len(workers)
    for row, worker in zip(seen["cells"], workers):
        assert len(row) == len(worker["slots"]) == 4
        for n, (cell, slot) in enumerate(zip(row, worker["slots"])):
            assert cell["class"].split()[0] == slot["state"]
            assert cell["label"].startswith(f"worker {worker['worker']}, slot {n}: {slot['state']}")
            if slot["state"] == "busy":
                assert says(cell["text"], slot["age_s"]) and "/sleep" in cell["label"]


def check_routes(seen):
    rows = {row[0]: row for row in seen["routes"]}
    assert len(rows) == len(seen["document"]["routes"])
    for route in seen["document"]["routes"]:
        row = rows[route["route"]]
        assert row[1] == route["class"]
        figures = [route["rate"],
                   *(route[p][k] for p in ("wait", "service") for k in ("mean_s", "p50_s", "p99_s")),
                   route["cpu_share"], route["errors"]]
        for text, figure in zip(row[2:], figures, strict=True):
            assert says(text, figure), (route["route"], text, figure)
    assert seen["routes"][0][0] == "/sleep", "the busiest stands first"


def check_lists(seen):
    document = seen["document"]
    assert {name: int(n) for name, n in seen["connections"]} == {
        **{k.replace("_", " "): v for k, v in document["connections"].items()},
        "accepted since the start": document["totals"]["accepted"]}
    requests = {name: int(n) for name, n in seen["requests"]}
    events = {name: int(n) for name, n in seen["events"]}
    for key in ("arrivals", "completions", "lost"):
        assert requests[key] == document["totals"][key]
    for key in ("moves_in", "moves_out", "claims", "shed_queue_full", "shed_queue_timeout",
                "shed_delay"):
        assert events[key.replace("_", " ")] == document["totals"][key]
    assert requests["status 200"] == document["totals"]["status"]["200"]
    closes = {k.replace("_", " "): v for k, v in document["closes"].items() if v}
    assert {name: int(n) for name, n in seen["closes"] if int(n)} == closes


def test_charts_are_drawn_in_light_and_dark(serve, tmp_path):
    with serve(workers=2, threads=4) as server, Load(server, 12), Browser(server.admin) as page:
        page.wait_live()
        page.wait("littled.littled.uptime_s > 6 && littled.capacity_rps > 0", 30)
        papers = set()
        for scheme in ("light", "dark"):
            page.scheme(scheme=scheme)
            page.wait(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
            page.wait("(window.began ??= littled.littled.uptime_s) < littled.littled.uptime_s - 1")
            parts = page.shoot(path=str(tmp_path / f"{scheme}.png"))
            papers.add(page.look()["paper"])
            for name, part in parts.items():
                assert part["colours"] > 20 and 0.01 < part["ink"] < 0.9, (scheme, name, part)
            for name, colours in (("chart-rate", ("rate", "flight", "service")),
                                  ("chart-times", ("flight", "service")),
                                  ("chart-knee", ("rate", "late"))):
                for colour in colours:
                    assert parts[name]["near"][colour] > 10, (scheme, name, colour, parts[name])
            check_legends(page.look())
        assert len(papers) == 2
        assert not page.seen()["errors"]


def check_legends(seen):
    """What is drawn is named, and the newest values stand beside the names."""
    rate, times, knee = seen["legends"]
    number = r"[\d.]+"
    assert re.search(rf"\d\d:\d\d:\d\d ?RPS {number} ?in flight {number} ?in service {number}$", rate)
    assert re.search(rf"wait p50 {number} .?s ?p99 {number} .?s ?service p50 {number} ms ?"
                     rf"p99 {number} ms$", times), times
    document = seen["document"]
    assert knee.endswith(f"in flight, {document['capacity_rps']:.3g} a second"), knee


def test_a_name_is_never_markup(serve, tmp_path):
    name = "/<b>bold</b><img/src=x/onerror=alert(1)>/"
    conf = tmp_path / "names.ini"
    conf.write_text(f"[route {name}]\napp = workload\n")
    with serve("-c", conf, app=None) as server, Load(server, 1, f"{name}sleep?ms=4000"), \
            Browser(server.admin) as page:
        page.wait_live()
        page.hover(on="#grid td.busy")
        seen = page.look()
        assert any(row[0] == name + "sleep" for row in seen["routes"])
        assert f"busy with {name}sleep for " in seen["slot"]
        page.wait("document.querySelector('#routes b, #routes img, #slot b') === null")
        assert not page.seen()["errors"]


def test_a_worker_that_hangs_is_seen(serve):
    with serve(workers=2, threads=1) as server, Browser(server.admin) as page:
        page.wait_live()
        pid = server.worker_pids()[0]
        os.kill(pid, signal.SIGSTOP)
        try:
            page.wait("/^worker \\d, hangs for \\d+ s$/.test("
                      "document.querySelector('#grid tr.hangs th')?.textContent)", 10)
        finally:
            os.kill(pid, signal.SIGCONT)
        page.wait("document.querySelector('#grid tr.hangs') === null", 10)


def test_a_worker_that_leaves_keeps_its_own_slots(serve, tmp_path):
    """A reload to fewer slots, while a request holds the old worker."""
    conf = tmp_path / "slots.ini"
    conf.write_text("[littled]\nworkers = 1\nthreads = 6\n[route /]\napp = workload\n")
    with serve("-c", conf, app=None, workers=None, threads=None) as server:
        sleeper = Background(lambda: server.get("/sleep?ms=14000"))
        server.wait_busy(1)
        with Browser(server.admin) as page:
            page.wait_live()
            conf.write_text(conf.read_text().replace("= 6", "= 2"))
            server.process.send_signal(signal.SIGHUP)
            page.wait("littled.littled.threads === 2 && littled.workers.length === 2", 10)
            assert sorted(len(row) for row in page.look()["cells"]) == [2, 6]
            page.wait("document.querySelectorAll('#closes tr').length > 0")
            page.wait("littled.workers.length === 1", 20)
            assert [len(row) for row in page.look()["cells"]] == [2]
            assert not page.seen()["errors"]
        assert sleeper.result().status == 200


def test_a_large_grid_stays_small(serve):
    with serve(workers=8, threads=64) as server, Browser(server.admin) as page:
        page.wait_live()
        page.hover(on="#grid tr:nth-child(2) td:last-child")
        seen = page.look()
        assert seen["small"] == "small" and [len(row) for row in seen["cells"]] == [64] * 8
        assert "worker 1, slot 63: idle" in seen["slot"]
        assert 0 <= seen["tip"]["left"] and seen["tip"]["right"] <= 1280, "what it says is in sight"
        page.size(width=360, height=740)
        eventually(lambda: page.look()["wider"] <= 0, 5, "nothing but tables scrolls sideways")


def test_by_keyboard_and_on_a_phone(server):
    server.get("/sleep?ms=20")
    with Browser(server.admin) as page:
        page.wait_live()
        page.focus(on="#grid td[tabindex='0']")
        assert "worker 0, slot 0" in page.look()["focused"]
        page.press(key="ArrowRight")
        seen = page.look()
        assert "worker 0, slot 1" in seen["focused"] and "worker 0, slot 1" in seen["slot"]
        page.press(key="ArrowRight")  # there is no further one
        assert "worker 0, slot 1" in page.look()["focused"]
        page.press(key="Home")
        assert "worker 0, slot 0" in page.look()["focused"]
        page.press(key="End")
        assert "worker 0, slot 1" in page.look()["focused"]
        page.press(key="Escape")
        assert page.look()["tip"] is None
        page.focus(on="#routes th button")
        page.press(key="Enter")
        seen = page.look()
        assert seen["sorted"][0] == "ascending"
        assert [r[0] for r in seen["routes"]] == sorted(r[0] for r in seen["routes"])
        page.press(key="Enter")
        assert [r[0] for r in page.look()["routes"]] == [r[0] for r in seen["routes"]][::-1]
        page.size(width=360, height=740)
        # Charts follow the window a frame or two later.
        eventually(lambda: page.look()["wider"] <= 0, 5, "nothing but tables scrolls sideways")


def is_lost(page):
    page.wait("document.getElementById('link').className === 'lost'")


def test_it_survives_reloads_and_restarts(serve):
    with serve() as server, Browser(server.admin) as page:
        page.wait_live()
        server.process.send_signal(signal.SIGHUP)
        is_lost(page)
        page.wait_live()
        server.stop()
        is_lost(page)
        page.wait("document.title.startsWith('▲ no news')")
        # A reader of the screen is told once, not each second.
        page.wait("document.body.classList.contains('stale')")
        page.wait("(window.changes ??= (() => { const n = { of: 0 };"
                  " new MutationObserver(() => n.of++).observe(document.getElementById('link'),"
                  " { childList: true, subtree: true, characterData: true }); return n; })())")
        page.wait("(window.since ??= Date.now()) < Date.now() - 3500")
        page.wait("window.changes.of === 0", 1)
        with serve(admin_at=server.admin) as other:
            page.wait(f"littled.littled.pid === {other.process.pid}", 30)
            page.wait_live()
            # The charts have the time before, and the gap between.
            page.wait("page.charts.points().some((p, i, all) => i && p.time_s - all[i - 1].time_s > 3)")
        assert not page.seen()["errors"]


def test_one_page_too_many_asks_instead(server):
    """Its figures come all the same; events do when another page goes."""
    watching = [client.Conn(server.admin, timeout=60) for _ in range(16)]
    try:
        for conn in watching:
            conn.send(client.request("/events"))
            assert b" 200 " in conn.until(b"\r\n\r\n")
        server.get("/sleep?ms=20")
        with Browser(server.admin) as page:
            page.wait("document.getElementById('link').textContent === 'asking every second'")
            page.wait("littled.totals.completions === 1 && page.charts.points().length > 1")
            watching.pop().close()
            page.wait_live()
            assert not page.seen()["errors"]
    finally:
        for conn in watching:
            conn.close()


class Folder(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_built_without_npm_it_says_so_and_shows_the_rest(tmp_path):
    subprocess.run([ROOT / "scripts" / "make-page", tmp_path], check=True)
    (tmp_path / "page.html").rename(tmp_path / "index.html")
    assert "uPlot.iife" not in (tmp_path / "index.html").read_text()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(
            Folder, directory=tmp_path)) as folder:
        threading.Thread(target=folder.serve_forever, daemon=True).start()
        with Browser(folder.server_address) as page:
            page.wait("!document.getElementById('no-charts').hidden")
            page.wait("document.querySelector('.charts').hidden")
            assert not page.seen()["errors"]
        folder.shutdown()

"""scripts/load and `littled usl`: a tiny sweep, its page, and a fit found again."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from server import LITTLED, PATIENCE, ROOT, clean_environment, eventually, run_once

pytestmark = pytest.mark.alone  # rates are measured

LOAD = ROOT / "scripts" / "load"
HANDLERS = ("sleep", "cpu", "mixed")
USERS, PERCENT = (1, 2, 4, 8), (50, 110)
FIGURES = [f"{figure}-{h}" for h in HANDLERS for figure in ("rps", "latency", "rate", "usl")]
FIGURES += ["law", "residual"]
ABSURD_S = 98765.4321


def script(name, *args, timeout=120):
    return subprocess.run([sys.executable, str(LOAD / name), *map(str, args)], capture_output=True,
                          text=True, timeout=timeout * PATIENCE,
                          env=clean_environment(LITTLED=LITTLED, PYTHONDONTWRITEBYTECODE=1))


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, steps):
    path.write_text("".join(json.dumps(s) + "\n" for s in steps))
    return path


def usl(text, *args):
    return subprocess.run([LITTLED, "usl", *args], input=text, capture_output=True, text=True,
                          timeout=10 * PATIENCE)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The file of a sweep over 3 handlers on 1 x 2 slots, 6 steps each."""
    path = tmp_path_factory.mktemp("load") / "raw.jsonl"
    done = script("sweep", "--shapes", "1x2", "--concurrency", ",".join(map(str, USERS)), "--percent",
                  ",".join(map(str, PERCENT)), "--duration", 0.4, "--warmup", 0.1, "--output", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def drawn(swept):
    """The folder of the report of it."""
    folder = swept.parent / "report"
    done = script("report", "--to", folder, swept)
    assert done.returncode == 0, done.stderr
    assert str(folder / "index.html") in done.stdout
    return folder


# --- the sweep -------------------------------------------------------------------


def test_each_step_is_a_line(swept):
    steps = read(swept)
    loads = [(s["handler"], s["loop"], s.get("concurrency") or s["percent"]) for s in steps]
    assert loads == [(h, loop, n) for h in HANDLERS
                     for loop, ns in (("closed", USERS), ("open", PERCENT)) for n in ns]
    for s in steps:
        assert (s["workers"], s["threads"], s["server"]["slots"]) == (1, 2, 2)
        assert s["machine"]["cpus"] == len(os.sched_getaffinity(0)) and s["machine"]["kernel"]
        assert s["commit"] is None or re.fullmatch(r"[0-9a-f]{40}\+?", s["commit"])
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+\+00:00", s["time"])
        assert 0 <= s["steal"] <= 1 and s["load_average"] >= 0
        assert s["bench"]["errors"] == 0


def test_the_digest_is_that_of_the_configuration(swept):
    config = run_once("--print-config", "-b", "127.0.0.1:0", "--admin-bind", "127.0.0.1:0", "-w", 1,
                      "--threads", 2, "workload").stdout
    digest = hashlib.sha256(config.encode()).hexdigest()
    assert {s["config_sha256"] for s in read(swept)} == {digest}


def test_the_loads_are_those_asked_for(swept):
    for s in read(swept):
        b = s["bench"]
        if s["loop"] == "closed":
            # Fewer only while an answer is on its way to being the next request.
            assert b["little"]["L"] == pytest.approx(s["concurrency"], rel=0.1)
        else:
            assert b["rate"] == pytest.approx(s["capacity_rps"] * s["percent"] / 100, rel=1e-6)
        if s["handler"] == "sleep":
            assert b["throughput_rps"] <= 2 / 0.020 * 1.1, "two slots, 20 ms each"


def test_little_s_law_leaves_nothing_but_rounding(swept):
    for s in read(swept):
        for side in ("server", "bench"):
            law = s[side]["little"]
            assert abs(law["residual"]) <= 1e-9 * max(1, law["L"])
            assert law["L"] == pytest.approx(law["XW"] + law["edge"], abs=1e-6)
    assert max(s["server"]["little"]["L"] for s in read(swept)) > 1


@pytest.mark.parametrize("args, words", [
    (("--shapes", "0x4"), "WORKERSxTHREADS"),
    (("--shapes", "4"), "WORKERSxTHREADS"),
    (("--handlers", "sleep,fly"), "fly: one of sleep, cpu, mixed"),
    (("--concurrency", "1,two"), "numbers, with commas between"),
    (("--concurrency", "0"), "each from 1"),
    (("--percent", "-5"), "each from 1"),
])
def test_what_cannot_be_swept_is_refused(args, words, tmp_path):
    done = script("sweep", *args, "--output", tmp_path / "raw.jsonl")
    assert done.returncode == 2 and words in done.stderr
    assert not (tmp_path / "raw.jsonl").exists()


def processes_in(folder):
    """Those that work in a folder below this one: sweep's servers do."""
    def cwd(pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            return ""
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and cwd(pid).startswith(f"{folder}/")]


@pytest.mark.parametrize("signal_number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_an_interrupted_sweep_leaves_its_steps_and_no_process(signal_number, status, tmp_path):
    path, folder = tmp_path / "raw.jsonl", tmp_path / "tmp"
    folder.mkdir()
    sweep = subprocess.Popen(
        [sys.executable, str(LOAD / "sweep"), "--handlers", "sleep", "--shapes", "1x2", "--concurrency",
         "1,2,3", "--duration", "0.2", "--warmup", "0", "--percent", "100," * 1000 + "100", "--output",
         str(path)], stderr=subprocess.DEVNULL,
        env=clean_environment(LITTLED=LITTLED, TMPDIR=folder, PYTHONDONTWRITEBYTECODE=1))
    try:
        eventually(lambda: path.exists() and path.read_text().count("\n") >= 2, 20, "two steps are done")
        assert processes_in(folder)
        sweep.send_signal(signal_number)
        assert sweep.wait(20 * PATIENCE) == status
    finally:
        sweep.kill()
        sweep.wait()
    assert [s["concurrency"] for s in read(path)[:2]] == [1, 2]
    assert not processes_in(folder) and not list(folder.iterdir())


# --- the report ------------------------------------------------------------------


def test_the_page_has_every_plot(drawn):
    page = (drawn / "index.html").read_text()
    found = dict(re.findall(r'<figure id="([\w-]+)">(.*?)</figure>', page, re.S))
    assert sorted(found) == sorted(FIGURES)
    for name, figure in found.items():
        assert figure.count("<svg") == figure.count("</svg>") == 1, name
        assert figure.count("<path") > 5 and "<figcaption>" in figure, name
    assert not re.search(r"""(src|href)=["'](?!#)""", page), "it needs no other file"
    assert "<script" not in page


def test_the_plots_are_drawn_from_the_measured_points(drawn, swept):
    """Each marker is one use of a symbol: as many as there are points with something to tell."""
    steps = read(swept)
    for name in HANDLERS:
        svg = (drawn / f"rps-{name}.svg").read_text()
        points = len(re.findall(r"<use xlink:href='#gpPt6'", svg))
        assert points == len(USERS) + 1, "one more in the key"
    law = (drawn / "law.svg").read_text()
    assert len(re.findall(r"<use xlink:href='#gpPt6'", law)) == len(steps) + 2, "with the edge"
    assert len(re.findall(r"<use xlink:href='#gpPt5'", law)) == len(steps) + 1, "and without"
    assert "workers x threads" in (drawn / "rps-sleep.svg").read_text()
    assert re.search(r"knee: [\d.]+ users", (drawn / "usl-sleep.svg").read_text())


def test_each_plot_is_a_picture_too(drawn):
    for name in FIGURES:
        png = (drawn / f"{name}.png").read_bytes()
        assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[12:16] == b"IHDR"
        assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (960, 630)
        assert png[-8:-4] == b"IEND" and len(png) > 5000


def test_percentiles_of_an_unstable_step_are_not_shown(swept, tmp_path):
    steps = [s for s in read(swept) if s["handler"] == "sleep"]
    below, over = (next(s for s in steps if s.get("percent") == p) for p in PERCENT)
    for s in (below, over):
        s["bench"]["latency"].update(p50_s=ABSURD_S, p99_s=ABSURD_S)
    below["bench"]["unstable"] = True
    over["bench"]["unstable"] = False  # the bench may not see it in so short a step
    done = script("report", "--to", tmp_path / "r", write(tmp_path / "raw.jsonl", steps))
    assert done.returncode == 0, done.stderr
    assert "98765" not in (tmp_path / "r" / "plots.gp").read_text()
    page = (tmp_path / "r" / "index.html").read_text()
    assert "98765" not in page
    assert "<td>unstable</td>" in page and "<td>over capacity</td>" in page


@pytest.mark.parametrize("change, words", [
    ({"cut": True, "latency": None}, "the generator cannot keep up"),
    ({"latency": None}, "no good answer"),
])
def test_steps_without_percentiles_are_drawn_with_their_reason(swept, tmp_path, change, words):
    steps = [s for s in read(swept) if s["handler"] == "sleep"]
    for s in steps:
        if s.get("percent") == PERCENT[0]:
            s["bench"].update(change)
    done = script("report", "--to", tmp_path / "r", write(tmp_path / "raw.jsonl", steps))
    assert done.returncode == 0, done.stderr
    assert f"<td>{words}</td>" in (tmp_path / "r" / "index.html").read_text()


def test_the_page_s_fit_is_found_again_from_synthetic_steps(swept, tmp_path):
    steps = [s for s in read(swept) if s["handler"] == "cpu" and s["loop"] == "closed"]
    for s in steps:
        n = s["concurrency"]
        s["bench"]["throughput_rps"] = 250 * n / (1 + 0.05 * (n - 1) + 0.004 * n * (n - 1))
    done = script("report", "--to", tmp_path / "r", write(tmp_path / "raw.jsonl", steps))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "r" / "index.html").read_text()
    row = re.search(r"<td>1 x 2</td><td>250.0</td><td>0.0500</td><td>0.004000</td><td>1.000</td>"
                    r"<td>([\d.]+)</td><td>15.4</td><td>([\d.]+)</td>", page)
    assert row, "gamma, alpha, beta, R2, knee, peak, highest RPS"
    assert float(row.group(1)) * 250 == pytest.approx(float(row.group(2)), rel=0.01)
    assert '<figure id="usl-cpu">' in page and '<figure id="rate-cpu">' not in page


def test_without_a_fit_the_page_says_why(swept, tmp_path):
    steps = [s for s in read(swept) if s.get("concurrency") in (1, 2)]
    done = script("report", "--to", tmp_path / "r", write(tmp_path / "raw.jsonl", steps))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "r" / "index.html").read_text()
    assert "three different N are needed" in page and '<figure id="usl-cpu">' not in page


@pytest.mark.parametrize("text, words", [
    ("", "no steps in"), ("{}\n", ":1: not a step"), ("[1]\n", ":1: not a step"),
    ("what?\n", ":1: not a step"), (None, "No such file"),
])
def test_what_is_no_sweep_is_refused(text, words, tmp_path):
    path = tmp_path / "raw.jsonl"
    if text is not None:
        path.write_text(text)
    done = script("report", "--to", tmp_path / "r", path)
    assert done.returncode == 1 and words in done.stderr
    assert not (tmp_path / "r").exists()


# --- littled usl -----------------------------------------------------------------


@pytest.mark.short
def test_the_fit_is_found_again():
    gamma, alpha, beta = 995.6, 0.0267, 0.00077
    law = lambda n: gamma * n / (1 + alpha * (n - 1) + beta * n * (n - 1))
    ns = (1, 2, 4, 8, 16, 32, 64, 128)
    done = usl("# N X\n\n" + "".join(f"{n} {law(n)!r}\n" for n in ns))
    assert done.returncode == 0, done.stderr
    fit = json.loads(done.stdout)
    assert fit["gamma"] == pytest.approx(gamma, rel=1e-6)
    assert fit["alpha"] == pytest.approx(alpha, rel=1e-6)
    assert fit["beta"] == pytest.approx(beta, rel=1e-6)
    assert fit["r2"] == pytest.approx(1)
    assert fit["peak"] == pytest.approx(((1 - alpha) / beta) ** 0.5, rel=1e-6)
    assert fit["ceiling"] == pytest.approx(law(fit["peak"]), rel=1e-6)
    assert fit["knee"] == pytest.approx(fit["ceiling"] / gamma, rel=1e-6)
    assert [p["N"] for p in fit["points"]] == list(ns)
    for n, x in fit["curve"]:
        assert x == pytest.approx(law(n), rel=1e-6)
    assert fit["curve"][0][0] == 1 and fit["curve"][-1][0] == pytest.approx(128)


def test_a_straight_line_has_no_knee():
    fit = json.loads(usl("1 100\n2 200\n4 400\n8 800\n").stdout)
    assert fit["gamma"] == pytest.approx(100) and fit["peak"] is None


@pytest.mark.short
@pytest.mark.parametrize("text, args, status, words", [
    ("", (), 1, "no fit to 0 points: three different N are needed"),
    ("1 100\n2 200\n2 201\n", (), 1, "no fit to 3 points"),
    ("1 100\n2 two\n", (), 1, "two numbers above 0 are wanted, N and X (line 2)"),
    ("1 1\n" * 5000, (), 1, "more than 4096 points (line 4097)"),
    ("1 1 1\n" + "x" * 100000, (), 1, "(line 1)"),
    ("1 100\n", ("file",), 2, "littled usl: file: lines are read from standard input"),
])
def test_what_cannot_be_fitted_is_refused(text, args, status, words):
    done = usl(text, *args)
    assert (done.returncode, done.stdout) == (status, "") and words in done.stderr


def test_usl_tells_how_it_is_used():
    done = usl("", "--help")
    assert done.returncode == 0 and "Usage: littled usl" in done.stdout and done.stderr == ""

"""
What is drawn, and gnuplot drawing it.  Each plot is some blocks of data and the commands over them; the
script of all plots is kept beside the page, to be changed and run again by hand.
"""

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "bench"))
from measured import Unavailable, littled  # noqa: E402

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
SVG = "svg size 640,420 dynamic font 'sans-serif,13' background '#ffffff'"
KEY = "set key outside right top title 'workers x threads' left"
PNG = "pngcairo size 960,630 font 'sans,13' background '#ffffff'"


class Plot:
    """One figure: its file's name, what it shows in words, and gnuplot's commands."""

    def __init__(self, name, title, says):
        self.name, self.title, self.says = name, title, says
        self.settings, self.blocks, self.curves = [], [], []

    def set(self, *settings):
        self.settings += settings

    def data(self, rows):
        """A data block's name."""
        block = f"$d{len(self.blocks)}"
        lines = [" ".join(f"{v:.9g}" for v in row) for row in rows]
        self.blocks.append("\n".join([f"{block} << EOD", *lines, "EOD"]))
        return block

    def curve(self, rows, how, title=None):
        """Draws rows, unless there are none."""
        if rows:
            named = f"title '{title}'" if title else "notitle"
            self.curves.append(f"{self.data(rows)} {how} {named}")

    def script(self):
        """For both terminals."""
        title = self.title.replace("'", "''")
        text = ["reset session", *self.blocks, "set grid lt 1 lw 0.7 lc rgb '#d0d0d0'", "set key top left",
                f"set title '{title}'", *self.settings]
        for terminal, suffix in ((f"{SVG} name '{self.name.replace('-', '_')}'", "svg"), (PNG, "png")):
            text += [f"set terminal {terminal}", f"set output '{self.name}.{suffix}'",
                     "plot " + ", \\\n     ".join(self.curves), "unset output"]
        return "\n".join(text) + "\n"


def shape_of(step):
    return (step["workers"], step["threads"])


def shapes_of(steps):
    return sorted({shape_of(s) for s in steps}, key=lambda p: (p[0] * p[1], p))


def of_shape(steps, shape, loop):
    key = "concurrency" if loop == "closed" else "percent"
    return sorted((s for s in steps if shape_of(s) == shape and s["loop"] == loop), key=lambda s: s[key])


def named(shape):
    return f"{shape[0]} x {shape[1]}"


def in_colours(steps):
    return [(shape, COLOURS[i % len(COLOURS)]) for i, shape in enumerate(shapes_of(steps))]


def has_percentiles(step):
    """Without a steady state they only measure how long the step was."""
    is_over = step["loop"] == "open" and step["percent"] >= 100
    return not is_over and verdict(step) is None


def verdict(step):
    """In words, why the generator gives no percentiles; None when it does."""
    b = step["bench"]
    if b["unstable"]:
        return "unstable"
    if b.get("cut"):
        return "the generator cannot keep up"
    return None if b["latency"] else "no good answer"


def latency(steps, key, quantile):
    return [(s[key], s["bench"]["latency"][quantile] * 1e3) for s in steps if has_percentiles(s)]


# --- the fit -------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def fit_usl(points):
    """What `littled usl` makes of ((N, X), ...), or a sentence why it makes nothing of them."""
    lines = "".join(f"{n:.9g} {x:.9g}\n" for n, x in points)
    done = subprocess.run([littled(), "usl"], input=lines, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def fits(steps):
    """[(shape, fit or sentence)] of one handler's closed loop."""
    return [(shape, fit_usl(tuple((s["concurrency"], s["bench"]["throughput_rps"])
                                  for s in of_shape(steps, shape, "closed"))))
            for shape in shapes_of(steps)]


# --- the figures -----------------------------------------------------------------


def over_concurrency(plot, unit):
    plot.set("set logscale x 2", "set xlabel 'concurrency (users of a closed loop)'",
             f"set ylabel '{unit}'")


def rps_plot(handler, steps):
    plot = Plot(f"rps-{handler}", f"{handler}: RPS over concurrency",
                "Throughput grows with concurrency until the slots (or the CPUs) are busy, then no more.")
    over_concurrency(plot, "requests a second")
    plot.set("set yrange [0:*]", KEY)
    for shape, colour in in_colours(steps):
        rows = [(s["concurrency"], s["bench"]["throughput_rps"]) for s in of_shape(steps, shape, "closed")]
        plot.curve(rows, f"with linespoints lc rgb '{colour}' lw 2 pt 7 ps 0.8", named(shape))
    return plot


def latency_plot(name, title, says, key, loop, steps):
    plot = Plot(name, title, says)
    for shape, colour in in_colours(steps):
        rows = of_shape(steps, shape, loop)
        plot.curve(latency(rows, key, "p50_s"), f"with linespoints lc rgb '{colour}' lw 2 pt 7 ps 0.8",
                   f"{named(shape)} p50")
        plot.curve(latency(rows, key, "p99_s"),
                   f"with linespoints lc rgb '{colour}' lw 1 dt 2 pt 6 ps 0.8", f"{named(shape)} p99")
    plot.set("set logscale y", KEY)
    return plot


def latency_over_concurrency(handler, steps):
    plot = latency_plot(f"latency-{handler}", f"{handler}: latency over concurrency",
                        "Past the knee each further user only adds to everybody's wait.",
                        "concurrency", "closed", steps)
    over_concurrency(plot, "latency, ms")
    return plot


def latency_over_rate(handler, steps):
    plot = latency_plot(f"rate-{handler}", f"{handler}: latency over rate",
                        "Arrivals at random times: waits grow long before the capacity is reached. At and "
                        "over it (dotted) no percentile is drawn: it would only tell how long the step was.",
                        "percent", "open", steps)
    plot.set("set xrange [0:115]", "set xlabel 'arrivals, percent of capacity'", "set ylabel 'latency, ms'",
             "set arrow from first 100, graph 0 to first 100, graph 1 nohead dt 3 lc rgb '#666666'")
    return plot


def usl_plot(handler, steps):
    plot = Plot(f"usl-{handler}", f"{handler}: universal scalability law",
                "Points: measured. Lines: the fit of littled usl. Dashed: its knee, where straight growth "
                "would have reached the highest throughput.")
    over_concurrency(plot, "requests a second")
    plot.set("set yrange [0:*]", KEY)
    for (shape, fit), (_, colour) in zip(fits(steps), in_colours(steps)):
        if isinstance(fit, str):
            continue
        plot.curve([(p["N"], p["X"]) for p in fit["points"]], f"with points lc rgb '{colour}' pt 7 ps 1",
                   named(shape))
        plot.curve(fit["curve"], f"with lines lc rgb '{colour}' lw 2")
        if fit["knee"] is not None:
            plot.curve([(fit["knee"], 0), (fit["knee"], fit["ceiling"])],
                       f"with lines lc rgb '{colour}' lw 1.5 dt 2", f"knee: {fit['knee']:.1f} users")
    return plot


def law_plot(steps):
    plot = Plot("law", "Little's law: L against X W, as the server counts them",
                "Each step, both loops. Filled: X W and the edge, which lie on the diagonal. Hollow: X W alone; "
                "what it lacks is the edge, the requests in flight when the window began or ended.")
    most = max(max(s["server"]["little"]["L"], s["server"]["little"]["XW"]) for s in steps)
    plot.set("set xlabel 'X W + edge (filled), X W alone (hollow), requests'", "set ylabel 'L, requests (integral of concurrency)'")
    plot.curve([(0, 0), (most or 1, most or 1)], "with lines lc rgb '#999999'", "L = X W")
    for i, loop in enumerate(("closed", "open")):
        laws = [s["server"]["little"] for s in steps if s["loop"] == loop]
        plot.curve([(law["XW"], law["L"]) for law in laws],
                   f"with points lc rgb '#80{COLOURS[i][1:]}' pt 6 ps 0.8")
        plot.curve([(law["XW"] + law["edge"], law["L"]) for law in laws],
                   f"with points lc rgb '{COLOURS[i]}' pt 7 ps 0.8", f"{loop} loop")
    return plot


def residual_plot(steps):
    plot = Plot("residual", "Residual of Little's law: L - X W - edge",
                "What is left when the edges are counted: 0, but for rounding, while the statistics are "
                "right.")
    plot.set("set xlabel 'L, requests'", "set ylabel 'residual, requests'", "set format y '%g'",
             "set key top right")
    largest = max(abs(s[side]["little"]["residual"]) for s in steps for side in ("server", "bench"))
    plot.set(f"set yrange [{-2 * largest or -1e-12:g}:{2 * largest or 1e-12:g}]")
    for i, (side, title) in enumerate((("server", "server"), ("bench", "generator"))):
        rows = [(s[side]["little"]["L"], s[side]["little"]["residual"]) for s in steps]
        plot.curve(rows, f"with points lc rgb '{COLOURS[i]}' pt {7 - i} ps {0.6 + 0.4 * i}", title)
    return plot


FIGURES = (rps_plot, latency_over_concurrency, latency_over_rate, usl_plot)


def figures(by_handler, steps):
    """[(handler or None, plots)], without those there is no data for."""
    groups = [(name, [make(name, own) for make in FIGURES]) for name, own in by_handler.items()]
    groups.append((None, [law_plot(steps), residual_plot(steps)]))
    return [(name, [p for p in plots if p.curves]) for name, plots in groups]


def draw(plots, folder):
    """FOLDER/NAME.svg and .png of each, by FOLDER/plots.gp."""
    if not shutil.which("gnuplot"):
        raise Unavailable("no gnuplot: scripts/setup installs it (gnuplot-nox)")
    script = Path(folder) / "plots.gp"
    script.write_text("\n".join(p.script() for p in plots), encoding="utf-8")
    done = subprocess.run(["gnuplot", script.name], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"gnuplot: {done.stderr.strip()}")

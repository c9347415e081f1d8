/*
 * The charts of the last ten minutes, by uPlot.  Points are what /history.json and the events have; the
 * newest values stand in the legends, or those at the pointer.
 */
"use strict";
page.charts = (() => {
	const { $, round, words, clock, say, make } = page;
	const CHART_S = 600;
	const GAP_S = 3; /* points come each second: the server was away */
	const RECENT_S = 60;
	const FEW = 30; /* so many values are points, too: a line needs neighbours */
	const FAR = 25; /* a knee so many times beyond what was seen would leave nothing to see of that */

	let points = []; /* oldest first */
	let stats = null; /* the last document */
	const charts = [];
	const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
	const or_none = (say_it) => (v) => (v === null || v === undefined ? "–" : say_it(v));

	/* --- data -------------------------------------------------------------------- */

	/* Lines break where the server was away. */
	function timeline(...values) {
		const rows = [];
		for (const p of points) {
			const before = rows[rows.length - 1];
			if (before && p.time_s - before.time_s > GAP_S) rows.push({ time_s: before.time_s + 1 });
			rows.push(p);
		}
		return [rows.map((p) => p.time_s), ...values.map((value) => rows.map((p) => value(p) ?? null))];
	}
	const figure = (key) => (p) => p[key];
	/* A second in which nothing ended has no percentiles. */
	const percentile = (key) => (p) => (p.throughput_rps > 0 ? p[key] : null);

	function by_concurrency() {
		const sorted = [...points].sort((a, b) => a.concurrency - b.concurrency);
		const since = points.length ? points[points.length - 1].time_s - RECENT_S : 0;
		return [sorted.map((p) => p.concurrency),
			sorted.map((p) => (p.time_s > since ? null : p.throughput_rps)),
			sorted.map((p) => (p.time_s > since ? p.throughput_rps : null))];
	}

	/* --- looks ------------------------------------------------------------------- */

	/* As wide as its longest number. */
	const width_of = (u, ticks) => Math.max(...(ticks || []).map((t) => t.length), 2) * 6.5 + 14;
	const axis = (label, name, more) => ({
		label, labelSize: 18, labelGap: 0, labelFont: "12px system-ui", font: "11px system-ui",
		stroke: () => colour(name), grid: { stroke: () => colour("line"), width: 1 },
		ticks: { stroke: () => colour("line"), size: 4 }, ...more,
	});
	const upright = (label, name, more) => axis(label, name, { size: width_of, ...more });
	const times = () => axis(undefined, "faint", {
		space: 64, size: 26, values: (u, ticks, i, space, step) => ticks.map((t) => clock(t * 1000, step < 60)),
	});
	const line = (name, more) => ({
		stroke: () => colour(name), width: 1.75,
		points: { size: 4, show: (u, i) => u.data[i].filter((v) => v !== null).length < FEW }, ...more,
	});
	const dots = (name, alpha) => ({
		paths: () => null,
		points: { show: true, size: 6, width: 0, fill: () => colour(name) + alpha, stroke: () => colour(name) + alpha },
	});
	/* Two scales on one chart reach differently far: else what is proportional would lie on itself. */
	const from_zero = (room) => ({ range: (u, low, high) => [0, high > 0 ? high * room : 1] });

	function pen(u, name) {
		const c = u.ctx, { left, top, width, height } = u.bbox;
		c.save();
		c.beginPath();
		c.rect(left, top, width, height);
		c.clip();
		c.strokeStyle = c.fillStyle = colour(name);
		c.font = `${12 * devicePixelRatio}px system-ui`;
		c.lineWidth = 1.25 * devicePixelRatio;
		c.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
		c.beginPath();
		return { c, left, top, right: left + width, bottom: top + height, px: devicePixelRatio };
	}

	/* What the slots can hold, on the scale of the concurrency. */
	function draw_slots(u) {
		if (!stats || stats.slots > u.scales.n.max) return;
		const { c, left, right, px } = pen(u, "faint");
		const y = u.valToPos(stats.slots, "n", true);
		c.moveTo(left, y);
		c.lineTo(right, y);
		c.stroke();
		c.fillText(`${stats.slots} slots`, left + 4 * px, y - 5 * px);
		c.restore();
	}

	/* The lines that bound what the slots can do: so many at once, so many a second; the knee is where they meet. */
	function draw_knee(u) {
		if (!stats || !stats.capacity_rps) return;
		const { c, left, top, right, bottom, px } = pen(u, "late");
		const x = u.valToPos(stats.slots, "x", true), y = u.valToPos(stats.capacity_rps, "y", true);
		c.moveTo(u.valToPos(0, "x", true), u.valToPos(0, "y", true));
		c.lineTo(x, y);
		c.lineTo(right, y);
		c.moveTo(x, y);
		c.lineTo(x, bottom);
		c.stroke();
		if (x <= right && y >= top) {
			c.setLineDash([]);
			c.beginPath();
			c.arc(x, y, 4.5 * px, 0, 2 * Math.PI);
			c.stroke();
			c.textAlign = x > (left + right) / 2 ? "right" : "left";
			c.fillText("knee", x, y - 8 * px);
		}
		c.restore();
	}
	const reach = (own) => ({
		range: (u, low, high) => {
			const knee = (stats && stats.capacity_rps && own(stats)) || 0;
			return [0, (high > 0 && knee > FAR * high ? high : Math.max(knee, high || 0, 0.1)) * 1.15];
		},
	});
	const knee_in_words = () => (stats && stats.capacity_rps ?
		`${stats.slots} in flight, ${round(stats.capacity_rps)} a second` : "–");

	/* --- the three ----------------------------------------------------------------- */

	/* In a legend: words, what they look like, and the text of a column of the data. */
	const plans = [
		["chart-rate", () => timeline(...["concurrency", "in_service", "throughput_rps"].map(figure)), {
			/* Drawn in this order: what waits is the band between the first two. */
			series: [{}, line("flight", { scale: "n" }),
				line("service", { scale: "n", fill: () => colour("service") + "30" }), line("rate")],
			bands: [{ series: [1, 2], fill: () => colour("flight") + "30" }],
			scales: { y: from_zero(1.35), n: from_zero(1.08) },
			axes: [times(), upright("requests a second", "rate"),
				upright("concurrency", "flight", { scale: "n", side: 1, grid: { show: false } })],
			cursor: { sync: { key: "time" } },
			hooks: { draw: [draw_slots] },
		}, [["RPS", "rate", 3, round], ["in flight", "flight", 1, round], ["in service", "service", 2, round]]],
		["chart-times", () => timeline(...["wait_p50_s", "wait_p99_s", "service_p50_s", "service_p99_s"].map(percentile)), {
			series: [{}, line("flight", { spanGaps: true }), line("flight", { spanGaps: true, dash: [5, 4] }),
				line("service", { spanGaps: true }), line("service", { spanGaps: true, dash: [5, 4] })],
			scales: { y: from_zero(1.08) },
			axes: [times(), upright("wait, service", "faint", { values: (u, ticks) => ticks.map(words.seconds) })],
			cursor: { sync: { key: "time" } },
		}, [["wait p50", "flight", 1, words.seconds], ["p99", "flight dashed", 2, words.seconds],
			["service p50", "service", 3, words.seconds], ["p99", "service dashed", 4, words.seconds]]],
		["chart-knee", by_concurrency, {
			series: [{}, dots("rate", "66"), dots("rate", "")],
			scales: { x: { time: false, ...reach((s) => s.slots) }, y: reach((s) => s.capacity_rps) },
			axes: [axis("concurrency, requests in flight", "faint", { size: 26 }), upright("requests a second", "faint")],
			hooks: { draw: [draw_knee] },
		}, [["each second of the last minute", "rate dot", 0, null], ["before", "rate dot earlier", 0, null],
			["knee", "late dashed", 0, knee_in_words]]],
	];

	function make_legend(place, entries) {
		const time = make("span", place);
		const texts = entries.map(([text, look]) => {
			const [tone, shape = "", age = ""] = look.split(" ");
			const entry = make("span", place, undefined, `${tone} ${age}`.trim());
			make("i", entry, undefined, shape);
			entry.append(text + " ");
			return make("b", entry);
		});
		return (u) => {
			const at = u.cursor.idx ?? u.data[0].length - 1;
			if (u.axes[0].label === undefined)
				say(time, u.data[0].length ? clock(u.data[0][at] * 1000) : "");
			entries.forEach(([, , column, text], i) =>
				text && say(texts[i], or_none(text)(column ? u.data[column][at] : 0)));
		};
	}

	function open_one([id, data, options, entries]) {
		const place = $(id).querySelector(".plot");
		const size = () => ({ width: Math.max(place.clientWidth, 200), height: 240 });
		const tell = make_legend($(id).querySelector(".legend"), entries);
		const hooks = { ...options.hooks, setCursor: [tell], setData: [tell] };
		const u = new uPlot({ ...size(), legend: { show: false }, ...options, hooks }, data(), place);
		const canvas = u.root.querySelector("canvas");
		canvas.setAttribute("role", "img");
		canvas.setAttribute("aria-label", $(id).querySelector("figcaption").textContent);
		new ResizeObserver(() => u.setSize(size())).observe(place);
		charts.push({ u, data, tell });
	}

	function open() {
		if (typeof uPlot === "undefined") {
			say($("no-charts"), "This server was built without charts: uPlot could not be had from npm then. " +
				"All figures are here; history.json has those the charts would show.");
			$("no-charts").hidden = false;
			document.querySelector(".charts").hidden = true;
			return;
		}
		plans.forEach(open_one);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
	}

	function draw() {
		const old = points.length && points[points.length - 1].time_s - CHART_S;
		points = points.filter((p) => p.time_s > old);
		for (const { u, data, tell } of charts) {
			u.setData(data());
			tell(u);
		}
		say($("charts-since"), points.length ? `since ${clock(points[0].time_s * 1000)}` : "");
	}

	return {
		open,
		/* What a server knows; what was seen before it started stays. */
		load: (all) => {
			points = all.length ? [...points.filter((p) => p.time_s < all[0].time_s), ...all] : points;
			draw();
		},
		points: () => points,
		/* Comes just before the document of the same second, with which both are drawn. */
		add: (p) => {
			if (!points.length || p.time_s > points[points.length - 1].time_s) points.push(p);
		},
		know: (document) => { stats = document; draw(); },
	};
})();

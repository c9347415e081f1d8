/*
 * The statistics page.  It shows what /events brings, a document like /stats.json and a point like
 * those of /history.json each second, and computes no figure of its own: it places and rounds them.
 */
"use strict";
(() => {
	const WINDOW_S = 10; /* of the document that is asked for when no events come */
	const CHART_S = 600;
	const SILENCE_MS = 5000; /* events come each second: what is shown is then old */
	const SPEAK_MS = 15000; /* a reader of the screen cannot follow more often */
	const $ = (id) => document.getElementById(id);

	/* --- words ------------------------------------------------------------------ */

	const round = (n) => {
		if (n === 0) return "0";
		return Math.abs(n) >= 100 ? n.toFixed(0) : String(Number(n.toPrecision(3)));
	};
	const words = {
		number: round,
		count: (n) => String(n),
		share: (n) => round(n * 100) + " %",
		seconds: (s) => (s === 0 ? "0 s" : s < 0.001 ? round(s * 1e6) + " µs" :
			s < 1 ? round(s * 1e3) + " ms" : round(s) + " s"),
		text: (t) => t,
	};
	const age = (s) => (s < 120 ? round(s) + " s" : s < 7200 ? Math.floor(s / 60) + " min" :
		s < 172800 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " days");
	const plain = (name) => name.replaceAll("_", " ");

	/* Writes only what has changed: the rest keeps its selection, and costs nothing. */
	function say(node, text) {
		if (node.textContent !== text) node.textContent = text;
	}
	function attribute(node, name, value) {
		if (node.getAttribute(name) !== value) node.setAttribute(name, value);
	}
	function make(tag, parent, text) {
		const node = document.createElement(tag);
		if (text !== undefined) node.textContent = text;
		parent.append(node);
		return node;
	}

	/* --- figures ------------------------------------------------------------------ */

	const places = [...document.querySelectorAll("[data-from]")].map((node) => ({
		node, path: node.dataset.from.split("."), say: words[node.dataset.as || "text"],
	}));
	let spoken_ms = 0;

	function show_figures(stats) {
		for (const p of places)
			say(p.node, p.say(p.path.reduce((value, key) => value[key], stats)));
		const l = stats.littled;
		say($("about"), `${l.version}, process ${l.pid}, up ${age(l.uptime_s)}, ` +
			`${l.workers} workers × ${l.threads} threads = ${l.slots} slots`);
		if (Date.now() - spoken_ms > SPEAK_MS) {
			spoken_ms = Date.now();
			say($("spoken"), stats.sentence);
		}
	}

	/* --- slots ---------------------------------------------------------------------- */

	const body = $("grid").tBodies[0];
	let at = [0, 0]; /* the cell that Tab comes to */
	let pointed = null; /* the one whose words are shown */

	const step = (s) => (s < 0.1 ? 0 : s < 1 ? 1 : s < 10 ? 2 : 3);

	function show_slot(td, worker, slot, n) {
		const busy = slot.state === "busy";
		const what = busy ? `busy with ${slot.route} for ${words.seconds(slot.age_s)}` :
			`${plain(slot.state)} for ${age(slot.age_s)}`;
		const look = slot.state + (busy ? " age" + step(slot.age_s) : "");
		if (td.className !== look) td.className = look;
		say(td, busy ? words.seconds(slot.age_s) : slot.state === "idle" ? "·" : "×");
		attribute(td, "aria-label", `worker ${worker.worker}, slot ${n}: ${what}, ${slot.served} served`);
	}

	/* So many rows of so many cells, made once and kept. */
	function fit(rows, cells) {
		while (body.rows.length > rows) body.deleteRow(-1);
		while (body.rows.length < rows) make("th", body.insertRow()).scope = "row";
		for (const row of body.rows) {
			while (row.cells.length > cells + 1) row.deleteCell(-1);
			while (row.cells.length < cells + 1) {
				const td = row.insertCell();
				td.setAttribute("role", "gridcell");
				td.tabIndex = -1;
			}
		}
	}

	function show_slots(stats) {
		fit(stats.workers.length, stats.littled.threads);
		stats.workers.forEach((worker, y) => {
			const row = body.rows[y];
			say(row.cells[0], `worker ${worker.worker}, ${worker.state}` +
				(worker.queued ? `, ${worker.queued} queued` : ""));
			worker.slots.forEach((slot, n) => show_slot(row.cells[n + 1], worker, slot, n));
		});
		at = [Math.min(at[0], body.rows.length - 1), Math.min(at[1], stats.littled.threads - 1)];
		const cell = cell_at(at);
		if (cell) cell.tabIndex = 0;
		if (pointed) say($("slot"), pointed.isConnected ? pointed.getAttribute("aria-label") : "");
	}

	const cell_at = ([y, x]) => body.rows[y] && body.rows[y].cells[x + 1];

	function point_at(td) {
		pointed = td;
		say($("slot"), td ? td.getAttribute("aria-label") || "" : "");
	}
	body.addEventListener("mouseover", (e) => point_at(e.target.closest("td")));
	body.addEventListener("focusin", (e) => {
		const td = e.target.closest("td");
		if (!td) return;
		const old = cell_at(at);
		if (old) old.tabIndex = -1;
		at = [td.parentNode.rowIndex, td.cellIndex - 1];
		td.tabIndex = 0;
		point_at(td);
	});
	body.addEventListener("click", (e) => {
		const td = e.target.closest("td");
		if (td) td.focus();
	});
	const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
	body.addEventListener("keydown", (e) => {
		const way = ways[e.key];
		const to = way && cell_at([at[0] + way[0], Math.max(0, at[1] + way[1])]);
		if (!to) return;
		e.preventDefault();
		to.focus();
	});

	/* --- routes ----------------------------------------------------------------------- */

	const columns = [
		["Route", "text", (r) => r.route],
		["Class", "text", (r) => r.class],
		["Rate /s", "number", (r) => r.rate],
		["Wait mean", "seconds", (r) => r.wait.mean_s],
		["p50", "seconds", (r) => r.wait.p50_s],
		["p99", "seconds", (r) => r.wait.p99_s],
		["Service mean", "seconds", (r) => r.service.mean_s],
		["p50", "seconds", (r) => r.service.p50_s],
		["p99", "seconds", (r) => r.service.p99_s],
		["CPU share", "share", (r) => r.cpu_share],
		["Errors", "count", (r) => r.errors],
	];
	const head = make("tr", $("routes").tHead);
	const order = { column: 2, down: true };
	let routes = [];

	columns.forEach(([name], i) => {
		const th = make("th", head);
		th.scope = "col";
		const button = make("button", th, name);
		button.type = "button";
		if (name.startsWith("p"))
			button.setAttribute("aria-label", (i < 6 ? "Wait " : "Service ") + name);
		button.addEventListener("click", () => {
			order.down = order.column === i ? !order.down : i > 1;
			order.column = i;
			show_routes();
		});
	});

	function compare(a, b) {
		const value = columns[order.column][2];
		const [x, y] = order.down ? [value(b), value(a)] : [value(a), value(b)];
		return x < y ? -1 : x > y ? 1 : a.route < b.route ? -1 : 1;
	}

	function show_routes() {
		const rows = $("routes").tBodies[0];
		[...head.cells].forEach((th, i) => attribute(th, "aria-sort",
			i !== order.column ? "none" : order.down ? "descending" : "ascending"));
		while (rows.rows.length > routes.length) rows.deleteRow(-1);
		while (rows.rows.length < routes.length) {
			const row = rows.insertRow();
			columns.forEach((_, i) => {
				if (i === 0) make("th", row).scope = "row";
				else row.insertCell();
			});
		}
		[...routes].sort(compare).forEach((route, y) => columns.forEach(([, as, value], x) =>
			say(rows.rows[y].cells[x], words[as](value(route)))));
	}

	/* --- lists ------------------------------------------------------------------------- */

	function show_list(id, entries) {
		const rows = $(id).tBodies[0];
		while (rows.rows.length > entries.length) rows.deleteRow(-1);
		while (rows.rows.length < entries.length) {
			const row = rows.insertRow();
			make("th", row).scope = "row";
			row.insertCell();
		}
		entries.forEach(([name, n], y) => {
			say(rows.rows[y].cells[0], plain(name));
			say(rows.rows[y].cells[1], words.count(n));
		});
	}

	const always = ["arrivals", "completions", "lost", "accepted", "moves_in", "moves_out", "claims"];
	const when_any = /^(moves_refused|shed_|refused_|written_off|crowded_out|rescues)/;

	function show_lists(stats) {
		const totals = stats.totals;
		const sheds = Object.keys(totals).filter((k) => k.startsWith("shed_"));
		const others = Object.keys(totals).filter((k) => when_any.test(k) && !sheds.includes(k) && totals[k]);
		const status = Object.entries(totals.status).map(([code, n]) => ["status " + code, n]);
		const closes = Object.entries(stats.closes).filter(([, n]) => n).sort((a, b) => b[1] - a[1]);
		show_list("connections", Object.entries(stats.connections));
		show_list("events", [...always, ...sheds, ...others].map((k) => [k, totals[k]]).concat(status));
		show_list("closes", closes.length ? closes : [["none yet", 0]]);
	}

	/* --- charts -------------------------------------------------------------------------- */

	let points = []; /* oldest first */
	let last = null; /* document */
	const charts = [];
	const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

	const pick = (...keys) => () => keys.map((key) => points.map((p) => p[key]));
	const by_concurrency = () => {
		const sorted = [...points].sort((a, b) => a.concurrency - b.concurrency);
		return [sorted.map((p) => p.concurrency), sorted.map((p) => p.throughput_rps)];
	};

	const axis = (label, more) => ({
		label, labelSize: 18, labelFont: "12px system-ui", font: "11px system-ui", stroke: () => colour("faint"),
		grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line") }, ...more,
	});
	const line = (label, name, more) => ({
		label, stroke: () => colour(name), width: 1.5, points: { show: false },
		value: (u, v) => (v === null || v === undefined ? "–" : round(v)), ...more,
	});
	const from_zero = { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] };
	const seconds = { value: (u, v) => (v === null || v === undefined ? "–" : words.seconds(v)) };
	const in_seconds = { values: (u, ticks) => ticks.map(words.seconds), size: 62 };

	/* The lines that bound what the slots can do: so many at once, so many a second. */
	function draw_knee(u) {
		if (!last || !last.capacity_rps) return;
		const x = u.valToPos(last.slots, "x", true), y = u.valToPos(last.capacity_rps, "y", true);
		const { left, top, width, height } = u.bbox;
		const c = u.ctx;
		c.save();
		c.strokeStyle = c.fillStyle = colour("late");
		c.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
		c.lineWidth = devicePixelRatio;
		c.beginPath();
		c.moveTo(u.valToPos(0, "x", true), u.valToPos(0, "y", true));
		c.lineTo(x, y);
		c.lineTo(left + width, y);
		c.moveTo(x, top);
		c.lineTo(x, top + height);
		c.stroke();
		c.font = `${11 * devicePixelRatio}px system-ui`;
		c.textAlign = "right";
		c.fillText(`${last.slots} slots`, x - 4 * devicePixelRatio, top + height - 6 * devicePixelRatio);
		c.textAlign = "left";
		c.fillText(`c/S = ${round(last.capacity_rps)} /s`, left + 6 * devicePixelRatio, y - 5 * devicePixelRatio);
		c.restore();
	}
	const knee_range = (own) => ({
		range: (u, low, high) => [0, Math.max(high || 0, (last && own(last)) || 0, 1) * 1.12],
	});

	const plans = [
		["chart-rate", pick("time_s", "throughput_rps", "concurrency", "in_service"), {
			series: [{}, line("RPS", "rate"), line("in flight", "flight", { scale: "n" }),
				line("in service", "service", { scale: "n" })],
			scales: { y: from_zero, n: from_zero },
			axes: [axis(), axis("requests a second"),
				axis("concurrency", { scale: "n", side: 1, grid: { show: false } })],
		}],
		["chart-times", pick("time_s", "wait_p50_s", "wait_p99_s", "service_p50_s", "service_p99_s"), {
			series: [{}, line("wait p50", "rate", seconds), line("wait p99", "rate", { ...seconds, dash: [6, 4] }),
				line("service p50", "service", seconds),
				line("service p99", "service", { ...seconds, dash: [6, 4] })],
			scales: { y: from_zero },
			axes: [axis(), axis("", in_seconds)],
		}],
		["chart-knee", by_concurrency, {
			series: [{ label: "in flight", value: (u, v) => (v === null || v === undefined ? "–" : round(v)) },
				line("RPS", "rate", { paths: () => null,
					points: { show: true, size: 4, fill: () => colour("rate"), stroke: () => colour("rate") } })],
			scales: { x: { time: false, ...knee_range((s) => s.slots) }, y: knee_range((s) => s.capacity_rps) },
			axes: [axis("concurrency"), axis("requests a second")],
			hooks: { draw: [draw_knee] },
		}],
	];

	function open_charts() {
		if (typeof uPlot === "undefined") {
			say($("no-charts"), "This server was built without charts: uPlot could not be had from npm then. " +
				"All figures are below; history.json has those the charts would show.");
			$("no-charts").hidden = false;
			document.querySelector(".charts").hidden = true;
			return;
		}
		for (const [id, data, options] of plans) {
			const place = $(id).querySelector(".plot");
			const size = () => ({ width: Math.max(place.clientWidth, 200), height: 240 });
			const u = new uPlot({ ...size(), ...options }, data(), place);
			u.root.querySelector("canvas").setAttribute("role", "img");
			u.root.querySelector("canvas").setAttribute("aria-label", $(id).querySelector("figcaption").textContent);
			new ResizeObserver(() => u.setSize(size())).observe(place);
			charts.push({ u, data });
		}
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw_charts);
	}

	function draw_charts() {
		const old = points.length && points[points.length - 1].time_s - CHART_S;
		points = points.filter((p) => p.time_s > old);
		for (const { u, data } of charts) u.setData(data());
		const first = points.length && new Date(points[0].time_s * 1000).toLocaleTimeString();
		say($("charts-since"), first ? `from ${first} on` : "");
	}

	async function get(path) {
		const answer = await fetch(path, { cache: "no-store" });
		if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
		return answer.json();
	}

	async function load_history() {
		const h = await get("history.json");
		const keys = Object.keys(h).filter((k) => k !== "points");
		points = h.time_s.map((_, i) => Object.fromEntries(keys.map((k) => [k, h[k][i]])));
		draw_charts();
	}

	/* --- what comes ------------------------------------------------------------------------- */

	let heard_ms = Date.now();

	function show(stats) {
		last = stats;
		heard_ms = Date.now();
		for (const part of [show_figures, show_slots, show_lists]) part(stats);
		routes = stats.routes;
		show_routes();
		document.body.classList.remove("stale");
		window.littled = stats; /* what is shown, for whoever looks with other tools */
	}

	function link(text, is_lost) {
		say($("link"), text);
		$("link").className = is_lost ? "lost" : "";
	}

	function take_point(p) {
		if (points.length && p.time_s <= points[points.length - 1].time_s) return;
		points.push(p);
		draw_charts();
	}

	/* Without events (too many pages watch): ask, and try for events again now and then. */
	async function poll() {
		for (let i = 0; i < 10; i++) {
			try {
				show(await get("stats.json?window=" + WINDOW_S));
				if (i === 0) await load_history();
				link("asking every second", false);
			} catch {
				link("the server cannot be reached; trying again", true);
			}
			await new Promise((done) => setTimeout(done, 1000));
		}
		open_events();
	}

	function open_events() {
		const source = new EventSource("events");
		source.addEventListener("open", () => {
			link("live", false);
			load_history().catch(() => {});
		});
		source.addEventListener("point", (e) => take_point(JSON.parse(e.data)));
		source.addEventListener("stats", (e) => show(JSON.parse(e.data)));
		source.addEventListener("error", () => {
			link("the connection was lost; trying again", true);
			if (source.readyState === EventSource.CLOSED) poll();
		});
	}

	setInterval(() => {
		const silent = Date.now() - heard_ms;
		document.body.classList.toggle("stale", silent > SILENCE_MS);
		if (silent > SILENCE_MS) link(`no news for ${Math.round(silent / 1000)} s; trying again`, true);
	}, 1000);
	open_charts();
	open_events();
})();

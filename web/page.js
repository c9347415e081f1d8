/*
 * The statistics page.  It shows what /events brings, a document like /stats.json and a point like
 * those of /history.json each second, and computes no figure of its own: it places and rounds them.
 */
"use strict";
(() => {
	const WINDOW_S = 10; /* of the document that is asked for when no events come */
	const SILENCE_MS = 5000; /* events come each second: what is shown is then old */
	const SPEAK_MS = 15000; /* a reader of the screen cannot follow more often */
	const HANGS_S = 2; /* a worker's loop turns more often */
	const MANY_SLOTS = 16; /* of a worker: their cells become small */
	const { $, round, words, age, clock, say, attribute, look, make, charts } = page;
	const plain = (name) => name.replaceAll("_", " ");

	/* --- figures ------------------------------------------------------------------ */

	const places = [...document.querySelectorAll("[data-from]")].map((node) => ({
		node, path: node.dataset.from.split("."), say: words[node.dataset.as || "text"],
	}));
	let spoken_ms = 0;

	function show_bar(stats) {
		const { waiting, in_service, total } = stats.concurrency;
		const long = (n) => `${(100 * n) / Math.max(total, stats.slots)}%`;
		const [serving_part, waiting_part, end] = $("bar").children;
		serving_part.style.width = long(in_service);
		waiting_part.style.width = long(waiting);
		end.style.left = long(stats.slots);
	}

	function show_figures(stats) {
		for (const p of places)
			say(p.node, p.say(p.path.reduce((value, key) => value[key], stats)));
		show_bar(stats);
		const l = stats.littled;
		say($("about"), `${l.version}, process ${l.pid}, up ${age(l.uptime_s)}, ` +
			`${l.workers} workers × ${l.threads} threads = ${l.slots} slots`);
		document.title = `${round(stats.throughput_rps)} RPS, ${round(stats.concurrency.total)} in flight · littled`;
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
		look(td, slot.state + (busy ? " age" + step(slot.age_s) : ""));
		say(td, busy ? words.seconds(slot.age_s) : slot.state === "idle" ? "·" : "×");
		attribute(td, "aria-label", `worker ${worker.worker}, slot ${n}: ${what}, ${slot.served} served`);
	}

	function make_row() {
		const th = make("th", body.insertRow());
		th.scope = "row";
		make("span", th);
		make("b", th);
	}

	/* A row for each, made once and kept.  One that is leaving may have other slots than its successor. */
	function fit(workers) {
		while (body.rows.length > workers.length) body.deleteRow(-1);
		while (body.rows.length < workers.length) make_row();
		workers.forEach((worker, y) => {
			const row = body.rows[y], cells = worker.slots.length;
			while (row.cells.length > cells + 1) row.deleteCell(-1);
			while (row.cells.length < cells + 1) {
				const td = row.insertCell();
				td.setAttribute("role", "gridcell");
				td.tabIndex = -1;
			}
		});
		look($("grid"), workers.some((w) => w.slots.length > MANY_SLOTS) ? "small" : "");
	}

	function show_slots(stats) {
		fit(stats.workers);
		stats.workers.forEach((worker, y) => {
			const row = body.rows[y];
			const [name, queue] = row.cells[0].children;
			const hangs = worker.state === "ready" && worker.heartbeat_age_s > HANGS_S;
			look(row, hangs ? "hangs" : "");
			say(name, `worker ${worker.worker}` + (worker.state === "ready" ? "" : `, ${worker.state}`) +
				(hangs || worker.queued ? ", " : ""));
			say(queue, hangs ? `hangs for ${age(worker.heartbeat_age_s)}` :
				worker.queued ? `${worker.queued} queued` : "");
			worker.slots.forEach((slot, n) => show_slot(row.cells[n + 1], worker, slot, n));
		});
		const y = Math.min(at[0], body.rows.length - 1);
		at = [y, Math.min(at[1], Math.max(0, (body.rows[y]?.cells.length ?? 2) - 2))];
		const cell = cell_at(at);
		if (cell) cell.tabIndex = 0;
		point_at(pointed && pointed.isConnected ? pointed : null);
	}

	const cell_at = ([y, x]) => body.rows[y] && body.rows[y].cells[x + 1];

	/* Its words stand under it. */
	function point_at(td) {
		const box = $("slot");
		pointed = td;
		say(box, td ? td.getAttribute("aria-label") || "" : "");
		box.hidden = !box.textContent;
		if (box.hidden) return;
		const cell = td.getBoundingClientRect();
		const most = document.documentElement.clientWidth - box.offsetWidth - 8;
		box.style.left = `${Math.max(8, Math.min(cell.left, most)) + scrollX}px`;
		box.style.top = `${cell.bottom + scrollY + 6}px`;
	}
	const focused_cell = () => (body.contains(document.activeElement) ? document.activeElement : null);
	body.addEventListener("mouseover", (e) => point_at(e.target.closest("td") || focused_cell()));
	body.addEventListener("mouseleave", () => point_at(focused_cell()));
	body.addEventListener("focusout", () => point_at(null));
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
	const ways = {
		ArrowUp: ([y, x]) => [y - 1, x], ArrowDown: ([y, x]) => [y + 1, x],
		ArrowLeft: ([y, x]) => [y, Math.max(0, x - 1)], ArrowRight: ([y, x]) => [y, x + 1],
		Home: ([y]) => [y, 0], End: ([y]) => [y, body.rows[y].cells.length - 2],
	};
	body.addEventListener("keydown", (e) => {
		if (e.key === "Escape") point_at(null);
		const to = ways[e.key] && cell_at(ways[e.key](at));
		if (!to) return;
		e.preventDefault();
		to.focus();
	});

	/* --- routes ----------------------------------------------------------------------- */

	/* A phase of which there was none in the window has no times. */
	const of = (phase, key) => (r) => (r[phase].count ? r[phase][key] : null);
	const columns = [
		["Route", "text", (r) => r.route],
		["Class", "text", (r) => r.class],
		["Rate /s", "number", (r) => r.rate],
		["mean", "seconds", of("wait", "mean_s"), "Wait"],
		["p50", "seconds", of("wait", "p50_s"), "Wait"],
		["p99", "seconds", of("wait", "p99_s"), "Wait"],
		["mean", "seconds", of("service", "mean_s"), "Service"],
		["p50", "seconds", of("service", "p50_s"), "Service"],
		["p99", "seconds", of("service", "p99_s"), "Service"],
		["CPU share", "share", (r) => (r.service.count ? r.cpu_share : null)],
		["Errors", "count", (r) => r.errors],
	];
	const order = { column: 2, down: true };
	const heads = [];
	let routes = [];

	/* What times belong to stands over them. */
	function make_heads() {
		const above = make("tr", $("routes").tHead), below = make("tr", $("routes").tHead);
		columns.forEach(([name, as, , group], i) => {
			const begins = group && group !== columns[i - 1][3];
			if (begins) {
				const over = make("th", above, group, "over");
				over.scope = "colgroup";
				over.colSpan = columns.filter((c) => c[3] === group).length;
			}
			const th = make("th", group ? below : above, undefined, as === "text" ? "left" : begins ? "first" : "");
			th.scope = "col";
			th.rowSpan = group ? 1 : 2;
			const button = make("button", th, name);
			button.type = "button";
			if (group) button.setAttribute("aria-label", `${group} ${name}`);
			button.addEventListener("click", () => {
				order.down = order.column === i ? !order.down : i > 1;
				order.column = i;
				show_routes();
			});
			heads.push(th);
		});
	}

	function compare(a, b) {
		const value = columns[order.column][2];
		const [x, y] = order.down ? [value(b), value(a)] : [value(a), value(b)];
		return x < y ? -1 : x > y ? 1 : a.route < b.route ? -1 : 1;
	}

	function make_route(rows) {
		const row = rows.insertRow();
		columns.forEach(([, as, , group], i) => {
			const cell = make(i === 0 ? "th" : "td", row);
			if (i === 0) cell.scope = "row";
			if (as === "text") cell.className = "left";
			if (group && group !== columns[i - 1][3]) cell.className = "first";
		});
	}

	function show_route(row, route) {
		columns.forEach(([, as, value], x) => {
			const it = value(route);
			say(row.cells[x], it === null ? "–" : words[as](it));
		});
		attribute(row.cells[0], "title", route.route);
		look(row, route.count || route.errors ? "" : "quiet");
		look(row.cells[columns.length - 1], route.errors ? "bad" : "");
	}

	function show_routes() {
		const rows = $("routes").tBodies[0];
		heads.forEach((th, i) => attribute(th, "aria-sort",
			i !== order.column ? "none" : order.down ? "descending" : "ascending"));
		while (rows.rows.length > routes.length) rows.deleteRow(-1);
		while (rows.rows.length < routes.length) make_route(rows);
		[...routes].sort(compare).forEach((route, y) => show_route(rows.rows[y], route));
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
			look(rows.rows[y].cells[1], n ? "" : "none");
		});
	}

	const always = ["moves_in", "moves_out", "claims"];
	const when_any = /^(moves_refused|refused_|written_off|crowded_out|rescues)/;

	function show_lists(stats) {
		const totals = stats.totals;
		const sheds = Object.keys(totals).filter((k) => k.startsWith("shed_"));
		const others = Object.keys(totals).filter((k) => when_any.test(k) && totals[k]);
		const status = Object.entries(totals.status).map(([code, n]) => ["status " + code, n]);
		const closes = Object.entries(stats.closes).filter(([, n]) => n).sort((a, b) => b[1] - a[1]);
		const named = (keys) => keys.map((k) => [k, totals[k]]);
		show_list("connections", [...Object.entries(stats.connections), ["accepted since the start", totals.accepted]]);
		show_list("requests", [...named(["arrivals", "completions", "lost"]), ...status]);
		show_list("events", named([...always, ...sheds, ...others]));
		show_list("closes", closes.length ? closes : [["none yet", 0]]);
	}

	/* --- what comes ------------------------------------------------------------------------- */

	let heard_ms = Date.now();

	function show(stats, how) {
		heard_ms = Date.now();
		link(how, "live");
		charts.know(stats);
		for (const part of [show_figures, show_slots, show_lists]) part(stats);
		routes = stats.routes;
		show_routes();
		document.body.classList.remove("stale");
		window.littled = stats; /* what is shown, for whoever looks with other tools */
	}

	function link(text, name) {
		say($("link"), text);
		look($("link"), name);
	}

	const is_silent = () => Date.now() - heard_ms > SILENCE_MS;

	/* Says it once, not each second: it is read aloud. */
	function lose() {
		link(is_silent() ? `no news since ${clock(heard_ms)}; trying again` :
			"the connection was lost; trying again", "lost");
		document.title = "▲ no news · littled";
	}

	async function get(path) {
		const answer = await fetch(path, { cache: "no-store" });
		if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
		return answer.json();
	}

	async function load_history() {
		const h = await get("history.json");
		const keys = Object.keys(h).filter((k) => k !== "points");
		charts.load(h.time_s.map((_, i) => Object.fromEntries(keys.map((k) => [k, h[k][i]]))));
	}

	/* Without events (too many pages watch): ask, and try for events again now and then. */
	async function poll() {
		for (let i = 0; i < 10; i++) {
			try {
				show(await get("stats.json?window=" + WINDOW_S), "asking every second");
				if (i === 0) await load_history();
			} catch {
				lose();
			}
			await new Promise((done) => setTimeout(done, 1000));
		}
		open_events();
	}

	function open_events() {
		const source = new EventSource("events");
		source.addEventListener("open", () => load_history().catch(() => {}));
		source.addEventListener("point", (e) => charts.add(JSON.parse(e.data)));
		source.addEventListener("stats", (e) => show(JSON.parse(e.data), "live"));
		source.addEventListener("error", () => {
			if (source.readyState === EventSource.CLOSED) poll();
			else lose();
		});
	}

	setInterval(() => {
		document.body.classList.toggle("stale", is_silent());
		if (is_silent()) lose();
	}, 1000);
	make_heads();
	charts.open();
	open_events();
})();

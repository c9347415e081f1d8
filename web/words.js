/* How figures are said, and put into the page: what the other scripts share. */
"use strict";
const page = (() => {
	const $ = (id) => document.getElementById(id);

	const round = (n) => {
		if (n === 0) return "0";
		return Math.abs(n) >= 100 ? n.toFixed(0) : String(Number(n.toPrecision(3)));
	};
	const words = {
		number: round,
		count: (n) => String(n),
		share: (n) => (n > 0 && n < 0.001 ? "< 0.1 %" : round(n * 100) + " %"),
		seconds: (s) => (s === 0 ? "0 s" : s < 0.001 ? round(s * 1e6) + " µs" :
			s < 1 ? round(s * 1e3) + " ms" : round(s) + " s"),
		text: (t) => t,
	};
	const age = (s) => (s < 1 ? words.seconds(s) : s < 120 ? Math.floor(s) + " s" :
		s < 7200 ? Math.floor(s / 60) + " min" : s < 172800 ? Math.floor(s / 3600) + " h" :
		Math.floor(s / 86400) + " days");
	const clock = (ms, with_seconds = true) => {
		const t = new Date(ms);
		const parts = [t.getHours(), t.getMinutes(), ...(with_seconds ? [t.getSeconds()] : [])];
		return parts.map((n) => String(n).padStart(2, "0")).join(":");
	};

	/* Writes only what has changed: the rest keeps its selection, and costs nothing. */
	function say(node, text) {
		if (node.textContent !== text) node.textContent = text;
	}
	function attribute(node, name, value) {
		if (node.getAttribute(name) !== value) node.setAttribute(name, value);
	}
	function look(node, name) {
		if (node.className !== name) node.className = name;
	}
	function make(tag, parent, text, name) {
		const node = document.createElement(tag);
		if (text !== undefined) node.textContent = text;
		if (name) node.className = name;
		parent.append(node);
		return node;
	}

	return { $, round, words, age, clock, say, attribute, look, make };
})();

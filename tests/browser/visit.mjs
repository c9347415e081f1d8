/*
 * A page in a real browser, for tests: chromium by playwright-core.
 *
 *     node visit.mjs FOLDER URL        FOLDER/node_modules has the packages of web/package-lock.json
 *
 * Reads a step a line from standard input, {"do": NAME, ...}, and answers each with a line of JSON.
 */
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { resolve } from "node:path";

const [folder, url] = process.argv.slice(2);
const { chromium } = createRequire(resolve(folder, "package.json"))("playwright-core");
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 1400 } });
const page = await context.newPage();
const seen = { errors: [], requests: [] };
page.on("pageerror", (e) => seen.errors.push(e.message));
page.on("console", (m) => {
	/* That a server is away is what some tests are about. */
	if (m.type() === "error" && !m.text().includes("Failed to load resource")) seen.errors.push(m.text());
});
page.on("request", (r) => seen.requests.push(r.url()));

/* What is shown and the document it is from, in one go: no event comes between. */
const look = () => page.evaluate(() => {
	const text = (node) => node.textContent.trim().replace(/\s+/g, " ");
	const rows = (id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((r) => [...r.cells].map(text));
	const shown = {};
	for (const node of document.querySelectorAll("[data-from]")) shown[node.dataset.from] = text(node);
	return {
		document: window.littled, shown, routes: rows("routes"), connections: rows("connections"),
		events: rows("events"), requests: rows("requests"), closes: rows("closes"), about: text(document.getElementById("about")),
		link: text(document.getElementById("link")), slot: text(document.getElementById("slot")),
		cells: [...document.querySelectorAll("#grid tr")].map((r) => [...r.querySelectorAll("td")].map((c) =>
			({ class: c.className, text: text(c), label: c.getAttribute("aria-label") }))),
		focused: document.activeElement.getAttribute("aria-label"),
		sorted: [...document.querySelectorAll("#routes th[aria-sort]")].map((th) => th.getAttribute("aria-sort")),
		title: document.title, small: document.getElementById("grid").className,
		tip: document.getElementById("slot").hidden ? null :
			document.getElementById("slot").getBoundingClientRect().toJSON(),
		bar: [...document.getElementById("bar").children].map((n) => n.getBoundingClientRect().toJSON()),
		legends: [...document.querySelectorAll(".legend")].map(text),
		wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		paper: getComputedStyle(document.body).backgroundColor,
	};
});

/* Of a picture's part: how many colours, how much is not paper, and how many pixels are near each colour asked for. */
async function measure(png, box, colours) {
	const probe = await context.newPage();
	try {
		return await probe.evaluate(async ([data, b, wanted]) => {
			const image = new Image();
			image.src = "data:image/png;base64," + data;
			await image.decode();
			const c = Object.assign(document.createElement("canvas"), { width: b.width, height: b.height })
				.getContext("2d", { willReadFrequently: true });
			c.drawImage(image, -b.x, -b.y);
			const { data: d } = c.getImageData(0, 0, b.width, b.height);
			const rgb = (text) => text.match(/[0-9a-f]{2}/gi).map((h) => parseInt(h, 16));
			const targets = Object.entries(wanted).map(([name, text]) => [name, rgb(text)]);
			const all = new Map(), near = Object.fromEntries(targets.map(([name]) => [name, 0]));
			for (let i = 0; i < d.length; i += 4) {
				const key = (d[i] << 16) | (d[i + 1] << 8) | d[i + 2];
				all.set(key, (all.get(key) || 0) + 1);
				for (const [name, t] of targets)
					near[name] += Math.abs(d[i] - t[0]) + Math.abs(d[i + 1] - t[1]) + Math.abs(d[i + 2] - t[2]) < 60;
			}
			const most = Math.max(...all.values());
			return { colours: all.size, ink: 1 - most / (d.length / 4), near };
		}, [png.toString("base64"), box, colours]);
	} finally {
		await probe.close();
	}
}

async function shoot({ path, full }) {
	const png = await page.screenshot({ path, fullPage: !!full });
	const names = ["rate", "flight", "service", "late"];
	const colours = await page.evaluate((list) => Object.fromEntries(list.map((n) =>
		[n, getComputedStyle(document.documentElement).getPropertyValue("--" + n).trim()])), names);
	const parts = {};
	for (const id of ["chart-rate", "chart-times", "chart-knee"]) {
		/* Within the axes, whose words have colours, too. */
		const box = await page.locator(`#${id} .u-over`).boundingBox();
		const whole = Object.fromEntries(Object.entries(box).map(([k, v]) => [k, Math.round(v)]));
		parts[id] = await measure(png, whole, colours);
	}
	return parts;
}

/* Not by page.waitForFunction(), which the page's policy forbids; the debugger asks from outside. */
async function wait({ what, within }) {
	const cdp = await context.newCDPSession(page);
	for (const end = Date.now() + within; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
		const { result } = await cdp.send("Runtime.evaluate", { expression: `!!(${what})`, returnByValue: true });
		if (result.value === true) return cdp.detach();
	}
	throw new Error(`not within ${within} ms: ${what}`);
}

const steps = {
	look,
	shoot,
	seen: () => seen,
	open: () => page.goto(url).then((answer) => answer.status()),
	wait,
	scheme: ({ scheme }) => page.emulateMedia({ colorScheme: scheme }),
	size: ({ width, height }) => page.setViewportSize({ width, height }),
	click: ({ on }) => page.locator(on).first().click(),
	focus: ({ on }) => page.locator(on).first().focus(),
	hover: ({ on }) => page.locator(on).first().hover(),
	press: ({ key }) => page.keyboard.press(key),
};

for await (const line of createInterface({ input: process.stdin })) {
	const step = JSON.parse(line);
	let answer;
	try {
		answer = { is: (await steps[step.do](step)) ?? null };
	} catch (e) {
		answer = { error: String(e) };
	}
	process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();

/* The lab's report as one HTML page that needs nothing else.  Pure.  Runs in: any. */
#include <math.h>

#include <littled/version.h>

#include "cmd/lab_report.h"

static const char head[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>littled lab</title>\n<style>\n"
	":root { color-scheme: light dark }\n"
	"body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; "
	"padding: 0 1rem }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #8884 }\n"
	"th:first-child, td:first-child { text-align: left }\n"
	".pass { color: #1a7f37 } .fail { color: #cf222e; font-weight: bold } .inconclusive { "
	"color: #9a6700 }\n"
	".note { color: #777 }\n"
	"</style>\n";

static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			buf_puts(out, "&lt;");
		else if (*text == '>')
			buf_puts(out, "&gt;");
		else if (*text == '&')
			buf_puts(out, "&amp;");
		else
			buf_append(out, text, 1);
	}
}

static void put_paragraph(struct buf *out, const char *text)
{
	if (!text || !*text)
		return;
	buf_puts(out, "<p class=\"note\">");
	put_text(out, text);
	buf_puts(out, "</p>\n");
}

static void put_bound(struct buf *out, double value, const char *unit)
{
	buf_puts(out, "<td>");
	if (!isinf(value))
		lab_format(out, value, unit);
	buf_puts(out, "</td>");
}

static void put_verdict(struct buf *out, const char *tag, const char *verdict)
{
	buf_printf(out, "<%s class=\"%s\">%s</%s>", tag, verdict, verdict, tag);
}

static void put_figure(struct buf *out, const struct lab_figure *f)
{
	buf_puts(out, "<tr><td>");
	put_text(out, f->what);
	buf_puts(out, "</td>");
	put_bound(out, f->predicted, f->unit);
	put_bound(out, f->measured, f->unit);
	put_bound(out, lab_figure_low(f), f->unit);
	put_bound(out, lab_figure_high(f), f->unit);
	put_verdict(out, "td", lab_figure_verdict(f));
	buf_puts(out, "</tr>\n");
}

static void put_outcome(struct buf *out, const struct lab_outcome *o)
{
	const struct lab_trial *t = &o->median;

	buf_printf(out, "<h2 id=\"e%u\">%u. ", o->experiment->number, o->experiment->number);
	put_text(out, o->experiment->claim);
	buf_puts(out, ": ");
	put_verdict(out, "span", lab_verdict_names[o->verdict]);
	buf_puts(out, "</h2>\n");
	put_paragraph(out, o->error);
	if (t->figures) {
		buf_puts(out, "<table><tr><th></th><th>predicted</th><th>measured</th><th>from</th>"
			      "<th>to</th><th>verdict</th></tr>\n");
		for (unsigned i = 0; i < t->figures; i++)
			put_figure(out, &t->figure[i]);
		buf_puts(out, "</table>\n");
		buf_printf(
			out,
			"<p class=\"note\">Little's law in %u runs: L and X &times; W apart by "
			"%.2g %% at most, residual %.2g. Measured %u times; other processes took "
			"%.1f %% of the CPU time, other machines %.1f %%.</p>\n",
			t->runs, t->gap * 100, t->residual, o->trials, t->others * 100,
			t->steal * 100);
	}
	put_paragraph(out, t->note);
	put_paragraph(out, o->experiment->remark);
}

void lab_report_html(struct buf *out, const struct lab_report *r)
{
	buf_puts(out, head);
	buf_puts(out, "<h1>What is claimed, and what is so</h1>\n<p>littled " LTD_VERSION ". ");
	lab_report_sum(out, r);
	buf_puts(out, "</p>\n<table><tr><th>claim</th><th>verdict</th></tr>\n");
	for (unsigned i = 0; i < r->count; i++) {
		const struct lab_outcome *o = &r->outcome[i];

		buf_printf(out, "<tr><td><a href=\"#e%u\">%u. ", o->experiment->number,
			   o->experiment->number);
		put_text(out, o->experiment->claim);
		buf_puts(out, "</a></td>");
		put_verdict(out, "td", lab_verdict_names[o->verdict]);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</table>\n");
	for (unsigned i = 0; i < r->count; i++)
		put_outcome(out, &r->outcome[i]);
	buf_puts(out, "</html>\n");
}

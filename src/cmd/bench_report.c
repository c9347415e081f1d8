/* What is printed of a result; every figure comes from bench_result or bench_flow. */
#include "cmd/bench_report.h"

#include <stdlib.h>
#include <string.h>

#include <littled/version.h>

#include "base/clock.h"

#define MS 1e-6 /* nanoseconds to milliseconds */
#define S 1e-9

/* The columns of every latency line, in all three forms. */
static const struct {
	const char *name;
	double quantile;
} quantiles[] = { { "p50", .5 }, { "p90", .9 }, { "p99", .99 }, { "p999", .999 }, { "max", 1 } };

#define QUANTILES (sizeof quantiles / sizeof *quantiles)

/* What is not all targets is one of them. */
#define ALL (-1)

typedef const struct hist *hist_fn(const struct target_result *t);

static const struct hist *latency_of(const struct target_result *t)
{
	return &t->latency;
}

static const struct hist *service_of(const struct target_result *t)
{
	return &t->service;
}

static struct hist_sum hist_of(const struct result *r, int target, hist_fn *which)
{
	struct hist_sum sum;

	memset(&sum, 0, sizeof sum);
	for (unsigned i = 0; i < r->count; i++)
		if (target == ALL || target == (int)i)
			hist_merge(&sum, which(&r->target[i]));
	return sum;
}

static uint64_t outcome_count(const struct result *r, int target, enum outcome o)
{
	return target == ALL ? result_total(r, o) : r->target[target].by_outcome[o];
}

static uint64_t offered_count(const struct result *r, int target)
{
	return target == ALL ? result_offered(r) : r->target[target].offered;
}

/* --- text ------------------------------------------------------------------ */

static void text_heading(struct buf *out, const struct bench_options *o, const struct result *r,
			 const struct flow_law *law)
{
	if (bench_is_open(o))
		buf_printf(out, "open loop, %s arrivals at %.10g a second",
			   o->arrival == ARRIVAL_POISSON ? "poisson" : "constant", o->rate);
	else
		buf_printf(out, "closed loop, %lu user%s", o->concurrency,
			   o->concurrency == 1 ? "" : "s");
	if (o->pool)
		buf_printf(out, ", pool of %lu connections", o->pool);
	else
		buf_puts(out,
			 o->keep_alive ? ", kept-alive connections" : ", a new connection each");
	buf_printf(out, ", seed %lu\n%.3f s measured", o->seed, law->window_s);
	if (o->warmup_ns)
		buf_printf(out, " after %g s of warm-up", (double)o->warmup_ns * S);
	buf_puts(out, r->was_stopped ? ", stopped early\n\n" : "\n\n");
}

static void text_count(struct buf *out, const char *name, uint64_t count, double window_s)
{
	buf_printf(out, "  %-12s %10lu  %10.1f /s\n", name, count,
		   window_s > 0 ? (double)count / window_s : 0);
}

static void text_outcome(struct buf *out, const struct result *r, enum outcome o)
{
	buf_printf(out, "    %-10s %10lu  %s", outcome_names[o], result_total(r, o),
		   outcome_texts[o]);
	if (o == OUTCOME_CONNECT && r->connect_error)
		buf_printf(out, ": %s", strerror(r->connect_error));
	buf_puts(out, "\n");
}

static void text_counts(struct buf *out, const struct result *r, double window_s)
{
	text_count(out, "offered", result_offered(r), window_s);
	text_count(out, "completed", r->flow.departures, window_s);
	text_count(out, "ok", result_total(r, OUTCOME_OK), window_s);
	text_count(out, "503", result_total(r, OUTCOME_SHED), window_s);
	text_count(out, "errors", result_errors(r), window_s);
	for (enum outcome o = OUTCOME_CLIENT; o < OUTCOMES; o++)
		if (result_total(r, o))
			text_outcome(out, r, o);
	buf_printf(
		out, "  connections  %10lu opened, %lu closed by the server while idle, %lu requests asked twice\n",
		r->connects, r->reconnects, r->retries);
	if (r->held)
		buf_printf(
			out, "  held back    %10lu requests waited for a connection (part of their latency)\n",
			r->held);
}

static void text_law(struct buf *out, const struct result *r, const struct flow_law *law)
{
	buf_printf(out, "  in flight    L = %.3f (integral), ", law->L);
	if (!r->was_cut) /* else what was issued too late to be counted was more */
		buf_printf(out, "most %lu, ", r->flow.max);
	buf_printf(out, "at the end %lu\n", r->flow.at_close.in_flight);
	buf_printf(out, "  X x W        %.3f = %.2f /s x %.6f s; edges %+.3f, residual %.3f\n",
		   law->XW, law->X, law->W_s, law->edge, law->residual);
}

/* Of no requests there is no time, not even none. */
static void text_ms(struct buf *out, const struct hist_sum *h, double ns)
{
	if (h->count)
		buf_printf(out, " %10.3f", ns * MS);
	else
		buf_printf(out, " %10s", "-");
}

static void text_latency(struct buf *out, const char *name, const struct hist_sum *h)
{
	buf_printf(out, "  %10lu", h->count);
	text_ms(out, h, hist_mean_ns(h));
	for (size_t i = 0; i < QUANTILES; i++)
		text_ms(out, h, hist_quantile_ns(h, quantiles[i].quantile));
	buf_printf(out, "  %s\n", name);
}

static void text_latencies(struct buf *out, const struct bench_options *o, const struct result *r,
			   const char *title, hist_fn *which)
{
	struct hist_sum sum = hist_of(r, ALL, which);

	buf_printf(out, "\n%s\n  %10s %10s", title, "count", "mean");
	for (size_t i = 0; i < QUANTILES; i++)
		buf_printf(out, " %10s", quantiles[i].name);
	buf_puts(out, "\n");
	text_latency(out, "all", &sum);
	for (unsigned i = 0; r->count > 1 && i < r->count; i++) {
		sum = hist_of(r, (int)i, which);
		text_latency(out, o->targets.target[i].url, &sum);
	}
}

/* What stands instead of percentiles, when they would not tell of the server. */
static void text_verdict(struct buf *out, const struct bench_options *o, const struct result *r,
			 const struct flow_law *law)
{
	if (result_is_unstable(r))
		buf_printf(out,
			   "\nunstable: arrivals exceed capacity (%.1f /s came, %.1f /s left; %lu "
			   "more in flight\n"
			   "at the end than at the beginning): percentiles would only measure the "
			   "run's length\n",
			   law->lambda, law->X,
			   r->flow.at_close.in_flight - r->flow.at_open.in_flight);
	if (result_is_mostly_late(r))
		buf_printf(out,
			   "\nmost requests had no answer in %g s: percentiles of the others would "
			   "only "
			   "measure that limit\n",
			   (double)o->timeout_ns * S);
	if (r->was_cut)
		buf_printf(out,
			   "\nthe generator cannot keep up: it sent %lu of about %.0f requests and "
			   "gave up the rest;\n"
			   "percentiles would only measure its own lateness\n",
			   result_offered(r), o->rate * law->window_s);
}

static void text_lag(struct buf *out, const struct result *r)
{
	struct hist_sum lag = { 0 };

	hist_merge(&lag, &r->lag);
	buf_printf(out, "\ngenerator: late by p50 %.3f, p99 %.3f, at most %.3f ms\n",
		   hist_quantile_ns(&lag, .5) * MS, hist_quantile_ns(&lag, .99) * MS,
		   (double)lag.max_ns * MS);
	if (result_lags(r))
		buf_puts(out, "WARNING: the generator itself was late: it could not keep to its "
			      "schedule. Latencies\n"
			      "hold its lateness too, and the server got the load later than "
			      "planned.\n");
}

static void text_warnings(struct buf *out, const struct bench_options *o, const struct result *r)
{
	uint64_t unanswered = result_total(r, OUTCOME_TIMEOUT),
		 unfinished = result_total(r, OUTCOME_UNFINISHED);

	if (unanswered)
		buf_printf(
			out, "WARNING: %lu requests had no answer in %g s; the latencies leave them out.\n",
			unanswered, (double)o->timeout_ns * S);
	if (unfinished && !result_is_unstable(r))
		buf_printf(
			out, "WARNING: %lu requests were not waited for; the latencies leave them out.\n",
			unfinished);
	if (r->was_short || result_total(r, OUTCOME_LOCAL))
		buf_puts(out,
			 "WARNING: the generator ran out of descriptors or ports: requests waited "
			 "in it "
			 "for one,\n"
			 "which is part of their latency. `ulimit -n` allows more descriptors, "
			 "--max-in-flight\n"
			 "asks for fewer.\n");
}

void report_text(struct buf *out, const struct bench_options *o, const struct result *r)
{
	struct flow_law law = flow_law(&r->flow);

	text_heading(out, o, r, &law);
	text_counts(out, r, law.window_s);
	text_law(out, r, &law);
	if (!result_has_percentiles(r)) {
		text_verdict(out, o, r, &law);
	} else if (result_total(r, OUTCOME_OK)) {
		text_latencies(out, o, r,
			       bench_is_open(o) ? "latency, ms, from the intended time"
						: "latency, ms",
			       latency_of);
		if (bench_is_open(o))
			text_latencies(out, o, r, "service, ms, from the sending", service_of);
	}
	if (bench_is_open(o))
		text_lag(out, r);
	text_warnings(out, o, r);
}

/* --- JSON ------------------------------------------------------------------ */

static void json_string(struct buf *out, const char *text)
{
	buf_puts(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_puts(out, "\\");
		buf_append(out, text, 1);
	}
	buf_puts(out, "\"");
}

static void json_hist(struct buf *out, const char *name, const struct hist_sum *h)
{
	if (h->count == 0) {
		buf_printf(out, "\"%s\":null", name);
		return;
	}
	buf_printf(out, "\"%s\":{\"count\":%lu,\"mean_s\":%.9f", name, h->count,
		   hist_mean_ns(h) * S);
	for (size_t i = 0; i < QUANTILES; i++)
		buf_printf(out, ",\"%s_s\":%.9f", quantiles[i].name,
			   hist_quantile_ns(h, quantiles[i].quantile) * S);
	buf_puts(out, "}");
}

/* Counts and latencies of one target, or of all. */
static void json_part(struct buf *out, const struct result *r, int target)
{
	struct hist_sum latency = hist_of(r, target, latency_of),
			service = hist_of(r, target, service_of);

	buf_printf(out, "\"offered\":%lu,\"outcomes\":{", offered_count(r, target));
	for (enum outcome o = 0; o < OUTCOMES; o++)
		buf_printf(out, "%s\"%s\":%lu", o ? "," : "", outcome_names[o],
			   outcome_count(r, target, o));
	buf_puts(out, "},");
	if (!result_has_percentiles(r)) {
		buf_puts(out, "\"latency\":null,\"service\":null");
		return;
	}
	json_hist(out, "latency", &latency);
	buf_puts(out, ",");
	json_hist(out, "service", &service);
}

static void json_settings(struct buf *out, const struct bench_options *o)
{
	buf_printf(out, "\"version\":\"%s\",\"loop\":\"%s\",", LTD_VERSION,
		   bench_is_open(o) ? "open" : "closed");
	if (bench_is_open(o))
		buf_printf(out,
			   "\"arrival\":\"%s\",\"rate\":%.10g,\"pool\":%lu,\"max_in_flight\":%lu,",
			   o->arrival == ARRIVAL_POISSON ? "poisson" : "constant", o->rate, o->pool,
			   o->max_in_flight);
	else
		buf_printf(out, "\"concurrency\":%lu,\"think_s\":%.9f,", o->concurrency,
			   (double)o->think_ns * S);
	buf_printf(out, "\"keep_alive\":%s,\"warmup_s\":%.9f,\"timeout_s\":%.9f,\"seed\":%lu,",
		   o->keep_alive ? "true" : "false", (double)o->warmup_ns * S,
		   (double)o->timeout_ns * S, o->seed);
}

static void json_law(struct buf *out, const struct result *r)
{
	const struct flow *f = &r->flow;
	struct flow_law law = flow_law(f);

	buf_printf(out, "\"window_s\":%.9f,\"arrival_rate\":%.6f,\"throughput_rps\":%.6f,",
		   law.window_s, law.lambda, law.X);
	buf_printf(out, "\"in_flight\":{\"mean\":%.6f,\"max\":%lu,\"at_start\":%lu,\"at_end\":%lu},",
		   law.L, f->max, f->at_open.in_flight, f->at_close.in_flight);
	buf_printf(
		out, "\"little\":{\"L\":%.9f,\"X\":%.9f,\"W_s\":%.9f,\"XW\":%.9f,\"edge\":%.9f,\"residual\":%.3g},",
		law.L, law.X, law.W_s, law.XW, law.edge, law.residual);
}

void report_json(struct buf *out, const struct bench_options *o, const struct result *r)
{
	struct hist_sum lag = { 0 };

	hist_merge(&lag, &r->lag);
	buf_puts(out, "{");
	json_settings(out, o);
	json_law(out, r);
	buf_printf(out, "\"unstable\":%s,\"stopped\":%s,\"late\":%s,\"cut\":%s,",
		   result_is_unstable(r) ? "true" : "false", r->was_stopped ? "true" : "false",
		   result_lags(r) ? "true" : "false", r->was_cut ? "true" : "false");
	buf_printf(out, "\"out_of_descriptors\":%s,", r->was_short ? "true" : "false");
	buf_printf(out, "\"completed\":%lu,\"answered\":%lu,\"errors\":%lu,", r->flow.departures,
		   result_answered(r), result_errors(r));
	buf_printf(out, "\"connects\":%lu,\"reconnects\":%lu,\"retries\":%lu,\"held\":%lu,",
		   r->connects, r->reconnects, r->retries, r->held);
	json_hist(out, "lag", &lag);
	buf_puts(out, ",");
	json_part(out, r, ALL);
	buf_puts(out, ",\"targets\":[");
	for (unsigned i = 0; i < r->count; i++) {
		buf_puts(out, i ? ",{\"url\":" : "{\"url\":");
		json_string(out, o->targets.target[i].url);
		buf_printf(out, ",\"weight\":%g,", o->targets.target[i].weight);
		json_part(out, r, (int)i);
		buf_puts(out, "}");
	}
	buf_puts(out, "]}\n");
}

/* --- CSV ------------------------------------------------------------------- */

static void csv_string(struct buf *out, const char *text)
{
	buf_puts(out, "\"");
	for (; *text; text++) {
		if (*text == '"')
			buf_puts(out, "\"");
		buf_append(out, text, 1);
	}
	buf_puts(out, "\"");
}

/* Little's law is about all of them together. */
static void csv_law(struct buf *out, const struct result *r, int target)
{
	struct flow_law law = flow_law(&r->flow);

	if (target == ALL)
		buf_printf(out, ",%lu,%.6f,%.6f,%.9f,%.9f,%.9f", r->flow.departures, law.lambda,
			   law.X, law.L, law.W_s, law.XW);
	else
		buf_puts(out, ",,,,,,");
}

static void csv_row(struct buf *out, const struct result *r, int target, const char *name)
{
	struct hist_sum h = hist_of(r, target, latency_of);

	csv_string(out, name);
	buf_printf(out, ",%.6f,%lu", flow_law(&r->flow).window_s, offered_count(r, target));
	for (enum outcome o = 0; o < OUTCOMES; o++)
		buf_printf(out, ",%lu", outcome_count(r, target, o));
	buf_printf(out, ",%d", result_is_unstable(r));
	if (!result_has_percentiles(r) || h.count == 0) {
		for (size_t i = 0; i <= QUANTILES; i++)
			buf_puts(out, ",");
	} else {
		buf_printf(out, ",%.9f", hist_mean_ns(&h) * S);
		for (size_t i = 0; i < QUANTILES; i++)
			buf_printf(out, ",%.9f", hist_quantile_ns(&h, quantiles[i].quantile) * S);
	}
	csv_law(out, r, target);
	buf_puts(out, "\n");
}

void report_csv(struct buf *out, const struct bench_options *o, const struct result *r)
{
	buf_puts(out, "target,window_s,offered");
	for (enum outcome i = 0; i < OUTCOMES; i++)
		buf_printf(out, ",%s", outcome_names[i]);
	buf_puts(out, ",unstable,mean_s");
	for (size_t i = 0; i < QUANTILES; i++)
		buf_printf(out, ",%s_s", quantiles[i].name);
	buf_puts(out, ",completed,arrival_rate,throughput_rps,L,W_s,XW\n");
	csv_row(out, r, ALL, "all");
	for (unsigned i = 0; i < r->count; i++)
		csv_row(out, r, (int)i, o->targets.target[i].url);
}

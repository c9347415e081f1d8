/*
 * The Prometheus text format:
 *
 *	# HELP name text
 *	# TYPE name counter|gauge|histogram
 *	name{label="value"} number
 *
 * All samples of a family stand together.  Runs in: any.
 */
#include "metrics/prometheus.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void put_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (const char *at = value; *at; at++) {
		if (*at == '\n')
			buf_puts(out, "\\n");
		else if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else
			buf_append(out, at, 1);
	}
	buf_append(out, "\"", 1);
}

/* Seconds with every nanosecond: a double would lose them after some months. */
static void put_seconds(struct buf *out, uint64_t ns)
{
	buf_printf(out, " %" PRIu64 ".%09" PRIu64 "\n", (uint64_t)(ns / NS_PER_S),
		   (uint64_t)(ns % NS_PER_S));
}

/* What arrived while the tallies were read has an age below zero: clamped, the law would not hold. */
static void put_signed_seconds(struct buf *out, int64_t ns)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	buf_printf(out, " %s%" PRIu64 ".%09" PRIu64 "\n", ns < 0 ? "-" : "",
		   (uint64_t)(magnitude / NS_PER_S), (uint64_t)(magnitude % NS_PER_S));
}

static void put_count(struct buf *out, uint64_t n)
{
	buf_printf(out, " %" PRIu64 "\n", n);
}

static void labelled_count(struct buf *out, const char *name, const char *label, const char *value,
			   uint64_t n)
{
	buf_printf(out, "%s{", name);
	put_label(out, label, value);
	buf_puts(out, "}");
	put_count(out, n);
}

static void single(struct buf *out, const char *name, const char *type, const char *help, uint64_t n)
{
	family(out, name, type, help);
	buf_puts(out, name);
	put_count(out, n);
}

static void write_server(struct buf *out, const struct snapshot *s)
{
	family(out, "littled_build_info", "gauge", "The running version; always 1.");
	labelled_count(out, "littled_build_info", "version", s->board->version, 1);

	family(out, "process_start_time_seconds", "gauge",
	       "When the server was started, since the epoch.");
	buf_puts(out, "process_start_time_seconds");
	put_seconds(out, s->board->started_real_ns);

	single(out, "littled_slots", "gauge",
	       "Blocking requests that can be handled at once: workers x threads.", s->slots);
}

static void write_workers(struct buf *out, const struct snapshot *s)
{
	uint64_t state[WORKER_STATE_COUNT] = { 0 }, slots[SLOT_STATE_COUNT] = { 0 }, queued = 0;
	uint64_t starts = 0;

	for (unsigned w = 0; w < s->rows; w++) {
		const struct worker_view *v = &s->worker[w];
		bool is_up = v->state == WORKER_READY || v->state == WORKER_DRAINING;

		if (v->state < WORKER_STATE_COUNT)
			state[v->state]++;
		for (unsigned i = 0; is_up && i < v->slots; i++) {
			uint32_t is = s->slot[(size_t)w * s->board->threads_max + i].state;

			slots[is < SLOT_STATE_COUNT ? is : SLOT_IDLE]++;
		}
		queued += v->queued;
		starts += v->generation;
	}
	family(out, "littled_workers", "gauge",
	       "Worker processes by state; ready and draining ones are up.");
	for (unsigned i = WORKER_STARTING; i < WORKER_STATE_COUNT; i++)
		labelled_count(out, "littled_workers", "state", worker_state_names[i], state[i]);

	single(out, "littled_worker_starts_total", "counter",
	       "Worker processes that were begun, the first ones and their successors.", starts);

	family(out, "littled_worker_threads", "gauge",
	       "Slots of the workers that are up, by state.");
	for (unsigned i = 0; i < SLOT_STATE_COUNT; i++)
		labelled_count(out, "littled_worker_threads", "state", slot_state_names[i],
			       slots[i]);

	single(out, "littled_http_requests_queued", "gauge", "Requests waiting for a slot.", queued);
}

static void write_flows(struct buf *out, const struct totals *t)
{
	const struct ledger_sum *l = &t->ledger;

	single(out, "littled_http_requests_arrived_total", "counter",
	       "Requests whose first byte was read.", l->flow[FLOW_TOTAL].in);
	single(out, "littled_http_requests_lost_total", "counter",
	       "Requests that died with a worker.", l->lost);

	family(out, "littled_http_requests_in_flight", "gauge",
	       "Requests now, by the place they are in.");
	for (unsigned f = FLOW_TOTAL + 1; f < FLOW_COUNT; f++)
		labelled_count(out, "littled_http_requests_in_flight", "place", flow_names[f],
			       flow_inside(&l->flow[f]));

	family(out, "littled_concurrency_seconds_total", "counter",
	       "Time integral of the requests in flight; its rate is the mean concurrency, L.");
	buf_puts(out, "littled_concurrency_seconds_total");
	put_seconds(out, flow_seen_ns(&l->flow[FLOW_TOTAL], t->at_ns));

	family(out, "littled_request_seconds_total", "counter",
	       "Times, arrival to end, of the requests that ended; its rate is X * W.");
	buf_puts(out, "littled_request_seconds_total");
	put_seconds(out, l->done_ns);

	family(out, "littled_request_age_seconds", "gauge",
	       "Summed ages of the requests in flight: what the other two differ by, exactly.");
	buf_puts(out, "littled_request_age_seconds");
	put_signed_seconds(out, (int64_t)ledger_ages_ns(l, t->at_ns));

	family(out, "littled_place_seconds_total",
	       "counter", "Time integral of the requests in each place; they add up to the concurrency seconds.");
	for (unsigned f = FLOW_TOTAL + 1; f < FLOW_COUNT; f++) {
		buf_printf(out, "littled_place_seconds_total{place=\"%s\"}", flow_names[f]);
		put_seconds(out, flow_seen_ns(&l->flow[f], t->at_ns));
	}

	family(out, "littled_busy_slot_seconds_total", "counter",
	       "Time integral of the busy slots; its rate over littled_slots is the utilisation.");
	buf_puts(out, "littled_busy_slot_seconds_total");
	put_seconds(out, flow_seen_ns(&l->flow[FLOW_SLOT], t->at_ns));
}

static void write_events(struct buf *out, const struct snapshot *s)
{
	char name[96];

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		snprintf(name, sizeof name, "littled_%s_total", counter_names[i]);
		single(out, name, "counter", counter_texts[i], s->total->counter[i]);
	}
	family(out, "littled_closes_total", "counter", "Connections that ended, by reason.");
	for (unsigned i = 0; i < CLOSE_COUNT; i++)
		labelled_count(out, "littled_closes_total", "reason", close_names[i],
			       s->total->close[i]);

	family(out, "littled_connections", "gauge", "Connections now, by state.");
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		labelled_count(out, "littled_connections", "state", conn_state_names[i],
			       s->conns[i]);
}

static void write_requests(struct buf *out, const struct snapshot *s)
{
	static const char *const classes[6] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };

	family(out, "littled_http_requests_total", "counter",
	       "Requests that ended, by route and class of status (none: without an answer).");
	for (unsigned r = 0; r < s->total->routes; r++) {
		for (unsigned class = 0; class < 6; class ++) {
			buf_puts(out, "littled_http_requests_total{");
			put_label(out, "route", board_route(s->board, r)->name);
			buf_printf(out, ",code=\"%s\"}", classes[class]);
			put_count(out, s->total->route[r].status[class]);
		}
	}
}

/* One of a route's histograms: its exact buckets, and the sum of its times. */
struct distribution {
	const uint64_t *le;
	uint64_t sum_ns;
};

static struct distribution duration_of(const struct route_totals *r)
{
	return (struct distribution){ r->le_total, r->total_ns };
}

static struct distribution wait_of(const struct route_totals *r)
{
	return (struct distribution){ r->le_wait, r->wait.sum_ns };
}

static struct distribution service_of(const struct route_totals *r)
{
	return (struct distribution){ r->le_service, r->service.sum_ns };
}

static struct distribution proxy_of(const struct route_totals *r)
{
	return (struct distribution){ r->le_proxy, r->proxy_ns };
}

static void write_distribution(struct buf *out, const char *name, const char *route,
			       struct distribution d)
{
	uint64_t count = 0;

	for (unsigned i = 0; i <= TALLY_LE_COUNT; i++) {
		count += d.le[i];
		buf_printf(out, "%s_bucket{", name);
		put_label(out, "route", route);
		if (i < TALLY_LE_COUNT)
			buf_printf(out, ",le=\"%g\"}", (double)tally_le_ns[i] / (double)NS_PER_S);
		else
			buf_puts(out, ",le=\"+Inf\"}");
		put_count(out, count);
	}
	buf_printf(out, "%s_sum{", name);
	put_label(out, "route", route);
	buf_puts(out, "}");
	put_seconds(out, d.sum_ns);
	buf_printf(out, "%s_count{", name);
	put_label(out, "route", route);
	buf_puts(out, "}");
	put_count(out, count);
}

static void write_distributions(struct buf *out, const struct snapshot *s)
{
	static const struct {
		const char *name, *help;
		struct distribution (*of)(const struct route_totals *r);
	} families[] = {
		{ "littled_http_request_duration_seconds",
		  "From the arrival in the kernel to the last byte given to the kernel.",
		  duration_of },
		{ "littled_http_request_queue_seconds",
		  "The time the server made the request wait: in the kernel, and for a slot.",
		  wait_of },
		{ "littled_http_request_proxy_seconds",
		  "From a trusted proxy's X-Request-Start to the arrival in the kernel.", proxy_of },
		{ "littled_http_request_service_seconds", "From the handler's call to its return.",
		  service_of },
	};

	for (unsigned i = 0; i < sizeof families / sizeof *families; i++) {
		family(out, families[i].name, "histogram", families[i].help);
		for (unsigned r = 0; r < s->total->routes; r++)
			write_distribution(out, families[i].name, board_route(s->board, r)->name,
					   families[i].of(&s->total->route[r]));
	}
}

void prometheus_write(struct buf *out, const struct snapshot *s)
{
	write_server(out, s);
	write_workers(out, s);
	write_flows(out, s->total);
	write_events(out, s);
	write_requests(out, s);
	write_distributions(out, s);
}

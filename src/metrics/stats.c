/* The statistics document.  Runs in: any. */
#include "metrics/stats.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "metrics/json.h"
#include "metrics/sentence.h"

static double age_ns(const struct snapshot *s, uint64_t since_ns)
{
	return since_ns && s->now_ns > since_ns ? (double)(s->now_ns - since_ns) : 0;
}

static void write_server(struct json *j, const struct snapshot *s)
{
	json_open_object(j, "littled");
	json_string(j, "version", s->board->version);
	json_count(j, "pid", (uint64_t)s->board->master_pid);
	json_seconds(j, "uptime_s", age_ns(s, s->board->started_mono_ns));
	json_number(j, "started", (double)s->board->started_real_ns / (double)NS_PER_S);
	json_count(j, "workers", s->board->workers);
	json_count(j, "threads", s->board->threads);
	json_count(j, "slots", s->slots);
	json_close_object(j);
}

static void write_concurrency(struct json *j, const struct snapshot *s)
{
	json_open_object(j, "concurrency");
	json_number(j, "total", s->law.L);
	json_number(j, "waiting", s->law.L_wait);
	json_number(j, "reading", s->law.L_read);
	json_number(j, "in_service", s->law.L_slot + s->law.L_inline);
	json_number(j, "writing", s->law.L_write);
	json_count(j, "max", s->most);
	json_count(j, "now", flow_inside(&s->total->ledger.flow[FLOW_TOTAL]));
	json_close_object(j);
}

static void write_little(struct json *j, const struct law *law)
{
	json_open_object(j, "little");
	json_count(j, "arrivals", law->arrivals);
	json_count(j, "completions", law->completions);
	json_count(j, "lost", law->lost);
	json_number(j, "lambda", law->lambda);
	json_number(j, "L", law->L);
	json_number(j, "X", law->X);
	json_number(j, "W_s", law->W_s);
	json_number(j, "XW", law->XW);
	json_number(j, "edge", law->edge);
	json_number(j, "residual", law->residual);
	json_number(j, "L_wait", law->L_wait);
	json_number(j, "L_read", law->L_read);
	json_number(j, "L_service", law->L_slot + law->L_inline);
	json_number(j, "L_slot", law->L_slot);
	json_number(j, "L_inline", law->L_inline);
	json_number(j, "L_write", law->L_write);
	json_close_object(j);
}

static const struct {
	const char *key;
	double quantile;
} quantiles[] = { { "p50_s", 0.5 }, { "p90_s", 0.9 }, { "p99_s", 0.99 }, { "p999_s", 0.999 } };

static void write_hist(struct json *j, const char *key, const struct hist_sum *h)
{
	json_open_object(j, key);
	json_count(j, "count", h->count);
	json_seconds(j, "mean_s", hist_mean_ns(h));
	for (unsigned i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
		json_seconds(j, quantiles[i].key, hist_quantile_ns(h, quantiles[i].quantile));
	json_seconds(j, "max_s", (double)h->max_ns);
	json_close_object(j);
}

static void write_phases(struct json *j, const struct snapshot *s)
{
	json_open_object(j, "phases");
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		write_hist(j, phase_names[p], &s->window->phase[p]);
	json_close_object(j);
}

static void write_statuses(struct json *j, const uint64_t *status)
{
	json_open_object(j, "status");
	for (unsigned code = 0; code < TALLY_STATUS_MAX; code++) {
		char key[16];

		if (status[code] == 0)
			continue;
		snprintf(key, sizeof key, "%u", code);
		json_count(j, key, status[code]);
	}
	json_close_object(j);
}

static void write_totals(struct json *j, const struct totals *t)
{
	const struct ledger_sum *l = &t->ledger;

	json_open_object(j, "totals");
	json_count(j, "arrivals", l->flow[FLOW_TOTAL].in);
	json_count(j, "completions", ledger_answered(l));
	json_seconds(j, "concurrency_seconds", (double)flow_seen_ns(&l->flow[FLOW_TOTAL], t->at_ns));
	json_seconds(j, "busy_slot_seconds", (double)flow_seen_ns(&l->flow[FLOW_SLOT], t->at_ns));
	json_count(j, "lost", l->lost);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		json_count(j, counter_names[i], t->counter[i]);
	write_statuses(j, t->status);
	json_close_object(j);

	json_open_object(j, "closes");
	for (unsigned i = 0; i < CLOSE_COUNT; i++)
		json_count(j, close_names[i], t->close[i]);
	json_close_object(j);
}

static void write_conns(struct json *j, const uint32_t *conns)
{
	json_open_object(j, "connections");
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		json_count(j, conn_state_names[i], conns[i]);
	json_close_object(j);
}

static void write_slot(struct json *j, const struct snapshot *s, const struct slot_view *v)
{
	enum slot_state state = v->state < SLOT_STATE_COUNT ? v->state : SLOT_IDLE;

	json_open_object(j, NULL);
	json_string(j, "state", slot_state_names[state]);
	if (state != SLOT_IDLE && v->route < s->board->routes)
		json_string(j, "route", board_route(s->board, v->route)->name);
	else
		json_null(j, "route");
	json_seconds(j, "age_s", age_ns(s, v->since_ns));
	json_count(j, "served", v->served);
	json_count(j, "thread_id", v->thread_id);
	json_close_object(j);
}

static void write_worker(struct json *j, const struct snapshot *s, unsigned worker)
{
	const struct worker_view *w = &s->worker[worker];
	const struct worker_totals *done = &w->done;

	json_open_object(j, NULL);
	json_count(j, "worker", worker);
	json_count(j, "pid", (uint64_t)w->pid);
	json_string(j, "state",
		    worker_state_names[w->state < WORKER_STATE_COUNT ? w->state : WORKER_DEAD]);
	json_count(j, "generation", w->generation);
	json_seconds(j, "uptime_s", age_ns(s, w->started_ns));
	json_seconds(j, "heartbeat_age_s", age_ns(s, w->heartbeat_ns));
	json_count(j, "free_slots", w->free_slots);
	json_count(j, "queued", w->queued);
	json_seconds(j, "oldest_age_s", age_ns(s, w->oldest_ns));
	json_count(j, "in_flight", flow_inside(&done->ledger.flow[FLOW_TOTAL]));
	json_count(j, "served", ledger_answered(&done->ledger));
	json_count(j, "lost", done->ledger.lost);
	json_count(j, "moves_in", done->counter[COUNTER_MOVES_IN]);
	json_count(j, "moves_out", done->counter[COUNTER_MOVES_OUT]);
	json_count(j, "claims", done->counter[COUNTER_CLAIMS]);
	write_conns(j, w->conns);
	json_open_array(j, "slots");
	for (unsigned i = 0; i < w->slots; i++)
		write_slot(j, s, &s->slot[(size_t)worker * s->board->threads_max + i]);
	json_close_array(j);
	json_close_object(j);
}

static void write_route(struct json *j, const struct snapshot *s, unsigned route)
{
	const struct route_row *row = board_route(s->board, route);
	const struct route_totals *t = &s->window->route[route];
	uint64_t count = totals_route_count(t);

	json_open_object(j, NULL);
	json_string(j, "route", row->name);
	json_string(j, "app", row->app);
	json_string(j, "class", route_class_name(row));
	json_number(j, "rate", s->law.window_s > 0 ? (double)count / s->law.window_s : 0);
	json_count(j, "count", count);
	json_count(j, "errors", t->status[5] + t->status[0]);
	write_hist(j, "wait", &t->wait);
	write_hist(j, "service", &t->service);
	json_number(j, "cpu_share", fmax(totals_cpu_share(t), 0));
	json_close_object(j);
}

static void write_rows(struct json *j, const struct snapshot *s)
{
	json_open_array(j, "workers");
	for (unsigned w = 0; w < s->rows; w++)
		if (worker_is_shown(&s->worker[w]))
			write_worker(j, s, w);
	json_close_array(j);
	json_open_array(j, "routes");
	for (unsigned r = 0; r < s->total->routes; r++)
		write_route(j, s, r);
	json_close_array(j);
}

void stats_write_json(struct buf *out, const struct snapshot *s)
{
	struct json j = { .out = out };
	char sentence[SENTENCE_BYTES];

	json_open_object(&j, NULL);
	write_server(&j, s);
	sentence_of(&s->law, s->slots, sentence);
	json_string(&j, "sentence", sentence);
	json_number(&j, "window_s", s->law.window_s);
	json_number(&j, "arrival_rate", s->law.lambda);
	json_number(&j, "throughput_rps", s->law.throughput);
	write_concurrency(&j, s);
	json_number(&j, "busy_slots", s->law.L_slot);
	json_count(&j, "slots", s->slots);
	json_number(&j, "utilisation", s->law.utilisation);
	json_number(&j, "capacity_rps", s->law.capacity);
	write_little(&j, &s->law);
	write_phases(&j, s);
	write_totals(&j, s->total);
	write_conns(&j, s->conns);
	write_rows(&j, s);
	json_close_object(&j);
	buf_puts(out, "\n");
}

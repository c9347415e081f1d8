/* Describing the server.  Runs in: master. */
#include "proc/report.h"

#include <unistd.h>

#include "base/clock.h"

static const char *const state_names[] = {
	[ARBITER_STARTING] = "starting",
	[ARBITER_SERVING] = "serving",
	[ARBITER_UNREADY] = "serving, but not ready for more",
	[ARBITER_DRAINING] = "stopping",
	[ARBITER_ENDING] = "stopping now",
};

static const char *state_of(const struct master *m)
{
	if (m->arbiter.state == ARBITER_SERVING && !m->arbiter.policy.workers)
		return "not serving: no workers are wanted";
	return state_names[m->arbiter.state];
}

static double age_s(uint64_t since_ns)
{
	uint64_t now_ns = clock_mono_ns();

	return now_ns > since_ns ? (double)(now_ns - since_ns) / (double)NS_PER_S : 0;
}

static const char *reload_state(const struct master *m)
{
	if (m->reload.checker)
		return "checking";
	return m->arbiter.is_renewing ? "renewing" : "none";
}

/* --- workers --------------------------------------------------------------------- */

struct worker_sum {
	const struct worker_row *row;
	const char *state;
	unsigned worker, busy, conns;
	double age_s;
};

/* False: nobody is there. */
static bool sum_up(const struct master *m, unsigned worker, struct worker_sum *sum)
{
	struct board *b = master_board(m);
	const struct worker_row *row = board_worker(b, worker);
	uint32_t state = atomic_load(&row->state);

	*sum = (struct worker_sum){
		.row = row,
		.state = worker_state_names[state < WORKER_STATE_COUNT ? state : WORKER_DEAD],
		.worker = worker,
		.age_s = age_s(atomic_load(&row->started_ns)),
	};
	for (unsigned i = 0; i < atomic_load(&row->slots); i++)
		sum->busy += atomic_load(&board_slot(b, worker, i)->state) == SLOT_BUSY;
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		sum->conns += (unsigned)atomic_load(&row->conns[i]);
	return state != WORKER_ABSENT;
}

static void put_worker_json(struct json *j, const struct master *m, const struct worker_sum *w)
{
	json_open_object(j, NULL);
	json_count(j, "worker", w->worker);
	json_count(j, "pid", (uint64_t)atomic_load(&w->row->pid));
	json_string(j, "state", w->state);
	json_number(j, "uptime_s", w->age_s);
	json_number(j, "heartbeat_age_s", age_s(atomic_load(&w->row->heartbeat_ns)));
	json_count(j, "edition", m->seat[w->worker].edition);
	json_count(j, "slots", atomic_load(&w->row->slots));
	json_count(j, "busy", w->busy);
	json_count(j, "queued", atomic_load(&w->row->queued));
	json_count(j, "connections", w->conns);
	json_close_object(j);
}

static void put_workers_json(struct json *j, const struct master *m)
{
	struct worker_sum w;

	json_open_array(j, "workers");
	for (unsigned i = 0; i < board_rows(master_board(m)); i++)
		if (sum_up(m, i, &w))
			put_worker_json(j, m, &w);
	json_close_array(j);
}

static void put_workers_text(struct buf *to, const struct master *m)
{
	struct worker_sum w;

	buf_puts(to, "worker process  state       uptime    busy       queued  connections\n");
	for (unsigned i = 0; i < board_rows(master_board(m)); i++)
		if (sum_up(m, i, &w))
			buf_printf(to, "%6u %-8d %-10s %7.1f s %4u of %-4u %6u  %11u\n", i,
				   (int)atomic_load(&w.row->pid), w.state, w.age_s, w.busy,
				   atomic_load(&w.row->slots), atomic_load(&w.row->queued), w.conns);
}

void report_workers(const struct master *m, bool in_json, struct buf *to)
{
	struct json j = { .out = to };

	if (!in_json) {
		put_workers_text(to, m);
		return;
	}
	json_open_object(&j, NULL);
	put_workers_json(&j, m);
	json_count(&j, "count", crew_count(&m->crew));
	json_close_object(&j);
	buf_puts(to, "\n");
}

/* --- listeners ------------------------------------------------------------------- */

static void put_listeners_json(struct json *j, const struct heritage *h)
{
	json_open_array(j, "listeners");
	for (unsigned i = 0; i < h->bind_count; i++)
		json_string(j, NULL, h->listener[i].name);
	json_close_array(j);
	if (h->statistics.fd >= 0)
		json_string(j, "statistics", h->statistics.name);
}

static void put_listeners_text(struct buf *to, const struct heritage *h)
{
	for (unsigned i = 0; i < h->bind_count; i++)
		buf_printf(to, "listening at %s\n", h->listener[i].name);
	if (h->statistics.fd >= 0)
		buf_printf(to, "statistics at %s\n", h->statistics.name);
}

void report_listeners(const struct master *m, bool in_json, struct buf *to)
{
	const struct heritage *h = &m->foundation.heritage;
	struct json j = { .out = to };

	if (!in_json) {
		put_listeners_text(to, h);
		return;
	}
	json_open_object(&j, NULL);
	put_listeners_json(&j, h);
	json_count(&j, "count", h->bind_count);
	json_close_object(&j);
	buf_puts(to, "\n");
}

/* --- all ------------------------------------------------------------------------- */

static void put_status_json(struct json *j, const struct master *m)
{
	const struct board *b = master_board(m);

	json_open_object(j, NULL);
	json_string(j, "version", b->version);
	json_count(j, "pid", (uint64_t)getpid());
	json_string(j, "state", state_of(m));
	json_number(j, "uptime_s", age_s(b->started_mono_ns));
	json_count(j, "workers_target", m->arbiter.policy.workers);
	json_count(j, "threads", b->threads);
	json_count(j, "edition", m->arbiter.edition);
	json_string(j, "reload", reload_state(m));
	json_count(j, "reloads", m->reload.done);
	json_count(j, "heir", (uint64_t)m->upgrade.heir);
	json_count(j, "predecessor", (uint64_t)m->upgrade.predecessor);
	put_workers_json(j, m);
	put_listeners_json(j, &m->foundation.heritage);
	json_close_object(j);
}

static void put_status_text(struct buf *to, const struct master *m)
{
	const struct board *b = master_board(m);

	buf_printf(to, "littled %s, process %d: %s\n", b->version, (int)getpid(), state_of(m));
	buf_printf(to, "%u workers x %u threads are wanted; up %.1f s; reloads done %llu%s%s\n",
		   m->arbiter.policy.workers, atomic_load(&b->threads), age_s(b->started_mono_ns),
		   (unsigned long long)m->reload.done,
		   m->reload.checker || m->arbiter.is_renewing ? "; a reload is " : "",
		   m->reload.checker || m->arbiter.is_renewing ? reload_state(m) : "");
	if (m->upgrade.heir)
		buf_printf(to, "process %d is a new master beside this one\n", (int)m->upgrade.heir);
	if (m->upgrade.predecessor)
		buf_printf(to, "process %d is the old master beside this one\n",
			   (int)m->upgrade.predecessor);
	put_listeners_text(to, &m->foundation.heritage);
	put_workers_text(to, m);
}

void report_status(const struct master *m, bool in_json, struct buf *to)
{
	struct json j = { .out = to };

	if (!in_json) {
		put_status_text(to, m);
		return;
	}
	put_status_json(&j, m);
	buf_puts(to, "\n");
}

void report_config(const struct master *m, bool in_json, struct buf *to)
{
	struct json j = { .out = to };

	if (in_json)
		json_open_object(&j, NULL);
	for (unsigned id = 0; id < OPTIONS; id++) {
		struct buf value;

		buf_init(&value, VALUE_BYTES_MAX + 1);
		options_print_value(m->foundation.heritage.options, id, &value);
		buf_append(&value, "", 1);
		if (in_json)
			json_string(&j, option_rows[id].name, value.at);
		else
			buf_printf(to, "%s = %s\n", option_rows[id].name, value.at);
		buf_fini(&value);
	}
	if (in_json) {
		json_close_object(&j);
		buf_puts(to, "\n");
	}
}

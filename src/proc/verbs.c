/* Understanding orders, and answering.  Runs in: master. */
#include "proc/verbs.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slice.h"
#include "proc/orders.h"
#include "proc/report.h"

#define WORDS_MOST 4

/* One line, cut into its words. */
struct order {
	struct master *master;
	struct ltd_slice word[WORDS_MOST];
	unsigned count;
	struct ltd_slice argument; /* the word behind the verb; empty: none */
	bool wants_json;
	struct buf *answer;
};

static int refuse(struct order *o, const char *why)
{
	buf_reset(o->answer);
	buf_printf(o->answer, "ERROR\n%s\n", why);
	return -1;
}

/* The same few figures either way. */
struct figure {
	const char *name;
	uint64_t value;
};

static void put_figures(struct order *o, const struct figure *f, unsigned count)
{
	struct json j = { .out = o->answer };

	if (o->wants_json)
		json_open_object(&j, NULL);
	for (unsigned i = 0; i < count; i++) {
		if (o->wants_json)
			json_count(&j, f[i].name, f[i].value);
		else
			buf_printf(o->answer, "%s%s %llu", i ? ", " : "", f[i].name,
				   (unsigned long long)f[i].value);
	}
	if (o->wants_json)
		json_close_object(&j);
	buf_puts(o->answer, "\n");
}

static void put_state(struct order *o, const char *state)
{
	struct json j = { .out = o->answer };

	if (!o->wants_json) {
		buf_printf(o->answer, "%s\n", state);
		return;
	}
	json_open_object(&j, NULL);
	json_string(&j, "status", state);
	json_close_object(&j);
	buf_puts(o->answer, "\n");
}

/* --- looking -------------------------------------------------------------------- */

static int status(struct order *o)
{
	report_status(o->master, o->wants_json, o->answer);
	return 0;
}

static int show_workers(struct order *o)
{
	report_workers(o->master, o->wants_json, o->answer);
	return 0;
}

static int show_listeners(struct order *o)
{
	report_listeners(o->master, o->wants_json, o->answer);
	return 0;
}

static int show_config(struct order *o)
{
	report_config(o->master, o->wants_json, o->answer);
	return 0;
}

static int show_stats(struct order *o)
{
	const struct master *m = o->master;
	const struct figure f[] = {
		{ "pid", (uint64_t)getpid() },
		{ "uptime_s", (clock_mono_ns() - master_board(m)->started_mono_ns) / NS_PER_S },
		{ "workers_current", crew_count(&m->crew) },
		{ "workers_target", m->arbiter.policy.workers },
		{ "workers_spawned", m->crew.begun },
		{ "workers_died", m->crew.died },
		{ "requests_lost", m->crew.lost },
		{ "reloads", m->reload.done },
	};

	put_figures(o, f, sizeof f / sizeof *f);
	return 0;
}

/* --- doing ---------------------------------------------------------------------- */

static bool read_count(const struct order *o, uint64_t *n)
{
	*n = 1;
	return !o->argument.len || (slice_to_u64(o->argument, n) && *n >= 1 && *n <= UINT16_MAX);
}

static int workers_add(struct order *o)
{
	unsigned before = o->master->arbiter.policy.workers, now;
	uint64_t n;

	if (!read_count(o, &n))
		return refuse(o, "workers add: expected a number of workers");
	if (before + n > arbiter_workers_max(o->master->crew.seats))
		return refuse(o, "workers add: the running server has no room for so many; an "
				 "upgrade with that many makes it");
	now = order_workers(o->master, before + (unsigned)n);
	const struct figure f[] = { { "added", now - before },
				    { "previous", before },
				    { "total", now } };
	put_figures(o, f, sizeof f / sizeof *f);
	return 0;
}

static int workers_remove(struct order *o)
{
	unsigned before = o->master->arbiter.policy.workers, now = before;
	uint64_t n;

	if (!read_count(o, &n))
		return refuse(o, "workers remove: expected a number of workers");
	if (before > 1) /* none at all is `drain` */
		now = order_workers(o->master, n < before ? before - (unsigned)n : 1);
	const struct figure f[] = { { "removed", before - now },
				    { "previous", before },
				    { "total", now } };
	put_figures(o, f, sizeof f / sizeof *f);
	return 0;
}

static int workers_kill(struct order *o)
{
	uint64_t pid;

	if (!slice_to_u64(o->argument, &pid) || pid > INT32_MAX)
		return refuse(o, "workers kill: expected the process id of a worker");
	if (!order_replacement(o->master, (pid_t)pid))
		return refuse(o, "workers kill: no worker has that process id");
	const struct figure f[] = { { "killed", pid } };
	put_figures(o, f, 1);
	return 0;
}

static int threads(struct order *o)
{
	unsigned most = master_board(o->master)->threads_max;
	uint64_t n;

	if (!slice_to_u64(o->argument, &n) || n < 1)
		return refuse(o, "threads: expected a number of slots for each worker");
	if (n > most)
		return refuse(o, "threads: the running server has no room for so many; an upgrade "
				 "with that many makes it");
	order_reload(o->master, (unsigned)n);
	const struct figure f[] = { { "threads", n } };
	put_figures(o, f, 1);
	return 0;
}

static int reload(struct order *o)
{
	order_reload(o->master, 0);
	put_state(o, "reloading");
	return 0;
}

static int reopen(struct order *o)
{
	order_reopening(o->master);
	put_state(o, "reopened");
	return 0;
}

static int drain(struct order *o)
{
	order_workers(o->master, 0);
	put_state(o, "draining");
	return 0;
}

static int upgrade(struct order *o)
{
	if (!order_upgrade(o->master))
		return refuse(o, "upgrade: the log says why not");
	put_state(o, "upgrading");
	return 0;
}

static int stop(struct order *o)
{
	bool quick = slice_eq(o->argument, LTD_SLICE("quick"));

	if (!quick && o->argument.len && !slice_eq(o->argument, LTD_SLICE("graceful")))
		return refuse(o, "stop: expected graceful or quick");
	order_stop(o->master, quick);
	put_state(o, quick ? "stopping now" : "stopping");
	return 0;
}

/* --- the table -------------------------------------------------------------------- */

enum when { ALWAYS, UNLESS_STOPPING };

static const struct verb {
	const char *first, *second, *argument;
	enum when when;
	int (*obey)(struct order *o);
} verbs[] = {
#define VERB(first, second, function, argument, when, help) \
	{ first, second, argument, when, function },
#include "proc/verbs.def"
#undef VERB
};

static bool takes(const struct verb *v, struct order *o)
{
	unsigned words = v->second[0] ? 2 : 1;

	if (o->count < words || o->count > words + (v->argument[0] != '\0'))
		return false;
	if (!slice_eq(o->word[0], slice_of_string(v->first)) ||
	    (words == 2 && !slice_eq(o->word[1], slice_of_string(v->second))))
		return false;
	o->argument = o->count > words ? o->word[words] : LTD_SLICE("");
	return true;
}

static void cut(struct order *o, const char *line)
{
	struct ltd_slice rest = slice_of_string(line), word;

	while (slice_cut(&rest, ' ', &word)) {
		if (!word.len)
			continue;
		if (!o->count && !o->wants_json && slice_eq(word, LTD_SLICE("json")))
			o->wants_json = true;
		else if (o->count < WORDS_MOST)
			o->word[o->count++] = word;
	}
}

/* From the first sign on, drain_delay included: only workers that are ill are still replaced. */
static bool is_stopping(const struct order *o)
{
	return !arbiter_takes_edition(&o->master->arbiter);
}

static int obey(const struct verb *v, struct order *o)
{
	if (v->when == UNLESS_STOPPING && is_stopping(o))
		return refuse(o, "the server is stopping");
	return v->obey(o);
}

void verbs_answer(void *master, const char *line, struct buf *answer)
{
	struct order o = { .master = master, .answer = answer };

	cut(&o, line);
	buf_puts(answer, "OK\n");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (takes(&verbs[i], &o)) {
			obey(&verbs[i], &o);
			return;
		}
	}
	refuse(&o, "there is no such order; `littled ctl help` lists them");
}

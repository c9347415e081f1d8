/* Reading the configuration again, and opening what it names.  Runs in: master; its child. */
#include "proc/edition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf/refuse.h"
#include "proc/arbiter.h"
#include "proc/hardening.h"
#include "proc/inherited.h"
#include "proc/listeners.h"
#include "proc/logs.h"
#include "proc/master.h"
#include "proc/rlimits.h"

/* What a running server cannot change: it keeps what it was started with. */
static const enum option_id fixed[] = {
	OPTION_reuse_port,          OPTION_daemon,    OPTION_pid,   OPTION_name,
	OPTION_control_socket,      OPTION_chdir,     OPTION_umask, OPTION_raw_env,
	OPTION_address_connections, OPTION_ipv6_only,
};

/* --- reading ------------------------------------------------------------------- */

static void log_refusal(const char *line)
{
	log_error("%s", line);
}

static bool is_same_value(const struct options *a, const struct options *b, enum option_id id)
{
	struct buf x, y;

	buf_init(&x, VALUE_BYTES_MAX);
	buf_init(&y, VALUE_BYTES_MAX);
	options_print_value(a, id, &x);
	options_print_value(b, id, &y);
	bool is_same = slice_eq(buf_slice(&x), buf_slice(&y));
	buf_fini(&x);
	buf_fini(&y);
	return is_same;
}

/* Who only checks is followed by who says so. */
static void keep_fixed(struct options *to, const struct options *from, bool only_checks)
{
	for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		if (is_same_value(to, from, fixed[i]))
			continue;
		if (!only_checks)
			log_warning("reload: %s changes when the server is started anew, not "
				    "before",
				    option_rows[fixed[i]].name);
		options_copy(to, from, fixed[i]);
	}
}

/* Where the server was started, as when the configuration was read for the first time. */
static int read_configuration(const struct reading *r, struct conf *conf)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum conf_verdict verdict = CONF_REFUSED;

	*conf = (struct conf){ 0 };
	if (here < 0 || fchdir(r->start_fd) < 0)
		log_error("reload: cannot go to where the server was started: %s", strerror(errno));
	else
		verdict = conf_load(conf, r->argc, r->argv, r->environment);
	if (here >= 0 && fchdir(here) < 0)
		log_error("reload: cannot go back: %s", strerror(errno));
	if (here >= 0)
		close(here);
	if (verdict == CONF_SERVE)
		return 0;
	conf_fini(conf);
	return -EINVAL;
}

/* --- does it fit? ------------------------------------------------------------------ */

static int refuse_size(const char *what, uint64_t wanted, uint64_t most)
{
	log_error("reload: %llu %s: the running server has room for %llu; start it anew, or "
		  "upgrade it (SIGUSR2)",
		  (unsigned long long)wanted, what, (unsigned long long)most);
	return -ENOSPC;
}

static int check_size(const struct options *o, const struct board *b)
{
	unsigned workers_max = arbiter_workers_max(b->workers_max);

	if (o->workers > workers_max)
		return refuse_size("workers", o->workers, workers_max);
	if (o->threads > b->threads_max)
		return refuse_size("threads", o->threads, b->threads_max);
	return 0;
}

/* --- opening ------------------------------------------------------------------------- */

/* A heritage like the one before, but with nothing in it that an edition has for itself. */
static void begin(struct edition *e, const struct edition *before)
{
	struct heritage *h = &e->heritage;

	*h = before->heritage;
	h->edition = e->number;
	h->conf = &e->conf;
	h->options = e->conf.options;
	h->mounts = e->mounts;
	h->listener = NULL;
	h->listener_count = 0;
	h->statistics = (struct listener){ .fd = -1 };
	h->access = (struct access){ 0 };
	h->access_sink = (struct sink){ .fd = -1 };
}

static int prepare(struct edition *e, const struct reading *r, const struct edition *before,
		   bool only_checks)
{
	if (read_configuration(r, &e->conf) < 0)
		return EXIT_BAD_CONFIGURATION;
	if (r->workers)
		e->conf.options->workers = r->workers;
	if (r->threads)
		e->conf.options->threads = r->threads;
	keep_fixed(e->conf.options, before->heritage.options, only_checks);
	begin(e, before);
	if (check_size(e->conf.options, before->heritage.board) < 0)
		return EXIT_BAD_CONFIGURATION;
	return foundation_prepare(&e->heritage, e->mounts);
}

static struct edition *edition_new(unsigned number)
{
	struct edition *e = calloc(1, sizeof *e);

	if (e)
		e->mounts = calloc(1, sizeof *e->mounts);
	if (e && e->mounts) {
		e->number = number;
		e->heritage.statistics.fd = e->heritage.access_sink.fd = -1;
		return e;
	}
	log_error("reload: out of memory");
	free(e);
	return NULL;
}

static int map_routes(struct edition *e)
{
	int error = foundation_map_routes(e->heritage.board, e->mounts);

	if (error == -ENOSPC)
		refuse_size("routes", e->mounts->entry_count, e->heritage.board->routes_max);
	else if (error < 0)
		log_error("reload: %s", strerror(-error));
	return error;
}

/* One that is gone may come back while its old workers still answer: its socket is here, then. */
static int open_listeners(struct edition *e, const struct edition *before,
			  const struct edition *older)
{
	struct inherited in = { 0 };
	int error = listeners_copy(&in, &before->heritage);

	for (; older && !error; older = older->next)
		error = listeners_copy(&in, &older->heritage);
	int status = error ? EXIT_CANNOT_SERVE : listeners_open_beside(&e->heritage, &in);
	inherited_close(&in);
	return status;
}

struct edition *edition_open(const struct reading *r, unsigned number, const struct edition *before,
			     const struct edition *older)
{
	struct edition *e = edition_new(number);

	if (!e)
		return NULL;
	refuse_through(log_refusal);
	if (prepare(e, r, before, false) == 0 && logs_open_access(&e->heritage) == 0 &&
	    open_listeners(e, before, older) == 0 && map_routes(e) == 0) {
		rlimits_raise(e->conf.options);
		return e;
	}
	edition_close(&e, before, false);
	return NULL;
}

int edition_check(const struct reading *r, const struct edition *before)
{
	struct edition *e = edition_new(before->number);
	int status;

	if (!e)
		return EXIT_CANNOT_SERVE;
	refuse_through(log_refusal);
	status = prepare(e, r, before, true);
	if (!status && logs_switch(&e->heritage) < 0) /* this process's alone */
		status = EXIT_CANNOT_SERVE;
	/* Nothing is closed in good order: the process ends, and what it shares must stay. */
	return status;
}

/* --- changing over ---------------------------------------------------------------------- */

struct edition *edition_first(struct foundation *f, unsigned number)
{
	struct edition *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->number = number;
	e->is_first = true;
	e->mounts = &f->mounts;
	f->heritage.edition = number;
	atomic_store(&f->heritage.board->edition, number);
	e->heritage = f->heritage;
	return e;
}

/*
 * Also where requests get no time to finish, a worker needs some to hand on what it holds; and an
 * app, to end in good order.
 */
#define LEAVING_LEAST_NS NS_PER_S

struct arbiter_policy edition_policy(const struct options *o)
{
	return (struct arbiter_policy){
		.workers = (unsigned)o->workers,
		.graceful_ns = o->graceful_timeout_ns > LEAVING_LEAST_NS ? o->graceful_timeout_ns
									 : LEAVING_LEAST_NS,
		.slot_ns = o->timeout_ns,
		.delay_ns = o->drain_delay_ns,
		.all_at_once = o->reload_mode == RELOAD_ALL,
	};
}

void edition_put_in_force(const struct edition *e, struct foundation *f)
{
	struct board *b = e->heritage.board;
	const struct options *o = e->heritage.options;

	if (o->core_dumps != f->heritage.options->core_dumps)
		hardening_set_dumps(o);
	f->heritage = e->heritage;
	atomic_store(&b->edition, e->number);
	atomic_store(&b->threads, (uint32_t)o->threads);
	logs_switch(&f->heritage);
}

void edition_close(struct edition **e, const struct edition *stays, bool has_relative)
{
	struct heritage *h = &(*e)->heritage;

	listeners_disown(h, &stays->heritage);
	if (has_relative)
		listeners_leave(h);
	listeners_close(h);
	logs_close(h);
	edition_forget(e);
}

void edition_forget(struct edition **e)
{

	mounts_close((*e)->mounts);
	if (!(*e)->is_first)
		free((*e)->mounts);
	conf_fini(&(*e)->conf);
	free(*e);
	*e = NULL;
}

/* Opening and closing what the processes share.  Runs in: master. */
#include "proc/foundation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/reason.h"
#include "net/crowd.h"
#include "proc/hardening.h"
#include "proc/listeners.h"
#include "proc/logs.h"
#include "proc/master.h"
#include "proc/outlook.h"
#include "proc/rlimits.h"
#include "proc/workplace.h"

static int enter_workplace(struct foundation *f)
{
	char why[REASON_BYTES];

	if (workplace_enter(f->heritage.options, why, sizeof why) == 0)
		return 0;
	log_error("%s", why);
	return EXIT_BAD_CONFIGURATION;
}

static int resolve_identity(struct heritage *h)
{
	char why[REASON_BYTES];
	int error = privileges_resolve(h->options, &h->identity, why, sizeof why);

	if (error == 0)
		return 0;
	log_error("%s", why);
	return error == -EPERM ? EXIT_CANNOT_SERVE : EXIT_BAD_CONFIGURATION;
}

static int check_hardening(const struct heritage *h)
{
	char why[REASON_BYTES];
	int error = hardening_check(h->options, why, sizeof why);

	if (error == 0)
		return 0;
	log_error("%s", why);
	return error == -ENOSYS ? EXIT_CANNOT_SERVE : EXIT_BAD_CONFIGURATION;
}

int foundation_prepare(struct heritage *h, struct mounts *mounts)
{
	int status = resolve_identity(h);

	if (!status)
		status = check_hardening(h);
	if (!status && logs_check_format(h->options) < 0)
		status = EXIT_BAD_CONFIGURATION;
	if (status)
		return status;
	int error = mounts_open(mounts, h->conf);
	if (error == -ENOEXEC)
		return EXIT_APP_ERROR;
	return error < 0 ? EXIT_BAD_CONFIGURATION : 0;
}

static int prepare_heritage(struct foundation *f)
{
	return foundation_prepare(&f->heritage, &f->mounts);
}

static int check_control(struct foundation *f)
{
	char why[REASON_BYTES];

	if (control_check(f->heritage.options->control_socket, why, sizeof why) == 0)
		return 0;
	log_error("%s", why);
	return EXIT_BAD_CONFIGURATION;
}

static int open_logs(struct foundation *f)
{
	return logs_open(&f->heritage);
}

static int raise_limits(struct foundation *f)
{
	rlimits_raise(f->heritage.options);
	hardening_set_dumps(f->heritage.options);
	return 0;
}

/*
 * Whoever can connect takes us for a server, and may send what only the master's loop understands:
 * until it reads them, signals wait.
 */
static int hold_signals(struct foundation *f)
{
	(void)f;
	master_hold_signals();
	return 0;
}

static int open_listeners(struct foundation *f)
{
	int status = listeners_open(&f->heritage, &f->supervisor);

	supervisor_hide();
	return status;
}

static int open_notify(struct foundation *f)
{
	notify_open(&f->notify, &f->supervisor, clock_mono_ns());
	return 0;
}

static struct route_row *describe_routes(const struct mounts *m)
{
	unsigned not_found = m->entry_count, refused = m->entry_count + 1;
	struct route_row *row = calloc(refused + 1, sizeof *row);

	for (unsigned i = 0; row && i < m->entry_count; i++) {
		const struct mount_entry *e = &m->entry[i];

		snprintf(row[i].name, sizeof row[i].name, "%.*s", (int)e->path.len, e->path.at);
		snprintf(row[i].app, sizeof row[i].app, "%s", e->mount->app->name);
		row[i].class = e->route->class;
	}
	if (row) {
		snprintf(row[not_found].name, sizeof row->name, "(not found)");
		snprintf(row[refused].name, sizeof row->name, "(refused)");
	}
	return row;
}

int foundation_map_routes(struct board *b, struct mounts *m)
{
	unsigned count = m->entry_count + 2;
	struct route_row *route = describe_routes(m);
	unsigned *row = calloc(count, sizeof *row);
	int error = route && row ? board_map_routes(b, route, count, row) : -ENOMEM;

	for (unsigned i = 0; i < m->entry_count && !error; i++)
		m->entry[i].row = row[i];
	if (!error) {
		m->row_not_found = row[m->entry_count];
		m->row_refused = row[m->entry_count + 1];
	}
	free(route);
	free(row);
	return error;
}

/* For what a reload may bring; where more is asked for, a restart makes room. */
static uint32_t room_for(uint64_t n)
{
	return (uint32_t)(2 * n + 14);
}

static int open_board(struct foundation *f)
{
	const struct options *o = f->heritage.options;
	const struct board_plan plan = {
		.workers = (uint32_t)o->workers,
		.workers_max = rlimits_seats(o),
		.threads = (uint32_t)o->threads,
		.threads_max = room_for(o->threads),
		.routes = f->mounts.row_refused + 1,
		.routes_max = room_for(f->mounts.row_refused + 1),
		.route = describe_routes(&f->mounts),
	};
	int error = plan.route ? board_open_new(&f->board, &plan, clock_mono_ns()) : -ENOMEM;

	free((void *)plan.route);
	if (error < 0) {
		log_error("cannot make the board: %s", strerror(-error));
		return EXIT_CANNOT_SERVE;
	}
	f->heritage.board = f->board.at;
	return 0;
}

static int open_channels(struct foundation *f)
{
	struct heritage *h = &f->heritage;
	unsigned workers = h->board->workers_max;

	h->news_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	h->channels = peer_channels_open(workers);
	if (h->news_fd >= 0 && h->channels && offers_open(&f->offers, workers) == 0 &&
	    pipe2(h->life, O_CLOEXEC) == 0) {
		h->offers = f->offers.at;
		return 0;
	}
	log_error("cannot make the channels to the workers: %s", strerror(errno));
	return EXIT_CANNOT_SERVE;
}

/* An older master of ours, which lives, has started us. */
static bool has_predecessor(const struct foundation *f)
{
	pid_t predecessor = f->supervisor.predecessor;

	return predecessor && predecessor == getppid();
}

static int enter_background(struct foundation *f)
{
	if (has_predecessor(f))
		return 0; /* there we are */
	int error = background_enter(&f->background, f->heritage.options);

	if (error < 0) {
		log_error("cannot go into the background: %s", strerror(-error));
		return EXIT_CANNOT_SERVE;
	}
	return 0;
}

/* Counts the connections of each address, where they are limited. */
static int open_crowd(struct foundation *f)
{
	struct heritage *h = &f->heritage;

	if (!h->options->address_connections)
		return 0;
	int error = crowd_open(&f->crowd, h->board->workers_max);
	if (error < 0) {
		log_error("cannot count the connections of addresses: %s", strerror(-error));
		return EXIT_CANNOT_SERVE;
	}
	h->crowd = f->crowd.at;
	return 0;
}

/* For the statistics process, also one that a reload brings: without one it takes no memory. */
static int open_history(struct foundation *f)
{
	int error = history_open(&f->history);

	if (error < 0) {
		log_error("cannot keep a history: %s", strerror(-error));
		return EXIT_CANNOT_SERVE;
	}
	f->heritage.history = f->history.at;
	return 0;
}

static int open_pidfile(struct foundation *f)
{
	const char *path = f->heritage.options->pid;
	char why[REASON_BYTES];

	if (!path)
		return 0;
	int error = has_predecessor(f) ? pidfile_open_aside(&f->pidfile, path, why, sizeof why)
				       : pidfile_open(&f->pidfile, path, why, sizeof why);
	if (!error)
		return 0;
	log_error("%s", why);
	return EXIT_CANNOT_SERVE;
}

static int open_control(struct foundation *f)
{
	char why[REASON_BYTES];

	if (control_open(&f->control, f->heritage.options->control_socket, has_predecessor(f), why,
			 sizeof why) == 0) {
		foundation_show_control(f);
		if (!has_predecessor(f))
			foundation_clear_aside(f);
		return 0;
	}
	log_error("%s", why);
	return EXIT_CANNOT_SERVE;
}

void foundation_clear_aside(const struct foundation *f)
{
	if (f->pidfile.path && !f->pidfile.aside)
		pidfile_clear_aside(f->pidfile.path);
	if (!f->control.is_aside)
		control_clear_aside(&f->control);
}

void foundation_show_control(struct foundation *f)
{
	char *on_board = f->heritage.board->control;

	if (f->control.listener.path)
		snprintf(on_board, sizeof f->heritage.board->control, "%s",
			 f->control.listener.path);
}

void foundation_settle(struct foundation *f)
{
	background_tell(&f->background, f->heritage.options);
	background_settle(f->heritage.options);
}

/* What can be found wrong without opening anything that others see. */
static int prepare(struct foundation *f, const struct conf *conf)
{
	*f = (struct foundation){
		.heritage = {
			.conf = conf,
			.options = conf->options,
			.statistics = { .fd = -1 },
			.access_sink = { .fd = -1 },
			.life = { -1, -1 },
			.news_fd = -1,
		},
		.board = { .fd = -1 },
		.offers = { .fd = -1 },
		.crowd = { .fd = -1 },
		.history = { .fd = -1 },
		.pidfile = { .fd = -1 },
		.background = { .told_fd = -1 },
		.notify = { .fd = -1 },
	};
	f->heritage.mounts = &f->mounts;
	control_init(&f->control);
	f->supervisor = conf->supervisor;

	static int (*const step[])(struct foundation *) = {
		enter_workplace,
		check_control,
		prepare_heritage,
	};
	int status = 0;

	for (unsigned i = 0; i < sizeof step / sizeof *step && !status; i++)
		status = step[i](f);
	return status;
}

/* In this order: who fails, fails before he has disturbed a server that runs. */
int foundation_open(struct foundation *f, const struct conf *conf)
{
	static int (*const step[])(struct foundation *) = {
		open_logs,     raise_limits, enter_background, /* from here on in the daemon */
		open_notify,   hold_signals, open_pidfile,     open_listeners, open_board,
		open_channels, open_crowd,   open_control,     open_history,
	};
	int status = prepare(f, conf);

	for (unsigned i = 0; i < sizeof step / sizeof *step && !status; i++)
		status = step[i](f);
	if (status)
		foundation_close(f);
	return status;
}

int foundation_check(const struct conf *conf)
{
	struct foundation f;
	int status = prepare(&f, conf);

	if (!status)
		status = listeners_check(&f.heritage);
	if (!status)
		status = outlook_check(&f.heritage);
	foundation_close(&f);
	return status;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void foundation_close(struct foundation *f)
{
	struct heritage *h = &f->heritage;

	background_close(&f->background);
	notify_close(&f->notify);
	if (has_predecessor(f))
		listeners_leave(h);
	listeners_close(h);
	logs_close(h);
	close_fd(&h->life[0]);
	close_fd(&h->life[1]);
	close_fd(&h->news_fd);
	if (h->board)
		peer_channels_close(h->channels, h->board->workers_max);
	shm_close(&f->history);
	shm_close(&f->crowd);
	shm_close(&f->offers);
	shm_close(&f->board);
	mounts_close(&f->mounts);
	pidfile_close(&f->pidfile);
	control_close(&f->control);
}

void foundation_leave_to_worker(struct foundation *f)
{
	background_close(&f->background);
	notify_close(&f->notify);
	pidfile_forget(&f->pidfile);
	control_forget(&f->control);
}

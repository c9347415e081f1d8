/*
 * Tells the arbiter what happens, and has its decisions carried out (acts.c); keeps the ring of
 * seconds.
 * Runs in: master.
 */
#include "proc/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/acts.h"
#include "proc/banner.h"
#include "proc/listeners.h"
#include "proc/logs.h"
#include "proc/title.h"
#include "proc/worker.h"

static void handle(struct master *m, struct arbiter_event e)
{
	e.now_ns = clock_mono_ns();
	unsigned count = arbiter_handle(&m->arbiter, &e, m->actions);
	for (unsigned i = 0; i < count; i++)
		acts_carry_out(m, &m->actions[i]);
}

static void tell(struct master *m, enum arbiter_event_kind kind, unsigned seat)
{
	handle(m, (struct arbiter_event){ .kind = kind, .seat = seat });
}

/* --- events ------------------------------------------------------------------- */

/* Forks that failed are workers that could not be made; not before the actions at hand are done. */
static void tell_unforked(struct master *m)
{
	while (m->has_unforked) {
		m->has_unforked = false;
		for (unsigned i = 0; i < m->crew.seats; i++) {
			if (!m->is_unforked[i])
				continue;
			m->is_unforked[i] = false;
			tell(m, EVENT_UNFORKED, i);
		}
	}
}

static void renumber(struct master *m)
{
	struct arbiter_policy policy = m->arbiter.policy;

	handle(m, (struct arbiter_event){ .kind = EVENT_EDITION,
					  .edition = reload_renumber(&m->reload),
					  .policy = policy });
}

static void want_workers(struct master *m, unsigned workers)
{
	unsigned most = arbiter_workers_max(m->crew.seats);

	if (workers > most) {
		log_warning("workers: there is room for %u; a restart with that many makes more",
			    most);
		workers = most;
	}
	if (workers == m->arbiter.policy.workers)
		return;
	log_info("workers: %u are wanted, after %u", workers, m->arbiter.policy.workers);
	atomic_store(&master_board(m)->workers, workers);
	handle(m, (struct arbiter_event){ .kind = EVENT_WORKERS, .workers = workers });
	/* Each lane's listeners must be somebody's: with other lanes all workers begin anew. */
	if (workers && m->foundation.heritage.options->reuse_port)
		renumber(m);
}

static struct arbiter_policy policy_of(const struct options *o)
{
	return (struct arbiter_policy){
		.workers = (unsigned)o->workers,
		.graceful_ns = o->graceful_timeout_ns,
		.delay_ns = o->drain_delay_ns,
		.all_at_once = o->reload_mode == RELOAD_ALL,
	};
}

static void change_over(struct master *m)
{
	const struct edition *e = m->reload.now;

	handle(m, (struct arbiter_event){ .kind = EVENT_EDITION,
					  .edition = e->number,
					  .policy = policy_of(e->heritage.options) });
	atomic_store(&master_board(m)->workers, m->arbiter.policy.workers);
	crew_renew_statistics(&m->crew);
}

static void on_worker_gone(struct master *m, const struct crew_death *d)
{
	handle(m,
	       (struct arbiter_event){
		       .kind = EVENT_EXITED,
		       .seat = d->seat,
		       .exit_status = WIFEXITED(d->wait_status) ? WEXITSTATUS(d->wait_status) : -1,
	       });
	if (m->seat[d->seat].state == SEAT_EMPTY)
		crew_clear_seat(&m->crew, d->seat);
	if (arbiter_is_complete(&m->arbiter))
		board_forget_dead(master_board(m));
	reload_sweep(&m->reload, &m->arbiter);
}

/* If our workers have left for it already, they are needed again. */
static void on_heir_gone(struct master *m)
{
	if (m->arbiter.policy.workers == 0)
		want_workers(m, (unsigned)m->foundation.heritage.options->workers);
}

static void on_child(struct master *m)
{
	struct crew_death d;

	while (crew_reap(&m->crew, &d)) {
		if (d.is_worker)
			on_worker_gone(m, &d);
		else if (upgrade_on_child(&m->upgrade, d.pid, d.wait_status))
			on_heir_gone(m);
		else if (reload_is_checker(&m->reload, d.pid) &&
			 reload_on_checked(&m->reload, d.wait_status))
			change_over(m);
	}
}

static void on_hup(struct master *m)
{
	if (arbiter_takes_edition(&m->arbiter))
		reload_ask(&m->reload);
}

static void on_term(struct master *m)
{
	tell(m, EVENT_TERM, 0);
}

static void on_quit(struct master *m)
{
	tell(m, EVENT_QUIT, 0);
}

static void on_usr1(struct master *m)
{
	logs_reopen(&m->foundation.heritage);
	crew_signal_all(&m->crew, SIGUSR1);
}

static void on_usr2(struct master *m)
{
	if (arbiter_takes_edition(&m->arbiter))
		upgrade_start(&m->upgrade);
}

static void on_ttin(struct master *m)
{
	want_workers(m, m->arbiter.policy.workers + 1);
}

static void on_ttou(struct master *m)
{
	if (m->arbiter.policy.workers > 1)
		want_workers(m, m->arbiter.policy.workers - 1);
}

static void on_winch(struct master *m)
{
	want_workers(m, 0);
}

/* What each signal means here; those a terminal sends by itself count only from a process. */
static const struct {
	int signal;
	bool by_process_alone;
	void (*on)(struct master *);
} signals[] = {
	{ SIGCHLD, false, on_child }, { SIGTERM, false, on_term }, { SIGINT, false, on_quit },
	{ SIGQUIT, false, on_quit },  { SIGHUP, false, on_hup },   { SIGUSR1, false, on_usr1 },
	{ SIGUSR2, false, on_usr2 },  { SIGTTIN, true, on_ttin },  { SIGTTOU, true, on_ttou },
	{ SIGWINCH, true, on_winch },
};
#define SIGNALS (sizeof signals / sizeof *signals)

static void read_signals(struct master *m)
{
	struct signalfd_siginfo s;

	while (read(m->signal_fd, &s, sizeof s) == sizeof s)
		for (unsigned i = 0; i < SIGNALS; i++)
			if (s.ssi_signo == (uint32_t)signals[i].signal &&
			    !(signals[i].by_process_alone && s.ssi_code == SI_KERNEL))
				signals[i].on(m);
}

/* What workers say of themselves stands on their rows. */
static void read_news(struct master *m)
{
	uint64_t count;

	if (read(m->foundation.heritage.news_fd, &count, sizeof count) < 0)
		return;
	for (unsigned i = 0; i < board_rows(master_board(m)); i++) {
		const struct worker_row *row = board_worker(master_board(m), i);
		uint32_t state = atomic_load(&row->state);

		if (state == WORKER_READY)
			tell(m, EVENT_READY, i);
		if (state == WORKER_READY && atomic_load(&row->wants_relief))
			tell(m, EVENT_WISH, i);
		if (state == WORKER_DRAINING)
			tell(m, EVENT_LEAVING, i);
	}
}

static void look_for_silence(struct master *m, uint64_t now_ns)
{
	uint64_t timeout_ns = m->foundation.heritage.options->timeout_ns;

	for (unsigned i = 0; i < m->crew.seats && timeout_ns; i++) {
		uint64_t turned_ns = atomic_load(&board_worker(master_board(m), i)->heartbeat_ns);

		if (m->crew.pid[i] && turned_ns && turned_ns + timeout_ns < now_ns)
			tell(m, EVENT_SILENT, i);
	}
}

static void on_time(struct master *m)
{
	uint64_t now_ns = clock_mono_ns();

	if (now_ns >= m->tick_ns) {
		board_tick(master_board(m), now_ns);
		m->tick_ns += NS_PER_S;
		if (m->tick_ns <= now_ns)
			m->tick_ns = now_ns + NS_PER_S; /* we were held up: no burst of seconds */
		look_for_silence(m, now_ns);
		logs_follow(&m->foundation.heritage);
		crew_spawn_statistics(&m->crew);
	}
	notify_watchdog(&m->foundation.notify, master_board(m), now_ns);
	if (now_ns >= arbiter_next_tick(&m->arbiter))
		handle(m, (struct arbiter_event){ .kind = EVENT_TICK });
}

static int wait_ms(const struct master *m)
{
	uint64_t due = arbiter_next_tick(&m->arbiter), now_ns = clock_mono_ns();

	if (m->tick_ns < due)
		due = m->tick_ns;
	if (m->foundation.notify.watchdog_due_ns < due)
		due = m->foundation.notify.watchdog_due_ns;
	return due <= now_ns ? 0 : (int)((due - now_ns) / NS_PER_MS) + 1;
}

static void loop(struct master *m)
{
	tell_unforked(m);
	while (!m->is_over) {
		struct pollfd fds[] = {
			{ .fd = m->signal_fd, .events = POLLIN },
			{ .fd = m->foundation.heritage.news_fd, .events = POLLIN },
			{ .fd = m->upgrade.predecessor_fd, .events = POLLIN },
		};

		poll(fds, sizeof fds / sizeof *fds, wait_ms(m));
		if (fds[1].revents)
			read_news(m);
		if (fds[0].revents)
			read_signals(m);
		if (fds[2].revents)
			upgrade_promote(&m->upgrade);
		on_time(m);
		tell_unforked(m);
	}
}

/* --- beginning and end --------------------------------------------------------- */

static int watch_signals(struct master *m)
{
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < SIGNALS; i++)
		sigaddset(&set, signals[i].signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	m->crew.signal_fd = m->signal_fd;
	return m->signal_fd < 0 ? -errno : 0;
}

static int prepare(struct master *m, const struct reading *reading)
{
	const struct arbiter_policy policy = policy_of(m->foundation.heritage.options);
	int error = crew_open(&m->crew, &m->foundation, &m->reload);
	unsigned seats = m->crew.seats;

	if (!error)
		error = reload_open(&m->reload, &m->foundation, reading);
	m->seat = calloc(seats, sizeof *m->seat);
	m->is_unforked = calloc(seats, sizeof *m->is_unforked);
	m->actions = calloc(ARBITER_ACTIONS(seats), sizeof *m->actions);
	if (error || !m->seat || !m->is_unforked || !m->actions || watch_signals(m) < 0) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_CANNOT_SERVE;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file grown too large is an error of its write(2) */
	arbiter_init(&m->arbiter, m->seat, seats, m->reload.now->number, &policy);
	m->tick_ns = clock_mono_ns() + NS_PER_S;
	return 0;
}

static int serve(struct master *m)
{
	banner_print(&m->foundation.heritage);
	upgrade_open(&m->upgrade, &m->foundation, &m->reload.reading);
	crew_spawn_statistics(&m->crew);
	tell(m, EVENT_BEGIN, 0);
	loop(m);
	crew_stop_statistics(&m->crew);
	log_info("stopped; requests lost since the start: %llu", (unsigned long long)m->crew.lost);
	return m->status;
}

int master_run(const struct conf *conf, const struct reading *reading)
{
	struct master m = { .signal_fd = -1, .upgrade = { .predecessor_fd = -1, .why_fd = -1 } };
	struct reading again = *reading;
	int status;

	title_set("%s: master", conf->options->name); /* first: the arguments may hold secrets */
	again.start_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	status = foundation_open(&m.foundation, conf);
	if (status)
		return status;
	status = prepare(&m, &again);
	if (!status)
		status = serve(&m);
	if (m.signal_fd >= 0)
		close(m.signal_fd);
	free(m.seat);
	free(m.is_unforked);
	free(m.actions);
	crew_close(&m.crew);
	upgrade_close(&m.upgrade);
	reload_close(&m.reload);
	foundation_close(&m.foundation);
	if (again.start_fd >= 0)
		close(again.start_fd);
	return status;
}

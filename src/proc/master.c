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
#include "proc/orders.h"
#include "proc/verbs.h"
#include "proc/title.h"
#include "proc/worker.h"

static void tell(struct master *m, enum arbiter_event_kind kind, unsigned seat)
{
	acts_tell(m, (struct arbiter_event){ .kind = kind, .seat = seat });
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

static void on_worker_gone(struct master *m, const struct crew_death *d)
{
	bool is_signalled = WIFSIGNALED(d->wait_status);

	acts_tell(m, (struct arbiter_event){
			     .kind = EVENT_EXITED,
			     .seat = d->seat,
			     .exit_status = is_signalled ? -1 : WEXITSTATUS(d->wait_status),
			     .is_killed = is_signalled && WTERMSIG(d->wait_status) == SIGKILL,
		     });
	if (m->seat[d->seat].state == SEAT_EMPTY)
		crew_clear_seat(&m->crew, d->seat);
	if (arbiter_is_complete(&m->arbiter))
		board_forget_dead(master_board(m));
	reload_sweep(&m->reload, &m->arbiter, upgrade_has_relative(&m->upgrade));
}

/* If our workers have left for it already, they are needed again. */
static void on_heir_gone(struct master *m)
{
	if (m->arbiter.policy.workers == 0)
		order_workers(m, (unsigned)m->foundation.heritage.options->workers);
}

static void on_checked(struct master *m, int wait_status)
{
	if (reload_on_checked(&m->reload, wait_status))
		order_change_over(m);
	else
		acts_deafen_gone(m); /* what was refused may have opened an old address again */
}

static void on_child(struct master *m)
{
	struct crew_death d;

	while (crew_reap(&m->crew, &d)) {
		if (d.is_worker)
			on_worker_gone(m, &d);
		else if (upgrade_on_child(&m->upgrade, d.pid, d.wait_status))
			on_heir_gone(m);
		else if (reload_is_checker(&m->reload, d.pid))
			on_checked(m, d.wait_status);
	}
}

static void on_term(struct master *m)
{
	order_stop(m, false);
}

static void on_quit(struct master *m)
{
	order_stop(m, true);
}

static void on_hup(struct master *m)
{
	order_reload(m, 0);
}

static void on_usr2(struct master *m)
{
	order_upgrade(m);
}

static void on_ttin(struct master *m)
{
	order_workers(m, m->arbiter.policy.workers + 1);
}

static void on_ttou(struct master *m)
{
	if (m->arbiter.policy.workers > 1)
		order_workers(m, m->arbiter.policy.workers - 1);
}

static void on_winch(struct master *m)
{
	order_workers(m, 0);
}

/* What each signal means here; those a terminal sends by itself count only from a process. */
static const struct {
	int signal;
	bool by_process_alone;
	void (*on)(struct master *);
} signals[] = {
	{ SIGCHLD, false, on_child }, { SIGTERM, false, on_term },
	{ SIGINT, false, on_quit },   { SIGQUIT, false, on_quit },
	{ SIGHUP, false, on_hup },    { SIGUSR1, false, order_reopening },
	{ SIGUSR2, false, on_usr2 },  { SIGTTIN, true, on_ttin },
	{ SIGTTOU, true, on_ttou },   { SIGWINCH, true, on_winch },
};
#define SIGNALS (sizeof signals / sizeof *signals)

static void read_signals(struct master *m)
{
	struct signalfd_siginfo s;

	on_child(m); /* first: who has ended may be in the way of what is asked */
	while (read(m->signal_fd, &s, sizeof s) == sizeof s)
		for (unsigned i = 0; i < SIGNALS; i++)
			if (s.ssi_signo == (uint32_t)signals[i].signal &&
			    !(signals[i].by_process_alone && s.ssi_code == SI_KERNEL))
				signals[i].on(m);
}

static void tell_wish(struct master *m, unsigned seat, enum relief relief)
{
	if (relief != RELIEF_NONE)
		acts_tell(m, (struct arbiter_event){ .kind = EVENT_WISH,
						     .seat = seat,
						     .is_hurt = relief == RELIEF_HURT });
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
		if (state == WORKER_READY)
			tell_wish(m, i, (enum relief)atomic_load(&row->relief));
		if (state == WORKER_DRAINING)
			tell(m, EVENT_LEAVING, i);
	}
}

/* A loop that has not been scheduled for less does not hang; on a busy machine that happens. */
#define SILENCE_LEAST_NS NS_PER_S

static void look_for_silence(struct master *m, uint64_t now_ns)
{
	uint64_t timeout_ns = m->foundation.heritage.options->timeout_ns;

	if (timeout_ns && timeout_ns < SILENCE_LEAST_NS)
		timeout_ns = SILENCE_LEAST_NS;
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
		upgrade_clear_aside(&m->upgrade);
		crew_end_overdue_statistics(&m->crew, now_ns);
		crew_spawn_statistics(&m->crew);
	}
	notify_watchdog(&m->foundation.notify, master_board(m), now_ns);
	if (now_ns >= arbiter_next_tick(&m->arbiter))
		tell(m, EVENT_TICK, 0);
}

static int wait_ms(const struct master *m)
{
	uint64_t due = arbiter_next_tick(&m->arbiter), now_ns = clock_mono_ns();

	if (m->tick_ns < due)
		due = m->tick_ns;
	if (control_next_ns(&m->foundation.control) < due)
		due = control_next_ns(&m->foundation.control);
	if (m->foundation.notify.watchdog_due_ns < due)
		due = m->foundation.notify.watchdog_due_ns;
	return due <= now_ns ? 0 : (int)((due - now_ns) / NS_PER_MS) + 1;
}

enum { FD_SIGNALS, FD_NEWS, FD_PREDECESSOR, FD_CONTROL, FDS = FD_CONTROL + CONTROL_FDS };

static void turn(struct master *m)
{
	struct control *control = &m->foundation.control;
	struct pollfd fds[FDS] = {
		[FD_SIGNALS] = { .fd = m->signal_fd, .events = POLLIN },
		[FD_NEWS] = { .fd = m->foundation.heritage.news_fd, .events = POLLIN },
		[FD_PREDECESSOR] = { .fd = m->upgrade.predecessor_fd, .events = POLLIN },
	};

	poll(fds, FD_CONTROL + control_watch(control, &fds[FD_CONTROL]), wait_ms(m));
	if (fds[FD_NEWS].revents)
		read_news(m);
	if (fds[FD_SIGNALS].revents)
		read_signals(m);
	if (fds[FD_PREDECESSOR].revents)
		upgrade_promote(&m->upgrade);
	control_serve(control, &fds[FD_CONTROL], clock_mono_ns(), verbs_answer, m);
	on_time(m);
	tell_unforked(m);
}

static void loop(struct master *m)
{
	tell_unforked(m);
	while (!m->is_over)
		turn(m);
}

/* --- beginning and end --------------------------------------------------------- */

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	for (unsigned i = 0; i < SIGNALS; i++)
		sigaddset(set, signals[i].signal);
}

void master_hold_signals(void)
{
	sigset_t set;

	our_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch_signals(struct master *m)
{
	sigset_t set;

	our_signals(&set);
	m->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	m->crew.signal_fd = m->signal_fd;
	return m->signal_fd < 0 ? -errno : 0;
}

static int prepare(struct master *m, const struct reading *reading)
{
	const struct arbiter_policy policy = edition_policy(m->foundation.heritage.options);
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
	crew_stop_statistics(&m->crew, m->arbiter.state == ARBITER_ENDING);
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
	reload_close(&m.reload, upgrade_has_relative(&m.upgrade));
	if (upgrade_has_relative(&m.upgrade))
		listeners_leave(&m.foundation.heritage);
	foundation_close(&m.foundation);
	if (again.start_fd >= 0)
		close(again.start_fd);
	return status;
}

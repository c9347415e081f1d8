/*
 * Carries out the arbiter's decisions: forks, signals, reaps, keeps the ring of seconds.
 * Runs in: master.
 */
#include "proc/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/arbiter.h"
#include "proc/banner.h"
#include "proc/foundation.h"
#include "proc/title.h"
#include "proc/worker.h"

struct master {
	struct foundation foundation;
	struct arbiter arbiter;
	struct seat *seat;
	pid_t *pid;             /* of each seat's worker, 0: none, -1: it could not be forked */
	struct action *actions; /* room for what one event gives */
	bool has_unforked;
	pid_t statistics_pid;
	int signal_fd;
	uint64_t tick_ns; /* when the next second of the ring is due */
	bool is_over;
	int status;
};

static struct board *board(const struct master *m)
{
	return m->foundation.heritage.board;
}

/* --- processes ---------------------------------------------------------------- */

/* The one place where littled's workers are forked. */
static pid_t spawn(struct master *m, unsigned index)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(m->signal_fd);
	foundation_leave_to_worker(&m->foundation);
	int status = worker_main(&m->foundation.heritage, index);
	exit(status);
}

static void handle(struct master *m, struct arbiter_event e);

static void spawn_worker(struct master *m, unsigned seat)
{
	board_worker_begins(board(m), seat, clock_mono_ns());
	pid_t pid = spawn(m, seat);
	if (pid < 0) {
		log_error("cannot fork worker %u: %s", seat, strerror(errno));
		m->pid[seat] = -1;
		m->has_unforked = true;
		return;
	}
	m->pid[seat] = pid;
	atomic_store(&board_worker(board(m), seat)->pid, pid);
	log_info("worker %u: process %d", seat, (int)pid);
}

static void spawn_statistics(struct master *m)
{
	if (m->foundation.heritage.statistics.fd < 0)
		return;
	m->statistics_pid = spawn(m, WORKER_STATISTICS);
	if (m->statistics_pid < 0) {
		log_error("cannot fork the statistics process: %s", strerror(errno));
		m->statistics_pid = 0;
	}
}

static void signal_workers(const struct master *m, int signal)
{
	for (unsigned i = 0; i < m->arbiter.seats; i++)
		if (m->pid[i] > 0)
			kill(m->pid[i], signal);
}

/* The statistics are the last to go: they show the draining. */
static void stop_statistics(struct master *m)
{
	int status;

	if (!m->statistics_pid)
		return;
	kill(m->statistics_pid, SIGQUIT);
	waitpid(m->statistics_pid, &status, 0);
	m->statistics_pid = 0;
}

static void log_death(unsigned seat, pid_t pid, int status, uint64_t lost)
{
	if (WIFSIGNALED(status))
		log_error("worker %u: process %d was ended by signal %d (%s); requests lost: %llu",
			  seat, (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)),
			  (unsigned long long)lost);
	else if (WEXITSTATUS(status) != 0)
		log_error("worker %u: process %d exited with status %d; requests lost: %llu", seat,
			  (int)pid, WEXITSTATUS(status), (unsigned long long)lost);
	else
		log_info("worker %u: process %d has left", seat, (int)pid);
}

static void bury(struct master *m, unsigned seat, int status)
{
	uint64_t now_ns = clock_mono_ns();

	offers_bequeath(&m->foundation.heritage.offers[seat], board_tally(board(m), seat, 0));
	uint64_t lost = board_worker_died(board(m), seat, now_ns);

	log_death(seat, m->pid[seat], status, lost);
	m->pid[seat] = 0;
	handle(m, (struct arbiter_event){
			  .kind = EVENT_EXITED,
			  .seat = seat,
			  .exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		  });
}

static void on_statistics_gone(struct master *m, int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_error("statistics: process %d is gone", (int)m->statistics_pid);
	/* The next second starts another: one that cannot live must not make a storm. */
	m->statistics_pid = 0;
}

static void reap(struct master *m)
{
	int status;

	for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0;
	     pid = waitpid(-1, &status, WNOHANG)) {
		if (pid == m->statistics_pid) {
			on_statistics_gone(m, status);
			continue;
		}
		for (unsigned i = 0; i < m->arbiter.seats; i++)
			if (m->pid[i] == pid)
				bury(m, i, status);
	}
}

/* Forks that failed count as workers that died at once; not before the actions at hand are done. */
static void bury_unforked(struct master *m)
{
	while (m->has_unforked) {
		m->has_unforked = false;
		for (unsigned i = 0; i < m->arbiter.seats; i++) {
			if (m->pid[i] >= 0)
				continue;
			m->pid[i] = 0;
			handle(m, (struct arbiter_event){
					  .kind = EVENT_EXITED, .seat = i, .exit_status = -1 });
		}
	}
}

/* --- actions ------------------------------------------------------------------ */

static void say_ready(struct master *m)
{
	const struct heritage *h = &m->foundation.heritage;
	const struct options *o = h->options;

	log_info("serving: %u workers x %u threads = %u slots", (unsigned)o->workers,
		 (unsigned)o->threads, (unsigned)(o->workers * o->threads));
	foundation_settle(&m->foundation);
}

static void close_listeners(struct master *m)
{
	struct heritage *h = &m->foundation.heritage;

	for (unsigned i = 0; i < h->listener_count; i++)
		listener_close(&h->listener[i]);
}

static void drain(struct master *m)
{
	atomic_store(&board(m)->is_draining, 1);
	log_info("stopping: requests in flight have %.3g s to finish",
		 (double)m->arbiter.graceful_ns / (double)NS_PER_S);
	signal_workers(m, SIGTERM);
	close_listeners(m);
}

static void quit(struct master *m)
{
	atomic_store(&board(m)->is_draining, 1);
	log_info("stopping now");
	signal_workers(m, SIGQUIT);
	close_listeners(m);
}

static void act(struct master *m, const struct action *action)
{
	switch (action->kind) {
	case ACTION_SPAWN:
		spawn_worker(m, action->seat);
		break;
	case ACTION_DRAIN:
		drain(m);
		break;
	case ACTION_QUIT:
		quit(m);
		break;
	case ACTION_KILL:
		log_error("worker %u: no sign of life, killing it", action->seat);
		kill(m->pid[action->seat], SIGKILL);
		break;
	case ACTION_KILL_ALL:
		log_warning("workers did not leave in time, killing them");
		signal_workers(m, SIGKILL);
		break;
	case ACTION_READY:
		say_ready(m);
		break;
	case ACTION_EXIT:
		m->is_over = true;
		m->status = action->status;
		break;
	}
}

static void handle(struct master *m, struct arbiter_event e)
{
	e.now_ns = clock_mono_ns();
	unsigned count = arbiter_handle(&m->arbiter, &e, m->actions);
	for (unsigned i = 0; i < count; i++)
		act(m, &m->actions[i]); /* none of them handles another event */
}

/* --- events ------------------------------------------------------------------- */

static void on_signal(struct master *m)
{
	struct signalfd_siginfo s;

	while (read(m->signal_fd, &s, sizeof s) == sizeof s) {
		switch (s.ssi_signo) {
		case SIGCHLD:
			reap(m);
			break;
		case SIGTERM:
			handle(m, (struct arbiter_event){ .kind = EVENT_TERM });
			break;
		case SIGUSR1:
			log_reopen();
			signal_workers(m, SIGUSR1);
			break;
		default:
			handle(m, (struct arbiter_event){ .kind = EVENT_QUIT });
		}
	}
}

static void on_ready(struct master *m)
{
	uint64_t count;

	if (read(m->foundation.heritage.ready_fd, &count, sizeof count) < 0)
		return;
	for (unsigned i = 0; i < m->arbiter.seats; i++)
		if (m->pid[i] > 0 && atomic_load(&board_worker(board(m), i)->state) == WORKER_READY)
			handle(m, (struct arbiter_event){ .kind = EVENT_READY, .seat = i });
}

static void look_for_silence(struct master *m, uint64_t now_ns)
{
	uint64_t timeout_ns = m->foundation.heritage.options->timeout_ns;

	for (unsigned i = 0; i < m->arbiter.seats && timeout_ns; i++) {
		uint64_t turned_ns = atomic_load(&board_worker(board(m), i)->heartbeat_ns);

		if (m->pid[i] > 0 && turned_ns && turned_ns + timeout_ns < now_ns)
			handle(m, (struct arbiter_event){ .kind = EVENT_SILENT, .seat = i });
	}
}

static void on_time(struct master *m)
{
	uint64_t now_ns = clock_mono_ns();

	if (now_ns >= m->tick_ns) {
		board_tick(board(m), now_ns);
		m->tick_ns += NS_PER_S;
		if (m->tick_ns <= now_ns)
			m->tick_ns = now_ns + NS_PER_S; /* we were held up: no burst of seconds */
		look_for_silence(m, now_ns);
		if (!m->statistics_pid)
			spawn_statistics(m);
	}
	if (now_ns >= arbiter_next_tick(&m->arbiter))
		handle(m, (struct arbiter_event){ .kind = EVENT_TICK });
}

static int wait_ms(const struct master *m)
{
	uint64_t due = arbiter_next_tick(&m->arbiter), now_ns = clock_mono_ns();

	if (m->tick_ns < due)
		due = m->tick_ns;
	return due <= now_ns ? 0 : (int)((due - now_ns) / NS_PER_MS) + 1;
}

static void loop(struct master *m)
{
	bury_unforked(m);
	while (!m->is_over) {
		struct pollfd fds[] = {
			{ .fd = m->signal_fd, .events = POLLIN },
			{ .fd = m->foundation.heritage.ready_fd, .events = POLLIN },
		};

		poll(fds, sizeof fds / sizeof *fds, wait_ms(m));
		if (fds[1].revents)
			on_ready(m);
		if (fds[0].revents)
			on_signal(m);
		on_time(m);
		bury_unforked(m);
	}
}

/* --- beginning and end --------------------------------------------------------- */

static int watch_signals(struct master *m)
{
	static const int wanted[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return m->signal_fd < 0 ? -errno : 0;
}

static int prepare(struct master *m)
{
	const struct options *o = m->foundation.heritage.options;
	unsigned seats = (unsigned)o->workers;

	m->seat = calloc(seats, sizeof *m->seat);
	m->pid = calloc(seats, sizeof *m->pid);
	m->actions = calloc(ARBITER_ACTIONS(seats), sizeof *m->actions);
	if (!m->seat || !m->pid || !m->actions || watch_signals(m) < 0) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_CANNOT_SERVE;
	}
	signal(SIGPIPE, SIG_IGN);
	arbiter_init(&m->arbiter, m->seat, seats, o->graceful_timeout_ns);
	m->tick_ns = clock_mono_ns() + NS_PER_S;
	return 0;
}

int master_run(const struct conf *conf)
{
	struct master m = { .signal_fd = -1 };
	int status = foundation_open(&m.foundation, conf);

	if (status)
		return status;
	title_set("%s: master", conf->options->name);
	status = prepare(&m);
	if (!status) {
		banner_print(&m.foundation.heritage);
		spawn_statistics(&m);
		handle(&m, (struct arbiter_event){ .kind = EVENT_BEGIN });
		loop(&m);
		stop_statistics(&m);
		status = m.status;
		log_info("stopped");
	}
	if (m.signal_fd >= 0)
		close(m.signal_fd);
	free(m.seat);
	free(m.pid);
	free(m.actions);
	foundation_close(&m.foundation);
	return status;
}

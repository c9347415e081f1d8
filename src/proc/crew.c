/* Forking, signalling and reaping.  Runs in: master. */
#include "proc/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/foundation.h"
#include "proc/reload.h"
#include "proc/worker.h"

/* For a statistics process to answer what it has; then it hangs. */
#define STATISTICS_PATIENCE_NS (10 * NS_PER_S)
#define STATISTICS_LAST_NS (3 * NS_PER_S) /* the same at the end of the server */

int crew_open(struct crew *c, struct foundation *f, struct reload *r)
{
	*c = (struct crew){
		.foundation = f,
		.reload = r,
		.heritage = &f->heritage,
		.seats = f->heritage.board->workers_max,
		.signal_fd = -1,
	};
	c->pid = calloc(c->seats, sizeof *c->pid);
	return c->pid ? 0 : -ENOMEM;
}

void crew_close(struct crew *c)
{
	free(c->pid);
	*c = (struct crew){ .pid = NULL };
}

/* The one place where littled's workers are forked. */
static pid_t spawn(struct crew *c, unsigned index)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(c->signal_fd);
	foundation_leave_to_worker(c->foundation);
	reload_leave_to_worker(c->reload);
	int status = worker_main(c->heritage, index);
	exit(status);
}

int crew_spawn(struct crew *c, unsigned seat, unsigned lane, unsigned lanes)
{
	struct board *b = c->heritage->board;

	c->heritage->lane = lane;
	c->heritage->lanes = lanes;
	board_forget_dead(b);
	board_worker_begins(b, seat, (unsigned)c->heritage->options->threads, clock_mono_ns());
	pid_t pid = spawn(c, seat);
	if (pid < 0) {
		int error = -errno;

		board_worker_died(b, seat, true, clock_mono_ns());
		log_error("cannot fork worker %u: %s", seat, strerror(-error));
		return error;
	}
	c->pid[seat] = pid;
	c->begun++;
	atomic_store(&board_worker(b, seat)->pid, pid);
	log_info("worker %u: process %d", seat, (int)pid);
	return 0;
}

unsigned crew_count(const struct crew *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->seats; i++)
		n += c->pid[i] != 0;
	return n;
}

void crew_spawn_statistics(struct crew *c)
{
	if (c->statistics_pid || c->needs_no_statistics || c->heritage->statistics.fd < 0)
		return;
	c->statistics_began_ns = clock_mono_ns();
	c->statistics_pid = spawn(c, WORKER_STATISTICS);
	if (c->statistics_pid < 0) {
		log_error("cannot fork the statistics process: %s", strerror(errno));
		c->statistics_pid = 0;
	}
}

static void stop(pid_t *pid)
{
	int status;

	if (!*pid)
		return;
	kill(*pid, SIGKILL); /* it has nothing to finish, and may hang */
	waitpid(*pid, &status, 0);
	*pid = 0;
}

/* An empty place, or that of the one who is to leave first, and has had its time. */
static unsigned place_to_leave(struct crew *c)
{
	unsigned first = 0;

	for (unsigned i = 0; i < CREW_LEAVING; i++) {
		if (!c->leaving[i].pid)
			return i;
		if (c->leaving[i].deadline_ns < c->leaving[first].deadline_ns)
			first = i;
	}
	stop(&c->leaving[first].pid);
	return first;
}

static void let_statistics_leave(struct crew *c)
{
	if (!c->statistics_pid)
		return;
	unsigned i = place_to_leave(c);

	kill(c->statistics_pid, SIGTERM);
	c->leaving[i].pid = c->statistics_pid;
	c->leaving[i].deadline_ns = clock_mono_ns() + STATISTICS_PATIENCE_NS;
	c->statistics_pid = 0;
}

void crew_renew_statistics(struct crew *c)
{
	let_statistics_leave(c);
	crew_spawn_statistics(c);
}

void crew_dismiss_statistics(struct crew *c)
{
	c->needs_no_statistics = true;
	let_statistics_leave(c);
}

void crew_end_overdue_statistics(struct crew *c, uint64_t now_ns)
{
	for (unsigned i = 0; i < CREW_LEAVING; i++)
		if (c->leaving[i].pid && now_ns >= c->leaving[i].deadline_ns)
			stop(&c->leaving[i].pid);
}

/* Those that have left are forgotten; is any still there? */
static bool is_any_leaving(struct crew *c)
{
	bool is_any = false;

	for (unsigned i = 0; i < CREW_LEAVING; i++) {
		pid_t *pid = &c->leaving[i].pid;

		if (*pid && waitpid(*pid, NULL, WNOHANG) != 0)
			*pid = 0;
		is_any |= *pid != 0;
	}
	return is_any;
}

/* The signals are blocked, as they have been.  One more that says stop is an end to waiting. */
static void await_leaving(struct crew *c)
{
	uint64_t until_ns = clock_mono_ns() + STATISTICS_LAST_NS;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	while (is_any_leaving(c)) {
		uint64_t now_ns = clock_mono_ns();

		if (now_ns >= until_ns)
			return;
		const struct timespec left = {
			.tv_sec = (time_t)((until_ns - now_ns) / NS_PER_S),
			.tv_nsec = (long)((until_ns - now_ns) % NS_PER_S),
		};
		int signal = sigtimedwait(&set, NULL, &left);

		if (signal > 0 && signal != SIGCHLD)
			return;
	}
}

void crew_stop_statistics(struct crew *c, bool is_quick)
{
	if (!is_quick) {
		crew_dismiss_statistics(c);
		await_leaving(c);
	}
	for (unsigned i = 0; i < CREW_LEAVING; i++)
		stop(&c->leaving[i].pid);
	stop(&c->statistics_pid);
}

void crew_signal(const struct crew *c, unsigned seat, int signal)
{
	if (c->pid[seat])
		kill(c->pid[seat], signal);
}

void crew_signal_all(const struct crew *c, int signal)
{
	for (unsigned i = 0; i < c->seats; i++)
		crew_signal(c, i, signal);
}

static void log_death(unsigned seat, pid_t pid, int status, bool was_starting, uint64_t lost)
{
	if (WIFSIGNALED(status))
		log_error("worker %u: process %d was ended by signal %d (%s); requests lost: %llu",
			  seat, (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)),
			  (unsigned long long)lost);
	else if (was_starting)
		log_error("worker %u: process %d exited with status %d before it was ready", seat,
			  (int)pid, WEXITSTATUS(status));
	else if (WEXITSTATUS(status) != 0 || lost)
		log_error("worker %u: process %d exited with status %d; requests lost: %llu", seat,
			  (int)pid, WEXITSTATUS(status), (unsigned long long)lost);
	else
		log_info("worker %u: process %d has left", seat, (int)pid);
}

static void bury(struct crew *c, unsigned seat, int status)
{
	struct board *b = c->heritage->board;
	bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool was_starting = atomic_load(&board_worker(b, seat)->state) == WORKER_STARTING;

	offers_bequeath(&c->heritage->offers[seat], board_tally(b, seat, 0));
	uint64_t lost = board_worker_died(b, seat, in_order, clock_mono_ns());

	log_death(seat, c->pid[seat], status, was_starting, lost);
	c->lost += lost;
	c->died += !in_order;
	c->pid[seat] = 0;
}

static void forget_leaving(struct crew *c, pid_t pid)
{
	for (unsigned i = 0; i < CREW_LEAVING; i++)
		if (c->leaving[i].pid == pid)
			c->leaving[i].pid = 0;
}

static void on_statistics_gone(struct crew *c, int status)
{
	if (WIFSIGNALED(status))
		log_error("statistics: process %d was ended by signal %d (%s)",
			  (int)c->statistics_pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_error("statistics: process %d exited with status %d", (int)c->statistics_pid,
			  WEXITSTATUS(status));
	c->statistics_pid = 0;
	/* Else the next second starts another: one that cannot live must not make a storm. */
	if (clock_mono_ns() - c->statistics_began_ns >= NS_PER_S)
		crew_spawn_statistics(c);
}

static bool find_seat(const struct crew *c, pid_t pid, unsigned *seat)
{
	for (unsigned i = 0; i < c->seats; i++) {
		if (c->pid[i] != pid)
			continue;
		*seat = i;
		return true;
	}
	return false;
}

bool crew_reap(struct crew *c, struct crew_death *d)
{
	d->pid = waitpid(-1, &d->wait_status, WNOHANG);
	if (d->pid <= 0)
		return false;
	d->is_worker = find_seat(c, d->pid, &d->seat);
	if (d->is_worker)
		bury(c, d->seat, d->wait_status);
	else if (d->pid == c->statistics_pid)
		on_statistics_gone(c, d->wait_status);
	else
		forget_leaving(c, d->pid);
	return true;
}

void crew_clear_seat(const struct crew *c, unsigned seat)
{
	peer_channel_empty(&c->heritage->channels[seat]);
	offers_forget_orphans(c->heritage->offers, board_rows(c->heritage->board), seat);
}

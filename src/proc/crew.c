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
	if (c->statistics_pid || c->heritage->statistics.fd < 0)
		return;
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

void crew_renew_statistics(struct crew *c)
{
	stop(&c->statistics_before); /* it has had its time */
	if (c->statistics_pid)
		kill(c->statistics_pid, SIGTERM);
	c->statistics_before = c->statistics_pid;
	c->statistics_pid = 0;
	crew_spawn_statistics(c);
}

void crew_stop_statistics(struct crew *c)
{
	stop(&c->statistics_before);
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

static void log_death(unsigned seat, pid_t pid, int status, uint64_t lost)
{
	if (WIFSIGNALED(status))
		log_error("worker %u: process %d was ended by signal %d (%s); requests lost: %llu",
			  seat, (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)),
			  (unsigned long long)lost);
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

	offers_bequeath(&c->heritage->offers[seat], board_tally(b, seat, 0));
	uint64_t lost = board_worker_died(b, seat, in_order, clock_mono_ns());

	log_death(seat, c->pid[seat], status, lost);
	c->lost += lost;
	c->died += !in_order;
	c->pid[seat] = 0;
}

static void on_statistics_gone(struct crew *c, int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_error("statistics: process %d is gone", (int)c->statistics_pid);
	/* The next second starts another: one that cannot live must not make a storm. */
	c->statistics_pid = 0;
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
	else if (d->pid == c->statistics_before)
		c->statistics_before = 0;
	return true;
}

void crew_clear_seat(const struct crew *c, unsigned seat)
{
	peer_channel_empty(&c->heritage->channels[seat]);
	offers_forget_orphans(c->heritage->offers, board_rows(c->heritage->board), seat);
}

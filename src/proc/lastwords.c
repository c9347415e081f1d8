/*
 * Saying what every thread does, in a signal handler.
 *
 * No lock, no memory, no clock but the vDSO's: snprintf(3) of plain numbers and strings, write(2).
 * Runs in: the thread that got the signal, whatever it was doing.
 */
#include "proc/lastwords.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/backtrace.h"
#include "proc/worker.h"

#define LINE_BYTES 256

static const struct worker *dying;

/* Its slots are there to be told of; before that a thread of an app's may die already. */
static _Atomic bool has_slots;

static void say(const char *line, int n)
{
	if (n > 0 &&
	    write(log_descriptor(), line, (size_t)(n < LINE_BYTES ? n : LINE_BYTES - 1)) < 0) {
		/* Nowhere left to say so. */
	}
}

/* What was seen before may have changed since: never less than none. */
static unsigned ms_since(uint64_t then_ns)
{
	uint64_t now_ns = clock_mono_ns();

	return now_ns > then_ns ? (unsigned)((now_ns - then_ns) / NS_PER_MS) : 0;
}

static void tell_slot(unsigned i)
{
	const struct slot_row *row = &dying->loop.slot_row[i];
	uint32_t state = atomic_load(&row->state), route = atomic_load(&row->route);
	unsigned ms = ms_since(atomic_load(&row->since_ns));
	unsigned thread = atomic_load(&row->thread_id);
	char line[LINE_BYTES];

	if (state != SLOT_BUSY) {
		say(line, snprintf(line, sizeof line, "slot %u: %s for %u ms\n", i,
				   slot_state_names[state], ms));
		return;
	}
	say(line, snprintf(line, sizeof line, "slot %u: busy with %s for %u ms, thread %u is at:\n",
			   i, board_route(dying->loop.board, route)->name, ms, thread));
	backtrace_of_thread((pid_t)thread, log_descriptor());
}

static void tell_leader(void)
{
	const struct slot_thread *leader = dying->slots.leader;
	unsigned ms = ms_since(atomic_load(&dying->loop.row->heartbeat_ns));
	char line[LINE_BYTES];

	if (!leader)
		return;
	say(line,
	    snprintf(line, sizeof line, "leader: the loop turned %u ms ago, thread %d is at:\n", ms,
		     (int)leader->thread_id));
	backtrace_of_thread(leader->thread_id, log_descriptor());
}

static void on_abort(int signal)
{
	char line[LINE_BYTES];

	say(line,
	    snprintf(line, sizeof line, "worker %u (process %d) was told to abort; it is at:\n",
		     dying->index, (int)getpid()));
	backtrace_of_caller(log_descriptor());
	/* What the statistics process's slots do, they do all the time. */
	if (atomic_load(&has_slots)) {
		for (unsigned i = 0;
		     dying->index != WORKER_STATISTICS && i < dying->slots.slot_count; i++)
			tell_slot(i);
		tell_leader();
	}
	raise(signal); /* its action is the default again, and comes when we return */
}

void lastwords_have_slots(void)
{
	atomic_store(&has_slots, true);
}

void lastwords_prepare(const struct worker *w)
{
	struct sigaction action = { .sa_handler = on_abort, .sa_flags = (int)SA_RESETHAND };

	dying = w;
	sigfillset(&action.sa_mask);
	sigaction(SIGABRT, &action, NULL);
}

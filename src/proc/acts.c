/* Carrying out the arbiter's decisions.  Runs in: master. */
#include "proc/acts.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/listeners.h"

static void act_spawn(struct master *m, const struct action *a)
{
	if (crew_spawn(&m->crew, a->seat, a->lane, m->arbiter.policy.workers) == 0)
		return;
	m->is_unforked[a->seat] = true;
	m->has_unforked = true;
}

static void act_retire(struct master *m, const struct action *a)
{
	crew_signal(&m->crew, a->seat, SIGTERM);
}

static void act_abort(struct master *m, const struct action *a)
{
	log_error("worker %u: no sign of life, ending it", a->seat);
	crew_signal(&m->crew, a->seat, SIGABRT);
}

static void act_kill(struct master *m, const struct action *a)
{
	log_warning("worker %u: it did not leave in time, killing it", a->seat);
	crew_signal(&m->crew, a->seat, SIGKILL);
}

static void act_ready(struct master *m, const struct action *a)
{
	const struct options *o = m->foundation.heritage.options;

	(void)a;
	char text[128];

	snprintf(text, sizeof text, "serving: %u workers x %u threads = %u slots",
		 (unsigned)o->workers, (unsigned)o->threads, (unsigned)(o->workers * o->threads));
	log_info("%s", text);
	notify_send(&m->foundation.notify, "READY=1\nMAINPID=%d\nSTATUS=%s", (int)getpid(), text);
	foundation_settle(&m->foundation);
}

void acts_deafen_gone(struct master *m)
{
	if (!m->arbiter.is_renewing && !upgrade_has_relative(&m->upgrade))
		reload_deafen_gone(&m->reload);
}

static void act_renewed(struct master *m, const struct action *a)
{
	const struct options *o = m->foundation.heritage.options;
	double took_s = (double)(clock_mono_ns() - m->reload.asked_ns) / (double)NS_PER_S;

	(void)a;
	m->reload.done++;
	acts_deafen_gone(m);
	log_info("reload: done in %.3f s: %u workers x %u threads", took_s,
		 m->arbiter.policy.workers, (unsigned)o->threads);
	notify_send(&m->foundation.notify, "READY=1\nSTATUS=serving: %u workers x %u threads",
		    m->arbiter.policy.workers, (unsigned)o->threads);
}

static void act_revert(struct master *m, const struct action *a)
{
	(void)a;
	reload_revert(&m->reload, m->arbiter.edition);
	acts_deafen_gone(m);
	atomic_store(&master_board(m)->workers, m->arbiter.policy.workers);
	crew_renew_statistics(&m->crew);
}

/*
 * Nothing new is begun any more, and the service manager is told: the service itself goes on when
 * there is an heir.
 */
static void begin_to_stop(struct master *m, const char *how)
{
	const struct notify *n = &m->foundation.notify;

	reload_drop(&m->reload);
	if (m->upgrade.heir)
		notify_send(n, "MAINPID=%d\nSTATUS=upgraded", (int)m->upgrade.heir);
	else
		notify_send(n, "STOPPING=1\nSTATUS=stopping: %s", how);
}

static void act_unready(struct master *m, const struct action *a)
{
	(void)a;
	atomic_store(&master_board(m)->phase, BOARD_UNREADY);
	begin_to_stop(m, "serving on for a while");
	log_info("stopping: serving on for %.3g s, not ready for more",
		 (double)m->arbiter.policy.delay_ns / (double)NS_PER_S);
}

/*
 * Nobody can connect any more, at an address that a reload was about to remove neither; who has, is
 * accepted by the workers before they leave.  Unless another master serves on the same listeners.
 */
static void give_up_listeners(struct master *m)
{
	struct heritage *h = &m->foundation.heritage;

	if (upgrade_has_relative(&m->upgrade)) {
		atomic_store(&master_board(m)->phase, BOARD_SUCCEEDED);
		crew_dismiss_statistics(&m->crew);
		return;
	}
	atomic_store(&master_board(m)->phase, BOARD_STOPPING);
	for (unsigned i = 0; i < h->listener_count; i++)
		listener_deafen(&h->listener[i]);
	reload_deafen_gone(&m->reload);
}

/* The names that a relative serves on are for the last of us to remove, at its very end. */
static void close_listeners(struct master *m)
{
	if (upgrade_has_relative(&m->upgrade))
		listeners_let_go(&m->foundation.heritage);
	else
		heritage_close_listeners(&m->foundation.heritage);
}

static void act_drain(struct master *m, const struct action *a)
{
	(void)a;
	begin_to_stop(m, "finishing requests");
	log_info("stopping: requests in flight have %.3g s to finish",
		 (double)m->arbiter.policy.graceful_ns / (double)NS_PER_S);
	give_up_listeners(m);
	crew_signal_all(&m->crew, SIGTERM);
	close_listeners(m);
}

static void act_quit(struct master *m, const struct action *a)
{
	(void)a;
	begin_to_stop(m, "now");
	if (m->arbiter.status)
		log_error("giving up, with status %d: %s", m->arbiter.status,
			  m->arbiter.status == ARBITER_APP_ERROR
				  ? "an app does not start in the workers"
				  : "the workers do not get ready");
	log_info("stopping now");
	give_up_listeners(m);
	crew_signal_all(&m->crew, SIGQUIT);
	close_listeners(m);
}

static void act_kill_all(struct master *m, const struct action *a)
{
	(void)a;
	log_warning("workers did not leave in time, killing them");
	crew_signal_all(&m->crew, SIGKILL);
}

static void act_exit(struct master *m, const struct action *a)
{
	m->is_over = true;
	m->status = a->status;
}

static void (*const act[ACTIONS])(struct master *, const struct action *) = {
	[ACTION_SPAWN] = act_spawn,       [ACTION_RETIRE] = act_retire,
	[ACTION_ABORT] = act_abort,       [ACTION_KILL] = act_kill,
	[ACTION_READY] = act_ready,       [ACTION_UNREADY] = act_unready,
	[ACTION_DRAIN] = act_drain,       [ACTION_QUIT] = act_quit,
	[ACTION_KILL_ALL] = act_kill_all, [ACTION_EXIT] = act_exit,
	[ACTION_RENEWED] = act_renewed,   [ACTION_REVERT] = act_revert,
};

void acts_tell(struct master *m, struct arbiter_event e)
{
	e.now_ns = clock_mono_ns();
	unsigned count = arbiter_handle(&m->arbiter, &e, m->actions);
	for (unsigned i = 0; i < count; i++)
		act[m->actions[i].kind](m, &m->actions[i]);
}

/* What is asked of the master.  Runs in: master. */
#include "proc/orders.h"

#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/logs.h"

/* With other lanes all workers begin anew: each lane's listeners must be somebody's. */
static void renumber(struct master *m)
{
	acts_tell(m, (struct arbiter_event){ .kind = EVENT_EDITION,
					     .edition = reload_renumber(&m->reload),
					     .policy = m->arbiter.policy });
}

static void tell_status(const struct master *m, unsigned workers)
{
	const struct foundation *f = &m->foundation;

	if (workers)
		notify_send(&f->notify, "STATUS=serving: %u workers x %u threads", workers,
			    (unsigned)f->heritage.options->threads);
	else
		notify_send(&f->notify, "STATUS=not serving: no workers are wanted");
}

unsigned order_workers(struct master *m, unsigned workers)
{
	unsigned most = arbiter_workers_max(m->crew.seats);

	if (workers > most) {
		log_warning("workers: there is room for %u; a restart with that many makes more",
			    most);
		workers = most;
	}
	if (workers == m->arbiter.policy.workers || !arbiter_takes_edition(&m->arbiter))
		return m->arbiter.policy.workers;
	log_info("workers: %u are wanted, after %u", workers, m->arbiter.policy.workers);
	tell_status(m, workers);
	atomic_store(&master_board(m)->workers, workers);
	acts_tell(m, (struct arbiter_event){ .kind = EVENT_WORKERS, .workers = workers });
	if (workers && m->foundation.heritage.options->reuse_port)
		renumber(m);
	return workers;
}

bool order_replacement(struct master *m, pid_t pid)
{
	for (unsigned i = 0; i < m->crew.seats; i++) {
		if (pid <= 0 || m->crew.pid[i] != pid)
			continue;
		log_info("worker %u: is to be replaced", i);
		acts_tell(m, (struct arbiter_event){ .kind = EVENT_WISH, .seat = i });
		return true;
	}
	return false;
}

/*
 * Our workers have left for an heir's, and are wanted again.  What the file says by now may be for the
 * new binary alone, so it is not read (nginx has it so, too).
 */
static void roll_back(struct master *m)
{
	log_info("reload: a new binary runs beside this one; the old configuration is in force as "
		 "it was");
	m->reload.asked_ns = clock_mono_ns();
	reload_renumber(&m->reload);
	order_change_over(m);
}

void order_reload(struct master *m, unsigned threads)
{
	if (!arbiter_takes_edition(&m->arbiter)) {
		log_warning("reload: the server is stopping");
		return;
	}
	if (m->upgrade.heir && m->arbiter.policy.workers == 0 && !threads) {
		roll_back(m);
		return;
	}
	m->reload.reading.threads = threads;
	m->reload.reading.workers = threads ? m->arbiter.policy.workers : 0;
	reload_ask(&m->reload);
}

void order_change_over(struct master *m)
{
	const struct edition *e = m->reload.now;

	acts_tell(m, (struct arbiter_event){ .kind = EVENT_EDITION,
					     .edition = e->number,
					     .policy = edition_policy(e->heritage.options) });
	atomic_store(&master_board(m)->workers, m->arbiter.policy.workers);
	crew_renew_statistics(&m->crew);
}

void order_reopening(struct master *m)
{
	logs_reopen(&m->foundation.heritage);
	crew_signal_all(&m->crew, SIGUSR1);
}

bool order_upgrade(struct master *m)
{
	return arbiter_takes_edition(&m->arbiter) && upgrade_start(&m->upgrade);
}

void order_stop(struct master *m, bool quick)
{
	acts_tell(m, (struct arbiter_event){ .kind = quick ? EVENT_QUIT : EVENT_TERM });
}

/*
 * A worker's life: start, serve, leave (leaving.c).
 * Runs in: worker (before slots_run and after it: one thread; between: leader).
 */
#include "proc/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/crowd.h"
#include "proc/background.h"
#include "proc/backtrace.h"
#include "proc/lastwords.h"
#include "proc/hardening.h"
#include "proc/leaving.h"
#include "proc/overload.h"
#include "proc/logs.h"
#include "proc/peers.h"
#include "proc/service.h"
#include "proc/title.h"
#include "proc/writeoff.h"

#define HEARTBEAT_S 0.5

/* The memory a response may take beyond its exchange's own block. */
#define RESPONSE_BYTES_MAX (128u << 20)

static bool is_statistics(const struct worker *w)
{
	return w->index == WORKER_STATISTICS;
}

/* --- from and to the master ---------------------------------------------------- */

static void on_master_gone(struct ev_loop *ev, ev_io *io, int events)
{
	struct worker *w = io->data;

	(void)events;
	ev_io_stop(ev, io);
	if (!is_statistics(w))
		log_warning("worker %u: the master is gone, draining", w->index);
	atomic_store(&w->loop.board->phase,
		     atomic_load(&w->loop.board->has_relative) ? BOARD_SUCCEEDED : BOARD_STOPPING);
	leave(w, true);
}

static void on_signal(struct ev_loop *ev, ev_io *io, int events)
{
	struct worker *w = io->data;
	struct signalfd_siginfo s;

	(void)ev, (void)events;
	while (read(io->fd, &s, sizeof s) == sizeof s) {
		/*
		 * It leaves last, when the master says so: a
		 * terminal's or a group's signal is not that.
		 */
		if (is_statistics(w) && s.ssi_signo != SIGQUIT && s.ssi_signo != SIGUSR1 &&
		    s.ssi_pid != (uint32_t)getppid())
			continue;
		switch (s.ssi_signo) {
		case SIGTERM:
			if (is_statistics(w))
				status_stop();
			leave(w, false);
			break;
		case SIGUSR1:
			logs_reopen(w->heritage);
			break;
		case SIGINT:
		case SIGQUIT:
			_exit(0); /* quick: handlers are not waited for */
		default:
			break; /* the master's, sent to its whole group */
		}
	}
}

void worker_tell_master(const struct worker *w)
{
	const uint64_t one = 1;

	if (is_statistics(w))
		return;
	if (write(w->heritage->news_fd, &one, sizeof one) < 0)
		log_error("worker %u: cannot reach the master: %s", w->index, strerror(errno));
}

void worker_retire(struct worker *w, enum relief relief, const char *why)
{
	if (w->relief >= relief || w->is_leaving || is_statistics(w))
		return;
	w->relief = relief;
	log_info("worker %u: %s: it wants to be replaced", w->index, why);
	atomic_store(&w->loop.row->relief, relief);
	worker_tell_master(w);
}

/* --- the loop's questions ---------------------------------------------------- */

static void on_turn(struct loop *l)
{
	struct worker *w = l->owner;

	slots_collect(&w->slots);
	acceptor_regulate(&w->acceptor);
	if (w->is_leaving)
		leaving_turn(w);
}

static void on_room(struct loop *l)
{
	leave_if_empty(l->owner);
}

static const struct loop_ops ops = {
	.request = service_request,
	.wants_body = service_wants_body,
	.turn = on_turn,
	.room = on_room,
};

/* An idle worker turns, too: its heartbeat and its gate must not grow old. */
static void on_heartbeat(struct ev_loop *ev, ev_timer *t, int events)
{
	struct worker *w = t->data;

	(void)ev, (void)events;
	logs_follow(w->heritage);
	recycle_look(w);
}

/* --- starting ---------------------------------------------------------------- */

static size_t limit_or_none(uint64_t limit)
{
	return limit ? limit : SIZE_MAX;
}

static void set_limits(struct worker *w)
{
	const struct options *o = w->heritage->options;

	w->limits = (struct loop_limits){
		.request = {
			.line_bytes = limit_or_none(o->limit_request_line),
			.fields = o->limit_request_fields,
			.field_bytes = limit_or_none(o->limit_request_field_size),
			.head_bytes = o->limit_request_head,
			.body_bytes = o->limit_request_body,
			.chunk_ext_bytes = o->limit_chunk_extensions,
			.trailer_bytes = o->limit_trailers,
			.empty_lines = (unsigned)o->limit_empty_lines,
			.arena_bytes = RESPONSE_BYTES_MAX,
			.underscores = (enum underscores)o->header_map,
			.forwarded_by = (enum forwarded_by)o->forwarded_by,
			.proxies = o->forwarded_allow_ips,
		},
		.keep_alive_ns = o->keep_alive_ns,
		.header_ns = o->header_timeout_ns,
		.body_ns = o->body_timeout_ns,
		.body_rate = o->body_rate,
		.body_buffer = o->body_buffer,
		.body_temp_dir = o->body_temp_dir,
		.pace = { .timeout_ns = o->write_timeout_ns, .rate = o->write_rate },
		.requests = o->keepalive_requests,
		.connections = (unsigned)o->worker_connections,
		.server_timing = o->server_timing,
		.proxy_protocol = !is_statistics(w) && o->proxy_protocol,
		.proxy_senders = o->proxy_allow_from,
		.address_connections = is_statistics(w) ? 0 : (unsigned)o->address_connections,
	};
}

static void set_loop(struct worker *w)
{
	const struct heritage *h = w->heritage;

	w->loop = (struct loop){
		.ops = &ops,
		.limits = &w->limits,
		.board = h->board,
		.crowd = is_statistics(w) ? NULL : h->crowd,
		.row = is_statistics(w) ? &w->own_row : board_worker(h->board, w->index),
		.slot_row = is_statistics(w) ? w->own_slot_row : board_slot(h->board, w->index, 0),
		.owner = w,
		.worker = w->index,
		.row_refused = w->mounts->row_refused,
		.access = &h->access,
		.access_sink = is_statistics(w) || h->access_sink.fd < 0 ? NULL : &h->access_sink,
		.is_gated = !is_statistics(w) && !h->options->reuse_port,
	};
	if (w->loop.crowd)
		crowd_begin(w->loop.crowd, w->index);
}

static void set_gzip(struct worker *w)
{
	const struct options *o = w->heritage->options;

	if (!o->gzip || is_statistics(w))
		return;
	w->gzip = (struct gzip_rules){
		.types = slice_of_string(o->gzip_types),
		.min_length = o->gzip_min_length,
		.level = (int)o->gzip_level,
	};
	w->loop.gzip = &w->gzip;
}

static int watch_signals(struct worker *w)
{
	static const int signals[] = { SIGTERM, SIGINT,  SIGQUIT, SIGUSR1, SIGHUP,
				       SIGTTIN, SIGTTOU, SIGUSR2, SIGWINCH };
	sigset_t wanted;

	sigemptyset(&wanted);
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaddset(&wanted, signals[i]);
	sigprocmask(SIG_SETMASK, &wanted, NULL); /* in every thread: the loop reads them */
	w->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
	if (w->signal_fd < 0)
		return -errno;
	ev_io_init(&w->signals, on_signal, w->signal_fd, EV_READ);
	w->signals.data = w;
	ev_io_start(w->loop.ev, &w->signals);
	return 0;
}

static void watch_master(struct worker *w)
{
	close(w->heritage->life[1]);
	ev_io_init(&w->life, on_master_gone, w->heritage->life[0], EV_READ);
	w->life.data = w;
	ev_io_start(w->loop.ev, &w->life);
}

static void start_timers(struct worker *w)
{
	ev_timer_init(&w->heartbeat, on_heartbeat, HEARTBEAT_S, HEARTBEAT_S);
	w->heartbeat.data = w;
	ev_timer_start(w->loop.ev, &w->heartbeat);
	leaving_prepare(w);
}

/* A listener nobody accepts from must not be kept alive by us.  What is left moves to the front. */
static void close_foreign_listeners(struct worker *w)
{
	struct heritage *h = w->heritage;
	unsigned kept = 0;

	if (is_statistics(w)) {
		heritage_close_listeners(h);
		return;
	}
	listener_close(&h->statistics);
	for (unsigned i = 0; i < h->listener_count; i++) {
		if (heritage_has_set(h, i / h->bind_count))
			h->listener[kept++] = h->listener[i];
		else
			listener_close(&h->listener[i]);
	}
	h->listener_count = kept;
}

static int start(struct worker *w)
{
	const struct heritage *h = w->heritage;
	const struct options *o = h->options;
	const struct listener *listener = is_statistics(w) ? &h->statistics : h->listener;
	unsigned slots = is_statistics(w) ? STATUS_SLOTS : (unsigned)o->threads;

	int error = loop_open(&w->loop);
	if (!error && !is_statistics(w) && o->slow_request_log_ns) {
		error = slow_open(&w->slow, o->slow_request_log_ns);
		w->loop.slow = &w->slow;
	}
	if (!error)
		error = slots_open(&w->slots, &w->loop, slots, o->promote_after_ns,
				   o->statistics && !is_statistics(w));
	if (!error)
		error = watch_signals(w);
	if (!error)
		error = peers_open(&w->peers, w);
	if (error)
		return error;
	w->slots.has_lock = o->handler_lock;
	turnlock_init(&w->slots.handler_lock, o->handler_lock_interval_ns);
	watch_master(w);
	start_timers(w);
	recycle_open(w);
	if (!is_statistics(w)) {
		w->slots.codel = (struct codel){
			.target_ns = o->queue_target_ns,
			.interval_ns = o->queue_interval_ns,
		};
		writeoff_open(w);
		overload_open(w);
	}
	return acceptor_start(&w->acceptor, &w->loop, listener,
			      is_statistics(w) ? 1 : h->listener_count);
}

/* One of them tells, with the rights it serves with, what would be refused later. */
static void try_temp_dir(const struct worker *w)
{
	const struct options *o = w->heritage->options;
	struct spill s;

	if (w->index != 0 || !o->body_temp_dir || o->limit_request_body <= o->body_buffer)
		return;
	int error = spill_open(&s, o->body_temp_dir);
	if (error)
		log_warning("body_temp_dir %s: %s: bodies over body_buffer will be refused",
			    o->body_temp_dir, strerror(-error));
	spill_close(&s);
}

static void report_ready(struct worker *w)
{
	background_settle(w->heritage->options);
	lastwords_have_slots();
	if (is_statistics(w))
		return;
	atomic_store(&w->loop.row->pid, getpid()); /* the master may not have come to it yet */
	atomic_store(&w->loop.row->heartbeat_ns, clock_mono_ns());
	atomic_store(&w->loop.row->state, WORKER_READY);
	worker_tell_master(w);
}

static void name_process(const struct worker *w)
{
	const char *name = w->heritage->options->name;

	if (is_statistics(w))
		title_set("%s: statistics", name);
	else
		title_set("%s: worker %u", name, w->index);
}

static int give_up_privileges(const struct worker *w)
{
	int error = privileges_drop(&w->heritage->identity);

	if (!error && !w->heritage->options->new_privileges)
		error = privileges_seal();
	if (error)
		log_error("worker %u: cannot give up privileges: %s", w->index, strerror(-error));
	return error;
}

int worker_main(struct heritage *heritage, unsigned index)
{
	static struct worker worker; /* large, zeroed, and as long-lived as the process */
	struct worker *w = &worker;

	w->heritage = heritage;
	w->index = index;
	w->mounts = is_statistics(w) ? status_mounts(heritage) : heritage->mounts;
	name_process(w);
	backtrace_prepare();
	lastwords_prepare(w);
	close_foreign_listeners(w);
	if (!w->mounts || give_up_privileges(w) < 0)
		return WORKER_BOOT_ERROR;
	set_limits(w);
	if (is_statistics(w))
		worker_recount_slots(&w->own_row, STATUS_SLOTS);
	set_loop(w);
	set_gzip(w);
	try_temp_dir(w);
	if (mounts_worker_start(w->mounts) < 0)
		return WORKER_APP_ERROR;
	int error = start(w);
	if (error) {
		log_error("worker %u: cannot start: %s", index, strerror(-error));
		return WORKER_BOOT_ERROR;
	}
	if (hardening_enter(heritage) < 0)
		return WORKER_BOOT_ERROR;
	report_ready(w);
	if (slots_run(&w->slots) < 0)
		return WORKER_BOOT_ERROR;
	mounts_worker_stop(w->mounts);
	loop_close(&w->loop);
	peers_close(&w->peers);
	slots_close(&w->slots);
	if (w->loop.slow)
		slow_close(&w->slow);
	return 0;
}

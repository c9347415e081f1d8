/*
 * Experiment 13: slow clients.  Runs in: the lab's process, one thread.
 *
 * Where a thread reads from its client and writes to it, a slow client holds the thread for as long
 * as it is slow: so a sleep of that length stands for it, and there are places for as many as there
 * are slots.  Where a loop reads and writes, slow clients hold none, and there are four times as
 * many of each kind as slots.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_hogs.h"
#include "cmd/lab_open.h"
#include "cmd/lab_peer.h"

#define SLOTS 4
#define SLOW_EACH (4 * SLOTS)
#define KINDS 3
#define SLOW_S 4.0 /* how long one is slow */
#define RATE 50.0
#define STREAM_S 6.0

/* None of them is given up before the run is over. */
static const struct lab_shape shape = {
	.workers = 1,
	.threads = SLOTS,
	.options = "--header-timeout 0 --body-timeout 0 --body-rate 0 --write-timeout 0 "
		   "--write-rate 0",
};

/*
 * Senders of a head and of a body, and readers of more than the kernel takes, who stop right there.
 */
static const char *const slow[KINDS] = {
	"GET /sleep?ms=10 HTTP/1.1\r\nHost: lab\r\nX-Slow: ",
	"POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000\r\n\r\nx",
	"GET /bytes?n=16777216 HTTP/1.1\r\nHost: lab\r\n\r\n",
};

struct crowd {
	int fd[KINDS * SLOW_EACH];
	unsigned count;
};

static void leave(struct crowd *c)
{
	while (c->count)
		close(c->fd[--c->count]);
}

/* 0, or a negative errno value with none of them left. */
static int come(struct crowd *c, const struct lab_server *s, const char *text, unsigned count,
		struct buf *why)
{
	for (unsigned i = 0; i < count; i++) {
		int fd = lab_peer_open(s, text, why);

		if (fd < 0) {
			leave(c);
			return fd;
		}
		c->fd[c->count++] = fd;
	}
	return 0;
}

/* The quick ones, which come all the time. */
static int run_stream(struct lab *lab, const struct lab_server *s, struct buf *urls,
		      struct lab_open *r, struct lab_waits *waits, struct lab_seen *seen)
{
	buf_reset(urls);
	buf_printf(urls, "%s/sleep?ms=10", s->url);
	r->load = (struct lab_load){ .rate = RATE,
				     .is_constant = true,
				     .requests = (uint64_t)(RATE * STREAM_S * lab->scale),
				     .urls = urls };
	return lab_run_open(lab, r, waits, seen);
}

static double longest_wait(const struct lab_seen *seen, double service)
{
	return (double)seen->latency.max_ns / (double)NS_PER_S - service;
}

/* Slow clients that hold a slot each, and one slot fewer or as many as there are. */
static int held_slots(struct lab *lab, const struct lab_server *s, struct buf *urls, double service,
		      unsigned held)
{
	bool is_full = held == SLOTS; /* all slots come free at once, then */
	struct lab_open r = { .service = { service },
			      .schedule = { .queues = 1,
					    .slots = is_full ? SLOTS : SLOTS - held,
					    .blocked_to = is_full ? SLOW_S * lab->scale : 0 } };
	struct crowd crowd = { .count = 0 };
	struct lab_waits waits;
	struct lab_seen seen;
	char text[80];

	snprintf(text, sizeof text, "GET /sleep?ms=%.6g HTTP/1.1\r\nHost: lab\r\n\r\n",
		 SLOW_S * lab->scale * 1e3);
	int error = come(&crowd, s, text, held, lab->why);
	if (!error)
		error = lab_peer_wait(s, held, lab->why);
	if (!error)
		error = run_stream(lab, s, urls, &r, &waits, &seen);
	leave(&crowd);
	if (error)
		return error;
	lab_note_figure(lab, "s", waits.longest_wait, longest_wait(&seen, service), lab_of_time,
			"%u of %u threads at slow clients, longest wait", held, SLOTS);
	lab_waits_fini(&waits);
	return 0;
}

/* How many are in the midst of sending or reading. */
static int count_slow(const struct lab_server *s, unsigned *count, struct buf *why)
{
	struct lab_board *b = lab_board_open(s, why);

	if (!b)
		return -1;
	const struct snapshot *view = lab_board_read(b, 1);
	*count = view->conns[CONN_READING] + view->conns[CONN_FLUSHING];
	lab_board_close(&b);
	return 0;
}

static int held_by_the_loop(struct lab *lab, const struct lab_server *s, struct buf *urls,
			    double service)
{
	struct lab_open r = { .service = { service }, .schedule = { .queues = 1, .slots = SLOTS } };
	struct crowd crowd = { .count = 0 };
	struct lab_waits waits;
	struct lab_seen seen;
	unsigned still = 0;
	int error = 0;

	for (unsigned i = 0; !error && i < KINDS; i++)
		error = come(&crowd, s, slow[i], SLOW_EACH, lab->why);
	if (!error)
		error = run_stream(lab, s, urls, &r, &waits, &seen);
	if (error) {
		leave(&crowd);
		return error;
	}
	error = count_slow(s, &still, lab->why);
	leave(&crowd);
	lab_note_figure(lab, "s", waits.longest_wait, longest_wait(&seen, service), lab_of_time,
			"a loop reads and writes, longest wait");
	lab_note_figure(lab, "", KINDS * SLOW_EACH, still, lab_exactly,
			"a loop reads and writes, slow ones meanwhile");
	lab_waits_fini(&waits);
	return error;
}

static int slow_clients_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	double service;
	int error = lab_measure_overhead(lab, s, &lab_short_sleep, &service);

	service += .010;
	if (!error)
		error = held_slots(lab, s, urls, service, SLOTS - 1);
	if (!error)
		error = held_slots(lab, s, urls, service, SLOTS);
	return error ? error : held_by_the_loop(lab, s, urls, service);
}

int lab_measure_slow_clients(struct lab *lab)
{
	return lab_with_server(lab, &shape, slow_clients_on);
}

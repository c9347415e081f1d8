/*
 * Experiment 49: how connections are shared out among
 * processes.  Runs in: the lab's process, one thread.
 *
 * Forty new connections at once, a sleep each, for five processes of eight threads.  One service of
 * five workers serves them in one round, whoever accepts, for a request that finds its worker full
 * moves.  Five services of one worker that know nothing of each other are what most pre-fork
 * servers' workers are: a connection stays where it was accepted, and the fullest of them decides.
 */
#include "cmd/lab_accept.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cmd/lab_load.h"

#define PROCESSES 5
#define THREADS 8
#define JOBS (PROCESSES * THREADS)
#define JOB_S 1.0

static int put_forty(struct lab *lab, const char *url, struct lab_seen *seen)
{
	struct lab_load load = { .users = JOBS, .requests = JOBS };
	struct buf urls;

	buf_init(&urls, 256);
	buf_printf(&urls, "%s/sleep?ms=%.6g", url, JOB_S * lab->scale * 1e3);
	load.urls = &urls;
	int error = lab_put_load(lab, &load, seen);
	buf_fini(&urls);
	return error;
}

static int one_service(struct lab *lab, const char *options, const char *what)
{
	struct lab_shape shape = {
		.workers = PROCESSES, .threads = THREADS, .options = options, .is_on_tcp = true
	};
	struct lab_server s;
	struct lab_seen seen;
	int error = lab_server_start(&s, &shape, lab->why);

	if (error)
		return error;
	error = put_forty(lab, s.url, &seen);
	lab_server_stop(&s);
	if (!error)
		lab_note_figure(lab, "s", JOB_S * lab->scale, seen.makespan_s, lab_of_time,
				"5 workers, %s, makespan", what);
	return error;
}

/* The most that one of them got. */
static int count_fullest(const struct lab_server *s, double *fullest, struct buf *why)
{
	*fullest = 0;
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct lab_board *b = lab_board_open(&s[i], why);

		if (!b)
			return -EIO;
		*fullest = fmax(*fullest,
				(double)ledger_answered(&lab_board_read(b, 1)->total->ledger));
		lab_board_close(&b);
	}
	return 0;
}

/*
 * Forty balls thrown at five bins leave one with more than its eight in 1,199 of 1,200 throws, for
 * 40! / (8!^5 5^40) is the chance of the other.  Who takes from one queue as soon as it likes
 * shares worse than that.
 */
static int measure_apart(struct lab *lab, const struct lab_server *s, const char *what)
{
	struct lab_seen seen;
	double fullest;
	int error = put_forty(lab, s[0].url, &seen);

	if (!error)
		error = count_fullest(s, &fullest, lab->why);
	if (error)
		return error;
	lab_note_figure(lab, "", THREADS + 1, fullest,
			(struct lab_tolerance){ .bound = LAB_AT_LEAST },
			"5 services, %s, fullest of them", what);
	lab_note_figure(lab, "s", ceil(fullest / THREADS) * JOB_S * lab->scale, seen.makespan_s,
			lab_of_time, "5 services, %s, makespan", what);
	return 0;
}

/* Services that share an address; `shape` says how. */
static int services_apart(struct lab *lab, const struct lab_shape *shape, const char *what)
{
	struct lab_server s[PROCESSES];
	unsigned started = 0;
	int error = 0;

	while (!error && started < PROCESSES) {
		error = lab_server_start(&s[started], shape, lab->why);
		started += !error;
	}
	if (!error)
		error = measure_apart(lab, s, what);
	while (started)
		lab_server_stop(&s[--started]);
	return error;
}

/* A socket for each: the kernel throws a connection's addresses into one of them. */
static int sockets_apart(struct lab *lab)
{
	struct lab_shape shape = { .workers = 1,
				   .threads = THREADS,
				   .options = "--reuse-port",
				   .is_on_tcp = true,
				   .port = lab_free_port() };

	return services_apart(lab, &shape, "a socket each (SO_REUSEPORT)");
}

/* One socket: each takes what it finds there, for it knows of no other with a slot to spare. */
static int one_socket(struct lab *lab)
{
	struct lab_shape shape = { .workers = 1, .threads = THREADS, .is_on_tcp = true };
	int error;

	shape.listener = lab_listen(&shape.port, lab->why);
	if (shape.listener < 0)
		return shape.listener;
	error = services_apart(lab, &shape, "one socket for all");
	close(shape.listener);
	return error;
}

int lab_measure_accepting(struct lab *lab)
{
	int error = one_service(lab, NULL, "one socket");

	if (!error)
		error = one_service(lab, "--reuse-port", "a socket each (SO_REUSEPORT)");
	if (!error)
		error = sockets_apart(lab);
	return error ? error : one_socket(lab);
}

/*
 * Experiment 50: what a closed loop does not see.  Runs in: the lab's process.
 *
 * The worker is stopped for a while by a timer's signal, in the middle of a run.  A user who waits
 * for his answer asks nothing meanwhile, so one slow answer stands for all that would have come.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "cmd/lab_open.h"
#include "cmd/lab_queues.h"

#define STALL_S 1.0
#define STALL_AT_S 5.0
#define RUN_S 20.0
#define RATE 50.0
#define JOB_S .010
#define USER_JOBS 1900 /* so many that one is less than a hundredth, also at a tenth of the scale */

static volatile sig_atomic_t worker, is_stopped;

static void on_alarm(int number)
{
	(void)number;
	kill(worker, is_stopped ? SIGCONT : SIGSTOP);
	is_stopped = !is_stopped;
	if (!is_stopped)
		setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 0 } }, NULL);
}

static struct timeval timeval_of(double seconds)
{
	return (struct timeval){ (time_t)seconds,
				 (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6) };
}

static void arm(double after_s, double for_s)
{
	struct itimerval t = { .it_value = timeval_of(after_s), .it_interval = timeval_of(for_s) };

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm, .sa_flags = SA_RESTART },
		  NULL);
	is_stopped = 0;
	setitimer(ITIMER_REAL, &t, NULL);
}

/* Whatever became of the run: no alarm is left behind, and no process stopped. */
static void disarm(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 0 } }, NULL);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	kill(worker, SIGCONT);
}

static int find_worker(const struct lab_server *s, struct buf *why)
{
	struct lab_board *b = lab_board_open(s, why);

	if (!b)
		return -EIO;
	worker = lab_board_read(b, 1)->worker[0].pid;
	lab_board_close(&b);
	if (worker > 0)
		return 0;
	buf_puts(why, "the server's worker is not to be found");
	return -ESRCH;
}

static int run_across(struct lab *lab, const struct lab_load *load, struct lab_seen *seen)
{
	arm(STALL_AT_S * lab->scale, STALL_S * lab->scale);
	int error = lab_put_load(lab, load, seen);
	disarm();
	return error;
}

/* 0 or a negative errno value with lab->why. */
static int predict_p99(struct lab *lab, const struct lab_load *load, double service, double *p99)
{
	struct lab_open r = { .load = *load,
			      .service = { service },
			      .schedule = { .queues = 1,
					    .slots = 1,
					    .blocked_from = STALL_AT_S * lab->scale,
					    .blocked_to = (STALL_AT_S + STALL_S) * lab->scale } };
	struct lab_waits waits;
	int error = lab_predict_open(lab, &r, &waits);

	if (error)
		return error;
	*p99 = lab_waits_quantile(&waits, .99);
	lab_waits_fini(&waits);
	return 0;
}

static void note(struct lab *lab, const char *what, double predicted, double measured_ns)
{
	lab_note_figure(lab, "s", predicted, measured_ns / (double)NS_PER_S, lab_of_time, "%s",
			what);
}

static int across_a_stall(struct lab *lab, const struct lab_server *s, const struct buf *url)
{
	struct lab_load closed = { .users = 1,
				   .requests = lab_scaled_jobs(lab, USER_JOBS),
				   .urls = url };
	struct lab_load open = { .rate = RATE,
				 .is_constant = true,
				 .requests = (uint64_t)(RATE * RUN_S * lab->scale),
				 .urls = url };
	double overhead, p99;
	struct lab_seen seen;
	int error = lab_measure_overhead(lab, s, &lab_short_sleep, &overhead);

	if (!error)
		error = run_across(lab, &closed, &seen);
	if (error)
		return error;
	note(lab, "one user who waits, p99 of latency", JOB_S + overhead,
	     hist_quantile_ns(&seen.latency, .99));
	note(lab, "one user who waits, longest latency", STALL_S * lab->scale + JOB_S + overhead,
	     (double)seen.latency.max_ns);
	error = predict_p99(lab, &open, JOB_S + overhead, &p99);
	if (!error)
		error = run_across(lab, &open, &seen);
	if (!error)
		note(lab, "50 a second whatever happens, p99 of latency", p99,
		     hist_quantile_ns(&seen.latency, .99));
	return error;
}

static int omission_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	int error = find_worker(s, lab->why);

	buf_printf(urls, "%s/sleep?ms=%.6g", s->url, JOB_S * 1e3);
	return error ? error : across_a_stall(lab, s, urls);
}

int lab_measure_omission(struct lab *lab)
{
	return lab_with_server(lab, &(struct lab_shape){ .workers = 1, .threads = 1 }, omission_on);
}

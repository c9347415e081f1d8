/* What is claimed, how it is shown.  Pure data.  Runs in: the lab's process. */
#include "cmd/lab_table.h"

#include "cmd/lab_accept.h"
#include "cmd/lab_curves.h"
#include "cmd/lab_hogs.h"
#include "cmd/lab_lock.h"
#include "cmd/lab_queues.h"

#define SHAPE(w, t) \
	{ \
		.workers = (w), .threads = (t) \
	}
#define LOCKED(w, t) \
	{ \
		.workers = (w), .threads = (t), .options = "--handler-lock" \
	}
#define SLEEP "/sleep?ms=%g"
#define CPU "/cpu?ms=%g"

static const struct lab_short_job short_computing = { "/cpu?ms=0.5", .0005 };
static const struct lab_short_job short_sleep = { "/sleep?ms=1", .001 };
static const struct lab_short_job short_released = { "/cpu?ms=0.5&free=1", .0005 };
static const struct lab_short_job short_mixed = { "/mixed?cpu=0.5&sleep=1", .0015 };

/* N jobs at once, each sleeping a second. */
#define AT_ONCE(n, w, t) \
	.shape = SHAPE(w, t), .path = SLEEP, .blocked = 1, .is_scaled = true, .users = (n), \
	.jobs = (n)

#define MAKESPAN(kind) \
	{ \
		&lab_makespan, lab_predict_makespan_##kind \
	}
#define RPS(kind) \
	{ \
		&lab_rps, lab_predict_rps_##kind \
	}

static const struct lab_step forty[] = {
	{ "40 sleeps, 5 x 8", AT_ONCE(40, 5, 8),
	  .reading = { MAKESPAN(blocking), { &lab_peak, lab_predict_peak } } },
	{ .what = NULL },
};

static const struct lab_step forty_one[] = {
	{ "41 sleeps, 5 x 8", AT_ONCE(41, 5, 8),
	  .reading = { MAKESPAN(blocking),
		       { &lab_late, lab_predict_late },
		       { &lab_queue, lab_predict_queue } } },
	{ .what = NULL },
};

static const struct lab_step rounds[] = {
	{ "80 sleeps, 5 x 8", AT_ONCE(80, 5, 8), .reading = { MAKESPAN(blocking) } },
	{ "81 sleeps, 5 x 8", AT_ONCE(81, 5, 8), .reading = { MAKESPAN(blocking) } },
	{ "120 sleeps, 5 x 8", AT_ONCE(120, 5, 8), .reading = { MAKESPAN(blocking) } },
	{ .what = NULL },
};

static const struct lab_step shapes[] = {
	{ "40 sleeps, 1 x 40", AT_ONCE(40, 1, 40), .reading = { MAKESPAN(blocking) } },
	{ "40 sleeps, 40 x 1", AT_ONCE(40, 40, 1), .reading = { MAKESPAN(blocking) } },
	{ "40 sleeps, 8 x 5", AT_ONCE(40, 8, 5), .reading = { MAKESPAN(blocking) } },
	{ .what = NULL },
};

/* Both have one in flight all the time. */
static const struct lab_step rates[] = {
	{ "1-ms jobs, 1 x 1", SHAPE(1, 1), CPU, .locked = .001, .users = 1, .jobs = 5000,
	  .short_job = &short_computing,
	  .reading = { RPS(computing), { &lab_in_flight, lab_predict_L } } },
	{ "1-s jobs, 1 x 1", SHAPE(1, 1), SLEEP, .blocked = 1, .is_scaled = true, .users = 1,
	  .jobs = 5, .reading = { RPS(blocking), { &lab_in_flight, lab_predict_L } } },
	{ .what = NULL },
};

static const struct lab_step one_ms[] = {
	{ "1 ms of work, 1 x 1", SHAPE(1, 1), CPU, .locked = .001, .users = 1, .jobs = 10000,
	  .short_job = &short_computing, .reading = { RPS(computing) } },
	{ .what = NULL },
};

static const struct lab_step ten_ms[] = {
	{ "10 ms of work, 1 x 1", SHAPE(1, 1), CPU, .locked = .010, .users = 1, .jobs = 1000,
	  .short_job = &short_computing, .reading = { RPS(computing) } },
	{ "10 ms asleep, 1 x 1", SHAPE(1, 1), SLEEP, .blocked = .010, .users = 1, .jobs = 1000,
	  .short_job = &short_sleep, .reading = { RPS(blocking) } },
	{ .what = NULL },
};

#define WORKERS(w, n) \
	{ \
		"10-ms sleeps, " #w " x 1", SHAPE(w, 1), SLEEP, \
			.blocked = .010, .users = (w), .jobs = (n), .short_job = &short_sleep, \
			.reading = { \
				RPS(blocking) \
			} \
	}

static const struct lab_step more_workers[] = {
	WORKERS(1, 500),  WORKERS(2, 1000),   WORKERS(5, 2500),
	WORKERS(8, 4000), WORKERS(40, 20000), { .what = NULL },
};

#define ONE_CPU(w, t) \
	{ \
		.workers = (w), .threads = (t), .is_on_one_cpu = true \
	}

static const struct lab_step one_core[] = {
	{ "4 sleeps of 0.25 s, 1 x 4, one CPU", ONE_CPU(1, 4), SLEEP, .blocked = .25,
	  .is_scaled = true, .users = 4, .jobs = 4, .reading = { MAKESPAN(blocking) } },
	{ "4 jobs of 0.25 s CPU, 1 x 4, one CPU", ONE_CPU(1, 4), CPU, .locked = .25,
	  .is_scaled = true, .users = 4, .jobs = 4, .reading = { MAKESPAN(computing) } },
	{ .what = NULL },
};

static const struct lab_step downloads[] = {
	{ "4 waits of 0.5 s, 1 x 1", SHAPE(1, 1), SLEEP, .blocked = .5, .is_scaled = true,
	  .users = 4, .jobs = 4, .reading = { MAKESPAN(blocking) } },
	{ "4 waits of 0.5 s, 1 x 4, lock", LOCKED(1, 4), SLEEP, .blocked = .5, .is_scaled = true,
	  .users = 4, .jobs = 4, .reading = { MAKESPAN(blocking) } },
	{ .what = NULL },
};

#define TWO_JOBS .path = CPU, .locked = .5, .is_scaled = true, .users = 2, .jobs = 2

static const struct lab_step processes[] = {
	{ "2 jobs of 0.5 s CPU, 1 x 1", SHAPE(1, 1), TWO_JOBS, .reading = { MAKESPAN(computing) } },
	{ "2 jobs of 0.5 s CPU, 1 x 2, lock", LOCKED(1, 2), TWO_JOBS,
	  .reading = { MAKESPAN(locked) } },
	{ "2 jobs of 0.5 s CPU, 2 x 1, lock", LOCKED(2, 1), TWO_JOBS,
	  .reading = { MAKESPAN(locked) } },
	{ .what = NULL },
};

#define TEN_MS_LOCKED(n) \
	{ \
		"10-ms CPU jobs, 1 x " #n ", lock", LOCKED(1, n), CPU, \
			.locked = .010, .users = (n), .jobs = 400, .short_job = &short_computing, \
			.reading = { \
				RPS(locked), \
				{ &lab_latency, lab_predict_latency_locked } \
			} \
	}

static const struct lab_step locked_threads[] = {
	TEN_MS_LOCKED(1), TEN_MS_LOCKED(2), TEN_MS_LOCKED(4), TEN_MS_LOCKED(8), { .what = NULL },
};

/*
 * More ask than are served, so that the next job is there when one is done: where all CPUs compute,
 * what has to fetch it first would wait for one of them.
 */
#define WAITING(n) (4 * (n))

#define TEN_MS_FREE(n) \
	{ \
		"10-ms CPU jobs, 1 x " #n, SHAPE(1, n), CPU, \
			.locked = .010, .users = WAITING(n), .jobs = 400, \
			.short_job = &short_computing, .reading = { \
				RPS(computing) \
			} \
	}

static const struct lab_step free_threads[] = {
	TEN_MS_FREE(1), TEN_MS_FREE(2), TEN_MS_FREE(4), TEN_MS_FREE(8), { .what = NULL },
};

#define RELEASED(n) \
	{ \
		"10-ms jobs that release the lock, 1 x " #n, LOCKED(1, n), "/cpu?ms=%g&free=1", \
			.locked = .010, .users = WAITING(n), .jobs = 400, \
			.short_job = &short_released, .reading = { \
				RPS(computing) \
			} \
	}

static const struct lab_step released[] = {
	RELEASED(1),
	RELEASED(2),
	RELEASED(4),
	{ .what = NULL },
};

/* Long turns: what handing the lock on costs is not what is claimed. */
#define LOCKED_FOR_LONG(w, t) \
	{ \
		.workers = (w), .threads = (t), \
		.options = "--handler-lock --handler-lock-interval 50ms" \
	}

static const struct lab_step pages[] = {
	{ "fetch 50 ms, parse 10 ms, 1 x 8, lock", LOCKED_FOR_LONG(1, 8), "/mixed?cpu=%g&sleep=%g",
	  .locked = .010, .blocked = .050, .users = 8, .jobs = 600, .short_job = &short_mixed,
	  .reading = { RPS(mixed) } },
	{ .what = NULL },
};

const struct lab_experiment lab_experiments[] = {
	{ 1, "5 processes x 8 threads serve 40 at once", .steps = forty },
	{ 2, "the 41st waits", .steps = forty_one },
	{ 3, "N jobs on c slots take ceil(N / c) rounds", .steps = rounds },
	{ 4, "the same 40 by other shapes", .steps = shapes },
	{ 5, "requests per second are not concurrency", .steps = rates },
	{ 6, "1 ms a request: 1000 a second from one worker", .steps = one_ms },
	{ 7, "10 ms a request: 100 a second from one worker", .steps = ten_ms },
	{ 8, "c workers serve c / S a second", .steps = more_workers },
	{ 9, "capacity is not comfort", .measure = lab_measure_comfort },
	{ 10, "Little's law: L = X x W, on both sides", .measure = lab_measure_law },
	{ 11, "a slow request hogs a single slot", .measure = lab_measure_hog },
	{ 12, "more slots cure it", .measure = lab_measure_cure },
	{ 13, "slow clients hog too, unless a loop reads and writes",
	  .measure = lab_measure_slow_clients },
	{ 14, "concurrency is not parallelism", .steps = one_core },
	{ 15, "threads suit waiting", .steps = downloads },
	{ 16, "processes suit computing", .steps = processes },
	{ 17, "under an interpreter's lock threads do not compute faster", .steps = locked_threads },
	{ 18, "without the lock they do, up to the CPUs", .steps = free_threads },
	{ 19, "waiting releases the lock: threads help up to 1 + waiting / computing",
	  .measure = lab_measure_released_lock },
	{ 20, "code that releases the lock computes in parallel", .steps = released },
	{ 21, "the lock caps page processing at one CPU a process", .steps = pages },
	{ 22, "under the lock a quick job beside a computing one waits for its turn",
	  .measure = lab_measure_switches,
	  .remark = "Turns do not change between any two instructions: who has the lock keeps it "
		    "for an interval, "
		    "5 ms unless told otherwise." },
	{ 47, "throughput grows with concurrency up to a knee", .measure = lab_measure_curves },
	{ 48, "one queue for 8 slots beats 8 queues", .measure = lab_measure_pooling },
	{ 49, "how connections are shared out decides, unless requests move",
	  .measure = lab_measure_accepting },
	{ 50, "a closed loop omits what it does not ask", .measure = lab_measure_omission },
};

const unsigned lab_experiments_count = sizeof lab_experiments / sizeof *lab_experiments;

const struct lab_experiment *lab_find(unsigned number)
{
	for (unsigned i = 0; i < lab_experiments_count; i++)
		if (lab_experiments[i].number == number)
			return &lab_experiments[i];
	return NULL;
}

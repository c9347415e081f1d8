/*
 * Advice: what limits a service, how many slots it needs, and what would be if.
 *
 * From evidence alone; pure but for the memory the simulations take.  Means of waits are Allen and
 * Cunneen's, tails are simulated (see queueing.h, simulation.h); both take the slots as one queue,
 * which is what littled's workers are together.
 *
 * Evidence tells of arrivals what each second had.  When the waits that were measured are far longer
 * than such arrivals make, they came in bursts within the seconds: of the size that makes the waits
 * what they were.  When no such bursts do, or it was not slots that were waited for, advice knows
 * nothing of the waits' cause, and does not pretend to.
 */
#ifndef METRICS_ADVICE_H
#define METRICS_ADVICE_H

#include "metrics/evidence.h"

/* Fewer requests for slots than this in the window are no ground for advice. */
#define ADVICE_REQUESTS_MIN 200

enum advice_bound {
#define BOUND(NAME, name, text) BOUND_##NAME,
#include "metrics/bounds.def"
#undef BOUND
	BOUND_COUNT
};
extern const char *const advice_bound_names[BOUND_COUNT], *const advice_bound_texts[BOUND_COUNT];

/*
 * How a setting was looked at.  Open: so many arrivals a second, whatever the answers do.  Closed:
 * as many clients as there are requests at slots now, each asking again when it is answered.
 */
enum forecast_state {
	FORECAST_STABLE,   /* open, and simulated */
	FORECAST_UNSTABLE, /* open, more than can be served: no figures */
	FORECAST_CLOSED,   /* by Little's law: rate and mean_wait alone */
	FORECAST_STATES
};
extern const char *const forecast_state_names[FORECAST_STATES];

/* One setting, and what to expect of it.  Times in seconds. */
struct forecast {
	char label[64];
	double rate, service_factor;
	unsigned slots;
	double utilisation;
	enum forecast_state state;
	double waiting_part;        /* simulated: how many wait at all */
	double mean_wait;           /* Allen and Cunneen; of bursts simulated, they know none */
	double mean, p50, p95, p99; /* of the wait, simulated */
	double total_p99;           /* wait and service together */
};

#define ADVICE_FORECASTS 12

struct advice_question {
	double target_wait_s; /* that 99 % of the requests must not exceed */
	uint64_t arrivals;    /* of a simulation whose tails are shown */
	uint64_t seed;
	/* What-if rows beside the usual ones: of each what is not 0 is changed. */
	struct what_if {
		double rate, service_factor, clients_factor; /* clients: of a closed loop */
		unsigned slots;
	} what_if[ADVICE_FORECASTS / 2];
	unsigned what_if_count;
};

struct advice {
	enum advice_bound bound;
	char evidence[256]; /* the sentence behind it */
	double mean_service, Cs2;
	double measured_p50, measured_p99, measured_mean; /* of the wait */
	bool is_closed;      /* arrivals are held back by answers: a closed loop, at its limit */
	unsigned burst;      /* arrivals come so many at a time; 1: as the seconds show them */
	bool is_unexplained; /* the waits are far longer than any of that: no needs, no headroom */
	double clients;      /* that are at the slots at once: busy ones and waiting ones */
	double computing;    /* the part of the service time that is CPU, or the wait for one */
	unsigned slots_needed;     /* for the target at the present rate; 0: none would do */
	bool is_held;              /* a forecast says fewer than now; what was measured says no */
	unsigned workers, threads; /* the shape that gives them */
	char shape[256];           /* why this one, or why none */
	double headroom_rate; /* at which the target breaks with the present slots; 0: at any */
	double cpu_rate;      /* at which the CPUs are all busy; 0: not known */
	unsigned forecast_count;
	struct forecast forecast[ADVICE_FORECASTS];
};

/* 0; -ENODATA: too few requests (a->bound says so, nothing else is filled in); -ENOMEM. */
int advice_of(struct advice *a, const struct evidence *e, const struct advice_question *q);

#endif

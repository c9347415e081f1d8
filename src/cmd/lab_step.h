/* A step of an experiment: a server of some shape, a load, and what is read off it. */
#ifndef CMD_LAB_STEP_H
#define CMD_LAB_STEP_H

#include "cmd/lab_load.h"
#include "cmd/lab_predict.h"
#include "cmd/lab_server.h"

/* Something a run shows, with how closely it must be what was predicted. */
struct lab_quantity {
	const char *name, *unit;
	double (*measure)(const struct lab_seen *seen, const struct lab_case *c);
	struct lab_tolerance tolerance;
};

extern const struct lab_quantity lab_makespan, lab_rps, lab_peak, lab_late, lab_queue,
	lab_in_flight, lab_latency;

struct lab_reading {
	const struct lab_quantity *quantity;
	double (*predict)(const struct lab_case *c);
};

/* A job so short that what it takes beyond its length is the way: parsing, switching, waking. */
struct lab_short_job {
	const char *path;
	double length; /* in seconds */
};

#define LAB_READINGS_MAX 3

struct lab_step {
	const char *what; /* NULL: behind the last */
	struct lab_shape shape;
	const char *path;       /* with a %g for each of the times below that is not 0, in ms */
	double locked, blocked; /* of a job, in seconds */
	bool is_scaled;         /* they are; else it is the number of jobs */
	unsigned users;
	uint64_t jobs;
	const struct lab_short_job *short_job; /* to learn the overhead from; NULL: none */
	struct lab_reading reading[LAB_READINGS_MAX];
};

/* Runs steps up to the one without a name.  0 or a negative errno value with lab->why. */
int lab_run_steps(struct lab *lab, const struct lab_step *steps);

/* What a request takes beyond its job, in seconds: the median. */
int lab_measure_overhead(struct lab *lab, const struct lab_server *s,
			 const struct lab_short_job *job, double *overhead);

/* Adds a figure to the trial. */
void lab_note_figure(struct lab *lab, const char *unit, double predicted, double measured,
		     struct lab_tolerance tolerance, const char *what, ...)
	__attribute__((format(printf, 6, 7)));
/* Adds to its note. */
void lab_note(struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The tolerances of the claims: durations, requests a second, curves, and the points of curves. */
extern const struct lab_tolerance lab_of_time, lab_of_rate, lab_of_curve, lab_exactly, lab_shown;
#define LAB_R2 .98 /* what a curve must explain at least */

/* At least one job, and as many as the scale leaves. */
uint64_t lab_scaled_jobs(const struct lab *lab, uint64_t jobs);

#endif

/*
 * Queueing theory: what to expect of c slots that serve one queue, first come, first served.
 *
 * Symbols, as in the literature: lambda arrivals a second; S mean service time, in seconds; c slots;
 * a = lambda * S, the offered load in Erlangs; rho = a / c, below 1 for a queue that does not grow.
 * Ca2, Cs2: squared coefficients of variation (variance over squared mean) of the times between
 * arrivals and of the service times; 1 for exponential ones.
 *
 * Sources: Kleinrock, Queueing Systems, volume 1 (Erlang B and C, sections 3.5 and 3.6; Pollaczek
 * and Khinchine, section 5.6); Allen, Probability, Statistics, and Queueing Theory, 2nd edition,
 * section 5.3 (Allen and Cunneen); Gunther, Guerrilla Capacity Planning, chapter 4 (USL); Reiser
 * and Lavenberg, Mean-Value Analysis of Closed Multichain Queuing Networks, J. ACM 27 (1980).
 *
 * Pure.  Where there is no answer (rho >= 1) a wait is INFINITY.
 */
#ifndef METRICS_QUEUEING_H
#define METRICS_QUEUEING_H

/* The part of arrivals that c slots without a queue turn away. */
double erlang_b(unsigned c, double a);

/* The part of arrivals that wait (M/M/c). */
double erlang_c(unsigned c, double a);

/* Mean wait in seconds: M/M/c, and G/G/c as Allen and Cunneen approximate it. */
double queueing_wait_mmc(unsigned c, double lambda, double S);
double queueing_wait_ggc(unsigned c, double lambda, double S, double Ca2, double Cs2);

/* The part of arrivals that wait for longer than t seconds (M/M/c). */
double queueing_wait_tail_mmc(unsigned c, double lambda, double S, double t);

/* Mean wait in seconds of one slot with any service times (M/G/1): exact. */
double queueing_wait_mg1(double lambda, double S, double Cs2);

/* The fewest slots that keep the utilisation at or below `rho`. */
unsigned queueing_slots_for(double lambda, double S, double rho);

/*
 * Closed loop: m threads of one process that share a lock, each holding it for `locked` seconds a
 * request and then blocking for `blocked` seconds without it.  Requests a second, by exact mean-value
 * analysis of exponential times.
 */
double queueing_locked_throughput(unsigned m, double locked, double blocked);

/* The universal scalability law: X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)). */
struct usl {
	double gamma, alpha, beta;
	double r2;   /* of the fit, in X */
	double peak; /* the N of the highest throughput; INFINITY when beta is 0 */
};

double usl_throughput(const struct usl *u, double N);

/* The highest throughput of N >= 1: at the peak or, without one, far out, or INFINITY. */
double usl_ceiling(const struct usl *u);

/* The N, 1 or more, at which N times the throughput of one would reach the ceiling, or INFINITY. */
double usl_knee(const struct usl *u);

/*
 * Fits n points (N, X), by linear least squares of N/X over N - 1 and N (N - 1), weighted by (X/N)^2.
 * alpha and beta are not let below 0.  0, or -EINVAL: fewer than 3 different N, or an X that is not
 * above 0.
 */
int usl_fit(struct usl *u, const double *N, const double *X, unsigned n);

#endif

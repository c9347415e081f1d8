/* Formulas of queueing theory.  Runs in: any. */
#include "metrics/queueing.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

double erlang_b(unsigned c, double a)
{
	double b = 1;

	for (unsigned i = 1; i <= c; i++)
		b = a * b / (i + a * b);
	return b;
}

double erlang_c(unsigned c, double a)
{
	double rho = a / c, b = erlang_b(c, a);

	return rho >= 1 ? 1 : b / (1 - rho * (1 - b));
}

double queueing_wait_mmc(unsigned c, double lambda, double S)
{
	double a = lambda * S, rho = a / c;

	return rho >= 1 ? INFINITY : erlang_c(c, a) * S / (c * (1 - rho));
}

double queueing_wait_ggc(unsigned c, double lambda, double S, double Ca2, double Cs2)
{
	return queueing_wait_mmc(c, lambda, S) * (Ca2 + Cs2) / 2;
}

double queueing_wait_tail_mmc(unsigned c, double lambda, double S, double t)
{
	double a = lambda * S, rho = a / c;

	return rho >= 1 ? 1 : erlang_c(c, a) * exp(-(double)c * (1 - rho) * t / S);
}

double queueing_wait_mg1(double lambda, double S, double Cs2)
{
	double rho = lambda * S;

	return rho >= 1 ? INFINITY : lambda * S * S * (1 + Cs2) / (2 * (1 - rho));
}

unsigned queueing_slots_for(double lambda, double S, double rho)
{
	double c = ceil(lambda * S / rho - 1e-9); /* 40.000000001 slots are 40 */

	return c < 1 ? 1 : (unsigned)c;
}

double queueing_locked_throughput(unsigned m, double locked, double blocked)
{
	double at_lock = 0, X = 0;

	for (unsigned i = 1; i <= m; i++) {
		double residence = locked * (1 + at_lock);

		X = i / (residence + blocked);
		at_lock = X * residence;
	}
	return X;
}

double usl_throughput(const struct usl *u, double N)
{
	return u->gamma * N / (1 + u->alpha * (N - 1) + u->beta * N * (N - 1));
}

double usl_ceiling(const struct usl *u)
{
	if (u->beta > 0)
		return usl_throughput(u, fmax(u->peak, 1));
	/* Above 1 it falls from the first on: towards gamma / alpha, from gamma. */
	return u->alpha > 0 ? u->gamma / fmin(u->alpha, 1) : INFINITY;
}

double usl_knee(const struct usl *u)
{
	return usl_ceiling(u) / u->gamma;
}

/* Gauss with pivoting, for at most 3 unknowns.  False: there is no one solution. */
static bool solve(double a[3][4], unsigned n)
{
	for (unsigned col = 0; col < n; col++) {
		unsigned pivot = col;

		for (unsigned row = col + 1; row < n; row++)
			if (fabs(a[row][col]) > fabs(a[pivot][col]))
				pivot = row;
		if (fabs(a[pivot][col]) < 1e-12)
			return false;
		for (unsigned k = 0; k < 4; k++) {
			double t = a[col][k];

			a[col][k] = a[pivot][k];
			a[pivot][k] = t;
		}
		for (unsigned row = 0; row < n; row++) {
			double factor = row == col ? 0 : a[row][col] / a[col][col];

			for (unsigned k = col; k < 4; k++)
				a[row][k] -= factor * a[col][k];
		}
	}
	return true;
}

/* The terms of N/X that are fitted. */
enum { TERM_ONE, TERM_ALPHA, TERM_BETA };

static double term(unsigned which, double N)
{
	return which == TERM_ONE ? 1 : which == TERM_ALPHA ? N - 1 : N * (N - 1);
}

/* Least squares over `count` of the terms; what is not among them stays 0. */
static bool fit_terms(double out[3], const unsigned *terms, unsigned count, const double *N,
		      const double *X, unsigned n)
{
	double a[3][4] = { { 0 } };

	for (unsigned p = 0; p < n; p++) {
		double weight = X[p] / N[p] * (X[p] / N[p]);

		for (unsigned i = 0; i < count; i++) {
			for (unsigned k = 0; k < count; k++)
				a[i][k] += weight * term(terms[i], N[p]) * term(terms[k], N[p]);
			a[i][3] += weight * term(terms[i], N[p]) * N[p] / X[p];
		}
	}
	if (!solve(a, count))
		return false;
	memset(out, 0, 3 * sizeof *out);
	for (unsigned i = 0; i < count; i++)
		out[terms[i]] = a[i][3] / a[i][i];
	return true;
}

static double r_squared(const struct usl *u, const double *N, const double *X, unsigned n)
{
	double mean = 0, left = 0, whole = 0;

	for (unsigned p = 0; p < n; p++)
		mean += X[p] / n;
	for (unsigned p = 0; p < n; p++) {
		double miss = X[p] - usl_throughput(u, N[p]);

		left += miss * miss;
		whole += (X[p] - mean) * (X[p] - mean);
	}
	return whole > 0 ? 1 - left / whole : 1;
}

static unsigned different(const double *N, unsigned n)
{
	unsigned count = 0;

	for (unsigned p = 0; p < n; p++) {
		bool is_new = true;

		for (unsigned q = 0; q < p; q++)
			is_new &= N[q] != N[p];
		count += is_new;
	}
	return count;
}

int usl_fit(struct usl *u, const double *N, const double *X, unsigned n)
{
	/* All three; when one comes out negative, without it. */
	static const struct {
		unsigned terms[3], count;
	} models[] = {
		{ { TERM_ONE, TERM_ALPHA, TERM_BETA }, 3 },
		{ { TERM_ONE, TERM_ALPHA, 0 }, 2 },
		{ { TERM_ONE, TERM_BETA, 0 }, 2 },
		{ { TERM_ONE, 0, 0 }, 1 },
	};
	bool found = false;

	for (unsigned p = 0; p < n; p++)
		if (!(X[p] > 0 && N[p] > 0))
			return -EINVAL;
	if (different(N, n) < 3)
		return -EINVAL;
	for (unsigned m = 0; m < sizeof models / sizeof *models; m++) {
		double t[3];

		if ((found && models[m].count == 1) ||
		    !fit_terms(t, models[m].terms, models[m].count, N, X, n) || t[TERM_ONE] <= 0 ||
		    t[TERM_ALPHA] < 0 || t[TERM_BETA] < 0)
			continue;
		struct usl fit = { .gamma = 1 / t[TERM_ONE],
				   .alpha = t[TERM_ALPHA] / t[TERM_ONE],
				   .beta = t[TERM_BETA] / t[TERM_ONE] };
		fit.r2 = r_squared(&fit, N, X, n);
		fit.peak = fit.beta > 0 ? sqrt(fmax(1 - fit.alpha, 0) / fit.beta) : INFINITY;
		if (!found || fit.r2 > u->r2)
			*u = fit;
		found = true;
		if (m == 0)
			break;
	}
	return found ? 0 : -EINVAL;
}

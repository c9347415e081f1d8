/* `littled usl`: points in, the scalability law out.  Runs in: its own process, one thread. */
#include "cmd/usl.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/json.h"

#define JSON_MAX (1u << 20)
#define WHY_MAX 1024
#define CURVE_POINTS 120

enum { EXIT_FITTED, EXIT_NO_FIT, EXIT_USAGE };

static const char usage[] = "Usage: littled usl <FILE\n"
			    "Fits the universal scalability law, X(N) = gamma N / (1 + alpha (N - "
			    "1) + beta N (N - 1)),\n"
			    "to lines 'N X' (concurrency, requests a second) on standard input.  "
			    "Prints JSON: gamma, alpha,\n"
			    "beta, r2, peak (the N of the highest throughput), ceiling (that "
			    "throughput), knee (the N at\n"
			    "which straight growth would reach it), the points, and the curve.  "
			    "What does not exist is null.\n"
			    "Three different N are needed; lines that begin with # are left out.\n";

static bool cut_number(struct ltd_slice *rest, double *n)
{
	size_t len = 0;

	*rest = slice_trim(*rest);
	while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
		len++;
	struct ltd_slice word = slice_of(rest->at, len);
	*rest = slice_of(rest->at + len, rest->len - len);
	return slice_to_double(word, n) && *n > 0;
}

int usl_points_add(struct usl_points *p, struct ltd_slice line, struct buf *why)
{
	struct ltd_slice rest = slice_trim(line);
	double N, X;

	if (rest.len == 0 || rest.at[0] == '#')
		return 0;
	if (!cut_number(&rest, &N) || !cut_number(&rest, &X) || slice_trim(rest).len > 0) {
		buf_puts(why, "two numbers above 0 are wanted, N and X");
		return -EINVAL;
	}
	if (p->count == USL_POINTS_MAX) {
		buf_printf(why, "more than %d points", USL_POINTS_MAX);
		return -EINVAL;
	}
	p->N[p->count] = N;
	p->X[p->count++] = X;
	return 0;
}

static void number_or_null(struct json *j, const char *key, double n)
{
	if (isfinite(n))
		json_number(j, key, n);
	else
		json_null(j, key);
}

static void write_points(struct json *j, const struct usl *u, const struct usl_points *p)
{
	json_open_array(j, "points");
	for (unsigned i = 0; i < p->count; i++) {
		json_open_object(j, NULL);
		json_number(j, "N", p->N[i]);
		json_number(j, "X", p->X[i]);
		json_number(j, "fit", usl_throughput(u, p->N[i]));
		json_close_object(j);
	}
	json_close_array(j);
}

/* In equal ratios: it is drawn over a logarithmic axis as often as not. */
static void write_curve(struct json *j, const struct usl *u, const struct usl_points *p)
{
	double last = 1;

	for (unsigned i = 0; i < p->count; i++)
		last = fmax(last, p->N[i]);
	json_open_array(j, "curve");
	for (unsigned i = 0; i <= CURVE_POINTS; i++) {
		double N = pow(last, (double)i / CURVE_POINTS);

		json_open_array(j, NULL);
		json_number(j, NULL, N);
		json_number(j, NULL, usl_throughput(u, N));
		json_close_array(j);
	}
	json_close_array(j);
}

void usl_write_json(struct buf *out, const struct usl *u, const struct usl_points *p)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_number(&j, "gamma", u->gamma);
	json_number(&j, "alpha", u->alpha);
	json_number(&j, "beta", u->beta);
	json_number(&j, "r2", u->r2);
	number_or_null(&j, "peak", u->peak);
	number_or_null(&j, "ceiling", usl_ceiling(u));
	number_or_null(&j, "knee", usl_knee(u));
	write_points(&j, u, p);
	write_curve(&j, u, p);
	json_close_object(&j);
	buf_puts(out, "\n");
}

static int read_points(struct usl_points *p, struct buf *why)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t len;
	int error = 0;

	while (!error && (len = getline(&line, &room, stdin)) > 0) {
		number++;
		if (line[len - 1] == '\n')
			len--;
		error = usl_points_add(p, slice_of(line, (size_t)len), why);
	}
	free(line);
	if (error)
		buf_printf(why, " (line %zu)", number);
	if (!error && ferror(stdin)) {
		error = -errno;
		buf_printf(why, "standard input: %s", strerror(errno));
	}
	return error;
}

static int fit(struct buf *out, struct buf *why)
{
	static struct usl_points p; /* large */
	struct usl u;
	int error = read_points(&p, why);

	if (error)
		return error;
	error = usl_fit(&u, p.N, p.X, p.count);
	if (error) {
		buf_printf(why, "no fit to %u points: three different N are needed", p.count);
		return error;
	}
	usl_write_json(out, &u, &p);
	if (out->is_short || fwrite(out->at, 1, out->len, stdout) < out->len ||
	    fflush(stdout) == EOF) {
		buf_puts(why, "the result could not be written");
		return -EIO;
	}
	return 0;
}

int usl_main(int argc, char **argv)
{
	struct buf out, why;
	int status = EXIT_FITTED;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return EXIT_FITTED;
	}
	if (argc > 1) {
		fprintf(stderr,
			"littled usl: %s: lines are read from standard input, and --help "
			"is all there is\n",
			argv[1]);
		return EXIT_USAGE;
	}
	buf_init(&out, JSON_MAX);
	buf_init(&why, WHY_MAX);
	if (fit(&out, &why)) {
		fprintf(stderr, "littled usl: %.*s\n", (int)why.len, why.at ? why.at : "");
		status = EXIT_NO_FIT;
	}
	buf_fini(&out);
	buf_fini(&why);
	return status;
}

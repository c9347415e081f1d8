/*
 * `littled usl`: the universal scalability law fitted to measured points, for plots and scripts.
 *
 * The fit and the knee are metrics/queueing.h's, so what a report draws is what the server computes.
 */
#ifndef CMD_USL_H
#define CMD_USL_H

#include "base/buf.h"
#include "base/slice.h"
#include "metrics/queueing.h"

#define USL_POINTS_MAX 4096

struct usl_points {
	unsigned count;
	double N[USL_POINTS_MAX], X[USL_POINTS_MAX];
};

/*
 * One line: "N X", in spaces or tabs; nothing, or what begins with #, is no point.  0, or -EINVAL
 * with a sentence in `why`: not two numbers above 0, or a point too many.
 */
int usl_points_add(struct usl_points *p, struct ltd_slice line, struct buf *why);

/*
 * The fit as JSON: its parameters, the points beside it,
 * and its curve from N = 1 to the last point.
 */
void usl_write_json(struct buf *out, const struct usl *u, const struct usl_points *p);

/* argv[0] is "usl".  The exit status: 0 fitted, 1 nothing to fit, 2 wrong usage. */
int usl_main(int argc, char **argv);

#endif

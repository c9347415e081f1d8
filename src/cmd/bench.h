/*
 * `littled bench`: a load generator, open and closed loop in one.
 *
 * Open loop: the schedule of arrivals is made first and kept whatever the server does; a
 * request's latency counts from its intended time, so a stalled server cannot hide its stall
 * by slowing the generator (no coordinated omission).  Closed loop: so many users, each
 * waiting for its answer.
 */
#ifndef CMD_BENCH_H
#define CMD_BENCH_H

/* argv[0] is "bench".  The exit status: 0 measured, 1 could not measure, 2 wrong usage. */
int bench_main(int argc, char **argv);

#endif

/* `littled bench`: options in, load, report out.  Runs in: its own process, one thread. */
#include "cmd/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/bench_client.h"
#include "cmd/bench_report.h"

#define REPORT_MAX (1024 * 1024)
#define WHY_MAX 1024

enum { EXIT_MEASURED, EXIT_FAILED, EXIT_USAGE };

static int complain(const struct buf *why, int status)
{
	fprintf(stderr, "littled bench: %.*s\n", (int)why->len, why->at ? why->at : "");
	return status;
}

typedef void report_fn(struct buf *out, const struct bench_options *o, const struct result *r);

static report_fn *const reports[] = {
	[BENCH_TEXT] = report_text,
	[BENCH_JSON] = report_json,
	[BENCH_CSV] = report_csv,
};

static int print_report(const struct bench_options *o, const struct result *r)
{
	struct buf out;

	buf_init(&out, REPORT_MAX);
	reports[o->format](&out, o, r);
	fwrite(out.at, 1, out.len, stdout); /* main() looks at its fate */
	bool is_cut = out.is_short;
	buf_fini(&out);
	return is_cut ? EXIT_FAILED : EXIT_MEASURED;
}

static int print_schedule(const struct bench_options *o)
{
	uint64_t end_ns = o->requests ? UINT64_MAX : o->warmup_ns + o->duration_ns, issued = 0;
	struct planned next;
	struct plan plan;

	plan_init(&plan, o->arrival, o->rate, o->seed, &o->targets);
	for (next = plan_next(&plan); next.at_ns < end_ns; next = plan_next(&plan)) {
		printf("%lu %u\n", next.at_ns, next.target);
		issued += next.at_ns >= o->warmup_ns;
		if (o->requests && issued == o->requests)
			break;
	}
	return EXIT_MEASURED;
}

static int measure(const struct bench_options *o, FILE *log, struct buf *why)
{
	struct result r;
	int status;

	if (result_init(&r, o->targets.count)) {
		buf_puts(why, strerror(ENOMEM));
		return complain(why, EXIT_FAILED);
	}
	if (log)
		fputs("intended_ns,target,outcome,latency_ns,service_ns\n", log);
	if (client_run(o, &r, log, why)) {
		status = complain(why, EXIT_FAILED);
	} else {
		status = print_report(o, &r);
		if (result_answered(&r) == 0) {
			buf_puts(why, "no request was answered");
			status = complain(why, EXIT_FAILED);
		}
	}
	result_fini(&r);
	return status;
}

static int measure_with_log(const struct bench_options *o, struct buf *why)
{
	FILE *log = fopen(o->log_path, "we");

	if (!log) {
		buf_printf(why, "--log: %s: %s", o->log_path, strerror(errno));
		return complain(why, EXIT_FAILED);
	}
	int status = measure(o, log, why);
	bool is_lost = ferror(log);
	if (fclose(log) || is_lost) {
		buf_printf(why, "--log: %s: could not be written", o->log_path);
		return complain(why, EXIT_FAILED);
	}
	return status;
}

static int run(struct bench_options *o, struct buf *why)
{
	if (o->help)
		return fputs(bench_usage, stdout) == EOF ? EXIT_FAILED : EXIT_MEASURED;
	if (o->print_schedule)
		return print_schedule(o);
	return o->log_path ? measure_with_log(o, why) : measure(o, NULL, why);
}

int bench_main(int argc, char **argv)
{
	struct bench_options o;
	struct buf why;

	buf_init(&why, WHY_MAX);
	int status = bench_options_parse(&o, argc, argv, &why) ? complain(&why, EXIT_USAGE)
							       : run(&o, &why);
	bench_options_fini(&o);
	buf_fini(&why);
	return status;
}

/*
 * The workload app: requests whose cost is known, to measure servers and their clients with.
 *
 * Runs in: leader for the routes that cost microseconds, slot for those that sleep or
 * compute.  Like any app it uses the public interface and the C library alone.
 */
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ll
#define NS_PER_MS 1e6

/* The longest that may be asked for, whatever the setting max_ms says. */
#define MS_MAX 60000.0

static int answer_hello(struct ltd_exchange *x, void *state)
{
	static const char text[] = "Hello, world\n";

	(void)state;
	ltd_response_type(x, "text/plain");
	ltd_response_body(x, text, sizeof text - 1);
	return 0;
}

static int answer_ok(struct ltd_exchange *x)
{
	ltd_response_type(x, "text/plain");
	ltd_response_body(x, "ok\n", 3);
	return 0;
}

void workload_sleep(double ms)
{
	struct timespec until;
	int64_t ns = (int64_t)(ms * NS_PER_MS);

	if (ns <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	ns += until.tv_nsec;
	until.tv_sec += ns / NS_PER_S;
	until.tv_nsec = ns % NS_PER_S;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static int64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Arithmetic the compiler must not drop; a round takes about a nanosecond. */
static void spin(int64_t rounds)
{
	uint64_t x = 1;

	for (int64_t i = 0; i < rounds; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
}

/*
 * Reading the clock is a system call, so between two looks lies work for a part of what is
 * left: the CPU time is the program's own, and the end is met closely.
 */
static void burn_for(struct ltd_exchange *x, double ms)
{
	enum { ROUNDS_MAX = 16384, LEFT_PER_ROUND_NS = 4 };
	int64_t ns = (int64_t)(ms * NS_PER_MS);

	if (ns <= 0)
		return;
	int64_t until = thread_cpu_ns() + ns;
	for (int64_t left = ns; left > 0; left = until - thread_cpu_ns()) {
		int64_t rounds = left / LEFT_PER_ROUND_NS;

		spin(rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX);
		if (x)
			ltd_checkpoint(x);
	}
}

static int time_param(struct ltd_exchange *x, const struct workload *w, const char *name, double *ms)
{
	const struct workload_param p = { .name = name, .low = 0, .high = w->max_ms };

	return workload_param(x, &p, ms);
}

static void sleep_for(struct ltd_exchange *x, double ms)
{
	ltd_block_begin(x);
	workload_sleep(ms);
	ltd_block_end(x);
}

static int answer_sleep(struct ltd_exchange *x, void *state)
{
	double ms;

	if (time_param(x, state, "ms", &ms) < 0)
		return 0;
	sleep_for(x, ms);
	return answer_ok(x);
}

/* With free=1 it computes as a library does that lets others have the handlers' lock meanwhile. */
static int answer_cpu(struct ltd_exchange *x, void *state)
{
	static const struct workload_param is_free = { .name = "free", .high = 1, .is_whole = true };
	double ms, free_of_lock = 0;

	if (time_param(x, state, "ms", &ms) < 0 || workload_optional(x, &is_free, &free_of_lock) < 0)
		return 0;
	if (free_of_lock) {
		ltd_block_begin(x);
		burn_for(NULL, ms);
		ltd_block_end(x);
	} else {
		burn_for(x, ms);
	}
	return answer_ok(x);
}

static int answer_mixed(struct ltd_exchange *x, void *state)
{
	double cpu_ms, sleep_ms;

	if (time_param(x, state, "cpu", &cpu_ms) < 0 || time_param(x, state, "sleep", &sleep_ms) < 0)
		return 0;
	burn_for(x, cpu_ms);
	sleep_for(x, sleep_ms);
	return answer_ok(x);
}

static const struct workload_param byte_count = {
	.name = "n",
	.low = 0,
	.high = WORKLOAD_BYTES_MAX,
	.is_whole = true,
};

static int answer_bytes(struct ltd_exchange *x, void *state)
{
	const struct workload *w = state;
	double n;

	if (workload_param(x, &byte_count, &n) < 0)
		return 0;
	ltd_response_type(x, "application/octet-stream");
	ltd_response_body(x, w->pattern.at, (size_t)n);
	return 0;
}

/* The same bytes, sent by the kernel from a file in memory. */
static int answer_file(struct ltd_exchange *x, void *state)
{
	const struct workload *w = state;
	double n;

	if (workload_param(x, &byte_count, &n) < 0)
		return 0;
	ltd_response_type(x, "application/octet-stream");
	for (uint64_t left = (uint64_t)n, len; left; left -= len) {
		int fd = fcntl(w->pattern.fd, F_DUPFD_CLOEXEC, 0);

		len = left < WORKLOAD_PIECE_BYTES ? left : WORKLOAD_PIECE_BYTES;
		if (ltd_response_file(x, fd, 0, len) < 0)
			return -1;
	}
	return 0;
}

static int answer_status(struct ltd_exchange *x, void *state)
{
	static const struct workload_param code = {
		.name = "code",
		.low = 200,
		.high = 599,
		.is_whole = true,
	};
	double value;

	(void)state;
	if (workload_param(x, &code, &value) < 0)
		return 0;
	unsigned status = (unsigned)value;
	ltd_response_status(x, status);
	/* These three never have content (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
	if (status == 204 || status == 205 || status == 304)
		return 0;
	ltd_response_type(x, "text/plain");
	ltd_response_printf(x, "%u\n", status);
	return 0;
}

static int read_max_ms(const struct ltd_settings *settings, double *max_ms)
{
	const char *text = ltd_setting(settings, "max_ms");
	char *end;

	*max_ms = strtod(text, &end);
	if (end == text || *end != '\0' || !(*max_ms >= 0 && *max_ms <= MS_MAX))
		return ltd_refuse(settings, "max_ms = %s: not a number from 0 to %g", text, MS_MAX);
	return 0;
}

static int configure(const struct ltd_settings *settings, void **state)
{
	double max_ms;
	bool allow_crash;

	if (read_max_ms(settings, &max_ms) < 0 ||
	    workload_read_allow_crash(settings, &allow_crash) < 0)
		return -1;

	struct workload *w = calloc(1, sizeof *w);
	if (!w)
		return ltd_refuse(settings, "out of memory");
	int error = workload_pattern_open(&w->pattern);
	if (error < 0) {
		free(w);
		return ltd_refuse(settings, "cannot map the bytes of /bytes: %s", strerror(-error));
	}
	w->max_ms = max_ms;
	w->allow_crash = allow_crash;
	*state = w;
	return 0;
}

static void release(void *state)
{
	struct workload *w = state;

	workload_pattern_close(&w->pattern);
	free(w);
}

static const struct ltd_option options[] = {
	{ "max_ms", "60000",
	  "The longest sleep or computation a request may ask for, in milliseconds." },
	{ "allow_crash", "false",
	  "Whether /crash may end its process, and /stuck never answer: true or false." },
	{ NULL, NULL, NULL },
};

static const struct ltd_route routes[] = {
	{ "/hello", LTD_INLINE, LTD_GET, .handle = answer_hello },
	{ "/sleep", LTD_SLOT, LTD_GET, .handle = answer_sleep },
	{ "/cpu", LTD_SLOT, LTD_GET, .handle = answer_cpu },
	{ "/mixed", LTD_SLOT, LTD_GET, .handle = answer_mixed },
	{ "/echo", LTD_SLOT, LTD_ANY_METHOD, .handle = workload_echo,
	  .attempt = workload_echo_small },
	{ "/bytes", LTD_INLINE, LTD_GET, .handle = answer_bytes },
	{ "/file", LTD_INLINE, LTD_GET, .handle = answer_file },
	{ "/stream", LTD_SLOT, LTD_GET, .handle = workload_stream },
	{ "/status", LTD_INLINE, LTD_GET, .handle = answer_status },
	{ "/crash", LTD_SLOT, LTD_GET, .handle = workload_crash },
	{ "/stuck", LTD_SLOT, LTD_GET, .handle = workload_stuck },
	{ .path = NULL },
};

extern const struct ltd_app workload_app;

const struct ltd_app workload_app = {
	.abi = LTD_ABI,
	.name = "workload",
	.summary = "requests of known cost: sleep, compute, echo, bytes, file, stream, status",
	.options = options,
	.routes = routes,
	.configure = configure,
	.release = release,
};

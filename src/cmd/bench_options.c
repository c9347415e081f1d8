/* The generator's command line.  Runs in: any, before its one thread begins. */
#include "cmd/bench_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/flags.h"

#define HEADERS_MAX (16 * 1024)
#define POOL_MAX 100000
#define SECONDS_MAX 1e6

const char bench_usage[] =
	"Usage: littled bench [OPTIONS] URL...\n"
	"Puts load on http://HOST[:PORT]/PATH or unix:SOCKET:/PATH and says what came of it.\n"
	"\n"
	"Open loop: requests at their own times, whatever the server does.\n"
	"  --rate R              R requests a second\n"
	"  --arrival KIND        poisson (default) or constant gaps\n"
	"  --max-in-flight N     more than N wait in the generator (default: no bound)\n"
	"  --pool N              N kept-alive connections, opened beforehand; a request takes the\n"
	"                        one that has been idle longest, or waits for one\n"
	"Closed loop: the next request when the answer has come.\n"
	"  --concurrency C       C users (default 1)\n"
	"  --think T             each pauses for T between answer and request\n"
	"What and how long:\n"
	"  --mix MIX             a file of lines 'WEIGHT URL', or 'WEIGHT URL,WEIGHT URL,...'\n"
	"  --duration T          default 10\n"
	"  --requests N          N requests instead of a duration\n"
	"  --warmup T            not counted, before the rest (default 0)\n"
	"  --timeout T           give a request up (default 60)\n"
	"  --no-keepalive        a new connection for each request\n"
	"  --header 'NAME: V'    one more header field; repeatable\n"
	"  --seed N              of the arrivals and the mix (default 1)\n"
	"What to print:\n"
	"  --json, --csv         instead of text\n"
	"  --log FILE            a line for each measured request\n"
	"  --print-schedule      only the schedule: nanoseconds and the URL's number, a line each\n"
	"T is in seconds, or with a unit: 50ms, 2s, 1m.\n"
	"Ctrl-C ends the load, waits for the answers under way, and reports; a second one waits no "
	"longer.\n"
	"The exit status is 1 when no request was answered, 2 for a wrong command line.\n";

/* A setter reads one value into the options; false says that it is none. */
typedef bool set_fn(struct bench_options *o, const char *value);

static bool to_ns(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "", 1 } };
	size_t number = strspn(text, "0123456789.");
	double value;

	if (!slice_to_double(slice_of(text, number), &value))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + number, units[i].unit) != 0)
			continue;
		value *= units[i].seconds;
		*ns = (uint64_t)(value * (double)NS_PER_S);
		return value <= SECONDS_MAX;
	}
	return false;
}

static bool to_count(const char *text, uint64_t *count, uint64_t most)
{
	return slice_to_u64(slice_of_string(text), count) && *count >= 1 && *count <= most;
}

static bool set_rate(struct bench_options *o, const char *value)
{
	return slice_to_double(slice_of_string(value), &o->rate) && o->rate > 0 && o->rate <= 1e7;
}

static bool set_arrival(struct bench_options *o, const char *value)
{
	o->has_arrival = true;
	o->arrival = strcmp(value, "constant") == 0 ? ARRIVAL_CONSTANT : ARRIVAL_POISSON;
	return o->arrival == ARRIVAL_CONSTANT || strcmp(value, "poisson") == 0;
}

static bool set_concurrency(struct bench_options *o, const char *value)
{
	return to_count(value, &o->concurrency, POOL_MAX);
}

static bool set_think(struct bench_options *o, const char *value)
{
	return to_ns(value, &o->think_ns);
}

static bool set_duration(struct bench_options *o, const char *value)
{
	return to_ns(value, &o->duration_ns) && o->duration_ns > 0;
}

static bool set_requests(struct bench_options *o, const char *value)
{
	return to_count(value, &o->requests, UINT64_MAX);
}

static bool set_warmup(struct bench_options *o, const char *value)
{
	return to_ns(value, &o->warmup_ns);
}

static bool set_timeout(struct bench_options *o, const char *value)
{
	return to_ns(value, &o->timeout_ns) && o->timeout_ns > 0;
}

static bool set_pool(struct bench_options *o, const char *value)
{
	return to_count(value, &o->pool, POOL_MAX);
}

static bool set_max_in_flight(struct bench_options *o, const char *value)
{
	return to_count(value, &o->max_in_flight, UINT64_MAX);
}

static bool set_seed(struct bench_options *o, const char *value)
{
	return slice_to_u64(slice_of_string(value), &o->seed);
}

static bool set_header(struct bench_options *o, const char *value)
{
	if (strpbrk(value, "\r\n") || !strchr(value, ':') || *value == ':')
		return false;
	buf_printf(&o->headers, "%s\r\n", value);
	return !o->headers.is_short;
}

static bool set_log(struct bench_options *o, const char *value)
{
	o->log_path = value;
	return true;
}

static bool set_no_keepalive(struct bench_options *o, const char *value)
{
	(void)value;
	o->keep_alive = false;
	return true;
}

static bool set_format(struct bench_options *o, enum bench_format format)
{
	o->has_two_formats |= o->format != BENCH_TEXT && o->format != format;
	o->format = format;
	return true;
}

static bool set_json(struct bench_options *o, const char *value)
{
	(void)value;
	return set_format(o, BENCH_JSON);
}

static bool set_csv(struct bench_options *o, const char *value)
{
	(void)value;
	return set_format(o, BENCH_CSV);
}

static bool set_print_schedule(struct bench_options *o, const char *value)
{
	(void)value;
	return o->print_schedule = true;
}

static bool set_help(struct bench_options *o, const char *value)
{
	(void)value;
	return o->help = true;
}

static const struct {
	const char *name;
	int takes;
	set_fn *set; /* NULL: --mix, which has words of its own for what is wrong */
} rows[] = {
	{ "rate", required_argument, set_rate },
	{ "arrival", required_argument, set_arrival },
	{ "max-in-flight", required_argument, set_max_in_flight },
	{ "pool", required_argument, set_pool },
	{ "concurrency", required_argument, set_concurrency },
	{ "think", required_argument, set_think },
	{ "mix", required_argument, NULL },
	{ "duration", required_argument, set_duration },
	{ "requests", required_argument, set_requests },
	{ "warmup", required_argument, set_warmup },
	{ "timeout", required_argument, set_timeout },
	{ "no-keepalive", no_argument, set_no_keepalive },
	{ "header", required_argument, set_header },
	{ "seed", required_argument, set_seed },
	{ "json", no_argument, set_json },
	{ "csv", no_argument, set_csv },
	{ "log", required_argument, set_log },
	{ "print-schedule", no_argument, set_print_schedule },
	{ "help", no_argument, set_help },
};

#define ROWS ((int)(sizeof rows / sizeof *rows))

static int apply(struct bench_options *o, int row, const char *value, struct buf *why)
{
	if (!rows[row].set)
		return targets_add_mix(&o->targets, value, why);
	if (rows[row].set(o, value))
		return 0;
	buf_printf(why, "--%s: %s is not a value for it", rows[row].name, value);
	return -EINVAL;
}

/* What contradicts what. */
static const char *contradiction(const struct bench_options *o)
{
	if (o->targets.count == 0)
		return "a URL is wanted; --help tells more";
	if (bench_is_open(o) && o->concurrency)
		return "--rate (open loop) and --concurrency (closed loop) exclude each other";
	if (bench_is_open(o) && o->think_ns)
		return "--think is for the closed loop";
	if (!bench_is_open(o) && (o->pool || o->max_in_flight))
		return "--pool and --max-in-flight are for the open loop (--rate)";
	if (!bench_is_open(o) && o->has_arrival)
		return "--arrival is for the open loop (--rate)";
	if (o->has_two_formats)
		return "--json and --csv exclude each other";
	if (o->pool && !o->keep_alive)
		return "--pool and --no-keepalive exclude each other";
	if (o->pool && o->targets.endpoints > 1)
		return "--pool wants all URLs at one address";
	if (o->print_schedule && !bench_is_open(o))
		return "--print-schedule is for the open loop (--rate)";
	return NULL;
}

static int finish(struct bench_options *o, struct buf *why)
{
	const char *wrong = contradiction(o);

	if (wrong) {
		buf_puts(why, wrong);
		return -EINVAL;
	}
	if (!bench_is_open(o) && !o->concurrency)
		o->concurrency = 1;
	/* A pool is a bound, and so is the number of users. */
	if (o->pool && (!o->max_in_flight || o->pool < o->max_in_flight))
		o->max_in_flight = o->pool;
	buf_append(&o->headers, "", 1);
	return targets_write(&o->targets, o->headers.at, o->keep_alive, why);
}

static void set_defaults(struct bench_options *o)
{
	memset(o, 0, sizeof *o);
	o->duration_ns = 10 * NS_PER_S;
	o->timeout_ns = 60 * NS_PER_S;
	o->keep_alive = true;
	o->seed = 1;
	buf_init(&o->headers, HEADERS_MAX);
}

int bench_options_parse(struct bench_options *o, int argc, char **argv, struct buf *why)
{
	struct option longs[ROWS + 1];
	int error = 0, row = 0;

	set_defaults(o);
	memset(longs, 0, sizeof longs);
	for (int i = 0; i < ROWS; i++)
		longs[i] = (struct option){ rows[i].name, rows[i].takes, NULL, 'o' };

	optind = 0; /* begins anew, however often it is called */
	opterr = 0;
	while (!error && !o->help) {
		int got = getopt_long(argc, argv, ":h", longs, &row);

		if (got == -1)
			break;
		if (got == 'o') {
			error = apply(o, row, optarg, why);
			continue;
		}
		o->help = got == 'h';
		if (!o->help)
			error = flags_refuse(longs, argv[optind - 1], got, why);
	}
	if (o->help)
		return 0;
	for (int i = optind; !error && i < argc; i++)
		error = targets_add(&o->targets, argv[i], 1, why);
	return error ? error : finish(o, why);
}

void bench_options_fini(struct bench_options *o)
{
	targets_fini(&o->targets);
	buf_fini(&o->headers);
}

/* The exposition: its syntax line by line, its histograms, and some values. */
#include "metrics/prometheus.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "unit.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
#define FAMILIES_MAX 200

static char *exposition_of(const struct board *b, uint64_t now_ns)
{
	struct snapshot *s = snapshot_new(b);
	struct buf text;

	buf_init(&text, 1 << 20);
	snapshot_take(s, 10, now_ns);
	prometheus_write(&text, s);
	snapshot_free(&s);

	char *exposition = buf_steal(&text);
	ck_assert_ptr_nonnull(exposition);
	return exposition;
}

static struct board *open_busy(struct shm *m)
{
	struct board *b = open_board(m);
	struct stamps s = way(START_NS, START_NS, START_NS, START_NS + 3 * MS, START_NS + 30 * MS,
			      START_NS + 40 * MS);

	for (unsigned i = 0; i < 5; i++)
		serve_for(board_tally(b, i % WORKERS, 0), START_NS, 100);
	serve(board_tally(b, 0, 0), &s, FLOW_INLINE, 1, 503);
	serve_until(board_tally(b, 1, 1), &s, FLOW_SLOT);
	board_worker(b, 0)->state = WORKER_READY;
	board_slot(b, 0, 1)->state = SLOT_BUSY;
	tally_closed(board_tally(b, 0, 0), CLOSE_CLIENT);
	return b;
}

/* A checker of the format, in the order of a scrape. */
struct checker {
	char family[FAMILIES_MAX][96], type[FAMILIES_MAX][16];
	unsigned families;
	char *sample[4096]; /* names with labels: no two may be equal */
	unsigned samples;
};

static void check_help(struct checker *c, const char *line)
{
	size_t length = strspn(line, NAME_CHARS);

	ck_assert_msg(length > 0 && line[length] == ' ' && line[length + 1], "HELP %s", line);
	for (unsigned i = 0; i < c->families; i++)
		ck_assert_msg(strncmp(c->family[i], line, length) != 0 || c->family[i][length],
			      "twice: %s", line);
	ck_assert_uint_lt(c->families, FAMILIES_MAX);
	snprintf(c->family[c->families++], sizeof *c->family, "%.*s", (int)length, line);
}

static void check_type(struct checker *c, const char *line)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	unsigned last = c->families - 1;
	size_t length = strlen(c->family[last]);
	bool is_known = false;

	ck_assert_msg(strncmp(line, c->family[last], length) == 0 && line[length] == ' ', "TYPE %s",
		      line);
	for (unsigned i = 0; i < 3; i++)
		is_known |= strcmp(line + length + 1, types[i]) == 0;
	ck_assert_msg(is_known, "TYPE %s", line);
	snprintf(c->type[last], sizeof c->type[last], "%.15s", line + length + 1);
	bool is_total = length > 6 && strcmp(c->family[last] + length - 6, "_total") == 0;
	ck_assert_msg(is_total == (strcmp(c->type[last], "counter") == 0), "TYPE %s", line);
}

/* {name="value",...}: where it ends. */
static const char *check_labels(const char *at, const char *line)
{
	do {
		at++;
		at += strspn(at, NAME_CHARS);
		ck_assert_msg(at[0] == '=' && at[1] == '"', "labels: %s", line);
		for (at += 2; *at != '"'; at++) {
			ck_assert_msg(*at, "labels: %s", line);
			if (*at == '\\')
				ck_assert_msg(*++at && strchr("\\\"n", *at), "labels: %s", line);
		}
		at++;
	} while (*at == ',');
	ck_assert_msg(*at == '}', "labels: %s", line);
	return at + 1;
}

static void check_name(const struct checker *c, const char *line, size_t length)
{
	static const char *const suffixes[] = { "_bucket", "_sum", "_count" };
	unsigned last = c->families - 1;
	size_t family = strlen(c->family[last]);

	ck_assert_msg(length >= family && strncmp(line, c->family[last], family) == 0, "stray: %s",
		      line);
	if (length == family) {
		ck_assert_str_ne(c->type[last], "histogram");
		return;
	}
	ck_assert_str_eq(c->type[last], "histogram");
	for (unsigned i = 0; i < 3; i++)
		if (strncmp(line + family, suffixes[i], length - family) == 0)
			return;
	ck_abort_msg("stray: %s", line);
}

static void check_sample(struct checker *c, const char *line)
{
	size_t length = strspn(line, NAME_CHARS);
	const char *at = line + length;
	char *end;

	check_name(c, line, length);
	if (*at == '{')
		at = check_labels(at, line);
	ck_assert_msg(at[0] == ' ' && isdigit((unsigned char)at[1]), "value: %s", line);
	strtod(at + 1, &end);
	ck_assert_msg(*end == '\0', "value: %s", line);

	char *sample = strndup(line, (size_t)(at - line));
	for (unsigned i = 0; i < c->samples; i++)
		ck_assert_str_ne(c->sample[i], sample);
	ck_assert_uint_lt(c->samples, 4096);
	c->sample[c->samples++] = sample;
}

START_TEST(every_line_follows_the_format)
{
	struct shm m;
	char *exposition = exposition_of(open_busy(&m), START_NS + SECOND), *rest = exposition;
	struct checker *c = calloc(1, sizeof *c);

	ck_assert_int_eq(exposition[strlen(exposition) - 1], '\n');
	for (char *line = strsep(&rest, "\n"); rest; line = strsep(&rest, "\n")) {
		if (strncmp(line, "# HELP ", 7) == 0)
			check_help(c, line + 7);
		else if (strncmp(line, "# TYPE ", 7) == 0)
			check_type(c, line + 7);
		else
			check_sample(c, line);
	}
	ck_assert_uint_gt(c->families, 20);
	for (unsigned i = 0; i < c->samples; i++)
		free(c->sample[i]);
	free(c);
	free(exposition);
	shm_close(&m);
}
END_TEST

static const char *const lines[] = {
	"littled_slots 6",
	"littled_workers{state=\"ready\"} 1",
	"littled_workers{state=\"starting\"} 2",
	"littled_worker_starts_total 3",
	"littled_worker_threads{state=\"busy\"} 1",
	"littled_worker_threads{state=\"idle\"} 1",
	"littled_http_requests_arrived_total 7",
	"littled_http_requests_in_flight{place=\"slot\"} 1",
	"littled_concurrency_seconds_total 1.540000000",
	"littled_request_seconds_total 0.540000000",
	"littled_request_age_seconds 1.000000000",
	"littled_place_seconds_total{place=\"inline\"} 0.027000000",
	"littled_busy_slot_seconds_total 1.497000000",
	"littled_http_requests_total{route=\"/sleep\",code=\"2xx\"} 5",
	"littled_http_requests_total{route=\"/he\\\"llo\",code=\"5xx\"} 1",
	"littled_closes_total{reason=\"client\"} 1",
	"littled_connections{state=\"idle\"} 0",
	"littled_accepted_total 0",
	"littled_http_request_duration_seconds_bucket{route=\"/sleep\",le=\"0.05\"} 0",
	"littled_http_request_duration_seconds_bucket{route=\"/sleep\",le=\"0.1\"} 5",
	"littled_http_request_duration_seconds_bucket{route=\"/sleep\",le=\"+Inf\"} 5",
	"littled_http_request_duration_seconds_sum{route=\"/sleep\"} 0.500000000",
	"littled_http_request_duration_seconds_count{route=\"/sleep\"} 5",
	"littled_http_request_queue_seconds_bucket{route=\"/he\\\"llo\",le=\"0.0025\"} 0",
	"littled_http_request_queue_seconds_bucket{route=\"/he\\\"llo\",le=\"0.005\"} 1",
	"littled_http_request_service_seconds_sum{route=\"/he\\\"llo\"} 0.027000000",
};

START_TEST(values_are_what_happened)
{
	struct shm m;
	char *exposition = exposition_of(open_busy(&m), START_NS + SECOND);

	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		char line[256];

		snprintf(line, sizeof line, "\n%s\n", lines[i]);
		ck_assert_msg(strstr(exposition, line) != NULL, "not there: %s", lines[i]);
	}
	free(exposition);
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(prometheus, every_line_follows_the_format, values_are_what_happened)

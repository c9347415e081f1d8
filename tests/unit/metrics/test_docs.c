/* Every key and metric that is written stands in docs/statistics.md.  Runs at the tree's top. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/options.h"
#include "metrics/history.h"
#include "metrics/prometheus.h"
#include "metrics/stats.h"
#include "support.h"
#include "unit.h"

#define DOCUMENT "docs/statistics.md"
#define LIMITS "docs/limits.md"

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 17);

	ck_assert_msg(f != NULL, "cannot open %s", path);
	ck_assert_uint_lt(fread(text, 1, (1 << 17) - 1, f), (1 << 17) - 1);
	fclose(f);
	return text;
}

static char *read_document(void)
{
	return read_file(DOCUMENT);
}

static void expect(const char *document, const char *name, size_t length)
{
	char marked[128];

	snprintf(marked, sizeof marked, "`%.*s`", (int)length, name);
	ck_assert_msg(strstr(document, marked) != NULL, "%s is not in " DOCUMENT, marked);
}

static char *write_it(void (*write)(struct buf *, const struct snapshot *))
{
	struct shm m;
	struct snapshot *s = snapshot_new(open_board(&m));
	struct buf text;

	buf_init(&text, 1 << 20);
	snapshot_take(s, 10, START_NS + SECOND);
	write(&text, s);
	snapshot_free(&s);
	shm_close(&m);
	return buf_steal(&text);
}

static void expect_json_keys(const char *document, const char *json)
{
	for (const char *at = strstr(json, "\":"); at; at = strstr(at + 1, "\":")) {
		const char *start = at;

		while (start[-1] != '"')
			start--;
		expect(document, start, (size_t)(at - start));
	}
}

START_TEST(every_json_key_is_documented)
{
	char *document = read_document(), *json = write_it(stats_write_json);
	unsigned keys = 0;

	for (char *at = strstr(json, "\":"); at; at = strstr(at + 1, "\":"))
		keys++;
	expect_json_keys(document, json);
	ck_assert_uint_gt(keys, 100);
	free(json);
	free(document);
}
END_TEST

/* The counters' metrics follow from their names. */
static bool is_counter(const char *name, size_t length)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		char metric[96];

		snprintf(metric, sizeof metric, "littled_%s_total", counter_names[i]);
		if (strlen(metric) == length && strncmp(metric, name, length) == 0)
			return true;
	}
	return false;
}

START_TEST(every_metric_is_documented)
{
	char *document = read_document(), *metrics = write_it(prometheus_write);
	unsigned families = 0;

	for (char *at = strstr(metrics, "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
		const char *name = at + strlen("# TYPE ");
		size_t length = strcspn(name, " ");

		families++;
		if (!is_counter(name, length))
			expect(document, name, length);
	}
	ck_assert_uint_gt(families, COUNTER_COUNT);
	free(metrics);
	free(document);
}
END_TEST

START_TEST(every_counted_thing_is_documented)
{
	char *document = read_document();

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		expect(document, counter_names[i], strlen(counter_names[i]));
	for (unsigned i = 0; i < CLOSE_COUNT; i++)
		expect(document, close_names[i], strlen(close_names[i]));
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		expect(document, conn_state_names[i], strlen(conn_state_names[i]));
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		expect(document, phase_names[i], strlen(phase_names[i]));
	free(document);
}
END_TEST

static char *write_history(void)
{
	static struct history history;
	struct point point = { .figure = { 0 } };
	struct buf text;

	buf_init(&text, 1 << 20);
	history_add(&history, &point);
	history_write_json(&text, &history);
	return buf_steal(&text);
}

START_TEST(every_figure_over_time_is_documented)
{
	char *document = read_document(), *json = write_history();

	expect_json_keys(document, json);
	free(json);
	free(document);
}
END_TEST

static bool is_one_of(const char *const *names, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* What values and labels are called, and what stands in for many names. */
static bool is_value(const char *name)
{
	static const char *const others[] = {
		"inline",
		"slot",
		"version",
		"state",
		"place",
		"reason",
		"route",
		"code",
		"wait",
		"write",
		"littled_NAME_total",
	};

	return is_one_of(worker_state_names, WORKER_STATE_COUNT, name) ||
	       is_one_of(slot_state_names, SLOT_STATE_COUNT, name) ||
	       is_one_of(phase_names, PHASE_COUNT, name) ||
	       is_one_of(others, sizeof others / sizeof *others, name);
}

static bool is_option(const char *name)
{
	for (unsigned i = 0; i < OPTIONS; i++)
		if (strcmp(option_rows[i].name, name) == 0)
			return true;
	return false;
}

static bool is_written(const char *json, const char *metrics, const char *name)
{
	char key[160], type[160];

	snprintf(key, sizeof key, "\"%s\":", name);
	snprintf(type, sizeof type, "# TYPE %s ", name);
	return strstr(json, key) || strstr(metrics, type);
}

/* The other way: what the tables of names say is there, is there. */
START_TEST(nothing_else_is_documented)
{
	char *document = read_document(), *json = write_it(stats_write_json);
	char *metrics = write_it(prometheus_write), *rest = NULL;
	char *from = strstr(document, "\n## stats.json"),
	     *end = strstr(document, "\nLittle's law in ");
	unsigned names = 0;

	ck_assert(from && end && from < end);
	*end = '\0';
	for (char *line = strtok_r(from, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "| `", 3) != 0)
			continue;
		for (char *at = strchr(line, '`'); at; at = strchr(at, '`')) {
			char *close = strchr(++at, '`');

			ck_assert_msg(close, "no second mark: %s", line);
			*close = '\0';
			names++;
			/* What has other characters in it is an example, or a formula. */
			if (strspn(at, "abcdefghijklmnopqrstuvwxyz_"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(at))
				ck_assert_msg(is_value(at) || is_option(at) ||
						      is_written(json, metrics, at),
					      "`%s` is in " DOCUMENT " and nowhere else", at);
			at = close + 1;
		}
	}
	ck_assert_uint_gt(names, 150);
	free(metrics);
	free(json);
	free(document);
}
END_TEST

static const char *default_of(const char *option)
{
	for (unsigned i = 0; i < OPTIONS; i++)
		if (strcmp(option_rows[i].name, option) == 0)
			return option_rows[i].fallback;
	ck_abort_msg("%s is no option", option);
	return NULL;
}

/* A row of the table: | what | option | default | status | counter |. */
START_TEST(every_limit_is_documented)
{
	char *document = read_file(LIMITS);

	for (enum limit i = LIMIT_NONE + 1; i < LIMIT_COUNT; i++) {
		const struct limit_row *row = &limit_rows[i];
		char cells[160];

		snprintf(cells, sizeof cells, "| `%s` | %s | %u | `%s` |\n", row->option,
			 default_of(row->option), row->status, counter_names[counter_of_limit(i)]);
		ck_assert_msg(strstr(document, cells) != NULL, "not in " LIMITS ": %s", cells);
	}
	free(document);
}
END_TEST

UNIT_SUITE_OF(docs, every_json_key_is_documented, every_metric_is_documented,
	      every_counted_thing_is_documented, every_figure_over_time_is_documented,
	      nothing_else_is_documented, every_limit_is_documented)

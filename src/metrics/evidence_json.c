/* Evidence as JSON, both ways.  Runs in: any. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "metrics/evidence.h"
#include "metrics/json.h"

#define FORMAT 1

enum kind { NUMBER, COUNT32, COUNT64 };

/* Every plain member, once for both ways. */
static const struct member {
	const char *key;
	enum kind kind;
	size_t at;
	bool is_newer; /* what was saved before it was kept has none: 0 */
} members[] = {
	{ "window_s", NUMBER, offsetof(struct evidence, window_s) },
	{ "loaded_s", NUMBER, offsetof(struct evidence, loaded_s) },
	{ "workers", COUNT32, offsetof(struct evidence, workers) },
	{ "threads", COUNT32, offsetof(struct evidence, threads) },
	{ "slots", COUNT32, offsetof(struct evidence, slots) },
	{ "cpus", COUNT32, offsetof(struct evidence, cpus) },
	{ "arrival_rate", NUMBER, offsetof(struct evidence, arrival_rate) },
	{ "Ca2", NUMBER, offsetof(struct evidence, Ca2) },
	{ "Ca2_seconds", COUNT32, offsetof(struct evidence, Ca2_seconds) },
	{ "L_wait", NUMBER, offsetof(struct evidence, L_wait) },
	{ "L_read", NUMBER, offsetof(struct evidence, L_read) },
	{ "L_slot", NUMBER, offsetof(struct evidence, L_slot) },
	{ "L_inline", NUMBER, offsetof(struct evidence, L_inline) },
	{ "L_write", NUMBER, offsetof(struct evidence, L_write) },
	{ "cpu_share", NUMBER, offsetof(struct evidence, cpu_share) },
	{ "cpu_delay", NUMBER, offsetof(struct evidence, cpu_delay) },
	{ "shed", COUNT64, offsetof(struct evidence, shed) },
	{ "most", COUNT32, offsetof(struct evidence, most), .is_newer = true },
	{ "worker_bytes", COUNT64, offsetof(struct evidence, worker_bytes) },
	{ "available_bytes", COUNT64, offsetof(struct evidence, available_bytes) },
};
#define MEMBERS (sizeof members / sizeof *members)

static const struct member route_members[] = {
	{ "rate", NUMBER, offsetof(struct evidence_route, rate) },
	{ "busy_slots", NUMBER, offsetof(struct evidence_route, busy_slots) },
	{ "mean_s", NUMBER, offsetof(struct evidence_route, mean_s) },
	{ "cpu_share", NUMBER, offsetof(struct evidence_route, cpu_share) },
};
#define ROUTE_MEMBERS (sizeof route_members / sizeof *route_members)

/* --- writing ------------------------------------------------------------------------- */

static void write_members(struct json *j, const struct member *m, size_t count, const void *from)
{
	for (size_t i = 0; i < count; i++) {
		const void *value = (const char *)from + m[i].at;

		if (m[i].kind == NUMBER)
			json_number(j, m[i].key, *(const double *)value);
		else if (m[i].kind == COUNT32)
			json_count(j, m[i].key, *(const unsigned *)value);
		else
			json_count(j, m[i].key, *(const uint64_t *)value);
	}
}

/* [lower edge of the bucket in ns, how many], for those that are not empty. */
static void write_hist(struct json *j, const char *key, const struct hist_sum *h)
{
	json_open_array(j, key);
	for (uint32_t i = h->low; i < h->high; i++) {
		if (!h->bucket[i])
			continue;
		json_open_array(j, NULL);
		json_count(j, NULL, hist_bucket_low(i));
		json_count(j, NULL, h->bucket[i]);
		json_close_array(j);
	}
	json_close_array(j);
}

void evidence_write_json(struct buf *out, const struct evidence *e)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_count(&j, "format", FORMAT);
	write_members(&j, members, MEMBERS, e);
	json_open_array(&j, "routes");
	for (unsigned i = 0; i < e->route_count; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "route", e->route[i].name);
		write_members(&j, route_members, ROUTE_MEMBERS, &e->route[i]);
		json_close_object(&j);
	}
	json_close_array(&j);
	write_hist(&j, "service_ns", &e->service);
	write_hist(&j, "wait_ns", &e->wait);
	json_close_object(&j);
	buf_puts(out, "\n");
}

/* --- reading ------------------------------------------------------------------------- */

struct reading {
	char *why;
	size_t why_bytes;
};

static int refuse(const struct reading *r, const char *key, const char *what)
{
	snprintf(r->why, r->why_bytes, "%s: %s", key, what);
	return -EINVAL;
}

static bool is_count(struct json_object *o)
{
	return json_object_is_type(o, json_type_int) && json_object_get_int64(o) >= 0;
}

static bool is_number(struct json_object *o)
{
	return json_object_is_type(o, json_type_double) || json_object_is_type(o, json_type_int);
}

/* NULL: there is no such list. */
static struct json_object *list_of(struct json_object *from, const char *key)
{
	struct json_object *list = json_object_object_get(from, key);

	return json_object_is_type(list, json_type_array) ? list : NULL;
}

static int read_members(const struct reading *r, const struct member *m, size_t count,
			struct json_object *from, void *to)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *value = json_object_object_get(from, m[i].key);
		void *at = (char *)to + m[i].at;

		if (!value && m[i].is_newer)
			continue;
		if (m[i].kind == NUMBER ? !is_number(value) : !is_count(value))
			return refuse(r, m[i].key, "there is no such number");
		if (m[i].kind == NUMBER)
			*(double *)at = json_object_get_double(value);
		else if (m[i].kind == COUNT64)
			*(uint64_t *)at = json_object_get_uint64(value);
		else if (json_object_get_uint64(value) > UINT32_MAX)
			return refuse(r, m[i].key, "is too large");
		else
			*(unsigned *)at = (unsigned)json_object_get_uint64(value);
	}
	return 0;
}

static void add(struct hist_sum *h, unsigned bucket, uint64_t n)
{
	uint64_t low = hist_bucket_low(bucket), width = hist_bucket_width(bucket);

	if (h->high == 0 || bucket < h->low)
		h->low = bucket;
	if (bucket >= h->high)
		h->high = bucket + 1;
	h->bucket[bucket] += n;
	h->count += n;
	h->sum_ns += n * (low + width / 2);
	if (low + width - 1 > h->max_ns)
		h->max_ns = low + width - 1;
}

/* In a window of a minute: far beyond what any server does. */
#define COUNT_MOST (1ll << 30)

static int read_hist(const struct reading *r, struct json_object *from, const char *key,
		     struct hist_sum *h)
{
	struct json_object *list = list_of(from, key);

	if (!list)
		return refuse(r, key, "there is no such list");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *pair = json_object_array_get_idx(list, i), *ns, *n;

		if (!json_object_is_type(pair, json_type_array))
			return refuse(r, key, "holds something else than lists");
		ns = json_object_array_get_idx(pair, 0);
		n = json_object_array_get_idx(pair, 1);
		if (!is_count(ns) || !is_count(n) || json_object_get_int64(n) > COUNT_MOST)
			return refuse(r, key, "holds something else than [nanoseconds, count]");
		add(h, hist_bucket_of(json_object_get_uint64(ns)), json_object_get_uint64(n));
	}
	return 0;
}

static int read_routes(const struct reading *r, struct json_object *from, struct evidence *e)
{
	struct json_object *list = list_of(from, "routes");
	size_t count = list ? json_object_array_length(list) : 0;

	if (!list || count > EVIDENCE_ROUTES)
		return refuse(r, "routes", "is no list of at most 16");
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		struct json_object *name = json_object_object_get(item, "route");

		if (!json_object_is_type(name, json_type_string))
			return refuse(r, "routes", "one has no name");
		snprintf(e->route[i].name, sizeof e->route[i].name, "%s",
			 json_object_get_string(name));
		int error = read_members(r, route_members, ROUTE_MEMBERS, item, &e->route[i]);
		if (error)
			return error;
	}
	e->route_count = (unsigned)count;
	return 0;
}

static int read_all(const struct reading *r, struct json_object *root, struct evidence *e)
{
	int error;

	if (json_object_get_int(json_object_object_get(root, "format")) != FORMAT)
		return refuse(r, "format", "this is no evidence this version can read");
	error = read_members(r, members, MEMBERS, root, e);
	if (!error && (e->slots == 0 || e->cpus == 0 || !(e->window_s > 0)))
		error = refuse(r, "slots, cpus, window_s", "must be above 0");
	if (!error)
		error = read_routes(r, root, e);
	if (!error)
		error = read_hist(r, root, "service_ns", &e->service);
	return error ? error : read_hist(r, root, "wait_ns", &e->wait);
}

int evidence_read_json(struct evidence *e, const char *text, size_t len, char *why, size_t why_bytes)
{
	const struct reading r = { why, why_bytes };
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = NULL;
	int status = -ENOMEM;

	memset(e, 0, sizeof *e);
	if (tokener && len <= INT32_MAX)
		root = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_object_is_type(root, json_type_object))
		status = read_all(&r, root, e);
	else if (tokener)
		status = refuse(&r, "JSON", root ? "is no object" : "cannot be read as such");
	json_object_put(root);
	if (tokener)
		json_tokener_free(tokener);
	return status;
}

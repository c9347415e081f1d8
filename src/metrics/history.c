/* Points over time.  Runs in: any. */
#include "metrics/history.h"

#include <string.h>

#include "base/clock.h"
#include "metrics/json.h"

static const char *const keys[] = {
#define POINT(key, value) #key,
#include "metrics/points.def"
#undef POINT
};

static double quantile_s(const struct snapshot *s, enum phase phase, double q)
{
	return hist_quantile_ns(&s->window->phase[phase], q) / NS_PER_S;
}

struct point point_of(const struct snapshot *s, uint64_t real_ns)
{
	return (struct point){
		.figure = {
#define POINT(key, value) [POINT_##key] = value,
#include "metrics/points.def"
#undef POINT
		},
	};
}

void point_write_json(struct buf *out, const struct point *p)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	for (unsigned i = 0; i < POINT_FIGURES; i++)
		json_number(&j, keys[i], p->figure[i]);
	json_close_object(&j);
}

int history_open(struct shm *m)
{
	return shm_open_new(m, "littled-history", sizeof(struct history));
}

/* Counted once it is whole: a process that dies meanwhile leaves no trace. */
void history_add(struct history *h, const struct point *p)
{
	uint64_t n = atomic_load(&h->count);

	h->point[n % HISTORY_POINTS] = *p;
	atomic_store(&h->count, n + 1);
}

void history_copy(struct history *to, const struct history *from)
{
	atomic_store(&to->count, atomic_load(&from->count));
	memcpy(to->point, from->point, sizeof to->point);
}

void history_write_json(struct buf *out, const struct history *h)
{
	uint64_t count = atomic_load(&h->count);
	uint64_t first = count > HISTORY_POINTS ? count - HISTORY_POINTS : 0;
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_count(&j, "points", count - first);
	for (unsigned i = 0; i < POINT_FIGURES; i++) {
		json_open_array(&j, keys[i]);
		for (uint64_t n = first; n < count; n++)
			json_number(&j, NULL, h->point[n % HISTORY_POINTS].figure[i]);
		json_close_array(&j);
	}
	json_close_object(&j);
	buf_puts(out, "\n");
}

/*
 * The option table made flesh: rows, defaults, and the one way to set a value.
 *
 * Runs in: master
 */
#include "conf/options.h"

#include <errno.h>
#include <stdlib.h>

#include "conf/types.h"
#include "conf/value.h"

#define OFFSET_COUNT(member) offsetof(struct options, member)
#define OFFSET_AUTO_COUNT(member) offsetof(struct options, member)
#define OFFSET_SIZE(member) offsetof(struct options, member)
#define OFFSET_DURATION(member) offsetof(struct options, member##_ns)
#define OFFSET_SWITCH(member) offsetof(struct options, member)
#define OFFSET_CHOICE(member) offsetof(struct options, member)
#define OFFSET_TEXT(member) offsetof(struct options, member)
#define OFFSET_PATH(member) offsetof(struct options, member)
#define OFFSET_ADDRESS(member) offsetof(struct options, member)
#define OFFSET_ADDRESSES(member) offsetof(struct options, member)
#define OFFSET_NETWORKS(member) offsetof(struct options, member)
#define OFFSET_NAME(member) offsetof(struct options, member)
#define OFFSET_MODE(member) offsetof(struct options, member)
#define OFFSET_VARIABLES(member) offsetof(struct options, member)
#define OFFSET_WORDS(member) offsetof(struct options, member)
#define OFFSET_MEDIA(member) offsetof(struct options, member)

const struct option_row option_rows[OPTIONS] = {
#define OPTION(member, type, flag, letter, fallback, low, high, argument, variable, group, help) \
	[OPTION_##member] = { #member,  TYPE_##type, flag, letter, \
			      fallback, low,         high, argument, \
			      variable, group,       help, OFFSET_##type(member) },
#include "conf/options.def"
};

/* The choices of log_level are those of littled/log.h, in its order. */
_Static_assert(LTD_LOG_DEBUG == 0 && LTD_LOG_INFO == 1 && LTD_LOG_WARNING == 2 &&
		       LTD_LOG_ERROR == 3 && LTD_LOG_CRITICAL == 4,
	       "log levels");

static void *member_of(struct options *o, enum option_id id)
{
	return (char *)o + option_rows[id].offset;
}

static const void *const_member_of(const struct options *o, enum option_id id)
{
	return (const char *)o + option_rows[id].offset;
}

static void release(struct options *o, enum option_id id)
{
	const struct type *type = &types[option_rows[id].type];

	if (type->release)
		type->release(member_of(o, id));
}

struct options *options_new(void)
{
	struct options *o = calloc(1, sizeof *o);
	struct option_origin from = { .origin = ORIGIN_DEFAULT };

	for (unsigned id = 0; o && id < OPTIONS; id++) {
		const char *fallback = option_rows[id].fallback;

		if (fallback && options_set(o, id, fallback, from) < 0)
			options_free(&o);
	}
	return o;
}

void options_free(struct options **o)
{
	for (unsigned id = 0; *o && id < OPTIONS; id++)
		release(*o, id);
	free(*o);
	*o = NULL;
}

bool option_is_repeatable(enum option_id id)
{
	switch (option_rows[id].type) {
	case TYPE_ADDRESSES:
	case TYPE_NETWORKS:
	case TYPE_VARIABLES:
	case TYPE_WORDS:
		return true;
	default:
		return false;
	}
}

/* Two addresses in one file, or after -b twice; but LITTLED_BIND goes before PORT. */
static bool adds_up(struct option_origin before, struct option_origin now)
{
	return now.origin == before.origin && now.origin != ORIGIN_ENVIRONMENT;
}

int options_set(struct options *o, enum option_id id, const char *text, struct option_origin from)
{
	const struct option_row *row = &option_rows[id];
	struct ltd_slice value = slice_trim(slice_of_string(text));

	if (value.len > VALUE_BYTES_MAX)
		return -EINVAL;
	if (option_is_repeatable(id) && !adds_up(o->from[id], from))
		release(o, id);
	o->from[id] = from;
	return types[row->type].read(row, value, member_of(o, id));
}

int options_copy(struct options *to, const struct options *from, enum option_id id)
{
	struct buf text;
	int error = 0;

	buf_init(&text, VALUE_BYTES_MAX + 1);
	options_print_value(from, id, &text);
	buf_append(&text, "", 1);
	release(to, id);
	if (text.is_short)
		error = -ENOMEM;
	else if (text.at[0])
		error = options_set(to, id, text.at, from->from[id]);
	buf_fini(&text);
	return error;
}

void options_print_value(const struct options *o, enum option_id id, struct buf *to)
{
	types[option_rows[id].type].print(&option_rows[id], const_member_of(o, id), to);
}

void option_print_expected(enum option_id id, struct buf *to)
{
	types[option_rows[id].type].print_expected(&option_rows[id], to);
}

void option_print_bounds(enum option_id id, struct buf *to)
{
	const struct type *type = &types[option_rows[id].type];

	if (type->print_bounds)
		type->print_bounds(&option_rows[id], to);
}

static bool is_key_of(const char *key, const char *name)
{
	for (; *key && *name; key++, name++)
		if ((*key == '-' ? '_' : *key) != *name)
			return false;
	return *key == *name;
}

enum option_id option_find(const char *key)
{
	unsigned id = 0;

	while (id < OPTIONS && !is_key_of(key, option_rows[id].name))
		id++;
	return id;
}

void option_variable(const char *name, char variable[VARIABLE_BYTES])
{
	size_t at = sizeof VARIABLE_PREFIX - 1;

	memcpy(variable, VARIABLE_PREFIX, at);
	for (; *name && at < VARIABLE_BYTES - 1; name++)
		variable[at++] = *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name;
	variable[at] = '\0';
}

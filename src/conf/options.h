/*
 * The options, as the rest of littled reads them: struct options has one member for each row of
 * options.def.  The master fills it before any fork; afterwards it does not change.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <littled/log.h>

#include "base/buf.h"
#include "base/ip.h"
#include "conf/conf.h"

enum option_type {
	TYPE_COUNT,      /* uint64_t */
	TYPE_AUTO_COUNT, /* uint64_t; 0 stands for auto, until conf_load() has resolved it */
	TYPE_SIZE,       /* uint64_t, bytes; written with k, m or g */
	TYPE_DURATION,   /* uint64_t, nanoseconds; the member ends in _ns */
	TYPE_SWITCH,     /* bool */
	TYPE_CHOICE,     /* int: which of the values of the row's argument */
	TYPE_TEXT,       /* char *, never empty */
	TYPE_PATH,       /* char *, NULL for an empty one */
	TYPE_ADDRESS,    /* char *, NULL for an empty one; see address.h */
	TYPE_ADDRESSES,  /* struct strings */
	TYPE_NETWORKS,   /* struct networks */
	TYPE_NAME,       /* char *, NULL for an empty one: of a user or a group, or its number */
	TYPE_MODE,       /* int: permission bits, MODE_INHERIT for what the system would give */
	TYPE_VARIABLES,  /* struct strings, each NAME=VALUE */
	TYPE_WORDS,      /* struct strings: paths, or names */
	TYPE_MEDIA,      /* char *: a list of media types; see base/media.h */
	TYPES
};

enum option_id {
#define OPTION(member, ...) OPTION_##member,
#include "conf/options.def"
	OPTIONS
};

/* Where the value in force came from. */
struct option_origin {
	enum origin origin;
	bool by_variable; /* ORIGIN_ENVIRONMENT: by the row's own variable, not LITTLED_MEMBER */
	unsigned line;    /* ORIGIN_FILE */
};

#define MEMBER_COUNT(member) uint64_t member;
#define MEMBER_AUTO_COUNT(member) uint64_t member;
#define MEMBER_SIZE(member) uint64_t member;
#define MEMBER_DURATION(member) uint64_t member##_ns;
#define MEMBER_SWITCH(member) bool member;
#define MEMBER_CHOICE(member) int member;
#define MEMBER_TEXT(member) char *member;
#define MEMBER_PATH(member) char *member;
#define MEMBER_ADDRESS(member) char *member;
#define MEMBER_ADDRESSES(member) struct strings member;
#define MEMBER_NETWORKS(member) struct networks member;
#define MEMBER_NAME(member) char *member;
#define MEMBER_MODE(member) int member;
#define MEMBER_VARIABLES(member) struct strings member;
#define MEMBER_WORDS(member) struct strings member;
#define MEMBER_MEDIA(member) char *member;

#define MODE_INHERIT (-1)

struct options {
#define OPTION(member, type, ...) MEMBER_##type(member)
#include "conf/options.def"
	struct option_origin from[OPTIONS];
};

struct option_row {
	const char *name;
	enum option_type type;
	const char *flag;
	char letter;
	const char *fallback;
	uint64_t low, high;
	const char *argument, *variable, *group, *help;
	size_t offset;
};

extern const struct option_row option_rows[OPTIONS];

#define WORKERS_MAX 1024

/* The largest number of slots, workers times threads, that is let through. */
#define SLOTS_MAX 65536

/* A value's longest text, from any source: what is printed must fit a line of the file. */
#define VALUE_BYTES_MAX 8000

/* All at their defaults; NULL when out of memory. */
struct options *options_new(void);
void options_free(struct options **o);

/*
 * Gives option `id` the value written as `text` (white space around it is dropped).  A repeatable
 * option's values add up within one source, and go when a higher source speaks.  0, -ENOMEM, or
 * -EINVAL for what is no value of that option.
 */
int options_set(struct options *o, enum option_id id, const char *text, struct option_origin from);

/* May it be given several times in one source? */
bool option_is_repeatable(enum option_id id);

/* The same option's value of another: 0 or -ENOMEM. */
int options_copy(struct options *to, const struct options *from, enum option_id id);

/* The value as it may be written in the file; "" for none. */
void options_print_value(const struct options *o, enum option_id id, struct buf *to);

/* What a value must look like: "a whole number from 1 to 1024". */
void option_print_expected(enum option_id id, struct buf *to);

/* "1 to 1024", or nothing for what has no bounds. */
void option_print_bounds(enum option_id id, struct buf *to);

/* The option of that INI key ('-' is as good as '_'), or OPTIONS. */
enum option_id option_find(const char *key);

/* LITTLED_ and the name in capitals. */
#define VARIABLE_PREFIX "LITTLED_"
#define VARIABLE_BYTES 64
void option_variable(const char *name, char variable[VARIABLE_BYTES]);

#endif

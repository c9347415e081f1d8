/* Loads a configuration as a process would, and keeps what it said. */
#ifndef TESTS_CONF_PROBE_H
#define TESTS_CONF_PROBE_H

#include "conf/conf.h"
#include "conf/options.h"

#define PROBE_BYTES 65536

struct probe {
	enum conf_verdict verdict;
	struct conf conf;
	char out[PROBE_BYTES], err[PROBE_BYTES];
	char path[64]; /* of the file, when there is one */
};

/* The arguments behind "littled", and the environment; both end with NULL. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

/* `file` NULL: none; else it is given with --config. */
void probe_load(struct probe *p, const char *file, const char *const *environment,
		const char *const *arguments);
void probe_load_bytes(struct probe *p, const char *file, size_t len, const char *const *environment,
		      const char *const *arguments);
/* Not even the program's name. */
void probe_load_nothing(struct probe *p);

void probe_fini(struct probe *p);

/* Was it refused, in exactly one line that begins so (%s is the file's path) and holds `why`? */
void probe_assert_refused(const struct probe *p, const char *start, const char *why);

#endif

/*
 * One request on its way to a file.
 *
 * What a step returns: 0, it is done; a negative errno value, the request cannot be answered,
 * for this reason.  -EAGAIN while nothing may wait sends it to a slot.
 */
#ifndef APPS_STATIC_VISIT_H
#define APPS_STATIC_VISIT_H

#include "static.h"
#include "static_labels.h"

struct static_visit {
	struct ltd_exchange *x;
	struct static_site *site;
	int64_t now_ns; /* since 1970 */
	struct static_root root;
	struct static_path path;
	struct static_file file;    /* fd -1: none */
	struct static_entry *entry; /* its bytes in memory, or NULL */
	struct static_labels labels;
	struct static_asked asked;
	struct static_source source;
};

/* Answers with what is at v->path, below v->root. */
int static_visit(struct static_visit *v);

/* The file that was found gives way to a compressed form of it, if the client likes that better. */
int static_choose(struct static_visit *v);

/*
 * The file that was found, ready to be read: from the cache, or by opening it, and then v->file
 * is what was opened.
 */
int static_obtain(struct static_visit *v);

#endif

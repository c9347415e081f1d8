/*
 * What goes out, as a list of pieces in their order: memory, and parts of files.
 *
 * The pieces themselves are in the arena of the exchange.  A file's descriptor belongs to the
 * first piece that has it, and is closed once, by pieces_drop(), whether it was sent or not.
 * Sending eats a list from its front: see pieces_eat().
 */
#ifndef HTTP_PIECES_H
#define HTTP_PIECES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"

struct piece {
	struct piece *next;
	const char *at; /* of memory */
	uint64_t len;
	off_t offset; /* in the file */
	int fd;       /* -1: memory */
	bool owns_fd;
};

struct pieces {
	struct piece *first, **end;
	uint64_t len; /* of all of them, when they were appended */
};

static inline void pieces_init(struct pieces *l)
{
	l->first = NULL;
	l->end = &l->first;
	l->len = 0;
}

static inline void pieces_append(struct pieces *l, struct piece *p)
{
	p->next = NULL;
	*l->end = p;
	l->end = &p->next;
	l->len += p->len;
}

/* Fills in the piece and puts it behind the others. */
static inline void pieces_add_memory(struct pieces *l, struct piece *p, struct ltd_slice bytes)
{
	p->at = bytes.at;
	p->len = bytes.len;
	p->offset = 0;
	p->fd = -1;
	pieces_append(l, p);
}

void pieces_add_file(struct pieces *l, struct piece *p, int fd, off_t offset, uint64_t len);

/* Does some piece have this descriptor? */
bool pieces_have_file(const struct pieces *l, int fd);

/* Closes what files there are; the list is empty then. */
void pieces_drop(struct pieces *l);

static inline bool piece_is_file(const struct piece *p)
{
	return p->fd >= 0;
}

/*
 * Takes up to `bytes` off the front of the chain that begins at *first, and pieces that are empty
 * then (or were) with them; *first is NULL when nothing is left.  How many bytes it took.
 */
uint64_t pieces_eat(struct piece **first, uint64_t bytes);

#endif

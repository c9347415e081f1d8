/* What goes out, in pieces.  Runs in: leader, slot. */
#include "http/pieces.h"

#include <unistd.h>

bool pieces_have_file(const struct pieces *l, int fd)
{
	for (const struct piece *p = l->first; p; p = p->next)
		if (p->fd == fd)
			return true;
	return false;
}

void pieces_add_file(struct pieces *l, struct piece *p, int fd, off_t offset, uint64_t len)
{
	p->at = NULL;
	p->len = len;
	p->offset = offset;
	p->fd = fd;
	p->owns_fd = !pieces_have_file(l, fd);
	pieces_append(l, p);
}

void pieces_drop(struct pieces *l)
{
	for (struct piece *p = l->first; p; p = p->next)
		if (piece_is_file(p) && p->owns_fd)
			close(p->fd);
	pieces_init(l);
}

static void shorten(struct piece *p, uint64_t bytes)
{
	p->len -= bytes;
	if (piece_is_file(p))
		p->offset += (off_t)bytes;
	else
		p->at += bytes;
}

uint64_t pieces_eat(struct piece **first, uint64_t bytes)
{
	uint64_t eaten = 0;

	while (*first) {
		struct piece *p = *first;
		uint64_t n = bytes - eaten < p->len ? bytes - eaten : p->len;

		shorten(p, n);
		eaten += n;
		if (p->len)
			break;
		*first = p->next;
	}
	return eaten;
}

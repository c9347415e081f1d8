/* Which form of a file a client gets: as it is, or compressed.  Runs in: leader, slot. */
#include <errno.h>
#include <sys/stat.h>

#include "static_encodings.h"
#include "static_visit.h"

/* What stands compressed beside the file; fd -1: nothing. */
static int find_encodings(struct static_visit *v, struct static_file found[STATIC_ENCODING_COUNT])
{
	size_t len = v->path.len;

	for (int e = 0; e < STATIC_ENCODING_COUNT; e++) {
		struct static_file *f = &found[e];
		int error = -ENAMETOOLONG;

		f->fd = -1;
		if (static_path_append(&v->path, static_encodings[e].suffix))
			error = static_find(&v->root, v->path.at, f);
		static_path_cut(&v->path, len);
		if (error == -EAGAIN && !v->root.may_wait)
			return error;
		if (error == 0 && !S_ISREG(f->mode))
			static_file_close(f);
	}
	return 0;
}

/* Puts the form the client likes best in the place of the file. */
static void prefer(struct static_visit *v, struct static_file found[STATIC_ENCODING_COUNT])
{
	struct static_preference p;
	struct static_file plain = v->file;

	static_preference_read(&p, v->asked.accept_encoding);
	for (size_t i = 0; p.order[i] != STATIC_IDENTITY; i++) {
		struct static_file *f = &found[p.order[i]];

		if (f->fd < 0)
			continue;
		v->file = *f;
		*f = plain;
		v->source.coding = static_encodings[p.order[i]].coding;
		static_path_append(&v->path, static_encodings[p.order[i]].suffix);
		return;
	}
}

int static_choose(struct static_visit *v)
{
	struct static_file found[STATIC_ENCODING_COUNT];
	int error;

	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		found[e].fd = -1;
	error = find_encodings(v, found);
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		v->source.varies |= found[e].fd >= 0;
	if (error == 0 && v->source.varies)
		prefer(v, found);
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		static_file_close(&found[e]);
	return error;
}

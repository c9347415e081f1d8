/* Compressing responses.  Runs in: leader, slot; one thread a struct gzip. */
#include "http/gzip.h"

#include <errno.h>
#include <unistd.h>

#include "base/media.h"
#include "http/accept_encoding.h"
#include "http/response_fields.h"
#include "http/stream.h"

#define WINDOW_BITS (15 + 16) /* the largest window, and gzip's header and trailer */
#define MEMORY_LEVEL 8

/* Made at a time. */
#define BLOCK_BYTES 16384

/* Read from a file at a time. */
#define READ_BYTES 8192

void gzip_fini(struct gzip *g)
{
	if (g->is_open)
		deflateEnd(&g->z);
	*g = (struct gzip){ .is_open = false };
}

static bool begin(struct gzip *g, int level)
{
	if (g->is_open)
		return deflateReset(&g->z) == Z_OK;
	g->z = (z_stream){ .zalloc = Z_NULL };
	g->is_open = deflateInit2(&g->z, level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
				  Z_DEFAULT_STRATEGY) == Z_OK;
	return g->is_open;
}

/* --- whether ------------------------------------------------------------------ */

/* What has a coding keeps it; and nobody changes what must not be transformed (RFC 9111 5.2.2.6). */
static bool is_as_it_must_be(const struct response *rs)
{
	return response_find_field(rs, LTD_SLICE("content-encoding")).at ||
	       response_lists(rs, LTD_SLICE("cache-control"), LTD_SLICE("no-transform"));
}

static bool may_be_coded(const struct response *rs)
{
	return head_allows_content(rs->status) && !is_as_it_must_be(rs) &&
	       !response_find_field(rs, LTD_SLICE("content-range")).at;
}

static bool has_such_type(const struct gzip_rules *rules, const struct response *rs)
{
	return rs->type.at && media_list_has(rules->types, rs->type);
}

static bool is_memory(const struct response *rs)
{
	for (const struct piece *p = rs->body.first; p; p = p->next)
		if (piece_is_file(p))
			return false;
	return true;
}

static void say_it_varies(struct response *rs)
{
	const struct ltd_slice vary = LTD_SLICE("Vary"), field = LTD_SLICE("Accept-Encoding");

	if (!response_lists(rs, vary, field) && !response_lists(rs, vary, LTD_SLICE("*")))
		response_add_field(rs, vary, field);
}

/* What was said of ranges was said of the content as it is. */
static void say_it_is_coded(struct response *rs)
{
	response_drop_field(rs, LTD_SLICE("Accept-Ranges"));
	response_add_field(rs, LTD_SLICE("Content-Encoding"), LTD_SLICE("gzip"));
	response_weaken_etag(rs);
}

/*
 * The fields of a 304 are those of the 200 it stands for (RFC 9110 15.4.5), which would have
 * been compressed, as far as can be known without its content.
 */
static void mark_not_modified(const struct gzip_rules *rules, struct response *rs,
			      const struct request *rq)
{
	if (rs->type.at && !has_such_type(rules, rs))
		return;
	say_it_varies(rs);
	if (accepts_gzip(rq))
		response_weaken_etag(rs);
}

/*
 * Parts of a representation are parts of it as it is; but a 206 says what the 200 would have said
 * (RFC 9110 15.3.7).  Of several parts the type is not known here.
 */
static void mark_partial(const struct gzip_rules *rules, struct response *rs)
{
	const struct ltd_slice several = LTD_SLICE("multipart/byteranges");

	if (is_as_it_must_be(rs) || !is_memory(rs))
		return;
	if (has_such_type(rules, rs) || slice_starts_with(rs->type, several))
		say_it_varies(rs);
}

/* What is never compressed, but speaks for what would be. */
static bool is_only_marked(const struct gzip_rules *rules, struct response *rs,
			   const struct request *rq)
{
	if (rs->status == 304)
		mark_not_modified(rules, rs, rq);
	else if (rs->status == 206)
		mark_partial(rules, rs);
	else
		return false;
	return true;
}

/* --- how ---------------------------------------------------------------------- */

/* A part of a file into a buffer; a file that is shorter than it was is an error. */
static int fill(struct gzip *g, const struct piece *p, char *buffer)
{
	size_t want = p->len < READ_BYTES ? (size_t)p->len : READ_BYTES;
	ssize_t n = pread(p->fd, buffer, want, p->offset);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENODATA;
	g->z.next_in = (Bytef *)buffer;
	g->z.avail_in = (uInt)n;
	return 0;
}

static void point_at(struct gzip *g, const struct piece *p)
{
	g->z.next_in = (Bytef *)(uintptr_t)p->at;
	g->z.avail_in = p->len < UINT32_MAX ? (uInt)p->len : UINT32_MAX;
}

long gzip_some(struct gzip *g, struct piece **from, char *to, size_t room, bool is_last,
	       bool *is_over)
{
	char buffer[READ_BYTES];
	int result = Z_OK;

	pieces_eat(from, 0);
	g->z.next_out = (Bytef *)to;
	g->z.avail_out = (uInt)room;
	while (*from && g->z.avail_out) {
		int error = 0;

		if (piece_is_file(*from))
			error = fill(g, *from, buffer);
		else
			point_at(g, *from);
		if (error)
			return error;
		uInt before = g->z.avail_in;
		deflate(&g->z, Z_NO_FLUSH);
		pieces_eat(from, before - g->z.avail_in);
	}
	g->z.avail_in = 0;
	if (!*from && g->z.avail_out)
		result = deflate(&g->z, is_last ? Z_FINISH : Z_SYNC_FLUSH);
	/* Flushed it is when there was room to spare; finished, when zlib says so. */
	*is_over = !*from && (is_last ? result == Z_STREAM_END : g->z.avail_out > 0);
	return (long)(room - g->z.avail_out);
}

size_t gzip_stream_room(struct gzip *g)
{
	/* More than a sync flush at its end takes (5 bytes), and than its trailer and last block. */
	const size_t spare = 64;

	return deflateBound(&g->z, STREAM_BUFFER_BYTES) + spare;
}

/* One more block behind what there is, if it can still be worth it. */
static struct piece *new_block(struct response *rs, struct pieces *made, size_t *room)
{
	uint64_t left = rs->body.len - made->len;

	*room = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
	if (left == 0 || !arena_has_room(rs->arena, sizeof(struct piece) + *room))
		return NULL;
	struct piece *p = arena_alloc(rs->arena, sizeof *p + *room);
	return p;
}

/* A chain to be eaten, so that the body stays as it is; NULL when memory is short. */
static struct piece *copy_of(const struct response *rs)
{
	struct piece *first = NULL, **end = &first;

	for (const struct piece *p = rs->body.first; p; p = p->next) {
		if (!arena_has_room(rs->arena, sizeof *p))
			return NULL;
		*end = arena_alloc(rs->arena, sizeof *p);
		if (!*end)
			return NULL;
		**end = *p;
		end = &(*end)->next;
	}
	return first;
}

/* False: it did not get shorter, or memory is short; the body is as it was. */
static bool pack(struct gzip *g, struct response *rs)
{
	struct piece *from = copy_of(rs), *p;
	struct pieces made;
	bool is_over = false;
	size_t room;

	if (!from)
		return false;
	pieces_init(&made);
	while (!is_over) {
		p = new_block(rs, &made, &room);
		if (!p)
			return false;
		char *to = (char *)(p + 1);
		long n = gzip_some(g, &from, to, room, true, &is_over);
		if (n < 0)
			return false;
		pieces_add_memory(&made, p, slice_of(to, (size_t)n));
	}
	rs->body = made;
	return true;
}

void gzip_whole(struct gzip *g, const struct gzip_rules *rules, struct response *rs,
		const struct request *rq, uint64_t max)
{
	if (is_only_marked(rules, rs, rq))
		return;
	if (!may_be_coded(rs) || !response_has_content(rs) || !has_such_type(rules, rs))
		return;
	if (!response_end_written(rs) || !is_memory(rs))
		return;
	if (rs->body.len < rules->min_length || rs->body.len > max)
		return;
	say_it_varies(rs);
	if (accepts_gzip(rq) && begin(g, rules->level) && pack(g, rs))
		say_it_is_coded(rs);
}

void gzip_stream(struct gzip *g, const struct gzip_rules *rules, struct response *rs,
		 const struct request *rq)
{
	if (is_only_marked(rules, rs, rq))
		return;
	if (!may_be_coded(rs) || !response_has_content(rs) || !has_such_type(rules, rs))
		return;
	say_it_varies(rs);
	if (!accepts_gzip(rq) || !begin(g, rules->level))
		return;
	say_it_is_coded(rs);
	stream_pack(rs, g);
}

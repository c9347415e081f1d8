/* Feeding the parser in tests. */
#include "feeding.h"

#include <sys/mman.h>

#include "unit.h"

#define PAGE 4096
#define PAGES 2

const struct limits feeding_limits = {
	.line_bytes = 64,
	.fields = 8,
	.field_bytes = 48,
	.head_bytes = 1 << 16,
	.body_bytes = 32,
	.chunk_ext_bytes = 24,
	.trailer_bytes = 40,
	.empty_lines = 2,
	.arena_bytes = 4096,
};

static char *pages; /* PAGES of them; the one behind may not be touched */

static void map_pages(void)
{
	if (pages)
		return;
	pages = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + PAGES * PAGE, PAGE, PROT_NONE), 0);
}

void feeding_init(struct feeding *f, const struct limits *l)
{
	map_pages();
	arena_init(&f->arena, f->first, sizeof f->first, l->arena_bytes);
	request_init(&f->request, &f->arena, (size_t)l->body_bytes);
	parser_init(&f->parser, &f->request, l);
	f->verdict = PARSE_MORE;
}

void feeding_fini(struct feeding *f)
{
	request_fini(&f->request);
	arena_reset(&f->arena);
}

/* Gives all of `bytes`, the last of them at the end of the page. */
void feeding_feed(struct feeding *f, struct ltd_slice bytes)
{
	char *base = pages + PAGES * PAGE - bytes.len;

	ck_assert_uint_le(bytes.len, PAGES * PAGE);
	if (f->verdict != PARSE_MORE)
		return;
	if (bytes.len)
		memcpy(base, bytes.at, bytes.len);
	f->verdict = parser_feed(&f->parser, base, bytes.len);
	/* What the parser no longer needs, nobody gives it again. */
	if (f->verdict == PARSE_MORE)
		ck_assert_uint_eq(f->parser.seen, bytes.len);
}

void feeding_check_span(const struct feeding *f, struct span span, const char *text)
{
	struct ltd_slice s = request_slice(&f->request, span);

	ck_assert_msg(slice_eq(s, slice_of_string(text)), "'%.*s' is not '%s'", (int)s.len, s.at,
		      text);
}

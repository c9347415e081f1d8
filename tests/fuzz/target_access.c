/*
 * The access log: any format, any request, any room for the line.  A line is one line, whatever
 * the client sent; what is cut is the same line, only shorter.
 *
 * The input is a format, a line feed, and the bytes of a request.
 */
#include "fuzz.h"

#include <string.h>

#include "base/clock.h"
#include "http/access.h"

#define LINE_BYTES_MAX 8192
#define ESCAPE_BYTES 4

static const struct limits limits = {
	.line_bytes = 512,
	.fields = 16,
	.field_bytes = 256,
	.head_bytes = 4096,
	.body_bytes = 256,
	.chunk_ext_bytes = 48,
	.trailer_bytes = 96,
	.empty_lines = 2,
	.arena_bytes = 65536,
	.proxies = { .count = 1, .at = { { .is_everyone = true } } },
};

static struct exchange *new_exchange(struct ltd_slice request)
{
	static struct client client = { .text = "192.0.2.7", .is_printed = true };
	static const struct response_frame frame = { 11, false, true,
						     "Sun, 06 Nov 1994 08:49:37 GMT", NULL };
	struct exchange *x = malloc(EXCHANGE_BYTES);

	exchange_init(x, NULL, &limits);
	x->request.client = &client;
	x->request.peer_is_proxy = true;
	parser_feed(&x->parser, request.at, request.len);
	response_field(&x->response, LTD_SLICE("X-Out"), LTD_SLICE("\"a\" \\ b"));
	response_seal(&x->response, &frame);
	for (unsigned i = 0; i < STAMP_COUNT; i++)
		stamps_mark(&x->stamps, i, (i + 1) * NS_PER_MS);
	return x;
}

/* Format, and the line made of it, have the same quotes unescaped: none came from the client. */
static void check_quotes(const char *format, const char *line, size_t len)
{
	size_t ours = 0, there = 0;

	if (strchr(format, '\\'))
		return;
	for (; *format; format++)
		ours += *format == '"';
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\\')
			i++;
		else
			there += line[i] == '"';
	}
	FUZZ_CHECK(there == ours, "%zu quotes in '%.*s', not %zu", there, (int)len, line, ours);
}

static void check_line(const char *line, size_t len)
{
	FUZZ_CHECK(len > 0 && line[len - 1] == '\n', "no line");
	for (size_t i = 0; i + 1 < len; i++)
		FUZZ_CHECK(((unsigned char)line[i] >= ' ' && line[i] != 0x7f) || line[i] == '\t',
			   "byte %d in '%.*s'", line[i], (int)len, line);
}

static void check_rooms(const struct access *a, const struct exchange *x, const char *line,
			size_t len)
{
	for (size_t room = 1; room < len; room += 1 + room / 8) {
		char *cut = malloc(room);
		size_t n = access_format(a, x, 200, NS_PER_S, cut, room);

		FUZZ_CHECK(n <= room && cut[n - 1] == '\n', "%zu bytes in %zu", n, room);
		FUZZ_CHECK(memcmp(cut, line, n - 1) == 0, "'%.*s' does not begin '%.*s'",
			   (int)(n - 1), cut, (int)len, line);
		free(cut);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static char line[LINE_BYTES_MAX];
	struct ltd_slice request = slice_of((const char *)input, len), text;
	struct access a;
	char why[64];

	slice_cut(&request, '\n', &text);
	if (!request.at)
		request = slice_of("", 0);
	char *format = calloc(1, text.len + 1);
	memcpy(format, text.at, text.len);
	if (access_open(&a, format, why, sizeof why) < 0) {
		FUZZ_CHECK(strlen(why) > 0, "refused without a word");
		free(format);
		return 0;
	}

	struct exchange *x = new_exchange(request);
	size_t n = access_format(&a, x, 200, NS_PER_S, line, sizeof line);
	check_line(line, n);
	if (n < sizeof line - ESCAPE_BYTES) /* it has not been cut */
		check_quotes(format, line, n);
	check_rooms(&a, x, line, n);
	access_close(&a);
	exchange_fini(x);
	free(x);
	free(format);
	return 0;
}

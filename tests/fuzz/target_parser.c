/*
 * The parser on any bytes: a connection's worth of pipelined requests, given whole, byte by byte
 * and cut anywhere.  All must come to the same verdicts; what is taken the second opinion
 * (reader.h) must take alike, and what it takes may be refused only as too much or unknown.
 */
#include "fuzz.h"

#include <string.h>

#include "base/slice.h"
#include "http/parser.h"
#include "reader.h"

#define MESSAGES_MAX 16
#define STEPWISE_BYTES_MAX 160 /* longer inputs are not given byte by byte: it would be slow */

/* Small, so that short inputs reach them. */
static const struct limits limits = {
	.line_bytes = 128,
	.fields = 16,
	.field_bytes = 96,
	.head_bytes = 4096, /* more than the others allow */
	.body_bytes = 200,
	.chunk_ext_bytes = 48,
	.trailer_bytes = 96,
	.empty_lines = 2,
	.arena_bytes = 65536,
};

/* What became of one message. */
struct outcome {
	enum parse_verdict verdict;
	unsigned refusal;
	const char *why;
	size_t bytes;    /* of the message */
	uint64_t digest; /* of all that was read from it */
};

/* How the bytes come: all at once, one by one, or as the random numbers say. */
enum manner { WHOLE, STEPWISE, CUT, MANNERS };

struct delivery {
	enum manner manner;
	uint64_t random;
};

static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
	return (sum ^ len) * 0x100000001b3;
}

static uint64_t mix_slice(uint64_t sum, struct ltd_slice s)
{
	return mix(sum, s.at, s.len);
}

/* How many of the bytes left come next. */
static size_t next_piece(struct delivery *d, size_t left)
{
	if (d->manner == WHOLE || left == 0)
		return left;
	if (d->manner == STEPWISE)
		return 1;
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return 1 + d->random % left;
}

/* --- one message ------------------------------------------------------------ */

struct message {
	struct arena arena;
	char first[256];
	struct request request;
	struct parser parser;
	enum parse_verdict verdict;
	char *input;    /* as the connection holds it; as long as what it was given */
	size_t dropped; /* of the decoded body */
};

/* The first `given` bytes, at a new address, without what has been dropped. */
static void move_input(struct message *m, const char *bytes, size_t given)
{
	size_t head = m->dropped ? m->request.body_at : 0;

	free(m->input);
	m->input = malloc(given - m->dropped);
	memcpy(m->input, bytes, head);
	memcpy(m->input + head, bytes + head + m->dropped, given - m->dropped - head);
}

static void drop_decoded(struct message *m)
{
	size_t bytes = parser_droppable(&m->parser);

	parser_drop(&m->parser, bytes);
	m->dropped += bytes;
}

static void take_message(struct message *m, struct delivery *d, const char *bytes, size_t len)
{
	size_t given = 0;

	arena_init(&m->arena, m->first, sizeof m->first, limits.arena_bytes);
	request_init(&m->request, &m->arena, (size_t)limits.body_bytes);
	parser_init(&m->parser, &m->request, &limits);
	m->input = NULL;
	m->dropped = 0;
	do {
		given += next_piece(d, len - given);
		move_input(m, bytes, given);
		m->verdict = parser_feed(&m->parser, m->input, given - m->dropped);
		if (m->verdict == PARSE_MORE)
			drop_decoded(m);
	} while (m->verdict == PARSE_MORE && given < len);
}

static void end_message(struct message *m)
{
	free(m->input);
	request_fini(&m->request);
	arena_reset(&m->arena);
}

static uint64_t digest_of(const struct request *rq)
{
	const struct span spans[] = { rq->method, rq->target, rq->path, rq->query, rq->host };
	const uint64_t facts[] = { rq->method_code,      rq->version,    rq->keep_alive,
				   rq->expects_continue, rq->is_chunked, rq->content_length };
	uint64_t sum = mix(0, facts, sizeof facts);

	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		sum = mix_slice(sum, request_slice(rq, spans[i]));
	for (size_t i = 0; i < rq->field_count; i++) {
		sum = mix_slice(sum, request_slice(rq, rq->fields[i].name));
		sum = mix_slice(sum, request_slice(rq, rq->fields[i].value));
	}
	return mix_slice(sum, request_body(rq));
}

/* --- beside the second opinion ---------------------------------------------------- */

static void check_slice(const char *what, struct ltd_slice ours, struct ltd_slice theirs)
{
	FUZZ_CHECK(slice_eq(ours, theirs), "the %s is '%.*s' here, '%.*s' there", what,
		   (int)ours.len, ours.at, (int)theirs.len, theirs.at);
}

/* Those with an underscore in their names are left out (limits.underscores). */
static void check_fields(const struct request *rq, const struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->field_count; i++) {
		const struct reader_field *theirs = &r->fields[i];

		if (memchr(theirs->name.at, '_', theirs->name.len))
			continue;
		FUZZ_CHECK(n < rq->field_count, "only %zu fields", n);
		check_slice("field name", request_slice(rq, rq->fields[n].name), theirs->name);
		check_slice("field", request_slice(rq, rq->fields[n].value), theirs->value);
		n++;
	}
	FUZZ_CHECK(n == rq->field_count, "%u fields, not %zu", rq->field_count, n);
}

static void check_same(const struct request *rq, const struct reader *r)
{
	check_slice("method", request_slice(rq, rq->method), r->method);
	check_slice("target", request_slice(rq, rq->target), r->target);
	check_slice("path", request_slice(rq, rq->path), r->path);
	check_slice("query", request_slice(rq, rq->query), r->query);
	check_slice("host", request_slice(rq, rq->host), r->host);
	FUZZ_CHECK(rq->version == (r->minor ? 11 : 10), "version %u, minor %u", rq->version,
		   r->minor);
	FUZZ_CHECK(rq->keep_alive == r->keep_alive, "keep-alive");
	FUZZ_CHECK(rq->is_chunked == r->is_chunked && rq->has_length == r->has_length, "framing");
	check_fields(rq, r);
	check_slice("body", request_body(rq), (struct ltd_slice){ r->body, r->body_len });
}

/* Every server has these (RFC 9110 9.1, and PATCH). */
static bool is_common_method(struct ltd_slice method)
{
	static const char *const common[] = { "GET",    "HEAD",    "POST",  "PUT",
					      "DELETE", "OPTIONS", "TRACE", "PATCH" };

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (slice_eq(method, slice_of_string(common[i])))
			return true;
	return false;
}

/* Is there more of something than is taken here? */
static bool is_too_much(const struct reader *r)
{
	return r->empty_lines > limits.empty_lines || r->line_bytes > limits.line_bytes ||
	       r->field_count > limits.fields || r->field_bytes_max > limits.field_bytes ||
	       r->body_len > limits.body_bytes || r->extension_bytes > limits.chunk_ext_bytes ||
	       r->trailer_bytes > limits.trailer_bytes;
}

/* May a message the RFC allows be refused with that status? */
static bool is_policy(const struct reader *r, unsigned status)
{
	switch (status) {
	case 400:
		return is_too_much(r) || r->types > 1;
	case 413:
	case 414:
	case 431:
		return is_too_much(r);
	case 417:
		return r->has_foreign_expectation;
	case 501:
		return !is_common_method(r->method);
	default:
		return false;
	}
}

static void compare(const struct message *m, const char *bytes, size_t len)
{
	static struct reader r;
	enum reader_verdict theirs = reader_read(&r, bytes, len);
	size_t message = m->parser.seen + m->dropped;

	switch (m->verdict) {
	case PARSE_DONE:
		FUZZ_CHECK(theirs == READER_WHOLE, "taken here, there not: %s",
			   r.why ? r.why : "it waits");
		FUZZ_CHECK(message == (size_t)(r.at - bytes), "%zu bytes here, %zu there", message,
			   (size_t)(r.at - bytes));
		FUZZ_CHECK(!is_too_much(&r), "taken, but too much");
		check_same(&m->request, &r);
		break;
	case PARSE_MORE:
		FUZZ_CHECK(theirs != READER_WHOLE, "waiting for more of a whole message");
		break;
	case PARSE_REFUSED:
		FUZZ_CHECK(theirs != READER_WHOLE || is_policy(&r, m->request.refusal),
			   "sound, but refused: %u, %s", m->request.refusal, m->request.why);
		break;
	}
}

/* --- a connection's worth --------------------------------------------------------- */

static size_t deliver(struct delivery d, const char *bytes, size_t len, struct outcome *outcomes)
{
	size_t n = 0;

	do {
		struct message m;
		struct outcome *o = &outcomes[n++];

		take_message(&m, &d, bytes, len);
		if (d.manner == WHOLE)
			compare(&m, bytes, len);
		*o = (struct outcome){ m.verdict, m.request.refusal, m.request.why, 0, 0 };
		if (m.verdict == PARSE_DONE) {
			o->bytes = m.parser.seen + m.dropped;
			o->digest = digest_of(&m.request);
			bytes += o->bytes;
			len -= o->bytes;
		}
		end_message(&m);
	} while (outcomes[n - 1].verdict == PARSE_DONE && n < MESSAGES_MAX);
	return n;
}

static const char *why_of(const struct outcome *o)
{
	return o->why ? o->why : "nothing";
}

static void check_alike(const struct outcome *whole, const struct outcome *split)
{
	FUZZ_CHECK(split->verdict == whole->verdict, "verdict %d split, %d whole", split->verdict,
		   whole->verdict);
	FUZZ_CHECK(split->refusal == whole->refusal && strcmp(why_of(split), why_of(whole)) == 0,
		   "%u %s split, %u %s whole", split->refusal, why_of(split), whole->refusal,
		   why_of(whole));
	FUZZ_CHECK(split->bytes == whole->bytes && split->digest == whole->digest,
		   "read otherwise when split");
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct outcome whole[MESSAGES_MAX], split[MESSAGES_MAX];
	const char *bytes = (const char *)input;
	struct delivery d = { WHOLE, mix(1, input, len) | 1 };
	size_t count = deliver(d, bytes, len, whole);

	for (d.manner = STEPWISE; d.manner < MANNERS; d.manner++) {
		if (d.manner == STEPWISE && len > STEPWISE_BYTES_MAX)
			continue;
		size_t n = deliver(d, bytes, len, split);
		FUZZ_CHECK(n == count, "%zu messages split, %zu whole", n, count);
		for (size_t i = 0; i < count; i++)
			check_alike(&whole[i], &split[i]);
	}
	return 0;
}

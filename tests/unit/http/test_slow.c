/* Slow requests: whose time it was, and the line that says so. */
#include "http/slow.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "unit.h"

static const struct limits limits = {
	.line_bytes = 4094,
	.fields = 100,
	.field_bytes = 8190,
	.head_bytes = 65536,
	.body_bytes = 4096,
	.chunk_ext_bytes = 100,
	.trailer_bytes = 100,
	.empty_lines = 2,
	.arena_bytes = 65536,
};

static struct stamps stamps_of(unsigned wait_ms, unsigned read_ms, unsigned service_ms,
			       unsigned write_ms)
{
	struct stamps s = { 0 };
	uint64_t at = 1000 * NS_PER_MS;

	stamps_mark(&s, STAMP_READ, at);
	stamps_mark(&s, STAMP_ARRIVED, at);
	stamps_mark(&s, STAMP_PARSED, at);
	stamps_mark(&s, STAMP_READY, at += read_ms * NS_PER_MS);
	stamps_mark(&s, STAMP_STARTED, at += wait_ms * NS_PER_MS);
	stamps_mark(&s, STAMP_FINISHED, at += service_ms * NS_PER_MS);
	stamps_mark(&s, STAMP_SENT, at + write_ms * NS_PER_MS);
	return s;
}

START_TEST(the_longest_phase_is_the_cause)
{
	static const struct {
		unsigned wait, read, service, write;
		enum slow_cause cause;
	} cases[] = {
		{ 50, 10, 20, 30, SLOW_WAIT },    { 10, 50, 20, 30, SLOW_READ },
		{ 10, 20, 50, 30, SLOW_SERVICE }, { 10, 20, 30, 50, SLOW_WRITE },
		{ 20, 20, 20, 20, SLOW_WAIT }, /* of equals, what the server can help first */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stamps s =
			stamps_of(cases[i].wait, cases[i].read, cases[i].service, cases[i].write);

		ck_assert_int_eq(slow_cause(&s), cases[i].cause);
	}
}
END_TEST

static struct exchange *exchange_of(struct stamps stamps)
{
	static const char text[] = "GET /report?a=%22\xe4 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct exchange *x = malloc(EXCHANGE_BYTES);

	ck_assert_ptr_nonnull(x);
	exchange_init(x, NULL, &limits);
	parser_feed(&x->parser, text, sizeof text - 1);
	x->stamps = stamps;
	x->concurrency = 41;
	x->worker = 1;
	x->slot = 3;
	return x;
}

START_TEST(the_line_tells_it_all)
{
	struct slow slow;
	struct exchange *x = exchange_of(stamps_of(50, 10, 20, 30));
	char line[400];

	ck_assert_int_eq(slow_open(&slow, 100 * NS_PER_MS), 0);
	ck_assert(slow_is(&slow, x));
	slow_line(&slow, x, 200, line, sizeof line);
	ck_assert_ptr_nonnull(strstr(line, "slow request, it waited: \"GET /report"));
	ck_assert_ptr_nonnull(strstr(line, "200 took 110000 us: wait 50000, read 10000, "
					   "service 20000 (cpu -), write 30000 us; 41 in flight"));
	ck_assert_ptr_nonnull(strstr(line, "worker 1, slot 3"));
	ck_assert_ptr_null(strchr(line, '\n'));
	slow_close(&slow);
	exchange_fini(x);
	free(x);
}
END_TEST

START_TEST(a_short_line_is_cut_and_ended)
{
	struct slow slow;
	struct exchange *x = exchange_of(stamps_of(1, 1, 1, 1));

	ck_assert_int_eq(slow_open(&slow, 10 * NS_PER_MS), 0);
	ck_assert(!slow_is(&slow, x));
	for (size_t room = 40; room < 200; room += 7) {
		char line[200];

		memset(line, 'x', sizeof line);
		slow_line(&slow, x, 200, line, room);
		ck_assert_uint_lt(strlen(line), room);
	}
	slow_close(&slow);
	exchange_fini(x);
	free(x);
}
END_TEST

UNIT_SUITE_OF(slow, the_longest_phase_is_the_cause, the_line_tells_it_all,
	      a_short_line_is_cut_and_ended)

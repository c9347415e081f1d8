/* The Server-Timing field. */
#include "http/server_timing.h"

#include "base/clock.h"
#include "unit.h"

static const char *line_of(const struct stamps *s)
{
	static char text[SERVER_TIMING_MAX + 1];

	*server_timing_put(text, s) = '\0';
	return text;
}

START_TEST(each_phase_is_shown_once_it_is_over)
{
	struct stamps s = { 0 };

	ck_assert_str_eq(line_of(&s), "");
	stamps_mark(&s, STAMP_READ, NS_PER_S);
	stamps_mark(&s, STAMP_ARRIVED, NS_PER_S - 1500);
	ck_assert_str_eq(line_of(&s), "");
	stamps_mark(&s, STAMP_PARSED, NS_PER_S);
	stamps_mark(&s, STAMP_READY, NS_PER_S + NS_PER_MS);
	ck_assert_str_eq(line_of(&s), "Server-Timing: read;dur=1.000\r\n");
	stamps_mark(&s, STAMP_STARTED, NS_PER_S + NS_PER_MS + 40000);
	ck_assert_str_eq(line_of(&s), "Server-Timing: wait;dur=0.041, read;dur=1.000\r\n");
	s.has_proxy = s.has_cpu = true;
	s.proxy_ns = 7;
	s.cpu_ns = 39 * NS_PER_MS;
	ck_assert_str_eq(line_of(&s), "Server-Timing: proxy;dur=0.000, wait;dur=0.041, "
				      "read;dur=1.000\r\n");
	stamps_mark(&s, STAMP_FINISHED, NS_PER_S + 41 * NS_PER_MS + 147000);
	ck_assert_str_eq(line_of(&s), "Server-Timing: proxy;dur=0.000, wait;dur=0.041, "
				      "read;dur=1.000, service;dur=40.107, cpu;dur=39.000\r\n");
}
END_TEST

START_TEST(the_longest_line_fits)
{
	struct stamps s = { .has_cpu = true, .has_proxy = true };

	s.proxy_ns = s.cpu_ns = UINT64_MAX;
	stamps_mark(&s, STAMP_READ, UINT64_MAX / 2);
	stamps_mark(&s, STAMP_ARRIVED, 1);
	stamps_mark(&s, STAMP_PARSED, UINT64_MAX);
	stamps_mark(&s, STAMP_READY, UINT64_MAX);
	stamps_mark(&s, STAMP_STARTED, UINT64_MAX);
	stamps_mark(&s, STAMP_FINISHED, UINT64_MAX);
	ck_assert_uint_le(strlen(line_of(&s)), SERVER_TIMING_MAX);
}
END_TEST

UNIT_SUITE_OF(server_timing, each_phase_is_shown_once_it_is_over, the_longest_line_fits)

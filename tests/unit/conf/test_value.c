/* Sizes, durations, switches, choices; addresses; edit distance. */
#include "conf/value.h"

#include "conf/address.h"
#include "conf/nearest.h"
#include "unit.h"

static void assert_duration(const char *text, uint64_t expected_ns)
{
	uint64_t ns;

	ck_assert_msg(value_to_duration(slice_of_string(text), &ns), "%s", text);
	ck_assert_msg(ns == expected_ns, "%s: %lu", text, ns);
}

START_TEST(durations_are_exact)
{
	assert_duration("0", 0);
	assert_duration("2", 2 * NS_PER_S);
	assert_duration("0.5", NS_PER_S / 2);
	assert_duration("500ms", NS_PER_S / 2);
	assert_duration("300us", 300000);
	assert_duration("7ns", 7);
	assert_duration("1.000000001", NS_PER_S + 1);
	assert_duration("1.5m", 90 * NS_PER_S);
	assert_duration("1H", HOUR_NS);
	assert_duration("0.1s", NS_PER_S / 10);
}
END_TEST

START_TEST(durations_must_be_whole_nanoseconds)
{
	uint64_t ns;

	ck_assert(!value_to_duration(LTD_SLICE("0.5ns"), &ns));
	ck_assert(!value_to_duration(LTD_SLICE("1.0000000001"), &ns));
	ck_assert(!value_to_duration(LTD_SLICE("18446744073.709551616"), &ns));
	ck_assert(value_to_duration(LTD_SLICE("18446744073.709551615"), &ns));
	ck_assert_uint_eq(ns, UINT64_MAX);
}
END_TEST

START_TEST(what_is_printed_reads_back)
{
	for (uint64_t n = 0; n < 1ull << 50; n = n * 3 / 2 + 1) {
		struct buf text;
		uint64_t again;

		buf_init(&text, 64);
		value_print_duration(n * 1000, &text);
		ck_assert(value_to_duration(buf_slice(&text), &again));
		ck_assert_uint_eq(again, n * 1000);
		buf_reset(&text);
		value_print_size(n * 1024, &text);
		ck_assert(value_to_size(buf_slice(&text), &again));
		ck_assert_uint_eq(again, n * 1024);
		buf_fini(&text);
	}
}
END_TEST

START_TEST(sizes_are_powers_of_1024)
{
	uint64_t n;

	ck_assert(value_to_size(LTD_SLICE("4096"), &n) && n == 4096);
	ck_assert(value_to_size(LTD_SLICE("64k"), &n) && n == 65536);
	ck_assert(value_to_size(LTD_SLICE("1M"), &n) && n == 1 << 20);
	ck_assert(value_to_size(LTD_SLICE("1g"), &n) && n == 1 << 30);
	ck_assert(!value_to_size(LTD_SLICE("17179869184g"), &n));
	ck_assert(!value_to_size(LTD_SLICE("1kb"), &n));
}
END_TEST

START_TEST(switches_have_eight_words)
{
	static const char *const words[] = { "false", "true", "off", "ON", "No", "yes", "0", "1" };
	bool on;

	for (unsigned i = 0; i < 8; i++) {
		ck_assert(value_to_switch(slice_of_string(words[i]), &on));
		ck_assert_int_eq(on, i & 1);
	}
	ck_assert(!value_to_switch(LTD_SLICE("t"), &on));
}
END_TEST

START_TEST(addresses_are_taken_apart)
{
	struct address a;

	ck_assert(address_parse(LTD_SLICE("localhost:8000"), &a));
	ck_assert_str_eq(a.host, "localhost");
	ck_assert_uint_eq(a.port, 8000);
	ck_assert(!a.is_unix);
	ck_assert(address_parse(LTD_SLICE("[fe80::1%eth0]:65535"), &a));
	ck_assert_str_eq(a.host, "fe80::1%eth0");
	ck_assert_uint_eq(a.port, 65535);
	ck_assert(address_parse(LTD_SLICE(":0"), &a));
	ck_assert_str_eq(a.host, "");
	ck_assert_uint_eq(a.port, 0);
	ck_assert(address_parse(LTD_SLICE("unix:run/a:b.sock"), &a));
	ck_assert(a.is_unix);
	ck_assert_str_eq(a.path, "run/a:b.sock");
}
END_TEST

START_TEST(a_socket_path_has_107_bytes_at_most)
{
	char text[128] = "unix:";
	struct address a;

	memset(text + 5, 'p', 108);
	ck_assert(!address_parse(slice_of(text, 5 + 108), &a));
	ck_assert(address_parse(slice_of(text, 5 + 107), &a));
	ck_assert_uint_eq(strlen(a.path), 107);
}
END_TEST

START_TEST(distance_counts_edits)
{
	ck_assert_uint_eq(nearest_distance("", ""), 0);
	ck_assert_uint_eq(nearest_distance("workers", "workers"), 0);
	ck_assert_uint_eq(nearest_distance("wrokers", "workers"), 1);
	ck_assert_uint_eq(nearest_distance("worker", "workers"), 1);
	ck_assert_uint_eq(nearest_distance("bnd", "bind"), 1);
	ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(nearest_distance("", "abc"), 3);
}
END_TEST

START_TEST(nearest_is_three_edits_away_at_most)
{
	struct nearest n;

	nearest_init(&n, "worxxxrs");
	nearest_try(&n, "workers");
	ck_assert_str_eq(n.best, "workers");
	nearest_init(&n, "wxxxxrs");
	nearest_try(&n, "workers");
	ck_assert_ptr_null(n.best);
	nearest_init(&n, "abc");
	nearest_try(&n, "pid");
	ck_assert_ptr_null(n.best);
}
END_TEST

UNIT_SUITE_OF(value, durations_are_exact, durations_must_be_whole_nanoseconds,
	      what_is_printed_reads_back, sizes_are_powers_of_1024, switches_have_eight_words,
	      addresses_are_taken_apart, a_socket_path_has_107_bytes_at_most, distance_counts_edits,
	      nearest_is_three_edits_away_at_most)

/* Connections by address: counted over all workers, forgotten with a worker that died. */
#include "net/crowd.h"

#include "unit.h"

static struct shm m;
static struct crowd *c;

static void begin(unsigned workers)
{
	ck_assert_int_eq(crowd_open(&m, workers), 0);
	c = m.at;
}

static struct client client(const char *address)
{
	struct client who = { .is_printed = false };

	ck_assert(ip_parse(slice_of_string(address), &who.ip));
	return who;
}

START_TEST(connections_are_counted_over_all_workers)
{
	struct client a = client("192.0.2.1"), b = client("192.0.2.2");

	begin(3);
	for (unsigned worker = 0; worker < 3; worker++) {
		crowd_enter(c, worker, &a);
		crowd_enter(c, worker, &a);
	}
	crowd_enter(c, 1, &b);
	ck_assert_uint_eq(crowd_count(c, &a), 6);
	ck_assert_uint_eq(crowd_count(c, &b), 1);
	crowd_leave(c, 2, &a);
	ck_assert_uint_eq(crowd_count(c, &a), 5);
	crowd_begin(c, 0); /* it died */
	ck_assert_uint_eq(crowd_count(c, &a), 3);
	shm_close(&m);
}
END_TEST

START_TEST(one_client_is_an_address_or_a_64)
{
	struct client v4 = client("192.0.2.1"), mapped = client("::ffff:192.0.2.1");
	struct client host = client("2001:db8:0:1::1"), neighbour = client("2001:db8:0:1:ffff::2");
	struct client other = client("2001:db8:0:2::1"), local = { .ip.family = AF_UNIX };

	begin(1);
	crowd_enter(c, 0, &v4);
	ck_assert_uint_eq(crowd_count(c, &mapped), 1);
	crowd_enter(c, 0, &host);
	ck_assert_uint_eq(crowd_count(c, &neighbour), 1);
	ck_assert_uint_eq(crowd_count(c, &other), 0);
	crowd_enter(c, 0, &local);
	ck_assert_uint_eq(crowd_count(c, &local), 0);
	shm_close(&m);
}
END_TEST

/* Ten thousand others with a connection each make nobody look like ten. */
START_TEST(a_stranger_is_not_taken_for_a_crowd)
{
	struct client one = { .ip.family = AF_INET };
	unsigned worst = 0;

	begin(2);
	for (uint32_t n = 0; n < 10000; n++) {
		memcpy(one.ip.at, &n, sizeof n);
		crowd_enter(c, n % 2, &one);
	}
	for (uint32_t n = 0; n < 20000; n++) {
		memcpy(one.ip.at, &n, sizeof n);
		unsigned count = crowd_count(c, &one);

		ck_assert_uint_ge(count, n < 10000);
		worst = count > worst ? count : worst;
	}
	ck_assert_uint_lt(worst, 10);
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(crowd, connections_are_counted_over_all_workers, one_client_is_an_address_or_a_64,
	      a_stranger_is_not_taken_for_a_crowd)

/* Which worker accepts from which listeners. */
#include "proc/heritage.h"

#include "unit.h"

static struct options options = { .reuse_port = true };
static struct heritage heritage = { .options = &options, .bind_count = 2 };

static unsigned owners(unsigned set, unsigned workers)
{
	unsigned n = 0;

	for (unsigned lane = 0; lane < workers; lane++) {
		heritage.lane = lane;
		n += heritage_has_set(&heritage, set);
	}
	return n;
}

/* More sets than workers after there were more of them, fewer when one could not be opened. */
START_TEST(no_set_is_nobodys_and_no_worker_without_one)
{
	for (unsigned sets = 1; sets <= 9; sets++)
		for (unsigned workers = 1; workers <= 9; workers++) {
			unsigned owned = 0;

			heritage.listener_count = sets * heritage.bind_count;
			heritage.lanes = workers;
			for (unsigned set = 0; set < sets; set++) {
				ck_assert_uint_ge(owners(set, workers), 1);
				owned += owners(set, workers);
			}
			ck_assert_uint_eq(owned, sets > workers ? sets : workers);
		}
}
END_TEST

START_TEST(with_one_listener_for_all_it_is_everybodys)
{
	static struct options shared;
	struct heritage h = { .options = &shared, .bind_count = 1, .listener_count = 1, .lane = 7 };

	ck_assert(heritage_has_set(&h, 0));
}
END_TEST

UNIT_SUITE_OF(heritage, no_set_is_nobodys_and_no_worker_without_one,
	      with_one_listener_for_all_it_is_everybodys)

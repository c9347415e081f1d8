/* Instants as proxies write them.  Runs in: leader. */
#include "http/request_start.h"

#include "base/clock.h"

/* From so large on it is in such units; found from the top. */
static const struct {
	uint64_t from, unit_ns;
} units[] = {
	{ 1000000000000000000, 1 },
	{ 1000000000000000, NS_PER_US },
	{ 1000000000000, NS_PER_MS },
	{ 0, NS_PER_S },
};

/* Of the digits behind the point: so much of a unit. */
static bool parse_fraction(struct ltd_slice digits, uint64_t unit_ns, uint64_t *ns)
{
	*ns = 0;
	if (digits.len == 0)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return false;
		unit_ns /= 10;
		*ns += unit_ns * (uint64_t)(digits.at[i] - '0');
	}
	return true;
}

static struct ltd_slice last_member(struct ltd_slice list)
{
	struct ltd_slice member = { NULL, 0 };

	while (slice_cut(&list, ',', &member))
		;
	return slice_trim(member);
}

bool request_start_parse(struct ltd_slice value, uint64_t *real_ns)
{
	struct ltd_slice rest = last_member(value), whole;
	uint64_t n, fraction_ns = 0;
	unsigned i = 0;

	if (slice_starts_with(rest, LTD_SLICE("t=")))
		rest = slice_of(rest.at + 2, rest.len - 2);
	if (!slice_cut(&rest, '.', &whole) || !slice_to_u64(whole, &n))
		return false;
	while (n < units[i].from)
		i++;
	if (rest.at && !parse_fraction(rest, units[i].unit_ns, &fraction_ns))
		return false;
	return !__builtin_mul_overflow(n, units[i].unit_ns, real_ns) &&
	       !__builtin_add_overflow(*real_ns, fraction_ns, real_ns);
}

bool request_start_wait(struct ltd_slice value, uint64_t arrived_real_ns, uint64_t *wait_ns)
{
	uint64_t start_ns;

	if (!request_start_parse(value, &start_ns) || start_ns > arrived_real_ns)
		return false;
	*wait_ns = arrived_real_ns - start_ns;
	return *wait_ns <= REQUEST_START_MAX_S * NS_PER_S;
}

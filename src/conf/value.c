/*
 * Sizes, durations, switches and choices as people write them.  All arithmetic is in whole
 * numbers, so that what is printed reads back as the same value.
 *
 * Runs in: master
 */
#include "conf/value.h"

#include <inttypes.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* Largest first: the printers take the first that divides. */
static const struct unit size_units[] = {
	{ "g", GIB },
	{ "m", 1 << 20 },
	{ "k", 1 << 10 },
	{ "", 1 },
};

static const struct unit duration_units[] = {
	{ "h", HOUR_NS },    { "m", 60 * NS_PER_S }, { "s", NS_PER_S },
	{ "ms", NS_PER_MS }, { "us", NS_PER_US },    { "ns", 1 },
	{ "", NS_PER_S },
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct unit *find_unit(const struct unit *units, size_t count, struct ltd_slice suffix)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq_nocase(suffix, slice_of_string(units[i].suffix)))
			return &units[i];
	return NULL;
}

static void print_in_units(uint64_t value, const struct unit *units, struct buf *to)
{
	while (value % units->factor != 0)
		units++;
	buf_printf(to, "%" PRIu64 "%s", value / units->factor, value ? units->suffix : "");
}

static struct ltd_slice cut_digits(struct ltd_slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->at[len] >= '0' && rest->at[len] <= '9')
		len++;

	struct ltd_slice digits = slice_of(rest->at, len);
	*rest = slice_of(rest->at + len, rest->len - len);
	return digits;
}

bool value_to_size(struct ltd_slice text, uint64_t *bytes)
{
	struct ltd_slice digits = cut_digits(&text);
	const struct unit *unit = find_unit(size_units, COUNT_OF(size_units), text);
	uint64_t n;

	return unit && slice_to_u64(digits, &n) && !__builtin_mul_overflow(n, unit->factor, bytes);
}

void value_print_size(uint64_t bytes, struct buf *to)
{
	print_in_units(bytes, size_units, to);
}

#define BILLION 1000000000ull

/* ".25" as billionths; nothing there is none. */
static bool cut_fraction(struct ltd_slice *rest, uint64_t *billionths)
{
	*billionths = 0;
	if (rest->len == 0 || rest->at[0] != '.')
		return true;
	*rest = slice_of(rest->at + 1, rest->len - 1);

	struct ltd_slice digits = cut_digits(rest);
	if (digits.len > 9 || !slice_to_u64(digits, billionths))
		return false;
	for (size_t i = digits.len; i < 9; i++)
		*billionths *= 10;
	return true;
}

bool value_to_duration(struct ltd_slice text, uint64_t *ns)
{
	struct ltd_slice digits = cut_digits(&text);
	uint64_t whole, billionths, whole_ns;

	if (!slice_to_u64(digits, &whole) || !cut_fraction(&text, &billionths))
		return false;

	const struct unit *unit = find_unit(duration_units, COUNT_OF(duration_units), text);
	if (!unit || __builtin_mul_overflow(whole, unit->factor, &whole_ns))
		return false;

	unsigned __int128 part = (unsigned __int128)billionths * unit->factor;
	if (part % BILLION != 0)
		return false;
	return !__builtin_add_overflow(whole_ns, (uint64_t)(part / BILLION), ns);
}

void value_print_duration(uint64_t ns, struct buf *to)
{
	print_in_units(ns, duration_units, to);
}

bool value_to_switch(struct ltd_slice text, bool *on)
{
	int word = value_to_choice(text, "false|true|off|on|no|yes|0|1");

	*on = word & 1;
	return word >= 0;
}

int value_to_choice(struct ltd_slice text, const char *words)
{
	struct ltd_slice rest = slice_of_string(words), word;

	for (int i = 0; slice_cut(&rest, '|', &word); i++)
		if (slice_eq_nocase(word, text))
			return i;
	return -1;
}

struct ltd_slice value_choice_word(const char *words, unsigned i)
{
	struct ltd_slice rest = slice_of_string(words), word;

	while (slice_cut(&rest, '|', &word))
		if (i-- == 0)
			return word;
	return slice_of(NULL, 0);
}

bool value_is_printable(struct ltd_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/*
 * The types of options: reading, printing, describing.
 *
 * Runs in: master
 */
#include "conf/types.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/media.h"
#include "conf/address.h"
#include "conf/type_networks.h"
#include "conf/value.h"

/* --- numbers: counts, sizes, durations ------------------------------------ */

static int keep_if_bounded(const struct option_row *row, bool is_number, uint64_t n, void *member)
{
	if (!is_number || n < row->low || n > row->high)
		return -EINVAL;
	memcpy(member, &n, sizeof n);
	return 0;
}

static uint64_t number_of(const void *member)
{
	uint64_t n;

	memcpy(&n, member, sizeof n);
	return n;
}

static int read_count(const struct option_row *row, struct ltd_slice text, void *member)
{
	uint64_t n = 0;
	bool is_number = slice_to_u64(text, &n);

	return keep_if_bounded(row, is_number, n, member);
}

static int read_size(const struct option_row *row, struct ltd_slice text, void *member)
{
	uint64_t n = 0;
	bool is_number = value_to_size(text, &n);

	return keep_if_bounded(row, is_number, n, member);
}

static int read_duration(const struct option_row *row, struct ltd_slice text, void *member)
{
	uint64_t n = 0;
	bool is_number = value_to_duration(text, &n);

	return keep_if_bounded(row, is_number, n, member);
}

static void put_count(uint64_t n, struct buf *to)
{
	buf_printf(to, "%" PRIu64, n);
}

static void print_count(const struct option_row *row, const void *member, struct buf *to)
{
	(void)row;
	put_count(number_of(member), to);
}

static void print_size(const struct option_row *row, const void *member, struct buf *to)
{
	(void)row;
	value_print_size(number_of(member), to);
}

static void print_duration(const struct option_row *row, const void *member, struct buf *to)
{
	(void)row;
	value_print_duration(number_of(member), to);
}

static void put_bounds(const struct option_row *row, void (*put)(uint64_t, struct buf *),
		       struct buf *to)
{
	put(row->low, to);
	buf_puts(to, " to ");
	put(row->high, to);
}

static void bounds_count(const struct option_row *row, struct buf *to)
{
	put_bounds(row, put_count, to);
}

static void bounds_size(const struct option_row *row, struct buf *to)
{
	put_bounds(row, value_print_size, to);
}

static void bounds_duration(const struct option_row *row, struct buf *to)
{
	put_bounds(row, value_print_duration, to);
}

static void expected_count(const struct option_row *row, struct buf *to)
{
	buf_puts(to, "a whole number from ");
	bounds_count(row, to);
}

static void expected_size(const struct option_row *row, struct buf *to)
{
	buf_puts(to, "bytes such as 4096, 64k, 1m or 1g, from ");
	bounds_size(row, to);
}

static void expected_duration(const struct option_row *row, struct buf *to)
{
	buf_puts(to, "seconds, or a duration such as 0.5s, 500ms, 300us or 2m, from ");
	bounds_duration(row, to);
}

/* --- a count, or what this system gives: 0 until it is resolved ------------- */

#define WORD_AUTO LTD_SLICE("auto")

static int read_auto_count(const struct option_row *row, struct ltd_slice text, void *member)
{
	const uint64_t none = 0;

	if (!slice_eq_nocase(text, WORD_AUTO))
		return read_count(row, text, member);
	memcpy(member, &none, sizeof none);
	return 0;
}

static void print_auto_count(const struct option_row *row, const void *member, struct buf *to)
{
	if (number_of(member) == 0)
		buf_append(to, WORD_AUTO.at, WORD_AUTO.len);
	else
		print_count(row, member, to);
}

static void bounds_auto_count(const struct option_row *row, struct buf *to)
{
	bounds_count(row, to);
	buf_puts(to, ", or auto");
}

static void expected_auto_count(const struct option_row *row, struct buf *to)
{
	expected_count(row, to);
	buf_puts(to, ", or auto");
}

/* --- switches and choices ------------------------------------------------- */

static int read_switch(const struct option_row *row, struct ltd_slice text, void *member)
{
	(void)row;
	return value_to_switch(text, member) ? 0 : -EINVAL;
}

static void print_switch(const struct option_row *row, const void *member, struct buf *to)
{
	(void)row;
	buf_puts(to, *(const bool *)member ? "true" : "false");
}

static void expected_switch(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "true, false, on, off, yes, no, 1 or 0");
}

static int read_choice(const struct option_row *row, struct ltd_slice text, void *member)
{
	int choice = value_to_choice(text, row->argument);

	if (choice < 0)
		return -EINVAL;
	memcpy(member, &choice, sizeof choice);
	return 0;
}

static void print_choice(const struct option_row *row, const void *member, struct buf *to)
{
	struct ltd_slice word = value_choice_word(row->argument, *(const unsigned *)member);

	buf_append(to, word.at, word.len);
}

static void bounds_choice(const struct option_row *row, struct buf *to)
{
	struct ltd_slice rest = slice_of_string(row->argument), word;

	while (slice_cut(&rest, '|', &word)) {
		buf_append(to, word.at, word.len);
		if (rest.at)
			buf_puts(to, memchr(rest.at, '|', rest.len) ? ", " : " or ");
	}
}

/* --- texts, paths, addresses ---------------------------------------------- */

static void release_text(void *member)
{
	char **text = member;

	free(*text);
	*text = NULL;
}

static int keep_text(struct ltd_slice text, void *member)
{
	char *copy = strndup(text.at, text.len);

	if (!copy)
		return -ENOMEM;
	release_text(member);
	*(char **)member = copy;
	return 0;
}

static int read_text(const struct option_row *row, struct ltd_slice text, void *member)
{
	(void)row;
	if (text.len == 0 || !value_is_printable(text))
		return -EINVAL;
	return keep_text(text, member);
}

static int read_media(const struct option_row *row, struct ltd_slice text, void *member)
{
	return media_list_is_valid(text) ? read_text(row, text, member) : -EINVAL;
}

static void expected_media(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "media types such as text/html or text/*, separated by commas or spaces");
}

static int read_path(const struct option_row *row, struct ltd_slice text, void *member)
{
	if (text.len > 0)
		return read_text(row, text, member);
	release_text(member);
	return 0;
}

static int read_address(const struct option_row *row, struct ltd_slice text, void *member)
{
	struct address parsed;

	if (text.len > 0 && !address_parse(text, &parsed))
		return -EINVAL;
	return read_path(row, text, member);
}

static void print_text(const struct option_row *row, const void *member, struct buf *to)
{
	const char *text = *(char *const *)member;

	(void)row;
	buf_puts(to, text ? text : "");
}

static void expected_text(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "some text without control bytes");
}

static void expected_path(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "a path without control bytes, or nothing");
}

static void expected_address(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, ADDRESS_EXPECTED ", or nothing");
}

/* --- lists of addresses --------------------------------------------------- */

static int add_string(struct strings *list, struct ltd_slice text)
{
	char **at = realloc(list->at, (list->count + 1) * sizeof *at);

	if (!at)
		return -ENOMEM;
	list->at = at;
	at[list->count] = NULL;

	int error = keep_text(text, &at[list->count]);
	if (!error)
		list->count++;
	return error;
}

static int read_addresses(const struct option_row *row, struct ltd_slice text, void *member)
{
	struct strings *list = member;
	struct ltd_slice piece;
	struct address parsed;

	while (slice_cut(&text, ',', &piece)) {
		piece = slice_trim(piece);
		if (!address_parse(piece, &parsed) || list->count >= row->high)
			return -EINVAL;

		int error = add_string(list, piece);
		if (error)
			return error;
	}
	return 0;
}

static void print_addresses(const struct option_row *row, const void *member, struct buf *to)
{
	const struct strings *list = member;

	(void)row;
	for (size_t i = 0; i < list->count; i++)
		buf_printf(to, "%s%s", i ? ", " : "", list->at[i]);
}

static void bounds_addresses(const struct option_row *row, struct buf *to)
{
	put_bounds(row, put_count, to);
	buf_puts(to, " addresses");
}

static void expected_addresses(const struct option_row *row, struct buf *to)
{
	bounds_addresses(row, to);
	buf_puts(to, " separated by commas: " ADDRESS_EXPECTED);
}

static void release_strings(void *member)
{
	struct strings *list = member;

	for (size_t i = 0; i < list->count; i++)
		free(list->at[i]);
	free(list->at);
	*list = (struct strings){ 0 };
}

/* --- users, permissions, variables ---------------------------------------- */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool consists_of(struct ltd_slice text, const char *bytes)
{
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(bytes, text.at[i], strlen(bytes)))
			return false;
	return text.len > 0;
}

static int read_name(const struct option_row *row, struct ltd_slice text, void *member)
{
	if (text.len > 0 && (text.at[0] == '-' || !consists_of(text, LETTERS DIGITS "_.-$")))
		return -EINVAL;
	return read_path(row, text, member);
}

static void expected_name(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "a name or a number, or nothing");
}

#define WORD_INHERIT LTD_SLICE("inherit")
#define MODE_DIGITS_MAX 4

static int read_mode(const struct option_row *row, struct ltd_slice text, void *member)
{
	int mode = MODE_INHERIT;

	(void)row;
	if (!slice_eq_nocase(text, WORD_INHERIT)) {
		if (!consists_of(text, "01234567") || text.len > MODE_DIGITS_MAX)
			return -EINVAL;
		mode = 0;
		for (size_t i = 0; i < text.len; i++)
			mode = mode * 8 + (text.at[i] - '0');
		if (mode > 0777)
			return -EINVAL;
	}
	memcpy(member, &mode, sizeof mode);
	return 0;
}

static void print_mode(const struct option_row *row, const void *member, struct buf *to)
{
	int mode = *(const int *)member;

	(void)row;
	if (mode == MODE_INHERIT)
		buf_append(to, WORD_INHERIT.at, WORD_INHERIT.len);
	else
		buf_printf(to, "0%03o", (unsigned)mode);
}

static void bounds_mode(const struct option_row *row, struct buf *to)
{
	(void)row;
	buf_puts(to, "0 to 0777 in octal, or inherit");
}

static int read_variable(const struct option_row *row, struct ltd_slice text, void *member)
{
	const char *equals = text.len ? memchr(text.at, '=', text.len) : NULL;
	struct strings *list = member;

	if (text.len == 0)
		return 0;
	if (!equals || memchr(DIGITS, text.at[0], strlen(DIGITS)) || !value_is_printable(text) ||
	    !consists_of(slice_of(text.at, (size_t)(equals - text.at)), LETTERS DIGITS "_") ||
	    list->count >= row->high)
		return -EINVAL;
	return add_string(list, text);
}

/* A value may hold anything, a comma too: each stands on a line of its own. */
static void print_variables(const struct option_row *row, const void *member, struct buf *to)
{
	const struct strings *list = member;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_printf(to, "\n%s = ", row->name);
		buf_puts(to, list->at[i]);
	}
}

static void expected_variable(const struct option_row *row, struct buf *to)
{
	buf_printf(to, "NAME=VALUE, at most %" PRIu64 " of them, or nothing", row->high);
}

static int read_words(const struct option_row *row, struct ltd_slice text, void *member)
{
	struct strings *list = member;
	struct ltd_slice word;
	int error = 0;

	if (text.len == 0)
		return 0;
	while (!error && slice_cut(&text, ',', &word)) {
		word = slice_trim(word);
		if (word.len == 0 || !value_is_printable(word) || list->count >= row->high)
			return -EINVAL;
		error = add_string(list, word);
	}
	return error;
}

static void expected_words(const struct option_row *row, struct buf *to)
{
	buf_printf(to, "at most %" PRIu64 " of them, separated by commas, or nothing", row->high);
}

const struct type types[TYPES] = {
	[TYPE_COUNT] = { read_count, print_count, expected_count, bounds_count, NULL },
	[TYPE_AUTO_COUNT] = { read_auto_count, print_auto_count, expected_auto_count,
			      bounds_auto_count, NULL },
	[TYPE_SIZE] = { read_size, print_size, expected_size, bounds_size, NULL },
	[TYPE_DURATION] = { read_duration, print_duration, expected_duration, bounds_duration, NULL },
	[TYPE_SWITCH] = { read_switch, print_switch, expected_switch, NULL, NULL },
	[TYPE_CHOICE] = { read_choice, print_choice, bounds_choice, bounds_choice, NULL },
	[TYPE_TEXT] = { read_text, print_text, expected_text, NULL, release_text },
	[TYPE_PATH] = { read_path, print_text, expected_path, NULL, release_text },
	[TYPE_ADDRESS] = { read_address, print_text, expected_address, NULL, release_text },
	[TYPE_ADDRESSES] = { read_addresses, print_addresses, expected_addresses, bounds_addresses,
			     release_strings },
	[TYPE_NETWORKS] = { networks_read, networks_print, networks_expected, bounds_addresses,
			    networks_release },
	[TYPE_NAME] = { read_name, print_text, expected_name, NULL, release_text },
	[TYPE_MODE] = { read_mode, print_mode, bounds_mode, bounds_mode, NULL },
	[TYPE_WORDS] = { read_words, print_addresses, expected_words, NULL, release_strings },
	[TYPE_VARIABLES] = { read_variable, print_variables, expected_variable, NULL,
			     release_strings },
	[TYPE_MEDIA] = { read_media, print_text, expected_media, NULL, release_text },
};

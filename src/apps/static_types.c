/* Media types.  Runs in: master to make the table; any to look things up. */
#include "static_types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "static_text.h"

/* Longer than any ending anybody has a type for. */
#define ENDING_BYTES 32

enum kind { TEXT, DATA, PACKED };

static const struct {
	const char *ending, *text;
	enum kind kind;
} rows[] = {
#define TYPE(ending, text, kind) { ending, text, kind },
#include "static_types.def"
#undef TYPE
};

#define ROWS (sizeof rows / sizeof *rows)

static struct ltd_slice fold(char out[ENDING_BYTES], struct ltd_slice ending)
{
	for (size_t i = 0; i < ending.len; i++) {
		char c = ending.at[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	out[ending.len] = '\0';
	return (struct ltd_slice){ out, ending.len };
}

static int compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct static_type *)row)->ending);
}

static int by_ending(const void *a, const void *b)
{
	return compare(((const struct static_type *)a)->ending, b);
}

static struct static_type *find(const struct static_types *t, const char *ending)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->at[i].ending, ending) == 0)
			return &t->at[i];
	return NULL;
}

/* "text/html" and "utf-8": "text/html; charset=utf-8". */
static char *with_charset(struct ltd_slice text, const char *charset)
{
	char *joined = NULL;
	bool wants = charset[0] && text.len > 5 && memcmp(text.at, "text/", 5) == 0 &&
		     !memchr(text.at, ';', text.len);

	if (asprintf(&joined, "%.*s%s%s", (int)text.len, text.at, wants ? "; charset=" : "",
		     wants ? charset : "") < 0)
		return NULL;
	return joined;
}

/* One row more, unless the ending has one: what comes first, holds. */
static int add(struct static_types *t, const char *ending, char *text, bool is_packed)
{
	if (!text)
		return -ENOMEM;
	if (find(t, ending)) {
		free(text);
		return 0;
	}
	struct static_type *type = &t->at[t->count];
	*type = (struct static_type){ strdup(ending), text, is_packed };
	t->count++; /* so that it is freed, whole or not */
	return type->ending ? 0 : -ENOMEM;
}

/* A type, a slash, a subtype, of the characters they are made of or parameters are. */
static bool is_media_type(struct ltd_slice s)
{
	const char *slash = memchr(s.at, '/', s.len);

	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] == 0x7f)
			return false;
	return slash && slash > s.at && slash < s.at + s.len - 1;
}

static int add_extra(struct static_types *t, struct ltd_slice word, const char *charset)
{
	const char *equals = memchr(word.at, '=', word.len);
	char ending[ENDING_BYTES];

	if (!equals || equals == word.at || equals - word.at >= ENDING_BYTES)
		return -EINVAL;
	struct ltd_slice left = { word.at, (size_t)(equals - word.at) };
	struct ltd_slice right = text_skip(word, left.len + 1);
	if (!is_media_type(right) || memchr(left.at, '.', left.len) ||
	    memchr(left.at, '/', left.len))
		return -EINVAL;
	fold(ending, left);
	return add(t, ending, with_charset(right, charset), false);
}

static int add_extras(struct static_types *t, const char *extra, const char *charset,
		      struct ltd_slice *bad)
{
	struct ltd_slice rest = text_of(extra), word;

	while (text_cut(&rest, ' ', &word)) {
		int error = word.len ? add_extra(t, word, charset) : 0;

		if (error < 0) {
			*bad = word;
			return error;
		}
	}
	return 0;
}

static int add_rows(struct static_types *t, const char *charset)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *set = rows[i].kind == TEXT ? charset : "";
		int error = add(t, rows[i].ending, with_charset(text_of(rows[i].text), set),
				rows[i].kind == PACKED);

		if (error < 0)
			return error;
	}
	return 0;
}

static size_t count_words(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ' ';
	return count;
}

int static_types_open(struct static_types *t, const char *extra, const char *charset,
		      const char *fallback, struct ltd_slice *bad)
{
	int error = -ENOMEM;

	*t = (struct static_types){ .at = calloc(ROWS + count_words(extra), sizeof *t->at) };
	*bad = text_of(fallback);
	if (!is_media_type(*bad))
		error = -EINVAL;
	else if (t->at)
		error = add_extras(t, extra, charset, bad);
	if (error == 0)
		error = add_rows(t, charset);
	if (error == 0) {
		t->other.text = with_charset(text_of(fallback), charset);
		error = t->other.text ? 0 : -ENOMEM;
	}
	if (error < 0) {
		static_types_close(t);
		return error;
	}
	qsort(t->at, t->count, sizeof *t->at, by_ending);
	return 0;
}

void static_types_close(struct static_types *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->at[i].ending);
		free(t->at[i].text);
	}
	free(t->at);
	free(t->other.text);
	*t = (struct static_types){ 0 };
}

const struct static_type *static_types_find(const struct static_types *t, struct ltd_slice name)
{
	const char *dot = name.len > 1 ? memrchr(name.at + 1, '.', name.len - 1) : NULL;
	char ending[ENDING_BYTES];

	if (!dot)
		return &t->other;
	struct ltd_slice last = text_skip(name, (size_t)(dot - name.at) + 1);
	if (last.len >= ENDING_BYTES)
		return &t->other;
	const struct static_type *found =
		bsearch(fold(ending, last).at, t->at, t->count, sizeof *t->at, compare);
	return found ? found : &t->other;
}

/*
 * The path of a request to the path of a file: beside a slow double that keeps a list of names.
 * Whatever is let through names nothing above the root, and says the same when encoded again.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "apps/static_path.h"
#include "reader_bytes.h"

#define NAMES_MAX 1024

/* The path as a list of decoded names; each owns its bytes. */
struct names {
	char *at[NAMES_MAX];
	size_t count;
	unsigned hidden; /* named on the way: those taken out again count too */
	bool is_folder;
};

static void names_fini(struct names *n)
{
	while (n->count)
		free(n->at[--n->count]);
}

static enum static_path_verdict decode(struct ltd_slice segment, char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < segment.len; i++) {
		struct ltd_slice rest = { segment.at + i, segment.len - i };
		char c = rest.at[0], digits[3] = "";

		if (c == '%') {
			struct ltd_slice escape = { rest.at, rest.len < 3 ? rest.len : 3 };

			if (reader_has_half_escape(escape))
				return STATIC_PATH_BAD;
			memcpy(digits, rest.at + 1, 2);
			c = (char)strtoul(digits, NULL, 16);
			i += 2;
		}
		if (c == '\0')
			return STATIC_PATH_BAD;
		if (c == '/')
			return STATIC_PATH_NOWHERE;
		name[n++] = c;
	}
	name[n] = '\0';
	return STATIC_PATH_OK;
}

static enum static_path_verdict add_name(struct names *n, struct ltd_slice segment)
{
	char *name = malloc(segment.len + 1);
	enum static_path_verdict verdict = decode(segment, name);
	bool is_parent = verdict == STATIC_PATH_OK && strcmp(name, "..") == 0;

	n->is_folder = is_parent || (verdict == STATIC_PATH_OK && strcmp(name, ".") == 0);
	if (verdict == STATIC_PATH_OK && !n->is_folder) {
		n->at[n->count++] = name;
		n->hidden += name[0] == '.';
		return verdict;
	}
	free(name);
	if (is_parent && n->count == 0)
		return STATIC_PATH_NOWHERE;
	if (is_parent)
		free(n->at[--n->count]);
	return verdict;
}

static enum static_path_verdict read_names(struct names *n, struct ltd_slice encoded)
{
	enum static_path_verdict verdict = STATIC_PATH_OK;
	size_t at = 0;

	n->is_folder = true;
	while (at < encoded.len && verdict == STATIC_PATH_OK) {
		size_t end = at;

		while (end < encoded.len && encoded.at[end] != '/')
			end++;
		if (end > at)
			verdict = add_name(n, (struct ltd_slice){ encoded.at + at, end - at });
		if (end < encoded.len)
			n->is_folder = true;
		at = end + 1;
	}
	return verdict;
}

static void check_same(const struct static_path *p, const struct names *n)
{
	const char *at = p->at;

	for (size_t i = 0; i < n->count; i++) {
		if (i > 0)
			FUZZ_CHECK(*at++ == '/', "no slash before name %zu of '%s'", i, p->at);
		FUZZ_CHECK(strncmp(at, n->at[i], strlen(n->at[i])) == 0, "'%s' is not in '%s'",
			   n->at[i], p->at);
		at += strlen(n->at[i]);
	}
	FUZZ_CHECK(*at == '\0' && p->len == (size_t)(at - p->at), "more in '%s'", p->at);
	FUZZ_CHECK(p->is_folder == n->is_folder, "'%s', a folder or not", p->at);
	FUZZ_CHECK(p->hidden == n->hidden, "%u hidden names, not %u", p->hidden, n->hidden);
}

static void check_encodes(const struct static_path *p)
{
	static struct static_path again;
	static char encoded[3 * STATIC_PATH_BYTES];
	size_t len = static_path_encode(encoded, (struct ltd_slice){ p->at, p->len }, true);

	FUZZ_CHECK(static_path_read(&again, (struct ltd_slice){ encoded, len }) == STATIC_PATH_OK &&
			   strcmp(again.at, p->at) == 0,
		   "'%s' became '%s'", p->at, again.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static struct static_path path;
	struct ltd_slice encoded = { (const char *)input, len };
	struct names names = { .count = 0 };

	if (len >= NAMES_MAX)
		return 0;
	enum static_path_verdict verdict = static_path_read(&path, encoded);
	enum static_path_verdict slow = read_names(&names, encoded);
	FUZZ_CHECK(verdict == slow, "verdict %d, not %d", verdict, slow);
	if (verdict == STATIC_PATH_OK) {
		check_same(&path, &names);
		check_encodes(&path);
	}
	names_fini(&names);
	return 0;
}

#include "read_json.h"

#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *string_end(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
			at += 4;
		else if (!*at || !strchr("\"\\/bfnrt", *at))
			return NULL;
	}
	return at + 1;
}

static const char *number_end(const char *at)
{
	char *end;

	/* strtod takes more than JSON does: no inf, nan, hexadecimal, plus, or leading zero. */
	if (!isdigit((unsigned char)at[at[0] == '-']) || strspn(at, "-0123456789.eE+") == 0)
		return NULL;
	at += *at == '-';
	if (at[0] == '0' && isalnum((unsigned char)at[1]))
		return NULL;
	strtod(at, &end);
	return end;
}

/* What stands between brackets; `keyed` for an object. */
static const char *members_end(const char *at, char close, bool keyed)
{
	if (*++at == close)
		return at + 1;
	while (at) {
		if (keyed) {
			at = string_end(at);
			if (!at || *at++ != ':')
				return NULL;
		}
		at = json_end(at);
		if (at && *at == close)
			return at + 1;
		if (at && *at++ != ',')
			return NULL;
	}
	return NULL;
}

const char *json_end(const char *at)
{
	static const char *const words[] = { "null", "true", "false" };

	switch (*at) {
	case '{':
		return members_end(at, '}', true);
	case '[':
		return members_end(at, ']', false);
	case '"':
		return string_end(at);
	}
	for (unsigned i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return number_end(at);
}

static const char *find_key(const char *at, const char *key, size_t length)
{
	if (*at != '{')
		return NULL;
	while (*++at == '"') {
		const char *end = string_end(at);
		bool is_it = (size_t)(end - at) == length + 2 && memcmp(at + 1, key, length) == 0;

		if (is_it)
			return end + 1;
		at = json_end(end + 1);
	}
	return NULL;
}

static const char *find_index(const char *at, unsigned long index)
{
	if (*at != '[' || at[1] == ']')
		return NULL;
	for (at++; index; index--) {
		at = json_end(at);
		if (*at++ != ',')
			return NULL;
	}
	return at;
}

const char *json_find(const char *document, const char *path)
{
	const char *at = document;

	while (at && *path) {
		size_t length = strcspn(path, "/");

		at = *at == '[' ? find_index(at, strtoul(path, NULL, 10))
				: find_key(at, path, length);
		path += length;
		path += *path == '/';
	}
	return at;
}

double json_number_at(const char *document, const char *path)
{
	const char *at = json_find(document, path);

	ck_assert_msg(at && number_end(at), "no number at %s in %s", path, document);
	return strtod(at, NULL);
}

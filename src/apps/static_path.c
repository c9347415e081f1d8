/* Paths: decoding, dot segments, encoding.  Runs in: leader, slot. */
#include "static_path.h"

#include "static_text.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes the byte that *rest begins with into *c, and cuts it off. */
static enum static_path_verdict cut_byte(struct ltd_slice *rest, char *c)
{
	*c = rest->at[0];
	if (*c != '%') {
		*rest = text_skip(*rest, 1);
		return *c ? STATIC_PATH_OK : STATIC_PATH_BAD;
	}
	if (rest->len < 3 || hex(rest->at[1]) < 0 || hex(rest->at[2]) < 0)
		return STATIC_PATH_BAD;
	*c = (char)(hex(rest->at[1]) << 4 | hex(rest->at[2]));
	*rest = text_skip(*rest, 3);
	if (*c == '\0')
		return STATIC_PATH_BAD;
	return *c == '/' ? STATIC_PATH_NOWHERE : STATIC_PATH_OK;
}

/* Decodes the segment behind what is in `p` already, and a slash before it. */
static enum static_path_verdict add_segment(struct static_path *p, struct ltd_slice segment)
{
	if (p->len > 0)
		p->at[p->len++] = '/';
	while (segment.len > 0) {
		if (p->len + 2 >= sizeof p->at) /* room for a NUL, and for the next slash */
			return STATIC_PATH_NOWHERE;
		enum static_path_verdict verdict = cut_byte(&segment, &p->at[p->len]);
		if (verdict != STATIC_PATH_OK)
			return verdict;
		p->len++;
	}
	return STATIC_PATH_OK;
}

/* Takes the last name off, with the slash before it. */
static bool drop_name(struct static_path *p)
{
	if (p->len == 0)
		return false;
	do
		p->len--;
	while (p->len > 0 && p->at[p->len] != '/');
	return true;
}

/* What was just added from `start` on may be a dot segment: those are carried out. */
static enum static_path_verdict settle_segment(struct static_path *p, size_t start)
{
	size_t name = start > 0 ? start + 1 : 0; /* behind the slash */
	struct ltd_slice segment = { p->at + name, p->len - name };
	bool is_parent = text_eq(segment, LTD_SLICE(".."));

	p->is_folder = is_parent || text_eq(segment, LTD_SLICE("."));
	if (!p->is_folder) {
		p->hidden += segment.at[0] == '.';
		return STATIC_PATH_OK;
	}
	p->len = start;
	return !is_parent || drop_name(p) ? STATIC_PATH_OK : STATIC_PATH_NOWHERE;
}

enum static_path_verdict static_path_read(struct static_path *p, struct ltd_slice encoded)
{
	p->len = 0;
	p->is_folder = true;
	p->hidden = 0;
	while (encoded.len > 0) {
		const char *slash = memchr(encoded.at, '/', encoded.len);
		size_t len = slash ? (size_t)(slash - encoded.at) : encoded.len;
		size_t start = p->len;
		enum static_path_verdict verdict = STATIC_PATH_OK;

		if (len > 0)
			verdict = add_segment(p, (struct ltd_slice){ encoded.at, len });
		if (len > 0 && verdict == STATIC_PATH_OK)
			verdict = settle_segment(p, start);
		if (verdict != STATIC_PATH_OK)
			return verdict;
		p->is_folder |= slash != NULL;
		encoded = text_skip(encoded, slash ? len + 1 : len);
	}
	p->at[p->len] = '\0';
	return STATIC_PATH_OK;
}

bool static_path_append(struct static_path *p, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof p->at - p->len)
		return false;
	memcpy(p->at + p->len, text, len + 1);
	p->len += len;
	return true;
}

void static_path_cut(struct static_path *p, size_t len)
{
	p->len = len;
	p->at[len] = '\0';
}

struct ltd_slice static_path_name(const struct static_path *p)
{
	size_t start = p->len;

	while (start > 0 && p->at[start - 1] != '/')
		start--;
	return (struct ltd_slice){ p->at + start, p->len - start };
}

/* unreserved and sub-delims and '@' (RFC 3986 2.2, 2.3, 3.3), less the quote HTML knows. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$()*+,;=@", c));
}

size_t static_path_encode(char *out, struct ltd_slice path, bool keep_slashes)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = out;

	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.at[i];

		if (is_plain((char)c) || (c == '/' && keep_slashes)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return (size_t)(to - out);
}

/* The settings of the static app.  Runs in: master. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "static.h"
#include "static_range.h"
#include "static_text.h"

const struct ltd_option static_options[] = {
	{ "argument", NULL, "The folder whose files are served; the same as static:DIR." },
	{ "index", "index.html", "Files that stand for their folder, the first there is." },
	{ "listing", "no", "Lists a folder that has no index (yes or no)." },
	{ "dotfiles", "no",
	  "Serves names that begin with a dot: yes, no, or well-known for /.well-known alone." },
	{ "precompressed", "yes",
	  "Sends FILE.br or FILE.gz in place of FILE to those who take it (yes or no)." },
	{ "types", "", "Media types by the end of names, before the table: md=text/plain foo=a/b." },
	{ "default_type", "application/octet-stream", "The media type of everything else." },
	{ "charset", "utf-8", "The charset of text types; empty: none is said." },
	{ "cache_control", "", "The value of Cache-Control; empty: it is not sent." },
	{ "ranges", "32", "Most ranges heeded in a request (0 to 256; 0: none)." },
	{ "cache_size", "8m", "Memory for small files, in bytes, a worker (0: none)." },
	{ "cache_file_size", "64k", "The largest file kept in memory." },
	{ NULL, NULL, NULL },
};

#define CACHE_BYTES_MAX (1ull << 40)
#define CACHE_FILE_BYTES_MAX (16ull << 20)

/* --- values ------------------------------------------------------------------------ */

/* The number of the word in a list such as "no|yes", which is what may be said; -1: none. */
static int find_word(const char *text, const char *words)
{
	struct ltd_slice rest = text_of(words), word;

	for (int i = 0; text_cut(&rest, '|', &word); i++)
		if (text_eq(text_of(text), word))
			return i;
	return -1;
}

static int read_word(const struct ltd_settings *s, const char *name, const char *words, int *number)
{
	const char *text = ltd_setting(s, name);

	*number = find_word(text, words);
	if (*number < 0)
		return ltd_refuse(s, "%s = %s: not one of %s", name, text, words);
	return 0;
}

/* The words of conf/'s own switches, in the same order: even ones are off. */
static int read_switch(const struct ltd_settings *s, const char *name, bool *on)
{
	int word;

	if (read_word(s, name, "no|yes|off|on|false|true|0|1", &word) < 0)
		return -1;
	*on = word % 2;
	return 0;
}

/* "65536", "64k", "8m", "1g". */
static bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmg";
	struct ltd_slice digits = text_of(text);
	const char *unit = digits.len ? strchr(units, text[digits.len - 1]) : NULL;
	unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (shift)
		digits.len--;
	if (!text_to_u64(digits, bytes) || *bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

static int read_size(const struct ltd_settings *s, const char *name, uint64_t most, size_t *bytes)
{
	const char *text = ltd_setting(s, name);
	uint64_t n;

	if (!parse_size(text, &n) || n > most)
		return ltd_refuse(s, "%s = %s: not a size from 0 to %lu (such as 512k or 8m)", name,
				  text, most);
	*bytes = n;
	return 0;
}

static int read_ranges(const struct ltd_settings *s, size_t *most)
{
	const char *text = ltd_setting(s, "ranges");
	uint64_t n;

	if (!text_to_u64(text_of(text), &n) || n > STATIC_RANGES_MAX)
		return ltd_refuse(s, "ranges = %s: not a number from 0 to %d", text,
				  STATIC_RANGES_MAX);
	*most = n;
	return 0;
}

/* What goes into a field of every answer must be fit to. */
static int check_printable(const struct ltd_settings *s, const char *name)
{
	for (const char *c = ltd_setting(s, name); *c; c++)
		if (*c < ' ' || *c > '~')
			return ltd_refuse(s, "%s has a character that cannot be sent", name);
	return 0;
}

/* --- what is made of them ------------------------------------------------------------ */

/* An absolute path: the working folder of a worker is none of ours. */
static int read_folder(const struct ltd_settings *s, struct static_site *site)
{
	const char *text = ltd_setting(s, "argument");
	char *here = NULL;
	int n;

	if (!text || !*text)
		return ltd_refuse(s, "no folder to serve: say static:DIR");
	if (text[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return ltd_refuse(s, "%s: %s", text, strerror(errno));
	}
	n = asprintf(&site->folder, "%s%s%s", here ? here : "", here ? "/" : "", text);
	free(here);
	if (n < 0) {
		site->folder = NULL;
		return ltd_refuse(s, "out of memory");
	}

	int error = static_find_abilities(&site->abilities, site->folder);
	if (error == -ENOSYS)
		return ltd_refuse(s, "this system has no openat2(2): it takes Linux 5.6");
	if (error < 0)
		return ltd_refuse(s, "cannot serve %s: %s", site->folder, strerror(-error));
	return 0;
}

/* "a b" becomes "a\0b\0\0". */
static int read_index(const struct ltd_settings *s, struct static_site *site)
{
	const char *text = ltd_setting(s, "index");
	struct ltd_slice rest = text_of(text), word;
	char *to = site->index = malloc(strlen(text) + 2);

	if (!to)
		return ltd_refuse(s, "out of memory");
	while (text_cut(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (memchr(word.at, '/', word.len))
			return ltd_refuse(s, "index = %s: the name of a file has no slash", text);
		memcpy(to, word.at, word.len);
		to += word.len;
		*to++ = '\0';
	}
	*to = '\0';
	return 0;
}

static int read_types(const struct ltd_settings *s, struct static_site *site)
{
	struct ltd_slice bad;

	if (check_printable(s, "types") < 0 || check_printable(s, "charset") < 0 ||
	    check_printable(s, "default_type") < 0)
		return -1;
	int error =
		static_types_open(&site->types, ltd_setting(s, "types"), ltd_setting(s, "charset"),
				  ltd_setting(s, "default_type"), &bad);
	if (error == -EINVAL)
		return ltd_refuse(s, "'%.*s' is no media type", (int)bad.len, bad.at);
	return error < 0 ? ltd_refuse(s, "out of memory") : 0;
}

static int read_cache_control(const struct ltd_settings *s, struct static_site *site)
{
	if (check_printable(s, "cache_control") < 0)
		return -1;
	site->cache_control = strdup(ltd_setting(s, "cache_control"));
	return site->cache_control ? 0 : ltd_refuse(s, "out of memory");
}

static int read_settings(const struct ltd_settings *s, struct static_site *site)
{
	int dotfiles;

	if (read_folder(s, site) < 0 || read_index(s, site) < 0 || read_types(s, site) < 0 ||
	    read_cache_control(s, site) < 0 || read_switch(s, "listing", &site->has_listing) < 0 ||
	    read_switch(s, "precompressed", &site->is_precompressed) < 0 ||
	    read_word(s, "dotfiles", "no|well-known|yes", &dotfiles) < 0 ||
	    read_ranges(s, &site->ranges_max) < 0 ||
	    read_size(s, "cache_size", CACHE_BYTES_MAX, &site->cache_bytes) < 0 ||
	    read_size(s, "cache_file_size", CACHE_FILE_BYTES_MAX, &site->cache_file_bytes) < 0)
		return -1;
	site->dotfiles = (enum static_dotfiles)dotfiles;
	return 0;
}

int static_configure(const struct ltd_settings *settings, void **state)
{
	struct static_site *site = calloc(1, sizeof *site);

	if (!site)
		return ltd_refuse(settings, "out of memory");
	if (read_settings(settings, site) < 0) {
		static_release(site);
		return -1;
	}
	*state = site;
	return 0;
}

void static_release(void *state)
{
	struct static_site *site = state;

	free(site->folder);
	free(site->index);
	free(site->cache_control);
	static_types_close(&site->types);
	free(site);
}

/*
 * The configuration file.  Either it is refused with one clean line that says where, or it is
 * taken; then each route has what its section says, and what --print-config prints of it loads
 * back as the same.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/slice.h"
#include "conf/inifile.h"
#include "conf/options.h"
#include "conf/print.h"

/* What was written on a stream in memory. */
struct text {
	char *at;
	size_t len;
};

static char path[64]; /* of the one file, in memory */
static int file = -1;

static void write_file(const void *bytes, size_t len)
{
	if (file < 0) {
		file = memfd_create("conf", 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, bytes, len, 0) == (ssize_t)len,
		   "pwrite");
}

/* Loads it; what is said on standard error comes back. */
static int load(struct conf *c, const void *bytes, size_t len, struct text *said)
{
	FILE *kept = stderr;

	write_file(bytes, len);
	*c = (struct conf){ .options = options_new(), .file = strdup(path) };
	stderr = open_memstream(&said->at, &said->len);
	int result = inifile_apply(c);
	fclose(stderr);
	stderr = kept;
	return result;
}

static void check_refusal(const struct text *said)
{
	FUZZ_CHECK(said->len > 9 && memcmp(said->at, "littled: ", 9) == 0, "'%s'", said->at);
	FUZZ_CHECK(strchr(said->at, '\n') == said->at + said->len - 1, "not one line: '%s'",
		   said->at);
	for (size_t i = 0; i + 1 < said->len; i++)
		FUZZ_CHECK((unsigned char)said->at[i] >= ' ' && said->at[i] != 0x7f,
			   "a control byte in '%s'", said->at);
}

/* --- routes, read once more ------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct ltd_slice trim(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	return slice_of(at, (size_t)(end - at));
}

static bool is_string(struct ltd_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Where in the routes the second reading is. */
struct progress {
	const struct conf *conf;
	size_t routes, settings; /* seen so far; the settings of the last route */
	bool in_route;
};

static void end_route(const struct progress *p)
{
	if (p->in_route)
		FUZZ_CHECK(p->settings == p->conf->routes[p->routes - 1].setting_count,
			   "a setting too many");
}

static void check_section(struct progress *p, struct ltd_slice line)
{
	end_route(p);
	p->in_route = line.len > 6 && memchr(line.at, '/', line.len);
	p->settings = 0;
	if (p->in_route)
		FUZZ_CHECK(p->routes++ < p->conf->route_count, "a route is missing");
}

static void check_key(struct progress *p, struct ltd_slice line)
{
	size_t n = 0;

	while (n < line.len && line.at[n] != '=' && line.at[n] != ':')
		n++;
	FUZZ_CHECK(n < line.len, "a line without = was taken: '%.*s'", (int)line.len, line.at);
	if (!p->in_route)
		return;

	const struct route_conf *route = &p->conf->routes[p->routes - 1];
	struct ltd_slice key = trim(line.at, line.at + n);
	struct ltd_slice value = trim(line.at + n + 1, line.at + line.len);
	if (is_string(key, "app")) {
		FUZZ_CHECK(is_string(value, route->app), "app is '%s', not '%.*s'", route->app,
			   (int)value.len, value.at);
		return;
	}
	FUZZ_CHECK(p->settings < route->setting_count, "a setting is missing");
	const struct route_setting *s = &route->settings[p->settings++];
	FUZZ_CHECK(is_string(key, s->name) && is_string(value, s->value),
		   "'%.*s' = '%.*s' became '%s' = '%s'", (int)key.len, key.at, (int)value.len,
		   value.at, s->name, s->value);
}

static void check_routes(const struct conf *c, const char *at, const char *end)
{
	struct progress p = { .conf = c };

	if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf ? lf : end;
		struct ltd_slice line = trim(at, stop > at && stop[-1] == '\r' ? stop - 1 : stop);

		if (line.len && line.at[0] == '[')
			check_section(&p, line);
		else if (line.len && line.at[0] != '#' && line.at[0] != ';')
			check_key(&p, line);
		at = stop + 1;
	}
	end_route(&p);
	FUZZ_CHECK(p.routes == c->route_count, "a route too many");
}

/* --- what is printed loads back ------------------------------------------------- */

/* Without its comments, which tell the line each value came from. */
static struct text printed(const struct conf *c)
{
	struct text all = { NULL, 0 };
	FILE *to = open_memstream(&all.at, &all.len);

	FUZZ_CHECK(print_config(c, to) == 0, "print_config");
	fclose(to);

	size_t n = 0;
	for (char *at = all.at, *next; *at; at = next) {
		next = strchr(at, '\n') + 1;
		if (*at == '#')
			continue;
		memmove(all.at + n, at, (size_t)(next - at));
		n += (size_t)(next - at);
	}
	all.at[n] = '\0';
	all.len = n;
	return all;
}

static void check_loads_back(const struct conf *c)
{
	struct text first = printed(c), second, said = { NULL, 0 };
	struct conf again;
	int result = load(&again, first.at, first.len, &said);

	FUZZ_CHECK(result == 0, "what was printed is refused: %s", said.at);
	second = printed(&again);
	FUZZ_CHECK(strcmp(first.at, second.at) == 0, "%s\nbecame\n%s", first.at, second.at);
	conf_fini(&again);
	free(first.at);
	free(second.at);
	free(said.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct text said = { NULL, 0 };
	struct conf c;

	if (load(&c, input, len, &said) < 0) {
		check_refusal(&said);
	} else {
		FUZZ_CHECK(said.len == 0, "taken, but: %s", said.at);
		check_routes(&c, (const char *)input, (const char *)input + len);
		check_loads_back(&c);
	}
	conf_fini(&c);
	free(said.at);
	return 0;
}

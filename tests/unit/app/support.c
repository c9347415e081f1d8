/* Apps compiled on the spot, and a loopback without sockets. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/api.h"
#include "base/log.h"
#include "unit.h"

static char folder[] = "/tmp/littled-unit-app-XXXXXX";

static void remove_folder(void)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		perror(command);
}

const char *support_folder(void)
{
	static bool is_made;

	if (!is_made) {
		ck_assert_ptr_nonnull(mkdtemp(folder));
		atexit(remove_folder);
		is_made = true;
	}
	return folder;
}

static const char *in_folder(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", support_folder(), name);
	return path;
}

static const char beginning[] =
	"#include <littled/app.h>\n"
	"__attribute__((unused)) static int say_path(struct ltd_exchange *x, void *state)\n"
	"{\n"
	"	struct ltd_slice path = ltd_request_subpath(x);\n"
	"	(void)state;\n"
	"	return ltd_response_write(x, path.at, path.len);\n"
	"}\n";

const char *support_compile(const char *name, const char *source)
{
	static char path[256];
	char file[128], source_path[260], command[1024];

	snprintf(file, sizeof file, "%s.so", name);
	in_folder(path, sizeof path, file);
	snprintf(source_path, sizeof source_path, "%s.c", path);
	FILE *f = fopen(source_path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%s%s", beginning, source);
	fclose(f);
	snprintf(command, sizeof command, "cc -Iinclude -fPIC -shared -o %s %s", path, source_path);
	ck_assert_int_eq(system(command), 0);
	return path;
}

const char *support_app(const char *name, const char *rows)
{
	char source[4096];

	snprintf(source, sizeof source,
		 "static const struct ltd_route routes[] = { %s { 0 } };\n"
		 "LTD_APP = { .abi = LTD_ABI, .name = \"%s\", .routes = routes };\n",
		 rows, name);
	return support_compile(name, source);
}

static char log_path[256];

void support_keep_log(void)
{
	in_folder(log_path, sizeof log_path, "log");
	ck_assert_int_eq(log_open(log_path, NULL), 0);
}

/* "[time] [process] [LEVEL] text": three brackets go. */
static const char *without_prefix(const char *line)
{
	for (int i = 0; i < 3; i++) {
		const char *end = strstr(line, "] ");

		if (!end)
			return line;
		line = end + 2;
	}
	return line;
}

const char *support_log(void)
{
	static char text[8192];
	int fd = open(log_path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	close(fd);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return without_prefix(text);
}

struct route_conf support_route(const char *prefix, const char *app, unsigned line)
{
	return (struct route_conf){ .prefix = (char *)(uintptr_t)prefix,
				    .app = (char *)(uintptr_t)app,
				    .line = line };
}

static const struct limits limits = {
	.line_bytes = 4094,
	.fields = 100,
	.field_bytes = 8190,
	.head_bytes = 1 << 20,
	.body_bytes = 1 << 20,
	.chunk_ext_bytes = 1024,
	.trailer_bytes = 8192,
	.empty_lines = 2,
	.arena_bytes = 1 << 20,
};

static size_t read_pieces(const struct piece *p, char *to)
{
	size_t n = 0;

	for (; p; p = p->next) {
		if (piece_is_file(p))
			ck_assert_int_eq(pread(p->fd, to + n, p->len, p->offset), p->len);
		else if (p->len)
			memcpy(to + n, p->at, p->len);
		n += p->len;
	}
	return n;
}

/* What a stream has sent so far, its head included. */
static char sent[1 << 20];
static size_t sent_len;

static void send_out(const struct response *rs)
{
	for (const struct piece *p = rs->out; p; p = p->next)
		ck_assert_uint_le(p->len, sizeof sent - sent_len);
	sent_len += read_pieces(rs->out, sent + sent_len);
}

static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static struct response_frame frame_of(const struct exchange *x)
{
	return (struct response_frame){ .version = x->request.version,
					.is_head = x->request.is_head,
					.keep_alive = true,
					.date = date };
}

static int flush(struct exchange *x)
{
	const struct response_frame frame = frame_of(x);
	struct response *rs = &x->response;
	int error = rs->stream->error;

	if (!error && !stream_has_begun(rs))
		error = stream_begin(rs, &frame);
	if (error) {
		stream_break(rs, error);
	} else {
		stream_load(rs);
		send_out(rs);
	}
	stream_unload(rs);
	return error;
}

static bool is_gone(struct exchange *x)
{
	(void)x;
	return false;
}

static const struct exchange_link loopback = { .is_gone = is_gone, .flush = flush };

/* All that would be sent behind the head; files are read. */
static struct ltd_slice body_of(const struct response *rs, char **copy)
{
	if (stream_has_begun(rs)) {
		send_out(rs);
		*copy = NULL;
		return slice_of(sent + rs->head.len, sent_len - rs->head.len);
	}

	const struct piece *p = rs->out->next;

	*copy = NULL;
	ck_assert_ptr_eq(rs->out, &rs->head_piece);
	if (!p)
		return slice_of("", 0);
	if (!p->next && !piece_is_file(p))
		return slice_of(p->at, p->len);

	*copy = malloc(rs->body.len);
	ck_assert_ptr_nonnull(*copy);
	return slice_of(*copy, read_pieces(p, *copy));
}

static void handle(const struct mounts *m, struct answer *a)
{
	struct exchange *x = a->x;
	const struct mount_entry *entry;
	unsigned method = mount_method_bit(request_slice(&x->request, x->request.method));

	a->verdict = mounts_find(m, request_slice(&x->request, x->request.path), method, &entry);
	if (a->verdict != MOUNT_FOUND)
		return;
	x->route = entry->route;
	x->mount = entry->mount;
	x->route_index = (unsigned)(entry - m->entry);
	static struct client client = { .text = "192.0.2.7", .is_printed = true };

	x->request.client = &client;
	x->link = &loopback;
	if (x->route->class == LTD_SLOT)
		x->slot = 0;
	sent_len = 0;
	api_handle(x);
	const struct response_frame frame = frame_of(x);
	response_seal(&x->response, &frame);
	a->head = x->response.head;
	a->body = body_of(&x->response, &a->copy);
	a->status = (unsigned)strtoul(a->head.at + strlen("HTTP/1.1 "), NULL, 10);
}

struct answer support_ask(const struct mounts *m, const char *request, size_t len)
{
	struct answer a = { .x = malloc(EXCHANGE_BYTES) };

	ck_assert_ptr_nonnull(a.x);
	exchange_init(a.x, NULL, &limits);
	a.x->request.base = request;
	ck_assert_int_eq(parser_feed(&a.x->parser, request, len), PARSE_DONE);
	handle(m, &a);
	return a;
}

struct answer support_get(const struct mounts *m, const char *target)
{
	static char text[8192];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: t\r\n\r\n", target);
	return support_ask(m, text, strlen(text));
}

void support_done(struct answer *a)
{
	exchange_fini(a->x);
	free(a->x);
	free(a->copy);
	a->x = NULL;
}

bool support_body_is(const struct answer *a, const char *text)
{
	if (slice_eq(a->body, slice_of_string(text)))
		return true;
	fprintf(stderr, "expected: %s\ngot: %.*s\n", text, (int)a->body.len, a->body.at);
	return false;
}

bool support_head_has(const struct answer *a, const char *line)
{
	if (memmem(a->head.at, a->head.len, line, strlen(line)))
		return true;
	fprintf(stderr, "expected: %s\nin: %.*s\n", line, (int)a->head.len, a->head.at);
	return false;
}

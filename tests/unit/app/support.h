/* What the tests of src/app share: apps compiled on the spot, a loopback without sockets. */
#ifndef TESTS_APP_SUPPORT_H
#define TESTS_APP_SUPPORT_H

#include "app/mount.h"
#include "http/exchange.h"

/*
 * Compiles an app and gives its path (valid until the next call): `source` is C, put
 * behind an include of <littled/app.h> and a handler `say_path`, which answers the subpath.
 */
const char *support_compile(const char *name, const char *source);

/* The same for an app with these rows of struct ltd_route. */
const char *support_app(const char *name, const char *rows);

/* A folder that goes away when the test ends. */
const char *support_folder(void);

/* From now on the error log is kept; support_log() is its text without the time and process. */
void support_keep_log(void);
const char *support_log(void);

/* One mount of an app at a prefix, as the file "t.ini" would have it. */
struct route_conf support_route(const char *prefix, const char *app, unsigned line);

/* One request on its way through mounts, handler and seal. */
struct answer {
	enum mount_verdict verdict;
	unsigned status;
	struct ltd_slice head, body; /* a stream's body as it was sent: in chunks */
	struct exchange *x;
	char *copy; /* of a body in more than one piece */
};

/* `request` is the whole message as sent.  It must outlive the answer. */
struct answer support_ask(const struct mounts *m, const char *request, size_t len);
struct answer support_get(const struct mounts *m, const char *target);
void support_done(struct answer *a);

bool support_body_is(const struct answer *a, const char *text);
bool support_head_has(const struct answer *a, const char *line);

#endif

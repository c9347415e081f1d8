/*
 * A trusted proxy adds its word to whatever the client has sent in its name.  Whatever that was,
 * the request is refused, or the client is the one the proxy saw, never one the client named.
 */
#include "fuzz.h"

#include <string.h>

#include "base/slice.h"
#include "http/parser.h"

#define HEAD_BYTES_MAX 4096

static const struct limits limits = {
	.line_bytes = 128,
	.fields = 64,
	.field_bytes = HEAD_BYTES_MAX,
	.head_bytes = HEAD_BYTES_MAX,
	.body_bytes = 64,
	.arena_bytes = 65536,
	/* 10.0.0.0/8: proxies behind proxies */
	.proxies = { .count = 1, .at = { { .ip = { .at = { 10 }, .family = AF_INET }, .bits = 8 } } },
};

/* How a proxy adds itself, and the client it saw, as it is shown. */
static const struct proxy {
	const char *format; /* with the client's word where "%.*s" is */
	const char *client, *scheme;
} proxies[] = {
	{ "X-Forwarded-For: %.*s, 192.0.2.9\r\n", "192.0.2.9", NULL },
	{ "X-Forwarded-For: %.*s\r\nX-Forwarded-For: 192.0.2.9\r\n", "192.0.2.9", NULL },
	{ "X-Forwarded-For: %.*s, 192.0.2.9, 10.1.2.3\r\n", "192.0.2.9", NULL },
	{ "X-Forwarded-For: %.*s, [2001:db8::9]:4711\r\n", "2001:db8::9", NULL },
	{ "Forwarded: %.*s, for=192.0.2.9;proto=https\r\n", "192.0.2.9", "https" },
	{ "Forwarded: %.*s, proto=http;for=\"[2001:db8::9]:4711\"\r\n", "2001:db8::9", "http" },
	{ "Forwarded: %.*s\r\nForwarded: for=_seen;proto=https;by=\"_a\"\r\n", "_seen", "https" },
	{ "Forwarded: %.*s, for=192.0.2.9, for=10.0.0.1\r\n", "192.0.2.9", NULL },
	{ "X-Forwarded-Proto: %.*s, https\r\nX-Forwarded-For: 192.0.2.9\r\n", "192.0.2.9", NULL },
	{ "X-Forwarded-For: %.*s, 192.0.2.9\r\nForwarded: for=192.0.2.9\r\n", "192.0.2.9", NULL },
};

#define PROXIES (sizeof proxies / sizeof *proxies)

static void check_claims(struct request *rq, const struct proxy *p, const char *head)
{
	FUZZ_CHECK(rq->client, "no client in %s", head);
	struct ltd_slice client = client_text(rq->client);

	FUZZ_CHECK(slice_eq(client, slice_of_string(p->client)), "'%.*s' asks, in %s",
		   (int)client.len, client.at, head);
	if (p->scheme)
		FUZZ_CHECK(slice_eq(rq->scheme, slice_of_string(p->scheme)), "by '%.*s', in %s",
			   (int)rq->scheme.len, rq->scheme.at, head);
}

static void pass_on(const struct proxy *p, struct ltd_slice word)
{
	struct client peer = { .ip = { .at = { 10, 9, 9, 9 }, .family = AF_INET } };
	char head[HEAD_BYTES_MAX], first[256];
	struct request rq;
	struct parser parser;
	struct arena arena;
	int n = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: x\r\n");

	n += snprintf(head + n, sizeof head - (size_t)n, p->format, (int)word.len, word.at);
	n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
	arena_init(&arena, first, sizeof first, limits.arena_bytes);
	request_init(&rq, &arena, (size_t)limits.body_bytes);
	rq.client = &peer;
	rq.peer_is_proxy = true;
	parser_init(&parser, &rq, &limits);
	enum parse_verdict verdict = parser_feed(&parser, head, (size_t)n);

	FUZZ_CHECK(verdict != PARSE_MORE, "waits behind %s", head);
	if (verdict == PARSE_DONE)
		check_claims(&rq, p, head);
	else
		FUZZ_CHECK(rq.refusal == 400, "%u, %s", rq.refusal, rq.why);
	request_fini(&rq);
	arena_reset(&arena);
}

/* A client's word that a proxy passes on: a sound field value, then. */
static bool is_value(const uint8_t *input, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((input[i] < 0x20 && input[i] != '\t') || input[i] == 0x7f)
			return false;
	return len < HEAD_BYTES_MAX / 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	if (!is_value(input, len))
		return 0;
	for (size_t i = 0; i < PROXIES; i++)
		pass_on(&proxies[i], slice_of((const char *)input, len));
	return 0;
}

/* The words of trusted proxies.  Runs in: leader. */
#include "http/forwarded.h"

#include "http/forwarded_element.h"
#include "http/hop.h"

enum scheme { SCHEME_UNSAID, SCHEME_HTTP, SCHEME_HTTPS };

/* All that is said in one head. */
struct claims {
	struct request *rq;
	const struct limits *limits;
	struct chain listed;        /* X-Forwarded-For */
	struct chain forwarded;     /* Forwarded */
	bool has_node;              /* any "for" in it */
	struct ltd_slice its_proto; /* the "proto" that goes with its client */
	enum scheme scheme;
};

/* --- the scheme ----------------------------------------------------------------------- */

/* What X-Forwarded-Proto, -Protocol and -Ssl say for HTTP over TLS; all else is without. */
static bool is_secure(struct ltd_slice word)
{
	static const struct ltd_slice words[] = {
		{ "https", 5 }, { "wss", 3 }, { "ssl", 3 }, { "on", 2 }
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(words[i], word))
			return true;
	return false;
}

static bool claim_scheme(struct claims *k, struct ltd_slice word)
{
	enum scheme said = is_secure(word) ? SCHEME_HTTPS : SCHEME_HTTP;

	if (word.len == 0)
		return true;
	if (k->scheme != SCHEME_UNSAID && k->scheme != said)
		return request_refuse(k->rq, 400,
				      "fields of a proxy contradict each other: the scheme");
	k->scheme = said;
	return true;
}

/*
 * A list with a member for each hop: the one that came with the client's.  Of another list only
 * the last member is our peer's own word.
 */
static bool take_scheme(struct claims *k, struct ltd_slice value)
{
	struct ltd_slice member, rest = value, last = { NULL, 0 }, chosen = { NULL, 0 };
	unsigned members = 0;

	while (slice_cut(&rest, ',', &member)) {
		member = slice_trim(member);
		if (member.len == 0)
			continue;
		last = member;
		if (++members == k->listed.chosen)
			chosen = member;
	}
	return claim_scheme(k, members == k->listed.hops ? chosen : last);
}

/* --- the client ------------------------------------------------------------------------- */

static bool take_for(struct claims *k, struct ltd_slice value)
{
	struct ltd_slice member;

	while (slice_cut(&value, ',', &member)) {
		member = slice_trim(member);
		if (member.len == 0)
			continue;
		struct hop hop = hop_parse(member);
		chain_add(&k->listed, &hop, &k->limits->proxies);
	}
	return true;
}

static bool take_forwarded(struct claims *k, struct ltd_slice value)
{
	const struct hop peer = { .kind = HOP_PEER };
	struct forwarded_element e;
	enum forwarded_verdict verdict;

	while ((verdict = forwarded_next(&value, k->rq->arena, &e)) == FORWARDED_ELEMENT) {
		struct hop hop = e.node.at ? hop_parse(e.node) : peer;

		k->has_node |= e.node.at != NULL;
		if (chain_add(&k->forwarded, &hop, &k->limits->proxies))
			k->its_proto = e.proto;
	}
	return verdict == FORWARDED_END ||
	       request_refuse(k->rq, 400, "the Forwarded field is malformed");
}

static bool set_client(struct request *rq, const struct hop *hop)
{
	if (hop->kind == HOP_PEER)
		return true;

	struct client *client = arena_alloc(rq->arena, sizeof *client);
	if (!client)
		return request_refuse(rq, 503, "no memory for the client's address");
	if (hop->kind == HOP_ADDRESS)
		client_of_ip(client, &hop->ip);
	else
		client_of_name(client, hop->name);
	rq->client = client;
	return true;
}

static bool settle_client(struct claims *k)
{
	if (k->listed.hops && k->has_node && !chain_agrees(&k->listed, &k->forwarded))
		return request_refuse(k->rq, 400,
				      "fields of a proxy contradict each other: the client");
	if (k->listed.hops)
		return set_client(k->rq, &k->listed.client);
	return !k->has_node || set_client(k->rq, &k->forwarded.client);
}

/* --- when it got it ---------------------------------------------------------------------------- */

/* Of several, the last: our peer's own word. */
static bool take_start(struct claims *k, struct ltd_slice value)
{
	struct request *rq = k->rq;

	rq->start_said = (struct span){ (uint32_t)(value.at - rq->base), (uint32_t)value.len };
	return true;
}

/* --- which field says what -------------------------------------------------------------------- */

enum family { FAMILY_NONE, FAMILY_X, FAMILY_STANDARD };

static const struct word {
	struct ltd_slice name;
	bool (*take)(struct claims *k, struct ltd_slice value);
	enum family family;
	bool comes_later; /* the client must be known first */
} words[] = {
	{ { "x-forwarded-for", 15 }, take_for, FAMILY_X, false },
	{ { "x-forwarded-proto", 17 }, take_scheme, FAMILY_X, true },
	{ { "x-forwarded-protocol", 20 }, take_scheme, FAMILY_X, true },
	{ { "x-forwarded-ssl", 15 }, take_scheme, FAMILY_X, true },
	{ { "x-request-start", 15 }, take_start, FAMILY_NONE, false },
	{ { "x-queue-start", 13 }, take_start, FAMILY_NONE, false },
	{ { "forwarded", 9 }, take_forwarded, FAMILY_STANDARD, false },
};

static bool is_wanted(const struct claims *k, const struct word *w)
{
	switch (k->limits->forwarded_by) {
	case FORWARDED_BY_X:
		return w->family != FAMILY_STANDARD;
	case FORWARDED_BY_STANDARD:
		return w->family != FAMILY_X;
	case FORWARDED_BY_EITHER:
		break;
	}
	return true;
}

static const struct word *find_word(const struct claims *k, const struct field *f)
{
	struct ltd_slice name = request_slice(k->rq, f->name);
	char first = name.at[0] | 0x20;

	if (first != 'x' && first != 'f') /* most fields are none of these */
		return NULL;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(words[i].name, name))
			return is_wanted(k, &words[i]) ? &words[i] : NULL;
	return NULL;
}

/* True, and how many fields are left for later in *left; false if the request is refused. */
static bool walk(struct claims *k, bool later, unsigned *left)
{
	*left = 0;
	for (uint32_t i = 0; i < k->rq->field_count; i++) {
		const struct word *w = find_word(k, &k->rq->fields[i]);

		if (!w)
			continue;
		if (w->comes_later != later)
			++*left;
		else if (!w->take(k, request_slice(k->rq, k->rq->fields[i].value)))
			return false;
	}
	return true;
}

/* Most requests of a trusted peer are a local client's, without a word of any proxy. */
static bool may_hold_words(const struct request *rq)
{
	for (uint32_t i = 0; i < rq->field_count; i++) {
		char first = rq->base[rq->fields[i].name.at] | 0x20;

		if (first == 'x' || first == 'f')
			return true;
	}
	return false;
}

static bool read_words(struct request *rq, const struct limits *limits)
{
	struct claims k = { .rq = rq, .limits = limits };
	unsigned left;

	if (!walk(&k, false, &left))
		return false;
	if (!settle_client(&k) || !claim_scheme(&k, k.its_proto))
		return false;
	if (left && !walk(&k, true, &left))
		return false;
	if (k.scheme != SCHEME_UNSAID)
		rq->scheme = k.scheme == SCHEME_HTTPS ? LTD_SLICE("https") : LTD_SLICE("http");
	return true;
}

bool forwarded_read(struct request *rq, const struct limits *limits)
{
	return !may_hold_words(rq) || read_words(rq, limits);
}

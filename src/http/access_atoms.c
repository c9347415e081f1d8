/*
 * The atoms of the access log.  What a client sent is escaped: a line stays one line, and its
 * quotes are ours.
 *
 * Runs in: leader, slot.
 */
#include "http/access_atoms.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* --- putting ------------------------------------------------------------------------- */

static void put_raw(struct access_line *l, struct ltd_slice s)
{
	size_t room = (size_t)(l->end - l->at);
	size_t n = s.len < room ? s.len : room;

	if (n)
		memcpy(l->at, s.at, n);
	l->at += n;
}

/* An escape is put whole or, at the line's end, not at all. */
static void put_escaped(struct access_line *l, struct ltd_slice s)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		struct ltd_slice piece = slice_of(s.at + i, 1);

		if (c < 0x20 || c >= 0x7f) {
			piece = slice_of(escape, 4);
		} else if (c == '"' || c == '\\') {
			escape[1] = (char)c;
			piece = slice_of(escape, 2);
		}
		if ((size_t)(l->end - l->at) < piece.len) {
			l->end = l->at;
			return;
		}
		put_raw(l, piece);
	}
}

static void put_dash(struct access_line *l)
{
	put_raw(l, LTD_SLICE("-"));
}

/* What there is not, or is empty, is a dash. */
static void put_or_dash(struct access_line *l, struct ltd_slice s)
{
	if (s.len)
		put_escaped(l, s);
	else
		put_dash(l);
}

__attribute__((format(printf, 2, 3))) static void put_format(struct access_line *l,
							     const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n > 0)
		put_raw(l, slice_of(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1));
}

static void put_u64(struct access_line *l, uint64_t n)
{
	put_format(l, "%" PRIu64, n);
}

/* --- what the atoms look up --------------------------------------------------------- */

static struct ltd_slice field_of(const struct access_line *l, struct ltd_slice name)
{
	const struct field *f = request_find(&l->x->request, name);

	return f ? request_slice(&l->x->request, f->value) : slice_of(NULL, 0);
}

static struct ltd_slice span_or_none(const struct access_line *l, struct span s)
{
	return s.len ? request_slice(&l->x->request, s) : slice_of(NULL, 0);
}

/* Of the head as it was sealed: the fields the server adds are there too. */
static struct ltd_slice sent_field(const struct access_line *l, struct ltd_slice name)
{
	struct ltd_slice rest = l->x->response.head, text, key;

	while (slice_cut(&rest, '\n', &text)) {
		if (text.len && text.at[text.len - 1] == '\r')
			text.len--;
		if (slice_cut(&text, ':', &key) && text.at && slice_eq_nocase(key, name))
			return slice_trim(text);
	}
	return slice_of(NULL, 0);
}

/* What went without a head was the beginning of one: exchange.sent_ahead. */
static uint64_t body_bytes_sent(const struct exchange *x)
{
	size_t head = x->response.head.len;

	return head && x->bytes_out > head ? x->bytes_out - head : 0;
}

static uint64_t total_us(const struct access_line *l)
{
	return stamps_phase_ns(&l->x->stamps, PHASE_TOTAL) / NS_PER_US;
}

static void put_phase(struct access_line *l, enum phase phase)
{
	put_u64(l, stamps_phase_ns(&l->x->stamps, phase) / NS_PER_US);
}

/* The user name of Basic credentials (RFC 7617); 0 if there are none that decode. */
static size_t basic_user(struct ltd_slice credentials, char *out, size_t room)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct ltd_slice scheme = LTD_SLICE("basic ");
	uint32_t bits = 0;
	size_t n = 0, held = 0;

	if (credentials.len < scheme.len ||
	    !slice_eq_nocase(slice_of(credentials.at, scheme.len), scheme))
		return 0;
	for (size_t i = scheme.len; i < credentials.len && n < room; i++) {
		if (credentials.at[i] == ' ' && !held && !n)
			continue; /* RFC 9110 11.4: one space or more */
		const char *digit = memchr(digits, credentials.at[i], sizeof digits - 1);

		if (!digit)
			return 0;
		bits = bits << 6 | (uint32_t)(digit - digits);
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		out[n] = (char)(bits >> held);
		if (out[n] == ':')
			return n;
		n++;
	}
	return 0;
}

/* --- the atoms ------------------------------------------------------------------------ */

void access_put_literal(struct access_line *l)
{
	put_raw(l, l->text);
}

static void put_client(struct access_line *l)
{
	struct client *client = l->x->request.client;

	put_or_dash(l, client ? client_text(client) : LTD_SLICE(""));
}

static void put_method(struct access_line *l)
{
	put_or_dash(l, span_or_none(l, l->x->request.method));
}

static void put_path(struct access_line *l)
{
	put_or_dash(l, span_or_none(l, l->x->request.path));
}

static void put_query(struct access_line *l)
{
	put_escaped(l, span_or_none(l, l->x->request.query));
}

static void put_status(struct access_line *l)
{
	put_u64(l, l->status);
}

static void put_bytes(struct access_line *l)
{
	put_u64(l, body_bytes_sent(l->x));
}

static void put_referer(struct access_line *l)
{
	put_or_dash(l, field_of(l, LTD_SLICE("referer")));
}

static void put_agent(struct access_line *l)
{
	put_or_dash(l, field_of(l, LTD_SLICE("user-agent")));
}

static void put_seconds(struct access_line *l)
{
	put_u64(l, total_us(l) / 1000000);
}

static void put_millis(struct access_line *l)
{
	put_u64(l, total_us(l) / 1000);
}

static void put_micros(struct access_line *l)
{
	put_u64(l, total_us(l));
}

static void put_pid(struct access_line *l)
{
	put_format(l, "<%d>", (int)getpid());
}

static void put_wait(struct access_line *l)
{
	put_phase(l, PHASE_WAIT);
}

static void put_service(struct access_line *l)
{
	put_phase(l, PHASE_SERVICE);
}

static void put_read(struct access_line *l)
{
	put_phase(l, PHASE_READ);
}

static void put_write(struct access_line *l)
{
	put_phase(l, PHASE_WRITE);
}

static void put_concurrency(struct access_line *l)
{
	put_u64(l, l->x->concurrency);
}

static void put_worker(struct access_line *l)
{
	put_u64(l, l->x->worker);
}

void access_put_request_field(struct access_line *l)
{
	put_or_dash(l, field_of(l, l->text));
}

void access_put_response_field(struct access_line *l)
{
	put_or_dash(l, sent_field(l, l->text));
}

static void put_user(struct access_line *l)
{
	char user[64];
	size_t n = basic_user(field_of(l, LTD_SLICE("authorization")), user, sizeof user);

	put_or_dash(l, slice_of(user, n));
}

/* [10/Oct/2000:13:55:36 +0000], in local time; a thread makes it anew once a second. */
static void put_time(struct access_line *l)
{
	static _Thread_local char text[48];
	static _Thread_local size_t len;
	static _Thread_local time_t shown;
	time_t seconds = (time_t)(l->real_ns / NS_PER_S);
	struct tm t;

	if (len == 0 || seconds != shown) {
		localtime_r(&seconds, &t);
		len = strftime(text, sizeof text, "[%d/%b/%Y:%H:%M:%S %z]", &t);
		shown = seconds;
	}
	put_raw(l, slice_of(text, len));
}

static void put_protocol(struct access_line *l)
{
	put_raw(l, l->x->request.version < 11 ? LTD_SLICE("HTTP/1.0") : LTD_SLICE("HTTP/1.1"));
}

/* As far as it was understood. */
static void put_request_line(struct access_line *l)
{
	const struct request *rq = &l->x->request;

	put_or_dash(l, span_or_none(l, rq->method));
	if (!rq->target.len)
		return;
	put_raw(l, LTD_SLICE(" "));
	put_escaped(l, request_slice(rq, rq->target));
	put_raw(l, LTD_SLICE(" "));
	put_protocol(l);
}

static void put_bytes_or_dash(struct access_line *l)
{
	if (body_bytes_sent(l->x))
		put_bytes(l);
	else
		put_dash(l);
}

static void put_decimal(struct access_line *l)
{
	put_format(l, "%" PRIu64 ".%06" PRIu64, total_us(l) / 1000000, total_us(l) % 1000000);
}

static void put_cpu(struct access_line *l)
{
	if (l->x->stamps.has_cpu)
		put_phase(l, PHASE_CPU);
	else
		put_dash(l);
}

static void put_proxy(struct access_line *l)
{
	if (l->x->stamps.has_proxy)
		put_phase(l, PHASE_PROXY);
	else
		put_dash(l);
}

static void put_slot(struct access_line *l)
{
	if (l->x->slot != EXCHANGE_NO_SLOT)
		put_u64(l, l->x->slot);
	else
		put_dash(l);
}

static access_atom_fn *const atoms[128] = {
	['h'] = put_client,  ['l'] = put_dash,         ['u'] = put_user,
	['t'] = put_time,    ['r'] = put_request_line, ['m'] = put_method,
	['U'] = put_path,    ['q'] = put_query,        ['H'] = put_protocol,
	['s'] = put_status,  ['B'] = put_bytes,        ['b'] = put_bytes_or_dash,
	['f'] = put_referer, ['a'] = put_agent,        ['T'] = put_seconds,
	['D'] = put_micros,  ['M'] = put_millis,       ['L'] = put_decimal,
	['p'] = put_pid,     ['Q'] = put_wait,         ['S'] = put_service,
	['C'] = put_cpu,     ['c'] = put_concurrency,  ['w'] = put_worker,
	['k'] = put_slot,    ['R'] = put_read,         ['W'] = put_write,
	['X'] = put_proxy,
};

access_atom_fn *access_atom(char id)
{
	return (unsigned char)id < 128 ? atoms[(unsigned char)id] : NULL;
}

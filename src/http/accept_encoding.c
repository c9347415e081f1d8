/* Accept-Encoding.  Runs in: leader, slot. */
#include "http/accept_encoding.h"

#include "http/chars.h"

#define NOT_NAMED (-1)
#define MOST 1000 /* weights in thousandths */

struct weights {
	int gzip, identity, others; /* others: of "*" */
};

/* qvalue (RFC 9110 12.4.2): 0 or 1, and up to three digits; 0 for what is none. */
static int read_qvalue(struct ltd_slice s)
{
	int value = 0, unit = MOST;

	if (s.len == 0 || s.len > 5 || (s.at[0] != '0' && s.at[0] != '1'))
		return 0;
	if (s.len > 1 && s.at[1] != '.')
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (i == 1)
			continue;
		if (s.at[i] < '0' || s.at[i] > '9')
			return 0;
		value += unit * (s.at[i] - '0');
		unit /= 10;
	}
	return value <= MOST ? value : 0;
}

/* weight = OWS ";" OWS "q=" qvalue; a coding whose weight makes no sense is not wanted. */
static int read_weight(struct ltd_slice s)
{
	s = slice_trim(s);
	if (s.len < 2 || (s.at[0] != 'q' && s.at[0] != 'Q') || s.at[1] != '=')
		return 0;
	return read_qvalue(slice_of(s.at + 2, s.len - 2));
}

/* Named twice, the lesser weight holds: to be sent the content as it is does nobody harm. */
static void note(int *weight, int value)
{
	if (*weight == NOT_NAMED || value < *weight)
		*weight = value;
}

static void take_member(struct weights *w, struct ltd_slice member)
{
	struct ltd_slice coding;

	slice_cut(&member, ';', &coding);
	int value = member.at ? read_weight(member) : MOST;
	coding = slice_trim(coding);
	/* x-gzip is another name of it (RFC 9110 8.4.1.3). */
	if (slice_eq_nocase(coding, LTD_SLICE("gzip")) ||
	    slice_eq_nocase(coding, LTD_SLICE("x-gzip")))
		note(&w->gzip, value);
	else if (slice_eq_nocase(coding, LTD_SLICE("identity")))
		note(&w->identity, value);
	else if (slice_eq(coding, LTD_SLICE("*")))
		note(&w->others, value);
}

static void take_fields(const struct request *rq, struct weights *w)
{
	for (uint32_t i = 0; i < rq->field_count; i++) {
		struct ltd_slice name = request_slice(rq, rq->fields[i].name);
		struct ltd_slice list = request_slice(rq, rq->fields[i].value), member;

		if (!slice_eq_nocase(name, LTD_SLICE("accept-encoding")))
			continue;
		while (slice_cut(&list, ',', &member))
			take_member(w, member);
	}
}

bool accepts_gzip(const struct request *rq)
{
	struct weights w = { NOT_NAMED, NOT_NAMED, NOT_NAMED };

	take_fields(rq, &w);
	int gzip = w.gzip != NOT_NAMED ? w.gzip : w.others;
	int identity = w.identity != NOT_NAMED ? w.identity : w.others;
	return gzip > 0 && gzip >= identity;
}

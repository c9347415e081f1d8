/* Accept-Encoding.  Runs in: leader, slot. */
#include "static_encodings.h"

#include "static_text.h"

const struct static_encoding_row static_encodings[STATIC_ENCODING_COUNT] = {
#define ENCODING(NAME, coding, suffix) [STATIC_ENCODING_##NAME] = { coding, suffix },
#include "static_encodings.def"
#undef ENCODING
};

/* A weight in thousandths; QUALITY_UNSET: nothing was said. */
#define QUALITY_FULL 1000
#define QUALITY_UNSET (-1)

/* What was said of each coding, of "identity" and of "*". */
struct qualities {
	int of[STATIC_ENCODING_COUNT + 1];
	int any;
};

/* qvalue (RFC 9110 12.4.2): "1", "0.5", "0.125"; -1 for anything else. */
static int read_quality(struct ltd_slice s)
{
	int quality, place = QUALITY_FULL / 10;

	if (s.len < 1 || s.len > 5 || (s.at[0] != '0' && s.at[0] != '1') ||
	    (s.len > 1 && s.at[1] != '.'))
		return -1;
	quality = (s.at[0] - '0') * QUALITY_FULL;
	for (size_t i = 2; i < s.len; i++, place /= 10) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return -1;
		quality += (s.at[i] - '0') * place;
	}
	return quality <= QUALITY_FULL ? quality : -1;
}

/* The weight among the parameters; full without one, -1 for one that is none. */
static int quality_of(struct ltd_slice parameters)
{
	struct ltd_slice one;

	while (text_cut(&parameters, ';', &one))
		if (one.len >= 2 && (one.at[0] == 'q' || one.at[0] == 'Q') && one.at[1] == '=')
			return read_quality(text_skip(one, 2));
	return QUALITY_FULL;
}

static int *quality_named(struct qualities *q, struct ltd_slice coding)
{
	if (text_eq(coding, LTD_SLICE("*")))
		return &q->any;
	if (text_eq_nocase(coding, LTD_SLICE("identity")))
		return &q->of[STATIC_IDENTITY];
	if (text_eq_nocase(coding, LTD_SLICE("x-gzip"))) /* the same thing (RFC 9110 8.4.1.3) */
		return &q->of[STATIC_ENCODING_GZIP];
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		if (text_eq_nocase(coding, text_of(static_encodings[e].coding)))
			return &q->of[e];
	return NULL;
}

/* An element that is none is left out. */
static void read_qualities(struct qualities *q, struct ltd_slice list)
{
	struct ltd_slice element, coding;

	for (int e = 0; e <= STATIC_IDENTITY; e++)
		q->of[e] = QUALITY_UNSET;
	q->any = QUALITY_UNSET;
	while (text_cut(&list, ',', &element)) {
		text_cut(&element, ';', &coding);
		int *named = quality_named(q, coding), quality = quality_of(element);
		if (named && quality >= 0)
			*named = quality;
	}
}

/* What is not named is as "*" says; without one, identity will do and nothing else. */
static void settle(struct qualities *q)
{
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		if (q->of[e] == QUALITY_UNSET)
			q->of[e] = q->any == QUALITY_UNSET ? 0 : q->any;
	if (q->of[STATIC_IDENTITY] == QUALITY_UNSET)
		q->of[STATIC_IDENTITY] = q->any == QUALITY_UNSET ? 1 : q->any;
}

/*
 * Insertion by weight.  Identity comes last and ends the list: what the client wants less than
 * that is not there.
 */
static void sort(struct static_preference *p, const struct qualities *q)
{
	int count = 0;

	for (int e = 0; e < STATIC_ENCODING_COUNT; e++) {
		if (q->of[e] == 0 || q->of[e] < q->of[STATIC_IDENTITY])
			continue;
		int at = count++;
		for (; at > 0 && q->of[p->order[at - 1]] < q->of[e]; at--)
			p->order[at] = p->order[at - 1];
		p->order[at] = (enum static_encoding)e;
	}
	p->order[count] = STATIC_IDENTITY;
}

void static_preference_read(struct static_preference *p, struct ltd_slice value)
{
	struct qualities q;

	read_qualities(&q, value);
	settle(&q);
	sort(p, &q);
}

/* Feeding the parser in tests: the input always ends at the edge of a page that may not be read. */
#ifndef TESTS_HTTP_FEEDING_H
#define TESTS_HTTP_FEEDING_H

#include "http/parser.h"

extern const struct limits feeding_limits;

/* One message in the making; its base moves with every feed. */
struct feeding {
	struct arena arena;
	char first[256];
	struct request request;
	struct parser parser;
	enum parse_verdict verdict;
};

void feeding_init(struct feeding *f, const struct limits *limits);
void feeding_fini(struct feeding *f);

/* Gives all of `bytes`, those given before among them; nothing once there is a verdict. */
void feeding_feed(struct feeding *f, struct ltd_slice bytes);

/* Fails the test unless the span holds that text. */
void feeding_check_span(const struct feeding *f, struct span span, const char *text);

#endif

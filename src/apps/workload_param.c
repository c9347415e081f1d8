/* Numbers from the query, or a 400 that says what is wrong.  Runs in: leader, slot. */
#include "workload.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 64

/* strtod(3) takes more than decimal numbers: white space, "inf", "nan", hexadecimals. */
static bool is_decimal(const char *text, bool is_whole)
{
	const char *allowed = is_whole ? "-0123456789" : "-0123456789.+eE";

	return strchr("-.0123456789", text[0]) && text[strspn(text, allowed)] == '\0';
}

static bool to_number(struct ltd_slice s, bool is_whole, double *value)
{
	char text[NUMBER_BYTES], *end;

	if (s.len == 0 || s.len >= sizeof text || memchr(s.at, '\0', s.len))
		return false;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	if (!is_decimal(text, is_whole))
		return false;
	*value = strtod(text, &end);
	return *end == '\0';
}

static int refuse(struct ltd_exchange *x, const struct workload_param *p, const char *fault)
{
	ltd_response_error(x, 400, "parameter %s %s; it takes a %snumber from %.10g to %.10g",
			   p->name, fault, p->is_whole ? "whole " : "", p->low, p->high);
	return -1;
}

int workload_param(struct ltd_exchange *x, const struct workload_param *p, double *value)
{
	struct ltd_slice given;

	if (!ltd_request_param(x, p->name, &given))
		return refuse(x, p, "is missing");
	if (!to_number(given, p->is_whole, value))
		return refuse(x, p, p->is_whole ? "is not a whole number" : "is not a number");
	if (!(*value >= p->low && *value <= p->high))
		return refuse(x, p, "is out of range");
	return 0;
}

int workload_optional(struct ltd_exchange *x, const struct workload_param *p, double *value)
{
	struct ltd_slice text;

	if (!ltd_request_param(x, p->name, &text))
		return 0;
	return workload_param(x, p, value);
}

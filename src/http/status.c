/* The status table, laid out once by the compiler.  Runs in: any. */
#include "http/status.h"

#define PREFIX(code, reason) RESPONSE_BEGINS #code " " reason "\r\nServer: littled\r\nDate: "

struct status {
	struct ltd_slice reason, prefix;
};

static const struct status table[STATUS_LAST - STATUS_FIRST + 1] = {
#define STATUS(code, text) \
	[code - STATUS_FIRST] = { { text, sizeof(text) - 1 }, \
				  { PREFIX(code, text), sizeof(PREFIX(code, text)) - 1 } },
#include "http/status.def"
#undef STATUS
};

static const struct status *find(unsigned code)
{
	static const struct status none;

	return code >= STATUS_FIRST && code <= STATUS_LAST ? &table[code - STATUS_FIRST] : &none;
}

struct ltd_slice status_reason(unsigned code)
{
	struct ltd_slice reason = find(code)->reason;

	return reason.at ? reason : LTD_SLICE("Unknown");
}

struct ltd_slice status_prefix(unsigned code)
{
	return find(code)->prefix;
}

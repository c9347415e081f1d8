/* The rows of limits.def.  Runs in: any. */
#include "http/limits.h"

const struct limit_row limit_rows[LIMIT_COUNT] = {
#define LIMIT(NAME, name, option, status, text) [LIMIT_##NAME] = { #name, #option, text, status },
#include "http/limits.def"
#undef LIMIT
};

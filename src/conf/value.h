/* Reading and writing single values; nothing here knows of options. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"

#define GIB (1ull << 30)
#define HOUR_NS (3600 * NS_PER_S)
#define DAY_NS (24 * HOUR_NS)

/* Bytes: 4096, 64k, 1m, 1g (powers of 1024). */
bool value_to_size(struct ltd_slice text, uint64_t *bytes);
void value_print_size(uint64_t bytes, struct buf *to);

/*
 * Seconds, or with a unit: 2, 0.5, 500ms, 300us, 1.5m, 1h.  Exact: what is no whole number of
 * nanoseconds is refused.
 */
bool value_to_duration(struct ltd_slice text, uint64_t *ns);
void value_print_duration(uint64_t ns, struct buf *to);

/* true, on, yes, 1; false, off, no, 0; in any case. */
bool value_to_switch(struct ltd_slice text, bool *on);

/* Which of the words of "a|b|c", in any case; -1 for none. */
int value_to_choice(struct ltd_slice text, const char *words);
struct ltd_slice value_choice_word(const char *words, unsigned i);

/* No control bytes, NUL among them. */
bool value_is_printable(struct ltd_slice text);

#endif

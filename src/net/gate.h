/*
 * The gate: which of the workers that listen at one address takes the next connection.
 *
 * Of those with a place for it at least one is open: the one with a free slot for its first
 * request, or all where none has one.  Where no worker has a place, each that has an idle
 * connection is open, and sends that away.
 */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "net/loop.h"

/* As many connections as allowed, and none that should make room. */
bool gate_is_full(const struct loop *l);

/* A loop that is not full: should it take the next one, or leave it to a sibling? */
bool gate_is_open(const struct loop *l);

#endif
